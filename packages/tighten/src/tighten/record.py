"""What a study leaves behind: frozen records that the ledger stores and the reports render.

They hold plain values only, so that any of them can be written as JSON and read back. Nothing
here knows how a trial was run or how a page is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tighten.decision import Case, Evidence, Outcome, Policy, Status, Verdict
from tighten.errors import FailureKind, TrialError
from tighten.parameters import Configuration, Value

__all__ = [
    "BASELINE_FORMAT",
    "WINNER",
    "Baseline",
    "CaseSummary",
    "Change",
    "Distance",
    "Examination",
    "Failure",
    "Finding",
    "GateResult",
    "Method",
    "RaceEntry",
    "Role",
    "SizeProof",
    "StrategyCosts",
    "StrategyLine",
    "StudyRecord",
    "TrialRecord",
]

BASELINE_FORMAT = 1
WINNER = -1  # rung of the candidate that won its race


class Role(StrEnum):
    """Why a trial was run."""

    BASELINE = "baseline"
    SEARCH = "search"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a trial could not be judged."""

    kind: FailureKind
    message: str
    tail: str = ""
    log: str | None = None

    @classmethod
    def of(cls, error: TrialError) -> Failure:
        """Return the record of an error."""
        log = None if error.log is None else str(error.log)
        return cls(kind=error.kind, message=str(error), tail=error.tail, log=log)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far a trial's numbers lie from the baseline's.

    ``bitwise`` is whether every bit is the same, ``ulp`` the largest distance in units in the
    last place, found in the array ``output``, ``relative`` the largest relative error.
    """

    bitwise: bool
    ulp: float
    relative: float
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """Outcome of one gate: ``passed``, and one line that says by how much or why not.

    ``distance`` is there where numbers were compared with the baseline's and found alike enough.
    """

    name: str
    passed: bool
    detail: str
    seconds: float
    distance: Distance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """All values of one case in one trial, one per launch, in the case's own metric."""

    case: str
    values: tuple[float, ...]
    median: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceEntry:
    """The race that a trial took part in.

    ``number`` counts the races of the run from 1, ``field`` the configurations that were asked for
    together, the failed ones included. ``rung`` is the last one it ran in: 0 if it never ran,
    `WINNER` for the one whose verdict is a pair test of its own.
    """

    number: int
    field: int
    rung: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One set of parameter values: edited, built, verified, measured, judged.

    ``number`` 0 is the baseline. ``identical_to`` names the earlier trial whose build has the
    same code; such a trial is not measured. ``code_hash`` covers all that
    runs: code, environment, arguments. Profiles come from launches that are not measured. Times
    are in seconds, ``started`` is ISO 8601 UTC.
    ``culprits`` are the values that by themselves make the failed gate fail, over those of the
    trial to beat; ``culprit_builds`` is what finding them took.
    """

    number: int
    role: Role
    configuration: Configuration
    started: str
    cases: tuple[CaseSummary, ...] = ()
    verdict: Verdict | None = None
    failure: Failure | None = None
    gates: tuple[GateResult, ...] = ()
    identical_to: int | None = None
    incumbent: int | None = None  # number of the trial it was compared with
    race: RaceEntry | None = None
    code_hash: str = ""
    build_seconds: float = 0.0
    gate_seconds: float = 0.0
    benchmark_seconds: float = 0.0
    overhead_seconds: float = 0.0
    profile_seconds: float = 0.0
    log: str | None = None
    host: str = ""  # key of the machine that measured it, in a run on a cluster
    patch: str = ""  # unified diff of the edit against the project
    culprits: Configuration = field(default_factory=dict)
    culprit_builds: int = 0
    profiles: Mapping[str, str] = field(default_factory=dict)  # file below the state, by label

    def changed_from(self, other: TrialRecord) -> list[str]:
        """Return the parameters with another value than in ``other``, one that is set there too.

        A parameter without a value is in no configuration. Values of two types differ: ``True`` is
        not 1.
        """
        names = dict.fromkeys([*other.configuration, *self.configuration])
        sides = self.configuration, other.configuration
        return [
            name
            for name in names
            if len({(type(value), value) for value in (side.get(name) for side in sides)}) > 1
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The outcome of A/A sessions on one machine.

    Parameters
    ----------
    sessions, accepted
        How many comparisons of equal programs were run, and how many wrongly found a gain.
    pairs, reruns
        Pairs measured, and pairs run again because something disturbed them.
    seconds_per_pair
        Median time of one pair [s].
    spread
        Median robust standard deviation of the log ratios of a session.
    visible
        Smallest gain, as a fraction, that a minute of pairs finds with 95 % probability; None
        if even the largest one tried would be missed.
    advice
        What to change on this machine, one line each.
    """

    study: str
    machine: Mapping[str, Any]
    sessions: int
    accepted: int
    pairs: int
    reruns: int
    seconds_per_pair: float
    spread: float
    visible: float | None
    advice: tuple[str, ...]
    date: str = ""  # ISO 8601 UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """One run of a study, with all its trials in order."""

    run: int
    name: str
    study_file: str
    project: str
    started: str
    finished: str | None
    status: Status | None  # None: still running, or killed
    cases: tuple[Case, ...]
    parameters: tuple[Mapping[str, Any], ...]  # name, kind, place, domain, baseline value
    machine: Mapping[str, Any]
    max_trials: int
    policy: Policy = field(default=Policy())
    trials: tuple[TrialRecord, ...] = field(default=())
    best: int = 0  # number of the trial whose values are kept; 0 is the baseline
    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # facts by key
    sources: str = ""  # hash of the files that a run may read, before any edit
    confirmation: Verdict | None = None  # fresh measurement of the best against the baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What later versions of the project are held against.

    ``revision`` is the commit that the project was at; None if it had changes, or no repository.
    """

    format: int = BASELINE_FORMAT
    study: str
    saved: str
    revision: str | None
    configuration: Configuration
    cases: tuple[CaseSummary, ...]
    machine: Mapping[str, Any]


class Method(StrEnum):
    """What a finding rests on."""

    PAIRS = "pairs"  # both versions in alternation
    SAMPLES = "samples"  # the project now, and launches stored earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One case then and now; the gain is relative, negative for a loss."""

    case: str
    metric: str
    unit: str
    before: float
    after: float
    gain: float
    low: float
    high: float
    allowance: float  # loss that is tolerated, as a fraction
    outcome: Outcome  # accept: within it; reject: beyond it; inconclusive: neither is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the guard found. ``outcome`` rejects on a loss that was shown or a failed gate."""

    study: str
    date: str
    method: Method
    against: str
    outcome: Outcome
    reason: str
    changes: tuple[Change, ...]
    gates: tuple[GateResult, ...]
    machine: Mapping[str, Any]
    verdict: Verdict | None = None  # of pairs

    @property
    def is_regression(self) -> bool:
        """Whether the change must not go in."""
        return self.outcome is Outcome.REJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyLine:
    """One strategy: ``fixed + per_item * size``, its misfit, and its cost at each size."""

    name: str
    fixed: float
    per_item: float
    misfit: float
    costs: Mapping[str, float]  # by size

    def at(self, size: int) -> float:
        """Return the measured cost at a size, infinite where there is none."""
        return self.costs.get(str(size), math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeProof:
    """What the confirmation says of one size: the evidence against its allowance."""

    size: int
    allowance: float
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyCosts:
    """Costs, borders and source of a study's strategies.

    ``unit`` is that of the costs, empty where they are sizes over a rate. ``rows`` are the borders
    by the fit; ``values`` what would put them into effect, ``source`` the generated lines of a
    table, ``kept`` the values that the study confirmed, ``proof`` the confirmation by size.
    """

    run: int
    unit: str
    lines: tuple[StrategyLine, ...]
    rows: tuple[tuple[int, str], ...]
    values: Mapping[str, Value]
    source: tuple[str, ...]
    kept: Mapping[str, Value]
    proof: tuple[SizeProof, ...]

    @property
    def sizes(self) -> list[int]:
        """Sizes at which a strategy was measured, ascending."""
        return sorted({int(size) for line in self.lines for size in line.costs})

    def over_cheapest(self, size: int) -> list[float]:
        """Return what each strategy costs over the cheapest at a measured size, at least 1."""
        cheapest = min(line.at(size) for line in self.lines)
        return [line.at(size) / cheapest for line in self.lines]
