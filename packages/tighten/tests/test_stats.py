"""Estimators against SciPy and enumeration, e-processes against their definition and by simulation.

The simulations have fixed seeds and cover what breaks other tests: autocorrelation, heavy tails,
drift and scales that change on the way.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement, product
from statistics import fmean, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference
from tighten.stats import (
    HodgesLehmann,
    SignedBets,
    confirmation_alpha,
    median_absolute_deviation,
    robust_spread,
    shift,
    steady_state,
)

STAKES = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
differences = st.floats(-1.0, 1.0, allow_subnormal=False)


def bets(values: Sequence[float]) -> SignedBets:
    process = SignedBets()
    for value in values:
        process.add(value)
    return process


def centre(values: Sequence[float]) -> HodgesLehmann:
    estimate = HodgesLehmann()
    for value in values:
        estimate.add(value)
    return estimate


def e_value_by_definition(values: Sequence[float]) -> float:
    wealths = [1.0] * len(STAKES)
    for i, value in enumerate(values):
        weight = 1.0
        if i >= 4:
            typical = 1.5 * median(abs(v) for v in values[:i])
            weight = min(1.0, abs(value) / typical) if typical > 0 else 1.0
        sign = (value < 0) - (value > 0)
        wealths = [w * (1 + s * weight * sign) for w, s in zip(wealths, STAKES, strict=True)]
    return fmean(wealths)


@given(st.lists(differences, max_size=30))
def test_e_value_is_the_mixture_of_its_definition(values: list[float]) -> None:
    assert bets(values).e_value == pytest.approx(e_value_by_definition(values), rel=1e-9)


def test_e_value_without_evidence_is_one() -> None:
    assert bets([]).e_value == 1.0
    assert bets([0.0] * 50).e_value == 1.0


def test_five_equal_losses_in_closed_form() -> None:
    # After four full bets each difference equals the median and stakes 1/1.5 of the wealth.
    expected = fmean((1 + s) ** 4 * (1 + s / 1.5) for s in STAKES)
    assert bets([-0.1] * 5).e_value == pytest.approx(expected, rel=1e-14)


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=9))
def test_expected_wealth_under_fair_signs_is_one(sizes: list[float]) -> None:
    """Exact, by enumeration: this is what makes the wealth an e-value."""
    signs = product((-1, 1), repeat=len(sizes))
    wealths = [bets([s * v for s, v in zip(row, sizes, strict=True)]).e_value for row in signs]
    assert fmean(wealths) == pytest.approx(1.0, rel=1e-9)


def test_wealth_stays_finite_and_a_ruined_bettor_stays_ruined() -> None:
    assert math.isfinite(bets([-0.1] * 5000).e_value)
    assert 0.0 <= bets([0.1] * 5000).e_value < 1e-9


Noise = Callable[[random.Random, int], list[float]]


def independent(rng: random.Random, count: int) -> list[float]:
    return [rng.gauss(0, 0.03) for _ in range(count)]


def autocorrelated(rng: random.Random, count: int) -> list[float]:
    value, values = 0.0, []
    for _ in range(count):
        value = 0.6 * value + rng.gauss(0, 0.03)
        values.append(value)
    return values


def heavy_tailed(rng: random.Random, count: int) -> list[float]:
    return [min(0.01 * rng.paretovariate(0.8), 50.0) for _ in range(count)]


def drifting(rng: random.Random, count: int) -> list[float]:
    return [0.01 * i + rng.gauss(0, 0.001) for i in range(count)]


def growing(rng: random.Random, count: int) -> list[float]:
    return [rng.gauss(0, 1e-4 * 1.05**i) for i in range(count)]


def null_pairs(noise: Noise, rng: random.Random, pairs: int) -> list[float]:
    """Log ratios of two equal programs: the coin says which launch of a pair is whose."""
    logs = noise(rng, 2 * pairs)
    return [rng.choice((-1, 1)) * (logs[2 * i] - logs[2 * i + 1]) for i in range(pairs)]


@pytest.mark.parametrize("noise", [independent, autocorrelated, heavy_tailed, drifting, growing])
def test_wealth_reaches_hundred_in_at_most_one_percent_of_null_sessions(noise: Noise) -> None:
    rng = random.Random(20240501)
    sessions, reached = 2000, 0
    for _ in range(sessions):
        process = SignedBets()
        for value in null_pairs(noise, rng, 64):
            process.add(value)
            if process.e_value >= 100:
                reached += 1
                break
    # 99.9 % upper bound of a binomial with probability 0.01
    assert reached <= reference.binom.ppf(0.999, sessions, 0.01)


@pytest.mark.parametrize("noise", [independent, autocorrelated, heavy_tailed])
def test_loss_at_the_margin_is_rarely_called_within_it(noise: Noise) -> None:
    rng = random.Random(7)
    sessions, reached, margin = 1000, 0, math.log(1.02)
    for _ in range(sessions):
        process = SignedBets()
        for difference in null_pairs(noise, rng, 64):
            process.add((difference + margin) - margin)
            if process.e_value >= 100:
                reached += 1
                break
    assert reached <= reference.binom.ppf(0.999, sessions, 0.01)


def test_autocorrelated_null_breaks_the_t_test_in_blocks_that_the_pairs_survive() -> None:
    """The reason for pairs: the same noise, in blocks, fools a test that assumes independence."""
    rng = random.Random(3)
    called = 0
    for _ in range(400):
        logs = autocorrelated(rng, 60)
        called += bool(reference.ttest_ind(logs[:30], logs[30:]).pvalue < 0.01)
    assert called > 0.05 * 400


@given(st.lists(differences, min_size=1, max_size=25))
def test_estimate_is_the_median_of_all_pairwise_means(values: list[float]) -> None:
    walsh = [(a + b) / 2 for a, b in combinations_with_replacement(values, 2)]
    assert centre(values).estimate == pytest.approx(median(walsh), abs=1e-15)


@given(st.lists(differences, min_size=5, max_size=25))
def test_interval_holds_the_estimate_and_mirrors(values: list[float]) -> None:
    low, high = centre(values).interval(0.9)
    assert low <= centre(values).estimate <= high
    mirrored = centre([-value for value in values]).interval(0.9)
    assert mirrored == pytest.approx((-high, -low), abs=1e-15)


@pytest.mark.parametrize("count", [5, 6, 9, 15, 24, 40, 50])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_interval_is_what_scipys_signed_rank_test_does_not_reject(
    count: int, confidence: float
) -> None:
    rng = np.random.default_rng(count)
    values = rng.standard_t(2, count)
    low, high = centre(values.tolist()).interval(confidence)
    if math.isinf(low):  # too few values for this confidence
        assert 2 * 0.5**count > 1 - confidence
        return
    step = 1e-9 * (high - low)

    def p_value(shift: float) -> float:
        return float(reference.wilcoxon(values - shift, method="exact").pvalue)

    assert p_value(low + step) > 1 - confidence >= p_value(low - step)
    assert p_value(high - step) > 1 - confidence >= p_value(high + step)


def test_interval_of_many_values_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(1).normal(size=64)
    low, high = centre(values.tolist()).interval(0.9)
    walsh = np.sort([(a + b) / 2 for a, b in combinations_with_replacement(values, 2)])
    rank = round(64 * 65 / 4 - 1.6448536 * math.sqrt(64 * 65 * 129 / 24))
    assert (low, high) == pytest.approx((walsh[rank - 1], walsh[-rank]), abs=1e-12)


@pytest.mark.parametrize("count", [8, 16, 64])
def test_interval_covers_the_truth_as_often_as_it_says(count: int) -> None:
    rng = random.Random(count)
    sessions, covered = 800, 0
    for _ in range(sessions):
        values = [0.5 + rng.choice((-1, 1)) * rng.expovariate(1) for _ in range(count)]
        low, high = centre(values).interval(0.9)
        covered += low <= 0.5 <= high
    assert covered >= reference.binom.ppf(0.001, sessions, 0.9)


def test_few_values_have_no_interval() -> None:
    assert centre([0.1] * 4).interval(0.9) == (-math.inf, math.inf)
    assert centre([0.1] * 5).interval(0.9) == pytest.approx((0.1, 0.1))
    assert math.isnan(centre([]).estimate)


def test_confirmations_share_alpha() -> None:
    assert confirmation_alpha(0.01, 1) == pytest.approx(0.01 * 6 / math.pi**2, rel=1e-15)
    assert sum(confirmation_alpha(0.01, k) for k in range(1, 10_000)) < 0.01


def test_spread_agrees_with_scipy_and_ignores_a_few_outliers() -> None:
    values = np.random.default_rng(5).normal(0, 0.03, 99).tolist()
    expected = float(reference.median_abs_deviation(values))
    assert median_absolute_deviation(values) == pytest.approx(expected, rel=1e-12)
    assert robust_spread([*values, 9.0, 9.0]) == pytest.approx(0.03, rel=0.25)
    assert math.isnan(robust_spread([]))


def steady(rng: random.Random, count: int) -> list[float]:
    return [math.exp(rng.gauss(0, 0.02)) for _ in range(count)]


@pytest.mark.parametrize("warm_up", [1, 2, 3, 7])
def test_warm_up_of_a_compiler_is_found(warm_up: int) -> None:
    rng = random.Random(warm_up)
    found = 0
    for _ in range(50):
        times = [3 * t for t in steady(rng, warm_up)] + steady(rng, 30)
        found += steady_state(times) == warm_up
    assert found >= 45


def test_steady_times_rarely_show_a_warm_up() -> None:
    rng = random.Random(2)
    starts = [steady_state(steady(rng, 30)) for _ in range(200)]
    assert sum(start == 0 for start in starts) >= 180


def test_one_disturbed_repetition_is_no_warm_up() -> None:
    times = steady(random.Random(4), 30)
    times[12] *= 5
    assert steady_state(times) == 0


def test_times_that_never_settle_have_no_steady_state() -> None:
    rng = random.Random(6)
    changing = [t * (2.0 if i >= 24 else 1.0) for i, t in enumerate(steady(rng, 30))]
    assert steady_state(changing) is None
    rising = [t * 1.1**i for i, t in enumerate(steady(rng, 30))]
    assert steady_state(rising) is None
    assert steady_state([1.0] * 5) is None


def test_shift_agrees_with_scipys_mann_whitney_at_its_bounds() -> None:
    draw = random.Random(5)
    before = [draw.gauss(0.0, 1.0) for _ in range(15)]
    after = [draw.gauss(2.0, 1.0) for _ in range(12)]
    estimate, low, high = shift(before, after, 0.01)
    assert low < 2.0 < high
    assert low < estimate < high
    for bound, alternative in ((low, "greater"), (high, "less")):
        moved = [value - bound for value in after]
        inside = reference.mannwhitneyu(moved, before, alternative=alternative, method="asymptotic")
        assert 0.005 < inside.pvalue < 0.02
    assert shift([1.0], [2.0], 0.01) == (1.0, -math.inf, math.inf)
