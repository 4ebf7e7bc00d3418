"""Estimators and sequential tests for paired log ratios, each with its source.

The tests are betting e-processes: a bettor who starts with 1 and can only grow rich if the null
hypothesis is false. By Ville's inequality the wealth ever reaches 1/alpha with probability at
most alpha under the null, however often one looks, which is what allows a decision after every
pair. The effect is the Hodges-Lehmann estimate, whose interval needs symmetry of the differences;
random order within a pair provides it. Everything is incremental, pure, and free of NumPy.

Sources: Ramdas, Grünwald, Vovk, Shafer (2023), "Game-theoretic statistics and safe
anytime-valid inference", Statistical Science 38(4); Hodges, Lehmann (1963), "Estimates of
location based on rank tests", Annals of Mathematical Statistics 34(2).
"""

from __future__ import annotations

import math
from bisect import insort
from functools import cache
from itertools import accumulate
from statistics import NormalDist, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "HodgesLehmann",
    "SignedBets",
    "confirmation_alpha",
    "median_absolute_deviation",
    "robust_spread",
    "shift",
    "steady_state",
]

_STAKES = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)  # fractions of the wealth; a uniform mixture
_EQUAL_BETS = 4  # first pairs, for which no typical size is known
_FULL_BET = 1.5  # times the median size, from which on the whole stake is bet
_MOST_WEALTH = 1e300  # capping a wealth keeps the test valid and the arithmetic finite
_EXACT_PAIRS = 50  # above, the normal approximation of the signed-rank law is exact to 3 digits
_FEWEST_REPETITIONS = 6  # that can show a steady state
_CUSUM_BAND = 3.0  # spreads times the square root of the count
_NORMAL_MAD = 1.4826  # standard deviation over median absolute deviation of a normal law


class SignedBets:
    """E-process of the null hypothesis that a difference is as often positive as negative.

    The wealth grows when the differences are negative more often, and more when the large ones
    are. Under the null the sign is fair given the size and the past (a coin decides which of two
    equal programs runs first), so no assumption on distribution, stationarity or independence is
    made. Shift the differences to test against a margin: bets on ``d - margin`` ask for evidence
    that ``d < margin``, bets on ``margin - d`` for evidence that ``d > margin``.

    Notes
    -----
    ``E_n = mean_k prod_i (1 + lambda_k w_i s_i)`` with ``s_i = sign(-x_i)`` and ``w_i = min(1,
    |x_i| / (1.5 median |x_1..i-1|))``, and ``w_i = 1`` for i <= 4. The weight uses the size of
    the present difference, which the null leaves independent of its sign, and the past only.
    Source: Ramdas et al. (2023), section 3 (testing by betting) and 6 (symmetry).
    """

    __slots__ = ("_sizes", "_wealths")

    def __init__(self) -> None:
        self._sizes: list[float] = []
        self._wealths = [1.0] * len(_STAKES)

    def add(self, difference: float) -> None:
        """Bet on the next difference; a difference of 0 changes nothing."""
        size = abs(difference)
        if size > 0:
            bet = math.copysign(self._weight(size), -difference)
            self._wealths = [
                min(wealth * (1 + stake * bet), _MOST_WEALTH)
                for wealth, stake in zip(self._wealths, _STAKES, strict=True)
            ]
        insort(self._sizes, size)

    @property
    def e_value(self) -> float:
        """Evidence so far, >= 0: 1 is none, ``1/alpha`` decides at level alpha."""
        return math.fsum(self._wealths) / len(self._wealths)

    def _weight(self, size: float) -> float:
        count = len(self._sizes)
        if count < _EQUAL_BETS:
            return 1.0
        typical = (self._sizes[(count - 1) // 2] + self._sizes[count // 2]) / 2
        full = _FULL_BET * typical
        return 1.0 if size >= full else size / full


class HodgesLehmann:
    """Centre of a symmetric distribution: the median of all pairwise (Walsh) averages.

    Adding one value costs one merge of sorted runs. Source: Hodges, Lehmann (1963); interval from
    the signed-rank distribution as in Hollander, Wolfe, Chicken (2014), "Nonparametric
    Statistical Methods", section 3.3.
    """

    __slots__ = ("_averages", "_values")

    def __init__(self) -> None:
        self._values: list[float] = []
        self._averages: list[float] = []

    def add(self, value: float) -> None:
        """Take one more value into account."""
        self._values.append(value)
        self._averages.extend(sorted([(value + other) / 2 for other in self._values]))
        self._averages.sort()  # two sorted runs: linear

    @property
    def estimate(self) -> float:
        """Median of the Walsh averages; NaN without values."""
        count = len(self._averages)
        if not count:
            return math.nan
        return (self._averages[(count - 1) // 2] + self._averages[count // 2]) / 2

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the two-sided interval; infinite while there are too few values for it."""
        rank = _signed_rank_quantile(len(self._values), round((1 - confidence) / 2, 12))
        if rank == 0:
            return -math.inf, math.inf
        return self._averages[rank - 1], self._averages[-rank]


@cache
def _signed_rank_quantile(count: int, tail: float) -> int:
    """Return the smallest r with P(V <= r) >= tail for Wilcoxon's signed-rank statistic V."""
    if count > _EXACT_PAIRS:
        mean = count * (count + 1) / 4
        deviation = math.sqrt(mean * (2 * count + 1) / 6)
        return max(1, round(mean + deviation * NormalDist().inv_cdf(tail)))
    wanted = tail * 2**count
    for rank, ways in enumerate(accumulate(_signed_rank_counts(count))):
        if ways >= wanted:
            return rank
    return 0


@cache
def _signed_rank_counts(count: int) -> tuple[int, ...]:
    """Return in how many ways a subset of 1..count sums to 0, 1, 2, ..."""
    if count == 0:
        return (1,)
    without = _signed_rank_counts(count - 1)
    padding = (0,) * count
    return tuple(a + b for a, b in zip(without + padding, padding + without, strict=True))


def confirmation_alpha(alpha: float, number: int) -> float:
    """Return the level of the ``number``-th confirmation (from 1), so that all share ``alpha``.

    ``alpha 6 / (pi^2 k^2)`` sums to ``alpha`` over all k: however many winners a study confirms,
    the probability that any is confirmed wrongly stays below ``alpha``.
    """
    return alpha * 6 / (math.pi * number) ** 2


def median_absolute_deviation(values: Sequence[float]) -> float:
    """Return the median distance from the median; NaN without values."""
    if not values:
        return math.nan
    centre = median(values)
    return median([abs(value - centre) for value in values])


def robust_spread(values: Sequence[float]) -> float:
    """Return the standard deviation of the undisturbed part: 1.4826 MAD.

    Source: Rousseeuw, Croux (1993), "Alternatives to the median absolute deviation", JASA 88.
    """
    return _NORMAL_MAD * median_absolute_deviation(values)


def shift(
    before: Sequence[float], after: Sequence[float], tail: float
) -> tuple[float, float, float]:
    """Return by how much ``after`` lies above ``before``, and bounds for it.

    The estimate is the median of all differences; each bound is missed with probability ``tail``
    at most if both are independent samples of one shape. The bounds are infinite while there are
    too few values for them.

    Notes
    -----
    Source: Hodges, Lehmann (1963); bounds from the normal approximation of the Mann-Whitney
    statistic as in Hollander, Wolfe, Chicken (2014), section 4.3. Launches of one session are
    neither independent nor of the shape of another session's: see `tighten.guard`.
    """
    differences = sorted(new - old for new in after for old in before)
    if not differences:
        return math.nan, -math.inf, math.inf
    count = len(differences)
    deviation = math.sqrt(count * (len(before) + len(after) + 1) / 12)
    rank = math.floor(count / 2 + deviation * NormalDist().inv_cdf(tail))
    if rank < 1:
        return median(differences), -math.inf, math.inf
    return median(differences), differences[rank - 1], differences[-rank]


def steady_state(times: Sequence[float]) -> int | None:
    """Return the index of the first repetition after warm-up, or None if there is no steady state.

    The logarithms of the repetitions, each the median of itself and its two neighbours so that a
    single disturbed one does not count, are compared with the level of the second half. Their sum
    is taken backwards from the end; the steady state begins where that sum last leaves the band
    that independent repetitions stay in. It does not count as one if it is shorter than half of
    the repetitions, or if the medians of its own halves differ by more than twice its spread.

    Parameters
    ----------
    times
        Repetitions in order [s], > 0. Fewer than 6 show nothing: the result is None.

    Notes
    -----
    Source: Page (1954), "Continuous inspection schemes", Biometrika 41; the band is three spreads
    times the square root of the number of repetitions. Limits: a warm-up whose whole excess is
    smaller than that band is not seen.
    """
    count = len(times)
    if count < _FEWEST_REPETITIONS:
        return None
    raw = [math.log(time) for time in times]
    logs = _without_spikes(raw)
    level = median(logs[count // 2 :])
    limit = _CUSUM_BAND * robust_spread(raw) * math.sqrt(count)
    sums = accumulate(value - level for value in reversed(logs))
    steady = next((i for i, total in enumerate(sums) if abs(total) > limit), count)
    start = count - steady
    return None if steady < count / 2 or _has_trend(raw[start:]) else start


def _has_trend(values: Sequence[float]) -> bool:
    halves = values[: len(values) // 2], values[len(values) // 2 :]
    centres = [median(half) for half in halves]
    rest = [v - centre for half, centre in zip(halves, centres, strict=True) for v in half]
    return abs(centres[1] - centres[0]) > 2 * robust_spread(rest)


def _without_spikes(values: Sequence[float]) -> list[float]:
    inner = [sorted(values[i - 1 : i + 2])[1] for i in range(1, len(values) - 1)]
    return [values[0], *inner, values[-1]]
