"""The dynamic threshold through the command line: measured, fitted, generated, proved, applied."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from project import Project

if TYPE_CHECKING:
    from pathlib import Path

MODES = """\
# How a job of some size is done; see program.py.
# tighten:MODES:begin
MODES = (
    (0, "alone"),
)
# tighten:MODES:end
"""
# Alone, a job takes 0.1 us for each item; shared, half of that after 1 ms: they cross at 20,000.
# The times are what this says, with 1 % of noise, so that the outcome does not hang on the machine.
PROGRAM = """\
import json, random, sys
from modes import MODES

def work(size):
    mode = [name for smallest, name in MODES if size >= smallest][-1]
    seconds = size * 1e-7 if mode == "alone" else 1e-3 + size * 5e-8
    return seconds * random.SystemRandom().lognormvariate(0, 0.01)

sizes = (2_000, 10_000, 60_000, 150_000)
cases = {f"size_{n}": {"time": [work(n) for _ in range(3)]} for n in sizes}
with open(sys.argv[1], "w") as file:
    json.dump({"schema": "tighten-result-1", "cases": cases}, file)
"""
CASE = '[[case]]\nname = "size_{0}"\nsize = {0}\nmax_regression = 0.10\n'
STUDY = """\
[study]
name = "modes"

[benchmark]
command = "{python} program.py {result}"
warmup_launches = 0
launches = 3

[[parameter]]
name = "MODES"
table = "modes.py"
strategies = { alone = '"alone"', shared = '"shared"' }

[search]
strategy = "cost-model"

[decision]
alpha = 0.1
min_pairs = 5
max_pairs = 16

"""


def modes(root: Path) -> Project:
    (root / "modes.py").write_text(MODES)
    (root / "program.py").write_text(PROGRAM)
    cases = [CASE.format(size) for size in (2_000, 10_000, 60_000, 150_000)]
    (root / "tighten.toml").write_text(STUDY + "\n".join(cases))
    return Project(root)


def test_a_table_that_serves_every_size_is_found_proved_and_written(tmp_path: Path) -> None:
    project = modes(tmp_path)
    done = project.tighten("tune")
    assert done.code == 0, done.err
    record = project.record()
    # Shared everywhere loses at small sizes, alone everywhere is the start: only a table wins.
    assert record["confirmation"]["outcome"] == "accept"
    assert len(record["trials"]) <= 6
    for evidence in record["confirmation"]["cases"]:
        assert evidence["e_not_worse"] >= 10

    shown = project.tighten("table", "--json").json
    assert [name for _, name in shown["rows"]] == ["alone", "shared"]
    assert 14_000 <= shown["rows"][1][0] <= 30_000
    assert "from 2" in project.tighten("table").out
    table = project.tighten("report", "--markdown").out
    assert "| size | alone | shared |" in table
    assert f"- Borders by the fit: alone; from {shown['rows'][1][0]:,} on: shared" in table
    page = (tmp_path / ".tighten" / "report.html").read_text()
    assert '<section id="strategies"' in page

    assert project.tighten("apply").code == 0
    spec = importlib.util.spec_from_file_location("modes", tmp_path / "modes.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [list(row) for row in module.MODES] == shown["rows"]
    assert "MODES" in project.tighten("params").out
    assert project.tighten("restore").code == 0
    assert (tmp_path / "modes.py").read_text() == MODES


def test_a_study_without_sizes_says_what_is_missing(tmp_path: Path) -> None:
    project = modes(tmp_path)
    study = (tmp_path / "tighten.toml").read_text()
    (tmp_path / "tighten.toml").write_text(study.replace("\nsize = ", "\n# size = "))
    refused = project.tighten("tune")
    assert refused.code == 2
    assert "needs cases of at least two sizes" in refused.err
    (tmp_path / "tighten.toml").write_text(study.replace("table =", "# table ="))
    assert "has no place" in project.tighten("check").err


def test_table_needs_trials_of_two_strategies(tmp_path: Path) -> None:
    project = modes(tmp_path)
    refused = project.tighten("table")
    assert refused.code == 2
    assert "no runs yet" in refused.err


def test_a_failed_baseline_has_no_costs(tmp_path: Path) -> None:
    project = modes(tmp_path)
    (tmp_path / "program.py").write_text("raise SystemExit(1)")
    assert project.tighten("tune").code == 3
    refused = project.tighten("table")
    assert refused.code == 2
    assert "measured fewer than two strategies" in refused.err
