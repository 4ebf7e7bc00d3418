"""What a decision is about and what it says: cases, policy, evidence, verdict.

Plain frozen values, so that the ledger can store a verdict and a report can explain it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.samples import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Aim",
    "Case",
    "Evidence",
    "Goal",
    "Limits",
    "Outcome",
    "Policy",
    "Status",
    "Verdict",
    "objective_goal",
]


class Goal(StrEnum):
    """Which direction of a metric is better."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


class Outcome(StrEnum):
    """What a verdict says about the candidate."""

    ACCEPT = "accept"
    REJECT = "reject"
    INCONCLUSIVE = "inconclusive"


class Aim(StrEnum):
    """What a comparison asks of the candidate."""

    GAIN = "gain"  # is it better, and no case worse than it may be?
    NO_LOSS = "no loss"  # is no case worse than it may be?


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One benchmarked situation, and what is asked of it.

    Parameters
    ----------
    name
        Name in the study and in every report.
    select
        Name in the result; ``name`` when empty.
    metric
        Which number of the result: ``time`` [s] or any other that is positive.
    goal
        Which direction is better.
    target
        Value that the case must reach, in the metric's own unit.
    primary
        Whether reaching the targets of the primary cases is a success in itself.
    max_regression
        Largest loss that may be accepted, as a fraction of the incumbent's value, in [0, 1).
    weight
        Share in the objective, >= 0.
    statistic
        How the repetitions inside one launch become one number.
    size
        Size of the problem that the case measures, >= 1; None if sizes mean nothing here.
    """

    name: str
    select: str = ""
    metric: str = "time"
    goal: Goal = Goal.MINIMIZE
    target: float | None = None
    primary: bool = False
    max_regression: float = 0.02
    weight: float = 1.0
    statistic: Statistic = Statistic.AUTO
    size: int | None = None

    def __post_init__(self) -> None:
        if not self.select:
            object.__setattr__(self, "select", self.name)
        if not 0 <= self.max_regression < 1:
            raise StudyError(
                f"max_regression of case {self.name!r} is {self.max_regression!r}; "
                "it is a fraction from 0 to below 1, such as 0.02 for 2 %"
            )
        if not self.weight >= 0:
            raise StudyError(
                f"weight of case {self.name!r} is {self.weight!r}; it must be 0 or more"
            )

    def meets_target(self, value: float) -> bool:
        """Return whether ``value`` reaches the target; False if there is no target."""
        if self.target is None:
            return False
        return value <= self.target if self.goal is Goal.MINIMIZE else value >= self.target


def objective_goal(cases: Iterable[Case]) -> Goal:
    """Return how the objective's gain is counted: as less time unless every case maximises."""
    goals = {case.goal for case in cases}
    return Goal.MAXIMIZE if goals == {Goal.MAXIMIZE} else Goal.MINIMIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How much evidence a verdict takes.

    Parameters
    ----------
    alpha
        Probability, at most, that a candidate which is no better is accepted; in (0, 1).
    min_gain
        Gain that the lower bound of the interval must reach before accepting, >= 0.
    interest
        Gain worth waiting for: once it is implausible, the candidate is rejected; >= 0.
    min_pairs
        No verdict before this many pairs, >= 1.
    max_pairs
        Inconclusive at this many pairs, >= ``min_pairs``.
    confidence
        Of the intervals, in (0, 1).
    """

    alpha: float = 0.01
    min_gain: float = 0.0
    interest: float = 0.02
    min_pairs: int = 8
    max_pairs: int = 64
    confidence: float = 0.90

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("confidence", self.confidence)):
            if not 0 < value < 1:
                raise StudyError(f"{name} is {value!r}; it must lie between 0 and 1, both excluded")
        for name, value in (("min_gain", self.min_gain), ("interest", self.interest)):
            if not value >= 0:
                raise StudyError(f"{name} is {value!r}; it must be 0 or more, such as 0.02 for 2 %")
        if not 1 <= self.min_pairs <= self.max_pairs:
            raise StudyError(
                f"min_pairs is {self.min_pairs} and max_pairs {self.max_pairs}; "
                "1 <= min_pairs <= max_pairs is needed"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the pairs say about one case, or about the objective.

    Gains are relative to the incumbent in the goal's direction: 0.03 is 3 % less time, or 3 %
    more of a metric to be maximised. ``low`` and ``high`` bound the gain at the policy's
    confidence and are infinite (or -1, or 1, where a gain ends) while there are too few pairs
    for an interval, 5 at 90 %. ``e_value`` is the evidence for better, ``e_not_worse`` for within
    the allowance, ``e_worse`` for beyond it. ``spread`` is the robust standard deviation of the
    log ratios. ``candidate`` and ``incumbent`` are medians in the case's metric; for the
    objective, their weighted geometric means.
    """

    case: str
    pairs: int
    e_value: float
    e_not_worse: float
    e_worse: float
    gain: float
    low: float
    high: float
    spread: float
    candidate: float
    incumbent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Accept, Reject or Inconclusive, with the evidence it rests on.

    ``reason`` is one line for people. ``reruns`` counts the pairs that were run again because
    something disturbed them. ``alpha`` is the level that was used. ``regressed`` names the
    cases whose interval lies wholly beyond their allowance.
    """

    outcome: Outcome
    reason: str
    objective: Evidence
    cases: tuple[Evidence, ...]
    pairs: int
    reruns: int
    alpha: float
    regressed: tuple[str, ...] = ()


class Status(StrEnum):
    """Why a study ended."""

    SUCCESS = "success"
    PRIMARY_SUCCESS = "primary_success"
    MAX_TRIALS = "max_trials"
    TIME_BUDGET = "time_budget"
    STAGNATION = "stagnation"
    REGRESSION = "regression"
    EXHAUSTED = "exhausted"
    UNREACHABLE = "unreachable"
    INTERRUPTED = "interrupted"
    BASELINE_FAILED = "baseline_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a study stops although its strategy has more to propose.

    Parameters
    ----------
    max_trials
        Trials of the search, without baseline and confirmation.
    time_budget
        Seconds of the whole run; None for no limit.
    stagnation_trials
        Stop after this many judged trials in a row none of which was accepted with a gain of
        ``stagnation_improvement``; None for never.
    stagnation_improvement
        Gain over the incumbent that counts as progress.
    stop_on_success
        Stop as soon as the targets are reached; else they are only reported.
    stop_on_regression
        Stop after a trial in which a case was shown to lose more than it may.
    stop_if_unreachable
        Stop after the baseline if its profile shows that the parameters cannot reach the target.
    """

    max_trials: int
    time_budget: float | None = None
    stagnation_trials: int | None = None
    stagnation_improvement: float = 0.01
    stop_on_success: bool = True
    stop_on_regression: bool = False
    stop_if_unreachable: bool = False
