"""The sequential verdict on pairs of launches.

A candidate is accepted only if, at the level of the test, the objective is shown to improve *and*
every case is shown to be within its allowance. It is rejected when a case is shown to lose more
than its allowance, or when a gain worth having has become implausible. What neither settles
within ``max_pairs`` is Inconclusive and keeps the incumbent. In detail, after every pair from
``min_pairs`` on, the first rule that applies decides:

1. *Accept* if ``E(objective better) >= 1/alpha``, the lower bound of the objective's gain is at
   least ``min_gain``, and ``E(within its allowance) >= 1/alpha`` for each case.
2. *Reject* if, with m cases, ``E(beyond its allowance) >= m/alpha`` for some case.
3. *Reject* if the objective is not shown to improve and its interval excludes every gain of
   ``max(interest, min_gain)`` or more (futility).
4. *Inconclusive* at ``max_pairs``, saying what was not shown.

Accepting needs all of its conditions, so its level is not divided among them; rejecting needs one
of m, so its level is. A loss that was not shown is not an absence of loss: a case too noisy for
its allowance blocks acceptance until there are pairs enough, and an allowance of 0 asks that the
case itself improves. A difference of exactly 0 is evidence of nothing.

A guard (`Aim.NO_LOSS`) does not ask for a gain: it rejects by rule 2, accepts as soon as every case
is shown to be within its allowance, and is Inconclusive at ``max_pairs``.

All differences are ``d = ln(candidate/incumbent)``, with the sign turned for a case that is to
be maximised, so that d < 0 means better; the objective's d is the weighted mean over the cases.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from tighten.decision.model import (
    Aim,
    Case,
    Evidence,
    Goal,
    Outcome,
    Policy,
    Verdict,
    objective_goal,
)
from tighten.errors import FailureKind, StudyError, TrialError
from tighten.samples import TIME
from tighten.stats import HodgesLehmann, SignedBets, confirmation_alpha, robust_spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PairTest", "objective_log"]

_OBJECTIVE = "objective"
_LARGEST_LOG = 700.0  # of a ratio; beyond it exp overflows


class PairTest:
    """Test of a candidate against an incumbent over one or more cases, one pair at a time.

    Parameters
    ----------
    cases
        At least one, with distinct names and a positive sum of weights.
    policy
        How much evidence a verdict takes.
    confirmation
        Number, from 1, of this confirmation within the study: each is stricter than the one
        before, so that all of them together keep ``policy.alpha``. None for a trial of the
        search, which has all of it.
    aim
        Whether the candidate has to be better, or only not worse.

    Raises
    ------
    StudyError
        If no case has a weight.

    Examples
    --------
    >>> from tighten.decision import Case, PairTest, Policy
    >>> test = PairTest([Case(name="sort")], Policy())
    >>> while (verdict := test.add({"sort": 0.90}, {"sort": 1.00})) is None:
    ...     pass
    >>> print(verdict.outcome, verdict.pairs, verdict.reason)
    accept 11 10.0 % faster (10.0 % to 10.0 %), E = 103 after 11 pairs
    """

    def __init__(
        self,
        cases: Sequence[Case],
        policy: Policy,
        *,
        confirmation: int | None = None,
        aim: Aim = Aim.GAIN,
    ) -> None:
        total = math.fsum(case.weight for case in cases)
        if not total > 0:
            raise StudyError("no case has a weight; at least one needs a weight above 0")
        goal = objective_goal(cases)
        self._cases = tuple(cases)
        self._policy = policy
        self._aim = aim
        self._alpha = (
            policy.alpha if confirmation is None else confirmation_alpha(policy.alpha, confirmation)
        )
        self._shares = [case.weight / total for case in cases]
        self._orientations = [_sign(case.goal) * _sign(goal) for case in cases]
        self._series = [_Series(case.goal, _margin(case)) for case in cases]
        self._objective = _Series(goal, margin=0.0)
        self._reruns = 0

    @property
    def pairs(self) -> int:
        """Number of pairs so far."""
        return len(self._objective.differences)

    def add(
        self, candidate: Mapping[str, float], incumbent: Mapping[str, float], *, reruns: int = 0
    ) -> Verdict | None:
        """Take one pair into account; return the verdict as soon as there is one.

        Parameters
        ----------
        candidate, incumbent
            One value per case name, finite and > 0, from two launches run next to each other in
            random order.
        reruns
            How often this pair was run again before it was undisturbed.

        Raises
        ------
        TrialError
            ``RESULT`` if a case is missing, ``METRIC`` if a value is not finite or not positive;
            the pair does not count then.
        """
        ours, theirs = self._logs(candidate, "candidate"), self._logs(incumbent, "incumbent")
        for series, our_log, their_log in zip(self._series, ours, theirs, strict=True):
            series.add(our_log, their_log)
        self._objective.add(self._mean(ours), self._mean(theirs))
        self._reruns += reruns
        return self._settled()

    @property
    def gain(self) -> float:
        """Estimated relative gain of the objective so far; NaN without pairs."""
        return _gain(self._objective.goal, self._objective.centre.estimate)

    @property
    def e_value(self) -> float:
        """Evidence so far that the objective is better."""
        return self._objective.better.e_value

    def verdict_now(self) -> Verdict:
        """Return the verdict on the pairs so far: Inconclusive if they settle nothing."""
        return self._settled() or self._verdict(
            Outcome.INCONCLUSIVE, f"stopped early: {self._missing()}"
        )

    def rejected(self, reason: str) -> Verdict:
        """Return Reject for a reason of its own, with the evidence of the pairs so far."""
        return self._verdict(Outcome.REJECT, f"{reason}; {self._change(None)}")

    def _logs(self, values: Mapping[str, float], side: str) -> list[float]:
        logs = []
        for case in self._cases:
            if case.name not in values:
                raise TrialError(
                    f"the {side} has no value for case {case.name!r}", kind=FailureKind.RESULT
                )
            value = values[case.name]
            if not (math.isfinite(value) and value > 0):
                raise TrialError(
                    f"{case.metric!r} of case {case.name!r} is {value!r} for the {side}; "
                    "a finite number above 0 is needed",
                    kind=FailureKind.METRIC,
                )
            logs.append(math.log(value))
        return logs

    def _mean(self, logs: Sequence[float]) -> float:
        parts = zip(self._shares, self._orientations, logs, strict=True)
        return math.fsum(share * sign * log for share, sign, log in parts)

    def _settled(self) -> Verdict | None:
        """Apply the rules of the module's docstring in their order."""
        if self.pairs < self._policy.min_pairs:
            return None
        if self._aim is Aim.NO_LOSS:
            return self._settled_without_loss()
        better = self._is_better()
        if better and not self._unproven():
            return self._verdict(Outcome.ACCEPT, self._improvement())
        if self._is_beyond_allowance() or (not better and self._is_futile()):
            return self._verdict(Outcome.REJECT, self._loss() or self._futility())
        if self.pairs >= self._policy.max_pairs:
            return self._verdict(Outcome.INCONCLUSIVE, f"undecided: {self._missing()}")
        return None

    def _settled_without_loss(self) -> Verdict | None:
        if self._is_beyond_allowance():
            return self._verdict(Outcome.REJECT, self._loss() or self._change(None))
        if not self._unproven():
            return self._verdict(
                Outcome.ACCEPT, f"no case lost more than it may: {self._change(None)}"
            )
        if self.pairs >= self._policy.max_pairs:
            return self._verdict(Outcome.INCONCLUSIVE, f"undecided: {self._missing()}")
        return None

    def _is_better(self) -> bool:
        low, _ = self._objective.bounds(self._policy.confidence)
        return self._objective.better.e_value >= 1 / self._alpha and low >= self._policy.min_gain

    def _unproven(self) -> list[int]:
        """Return the positions of the cases not yet shown to be within their allowance."""
        needed = 1 / self._alpha
        return [i for i, s in enumerate(self._series) if s.not_worse.e_value < needed]

    def _is_beyond_allowance(self) -> bool:
        needed = len(self._cases) / self._alpha
        return any(series.worse.e_value >= needed for series in self._series)

    def _regressed(self) -> list[int]:
        """Return the positions of the cases whose plausible losses are all beyond the allowance."""
        return [
            i
            for i, (case, series) in enumerate(zip(self._cases, self._series, strict=True))
            if series.bounds(self._policy.confidence)[1] < -case.max_regression
        ]

    def _is_futile(self) -> bool:
        _, high = self._objective.bounds(self._policy.confidence)
        return high < self._least_gain

    @property
    def _least_gain(self) -> float:
        return max(self._policy.interest, self._policy.min_gain)

    def _verdict(self, outcome: Outcome, reason: str) -> Verdict:
        confidence = self._policy.confidence
        cases = tuple(
            series.evidence(case.name, confidence)
            for case, series in zip(self._cases, self._series, strict=True)
        )
        return Verdict(
            outcome=outcome,
            reason=f"{reason} after {self.pairs} pair{'' if self.pairs == 1 else 's'}",
            objective=self._objective.evidence(_OBJECTIVE, confidence),
            cases=cases,
            pairs=self.pairs,
            reruns=self._reruns,
            alpha=self._alpha,
            regressed=tuple(self._cases[i].name for i in self._regressed()),
        )

    def _improvement(self) -> str:
        return f"{self._change(None)}, E = {self._objective.better.e_value:.3g}"

    def _loss(self) -> str:
        """Say which case loses more than it may, the worst of them; empty if none does."""
        regressed = self._regressed()
        if not regressed:
            return ""
        worst = max(regressed, key=lambda i: self._series[i].centre.estimate)
        allowed = _percent(self._cases[worst].max_regression)
        return f"{self._change(worst)}, allowed {allowed}"

    def _futility(self) -> str:
        return f"{self._change(None)}, so a gain of {_percent(self._least_gain)} is implausible"

    def _missing(self) -> str:
        """Say what has not been shown yet."""
        needed = f"of {1 / self._alpha:.0f} needed"
        unproven = self._unproven()
        if self._aim is Aim.GAIN and (not self._is_better() or not unproven):
            return f"{self._change(None)}, E = {self._objective.better.e_value:.3g} {needed}"
        position = min(unproven, key=lambda i: self._series[i].not_worse.e_value)
        allowed = _percent(self._cases[position].max_regression)
        e_value = self._series[position].not_worse.e_value
        return (
            f"{self._change(position)}, not shown to be within its {allowed} "
            f"(E = {e_value:.3g} {needed})"
        )

    def _change(self, position: int | None) -> str:
        """Say by how much a case, or the objective, changed."""
        series = self._objective if position is None else self._series[position]
        metrics = {case.metric for case in self._cases}
        if position is not None:
            metrics = {self._cases[position].metric}
        words = ("faster", "slower") if metrics == {TIME} else ("better", "worse")
        gain = _gain(series.goal, series.centre.estimate)
        low, high = series.bounds(self._policy.confidence)
        name = "" if position is None else f"{self._cases[position].name} "
        if gain < 0:
            gain, low, high, word = -gain, -high, -low, words[1]
        else:
            word = words[0]
        return f"{name}{_percent(gain)} {word} ({_percent(low)} to {_percent(high)})"


def objective_log(values: Mapping[str, float], cases: Sequence[Case]) -> float:
    """Return the logarithm of what a launch costs over all cases; smaller is better.

    The difference of two launches is the objective's d of their pair.
    """
    total = math.fsum(case.weight for case in cases)
    return math.fsum(
        case.weight / total * _sign(case.goal) * math.log(values[case.name]) for case in cases
    )


class _Series:
    """The pairs of one case, or of the objective, and what they add up to."""

    __slots__ = (
        "better",
        "candidate",
        "centre",
        "differences",
        "goal",
        "incumbent",
        "margin",
        "not_worse",
        "worse",
    )

    def __init__(self, goal: Goal, margin: float) -> None:
        self.goal = goal
        self.margin = margin
        self.differences: list[float] = []
        self.candidate: list[float] = []
        self.incumbent: list[float] = []
        self.centre = HodgesLehmann()
        self.better, self.not_worse, self.worse = SignedBets(), SignedBets(), SignedBets()

    def add(self, candidate_log: float, incumbent_log: float) -> None:
        self.candidate.append(candidate_log)
        self.incumbent.append(incumbent_log)
        difference = _sign(self.goal) * (candidate_log - incumbent_log)
        self.differences.append(difference)
        self.centre.add(difference)
        self.better.add(difference)
        self.not_worse.add(difference - self.margin)
        self.worse.add(self.margin - difference)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Return the least and the largest plausible gain."""
        low, high = self.centre.interval(confidence)
        return _gain(self.goal, high), _gain(self.goal, low)

    def evidence(self, name: str, confidence: float) -> Evidence:
        low, high = self.bounds(confidence)
        return Evidence(
            case=name,
            pairs=len(self.differences),
            e_value=self.better.e_value,
            e_not_worse=self.not_worse.e_value,
            e_worse=self.worse.e_value,
            gain=_gain(self.goal, self.centre.estimate),
            low=low,
            high=high,
            spread=robust_spread(self.differences),
            candidate=_level(self.candidate),
            incumbent=_level(self.incumbent),
        )


def _sign(goal: Goal) -> int:
    return 1 if goal is Goal.MINIMIZE else -1


def _margin(case: Case) -> float:
    """Return the largest d that the case's allowance permits."""
    return _sign(case.goal) * math.log1p(_sign(case.goal) * case.max_regression)


def _gain(goal: Goal, difference: float) -> float:
    """Return the relative change of the metric in the goal's direction."""
    log = _sign(goal) * difference
    return -_sign(goal) * (math.expm1(log) if log < _LARGEST_LOG else math.inf)


def _level(logs: Sequence[float]) -> float:
    return math.exp(median(logs)) if logs else math.nan


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %" if math.isfinite(fraction) else "unknown"
