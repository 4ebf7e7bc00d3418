"""The values of one parameter as points along a line: in ascending order where they are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.parameters import Parameter, Value

__all__ = ["is_ordered", "points", "spread_out"]


def is_ordered(values: Sequence[Value]) -> bool:
    """Return whether the values are numbers, so that neighbours resemble each other."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def points(parameter: Parameter) -> tuple[Value, ...]:
    """Return the grid of a parameter, numbers in ascending order."""
    grid = parameter.domain.grid()
    return tuple(sorted(grid, key=float)) if is_ordered(grid) else grid


def spread_out(count: int, most: int) -> list[int]:
    """Return at most ``most`` positions from the first to the last, evenly spread."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]
