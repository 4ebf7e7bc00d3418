"""Every configuration in order, and finer steps around the best of them."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

from tighten.parameters.domain import FloatRange, IntegerRange

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tighten.parameters import Configuration, Domain, Space, Value
    from tighten.search.walk import History

__all__ = ["extended_grid", "grid"]

_PRODUCT_AXES = 3  # refined together; with more, one at a time: 2 k instead of 3^k trials
_DIGITS = 6  # of a refined real number


def grid(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
    """Propose the whole grid in the order of the study, the last parameter varying fastest."""
    del rng  # the order is the study's
    yield from space.configurations(history.baseline)


def extended_grid(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
    """Propose the grid, then halve its steps around the best as long as that helps.

    Only ranges that contain values between their grid points (real numbers, and whole numbers on a
    logarithmic scale) can be refined; listed values are all there is.
    """
    yield from grid(space, history, rng)
    points = {
        parameter.name: set(parameter.domain.grid())
        for parameter in space.parameters
        if isinstance(parameter.domain, FloatRange | IntegerRange)
    }
    centre: Configuration | None = None
    while centre != history.incumbent:
        centre = history.incumbent
        finer = {name: _midpoints(space, name, centre, points[name]) for name in points}
        yield from _around(centre, finer)
        for name, values in finer.items():
            points[name].update(values)


def _midpoints(
    space: Space, name: str, centre: Configuration, points: set[Value]
) -> tuple[Value, ...]:
    """Return the values halfway between a parameter's best value and its neighbours."""
    domain = next(p.domain for p in space.parameters if p.name == name)
    value = centre.get(name)
    if not isinstance(value, int | float):
        return ()
    numbers = [point for point in points if isinstance(point, int | float)]
    below = max((point for point in numbers if point < value), default=value)
    above = min((point for point in numbers if point > value), default=value)
    middles = (_between(domain, below, value), _between(domain, value, above))
    return tuple(m for m in middles if m in domain and m not in {below, value, above})


def _between(domain: Domain, low: float, high: float) -> float:
    is_log = isinstance(domain, FloatRange | IntegerRange) and domain.log
    middle = math.sqrt(low * high) if is_log else (low + high) / 2
    if isinstance(domain, IntegerRange):
        return round(middle)
    return float(f"{middle:.{_DIGITS}g}")


def _around(centre: Configuration, finer: dict[str, tuple[Value, ...]]) -> Iterator[Configuration]:
    """Propose the refined neighbours of ``centre``, nearest first."""
    refined = {name: values for name, values in finer.items() if values}
    for name, values in refined.items():
        for value in values:
            yield {**centre, name: value}
    if len(refined) <= _PRODUCT_AXES:
        for values in product(*((centre[name], *refined[name]) for name in refined)):
            yield {**centre, **dict(zip(refined, values, strict=True))}
