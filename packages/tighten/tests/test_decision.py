"""Verdicts as pure functions of what was measured."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tighten.decision import Aim, Case, Goal, Outcome, PairTest, Policy, Verdict
from tighten.errors import FailureKind, StudyError, TrialError

SORT = Case(name="sort")
SPEED = Case(name="speed", metric="speedup", goal=Goal.MAXIMIZE)

Draw = Callable[[random.Random], float]


def noise(rng: random.Random) -> float:
    return math.exp(rng.gauss(0, 0.02))


def run(
    cases: list[Case],
    ratios: Mapping[str, float],
    *,
    seed: int = 1,
    policy: Policy | None = None,
    confirmation: int | None = None,
) -> Verdict:
    """Test a candidate whose metrics are ``ratios`` times those of the incumbent."""
    rng = random.Random(seed)
    test = PairTest(cases, policy or Policy(), confirmation=confirmation)
    verdict = None
    while verdict is None:
        candidate = {name: ratio * noise(rng) for name, ratio in ratios.items()}
        verdict = test.add(candidate, {name: noise(rng) for name in ratios})
    return verdict


def test_clear_gain_is_accepted_with_its_size() -> None:
    verdict = run([SORT], {"sort": 0.90})
    assert verdict.outcome is Outcome.ACCEPT
    assert verdict.objective.low <= 0.10 <= verdict.objective.high
    assert verdict.objective.gain == pytest.approx(0.10, abs=0.02)
    assert verdict.objective.e_value >= 100
    assert verdict.pairs <= 20
    assert verdict.reason.startswith(f"{100 * verdict.objective.gain:.1f} % faster (")


def test_gain_of_a_metric_to_be_maximised_is_its_increase() -> None:
    verdict = run([SPEED], {"speed": 1.25})
    assert verdict.outcome is Outcome.ACCEPT
    assert verdict.cases[0].gain == pytest.approx(0.25, abs=0.03)
    assert "better" in verdict.reason


def test_clear_loser_stops_at_the_first_look() -> None:
    verdict = run([SORT], {"sort": 1.10})
    assert verdict.outcome is Outcome.REJECT
    assert verdict.pairs == Policy().min_pairs
    assert verdict.regressed == ("sort",)
    assert "slower" in verdict.reason
    assert "allowed 2.0 %" in verdict.reason


def test_equal_programs_are_rejected_by_futility() -> None:
    verdicts = [run([SORT], {"sort": 1.0}, seed=seed) for seed in range(200)]
    assert sum(v.outcome is Outcome.ACCEPT for v in verdicts) <= 2
    assert sum(v.pairs for v in verdicts) / 200 <= 17
    rejected = next(v for v in verdicts if v.outcome is Outcome.REJECT)
    assert "a gain of 2.0 % is implausible" in rejected.reason


def test_gain_of_three_percent_is_found() -> None:
    verdicts = [run([SORT], {"sort": 0.97}, seed=seed) for seed in range(200)]
    assert sum(v.outcome is Outcome.ACCEPT for v in verdicts) >= 190
    assert sum(v.pairs for v in verdicts) / 200 <= 25


def test_loss_of_one_percent_is_never_accepted() -> None:
    verdicts = [run([SORT], {"sort": 1.01}, seed=seed) for seed in range(500)]
    assert not any(v.outcome is Outcome.ACCEPT for v in verdicts)


def test_gain_that_hides_a_regression_is_rejected_and_names_the_case() -> None:
    cases = [replace(SORT, weight=3.0), Case(name="size_10000")]
    verdict = run(cases, {"sort": 0.80, "size_10000": 1.10})
    assert verdict.outcome is Outcome.REJECT
    assert verdict.regressed == ("size_10000",)
    assert verdict.reason.startswith("size_10000 ")
    assert "slower" in verdict.reason
    assert "allowed 2.0 %" in verdict.reason
    assert verdict.objective.gain > 0


def test_regression_of_a_maximised_case_is_called_worse() -> None:
    verdict = run([replace(SORT, weight=5.0), SPEED], {"sort": 0.8, "speed": 0.85})
    assert verdict.outcome is Outcome.REJECT
    assert verdict.regressed == ("speed",)
    assert "worse" in verdict.reason


def test_case_that_cannot_be_shown_within_its_allowance_is_inconclusive() -> None:
    """Absence of evidence for a loss is not evidence of its absence."""
    rng = random.Random(3)
    test = PairTest([SORT, Case(name="noisy", weight=0.01)], Policy())
    verdict = None
    while verdict is None:
        wild = math.exp(rng.gauss(0, 0.6))
        verdict = test.add({"sort": 0.8 * noise(rng), "noisy": wild}, {"sort": 1.0, "noisy": 1.0})
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.pairs == Policy().max_pairs
    assert "noisy" in verdict.reason
    assert "not shown to be within its 2.0 %" in verdict.reason


def test_accepting_needs_evidence_for_every_case() -> None:
    verdict = run([SORT, Case(name="other")], {"sort": 0.85, "other": 0.99})
    assert verdict.outcome is Outcome.ACCEPT
    assert all(evidence.e_not_worse >= 100 for evidence in verdict.cases)


def test_gain_below_the_minimum_is_not_accepted() -> None:
    verdict = run([SORT], {"sort": 0.97}, policy=Policy(min_gain=0.10))
    assert verdict.outcome is Outcome.REJECT
    assert "10.0 % is implausible" in verdict.reason


def test_identical_values_are_never_accepted() -> None:
    test = PairTest([SORT], Policy())
    verdict = None
    while verdict is None:
        verdict = test.add({"sort": 1.0}, {"sort": 1.0})
    assert verdict.outcome is Outcome.REJECT
    assert verdict.objective.e_value == 1.0


def test_undecided_at_the_limit_keeps_the_incumbent() -> None:
    policy = Policy(min_pairs=8, max_pairs=10, interest=0.001)
    verdict = run([SORT], {"sort": 0.995}, policy=policy, seed=4)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "of 100 needed" in verdict.reason


def test_early_verdict_is_inconclusive_and_reports_what_there_is() -> None:
    test = PairTest([SORT], Policy())
    assert test.verdict_now().outcome is Outcome.INCONCLUSIVE
    test.add({"sort": 0.5}, {"sort": 1.0}, reruns=2)
    verdict = test.verdict_now()
    assert (verdict.outcome, verdict.pairs, verdict.reruns) == (Outcome.INCONCLUSIVE, 1, 2)
    assert verdict.objective.gain == pytest.approx(0.5)
    assert "stopped early" in verdict.reason
    assert verdict.objective.low == -math.inf


def test_later_confirmations_are_stricter() -> None:
    alphas = [run([SORT], {"sort": 0.9}, confirmation=k).alpha for k in (1, 2, 3)]
    assert run([SORT], {"sort": 0.9}).alpha == 0.01
    assert alphas == sorted(alphas, reverse=True)
    assert alphas[0] == pytest.approx(0.01 * 6 / math.pi**2)


def test_objective_is_the_weighted_geometric_mean() -> None:
    test = PairTest([replace(SORT, weight=3.0), SPEED], Policy())
    test.add({"sort": 0.8, "speed": 1.1}, {"sort": 1.0, "speed": 1.0})
    expected = 1 - math.exp((3 * math.log(0.8) - math.log(1.1)) / 4)
    assert test.verdict_now().objective.gain == pytest.approx(expected, rel=1e-12)


def test_swapping_the_sides_mirrors_the_evidence() -> None:
    forward, backward = PairTest([SORT], Policy()), PairTest([SORT], Policy())
    rng = random.Random(9)
    for _ in range(7):
        ours, theirs = {"sort": noise(rng)}, {"sort": noise(rng)}
        forward.add(ours, theirs)
        backward.add(theirs, ours)
    there, back = forward.verdict_now().objective, backward.verdict_now().objective
    assert (1 - there.gain) * (1 - back.gain) == pytest.approx(1.0, rel=1e-12)
    assert (1 - there.low) * (1 - back.high) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
@pytest.mark.parametrize("side", [0, 1])
def test_value_that_is_no_measurement_is_refused_and_leaves_no_trace(
    value: float, side: int
) -> None:
    test = PairTest([SORT, SPEED], Policy())
    sides = [{"sort": 1.0, "speed": 1.0}, {"sort": 1.0, "speed": 1.0}]
    sides[side]["speed"] = value
    with pytest.raises(TrialError, match=rf"'speedup' of case 'speed' is {value}") as info:
        test.add(*sides)
    assert info.value.kind is FailureKind.METRIC
    assert test.pairs == 0
    assert test.verdict_now().cases[0].pairs == 0


def test_missing_case_is_refused() -> None:
    with pytest.raises(TrialError, match="no value for case 'speed'") as info:
        PairTest([SORT, SPEED], Policy()).add({"sort": 1.0}, {"sort": 1.0})
    assert info.value.kind is FailureKind.RESULT


positive = st.floats(1e-300, 1e300, allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=70))
def test_any_positive_values_give_a_verdict_of_finite_evidence(
    pairs: list[tuple[float, float]],
) -> None:
    test = PairTest([SORT, SPEED], Policy(max_pairs=70))
    for ours, theirs in pairs:
        test.add({"sort": ours, "speed": theirs}, {"sort": theirs, "speed": ours})
    verdict = test.verdict_now()
    for evidence in (verdict.objective, *verdict.cases):
        assert math.isfinite(evidence.e_value)
        assert evidence.low <= evidence.gain <= evidence.high


@given(st.lists(st.floats(1.0, 1.5), min_size=1, max_size=64))
def test_candidate_that_is_never_faster_is_never_accepted(ratios: list[float]) -> None:
    test = PairTest([SORT], Policy())
    for ratio in ratios:
        verdict = test.add({"sort": ratio}, {"sort": 1.0})
        assert verdict is None or verdict.outcome is not Outcome.ACCEPT


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"confidence": 1.0}, "confidence is 1.0"),
        ({"min_gain": -0.1}, "min_gain is -0.1"),
        ({"interest": math.nan}, "interest is nan"),
        ({"min_pairs": 0}, "min_pairs is 0"),
        ({"min_pairs": 65}, "max_pairs 64"),
    ],
)
def test_impossible_policy_is_refused(fields: dict[str, float], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        replace(Policy(), **fields)  # type: ignore[arg-type]


def test_impossible_cases_are_refused() -> None:
    with pytest.raises(StudyError, match=r"max_regression of case 'sort' is 2"):
        Case(name="sort", max_regression=2)
    with pytest.raises(StudyError, match=r"weight of case 'sort' is -1"):
        Case(name="sort", weight=-1)
    with pytest.raises(StudyError, match="no case has a weight"):
        PairTest([replace(SORT, weight=0.0)], Policy())


def test_target_is_reached_in_the_goals_direction() -> None:
    assert Case(name="a", target=2.0).meets_target(2.0)
    assert not Case(name="a", target=2.0).meets_target(2.1)
    assert replace(SPEED, target=1.1).meets_target(1.2)
    assert not SORT.meets_target(0.0)


@pytest.mark.parametrize(
    ("ratio", "outcome"), [(1.10, Outcome.REJECT), (1.0, Outcome.ACCEPT), (0.9, Outcome.ACCEPT)]
)
def test_a_guard_asks_for_no_gain(ratio: float, outcome: Outcome) -> None:
    test = PairTest([Case(name="sort")], Policy(), aim=Aim.NO_LOSS)
    verdict = None
    while verdict is None:
        verdict = test.add({"sort": ratio}, {"sort": 1.0})
    assert verdict.outcome is outcome
    assert verdict.pairs <= 12


def test_a_loss_at_the_allowance_is_neither_shown_nor_ruled_out() -> None:
    test = PairTest([Case(name="sort", max_regression=0.02)], Policy(), aim=Aim.NO_LOSS)
    verdict = None
    for i in itertools.count():
        verdict = test.add({"sort": 1.03 if i % 2 else 1.01}, {"sort": 1.0})
        if verdict is not None:
            break
    assert verdict is not None
    assert (verdict.outcome, verdict.pairs) == (Outcome.INCONCLUSIVE, 64)
    assert "not shown to be within its 2.0 %" in verdict.reason
