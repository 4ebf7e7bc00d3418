"""Failures that other tools get wrong: each is data, none wins, and the user's files stay.

Every test runs the command line on a real project in which one changed value misbehaves in one
way. The faulty candidate is twice as fast, so a tool that looks away accepts it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from pathlib import Path

import psutil
import pytest
from project import HANG_LIMIT, Project, sleeper

FAULTS = {
    "crash": ("crash", "SIGSEGV"),
    "status": ("crash", "exit status 3"),
    "hang": ("timeout", f"did not end within {HANG_LIMIT}"),
    "nothing": ("result", "wrote no result"),
    "garbage": ("result", "result"),
    "missing": ("result", "no case 'run'"),
    "nan": ("metric", "nan"),
    "negative": ("metric", "-0.01"),
    "zero": ("metric", "0.0"),
    "wrong": ("gate", "answer[1] = "),
}


def tuned(project: Project) -> dict:
    """Tune, and check what must hold after any study that was not told to apply."""
    before = project.files()
    done = project.tighten("tune")
    assert done.code == 0, done.err
    assert project.files() == before
    return project.record()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_candidate_is_recorded_and_never_wins(tmp_path: Path, fault: str) -> None:
    kind, said = FAULTS[fault]
    record = tuned(sleeper(tmp_path, fault=fault, values="10, 19"))
    first = record["trials"][1]
    assert first["failure"]["kind"] == kind
    assert said in first["failure"]["message"]
    assert record["best"] == 0
    assert record["confirmation"] is None
    assert len(record["trials"]) == 3, "the loop goes on after a failed trial"


def test_nothing_that_hung_is_left_running(tmp_path: Path) -> None:
    tuned(sleeper(tmp_path, fault="hang", values="10"))
    ours = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline", "environ"])
        if str(tmp_path) in str(process.info["environ"])
    ]
    assert ours == []


def test_a_build_error_is_recorded_with_its_output(tmp_path: Path) -> None:
    project = sleeper(
        tmp_path,
        values="10, 19",
        build="grep -q 'DELAY_MS = 20' settings.py || { echo no such value; exit 7; }",
    )
    record = tuned(project)
    failure = record["trials"][1]["failure"]
    assert failure["kind"] == "build"
    assert "exit status 7" in failure["message"]
    assert "no such value" in failure["tail"]
    assert "no such value" in Path(failure["log"]).read_text()


def test_a_compile_error_of_a_c_program(tmp_path: Path) -> None:
    source = Path(__file__).parents[4] / "docs" / "tutorial" / "c-program"
    project = Project(shutil.copytree(source, tmp_path / "c"))
    program = project.root / "matmul.c"
    # A block of 8 no longer compiles: the array gets a negative size.
    only_four = "#define BLOCK 4\ntypedef char only_four[BLOCK == 4 ? 1 : -1];\n"
    text = program.read_text()
    program.write_text(text.replace("static const int BLOCK = 4;\n", only_four))
    study = (project.root / "tighten.toml").read_text()
    study = study.replace("[4, 8, 16, 32, 64, 128, 384]", "[4, 8]")
    (project.root / "tighten.toml").write_text(study)
    record = tuned(project)
    failure = record["trials"][1]["failure"]
    assert failure["kind"] == "build"
    assert "only_four" in failure["tail"]
    assert "error" in failure["tail"]


def test_the_baseline_s_failure_ends_the_study(tmp_path: Path) -> None:
    project = sleeper(tmp_path, build="echo the compiler is missing; false")
    before = project.files()
    done = project.tighten("tune")
    assert done.code == 3
    assert "the project as it stands fails (build)" in done.err
    assert "the compiler is missing" in done.err
    assert project.files() == before


def test_a_stale_result_is_never_read(tmp_path: Path) -> None:
    project = sleeper(tmp_path, fault="nothing", values="10")
    stale = {"schema": "tighten-result-1", "cases": {"run": {"time": 1e-9}}}
    for place in (tmp_path, tmp_path / ".tighten" / "scratch"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "result").write_text(json.dumps(stale))
    record = tuned(project)
    assert record["trials"][1]["failure"]["kind"] == "result"


def test_a_mean_does_not_hide_a_case_that_lost(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10")
    program = (tmp_path / "program.py").read_text()
    program = program.replace(
        'cases = {"other"',
        'cases = {"small": {"time": 0.012 if changed else 0.010}, "other"',
    )
    (tmp_path / "program.py").write_text(program)
    study = (tmp_path / "tighten.toml").read_text()
    study = study.replace(
        '[[case]]\nname = "run"', '[[case]]\nname = "run"\n\n[[case]]\nname = "small"'
    )
    (tmp_path / "tighten.toml").write_text(study)
    record = tuned(project)
    verdict = record["trials"][1]["verdict"]
    assert verdict["objective"]["gain"] > 0.2, "the mean over both cases improves"
    assert verdict["outcome"] == "reject"
    assert "small" in verdict["reason"]


def test_the_best_values_are_what_apply_leaves(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10, 30")
    done = project.tighten("tune", "--apply")
    assert done.code == 0, done.err
    assert "DELAY_MS = 10  #" in (tmp_path / "settings.py").read_text()


def test_apply_refuses_a_file_that_changed_since_the_study(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10")
    tuned(project)
    settings = tmp_path / "settings.py"
    settings.write_text(settings.read_text() + "OTHER = 1\n")
    before = project.files()
    done = project.tighten("apply")
    assert done.code == 2
    assert "settings.py changed since run 1" in done.err
    assert project.files() == before


def test_apply_writes_nothing_if_a_quality_command_fails(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10")
    tuned(project)
    before = project.files()
    done = project.tighten("apply", "--quality", "echo a linter complains; exit 1")
    assert done.code == 1
    assert "a linter complains" in done.err
    assert project.files() == before


def test_ctrl_c_leaves_everything_resumable(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10, 30, 40")
    before = project.files()
    process = project.start("tune")
    ledger = tmp_path / ".tighten" / "ledger.sqlite"
    wait_for_trials(ledger, 2)
    process.send_signal(2)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "tighten resume" in err
    assert project.files() == before
    assert project.record()["status"] == "interrupted"
    assert project.tighten("resume").code == 0
    record = project.record()
    assert [trial["number"] for trial in record["trials"]] == [0, 1, 2, 3, 4]
    assert record["status"] == "exhausted"


def wait_for_trials(ledger: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if ledger.exists():
            database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)
            try:
                (found,) = database.execute("SELECT count(*) FROM trial").fetchone()
            except sqlite3.OperationalError:
                found = 0
            finally:
                database.close()
            if found >= count:
                return
        time.sleep(0.02)
    raise AssertionError(f"no {count} trials within two minutes")


def test_resume_refuses_a_project_that_changed(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10")
    tuned(project)
    (tmp_path / "program.py").write_text((tmp_path / "program.py").read_text() + "# changed\n")
    done = project.tighten("resume")
    assert done.code == 2
    assert "project's files changed since" in done.err


def test_a_second_tighten_is_refused(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="10, 30, 40")
    process = project.start("tune")
    wait_for_trials(tmp_path / ".tighten" / "ledger.sqlite", 1)
    done = project.tighten("tune")
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert done.code == 2
    assert "another tighten" in done.err


def test_a_read_only_project_needs_a_state_directory_elsewhere(tmp_path: Path, as_user) -> None:
    project = sleeper(tmp_path / "project", values="10")
    before = project.files()
    with as_user(project):
        refused = project.tighten("tune")
        assert refused.code == 2
        assert "--state" in refused.err
        done = project.tighten("tune", "--state", str(tmp_path / "state"))
        assert done.code == 0, done.err
    assert project.files() == before


def test_a_full_disk_is_one_clear_error_and_resume_goes_on(tmp_path: Path, small_disk) -> None:
    project = sleeper(tmp_path / "project", values="10, 30")
    before = project.files()
    state = small_disk / "state"
    filler = small_disk / "filler"
    process = project.start("tune", "--state", str(state))
    wait_for_trials(state / "ledger.sqlite", 1)
    fill(filler)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert "free" in err
    assert project.files() == before
    filler.unlink()
    done = project.tighten("resume", "--state", str(state))
    assert done.code == 0, done.err
    record = project.tighten("report", "--json", "--state", str(state)).json
    assert [trial["number"] for trial in record["trials"]] == [0, 1, 2, 3]


def fill(path: Path) -> None:
    """Take every byte that is left on a disk."""
    with path.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
