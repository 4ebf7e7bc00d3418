"""Time and size of every report of a long study: 10,000 trials by default.

    python benchmarks/tighten/report_scale.py
    python benchmarks/tighten/report_scale.py --trials 1000 --repeat 5 --json report_scale.json

The study is a random search over two constants with 3 % failed builds, drawn from a fixed seed.
Each figure is the median of the repetitions, with the smallest and the largest. The first page of
a process also imports Matplotlib and Jinja2; that time is shown apart, in fresh processes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tighten.ledger import Ledger
from tighten.report import (
    MarkdownTable,
    Page,
    TerminalSummary,
    export,
    from_json,
    to_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packages" / "tighten" / "tests"))
records: Any = importlib.import_module("report.records")


LIMITS = {"ledger to page": (3.0, 5_000_000)}  # s, bytes


@dataclass(frozen=True)
class Row:
    """One report: seconds of each repetition, and its bytes."""

    name: str
    seconds: list[float]
    size: int

    def as_json(self) -> dict[str, object]:
        """Return the row with its median and its extremes."""
        return {
            "median_s": statistics.median(self.seconds),
            "min_s": min(self.seconds),
            "max_s": max(self.seconds),
            "bytes": self.size,
        }


def timed(name: str, make: Callable[[], object], repeat: int) -> Row:
    seconds = []
    for _ in range(repeat):
        begun = time.perf_counter()
        result = make()
        seconds.append(time.perf_counter() - begun)
    size = len(result.encode()) if isinstance(result, str) else 0
    return Row(name, seconds, size)


def import_seconds(repeat: int) -> Row:
    """Time a fresh process that imports the page, less one that imports nothing."""
    seconds = []
    for _ in range(repeat):
        spans = []
        for code in ("pass", "import tighten.report.page"):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            spans.append(time.perf_counter() - begun)
        seconds.append(spans[1] - spans[0])
    return Row("import", seconds, 0)


def from_ledger(study: Any, folder: Path) -> Callable[[], str]:
    """Write the study into a ledger; return what `tighten report` does with it."""
    ledger = Ledger(folder / "ledger.sqlite")
    begun = ledger.begin(study, ("project", "study", "machine"))
    for trial in study.trials:
        ledger.append(begun.run, trial)
    ledger.finish(begun, study.status, study.best, study.confirmation)
    ledger.close()

    def read_and_render() -> str:
        opened = Ledger(folder / "ledger.sqlite")
        found = Page().render(opened.study())
        opened.close()
        return found

    return read_and_render


def measure(trials: int, repeat: int) -> list[Row]:
    study = records.large(trials)
    text = to_json(study)
    rows = [
        import_seconds(repeat),
        timed("page", lambda: Page().render(study), repeat),
        timed("terminal summary", lambda: TerminalSummary().render(study), repeat),
        timed("markdown table", lambda: MarkdownTable().render(study), repeat),
        timed("JSON, write", lambda: to_json(study), repeat),
        timed("JSON, read back", lambda: from_json(text), repeat),
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows.append(timed("ledger to page", from_ledger(study, Path(folder)), repeat))
    with tempfile.TemporaryDirectory() as folder:
        row = timed("export, one file per trial", lambda: export(study, Path(folder)), 1)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return [*rows, Row(row.name, row.seconds, size)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    options = parser.parse_args()
    rows = measure(options.trials, options.repeat)
    print(f"{options.trials:,} trials, {options.repeat} repetitions")
    print(f"{'report':<28}{'median s':>10}{'min s':>10}{'max s':>10}{'MB':>10}")
    for row in rows:
        middle = statistics.median(row.seconds)
        numbers = "".join(f"{x:>10.3f}" for x in (middle, min(row.seconds), max(row.seconds)))
        print(f"{row.name:<28}{numbers}{row.size / 1e6:>10.2f}")
    if options.json:
        figures = {row.name: row.as_json() for row in rows}
        options.json.write_text(json.dumps({"trials": options.trials, **figures}, indent=1) + "\n")
    by_name = {row.name: row for row in rows}
    within = all(
        statistics.median(by_name[name].seconds) <= seconds and by_name[name].size <= size
        for name, (seconds, size) in LIMITS.items()
    )
    print(f"ledger to page within 3 s and 5 MB: {'yes' if within else 'NO'}")
    return 0 if within else 1


if __name__ == "__main__":
    raise SystemExit(main())
