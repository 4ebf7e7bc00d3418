"""One verdict from the verdicts of several hosts that compared the same two versions.

Each host tosses its own coins, so an E-value keeps its meaning whatever the others found, and the
product of all is again an E-value: evidence adds up over hosts that need not be alike. Effects are
averaged with the inverse of their variances as weights; where hosts differ by more than their
intervals explain, the interval of the average widens by that factor. Sources: Vovk, Wang (2021),
"E-values: calibration, combination and applications", Annals of Statistics 49(3); the widening is
Birge's ratio (1932), Physical Review 40.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from tighten.decision.model import Case, Evidence, Goal, Outcome, Policy, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["multiplied"]


def multiplied(verdicts: Sequence[Verdict], cases: Sequence[Case], policy: Policy) -> Verdict:
    """Return the verdict that all hosts together reach, at the level that each of them used.

    Parameters
    ----------
    verdicts
        One of each host, at least one, all about the same candidate and incumbent.
    cases
        The study's cases, in the order of the verdicts.
    policy
        Confidence of the intervals, and the gain that is asked for.
    """
    if len(verdicts) == 1:
        return verdicts[0]
    alpha = min(verdict.alpha for verdict in verdicts)
    goals = {case.goal for case in cases}
    goal = goals.pop() if len(goals) == 1 else Goal.MINIMIZE
    objective = _pooled([verdict.objective for verdict in verdicts], goal, policy)
    found = tuple(
        _pooled([verdict.cases[i] for verdict in verdicts], case.goal, policy)
        for i, case in enumerate(cases)
    )
    beyond = [e.case for e in found if e.e_worse >= len(cases) / alpha]
    unproven = [e.case for e in found if e.e_not_worse < 1 / alpha]
    better = objective.e_value >= 1 / alpha and objective.low >= policy.min_gain
    outcome = Outcome.INCONCLUSIVE
    said = f"{100 * objective.gain:.1f} % gain, E = {objective.e_value:.3g}"
    if better and not unproven:
        outcome = Outcome.ACCEPT
    elif beyond or objective.high < max(policy.interest, policy.min_gain):
        outcome = Outcome.REJECT
        said = f"{beyond[0]} loses more than it may" if beyond else said
    elif unproven:
        said += f", and {unproven[0]} is not shown to be within its allowance"
    pairs = sum(verdict.pairs for verdict in verdicts)
    return Verdict(
        outcome=outcome,
        reason=f"{said}, {len(verdicts)} hosts together after {pairs} pairs",
        objective=objective,
        cases=found,
        pairs=pairs,
        reruns=sum(verdict.reruns for verdict in verdicts),
        alpha=alpha,
        regressed=tuple(
            e.case for e, case in zip(found, cases, strict=True) if e.high < -case.max_regression
        ),
    )


def _pooled(found: Sequence[Evidence], goal: Goal, policy: Policy) -> Evidence:
    """Return the evidence of all hosts about one case, or about the objective."""
    z = NormalDist().inv_cdf((1 + policy.confidence) / 2)
    logs = [[_log(goal, gain) for gain in (e.gain, e.low, e.high)] for e in found]
    if all(math.isfinite(x) for row in logs for x in row):
        errors = [max(1e-6, (row[2] - row[1]) / (2 * z)) for row in logs]
        weights = [error**-2 for error in errors]
        total = math.fsum(weights)
        centre = math.fsum(w * row[0] for w, row in zip(weights, logs, strict=True)) / total
        excess = math.fsum(w * (row[0] - centre) ** 2 for w, row in zip(weights, logs, strict=True))
        half = z * math.sqrt(max(1.0, excess / (len(found) - 1)) / total)
        gains = [_gain(goal, log) for log in (centre, centre - half, centre + half)]
    else:
        gains = [found[0].gain, min(e.low for e in found), max(e.high for e in found)]
    return Evidence(
        case=found[0].case,
        pairs=sum(e.pairs for e in found),
        e_value=math.prod(e.e_value for e in found),
        e_not_worse=math.prod(e.e_not_worse for e in found),
        e_worse=math.prod(e.e_worse for e in found),
        gain=gains[0],
        low=gains[1],
        high=gains[2],
        spread=max(e.spread for e in found),
        candidate=_mean([e.candidate for e in found]),
        incumbent=_mean([e.incumbent for e in found]),
    )


def _log(goal: Goal, gain: float) -> float:
    """Return the log of the speed-up that a gain is; larger is better."""
    ratio = 1 + gain if goal is Goal.MAXIMIZE else 1 - gain
    if not (math.isfinite(ratio) and ratio > 0):
        return math.inf
    return math.log(ratio) if goal is Goal.MAXIMIZE else -math.log(ratio)


def _gain(goal: Goal, log: float) -> float:
    return math.expm1(log) if goal is Goal.MAXIMIZE else -math.expm1(-log)


def _mean(values: Sequence[float]) -> float:
    """Return the geometric mean."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))
