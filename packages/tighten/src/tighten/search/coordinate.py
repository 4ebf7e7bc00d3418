"""Coordinate descent: one parameter at a time, the others at their best values so far.

Its lines are what effect plots show. It ends where no change of a single parameter helps, which
need not be the best of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.search.axis import is_ordered, points, spread_out

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from tighten.parameters import Configuration, Parameter, Space
    from tighten.search.walk import History

__all__ = ["coordinate_descent", "first_lines"]

_FIRST_LOOK = 5  # values of an ordered parameter tried before looking closer
_GLANCE = 2  # values of a parameter tried by `first_lines`


def coordinate_descent(
    space: Space, history: History, rng: random.Random
) -> Iterator[Configuration]:
    """Propose line after line until a whole round changes nothing.

    The first round follows the order of the study, the later ones a random order.
    """
    order = list(space.parameters)
    start = None
    while start != history.incumbent:
        start = history.incumbent
        for parameter in order:
            yield from _line(parameter, space, history)
        rng.shuffle(order)


def first_lines(space: Space, history: History) -> Iterator[Configuration]:
    """Propose the ends of each parameter's line through the best so far, and what switches wake."""
    for parameter in space.parameters:
        values = points(parameter)
        for place in spread_out(len(values), _GLANCE):
            candidate = {**history.incumbent, parameter.name: values[place]}
            yield candidate
            if not is_ordered(values):
                yield from _awakened(candidate, space, history)


def _line(parameter: Parameter, space: Space, history: History) -> Iterator[Configuration]:
    """Propose values of one parameter: all categories, or ever closer to the best number."""
    centre = history.incumbent
    values = points(parameter)
    if not is_ordered(values):
        for value in values:
            yield {**centre, parameter.name: value}
            yield from _awakened({**centre, parameter.name: value}, space, history)
        return

    def at(place: int) -> Configuration:
        return {**centre, parameter.name: values[place]}

    looked = spread_out(len(values), _FIRST_LOOK)
    yield from map(at, looked)
    if all(history.is_inert(at(i)) for i in looked if at(i) != centre):
        return
    while closer := _closer(looked, max(looked, key=lambda i: history.level(at(i)))):
        looked = sorted({*looked, *closer})
        yield from map(at, closer)


def _awakened(switched: Configuration, space: Space, history: History) -> Iterator[Configuration]:
    """Propose values of the parameters that a switch makes active.

    A switch alone may bring nothing: parallel code on one thread is no faster.
    """
    for parameter in space.parameters:
        values = parameter.domain.grid()
        line = [
            {**switched, parameter.name: values[i]} for i in spread_out(len(values), _FIRST_LOOK)
        ]
        idle = [{**history.incumbent, parameter.name: value} for value in (values[0], values[-1])]
        if len({history.key(c) for c in idle}) == 1 < len({history.key(c) for c in line}):
            yield from line


def _closer(looked: Sequence[int], best: int) -> list[int]:
    """Return the positions halfway between the best and its neighbours looked at already."""
    place = looked.index(best)
    gaps = [
        (looked[i], looked[i + 1]) for i in (place - 1, place) if i >= 0 and i + 1 < len(looked)
    ]
    return [(low + high) // 2 for low, high in gaps if high - low > 1]
