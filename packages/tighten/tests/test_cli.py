"""What every command says and returns before it does anything expensive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tighten.cli import cli

if TYPE_CHECKING:
    from pathlib import Path


def tighten(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tighten", *words],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "settings.py").write_text("SIZE = 30_000  # rows\n")
    (tmp_path / "tighten.toml").write_text(
        '[study]\nname = "s"\n'
        '[benchmark]\ncommand = "true"\nformat = "process"\n'
        '[[case]]\nname = "c"\n'
        '[[parameter]]\nname = "SIZE"\nsource = "settings.py"\nvalues = [10_000, 30_000]\n'
    )
    return tmp_path


@pytest.mark.parametrize("command", ["", *cli.commands])
def test_help_is_short_and_has_no_markup(tmp_path: Path, command: str) -> None:
    done = tighten(*command.split(), "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "\b" not in done.stdout
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["tune", "--max-trials", "zero"],
        ["tune", "nowhere"],
        ["tune", "-o", "study.max_trial=3"],
        ["tune", "-o", "no equals sign"],
        ["measure", "--set", "SIZ=3"],
        ["set", "SIZE"],
        ["set", "SIZE=-1.5e400"],
        ["report"],
        ["resume"],
        ["apply"],
        ["compare", "working", "no-such-revision"],
        ["unknown"],
    ],
)
def test_usage_errors_are_one_message_and_exit_code_2(project: Path, words: list[str]) -> None:
    before = (project / "settings.py").read_bytes()
    done = tighten(*words, cwd=project)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert (project / "settings.py").read_bytes() == before


def test_unknown_parameters_name_the_nearest(project: Path) -> None:
    done = tighten("measure", "--set", "SIZ=3", cwd=project)
    assert "did you mean SIZE?" in done.stderr


def test_set_and_restore_are_lossless(project: Path) -> None:
    before = (project / "settings.py").read_bytes()
    done = tighten("set", "SIZE=10000", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "-SIZE = 30_000  # rows" in done.stdout
    assert (project / "settings.py").read_text() == "SIZE = 10_000  # rows\n"
    assert "10000" in tighten("params", cwd=project).stdout
    assert tighten("restore", cwd=project).stdout == "restored settings.py\n"
    assert (project / "settings.py").read_bytes() == before
    assert tighten("restore", cwd=project).stdout == "nothing to restore\n"


def test_restore_leaves_a_file_that_was_edited_since(project: Path) -> None:
    tighten("set", "SIZE=10000", cwd=project)
    (project / "settings.py").write_text("SIZE = 5\n")
    done = tighten("restore", cwd=project)
    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert (project / "settings.py").read_text() == "SIZE = 5\n"


def test_machines_read_json(project: Path) -> None:
    plan = json.loads(tighten("check", "--json", cwd=project).stdout)
    assert plan["name"] == "s"
    (size,) = json.loads(tighten("params", "--json", cwd=project).stdout)
    assert (size["name"], size["value"]) == ("SIZE", 30000)
    assert size["place"] == "settings.py:1:8"
    measured = json.loads(tighten("measure", "--json", "--launches", "2", cwd=project).stdout)
    assert len(measured["cases"][0]["values"]) == 2


def test_check_fits_80_columns(project: Path) -> None:
    done = tighten("check", cwd=project)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_init_never_overwrites(project: Path) -> None:
    before = (project / "tighten.toml").read_bytes()
    done = tighten("init", cwd=project)
    assert done.returncode == 2
    assert (project / "tighten.toml").read_bytes() == before


def test_doctor_compares_a_program_with_itself(tmp_path: Path) -> None:
    done = tighten("doctor", "--sessions", "1", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sessions"] == 1
    assert found["pairs"] >= 8
    assert found["spread"] > 0


def test_compare_of_two_result_files_gives_no_verdict(project: Path) -> None:
    text = (project / "tighten.toml").read_text()
    text = text.replace('"true"', '"true {result}"').replace('"process"', '"tighten"')
    (project / "tighten.toml").write_text(text)
    for name, seconds in (("a.json", 2.0), ("b.json", 1.0)):
        result = {"schema": "tighten-result-1", "cases": {"c": {"time": seconds}}}
        (project / name).write_text(json.dumps(result))
    done = tighten("compare", "a.json", "b.json", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "no verdict" in done.stdout
