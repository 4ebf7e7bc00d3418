"""One launch of a benchmark, and the single number that a comparison takes from it.

The minimum of a few repetitions varies least between launches of single-threaded work (0.03
against 0.15 for the median and 0.29 for a single call, on a shared two-core virtual machine).
Threaded work has no such floor, since its fastest repetition depends on where the threads land, so
its median is taken. Both sides of a pair always use the same statistic.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import fmean, median
from typing import Protocol

from tighten.errors import FailureKind, TrialError

__all__ = [
    "TIME",
    "Disturbances",
    "Launch",
    "Metric",
    "Result",
    "Statistic",
    "launch_value",
    "pair_values",
]

TIME = "time"  # the metric every format provides
_THREADED = 1.2  # CPU time over wall time, above which work counts as threaded
_DISTURBED = 1.2  # wall time over CPU time against its usual ratio
_UNSTEADY = 1.1  # slowest over fastest pace of a processor
_REMEMBERED = 64  # launches that say what is usual


class Statistic(StrEnum):
    """How the repetitions inside one launch become one number."""

    AUTO = "auto"
    MIN = "min"
    MEDIAN = "median"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Metric:
    """Repetitions of one quantity inside one launch; the unit is ``"s"`` or ``"1"``."""

    values: tuple[float, ...]
    unit: str


Result = Mapping[str, Mapping[str, Metric]]  # case -> metric name -> Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One fresh process of the benchmark command.

    Parameters
    ----------
    result
        What the process wrote.
    wall, cpu
        Elapsed time, and user plus system time of all its threads and children [s].
    involuntary_switches
        How often the scheduler took the processor away.
    load
        One-minute load average when it started.
    source
        The result file, for messages.
    """

    result: Result
    wall: float
    cpu: float
    involuntary_switches: int
    load: float
    source: Path | None = None


class _Measured(Protocol):
    """The part of a case that says which number of a result it means."""

    @property
    def name(self) -> str: ...
    @property
    def select(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def statistic(self) -> Statistic: ...


_CONDENSE: Mapping[Statistic, Callable[[Sequence[float]], float]] = {
    Statistic.MIN: min,
    Statistic.MEDIAN: median,
    Statistic.MEAN: fmean,
}


def launch_value(launch: Launch, case: _Measured) -> float:
    """Return the number that stands for ``case`` in this launch.

    Raises
    ------
    TrialError
        ``RESULT`` if the result has no such case or metric, ``METRIC`` if any repetition is not
        finite or not positive.
    """
    return _condense(launch, case, _statistic(case, [launch]))


def pair_values(
    candidate: Launch, incumbent: Launch, cases: Iterable[_Measured]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the numbers of both launches by case name, each case with one statistic for both.

    A statistic chosen for each side alone would compare a minimum with a median as soon as only
    one side uses threads.
    """
    sides: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for case in cases:
        statistic = _statistic(case, [candidate, incumbent])
        for values, launch in zip(sides, (candidate, incumbent), strict=True):
            values[case.name] = _condense(launch, case, statistic)
    return sides


class Disturbances:
    """Tells whether something else took the processor during a launch.

    The last launches of the same command say what is usual: work that waits by nature (I/O,
    sleeping) is its own standard, and so is a machine that is never steady.
    """

    __slots__ = ("_swings", "_switches", "_waits")

    def __init__(self) -> None:
        self._waits: deque[float] = deque(maxlen=_REMEMBERED)
        self._switches: deque[int] = deque(maxlen=_REMEMBERED)
        self._swings: deque[float] = deque(maxlen=_REMEMBERED)

    def hit(self, launches: Iterable[Launch], paces: Sequence[Sequence[float]] = ()) -> bool:
        """Return whether any of ``launches`` was contaminated, and remember them all.

        A launch is if the process waited more than a fifth longer than its CPU time explains,
        measured against the usual ratio, and was also preempted more often than usual. All are if
        one of the ``paces`` taken between them, a row for each moment and a column for each
        processor, differs from another of its column by more than a tenth and more than usual.
        The whole pair is run again then. One call is judged by earlier calls.
        """
        preempted = self._preempted(launches)
        return self._unsteady(paces) or preempted

    def _unsteady(self, paces: Sequence[Sequence[float]]) -> bool:
        columns = zip(*paces, strict=True)
        swing = max((max(column) / min(column) for column in columns), default=1.0)
        usual = median(self._swings) if self._swings else 1.0
        self._swings.append(swing)
        return swing > max(_UNSTEADY, usual)

    def _preempted(self, launches: Iterable[Launch]) -> bool:
        costs = [(_wait(launch), launch.involuntary_switches) for launch in launches]
        disturbed = False
        if self._waits:
            usual_wait, usual_switches = median(self._waits), median(self._switches)
            disturbed = any(
                wait > _DISTURBED * usual_wait and switches > usual_switches
                for wait, switches in costs
            )
        for wait, switches in costs:
            self._waits.append(wait)
            self._switches.append(switches)
        return disturbed


def _wait(launch: Launch) -> float:
    return launch.wall / launch.cpu if launch.cpu > 0 else math.inf


def _statistic(case: _Measured, launches: Sequence[Launch]) -> Statistic:
    if case.statistic is not Statistic.AUTO:
        return case.statistic
    threaded = any(launch.cpu > _THREADED * launch.wall for launch in launches)
    return Statistic.MIN if case.metric == TIME and not threaded else Statistic.MEDIAN


def _condense(launch: Launch, case: _Measured, statistic: Statistic) -> float:
    values = _metric(launch, case).values
    for value in values:
        if not (math.isfinite(value) and value > 0):
            raise TrialError(
                f"{_where(launch, case)} is {value!r}; a finite number above 0 is needed",
                kind=FailureKind.METRIC,
            )
    return float(_CONDENSE[statistic](values))


def _metric(launch: Launch, case: _Measured) -> Metric:
    metrics = launch.result.get(case.select)
    if metrics is None:
        raise _missing(launch, case, "case", case.select, launch.result)
    metric = metrics.get(case.metric)
    if metric is None:
        raise _missing(launch, case, "metric", case.metric, metrics)
    return metric


def _missing(
    launch: Launch, case: _Measured, what: str, name: str, present: Mapping[str, object]
) -> TrialError:
    names = ", ".join(sorted(present)) or "nothing"
    return TrialError(
        f"{_where(launch, case)}: no {what} {name!r} in the result, which has {names}; "
        f"give the [[case]] one of these as its {'`select`' if what == 'case' else '`metric`'}",
        kind=FailureKind.RESULT,
    )


def _where(launch: Launch, case: _Measured) -> str:
    file = f"{launch.source}: " if launch.source else ""
    return f"{file}{case.metric!r} of case {case.name!r}"
