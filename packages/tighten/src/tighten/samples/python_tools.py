"""Results of pytest-benchmark, pyperf and asv."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from tighten.samples.document import read_json
from tighten.samples.launch import TIME, Metric, Result

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.samples.document import Node

__all__ = ["read_asv", "read_pyperf", "read_pytest_benchmark"]

_PYPERF_METRICS = {"second": (TIME, "s"), "byte": ("bytes", "1"), "integer": ("value", "1")}


def read_pytest_benchmark(path: Path) -> Result:
    """Read what ``pytest --benchmark-json=FILE`` writes, which holds every timing.

    A case is a test's name, or its full name where two files share a test's name. Numbers in
    ``extra_info`` are metrics of their own.
    """
    benchmarks = read_json(path)["benchmarks"].elements()
    names = Counter(benchmark["name"].text() for benchmark in benchmarks)
    return {
        benchmark["name" if names[benchmark["name"].text()] == 1 else "fullname"].text(): {
            **_numbers(benchmark.get("extra_info")),
            TIME: Metric(benchmark["stats"]["data"].numbers(), "s"),
        }
        for benchmark in benchmarks
    }


def read_pyperf(path: Path) -> Result:
    """Read a pyperf suite (format version 1.0); calibration runs without values do not count."""
    suite = read_json(path)
    common = suite.get("metadata")
    result = {}
    for benchmark in suite["benchmarks"].elements():
        name = _pyperf_metadata(benchmark, common, "name") or "benchmark"
        unit = _pyperf_metadata(benchmark, common, "unit") or "second"
        metric, unit = _PYPERF_METRICS.get(unit, (unit, "1"))
        runs = benchmark["runs"].elements()
        values = [
            value for run in runs if (found := run.get("values")) for value in found.numbers()
        ]
        if not values:
            raise benchmark["runs"].error("at least one run with values")
        result[name] = {metric: Metric(tuple(values), unit)}
    return result


def read_asv(path: Path) -> Result:
    """Read a result file of asv (version 2), ``results/MACHINE/COMMIT-ENVIRONMENT.json``.

    A case is ``benchmark`` or ``benchmark(parameter, ...)``. Raw samples are there only after
    ``asv run --record-samples``; otherwise the metric is asv's own median. Benchmarks that failed
    or were skipped (null, NaN) are left out.
    """
    document = read_json(path)
    columns = [column.text() for column in document["result_columns"].elements()]
    result = {}
    for name, node in document["results"].items():
        row = dict(zip(columns, node.elements(), strict=False))
        if not {"result", "params"} <= row.keys():
            raise node.error('values for the columns "result" and "params"')
        kind = name.rpartition(".")[2].partition("_")[0].lower()
        metric, unit = (TIME, "s") if kind == "time" else (kind, "1")
        for case, values in _asv_cases(name, row):
            result[case] = {metric: Metric(values, unit)}
    return result


def _asv_cases(name: str, row: dict[str, Node]) -> list[tuple[str, tuple[float, ...]]]:
    """Return the samples of each combination of parameters, in asv's order."""
    params = [[str(value.value) for value in axis.elements()] for axis in row["params"].elements()]
    combinations = list(product(*params))
    if row["result"].value is None:
        return []
    samples = row.get("samples")
    recorded = samples.elements() if samples and samples.value is not None else None
    cases = []
    for i, value in enumerate(row["result"].elements()):
        if value.value is None or value.number() != value.number():
            continue
        label = ", ".join(combinations[i]) if i < len(combinations) else ""
        raw = recorded[i] if recorded and i < len(recorded) else None
        values = raw.numbers() if raw and raw.value is not None else (value.number(),)
        cases.append((f"{name}({label})" if label else name, values))
    return cases


def _numbers(node: Node | None) -> dict[str, Metric]:
    if node is None:
        return {}
    return {name: Metric((n.number(),), "1") for name, n in node.items() if n.is_number}


def _pyperf_metadata(benchmark: Node, common: Node | None, key: str) -> str | None:
    """Return a metadata entry, which pyperf keeps at the suite when all benchmarks share it."""
    for metadata in (benchmark.get("metadata"), common):
        entry = metadata.get(key) if metadata else None
        if entry:
            return entry.text()
    return None
