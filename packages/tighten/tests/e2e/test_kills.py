"""kill -9 at random moments: the user's files are as before, and `tighten resume` goes on."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from project import Project, sleeper

if TYPE_CHECKING:
    from pathlib import Path

PLACES = ["trees", "in place"]


def project_in(root: Path, place: str) -> Project:
    project = sleeper(root, values="10, 30, 15, 25", build="cp settings.py built.txt; sleep 0.05")
    if place == "in place":
        study = (root / "tighten.toml").read_text()
        built = 'in_place = true\noutputs = ["built.txt"]\n'
        study = study.replace("\n[benchmark]", f"{built}\n[benchmark]")
        (root / "tighten.toml").write_text(study)
        (root / "built.txt").write_text((root / "settings.py").read_text())
    return project


def survives_kills(project: Project, kills: int, seed: int) -> None:
    """Kill the study again and again, and let the last resume end it."""
    before = project.files()
    draw = random.Random(seed)
    for _ in range(kills):
        started = project.files()
        words = ["resume"] if (project.root / ".tighten" / "ledger.sqlite").exists() else ["tune"]
        with project.start(*words) as process:
            time.sleep(draw.uniform(0.3, 4.0))
            process.kill()
        restored = project.tighten("restore")
        assert restored.code == 0, restored.err
        assert project.files() == before, f"killed after {words} from {started}"
    done = project.tighten("resume")
    if (
        done.code == 2 and "start one with `tighten tune`" in done.err
    ):  # killed before the first run
        done = project.tighten("tune")
    assert done.code == 0, done.err
    assert project.files() == before
    record = project.record()
    numbers = [trial["number"] for trial in record["trials"]]
    assert numbers == list(range(len(numbers)))
    best = record["trials"][record["best"]]["configuration"]
    assert best in ({"DELAY_MS": 10}, {"DELAY_MS": 20}), "a busy machine may leave the baseline"
    configurations = [
        trial["configuration"]["DELAY_MS"]
        for trial in record["trials"]
        if trial["role"] == "search"
    ]
    assert sorted(configurations) == [10, 15, 25, 30], "no configuration is tried twice"


@pytest.mark.parametrize("place", PLACES)
def test_a_few_kills(tmp_path: Path, place: str) -> None:
    survives_kills(project_in(tmp_path, place), kills=3, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(5))
def test_sixty_kills_each(tmp_path: Path, place: str, seed: int) -> None:
    survives_kills(project_in(tmp_path, place), kills=12, seed=seed)
