"""Tables of one run, built once per distinct input.

The key of an entry is a frozen record of everything that determines it, so two different inputs
can never share a table and nothing needs invalidating. Entries are read-only. A cache belongs to
one `Simulation`; switched off, it builds every time, with identical results.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["CacheStatistics", "PairKey", "StrengthKey", "TableCache", "WeightKey"]

Table = TypeVar("Table", bound=tuple[np.ndarray, ...])


@dataclass(frozen=True, slots=True)
class WeightKey:
    """Fragment or supply weights: bin edges, slope and range."""

    purpose: str
    edges: bytes
    slope: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class StrengthKey:
    """Q*_D of every bin; `identity` is the content of the strength table."""

    edges: bytes
    density: float
    speed: float
    identity: bytes


@dataclass(frozen=True, slots=True)
class PairKey:
    """Pair outcomes of one cell."""

    cell: int
    strength: StrengthKey
    fragments: WeightKey
    height: float
    two_bin: bool


class CacheStatistics(NamedTuple):
    """Use of a cache: `hits`, `misses`, `entries` now held and their `bytes`."""

    hits: int
    misses: int
    entries: int
    bytes: int


class TableCache:
    """Bounded store of read-only tables, least recently used out first.

    Parameters
    ----------
    capacity : int
        Largest number of entries.
    enabled : bool
        Whether entries are kept at all.
    """

    def __init__(self, capacity: int, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._capacity = max(capacity, 1)
        self._entries: OrderedDict[Hashable, tuple[np.ndarray, ...]] = OrderedDict()
        self._hits = 0
        self._misses = 0

    @property
    def statistics(self) -> CacheStatistics:
        """Counts since the start of the run."""
        held = sum(array.nbytes for entry in self._entries.values() for array in entry)
        return CacheStatistics(self._hits, self._misses, len(self._entries), held)

    def get(self, key: Hashable, build: Callable[[], Table]) -> Table:
        """Return the table of `key`, building it if it is not held.

        Raises
        ------
        ValueError
            If the built table holds a value that is not finite.
        """
        if self.enabled and key in self._entries:
            self._hits += 1
            self._entries.move_to_end(key)
            return self._entries[key]  # type: ignore[return-value]
        self._misses += 1
        table = build()
        for array in table:
            if not np.isfinite(array).all():
                msg = f"table of {key!r} holds values that are not finite"
                raise ValueError(msg)
            array.setflags(write=False)
        if self.enabled:
            self._entries[key] = table
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        return table
