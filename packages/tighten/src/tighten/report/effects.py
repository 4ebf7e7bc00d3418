"""What each parameter did to the objective, estimated from all trials of a study.

Every judged trial is one equation: the log speed-up of its candidate over its incumbent is the
difference of what their values are worth. Weighted least squares over all of them gives the worth
of each value relative to the one that the project has now, with a standard error from the trials'
own intervals; where the trials disagree by more than those intervals explain (values that act
together), the errors grow by that factor. A value that no chain of trials ties to the present one
has no estimate, and none is made up.

Importance is the share of a parameter in the variance of these effects over its tried values, less
what noise alone would give: a first-order analysis of variance. Its interval comes from drawing the
effects anew from their errors.

Limits: effects add up in the logarithm; interactions only widen the errors. Trials that were
stopped early for futility or accepted early look a little larger than they are. Sources: Searle
(1971), "Linear Models" (estimability); Hutter, Hoos, Leyton-Brown (2014), "An efficient approach
for assessing hyperparameter importance", ICML (variance decomposition).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray

from tighten.record import Role
from tighten.report.summary import objective_goal, shown, speedup

if TYPE_CHECKING:
    from tighten.decision import Goal
    from tighten.parameters import Value
    from tighten.record import StudyRecord, TrialRecord

__all__ = ["ParameterEffect", "ValueEffect", "effects", "inert"]

Floats = NDArray[np.float64]

_MOST_VALUES = 12  # of a parameter, each by itself; more are put into groups
_GROUPS = 8
_DRAWS = 400
_SURE = 1e-3  # smallest standard error of a log ratio: equal code is equal speed, not more
_ESTIMABLE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueEffect:
    """A value or group of values: its speed-up over the present one, and how often it was tried.

    ``ratio`` is None where the trials do not determine it.
    """

    label: str
    trials: int
    is_present: bool
    ratio: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterEffect:
    """A parameter with the effect of its values; shares are in [0, 1]."""

    name: str
    values: tuple[ValueEffect, ...]
    share: float
    share_low: float
    share_high: float


@dataclass(frozen=True, slots=True)
class _Levels:
    """The groups that a parameter's values fall into; the present value's is number 0."""

    name: str
    labels: tuple[str, ...]
    of: Mapping[object, int]
    order: tuple[int, ...]  # of the groups, by value


def effects(study: StudyRecord) -> tuple[ParameterEffect, ...]:
    """Return the effect of each parameter that was tried, the most important first."""
    rows = _equations(study)
    trials = [row[0] for row in rows]
    # One without a value in the baseline (a variable that is not set) is in later trials only.
    names = dict.fromkeys(name for trial in study.trials for name in trial.configuration)
    present = study.trials[0].configuration if study.trials else {}
    levels = {
        name: _levels(
            name,
            [side.configuration.get(name) for row in rows for side in row[:2]],
            present.get(name),
        )
        for name in names
    }
    levels = {name: found for name, found in levels.items() if len(found.labels) > 1}
    if not levels:
        return ()
    columns = _columns(levels)
    fitted = _fit(rows, levels, columns)
    confidence = study.policy.confidence
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    shares = _shares(fitted, columns, confidence)
    found = [
        ParameterEffect(
            name=name,
            values=_values(fitted, columns[name], levels[name], trials, z=z),
            share=shares[name][0],
            share_low=shares[name][1],
            share_high=shares[name][2],
        )
        for name in levels
    ]
    return tuple(sorted(found, key=lambda effect: -effect.share))


def inert(study: StudyRecord) -> dict[str, int]:
    """Return the parameters that never changed the built code, with how often that was seen.

    A parameter is inert as far as the trials tell: it differed between trials with the same code,
    and never alone between trials with different code.
    """
    by_number = {trial.number: trial for trial in study.trials}
    same: dict[str, int] = {}
    active: set[str] = set()
    for trial in study.trials:
        twin = by_number.get(-1 if trial.identical_to is None else trial.identical_to)
        if twin is not None:
            for name in trial.changed_from(twin):
                same[name] = same.get(name, 0) + 1
        other = by_number.get(-1 if trial.incumbent is None else trial.incumbent)
        if other is not None and trial.code_hash and trial.code_hash != other.code_hash:
            changed = trial.changed_from(other)
            active.update(changed if len(changed) == 1 else ())
    return {name: count for name, count in same.items() if name not in active}


Equation = tuple["TrialRecord", "TrialRecord", float, float]


def _equations(study: StudyRecord) -> list[Equation]:
    """Return candidate, incumbent, log speed-up and its standard error of each judged trial."""
    goal = objective_goal(study.cases)
    by_number = {trial.number: trial for trial in study.trials}
    z = NormalDist().inv_cdf((1 + study.policy.confidence) / 2)
    rows: list[Equation] = []
    for trial in study.trials:
        if trial.role is Role.BASELINE or trial.failure is not None:
            continue
        if trial.identical_to is not None and trial.identical_to in by_number:
            rows.append((trial, by_number[trial.identical_to], 0.0, _SURE))
        elif trial.verdict is not None and trial.incumbent in by_number:
            measured = _measured(trial, goal, z)
            if measured is not None:
                rows.append((trial, by_number[trial.incumbent], *measured))
    return rows


def _measured(trial: TrialRecord, goal: Goal, z: float) -> tuple[float, float] | None:
    assert trial.verdict is not None
    found = trial.verdict.objective
    ratios = [speedup(goal, gain) for gain in (found.gain, found.low, found.high)]
    if not all(math.isfinite(ratio) and ratio > 0 for ratio in ratios):
        return None
    middle, low, high = map(math.log, ratios)
    return middle, max(_SURE, (high - low) / (2 * z))


def _key(value: Value | None) -> object:
    """Return what tells values apart; True is not 1."""
    return type(value) is bool, value


def _levels(name: str, seen: Sequence[Value | None], present: Value | None) -> _Levels:
    """Return the levels of one parameter: its values, or groups where they are many numbers."""
    distinct = {_key(value): value for value in [present, *seen]}
    values = list(distinct.values())
    numbers = [value for value in values if _is_number(value)]
    is_ordered = len(numbers) == len([value for value in values if value is not None])
    if is_ordered and len(values) > _MOST_VALUES:
        return _grouped(name, numbers, present)
    order: Sequence[int] = range(len(values))
    if is_ordered:
        order = sorted(order, key=lambda level: _rank(values[level]))
    labels = tuple(map(shown, values))
    return _Levels(name, labels, {key: i for i, key in enumerate(distinct)}, tuple(order))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rank(value: object) -> float:
    """Return the place of a number among numbers; no value comes first."""
    return value if _is_number(value) else -math.inf


def _grouped(name: str, numbers: Sequence[float], present: Value | None) -> _Levels:
    """Return groups of about as many distinct values each; no value is a group of its own."""
    parts = [part.tolist() for part in np.array_split(np.array(sorted(numbers)), _GROUPS)]
    parts = parts if present is not None else [[None], *parts]
    own = next(i for i, part in enumerate(parts) if present in part)
    ranks = [own, *(i for i in range(len(parts)) if i != own)]
    labels = tuple(_label(parts[i]) for i in ranks)
    of = {_key(value): level for level, i in enumerate(ranks) for value in parts[i]}
    order = sorted(range(len(parts)), key=lambda level: ranks[level])
    return _Levels(name, labels, of, tuple(order))


def _label(part: Sequence[float | None]) -> str:
    return shown(None) if part[0] is None else f"{part[0]:g} to {part[-1]:g}"


def _columns(levels: Mapping[str, _Levels]) -> dict[str, list[int]]:
    """Return, for each parameter, the column of each of its levels; -1 for the present one."""
    columns, start = {}, 0
    for name, found in levels.items():
        count = len(found.labels) - 1
        columns[name] = [-1, *range(start, start + count)]
        start += count
    return columns


@dataclass(frozen=True, slots=True)
class _Fit:
    """Estimated effects with their covariance; ``known`` says which are determined."""

    effects: Floats
    covariance: Floats
    known: NDArray[np.bool_]


def _fit(
    rows: Sequence[Equation],
    levels: Mapping[str, _Levels],
    columns: Mapping[str, list[int]],
) -> _Fit:
    width = sum(len(found) - 1 for found in columns.values())
    design = np.zeros((len(rows), width + 1))  # the last column takes what is the present value
    for name, found in levels.items():
        place = columns[name]
        for sign, side in ((1.0, [row[0] for row in rows]), (-1.0, [row[1] for row in rows])):
            reached = [found.of.get(_key(trial.configuration.get(name)), 0) for trial in side]
            design[np.arange(len(rows)), np.array([place[level] for level in reached])] += sign
    weight = 1.0 / np.array([row[3] for row in rows])
    scaled = design[:, :-1] * weight[:, None]
    target = np.array([row[2] for row in rows]) * weight
    information = scaled.T @ scaled
    inverse = np.linalg.pinv(information, rcond=1e-10, hermitian=True)
    found_effects = inverse @ (scaled.T @ target)
    left = len(rows) - np.linalg.matrix_rank(information, hermitian=True)
    excess = float(np.sum((target - scaled @ found_effects) ** 2)) / left if left > 0 else 1.0
    gap = np.abs(np.eye(width) - inverse @ information).max(axis=1, initial=0.0)
    return _Fit(found_effects, inverse * max(1.0, excess), gap < _ESTIMABLE)


def _values(
    fitted: _Fit, place: Sequence[int], found: _Levels, trials: Sequence[TrialRecord], *, z: float
) -> tuple[ValueEffect, ...]:
    """Return a row for each level of one parameter, in the order of its values."""
    counts = [0] * len(found.labels)
    for trial in trials:
        counts[found.of.get(_key(trial.configuration.get(found.name)), 0)] += 1
    rows = []
    for level, column in enumerate(place):
        worth = 0.0 if column < 0 else float(fitted.effects[column])
        error = 0.0 if column < 0 else math.sqrt(max(0.0, fitted.covariance[column, column]))
        is_known = column < 0 or bool(fitted.known[column])
        rows.append(
            ValueEffect(
                label=found.labels[level],
                trials=counts[level],
                is_present=column < 0,
                ratio=math.exp(worth) if is_known else None,
                low=math.exp(worth - z * error),
                high=math.exp(worth + z * error),
            )
        )
    return tuple(rows[level] for level in found.order)


def _shares(
    fitted: _Fit, columns: Mapping[str, Sequence[int]], confidence: float
) -> dict[str, tuple[float, float, float]]:
    """Return each parameter's share of the variance of the effects, with its interval."""
    draw = np.random.default_rng(0)
    sizes, axes = np.linalg.eigh(fitted.covariance)
    noise = draw.standard_normal((_DRAWS, len(sizes))) * np.sqrt(np.maximum(sizes, 0.0))
    samples = np.vstack([fitted.effects, fitted.effects + noise @ axes.T])
    parts = []
    for place in columns.values():
        known = [column for column in place if column >= 0 and fitted.known[column]]
        worth = np.column_stack([np.zeros(len(samples)), samples[:, known]])
        own = fitted.covariance[np.ix_(known, known)]
        count = len(known) + 1
        by_noise = float(np.trace(own)) / count - float(own.sum()) / count**2
        twice = np.where(np.arange(len(samples)) == 0, 1.0, 2.0)  # a draw adds its own noise
        parts.append(np.maximum(0.0, worth.var(axis=1) - twice * by_noise))
    variance = np.array(parts)
    total = variance.sum(axis=0)
    shares = np.divide(variance, total, out=np.zeros_like(variance), where=total > 0)
    low, high = (np.quantile(shares[:, 1:], (1 + s * confidence) / 2, axis=1) for s in (-1, 1))
    return {
        name: (float(shares[i, 0]), float(low[i]), float(high[i])) for i, name in enumerate(columns)
    }
