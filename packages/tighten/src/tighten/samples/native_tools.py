"""Results of hyperfine, Criterion and Google Benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import FailureKind, TrialError
from tighten.samples.document import read_json
from tighten.samples.launch import TIME, Metric, Result

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.samples.document import Node

__all__ = ["read_criterion", "read_google_benchmark", "read_hyperfine"]

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_GOOGLE_NUMBERS = {  # of every row; the other numbers are the user's counters
    "cpu_time",
    "family_index",
    "iterations",
    "per_family_instance_index",
    "real_time",
    "repetition_index",
    "repetitions",
    "threads",
}


def read_hyperfine(path: Path) -> Result:
    """Read what ``hyperfine --export-json FILE`` writes; a case is a command or its ``-n`` name.

    Runs that ended with another exit status than 0 make the result a crash, also under
    ``--ignore-failure``.
    """
    result = {}
    for row in read_json(path)["results"].elements():
        codes = row.get("exit_codes")
        for code in codes.elements() if codes else []:
            if code.value != 0:
                raise code.error("exit status 0", FailureKind.CRASH)
        metrics = {TIME: Metric(row["times"].numbers(), "s")}
        for name in ("user", "system"):
            node = row.get(name)
            if node:
                metrics[name] = Metric((node.number(),), "s")
        result[row["command"].text()] = metrics
    return result


def read_criterion(path: Path) -> Result:
    """Read a directory of Criterion (``target/criterion`` or any part of it).

    A case is a benchmark's full id (``group/function/parameter``). Each sample is the time of
    several iterations and counts as their mean; without ``sample.json`` Criterion's own median
    stands for the case.
    """
    folders = sorted({file.parent for file in path.rglob("new/estimates.json")})
    if not folders:
        raise TrialError(
            f"{path}: no result of Criterion; expected a folder that holds .../new/estimates.json",
            kind=FailureKind.RESULT,
        )
    return {_criterion_name(path, new): {TIME: _criterion_metric(new)} for new in folders}


def read_google_benchmark(path: Path) -> Result:
    """Read what ``--benchmark_out=FILE --benchmark_out_format=json`` writes.

    Repetitions of a benchmark are the values of its case; aggregates count only where nothing
    else was written, and then the median. ``time`` is the real time, ``cpu_time`` the CPU time
    per iteration; counters are metrics of their own.
    """
    rows = [row for row in read_json(path)["benchmarks"].elements() if not _is_skipped(row)]
    result: dict[str, dict[str, Metric]] = {}
    for row in [row for row in rows if not _is_aggregate(row)]:
        _add_google_row(result, row["name"].text(), row)
    for row in rows:
        median = row.get("aggregate_name")
        if median and median.value == "median" and row["run_name"].text() not in result:
            _add_google_row(result, row["run_name"].text(), row)
    return result


def _criterion_name(path: Path, new: Path) -> str:
    description = new / "benchmark.json"
    if description.is_file():
        return read_json(description)["full_id"].text()
    return new.parent.relative_to(path).as_posix()


def _criterion_metric(new: Path) -> Metric:
    if not (new / "sample.json").is_file():
        median = read_json(new / "estimates.json")["median"]["point_estimate"].number()
        return Metric((median * _SECONDS["ns"],), "s")
    sample = read_json(new / "sample.json")
    iterations, times = sample["iters"].numbers(), sample["times"].numbers()
    if len(iterations) != len(times) or not all(iterations):
        raise sample["iters"].error(f"{len(times)} numbers above 0, as many as times")
    values = zip(times, iterations, strict=True)
    return Metric(tuple(time / count * _SECONDS["ns"] for time, count in values), "s")


def _add_google_row(result: dict[str, dict[str, Metric]], case: str, row: Node) -> None:
    unit = row.get("time_unit")
    if unit and unit.text() not in _SECONDS:
        raise unit.error(f"a unit of time ({', '.join(_SECONDS)})")
    scale = _SECONDS[unit.text() if unit else "ns"]
    found = {
        TIME: Metric((row["real_time"].number() * scale,), "s"),
        "cpu_time": Metric((row["cpu_time"].number() * scale,), "s"),
    }
    for name, node in row.items():
        if node.is_number and name not in _GOOGLE_NUMBERS:
            found[name] = Metric((node.number(),), "1")
    metrics = result.setdefault(case, {})
    for name, metric in found.items():
        earlier = metrics[name].values if name in metrics else ()
        metrics[name] = Metric(earlier + metric.values, metric.unit)


def _is_aggregate(row: Node) -> bool:
    return (kind := row.get("run_type")) is not None and kind.value == "aggregate"


def _is_skipped(row: Node) -> bool:
    """Return whether a benchmark asked to be skipped; one that reports an error is a failure."""
    failed = row.get("error_occurred")
    if failed and failed.value:
        message = row.get("error_message")
        reason = message.text() if message else "without a message"
        raise row["name"].error(f"a benchmark without error ({reason})", FailureKind.CRASH)
    return (skipped := row.get("skipped")) is not None and bool(skipped.value)
