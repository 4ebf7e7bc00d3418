"""What a strategy is told of a recorded study: its trials' outcomes, its sizes and their costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.decision import Outcome
from tighten.search.costs import baseline_costs, cost_ratios
from tighten.search.walk import Sizing, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.decision import Case
    from tighten.record import TrialRecord

__all__ = ["sizing", "told"]


def told(trial: TrialRecord, cases: Sequence[Case]) -> Told:
    """Return how a trial ended, as a strategy wants to know it."""
    verdict = trial.verdict
    return Told(
        accepted=verdict is not None and verdict.outcome is Outcome.ACCEPT,
        gain=None if verdict is None else verdict.objective.gain,
        inert=trial.identical_to is not None,
        cost_ratios={} if verdict is None else cost_ratios(cases, verdict.cases),
    )


def sizing(
    baseline: TrialRecord, cases: Sequence[Case], *, hysteresis: float, border_ratio: float
) -> Sizing:
    """Return the baseline's cost at each size, with what the study asks of borders."""
    return Sizing(
        costs=baseline_costs(cases, baseline.cases),
        hysteresis=hysteresis,
        border_ratio=border_ratio,
    )
