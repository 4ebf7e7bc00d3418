"""Every benchmark that `make bench` runs: its command, what its numbers mean, what they must be.

To add one, append a `Benchmark` to `BENCHMARKS`. A module that writes `benchmarks.figures.as_json`
to its ``--json`` file needs no reader; for any other layout give ``read`` a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Figure, from_json, summarised
from benchmarks.quantforge import peer_report as peers

__all__ = ["BENCHMARKS", "Benchmark", "named"]

Read = Callable[[Sequence[Any]], list[Figure]]  # the JSON of each process -> its numbers


def _as_written(reports: Sequence[Any]) -> list[Figure]:
    return from_json(reports[0])


def _instruction_set(reports: Sequence[Any]) -> list[str]:
    return [f"Instruction set: {reports[0]['instruction_set']}"]


def _no_notes(_: Sequence[Any]) -> list[str]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One entry of the table.

    Parameters
    ----------
    name
        How it is called on the command line.
    module
        Run as ``python -m MODULE ARGUMENTS --json FILE``; exit status 0 or 1, or
        `benchmarks.figures.UNABLE` on a machine that lacks what it needs.
    arguments, quick
        Of the full measurement, and of one that only shows that the benchmark works; a benchmark
        whose quick form is None is left out of ``--quick``.
    read
        Turns the JSON files into numbers.
    notes
        Turns the JSON files into lines of Markdown that stand below the table.
    picture
        Turns the JSON files into a picture (PNG), which stands below the table, too.
    processes
        How many fresh processes to run; each writes one file.
    document
        Which file of docs/performance holds the table (without suffix), between markers named
        ``bench-NAME``.
    seconds
        About how long the full measurement takes on two cores.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = ()
    read: Read = _as_written
    notes: Callable[[Sequence[Any]], list[str]] = _no_notes
    picture: Callable[[Sequence[Any]], bytes] | None = None
    processes: int = 1
    document: str = "tighten"
    seconds: float = 60.0

    @property
    def command(self) -> str:
        """The command line of one process, for people."""
        return " ".join(["python", "-m", self.module, *self.arguments])


def named(names: Sequence[str]) -> list[Benchmark]:
    """Return the benchmarks of these names, or all if there are none.

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    for name in names:
        if name not in known:
            raise ValueError(f"no benchmark is called {name!r}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] or list(BENCHMARKS)


def _forms(reports: Sequence[Any]) -> list[Figure]:
    (report,) = reports
    rows = {row["edits"]: row for row in report["timings_ms"]}
    done = Figure(
        what=f"Rust constant forms edited or refused loudly, of {report['total']}",
        value=report["passed"],
        at_least=report["total"],
    )
    labels = {
        "again": "one edit of a 5,000-line file, as in a study",
        "first": "the same, with parsing the file",
    }
    return [done] + [
        Figure(
            what=label,
            value=rows[name]["median_ms"],
            low=rows[name]["low_ms"],
            high=rows[name]["high_ms"],
            unit="ms",
            at_most=1.0 if name == "again" else None,
        )
        for name, label in labels.items()
    ]


def _equal(reports: Sequence[Any]) -> list[Figure]:
    ((row,),) = reports
    accepted = round(row["faster"] * row["sessions"])
    return [
        Figure(what=f"A/A, live: accepted, of {row['sessions']}", value=accepted, at_most=0),
        _pairs("pairs until an A/A verdict, live", row, at_most=17),
    ]


def _faster(reports: Sequence[Any]) -> list[Figure]:
    ((row,),) = reports
    found, sessions = round(row["faster"] * row["sessions"]), row["sessions"]
    what = f"3 % slower program, live: found, of {sessions}"
    return [
        Figure(what=what, value=found, at_least=round(0.95 * sessions)),
        _pairs("pairs until it is found, live", row, at_most=25),
    ]


def _pairs(what: str, row: Any, *, at_most: float) -> Figure:
    mean, deviation = row["launches"] / 2, row["spread"] / 2
    low, high = max(0.0, mean - deviation), mean + deviation
    return Figure(
        what=f"{what} (mean ± deviation)", value=mean, low=low, high=high, at_most=at_most
    )


def _replayed(reports: Sequence[Any]) -> list[Figure]:
    """Return how often each rule calls a program faster that is not, and one that is."""
    (rows,) = reports
    wanted = {0.0: "equal programs", 0.03: "3 % faster"}
    return [
        Figure(
            what=f"{wanted[gain]}, kernel {row['kernel']}, called faster: {row['rule']}",
            value=100 * row["faster"],
            unit="%",
            **_promised(row),
        )
        for gain in wanted
        for row in rows
        if row["true_gain"] == gain
    ]


def _promised(row: Any) -> dict[str, float]:
    """Return what tighten promises for a rule; the other tools promise nothing."""
    if row["rule"] == "tighten, confirmation" and row["true_gain"] == 0:
        return {"at_most": 1.0}
    if row["rule"] == "tighten, trial" and row["true_gain"] > 0:
        return {"at_least": 95.0}
    return {}


def _prices(reports: Sequence[Any]) -> list[Figure]:
    least = {10_000: 3.0, 100_000: 4.0, 1_000_000: 5.0}
    ratios: dict[int, list[float]] = {}
    for report in reports:
        for row in report["batch"]:
            ratios.setdefault(row["size"], []).append(row["speedup_vs_numpy"])
    return [
        Figure(
            what=f"call prices against NumPy and SciPy, {size:,} options, {threads} threads",
            unit="times",
            at_least=least.get(size),
            **summarised(values),
        )
        for threads in {report["threads"] for report in reports}
        for size, values in ratios.items()
    ]


def _scale(reports: Sequence[Any]) -> list[Figure]:
    (report,) = reports
    limits = {"page": 3.0, "ledger to page": 3.0}
    labels = {"import": "libraries of the first page, loaded"}
    return [
        Figure(
            what=labels.get(name, f"{name} of {report['trials']:,} trials"),
            value=row["median_s"],
            low=row["min_s"],
            high=row["max_s"],
            unit="s",
            at_most=limits.get(name),
        )
        for name, row in report.items()
        if isinstance(row, dict)
    ]


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark(
        name="overhead",
        module="benchmarks.tighten.overhead",
        quick=("--trials", "3", "--launches", "3"),
        seconds=90,
    ),
    Benchmark(
        name="startup",
        module="benchmarks.tighten.startup",
        quick=("--rounds", "2"),
        seconds=60,
    ),
    Benchmark(
        name="profiling",
        module="benchmarks.tighten.profiling",
        quick=("--windows", "1"),
        seconds=100,
    ),
    Benchmark(name="edits", module="benchmarks.tighten.edit_forms", read=_forms, seconds=5),
    Benchmark(
        name="equal",
        module="benchmarks.tighten.verdicts",
        arguments=("--live", "--only", "equal"),
        quick=None,
        read=_equal,
        seconds=180,
    ),
    Benchmark(
        name="faster",
        module="benchmarks.tighten.verdicts",
        arguments=("--live", "--only", "faster"),
        quick=None,
        read=_faster,
        seconds=180,
    ),
    Benchmark(
        name="replay",
        module="benchmarks.tighten.verdicts",
        arguments=("--replay",),
        quick=("--replay", "--sessions", "20"),
        read=_replayed,
        seconds=120,
    ),
    Benchmark(
        name="reports",
        module="benchmarks.tighten.report_scale",
        quick=("--trials", "50", "--repeat", "1"),
        read=_scale,
        seconds=60,
    ),
    Benchmark(
        name="search",
        module="benchmarks.tighten.search",
        quick=("--seeds", "1"),
        seconds=240,
    ),
    Benchmark(
        name="evaluations",
        module="benchmarks.tighten.search",
        arguments=("--evaluations", "--seeds", "20"),
        quick=("--evaluations", "--seeds", "1"),
        seconds=120,
    ),
    Benchmark(
        name="racing",
        module="benchmarks.tighten.racing",
        quick=("--races", "20"),
        seconds=20,
    ),
    Benchmark(
        name="prices",
        module="quantforge.bench",
        arguments=("--threads", "2"),
        quick=("--sizes", "1000", "--samples", "5", "--budget", "0.1", "--threads", "2"),
        read=_prices,
        processes=7,
        document="quantforge",
        seconds=5,
    ),
    Benchmark(
        name="quantforge",
        module="benchmarks.quantforge.compare",
        arguments=("--instruction-set", "avx512"),
        quick=("--quick", "--instruction-set", "avx512"),
        notes=_instruction_set,
        document="quantforge",
        seconds=60,
    ),
    Benchmark(
        name="quantforge-avx2",
        module="benchmarks.quantforge.compare",
        arguments=("--instruction-set", "avx2"),
        quick=("--quick", "--instruction-set", "avx2"),
        notes=_instruction_set,
        document="quantforge",
        seconds=60,
    ),
    Benchmark(
        name="marsdisk",
        module="benchmarks.marsdisk.speed",
        quick=("--quick",),
        document="marsdisk",
        seconds=180,
    ),
    Benchmark(
        name="peers",
        module="benchmarks.quantforge.peers",
        quick=("--rounds", "3", "--sizes", "100", "1000"),
        notes=peers.notes,
        picture=peers.picture,
        document="quantforge",
        seconds=90,
    ),
)
