"""What counts as overhead of a trial."""

from __future__ import annotations

from pathlib import Path

from tighten.errors import FailureKind
from tighten.events import TrialDone
from tighten.record import Role, TrialRecord
from tighten.runner import Command, Completed, Places

from benchmarks.tighten import overhead, tuners


class Clock:
    """Seconds that pass only when a process or another tuner takes them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class Timed:
    """A runner whose processes live as long as their template says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        seconds = float(command.template)
        self._clock.pass_by(seconds)
        return Completed(wall=seconds, cpu=0.0, involuntary_switches=0, load=0.0, log=log)


def run(runner: overhead.MeteredRunner, seconds: float, kind: FailureKind) -> None:
    here = Path()
    places = Places(trial=here, artifacts=here, result=here, python="python", cpus=1)
    runner.run(Command(template=str(seconds), timeout=1.0), places, log=here, kind_on_failure=kind)


def done(number: int, role: Role = Role.SEARCH, benchmark_seconds: float = 0.0) -> TrialDone:
    record = TrialRecord(
        number=number,
        role=role,
        configuration={},
        started="",
        benchmark_seconds=benchmark_seconds,
    )
    return TrialDone(record=record, best=0)


def test_metered_runner_counts_builds_and_gates_alone() -> None:
    runner = overhead.MeteredRunner(Timed(Clock()))
    run(runner, 1.0, FailureKind.BUILD)
    run(runner, 2.0, FailureKind.GATE)
    run(runner, 4.0, FailureKind.CRASH)
    assert runner.seconds == 3.0


def test_processes_and_other_tuners_are_no_overhead() -> None:
    clock = Clock()
    runner = overhead.MeteredRunner(Timed(clock))
    trials = overhead.TrialClock(runner, {"other": lambda: clock.pass_by(16.0)}, now=clock)
    trials(done(0, Role.BASELINE))
    run(runner, 2.0, FailureKind.BUILD)
    run(runner, 4.0, FailureKind.CRASH)
    clock.pass_by(1.0)
    trials(done(1, benchmark_seconds=4.0))
    assert trials.overhead == [1.0]
    assert trials.other_seconds == {"other": [16.0, 16.0]}


def test_tuner_that_is_not_installed_is_named() -> None:
    missing = tuners.Tuner("no_such_tuner", lambda _space, _folder: lambda: None)
    found, names = tuners.available([missing])
    assert (found, names) == ([], ["no_such_tuner"])
