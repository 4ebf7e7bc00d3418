"""What a strategy costs at a size: robust fits, lower envelopes, and the borders between them.

Pure arithmetic on measured costs. The cost of a strategy over the size n is a line ``a + b n``
(a fixed price for handing work out, then so much for each item), fitted so that the sum of the
relative errors is smallest; what is left over at the measured sizes is interpolated, so that a
strategy which leaves the line, when its data outgrow a cache say, is still met where it was
measured. Costs are compared within one run only, so their unit does not matter.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median
from typing import TYPE_CHECKING

from tighten.decision import Case, Evidence, Goal

if TYPE_CHECKING:
    from tighten.record import CaseSummary

__all__ = ["CostCurve", "Costs", "baseline_costs", "borders", "cost_ratios", "fitted", "pooled"]

Costs = Mapping[int, float]
"""Cost by size, any unit."""

_STEPS = 1000  # between the smallest and the largest measured size; 1 % apart over 4 decades
_DIGITS = 2  # of a border: more would claim what no measurement can tell


@dataclass(frozen=True, slots=True)
class CostCurve:
    """Cost of one strategy over size: ``fixed + per_item * size``, bent to its measurements.

    ``bends`` holds, at each measured size in ascending order, the logarithm of the measured cost
    over the line.
    """

    fixed: float
    per_item: float
    bends: tuple[tuple[int, float], ...]

    @property
    def misfit(self) -> float:
        """Largest relative distance of a measurement from the line."""
        return max(abs(math.expm1(bend)) for _, bend in self.bends)

    @property
    def sizes(self) -> list[int]:
        """The measured sizes, ascending."""
        return [size for size, _ in self.bends]

    def at(self, size: float) -> float:
        """Return the cost at a size > 0."""
        place = bisect_right(self.bends, size, key=lambda point: point[0])
        if place in {0, len(self.bends)}:
            bend = self.bends[min(place, len(self.bends) - 1)][1]
        else:
            (low, before), (high, after) = self.bends[place - 1 : place + 1]
            share = math.log(size / low) / math.log(high / low)
            bend = before + share * (after - before)
        return (self.fixed + self.per_item * size) * math.exp(bend)


def fitted(costs: Costs) -> CostCurve:
    """Return the curve through measured costs; with one size only, a cost in proportion to size.

    Parameters
    ----------
    costs
        At least one size > 0, each with a cost > 0.

    Notes
    -----
    Minimises ``sum |c_i - a - b n_i| / c_i`` over a, b >= 0. The minimum of such a sum lies where
    two of the terms or bounds are 0, so trying all pairs finds it exactly (Bloomfield, Steiger
    (1983), "Least Absolute Deviations", chapter 1).
    """
    points = sorted(costs.items())
    lines = [(0.0, cost / size) for size, cost in points]
    lines += [(cost, 0.0) for _, cost in points] if len(points) > 1 else []
    for (low, one), (high, other) in combinations(points, 2):
        slope = (other - one) / (high - low)
        if slope >= 0 and one - slope * low >= 0:
            lines.append((one - slope * low, slope))
    fixed, per_item = min(lines, key=lambda line: _error(line, points))
    bends = ((size, math.log(cost / (fixed + per_item * size))) for size, cost in points)
    return CostCurve(fixed, per_item, tuple(bends))


def _error(line: tuple[float, float], points: Sequence[tuple[int, float]]) -> float:
    fixed, per_item = line
    return math.fsum(abs(cost - fixed - per_item * size) / cost for size, cost in points)


def pooled(observations: Sequence[tuple[int, float]]) -> Costs:
    """Return the median cost at each size."""
    sizes = sorted({size for size, _ in observations})
    return {size: median([cost for at, cost in observations if at == size]) for size in sizes}


def borders(
    curves: Mapping[str, CostCurve],
    *,
    hysteresis: float,
    border_ratio: float,
    ascending: bool = False,
) -> tuple[tuple[int, str], ...]:
    """Return the cheapest strategy by size, as rows of a table.

    Of all ways through the sizes, the one whose cost is least in the mean, sizes weighed by their
    logarithm. Going up, a row ends only where another strategy saves at least ``hysteresis`` of
    its cost, so that noise around a crossing moves no border and none is added for nothing.

    Parameters
    ----------
    curves
        Cost by strategy, at least one.
    hysteresis
        Saving, in [0, 1), that another strategy must bring.
    border_ratio
        Rows whose end is less than this times their start are left out, >= 1.
    ascending
        Whether strategies may only follow each other in the order of ``curves``.
    """
    sizes = sorted({size for curve in curves.values() for size in curve.sizes})
    steps = _between(sizes[0], sizes[-1])
    costs = [[curve.at(size) for curve in curves.values()] for size in steps]
    path = _cheapest_path(costs, hysteresis=hysteresis, ascending=ascending)
    names = list(curves)
    rows = [(0, names[path[0]])]
    for size, (before, now) in zip(steps[1:], pairwise(path), strict=True):
        if now != before:
            rows.append((_rounded(size), names[now]))
    return _without_narrow(rows, border_ratio)


def _cheapest_path(
    costs: Sequence[Sequence[float]], *, hysteresis: float, ascending: bool
) -> list[int]:
    """Return which column serves each row of ``costs``, by dynamic programming.

    Choosing row by row would not do: where strategies may only follow each other in order, one
    that happens to be the cheapest at the smallest size rules out all before it.
    """

    def sources(row: Sequence[float], now: int) -> list[int]:
        others = range(now) if ascending else range(len(row))
        worth = (one for one in others if row[now] <= (1 - hysteresis) * row[one])
        return [now, *(one for one in worth if one != now)]

    totals = [math.log(cost) for cost in costs[0]]
    origins: list[list[int]] = []
    for row in costs[1:]:
        origin = [min(sources(row, now), key=totals.__getitem__) for now in range(len(row))]
        totals = [totals[one] + math.log(cost) for one, cost in zip(origin, row, strict=True)]
        origins.append(origin)
    path = [min(range(len(totals)), key=totals.__getitem__)]
    for origin in reversed(origins):
        path.append(origin[path[-1]])
    return path[::-1]


def _between(low: int, high: int) -> list[float]:
    ratio = high / low
    return [low * ratio ** (step / _STEPS) for step in range(_STEPS + 1)]


def _rounded(size: float) -> int:
    return max(1, int(float(f"{size:.{_DIGITS}g}")))


def _without_narrow(rows: Sequence[tuple[int, str]], ratio: float) -> tuple[tuple[int, str], ...]:
    """Leave out rows between two borders that are too close, and join equal neighbours."""
    kept: list[tuple[int, str]] = []
    for index, (start, name) in enumerate(rows):
        end = rows[index + 1][0] if index + 1 < len(rows) else math.inf
        if start > 0 and end < ratio * start:
            continue
        if not kept or kept[-1][1] != name:
            kept.append((start, name))
    return tuple(kept)


def baseline_costs(cases: Sequence[Case], summaries: Sequence[CaseSummary]) -> Costs:
    """Return what the baseline's cases cost by their size, where they have one and were measured.

    A metric to be maximised is taken as a rate (items per second, or a speed-up over something
    whose time is in proportion to size), so that the cost is size over value.
    """
    values = {summary.case: summary.median for summary in summaries}
    return {
        case.size: values[case.name]
        if case.goal is Goal.MINIMIZE
        else case.size / values[case.name]
        for case in cases
        if case.size is not None and case.name in values
    }


def cost_ratios(cases: Sequence[Case], evidence: Sequence[Evidence]) -> Costs:
    """Return by size what a candidate costs over what its incumbent does, from their pairs."""
    gains = {one.case: one.gain for one in evidence}
    return {
        case.size: 1 - gains[case.name]
        if case.goal is Goal.MINIMIZE
        else 1 / (1 + gains[case.name])
        for case in cases
        if case.size is not None
    }
