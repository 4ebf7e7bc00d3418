"""The members of the portfolio: each turns what is known into a batch of candidates.

A member is a generator over the history. It yields one batch after the other, each made from what
is known at that moment, forgets nothing that it needs, and never ends; the space does. Batches may
hold configurations that are known or invalid: whoever takes from them drops those. On its own, a
member is a strategy that tries its batches one by one; in the portfolio the members compete.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tighten.search.axis import axes
from tighten.search.densities import Densities
from tighten.search.uniform import uniform

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

    from tighten.parameters import Configuration, Space
    from tighten.search.axis import Axis
    from tighten.search.walk import History, Propose

    Member = Callable[[Space, History, random.Random], Iterator[list[Configuration]]]

__all__ = ["MEMBERS", "alone", "genetic", "local", "tabu", "tpe"]

_NEIGHBOURS = 256  # offered at once
_KICKS = 25  # perturbed copies of the best, once its neighbourhood is known
_KICKED = 2  # parameters that a kick changes
_POPULATION = 20  # parents
_CHILDREN = 40
_TENURE = 7  # centres that are not returned to
_SAMPLES = 25  # drawn from the density of the good
_IDLE = 5  # batches in a row without a new configuration, after which the rest is enumerated


def local(space: Space, history: History, rng: random.Random) -> Iterator[list[Configuration]]:
    """Offer the neighbours of the best, and random kicks away from it: iterated local search.

    Neighbours differ in one parameter, by any amount. Source: Lourenço, Martin, Stützle (2003),
    "Iterated local search", Handbook of Metaheuristics.
    """
    lines = axes(space)
    while True:
        centre = _best(history)
        batch = [c for c in _neighbours(lines, centre, rng) if not history.is_asked(c)]
        rng.shuffle(batch)
        yield batch + [_kicked(lines, centre, rng) for _ in range(_KICKS)]


def genetic(space: Space, history: History, rng: random.Random) -> Iterator[list[Configuration]]:
    """Cross the best with each other, and change one parameter of each child.

    Only parents that work take part, and a child that breaks a constraint is dropped before it
    costs anything. Until there are parents enough, children are drawn at random. Source: Goldberg
    (1989), "Genetic Algorithms".
    """
    lines = axes(space)
    while True:
        parents = history.ranked()[:_POPULATION]
        if len(parents) < _POPULATION // 2:
            yield [_drawn(lines, rng) for _ in range(_CHILDREN)]
            continue
        yield [
            _kicked(lines, _crossed(rng.choice(parents), rng.choice(parents), rng), rng, changes=1)
            for _ in range(_CHILDREN)
        ]


def tabu(space: Space, history: History, rng: random.Random) -> Iterator[list[Configuration]]:
    """Move to the best known configuration that was no centre lately, even if that is worse.

    Source: Glover (1989), "Tabu search, part I", ORSA Journal on Computing 1.
    """
    lines = axes(space)
    centres: deque[str] = deque(maxlen=_TENURE)
    while True:
        allowed = (c for c in history.ranked() if history.key(c) not in centres)
        centre = next(allowed, None)
        if centre is None:
            yield [_drawn(lines, rng)]
            continue
        centres.append(history.key(centre))
        batch = [c for c in _neighbours(lines, centre, rng) if not history.is_asked(c)]
        rng.shuffle(batch)
        yield batch


def tpe(space: Space, history: History, rng: random.Random) -> Iterator[list[Configuration]]:
    """Draw where the good configurations are dense and the others are not.

    Source: Bergstra et al. (2011), "Algorithms for hyper-parameter optimization", NeurIPS 24.
    """
    lines = axes(space)
    while True:
        densities = Densities(lines, history.ranked(), history.failed())
        drawn = [densities.draw(rng) for _ in range(_SAMPLES)]
        yield sorted(drawn, key=densities.promise, reverse=True)


MEMBERS: tuple[Member, ...] = (local, genetic, tabu, tpe)


def alone(member: Member) -> Propose:
    """Return the strategy that tries a member's batches one by one.

    A batch is left as soon as the best changes; a space that has nothing new for some batches in
    a row is enumerated.
    """

    def propose(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
        idle = 0
        for batch in member(space, history, rng):
            idle += 1
            centre = history.incumbent
            for candidate in batch:
                known = history.is_asked(candidate)
                yield candidate
                if not known and history.is_asked(candidate):
                    idle = 0
                if history.incumbent != centre:
                    break
            if idle >= _IDLE:
                break
        yield from uniform(space, history, rng)

    return propose


def _best(history: History) -> Configuration:
    """Return the best that is known, which a trial may have left Inconclusive."""
    return history.ranked()[0]


def _neighbours(
    lines: Sequence[Axis], centre: Configuration, rng: random.Random
) -> Iterator[Configuration]:
    """Yield configurations that differ from ``centre`` in one parameter.

    All of them, or where that were too many, some values of each long parameter.
    """
    is_few = sum(len(axis.grid) for axis in lines) <= _NEIGHBOURS
    share = _NEIGHBOURS // len(lines)
    for axis in lines:
        values = axis.grid
        if not is_few and len(values) > share:
            values = tuple(axis.points[i] for i in _some(axis, centre.get(axis.name), share, rng))
        for value in values:
            yield {**centre, axis.name: value}


def _some(axis: Axis, value: object, most: int, rng: random.Random) -> list[int]:
    """Return positions along a line: half of them ever farther from a value, the others random."""
    length = len(axis.points)
    drawn = rng.sample(range(length), min(length, most - most // 2))
    if not axis.is_ordered or not isinstance(value, int | float):
        return sorted(drawn)
    place, steps = round(axis.between(value)), max(1, most // 4)
    away = {0, *(round(length ** (step / steps)) for step in range(steps))}
    near = {place + side * distance for side in (-1, 1) for distance in away}
    return sorted({*drawn, *near.intersection(range(length))})


def _kicked(
    lines: Sequence[Axis], centre: Configuration, rng: random.Random, *, changes: int = _KICKED
) -> Configuration:
    """Return a copy with some random parameters drawn anew."""
    chosen = rng.sample(lines, min(changes, len(lines)))
    return {**centre, **{axis.name: rng.choice(axis.grid) for axis in chosen}}


def _crossed(one: Configuration, other: Configuration, rng: random.Random) -> Configuration:
    """Return a child that has each value from either parent."""
    return {name: rng.choice((value, other.get(name, value))) for name, value in one.items()}


def _drawn(lines: Sequence[Axis], rng: random.Random) -> Configuration:
    """Return a random point of the grid; it may break constraints."""
    return {axis.name: rng.choice(axis.grid) for axis in lines}
