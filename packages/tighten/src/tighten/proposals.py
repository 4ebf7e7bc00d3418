"""What to try next: the strategy of a run, brought to where its recorded trials have led it.

A strategy keeps nothing on disk. What a race had asked for is asked for again all at once, so that
the strategy sees its own questions and answers in the same order, and what the race had not
finished with is what comes next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tighten.parameters import configuration_key
from tighten.record import RaceEntry, Role
from tighten.search import strategy
from tighten.search.told import sizing, told

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
            sizing=sizing(
                study.trials[0],
                options.cases,
                hysteresis=options.search.hysteresis,
                border_ratio=options.search.border_ratio,
            ),
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
        self._strategy.tell(trial.configuration, told(study, trial))

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
