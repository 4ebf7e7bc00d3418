"""What to try next: the strategy of a run, brought to where its recorded trials have led it.

A strategy keeps nothing on disk. What a race had asked for is asked for again all at once, so that
the strategy sees its own questions and answers in the same order, and what the race had not
finished with is what comes next.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from tighten.decision import Goal, Outcome, objective_goal
from tighten.parameters import configuration_key
from tighten.record import RaceEntry, Role
from tighten.search import Told, strategy

if TYPE_CHECKING:
    from tighten.options import Options
    from tighten.parameters import Configuration
    from tighten.record import StudyRecord, TrialRecord

__all__ = ["Proposals"]


class Proposals:
    """The strategy of a run.

    Parameters
    ----------
    options
        The study.
    study
        The run so far, the baseline included.
    """

    def __init__(self, options: Options, study: StudyRecord) -> None:
        self._options = options
        self._strategy = strategy(
            options.search.strategy,
            options.space,
            study.trials[0].configuration,
            seed=options.search.seed,
        )
        self._unfinished: tuple[list[Configuration], RaceEntry] | None = None
        self._replay(study)

    def ask(self, study: StudyRecord) -> tuple[list[Configuration], RaceEntry | None]:
        """Return what to try next: one configuration, or the field of a race; empty at the end."""
        if self._unfinished is not None:
            unfinished, self._unfinished = self._unfinished, None
            return unfinished
        racing = self._options.search.racing
        if racing is None:
            return self._asked(1), None
        done = sum(trial.role is Role.SEARCH for trial in study.trials)
        left = self._options.limits.max_trials - done
        asked = self._asked(min(racing.candidates, left))
        number = max((t.race.number for t in study.trials if t.race), default=0) + 1
        return asked, RaceEntry(number=number, field=len(asked), rung=0)

    def tell(self, study: StudyRecord, trial: TrialRecord) -> None:
        """Tell the strategy how a trial of the search ended."""
        verdict, twin = trial.verdict, trial.identical_to
        outcome = Told(
            accepted=verdict is not None and verdict.outcome is Outcome.ACCEPT,
            gain=None if verdict is None else _saving(study, verdict.objective.gain),
            same_as=None if twin is None else study.trials[twin].configuration,
        )
        self._strategy.tell(trial.configuration, outcome)

    def _asked(self, count: int) -> list[Configuration]:
        asked: list[Configuration] = []
        while len(asked) < count and (configuration := self._strategy.ask()) is not None:
            asked.append(configuration)
        return asked

    def _replay(self, study: StudyRecord) -> None:
        left: dict[str, Configuration] = {}
        entry: RaceEntry | None = None
        for trial in study.trials:
            if trial.role is not Role.SEARCH:
                continue
            if trial.race is not None and (entry is None or trial.race.number != entry.number):
                entry = replace(trial.race, rung=0)
                left = {configuration_key(c): c for c in self._asked(entry.field)}
            left.pop(configuration_key(trial.configuration), None)
            self.tell(study, trial)
        if left and entry is not None:
            self._unfinished = list(left.values()), entry


def _saving(study: StudyRecord, gain: float) -> float:
    """Return a gain as the share of the incumbent's cost that it saves."""
    if objective_goal(study.cases) is Goal.MINIMIZE:
        return gain
    return gain / (1 + gain) if gain < math.inf else 1.0
