"""Someone else's projects: the tutorial's commands, on copies that know nothing of tighten.

Nothing is timed here: the gains are several times the noise, and a looser `alpha` than the
tutorial's saves launches.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from project import Project

TUTORIAL = Path(__file__).parents[4] / "docs" / "tutorial"
QUICK = ("-o", "decision.alpha=0.3", "-o", "decision.min_pairs=5", "-o", "benchmark.launches=1")


@dataclass(frozen=True)
class Lesson:
    """A project of the tutorial, and what its study is known to find."""

    directory: str
    parameter: str
    file: str
    before: str
    options: tuple[str, ...]
    leaves: str  # the file after `apply`, with {value} for the best value


LESSONS = (
    Lesson(
        directory="c-program",
        parameter="BLOCK",
        file="matmul.c",
        before="static const int BLOCK = 4;",
        options=("-o", "study.max_trials=2", "--strategy", "coordinate"),
        leaves="static const int BLOCK = {value};",
    ),
    Lesson(
        directory="python-package",
        parameter="CHUNK_BYTES",
        file="src/tally/__init__.py",
        before="CHUNK_BYTES = 256\n",
        options=("-o", "benchmark.warmup_launches=0"),
        leaves="CHUNK_BYTES = {value}\n",
    ),
)


def git(project: Project, *words: str) -> str:
    identity = ("-c", "user.name=Tutorial", "-c", "user.email=tutorial@example.org")
    done = subprocess.run(
        ["git", *identity, *words], cwd=project.root, capture_output=True, text=True, check=True
    )
    return done.stdout


def copied(lesson: Lesson, root: Path) -> Project:
    """Return a fresh repository with the files of a lesson."""
    left_behind = shutil.ignore_patterns(".tighten", "__pycache__", "matmul")
    project = Project(Path(shutil.copytree(TUTORIAL / lesson.directory, root, ignore=left_behind)))
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "start")
    return project


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.directory)
def test_the_tutorial_finds_confirms_and_applies_a_gain(lesson: Lesson, tmp_path: Path) -> None:
    project = copied(lesson, tmp_path / lesson.directory)
    for command in ("check", "params"):
        shown = project.tighten(command)
        assert shown.code == 0, shown.err
        assert lesson.parameter in shown.out

    done = project.tighten("tune", *lesson.options, *QUICK)
    assert done.code == 0, done.err
    assert git(project, "status", "--porcelain") == ""
    record = project.record()
    assert record["confirmation"]["outcome"] == "accept"
    assert record["confirmation"]["objective"]["low"] > 0
    value = record["trials"][record["best"]]["configuration"][lesson.parameter]

    applied = project.tighten("apply", "-o", "benchmark.launches=1")
    assert applied.code == 0, applied.err
    assert lesson.leaves.format(value=value) in (project.root / lesson.file).read_text()
    changed = git(project, "status", "--porcelain")
    assert changed == f" M {lesson.file}\n?? tighten-evidence.json\n"
    assert f"-{lesson.before}".strip() in applied.out

    assert project.tighten("restore").code == 0
    assert git(project, "status", "--porcelain") == ""
