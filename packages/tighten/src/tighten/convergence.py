"""Which trial is the best so far, and when a study is over and why.

The rules look at what the ledger holds, in this order, and the first that applies names the
status: the baseline failed, success, primary success, regression, the number of trials, the time
budget, stagnation. An interrupt, and a strategy with nothing left to propose, end a study too; the
session sees those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.decision import Case, Limits, Outcome, Status
from tighten.record import Role, TrialRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["convergence", "incumbent"]


def incumbent(trials: Sequence[TrialRecord]) -> TrialRecord:
    """Return the best trial so far: the last of the search that was accepted, else the baseline."""
    accepted = [trial for trial in trials if trial.role is Role.SEARCH and _accepted(trial)]
    return accepted[-1] if accepted else trials[0]


def convergence(
    history: Sequence[TrialRecord],
    limits: Limits,
    cases: Sequence[Case],
    *,
    elapsed: float,
) -> Status | None:
    """Return why the study is over, or None while it goes on.

    Parameters
    ----------
    history
        All trials in order, the baseline (number 0) first; confirmations are ignored.
    limits
        The study's limits.
    cases
        All cases; those with a target decide on success.
    elapsed
        Seconds since the start, earlier runs of a resumed study included.
    """
    if any(trial.role is Role.BASELINE and trial.failure for trial in history):
        return Status.BASELINE_FAILED
    search = [trial for trial in history if trial.role is Role.SEARCH]
    primary = [case for case in cases if case.primary]
    goes_for_targets = limits.stop_on_success
    rules = (
        (goes_for_targets and _reaches_targets(history, cases), Status.SUCCESS),
        (goes_for_targets and _reaches_targets(history, primary), Status.PRIMARY_SUCCESS),
        (limits.stop_on_regression and _ends_in_regression(search), Status.REGRESSION),
        (len(search) >= limits.max_trials, Status.MAX_TRIALS),
        (limits.time_budget is not None and elapsed >= limits.time_budget, Status.TIME_BUDGET),
        (_stagnates(search, limits), Status.STAGNATION),
    )
    return next((status for applies, status in rules if applies), None)


def _reaches_targets(history: Sequence[TrialRecord], cases: Sequence[Case]) -> bool:
    """Return whether the best trial so far meets every target of ``cases``, at least one."""
    kept = [
        t for t in history if t.role is Role.BASELINE or (t.role is Role.SEARCH and _accepted(t))
    ]
    values = {case.case: case.median for case in kept[-1].cases} if kept else {}
    wanted = [case for case in cases if case.target is not None]
    return bool(wanted) and all(
        case.name in values and case.meets_target(values[case.name]) for case in wanted
    )


def _accepted(trial: TrialRecord) -> bool:
    return trial.verdict is not None and trial.verdict.outcome is Outcome.ACCEPT


def _ends_in_regression(search: Sequence[TrialRecord]) -> bool:
    verdict = search[-1].verdict if search else None
    return verdict is not None and bool(verdict.regressed)


def _stagnates(search: Sequence[TrialRecord], limits: Limits) -> bool:
    """Return whether the latest judged trials brought nothing; failed ones say nothing."""
    if limits.stagnation_trials is None:
        return False
    judged = [trial for trial in search if trial.failure is None]
    latest = judged[-limits.stagnation_trials :]
    return len(latest) == limits.stagnation_trials and not any(
        _accepted(trial)
        and trial.verdict is not None
        and trial.verdict.objective.gain >= limits.stagnation_improvement
        for trial in latest
    )
