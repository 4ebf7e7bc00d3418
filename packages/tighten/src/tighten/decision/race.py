"""Successive halving over randomised complete blocks: the best of many with few launches.

A *block* launches every competitor that is left once, in random order, so that drift hits all of
them alike; only differences within a block count. The first rung has a few blocks. Then the slower
half leaves, the number of blocks doubles, and so on until one is left: each rung costs about the
same number of launches, and most of them go to the close calls. Of 16 competitors 1 % apart on a
noisy machine the truly best wins more than nine times in ten after 128 launches; with one launch
each, or eight in a row, about half the time (``benchmarks/tighten/racing.py``).

A race only selects. That the winner of many looks better than it is does not matter to a
selection, and would ruin a verdict: the pair test of the winner starts with fresh launches.

Source: Karnin, Koren, Somekh (2013), "Almost optimal exploration in multi-armed bandits", ICML.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from tighten.stats import HodgesLehmann

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Race"]


class Race:
    """Who is still running, and how many blocks the present rung has left.

    Parameters
    ----------
    competitors
        Their numbers, in any order; at least one.
    blocks
        Of the first rung, >= 1; each later rung has twice as many as the one before.

    Examples
    --------
    >>> race = Race([0, 1, 2, 3], blocks=2)
    >>> while not race.is_over:
    ...     lost = race.add({number: float(number) for number in race.running})
    >>> race.winner, race.places
    (0, (1, 2, 3))
    """

    def __init__(self, competitors: Sequence[int], *, blocks: int = 2) -> None:
        self.rung = 1
        self._running = list(competitors)
        self._rung_blocks = blocks
        self._in_rung = 0
        self._blocks: list[Mapping[int, float]] = []
        self._lost: list[int] = []

    @property
    def running(self) -> tuple[int, ...]:
        """Who takes part in the next block."""
        return tuple(self._running)

    @property
    def blocks_left(self) -> int:
        """Blocks of this rung that are still to be run."""
        return self._rung_blocks - self._in_rung

    @property
    def is_over(self) -> bool:
        """Whether at most one competitor is left."""
        return len(self._running) <= 1

    @property
    def winner(self) -> int | None:
        """Who is left at the end; None if all failed."""
        return self._running[0] if self._running else None

    @property
    def places(self) -> tuple[int, ...]:
        """Who lost, the best of them first; those that failed are nowhere."""
        return tuple(reversed(self._lost))

    def add(self, costs: Mapping[int, float]) -> tuple[int, ...]:
        """Take one block into account; return who is out because of it, the worst first.

        Parameters
        ----------
        costs
            Logarithm of what each running competitor costs, smaller is better. A competitor that
            is missing failed, and is out.
        """
        self._running = [number for number in self._running if number in costs]
        self._blocks.append(dict(costs))
        self._in_rung += 1
        if self.blocks_left > 0 or self.is_over:
            return ()
        ranked = sorted(self._running, key=self._standings().__getitem__)
        kept = max(1, len(ranked) // 2)
        self._running, out = ranked[:kept], tuple(reversed(ranked[kept:]))
        self._lost.extend(out)
        self.rung, self._rung_blocks, self._in_rung = self.rung + 1, 2 * self._rung_blocks, 0
        return out

    def _standings(self) -> dict[int, float]:
        """Return the typical distance of each to the middle of the field, over all blocks.

        The middle is that of the present field also in earlier blocks, where others ran as well.
        """
        centres = {number: HodgesLehmann() for number in self._running}
        for block in self._blocks:
            middle = median(block[number] for number in self._running)
            for number, centre in centres.items():
                centre.add(block[number] - middle)
        return {number: centre.estimate for number, centre in centres.items()}
