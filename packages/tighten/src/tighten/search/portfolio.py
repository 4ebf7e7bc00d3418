"""The portfolio: its members propose, and a model of what is known says which to try.

It starts with a coordinate descent cut short: each parameter at the ends of its line, the others at
their best so far. That is what effect plots show, and what the model needs first. After that, each
turn every member (`tighten.search.members`) contributes a batch of candidates, and the most
promising of them all is tried. A member that is out of its depth in a space is not chosen.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from tighten.parameters import configuration_key
from tighten.search.coordinate import first_lines
from tighten.search.members import MEMBERS
from tighten.search.surrogate import Surrogate
from tighten.search.uniform import uniform

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from tighten.parameters import Configuration, Space
    from tighten.search.walk import History

__all__ = ["portfolio"]

_IDLE = 5  # turns without anything new, after which the rest is enumerated


def portfolio(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
    """Propose the first lines, then the most promising candidate of all members, to the end."""
    yield from first_lines(space, history)
    surrogate = Surrogate(space, rng)
    members = [member(space, history, rng) for member in MEMBERS]
    idle = 0
    while idle < _IDLE:
        candidates = _distinct(chain.from_iterable(map(next, members)), space, history)
        idle += 1
        if not candidates:
            continue
        surrogate.learn(history)
        for candidate in _by_promise(candidates, surrogate):
            yield candidate
            if history.is_asked(candidate):
                idle = 0
                break
    yield from uniform(space, history, rng)


def _distinct(
    candidates: Iterator[Configuration], space: Space, history: History
) -> list[Configuration]:
    """Return each new candidate once, inactive parameters at their defaults."""
    whole = (space.canonical(candidate, history.baseline) for candidate in candidates)
    found = {configuration_key(candidate): candidate for candidate in whole}
    return [candidate for key, candidate in found.items() if not history.has_asked(key)]


def _by_promise(
    candidates: Sequence[Configuration], surrogate: Surrogate
) -> Iterator[Configuration]:
    order = np.argsort(-surrogate.promise(candidates), kind="stable")
    yield from (candidates[place] for place in order)
