"""What a running study tells whoever listens: one frozen record per thing that happened.

The session emits these through a `Listener` and knows nothing of screens; progress displays and
tests are listeners. Nothing here is stored: the ledger has the records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tighten.decision import Case
from tighten.record import StudyRecord, TrialRecord

__all__ = [
    "Event",
    "Listener",
    "Notice",
    "PairMeasured",
    "Step",
    "StepStarted",
    "StudyDone",
    "StudyStarted",
    "TrialDone",
]


class Step(StrEnum):
    """A stage of one trial, in the order in which they happen."""

    BUILD = "build"
    VERIFY = "verify"
    RACE = "race"
    MEASURE = "measure"
    PROFILE = "profile"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyStarted:
    """The first event. ``done`` counts trials that an interrupted run left behind."""

    name: str
    run: int
    max_trials: int
    cases: tuple[Case, ...] = ()
    time_budget: float | None = None  # s
    done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins; ``detail`` is one line, such as the values on trial."""

    step: Step
    trial: int
    of: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMeasured:
    """One more pair of the objective: gain so far as a fraction, and the evidence for it."""

    trial: int
    pairs: int
    limit: int
    gain: float
    e_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDone:
    """A trial is in the ledger. ``best`` is the number of the incumbent from now on."""

    record: TrialRecord
    best: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the user should know that belongs to no trial, such as a busy machine."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDone:
    """The last event, also after an interrupt."""

    record: StudyRecord


Event = StudyStarted | StepStarted | PairMeasured | TrialDone | Notice | StudyDone
Listener = Callable[[Event], None]
