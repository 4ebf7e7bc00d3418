"""A trial on its way through the loop: what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tighten.convergence import incumbent
from tighten.ledger import Pair
from tighten.record import Role, TrialRecord
from tighten.trial import Built

__all__ = ["Attempt", "work_seconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A trial and what its steps made of it.

    Parameters
    ----------
    run, role
        The run it belongs to, and why it is tried.
    trials
        All trials before it.
    record
        What will be stored.
    beside
        Builds that must stay where they are, those of a race.
    built, rival
        Its build, and the build that it has to beat.
    pairs
        Its raw measurements.
    """

    run: int
    role: Role
    trials: tuple[TrialRecord, ...]
    record: TrialRecord
    beside: tuple[Built, ...] = ()
    built: Built | None = None
    rival: Built | None = None
    pairs: tuple[Pair, ...] = ()

    @property
    def against(self) -> TrialRecord:
        """The trial to beat: the incumbent, or for a confirmation the baseline."""
        return self.trials[0] if self.role is Role.CONFIRMATION else incumbent(self.trials)

    @property
    def builds(self) -> tuple[Built, Built | None]:
        """Its build and its rival's, once there is a build."""
        assert self.built is not None
        return self.built, self.rival

    @property
    def confirmation(self) -> int | None:
        """Which confirmation of the run this is, from 1; None for a trial of the search."""
        if self.role is not Role.CONFIRMATION:
            return None
        return 1 + sum(trial.role is Role.CONFIRMATION for trial in self.trials)

    @property
    def is_settled(self) -> bool:
        """Whether no further step can change the outcome."""
        return self.record.failure is not None or self.record.identical_to is not None

    def recorded(self, **fields: Any) -> Attempt:
        """Return the attempt with fields of its record set."""
        return replace(self, record=replace(self.record, **fields))

    def in_rung(self, rung: int) -> Attempt:
        """Return the attempt with the rung of its race in which it left."""
        assert self.record.race is not None
        return self.recorded(race=replace(self.record.race, rung=rung))

    def timed(self, elapsed: float, before: float) -> Attempt:
        """Return the attempt with what tighten itself needed, out of ``elapsed`` seconds.

        ``before`` is what `work_seconds` were at their start.
        """
        own = max(0.0, elapsed - (work_seconds(self.record) - before))
        return self.recorded(overhead_seconds=self.record.overhead_seconds + own)

    def after(self, trials: tuple[TrialRecord, ...]) -> Attempt:
        """Return the attempt as the next one after ``trials``, which may hold its twin by now."""
        later = replace(self, trials=trials).recorded(number=len(trials))
        return later.recorded(identical_to=later.twin(self.record.code_hash))

    def twin(self, identity: str) -> int | None:
        """Return the earlier trial that ran the very same thing; a confirmation has none."""
        if self.role is not Role.SEARCH or not identity:
            return None
        same = (t.number for t in self.trials if t.code_hash == identity and not t.failure)
        return next(same, None)


def work_seconds(trial: TrialRecord) -> float:
    """Return the time that the project's own commands took [s]."""
    return (
        trial.build_seconds + trial.gate_seconds + trial.benchmark_seconds + trial.profile_seconds
    )
