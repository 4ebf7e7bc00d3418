"""What counts as overhead of a trial."""

from __future__ import annotations

import time
from pathlib import Path

from tighten.errors import FailureKind
from tighten.events import TrialDone
from tighten.record import Role, TrialRecord
from tighten.runner import Command, Completed, Places

from benchmarks.tighten import overhead, tuners


class Sleeping:
    """A runner whose processes live as long as their template says."""

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        seconds = float(command.template)
        time.sleep(seconds)
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
    runner = overhead.MeteredRunner(Sleeping())
    run(runner, 0.01, FailureKind.BUILD)
    run(runner, 0.02, FailureKind.GATE)
    run(runner, 0.04, FailureKind.CRASH)
    assert runner.seconds == 0.03


def test_processes_and_other_tuners_are_no_overhead() -> None:
    runner = overhead.MeteredRunner(Sleeping())
    clock = overhead.TrialClock(runner, {"other": lambda: time.sleep(0.2)})
    clock(done(0, Role.BASELINE))
    run(runner, 0.2, FailureKind.BUILD)
    run(runner, 0.3, FailureKind.CRASH)
    clock(done(1, benchmark_seconds=0.3))
    assert len(clock.overhead) == 1
    assert 0.0 <= clock.overhead[0] < 0.2
    assert [seconds >= 0.2 for seconds in clock.other_seconds["other"]] == [True, True]


def test_tuner_that_is_not_installed_is_named() -> None:
    missing = tuners.Tuner("no_such_tuner", lambda _space, _folder: lambda: None)
    found, names = tuners.available([missing])
    assert (found, names) == ([], ["no_such_tuner"])
