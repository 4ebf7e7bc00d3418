"""What tighten itself costs: per trial, and per launch of the benchmark.

    python -m benchmarks.tighten.overhead
    python -m benchmarks.tighten.overhead --trials 20 --launches 50 --json overhead.json

A real study of a tiny project runs to its end: edits in two trial trees, a build command, a gate,
a fixed number of pairs of a trivial program, and a ledger that is flushed to disk after each
trial. The overhead of a trial is the time from one recorded trial to the next, less the time that
the processes of build, gate and benchmark lived and that others kept the machine's measuring lock.
All else counts: the proposal, the edits, the hash of the code, what comes before and after each
process, reading the results, the verdicts, SQLite.

After each trial every other tuner that is installed does one of its own (ask, tell, store), so all
see the same machine. They start no process; what tighten spends around its own is given apart, as
the difference between its launch and a bare `subprocess.run` of the same line, in random order.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.bench import Bench
from tighten.errors import FailureKind
from tighten.events import Event, TrialDone
from tighten.ledger import Ledger
from tighten.provenance import new_record, run_key
from tighten.record import Role
from tighten.runner import Command, Completed, Places, Runner, Subprocess, launch, shell_line
from tighten.session import Session
from tighten.study import Study
from tighten.trial import Site, open_workplace

from benchmarks.figures import Figure, concluded, summarised
from benchmarks.tighten.tuners import TUNERS, Trial, available

if TYPE_CHECKING:
    from tighten.options import Options

PAIRS = 8  # the fewest that decide by default; half of what equal programs take on average
MOST_MS = 20.0  # per trial
SPACE: Mapping[str, tuple[int, int]] = {"BLOCK": (1, 64), "UNROLL": (1, 8)}

FILES = {
    "settings.py": "BLOCK = 16  # rows\nUNROLL = 4\n",
    "program.py": """\
import sys, time
from settings import BLOCK, UNROLL
start = time.perf_counter()
total = sum(range(20_000 + 0 * BLOCK * UNROLL))
with open(sys.argv[1], "w") as file:
    file.write('{"schema": "tighten-result-1", "cases": {"run": {"time": %r}}}'
               % (time.perf_counter() - start))
""",
    "check.py": """\
import sys
from settings import BLOCK, UNROLL
with open(sys.argv[1], "w") as file:
    file.write('{"total": %d}' % sum(range(1000)))
""",
    "tighten.toml": """\
[study]
name = "overhead"
max_trials = TRIALS

[build]
command = "cp settings.py {artifacts}/"

[benchmark]
command = "{python} -S program.py {result}"
warmup_launches = 0

[[case]]
name = "run"

[[parameter]]
name = "BLOCK"
source = "settings.py"
range = { low = 1, high = 64 }

[[parameter]]
name = "UNROLL"
source = "settings.py"
range = { low = 1, high = 8 }

[[gate]]
name = "same total"
command = "{python} -S check.py {result}"
compare = "arrays"

[search]
strategy = "random"

[profile]
tool = "none"

[decision]
min_pairs = PAIRS
interest = 0.5  # so much gain is implausible at once: every verdict falls with the fewest pairs
""",
}


class MeteredRunner:
    """Adds up how long the processes of builds and gates lived; trials record the benchmark's."""

    def __init__(self, inner: Runner) -> None:
        self._inner = inner
        self.seconds = 0.0

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        """Run a command by the other runner; see `tighten.runner.Runner`."""
        done = self._inner.run(command, places, log=log, kind_on_failure=kind_on_failure)
        if kind_on_failure in {FailureKind.BUILD, FailureKind.GATE}:
            self.seconds += done.wall
        return done


@dataclass(slots=True)
class TrialClock:
    """Listens to a study and notes what each search trial cost beyond its processes.

    Between two trials the other tuners do one each, outside of tighten's time.
    """

    runner: MeteredRunner
    others: Mapping[str, Trial]
    now: Callable[[], float] = time.perf_counter
    overhead: list[float] = field(default_factory=list)  # s
    other_seconds: dict[str, list[float]] = field(default_factory=dict)
    _begun: float = 0.0
    _metered: float = 0.0

    def __call__(self, event: Event) -> None:
        """Take note of a trial that is in the ledger."""
        if not isinstance(event, TrialDone):
            return
        elapsed = self.now() - self._begun
        if event.record.role is Role.SEARCH:
            processes = self.runner.seconds - self._metered + event.record.benchmark_seconds
            self.overhead.append(elapsed - processes)
            _progress(f"trial {event.record.number}")
        for name, trial in self.others.items():
            started = self.now()
            trial()
            self.other_seconds.setdefault(name, []).append(self.now() - started)
        self._metered = self.runner.seconds
        self._begun = self.now()


def main() -> int:
    """Measure, print and write the numbers; 1 if a trial costs too much."""
    options = _options()
    peers, missing = available(() if options.alone else TUNERS)
    with tempfile.TemporaryDirectory(prefix="tighten-overhead-") as folder:
        project = _project(Path(folder), trials=options.trials, pairs=options.pairs)
        study = Study.load(project)
        others = {tuner.label: tuner.open(SPACE, Path(folder)) for tuner in peers}
        clock = _run(study.options, others)
        spans = _launches(study.options, options.launches)
    figures = _figures(clock, spans, options.pairs)
    remedy = "is not installed, so not compared: `uv sync --group peers`"
    return concluded(
        figures,
        options.json,
        notes=[f"{name} {remedy}" for name in missing],
        trials=len(clock.overhead),
        missing=missing,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", maxsplit=1)[0],
        epilog="example: python -m benchmarks.tighten.overhead --trials 200 --alone",
    )
    parser.add_argument("--trials", type=int, default=80, help="of the study (default 80)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"per trial (default {PAIRS})")
    parser.add_argument("--launches", type=int, default=200, help="of each kind (default 200)")
    parser.add_argument("--alone", action="store_true", help="leave the other tuners out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    return parser.parse_args()


def _project(folder: Path, *, trials: int, pairs: int) -> Path:
    project = folder / "project"
    project.mkdir()
    for name, text in FILES.items():
        filled = text.replace("TRIALS", str(trials)).replace("PAIRS", str(pairs))
        (project / name).write_text(filled)
    return project


def _run(options: Options, others: Mapping[str, Trial]) -> TrialClock:
    """Run a whole study, as `Study.tune` does, with a runner that keeps time."""
    runner = MeteredRunner(Subprocess(options.benchmark.conditions))
    clock = TrialClock(runner, others)
    site = Site(
        project=options.project,
        state=options.state,
        parameters=options.parameters,
        build=options.build,
        python=options.python,
        cpus=options.cpus,
    )
    ledger = Ledger(options.state / "ledger.sqlite")
    try:
        with open_workplace(site, runner) as workplace:
            bench = Bench(options, runner=runner, workplace=workplace, listener=clock)
            session = Session(options, bench=bench, ledger=ledger, listener=clock)
            session.start(new_record(options), run_key(options))
    finally:
        ledger.close()
        _progress("")
    return clock


def _launches(options: Options, count: int) -> list[float]:
    """Return how much longer each launch took than a bare run of the same line [s]."""
    runner, coin = Subprocess(options.benchmark.conditions), random.Random(1)
    scratch = options.state / "scratch" / "launches"
    scratch.mkdir(parents=True)
    places = Places(
        trial=options.project,
        artifacts=scratch,
        result=scratch / "result",
        python=options.python,
        cpus=options.cpus,
    )
    command = options.benchmark.command
    line = ["/bin/sh", "-c", shell_line(command.template, places)]

    def watched() -> None:
        launch(runner, command, places, format=options.benchmark.format, log=scratch / "log")

    def bare() -> None:
        subprocess.run(line, cwd=places.trial, check=True)

    differences = []
    for _ in range(count):
        seconds = {}
        for side in sorted((watched, bare), key=lambda _: coin.random()):
            started = time.perf_counter()
            side()
            seconds[side] = time.perf_counter() - started
        differences.append(seconds[watched] - seconds[bare])
    return differences


def _figures(clock: TrialClock, spans: Sequence[float], pairs: int) -> list[Figure]:
    milliseconds = [1e3 * span for span in clock.overhead]
    label = f"overhead of a trial with {pairs} pairs, ledger flushed"
    figures = [Figure(what=label, unit="ms", at_most=MOST_MS, **summarised(milliseconds))]
    for name, seconds in clock.other_seconds.items():
        numbers = summarised([1e3 * span for span in seconds[1:]])
        what = f"a trial of {name} in SQLite, without launches"
        figures.append(Figure(what=what, unit="ms", **numbers))
    numbers = summarised([1e3 * span for span in spans])
    return [*figures, Figure(what="a launch beyond a bare process", unit="ms", **numbers)]


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:20}\r", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
