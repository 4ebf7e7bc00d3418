"""Ask and tell around a generator of proposals.

A strategy is written as a generator that reads the history and yields what it would like to see
next, in any spelling, as often as it likes; ``Walk`` makes them valid, canonical and distinct, and
keeps generator and history in step, also when a history is told again after a crash.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tighten.parameters import Configuration, Space, configuration_key

__all__ = ["History", "Propose", "Strategy", "Told", "Walk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a trial ended.

    Parameters
    ----------
    accepted
        Whether the configuration became the incumbent.
    gain
        Relative gain over the incumbent of that moment; None if the trial failed.
    inert
        Whether the build had the same code as an earlier one, so that nothing was measured.
    """

    accepted: bool
    gain: float | None
    inert: bool = False


class Strategy(Protocol):
    """A source of configurations that learns from their verdicts."""

    @property
    def name(self) -> str:
        """Name in the study file."""
        ...

    def ask(self) -> Configuration | None:
        """Return the next configuration to try, never one known already; None when exhausted."""
        ...

    def tell(self, configuration: Configuration, outcome: Told) -> None:
        """Learn how a trial ended. Telling a recorded history again restores the strategy."""
        ...


class History:
    """What is known so far: the incumbent, and the level each configuration reached.

    Levels are gains over the baseline: the sum of the gains of the incumbents on the way.
    """

    def __init__(self, space: Space, baseline: Configuration) -> None:
        self._space = space
        self.baseline = space.canonical(baseline, baseline)
        self.incumbent = self.baseline
        self._inert: set[str] = set()
        self._levels = {self.key(self.baseline): 0.0}

    def key(self, configuration: Configuration) -> str:
        """Return the same text for configurations that differ in inactive parameters only."""
        return configuration_key(self._space.canonical(configuration, self.baseline))

    def record(self, configuration: Configuration, outcome: Told) -> None:
        """Add the outcome of a trial."""
        key = self.key(configuration)
        if outcome.gain is not None:
            self._levels[key] = self.level(self.incumbent) + outcome.gain
        if outcome.inert:
            self._inert.add(key)
        if outcome.accepted:
            self.incumbent = self._space.canonical(configuration, self.baseline)

    def level(self, configuration: Configuration) -> float:
        """Return the gain over the baseline; -inf for what failed or was never tried."""
        return self._levels.get(self.key(configuration), -math.inf)

    def is_inert(self, configuration: Configuration) -> bool:
        """Return whether ``configuration`` was found to build to the same code as another."""
        return self.key(configuration) in self._inert


Propose = Callable[[Space, History, random.Random], Iterator[Configuration]]


class Walk:
    """The strategy that a generator of proposals describes.

    Parameters
    ----------
    name
        Name in the study file.
    propose
        The generator function; it runs no further than to the next proposal.
    space, baseline
        What may be tried, and where the study starts; the baseline is never proposed.
    seed
        Of the generator's random numbers.
    """

    def __init__(
        self, name: str, propose: Propose, space: Space, baseline: Configuration, *, seed: int
    ) -> None:
        self.name = name
        self._space = space
        self._history = History(space, baseline)
        self._asked = {self._history.key(baseline)}
        self._waiting: list[Configuration] = []
        self._proposals = propose(space, self._history, random.Random(seed))

    def ask(self) -> Configuration | None:
        """Return the next configuration to try; None when the strategy is exhausted."""
        if self._waiting:
            return self._waiting.pop(0)
        for proposal in self._proposals:
            key = self._history.key(proposal)
            if key not in self._asked and self._space.is_valid(proposal):
                self._asked.add(key)
                return self._space.canonical(proposal, self._history.baseline)
        return None

    def tell(self, configuration: Configuration, outcome: Told) -> None:
        """Learn how a trial ended, whether this process or an earlier one asked for it."""
        key = self._history.key(configuration)
        if key not in self._asked:
            # An earlier process asked: ask again, to lead the generator to the same place.
            expected = self.ask()
            if expected is not None and self._history.key(expected) != key:
                self._waiting.append(expected)
            self._asked.add(key)
        self._waiting = [other for other in self._waiting if self._history.key(other) != key]
        self._history.record(configuration, outcome)
