"""The end of a study, as a pure function of what was recorded."""

from __future__ import annotations

from dataclasses import replace

from tighten.convergence import convergence
from tighten.decision import Case, Goal, Limits, PairTest, Policy, Status, Verdict
from tighten.errors import FailureKind
from tighten.record import CaseSummary, Failure, Role, TrialRecord

SORT = Case(name="sort")
SPEED = Case(name="speed", metric="speedup", goal=Goal.MAXIMIZE)


def judged(ratio: float) -> Verdict:
    """Return the verdict on a candidate that takes ``ratio`` of the incumbent's time."""
    test = PairTest([SORT], Policy())
    for wobble in (1.0, 1.001, 0.999) * 22:
        verdict = test.add({"sort": ratio * wobble}, {"sort": 1.0})
        if verdict is not None:
            return verdict
    raise AssertionError("no verdict within the policy's pairs")


LIMITS = Limits(max_trials=5, stagnation_trials=3)
ACCEPTED = judged(0.9)
REJECTED = judged(1.0)
REGRESSED = judged(1.1)


def trial(
    number: int,
    verdict: Verdict | None = None,
    *,
    failed: bool = False,
    role: Role = Role.SEARCH,
    **values: float,
) -> TrialRecord:
    return TrialRecord(
        number=number,
        role=role if number else Role.BASELINE,
        configuration={},
        started="2025-01-01T00:00:00Z",
        verdict=verdict,
        failure=Failure(kind=FailureKind.BUILD, message="no") if failed else None,
        cases=tuple(
            CaseSummary(case=name, values=(value,), median=value, unit="s")
            for name, value in values.items()
        ),
    )


BASELINE = trial(0, sort=1.0, speed=1.0)
WITH_TARGETS = [
    replace(SORT, target=0.95, primary=True),
    replace(SPEED, target=1.4),
]


def status(
    *history: TrialRecord,
    limits: Limits = LIMITS,
    cases: list[Case] | None = None,
    elapsed: float = 0.0,
) -> Status | None:
    return convergence(history, limits, [SORT] if cases is None else cases, elapsed=elapsed)


def test_study_goes_on_after_the_baseline() -> None:
    assert status(BASELINE) is None
    assert status() is None


def test_failed_baseline_ends_the_study() -> None:
    assert status(trial(0, failed=True)) is Status.BASELINE_FAILED


def test_success_needs_all_targets_primary_success_those_of_the_primary_cases() -> None:
    rejected = trial(1, REJECTED, sort=0.5, speed=2.0)
    assert status(BASELINE, rejected, cases=WITH_TARGETS) is None
    primary = trial(1, ACCEPTED, sort=0.9, speed=1.0)
    assert status(BASELINE, primary, cases=WITH_TARGETS) is Status.PRIMARY_SUCCESS
    both = trial(2, ACCEPTED, sort=0.8, speed=1.5)
    assert status(BASELINE, primary, both, cases=WITH_TARGETS) is Status.SUCCESS


def test_baseline_that_meets_its_targets_is_a_success() -> None:
    assert status(trial(0, sort=0.9, speed=1.5), cases=WITH_TARGETS) is Status.SUCCESS


def test_confirmation_is_no_trial_of_the_search() -> None:
    confirmed = trial(1, ACCEPTED, role=Role.CONFIRMATION, sort=0.5, speed=2.0)
    assert status(BASELINE, confirmed, cases=WITH_TARGETS) is None
    assert status(BASELINE, confirmed, limits=Limits(max_trials=1)) is None


def test_missing_case_meets_no_target() -> None:
    assert status(BASELINE, trial(1, ACCEPTED), cases=WITH_TARGETS) is None


def test_number_of_trials_and_time_end_the_study() -> None:
    limits = Limits(max_trials=2, time_budget=60.0)
    failed = trial(1, failed=True)
    assert status(BASELINE, failed, limits=limits, elapsed=59.0) is None
    assert status(BASELINE, failed, limits=limits, elapsed=60.0) is Status.TIME_BUDGET
    assert status(BASELINE, failed, trial(2, failed=True), limits=limits) is Status.MAX_TRIALS


def test_stagnation_counts_judged_trials_without_progress() -> None:
    rejected = [trial(n, REJECTED) for n in (1, 2, 3)]
    assert status(BASELINE, *rejected[:2], trial(3, ACCEPTED)) is None
    assert status(BASELINE, *rejected[:2], trial(3, failed=True)) is None
    assert status(BASELINE, *rejected) is Status.STAGNATION
    small = replace(ACCEPTED, objective=replace(ACCEPTED.objective, gain=0.005))
    assert status(BASELINE, *rejected[:2], trial(3, small)) is Status.STAGNATION


def test_regression_ends_the_study_only_if_asked() -> None:
    limits = replace(LIMITS, stop_on_regression=True)
    assert status(BASELINE, trial(1, REGRESSED)) is None
    assert status(BASELINE, trial(1, REGRESSED), limits=limits) is Status.REGRESSION
    assert status(BASELINE, trial(1, REJECTED), limits=limits) is None


def test_a_study_may_go_on_beyond_its_targets() -> None:
    met = trial(0, sort=0.9, speed=1.5)
    beyond = replace(LIMITS, stop_on_success=False)
    assert status(met, cases=WITH_TARGETS, limits=beyond) is None
