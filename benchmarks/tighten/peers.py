"""How other tools call two programs different, each by its documented default rule.

All of them measure in blocks: every launch of the old program, then every launch of the new one. A
rule sees the repetitions of ``n`` launches of each, (n, 5) seconds, and returns the change it
calls: -1 for faster, +1 for slower, 0 for no difference.

Sources: asv 0.6 (``asv compare``: factor and Mann-Whitney U at p < 0.002); benchstat
(golang.org/x/perf: Mann-Whitney U at p < 0.05, 10 runs); pytest-benchmark
(``--benchmark-compare-fail=mean:5%``); pyperf 2 (``compare_to``: Student's t at 95 %, 20 processes
with 3 values); Criterion.rs (100 samples, t-test at p < 0.05 and a change whose 95 % interval
leaves a noise threshold of 1 %, by bootstrap); hyperfine (``scripts/welch_ttest.py`` at p < 0.05,
10 runs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["PEERS", "Peer"]

Times = NDArray[np.float64]  # (launches, repetitions) [s]
Rule = Callable[[Times, Times], int]

_RESAMPLES = 400  # Criterion takes 100,000; fewer suffice for where a 95 % interval ends


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool's rule and the number of launches of each program that it is given."""

    name: str
    launches: int
    rule: Rule


def _direction(old: float, new: float) -> int:
    return -1 if new < old else 1


def _asv(factor: float) -> Rule:
    def rule(old: Times, new: Times) -> int:
        if stats.mannwhitneyu(old.ravel(), new.ravel()).pvalue >= 0.002:
            return 0
        before, after = float(np.median(old)), float(np.median(new))
        return _direction(before, after) if max(after / before, before / after) > factor else 0

    return rule


def _benchstat(old: Times, new: Times) -> int:
    before, after = old.mean(axis=1), new.mean(axis=1)  # one "ns/op" per run
    if stats.mannwhitneyu(before, after).pvalue >= 0.05:
        return 0
    return _direction(float(np.median(before)), float(np.median(after)))


def _pytest_benchmark(old: Times, new: Times) -> int:
    ratio = float(new.mean() / old.mean())
    return _direction(1.0, ratio) if ratio > 1.05 or ratio < 0.95 else 0


def _pyperf(old: Times, new: Times) -> int:
    before, after = old[:, 1:4].ravel(), new[:, 1:4].ravel()  # one warm-up, then 3 values
    if stats.ttest_ind(before, after).pvalue >= 0.05:
        return 0
    return _direction(float(before.mean()), float(after.mean()))


def _criterion(old: Times, new: Times) -> int:
    before, after = old.ravel(), new.ravel()
    if stats.ttest_ind(before, after, equal_var=False).pvalue >= 0.05:
        return 0
    rng = np.random.default_rng(0)
    resampled = [
        rng.choice(sample, (_RESAMPLES, sample.size)).mean(axis=1) for sample in (before, after)
    ]
    low, high = np.quantile(resampled[1] / resampled[0] - 1, [0.025, 0.975])
    return -1 if high < -0.01 else int(low > 0.01)


def _hyperfine(old: Times, new: Times) -> int:
    before, after = old[:, 0], new[:, 0]  # one call per process
    if stats.ttest_ind(before, after, equal_var=False).pvalue >= 0.05:
        return 0
    return _direction(float(before.mean()), float(after.mean()))


PEERS = (
    Peer("asv, factor 1.1 (default)", 4, _asv(1.1)),
    Peer("asv, factor 1.05", 4, _asv(1.05)),
    Peer("benchstat", 10, _benchstat),
    Peer("pytest-benchmark, mean:5%", 1, _pytest_benchmark),
    Peer("pyperf compare_to", 20, _pyperf),
    Peer("Criterion.rs", 20, _criterion),
    Peer("hyperfine, welch_ttest.py", 10, _hyperfine),
)
