"""Ask and tell around a generator of proposals.

A strategy is written as a generator that reads the history and yields what it would like to see
next, in any spelling, as often as it likes; ``Walk`` makes them valid, canonical and distinct, and
keeps generator and history in step, also when a history is told again after a crash.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tighten.parameters import Configuration, Space, configuration_key
from tighten.search.costs import Costs

__all__ = ["History", "Propose", "Sizing", "Strategy", "Told", "Walk"]

_MOST_SAVED = 1 - 2.0**-52  # of a cost; all of it has no logarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a trial ended.

    Parameters
    ----------
    accepted
        Whether the configuration became the incumbent.
    gain
        Share of the incumbent's cost that was saved, below 1 (for a metric to be maximised,
        1 - incumbent / candidate); None if nothing was measured.
    same_as
        The earlier configuration whose build has the same code, so that nothing was measured.
    cost_ratios
        What each size costs over what the incumbent of that moment costs; for cases with a size.
    """

    accepted: bool
    gain: float | None
    same_as: Configuration | None = None
    cost_ratios: Costs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What ``cost-model`` is told beside the space.

    Parameters
    ----------
    costs
        What the baseline costs at each size, any unit.
    hysteresis
        Saving, in [0, 1), for which a strategy gives way to another.
    border_ratio
        Least ratio of two neighbouring borders, >= 1.
    """

    costs: Costs = field(default_factory=dict)
    hysteresis: float = 0.02
    border_ratio: float = 1.5


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

    A level is the logarithm of the speed-up over the baseline, so that the levels of
    configurations which were compared with different incumbents agree.
    """

    def __init__(self, space: Space, baseline: Configuration, sizing: Sizing | None = None) -> None:
        self._space = space
        self.sizing = sizing or Sizing()
        self.baseline = space.canonical(baseline, baseline)
        self.incumbent = self.baseline
        self._asked: dict[str, Configuration] = {}
        self._levels: dict[str, float] = {}
        self._failed: set[str] = set()
        self._inert: set[str] = set()
        self.note(self.baseline)
        self._levels[self.key(self.baseline)] = 0.0
        self._costs = {self.key(self.baseline): (self.baseline, self.sizing.costs)}

    def key(self, configuration: Configuration) -> str:
        """Return the same text for configurations that differ in inactive parameters only."""
        return configuration_key(self._space.canonical(configuration, self.baseline))

    def note(self, configuration: Configuration) -> None:
        """Remember that a configuration was asked for."""
        self._asked.setdefault(
            self.key(configuration), self._space.canonical(configuration, self.baseline)
        )

    def record(self, configuration: Configuration, outcome: Told) -> None:
        """Add the outcome of a trial."""
        key = self.key(configuration)
        self.note(configuration)
        if outcome.gain is not None:
            self._levels[key] = self.level(self.incumbent) - math.log1p(
                -min(outcome.gain, _MOST_SAVED)
            )
            if outcome.cost_ratios:
                self._add_costs(key, configuration, outcome.cost_ratios)
        elif outcome.same_as is not None:
            self._inert.add(key)
            self._levels[key] = self.level(outcome.same_as)
        else:
            self._failed.add(key)
        if outcome.accepted:
            self.incumbent = self._space.canonical(configuration, self.baseline)

    def _add_costs(self, key: str, configuration: Configuration, ratios: Costs) -> None:
        _, rival = self._costs.get(self.key(self.incumbent), (self.incumbent, {}))
        costs = {size: rival[size] * ratio for size, ratio in ratios.items() if size in rival}
        self._costs[key] = (self._space.canonical(configuration, self.baseline), costs)

    def level(self, configuration: Configuration) -> float:
        """Return the log speed-up over the baseline; -inf for what failed or was never tried."""
        return self._levels.get(self.key(configuration), -math.inf)

    def costs(self) -> Iterator[tuple[Configuration, Costs]]:
        """Yield each measured configuration, the baseline first, with its cost at each size."""
        yield from self._costs.values()

    def is_inert(self, configuration: Configuration) -> bool:
        """Return whether ``configuration`` was found to build to the same code as another."""
        return self.key(configuration) in self._inert

    def is_asked(self, configuration: Configuration) -> bool:
        """Return whether ``configuration`` was asked for already, or is the baseline."""
        return self.has_asked(self.key(configuration))

    def has_asked(self, key: str) -> bool:
        """Return whether the configuration of that `key` was asked for, or is the baseline."""
        return key in self._asked

    def ranked(self) -> list[Configuration]:
        """Return what was measured, the best first; what was asked for earlier wins a tie."""
        measured = [key for key in self._asked if key in self._levels]
        measured.sort(key=self._levels.__getitem__, reverse=True)
        return [self._asked[key] for key in measured]

    def failed(self) -> list[Configuration]:
        """Return what could not be measured, in the order of asking."""
        return [c for key, c in self._asked.items() if key in self._failed]

    def pending(self) -> list[Configuration]:
        """Return what was asked for and not told yet, in the order of asking."""
        return [c for c in self._asked.values() if self.is_pending(c)]

    def is_pending(self, configuration: Configuration) -> bool:
        """Return whether ``configuration`` was asked for and not told yet."""
        key = self.key(configuration)
        return key in self._asked and key not in self._levels and key not in self._failed


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
    sizing
        Sizes of the cases and what they cost, for the strategies that ask.
    """

    def __init__(
        self,
        name: str,
        propose: Propose,
        space: Space,
        baseline: Configuration,
        *,
        seed: int,
        sizing: Sizing | None = None,
    ) -> None:
        self.name = name
        self._space = space
        self._history = History(space, baseline, sizing)
        self._waiting: list[Configuration] = []
        self._proposals = propose(space, self._history, random.Random(seed))

    def ask(self) -> Configuration | None:
        """Return the next configuration to try; None when the strategy is exhausted."""
        if self._waiting:
            return self._waiting.pop(0)
        for proposal in self._proposals:
            if not self._history.is_asked(proposal) and self._space.is_valid(proposal):
                self._history.note(proposal)
                return self._space.canonical(proposal, self._history.baseline)
        return None

    def tell(self, configuration: Configuration, outcome: Told) -> None:
        """Learn how a trial ended, whether this process or an earlier one asked for it."""
        key = self._history.key(configuration)
        if not self._history.is_asked(configuration):
            # An earlier process asked: ask again, to lead the generator to the same place.
            expected = self.ask()
            if expected is not None and self._history.key(expected) != key:
                self._waiting.append(expected)
        self._waiting = [other for other in self._waiting if self._history.key(other) != key]
        self._history.record(configuration, outcome)
