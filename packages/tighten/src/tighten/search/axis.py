"""The values of one parameter as points along a line: in ascending order where they are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.parameters import Parameter, Space, Value

__all__ = ["Axis", "axes", "is_ordered", "points", "spread_out"]


class Axis:
    """The values of one parameter, for searches that look at them often.

    Parameters
    ----------
    name
        Of the parameter.
    grid
        Its values in the order of the study; a range may have a hundred thousand.

    Attributes
    ----------
    points
        The same values, numbers in ascending order.
    is_ordered
        Whether they are numbers, so that neighbours resemble each other.
    """

    def __init__(self, name: str, grid: tuple[Value, ...]) -> None:
        self.name, self.grid = name, grid
        self.is_ordered = is_ordered(grid)
        self.points = _ascending(grid)
        self._places = {value: place for place, value in enumerate(self.points)}
        self._numbers = np.array(self.points, dtype=float) if self.is_ordered else np.empty(0)

    def place(self, value: object) -> int | None:
        """Return the position of a value among the points; None if it is none of them."""
        return self._places.get(value)  # type: ignore[call-overload, no-any-return]

    def between(self, value: float) -> float:
        """Return where a number stands that need not be a point, in positions."""
        return float(np.interp(value, self._numbers, np.arange(len(self._numbers))))


def axes(space: Space) -> tuple[Axis, ...]:
    """Return the axes of a space, in the order of the study."""
    return tuple(Axis(name, grid) for name, grid in space.grids.items())


def is_ordered(values: Sequence[Value]) -> bool:
    """Return whether the values are numbers, so that neighbours resemble each other."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def points(parameter: Parameter) -> tuple[Value, ...]:
    """Return the grid of a parameter, numbers in ascending order."""
    return _ascending(parameter.domain.grid())


def _ascending(values: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(sorted(values, key=float)) if is_ordered(values) else values


def spread_out(count: int, most: int) -> list[int]:
    """Return at most ``most`` positions from the first to the last, evenly spread."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]
