"""What is recorded stays recorded, whatever happens to the process or the disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tighten.decision import Case, Status
from tighten.errors import FailureKind, StateError
from tighten.ledger import Ledger, now
from tighten.record import CaseSummary, Failure, Role, StudyRecord, TrialRecord

KEY = ("project", "study", "machine")


def study() -> StudyRecord:
    return StudyRecord(
        run=0,
        name="s",
        study_file="tighten.toml",
        project=".",
        started=now(),
        finished=None,
        status=None,
        cases=(Case(name="c"),),
        parameters=({"name": "A", "value": 1},),
        machine={"cpu": "x"},
        max_trials=3,
    )


def trial(number: int) -> TrialRecord:
    return TrialRecord(
        number=number,
        role=Role.SEARCH if number else Role.BASELINE,
        configuration={"A": number, "B": 0.1, "C": True, "D": "text"},
        started=now(),
        cases=(CaseSummary(case="c", values=(1.0, 2.0), median=1.5, unit="s"),),
        failure=Failure(kind=FailureKind.CRASH, message="m") if number == 2 else None,
    )


def test_a_study_comes_back_as_it_was(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "new" / "ledger.sqlite")
    begun = ledger.begin(study(), KEY)
    for number in range(3):
        ledger.append(begun.run, trial(number), [(True, '{"c": 1.0}', '{"c": 2.0}')])
    found = ledger.study()
    assert [t.number for t in found.trials] == [0, 1, 2]
    assert found.trials[1].configuration == {"A": 1, "B": 0.1, "C": True, "D": "text"}
    assert found.trials[2].failure == Failure(kind=FailureKind.CRASH, message="m")
    assert ledger.pairs(begun.run, 1) == ((True, '{"c": 1.0}', '{"c": 2.0}'),)
    assert ledger.key(begun.run) == KEY
    finished = ledger.finish(found, Status.EXHAUSTED, 1, None)
    ledger.close()
    again = Ledger(tmp_path / "new" / "ledger.sqlite")
    assert again.study() == finished
    assert finished.status is Status.EXHAUSTED
    assert finished.best == 1
    again.close()


def test_the_newest_run_is_the_default(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    first, second = ledger.begin(study(), KEY), ledger.begin(study(), KEY)
    assert ledger.runs() == (first.run, second.run)
    assert ledger.study().run == second.run
    assert ledger.study(first.run).run == first.run
    ledger.close()


def test_an_unknown_run_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with pytest.raises(StateError, match="holds no run 7"):
        ledger.study(7)
    ledger.close()


def test_a_trial_is_never_written_twice(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    run = ledger.begin(study(), KEY).run
    ledger.append(run, trial(0))
    with pytest.raises(StateError, match="UNIQUE"):
        ledger.append(run, trial(0))
    assert len(ledger.study().trials) == 1
    ledger.close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("these are notes of the user, and they stay\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StateError, match="cannot be used"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StateError, match="another version"):
        Ledger(path)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_ledger import KEY, study, trial
from tighten.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
run = ledger.begin(study(), KEY).run
for number in range(10_000):
    ledger.append(run, trial(number), [(True, "{}", "{}")] * 20)
    print(number, flush=True)
"""


def test_what_append_returned_from_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for stop_after in (1, 7, 23):
        path.unlink(missing_ok=True)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        last = 0
        for line in writer.stdout:
            last = int(line)
            if last >= stop_after:
                break
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        ledger = Ledger(path)
        numbers = [t.number for t in ledger.study().trials]
        assert numbers[: last + 1] == list(range(last + 1))
        assert all(len(ledger.pairs(1, number)) == 20 for number in numbers)
        ledger.close()
