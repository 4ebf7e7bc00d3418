"""How much longer a program takes while a profile of it is taken.

    python -m benchmarks.tighten.profiling
    python -m benchmarks.tighten.profiling --windows 100 --json profiling.json

A Python program works for as long as the measurement lasts and notes how long each piece of work
took. A profiler watches it in every other window of two seconds, at the rate that tighten uses for
ten minutes; the median piece of a watched window is compared with that of the one before. So drift
and other load of the machine fall on both sides. What a profiler does once, at its start, is not
in it: a run of ten minutes pays that once.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tighten.profile import Sampling, Tool
from tighten.profile.profilers import choose, program

from benchmarks.figures import Figure, concluded, summarised

MOST_PERCENT = 3.0
WINDOW = 2.0  # s
RATE = Sampling().rate_of(600.0)  # samples per second
START = 0.8  # s that a profiler may take until it samples
PROGRAM = """\
import sys, time

def term(i):
    return 1.0 / (i * i + 1.0)

def piece():
    return sum(term(i) for i in range(200000))

with open(sys.argv[1], "w", buffering=1) as out:
    while True:
        start = time.monotonic()
        piece()
        end = time.monotonic()
        print(start, end, file=out)
"""


def watched(tool: Tool, process: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a profiler on a running process, for the length of a window."""
    path, rate, out = program(tool) or str(tool), str(RATE), str(folder / "recorded")
    native = ["--native"] if Sampling().native else ["--nonblocking"]
    command = {
        Tool.PYSPY: [path, "record", "--format", "speedscope", "--output", out, "--rate", rate,
                     "--duration", f"{WINDOW + START:.0f}", *native, "--pid", str(process)],
        Tool.PERF: [path, "record", "--quiet", "--event", "cpu-clock:u", "--freq", rate,
                    "--call-graph", "fp", "--output", out, "--pid", str(process),
                    "--", "sleep", str(WINDOW + START)],
    }[tool]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def overheads(tool: Tool, *, windows: int) -> list[float]:
    """Return the extra time of each watched window in % of the window before."""
    with tempfile.TemporaryDirectory(prefix="tighten-profiling-") as name:
        folder = Path(name)
        (folder / "program.py").write_text(PROGRAM)
        words = [sys.executable, str(folder / "program.py"), str(folder / "pieces")]
        with subprocess.Popen(words) as worker:
            try:
                time.sleep(1.0)
                spans = [_pair(tool, worker.pid, folder) for _ in range(windows)]
            finally:
                worker.kill()
        rows = [line.split() for line in (folder / "pieces").read_text().splitlines()]
        pieces = [(float(row[0]), float(row[1])) for row in rows if len(row) == 2]
    alone, profiled = ([_median_piece(pieces, pair[side]) for pair in spans] for side in (0, 1))
    return [100 * (b / a - 1) for a, b in zip(alone, profiled, strict=True)]


def _pair(
    tool: Tool, process: int, folder: Path
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the spans of a window without the profiler and of one with it."""
    start = time.monotonic()
    time.sleep(WINDOW)
    alone = start, time.monotonic()
    with watched(tool, process, folder) as profiler:
        time.sleep(START)
        start = time.monotonic()
        time.sleep(WINDOW - 0.2)
        profiled = start, time.monotonic()
        profiler.wait()
    if not (folder / "recorded").stat().st_size:
        raise RuntimeError(f"{tool} recorded nothing")
    return alone, profiled


def _median_piece(pieces: list[tuple[float, float]], span: tuple[float, float]) -> float:
    inside = [end - start for start, end in pieces if span[0] <= start and end <= span[1]]
    return statistics.median(inside)


def main() -> int:
    """Measure, print and write the numbers; 1 if a profiler costs too much."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", maxsplit=1)[0],
        epilog="example: python -m benchmarks.tighten.profiling --windows 100",
    )
    parser.add_argument("--windows", type=int, default=9, help="for each profiler (default 9)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    given = parser.parse_args()
    figures = [
        Figure(
            what=f"a Python program while {tool} samples it at {RATE} Hz: longer by",
            unit="%",
            at_most=MOST_PERCENT,
            **summarised(overheads(tool, windows=given.windows)),
        )
        for tool in (Tool.PYSPY, Tool.PERF)
        if choose(tool, sys.executable).tool is tool
    ]
    return concluded(figures, given.json)


if __name__ == "__main__":
    raise SystemExit(main())
