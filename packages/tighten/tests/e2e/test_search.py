"""The default search and a race through the command line, on a program whose best is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from project import sleeper

if TYPE_CHECKING:
    from pathlib import Path

VALUES = "10, 25, 30, 35, 40"


def test_the_portfolio_s_candidates_race_and_the_best_is_kept(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values=VALUES)
    race = "search.racing={ candidates = 4, blocks = 2 }"
    assert "portfolio: 4 trials" in project.tighten("check").out
    done = project.tighten("tune", "-o", race)
    assert done.code == 0, done.err
    record = project.record()
    raced = [trial for trial in record["trials"] if trial["role"] == "search"]
    assert len(raced) == 4
    assert {trial["race"]["number"] for trial in raced} == {1}
    for trial in raced:
        delay = trial["configuration"]["DELAY_MS"]
        assert abs(trial["verdict"]["objective"]["gain"] - (1 - delay / 20)) < 0.3
    assert raced[-1]["race"]["rung"] == -1
    assert raced[-1]["configuration"] == {"DELAY_MS": 10}
    assert record["trials"][record["best"]]["configuration"] == {"DELAY_MS": 10}
