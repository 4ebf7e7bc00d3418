"""Run the benchmarks, print one table, and keep the documents' tables true: `make bench`.

    python -m benchmarks.run                      # all of them, 23 minutes on two cores
    python -m benchmarks.run overhead startup     # some
    python -m benchmarks.run --quick              # only whether they work; proves no number
    python -m benchmarks.run --write              # and put the tables into docs/performance

``--write`` keeps what was measured in docs/performance/measured.json, replaces there what this run
measured anew, and writes every table from that file. What this machine cannot run keeps its table.
Exit status: 0 if everything that must be reached is, 1 if something is not, a benchmark failed or,
but for ``--quick``, could not be run here, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tighten.machine import fingerprint, processor_time

from benchmarks.documents import machine_line, theft, write_documents
from benchmarks.figures import UNABLE, Figure, aligned, as_json, cells
from benchmarks.registry import BENCHMARKS, Benchmark, named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
_MACHINE = ("cpu", "cores", "architecture", "memory_bytes", "kernel", "governor", "turbo", "load")
_PACKAGES = ("numpy", "scipy", "optuna", "opentuner")
_HEAD = ("what", "measured (spread)", "must be", "reached", "command")


class BenchmarkError(Exception):
    """A benchmark ended without numbers."""


class UnableError(BenchmarkError):
    """A benchmark needs what this machine does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one benchmark gave; ``trouble`` says why it gave nothing.

    ``is_broken`` tells a benchmark that failed from one that this machine cannot run. ``stolen`` is
    the share of the processor time wanted meanwhile that a hypervisor gave to others.
    """

    benchmark: Benchmark
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    picture: bytes | None = None
    seconds: float = 0.0
    stolen: float = 0.0
    trouble: str = ""
    is_broken: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether it gave numbers and none of them misses what it must be."""
        return not self.trouble and all(figure.is_reached is not False for figure in self.figures)

    def rows(self) -> list[tuple[str, ...]]:
        """Return its lines of the table."""
        command = self.benchmark.command
        if self.trouble:
            reached = "NO" if self.is_broken else "not here"
            return [(self.benchmark.name, self.trouble, "", reached, command)]
        return [(*cells(figure), command) for figure in self.figures]

    def as_json(self, machine: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers with when, where and how they were measured."""
        return as_json(
            self.figures,
            notes=list(self.notes),
            picture=f"{self.benchmark.name}.png" if self.picture else None,
            measured=datetime.now(UTC).isoformat(timespec="seconds"),
            command=self.benchmark.command,
            processes=self.benchmark.processes,
            seconds=round(self.seconds, 1),
            stolen=round(self.stolen, 3),
            machine=dict(machine),
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, write; return the exit status."""
    options = _options(argv)
    machine = _machine()
    results = [
        _measured(benchmark, quick=options.quick, place=f"{number} of {len(options.benchmarks)}")
        for number, benchmark in enumerate(options.benchmarks, start=1)
    ]
    print(machine_line(machine), end="\n\n")
    print(aligned([_HEAD, *(row for result in results for row in result.rows())]))
    for result in results:
        if said := theft(result.stolen):
            print(f"{result.benchmark.name}: {said}")
    reports = {r.benchmark.name: r.as_json(machine) for r in results if not r.trouble}
    if options.json:
        options.json.write_text(json.dumps(reports, indent=1) + "\n")
    if options.write:
        pictures = {f"{r.benchmark.name}.png": r.picture for r in results if r.picture}
        for path in write_documents(ROOT / "docs" / "performance", reports, pictures):
            print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)
    if options.quick:
        return int(any(result.is_broken for result in results))
    return int(not all(result.is_reached for result in results))


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description="Run the benchmarks and print one table of what they measured.",
        epilog="benchmarks: "
        + ", ".join(f"{one.name} ({one.seconds * one.processes:.0f} s)" for one in BENCHMARKS)
        + ". Example: python -m benchmarks.run overhead startup --json numbers.json",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to run (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help="show only that they work; numbers prove nothing"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument("--write", action="store_true", help="update docs/performance")
    options = parser.parse_args(argv)
    try:
        chosen = named(options.names)
    except ValueError as error:
        parser.error(str(error))
    if options.quick and options.write:
        parser.error("--quick proves no number, so it cannot be used with --write")
    options.benchmarks = [one for one in chosen if not options.quick or one.quick is not None]
    return options


def _measured(benchmark: Benchmark, *, quick: bool, place: str) -> Measured:
    started, before = time.monotonic(), processor_time()
    reports = []
    try:
        for process in range(1 if quick else benchmark.processes):
            part = f", process {process + 1} of {benchmark.processes}" if process else ""
            duration = "" if quick else f", about {benchmark.seconds:.0f} s"
            print(f"[{place}] {benchmark.name}{part}{duration}", file=sys.stderr, flush=True)
            arguments = benchmark.quick if quick else benchmark.arguments
            reports.append(_report(benchmark, arguments or ()))
    except BenchmarkError as error:
        is_broken = not isinstance(error, UnableError)
        return Measured(benchmark=benchmark, trouble=str(error), is_broken=is_broken)
    return Measured(
        benchmark=benchmark,
        figures=tuple(benchmark.read(reports)),
        notes=tuple(benchmark.notes(reports)),
        picture=benchmark.picture(reports) if benchmark.picture else None,
        seconds=time.monotonic() - started,
        stolen=(processor_time() - before).stolen_share,
    )


def _report(benchmark: Benchmark, arguments: Sequence[str]) -> Any:
    """Run a benchmark in a fresh process and return the JSON that it wrote."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        file = Path(folder, "report.json")
        command = [sys.executable, "-m", benchmark.module, *arguments, "--json", str(file)]
        done = subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False)
        if done.returncode == UNABLE:
            raise UnableError("this machine cannot run it; see its output")
        if done.returncode not in {0, 1}:
            raise BenchmarkError(f"failed with exit status {done.returncode}; see its output")
        try:
            return json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise BenchmarkError(f"wrote no numbers: {error}") from error


def _machine() -> dict[str, Any]:
    """Return what a reader needs to know about this machine and what was compared."""
    facts = fingerprint()
    packages = {name: facts["packages"][name] for name in _PACKAGES if name in facts["packages"]}
    shown = {name: facts[name] for name in _MACHINE if name in facts}
    return {**shown, "python": facts["python"], "packages": packages}


if __name__ == "__main__":
    raise SystemExit(main())
