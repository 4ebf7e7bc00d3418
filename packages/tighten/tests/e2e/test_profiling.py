"""`tighten profile` and `tighten analyze` on a program with a hot knob and one that is inert."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from project import Project
from tighten.profile.profilers import Tool, choose

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = "BLOCK = 50  # terms summed at once\nMEMO = 16  # read by nothing that runs\n"
KERNEL = """\
from settings import BLOCK, MEMO

table = [0] * MEMO


def overhead():
    return sorted(str(k) for k in range(300))[-1]


def series(n):
    total = 0.0
    for start in range(0, n, BLOCK):
        overhead()
        for i in range(start, min(n, start + BLOCK)):
            total += 1.0 / (i + 1.0)
    return total
"""
PROGRAM = """\
import json, sys, time
from kernel import series

begin = time.perf_counter()
value = series(int(sys.argv[2]))
seconds = time.perf_counter() - begin
cases = {"series": {"time": seconds}}
json.dump({"schema": "tighten-result-1", "cases": cases}, open(sys.argv[1], "w"))
"""
STUDY = """\
[study]
name = "series"
max_trials = 3
[benchmark]
command = "{python} program.py {result} 40000"
warmup_launches = 0
launches = 1
[[case]]
name = "series"
target = 0.0001
[[parameter]]
name = "BLOCK"
source = "settings.py"
values = [50, 5000]
[[parameter]]
name = "MEMO"
source = "settings.py"
values = [16, 32]
[profile]
every = 1
command = "{python} program.py {result} 400000"  # py-spy needs a moment
[decision]
max_pairs = 12
[convergence]
stop_on_success = false
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in (
        ("settings.py", SETTINGS),
        ("kernel.py", KERNEL),
        ("program.py", PROGRAM),
        ("tighten.toml", STUDY),
    ):
        (tmp_path / name).write_text(text)
    return Project(tmp_path)


def needs(tool: Tool) -> None:
    if choose(tool, "python x.py").tool is not tool:
        pytest.skip(f"{tool} is not permitted here")


def test_cprofile_of_a_command_keeps_its_own_file(project: Project) -> None:
    command = [sys.executable, "program.py", "out.json", "20000"]
    done = project.tighten(
        "profile", "--tool", "cprofile", "--json", "--export", "pstats", "--", *command
    )
    assert done.code == 0, done.err
    own = {row["function"]: row["own"] for row in done.json["functions"]}
    assert own["series"] > 0
    shown = project.tighten("profile", "--show", "profile.pstats")
    assert "overhead" in shown.out
    assert "taken with cprofile" in shown.out


def test_py_spy_of_a_study_sees_lines(project: Project) -> None:
    needs(Tool.PYSPY)
    done = project.tighten(
        "profile", "--tool", "py-spy", "--json", "--export", "html", TIGHTEN_PROFILE_TOOL="auto"
    )
    assert done.code == 0, done.err
    found = {row["function"]: row for row in done.json["functions"]}
    assert found["series"]["file"] == "kernel.py"
    assert found["series"]["total"] > 0.3 * done.json["steady_total"]
    assert done.json["categories"]["compute"] > 0
    assert "series" in (project.root / "profile.html").read_text()


def test_a_program_too_short_for_py_spy_is_counted_instead(project: Project) -> None:
    needs(Tool.PYSPY)
    study = project.root / "tighten.toml"
    study.write_text(study.read_text().replace("400000", "10"))
    done = project.tighten("profile", "--json", TIGHTEN_PROFILE_TOOL="auto")
    assert done.code == 0, done.err
    told = done.json["provenance"]
    assert told["tool"] == "py-spy" or "because py-spy left no profile" in told["reason"]


def test_a_command_that_fails_has_no_profile(project: Project) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(7)"]
    for tool in ("cprofile", "py-spy"):
        done = project.tighten("profile", "--tool", tool, "--", *command)
        assert done.code == 1
        assert "exit status 7" in done.err


def test_a_damaged_profile_is_one_message(project: Project) -> None:
    (project.root / "broken.json").write_text('{"profiles": [], "shared": {"frames": [')
    done = project.tighten("profile", "--show", "broken.json")
    assert done.code == 2
    assert "truncated or no JSON" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.long
def test_analyze_names_the_hot_spot_its_knob_and_the_inert_one(project: Project) -> None:
    needs(Tool.PYSPY)
    tuned = project.tighten("tune", TIGHTEN_PROFILE_TOOL="auto")
    assert tuned.code == 0, tuned.err
    found = json.loads(project.tighten("analyze", "--json").out)
    assert found["case"]["case"] == "series"
    assert "overhead" in found["hot_spots"][0]["function"]
    assert "BLOCK" in found["hot_spots"][0]["from_above"]
    by_name = {row["parameter"]: row for row in found["parameters"]}
    assert found["parameters"][0]["parameter"] == "BLOCK"
    assert (
        by_name["BLOCK"]["effect"]["change"]
        * (1 if by_name["BLOCK"]["effect"]["after"] == 50 else -1)
        > 0
    )
    assert any("overhead" in effect["function"] for effect in by_name["BLOCK"]["functions"])
    assert "only while modules are loaded" in by_name["MEMO"]["inert"]
    text = project.tighten("analyze").out
    assert "MEMO: inert" in text
    assert max(map(len, text.splitlines())) <= 80
