"""The guard over a real repository: losses are found, nothing is claimed without measuring."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from project import Project, sleeper

if TYPE_CHECKING:
    from pathlib import Path


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0")
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = sleeper(tmp_path / "p")
    (project.root / ".gitignore").write_text("__pycache__\n")
    git(project.root, "init", "-q")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-qm", "start")
    return project


def set_delay(project: Project, milliseconds: int) -> None:
    settings = project.root / "settings.py"
    settings.write_text(f"DELAY_MS = {milliseconds}\n")


def test_a_loss_against_the_baselines_commit_fails_the_guard(
    project: Project, tmp_path: Path
) -> None:
    assert project.tighten("guard").code == 2  # no baseline yet
    saved = project.tighten("guard", "--save", "--launches", "5")
    assert saved.code == 0, saved.err
    assert "run in pairs with commit" in saved.out

    summary = tmp_path / "summary.md"
    set_delay(project, 24)
    found = project.tighten("guard", "--json", GITHUB_STEP_SUMMARY=str(summary))
    assert found.code == 1, found.err
    assert found.json["method"] == "pairs"
    (change,) = found.json["changes"]
    assert change["outcome"] == "reject"
    assert -0.25 < change["gain"] < -0.15
    text = summary.read_text()
    assert "**Regression against revision" in text
    assert "| run | 20.00 ms | 24.00 ms |" in text.replace("\xa0", " ")

    set_delay(project, 20)
    same = project.tighten("guard")
    assert same.code == 0, same.out
    assert same.out.count("within") == 1
    assert "No regression against revision" in same.out


def test_other_numbers_fail_the_guard_and_verify_against(project: Project) -> None:
    check = (project.root / "check.py").read_text()
    (project.root / "check.py").write_text(check.replace("2.0", "2.25"))
    for words in (("guard", "--against", "HEAD"), ("verify", "--against", "HEAD")):
        done = project.tighten(*words)
        assert done.code == 1, done.err
        assert "same answer" in done.out
        assert "2.25" in done.out
    (project.root / "check.py").write_text(check)
    assert project.tighten("verify", "--against", "HEAD").code == 0
    assert project.tighten("verify", "--against", "no-such-revision").code == 2


def test_a_revision_that_fails_is_not_the_projects_fault(project: Project) -> None:
    program = (project.root / "program.py").read_text()
    (project.root / "program.py").write_text("raise SystemExit(1)\n")
    git(project.root, "commit", "-qam", "broken")
    (project.root / "program.py").write_text(program)
    broken = project.tighten("guard", "--against", "HEAD")
    assert broken.code == 3, broken.err
    assert "does not run (crash)" in broken.err


@pytest.mark.long
def test_stored_launches_serve_on_the_same_machine_only(tmp_path: Path) -> None:
    project = sleeper(tmp_path / "p")
    assert project.tighten("guard", "--save", "--launches", "8").code == 0
    set_delay(project, 40)
    slower = project.tighten("guard")
    assert slower.code == 1, slower.err
    assert "not measured side by side" in slower.out
    set_delay(project, 10)
    assert project.tighten("guard").code == 0

    path = project.root / "tighten-baseline.json"
    baseline = json.loads(path.read_text())
    baseline["machine"]["host"] = "another"
    path.write_text(json.dumps(baseline))
    elsewhere = project.tighten("guard")
    assert elsewhere.code == 2
    assert "another machine" in elsewhere.err
    path.write_text("{}")
    assert "write a new one" in project.tighten("guard").err
