"""Random search without repetition: the yardstick that other strategies must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.parameters import configuration_key

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tighten.parameters import Configuration, Space
    from tighten.search.walk import History

__all__ = ["uniform"]

_SHUFFLED = 100_000  # configurations, up to which the grid is shuffled instead of sampled
_KNOWN_IN_A_ROW = 1000  # samples without news, after which a space counts as exhausted


def uniform(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
    """Propose configurations of the grid in random order."""
    if space.size is not None and space.size <= _SHUFFLED:
        configurations = list(space.configurations(history.baseline))
        rng.shuffle(configurations)
        yield from configurations
        return
    seen: set[str] = set()
    known = 0
    while known < _KNOWN_IN_A_ROW:
        configuration = space.sample(rng)
        key = configuration_key(configuration)
        known = known + 1 if key in seen else 0
        seen.add(key)
        yield configuration
