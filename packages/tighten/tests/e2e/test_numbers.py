"""Numerical policy through the command line, on a program where two settings change numbers.

``summation`` adds up a series; ``ORDER`` backwards moves the sum by some units in the last place,
``SINGLE`` rounds it to single precision, ``SLEEP_MS`` and ``NAME`` change no number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from project import Project

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = 'SLEEP_MS = 12\nORDER = "forward"\nSINGLE = False\nNAME = "plain"\n'
PROGRAM = """\
import json, struct, sys
from settings import NAME, ORDER, SINGLE, SLEEP_MS

def total(n):
    terms = [1.0 / (k * k) for k in range(1, n + 1)]
    if ORDER == "backward":
        terms.reverse()
    result = 0.0
    for term in terms:
        result += term
    return struct.unpack("f", struct.pack("f", result))[0] if SINGLE else result

kind, n, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if kind == "check":
    content = {"total": [total(n)], "count": [n]}
else:
    content = {"schema": "tighten-result-1", "cases": {"run": {"time": SLEEP_MS / 1000}}}
with open(out, "w") as file:
    json.dump(content, file)
"""
STUDY = """\
[study]
name = "summation"
max_trials = 3

[benchmark]
command = "{python} program.py bench 1 {result}"
warmup_launches = 0
launches = 1

[[case]]
name = "run"

[[parameter]]
name = "SLEEP_MS"
source = "settings.py"
values = [12, 6]

[[parameter]]
name = "ORDER"
source = "settings.py"
values = ["forward", "backward"]

[[parameter]]
name = "SINGLE"
source = "settings.py"
values = [false, true]

[[parameter]]
name = "NAME"
source = "settings.py"
values = ["plain", "fancy"]

[constraints]
at_once = 'FORM'

[[gate]]
name = "same sum"
command = "{python} program.py check 2000 {result}"
compare = "arrays"
GATE

[decision]
alpha = 0.1
min_pairs = 5
max_pairs = 12
"""
ALL = 'SLEEP_MS == 6 and ORDER == "backward" and NAME == "fancy" or '
ALL += 'SLEEP_MS == 12 and ORDER == "forward" and NAME == "plain" and not SINGLE'


def summation(root: Path, gate: str, form: str) -> Project:
    (root / "settings.py").write_text(SETTINGS)
    (root / "program.py").write_text(PROGRAM)
    (root / "tighten.toml").write_text(STUDY.replace("GATE", gate).replace("FORM", form))
    return Project(root)


def test_the_parameter_that_changed_the_numbers_is_named(tmp_path: Path) -> None:
    project = summation(tmp_path, 'outputs."total" = { ulp = 100 }', "cpus > 0 or SINGLE")
    done = project.tighten("tune", "--strategy", "random", "-o", "study.max_trials=6")
    assert done.code == 0, done.err
    record = project.record()
    failed = [trial for trial in record["trials"] if trial["failure"]]
    assert failed
    for trial in failed:
        assert trial["culprits"] == {"SINGLE": True}, trial["failure"]
        assert "because of SINGLE = True" in trial["failure"]["message"]
    # Once it is known, a trial with the same value is not taken apart again.
    assert [bool(trial["culprit_builds"]) for trial in failed[1:]] == [False] * (len(failed) - 1)
    assert "SINGLE = True" in done.out
    assert "SINGLE = True" in (tmp_path / ".tighten" / "report.html").read_text()


def test_the_fastest_of_each_policy_is_reported_and_proved_on_held_out_inputs(
    tmp_path: Path,
) -> None:
    held_out = 'held_out = ["{python} program.py check 50 {result}"]\nrtol = 1e-12'
    project = summation(tmp_path, held_out, ALL)
    done = project.tighten("tune")
    assert done.code == 0, done.err
    *searched, winner = project.record()["trials"]
    assert all([g["name"] for g in trial["gates"]] == ["same sum"] for trial in searched)
    assert [gate["name"] for gate in winner["gates"]] == ["same sum", "same sum, held out 1"]
    apart = winner["gates"][0]["distance"]
    assert not apart["bitwise"]
    assert 0 < apart["ulp"] < 1000
    assert "Fastest by how far numbers may move" in done.out
    assert "every bit the same" in done.out
    assert (
        "Fastest by how far numbers may move" in (tmp_path / ".tighten" / "report.html").read_text()
    )


def test_a_failure_that_does_not_repeat_accuses_nobody(tmp_path: Path) -> None:
    form = ALL.replace('"fancy" or', '"fancy" and not SINGLE or')
    project = summation(tmp_path, "rtol = 1e-12", form)
    program = (tmp_path / "program.py").read_text()
    # The first check of changed settings writes something else, as a program with a race may.
    flaky = program.replace(
        "with open(out",
        'import os\nif kind == "check" and SLEEP_MS == 6 and not os.path.exists("__STAMP__"):\n'
        '    open("__STAMP__", "w").close()\n    content["total"] = [0.0]\nwith open(out',
    ).replace("__STAMP__", str(tmp_path.parent / "stamp"))
    (tmp_path / "program.py").write_text(flaky)
    assert project.tighten("tune", "-o", "study.max_trials=1", "--strategy", "grid").code == 0
    failed = project.record()["trials"][1]
    assert failed["culprits"] == {}
    assert "not when tried again" in failed["failure"]["message"]
