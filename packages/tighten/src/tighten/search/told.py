"""What a strategy is told of a recorded study: its trials' outcomes, its sizes and their costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tighten.decision import Goal, Outcome, objective_goal
from tighten.search.costs import baseline_costs, cost_ratios
from tighten.search.walk import Sizing, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.decision import Case
    from tighten.record import StudyRecord, TrialRecord

__all__ = ["sizing", "told"]


def told(study: StudyRecord, trial: TrialRecord) -> Told:
    """Return how a trial of a study ended, as a strategy wants to know it."""
    verdict, twin = trial.verdict, trial.identical_to
    return Told(
        accepted=verdict is not None and verdict.outcome is Outcome.ACCEPT,
        gain=None if verdict is None else _saving(study.cases, verdict.objective.gain),
        same_as=None if twin is None else study.trials[twin].configuration,
        cost_ratios={} if verdict is None else cost_ratios(study.cases, verdict.cases),
    )


def _saving(cases: Sequence[Case], gain: float) -> float:
    """Return a gain as the share of the incumbent's cost that it saves."""
    if objective_goal(cases) is Goal.MINIMIZE:
        return gain
    return gain / (1 + gain) if gain < math.inf else 1.0


def sizing(
    baseline: TrialRecord, cases: Sequence[Case], *, hysteresis: float, border_ratio: float
) -> Sizing:
    """Return the baseline's cost at each size, with what the study asks of borders."""
    return Sizing(
        costs=baseline_costs(cases, baseline.cases),
        hysteresis=hysteresis,
        border_ratio=border_ratio,
    )
