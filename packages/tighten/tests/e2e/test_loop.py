"""The whole loop through the command line, on a program whose best value is known."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from project import SETTINGS, Project, sleeper

if TYPE_CHECKING:
    from pathlib import Path


def test_a_gain_is_found_confirmed_reported_and_applied(tmp_path: Path) -> None:
    project = sleeper(tmp_path)
    before = project.files()
    done = project.tighten("tune")
    assert done.code == 0, done.err
    assert project.files() == before
    record = project.record()
    best = record["trials"][record["best"]]
    assert best["configuration"] == {"DELAY_MS": 10}
    assert record["confirmation"]["outcome"] == "accept"
    assert abs(record["confirmation"]["objective"]["gain"] - 0.5) < 0.05
    assert (tmp_path / ".tighten" / "report.html").exists()

    applied = project.tighten("apply")
    assert applied.code == 0, applied.err
    assert "-DELAY_MS = 20  # milliseconds" in applied.out
    assert (tmp_path / "settings.py").read_text() == (
        "# The one constant of this program.\nDELAY_MS = 10  # milliseconds\n"
    )
    evidence = project.tighten("verify", "--evidence")
    assert evidence.code == 0, evidence.out
    assert "holds" in evidence.out
    with (tmp_path / "program.py").open("a") as program:
        program.write("later = 1\n")
    again = project.tighten("verify", "--evidence")
    assert again.code == 1, again.out
    assert "DELAY_MS: the code is another one" in again.out
    assert project.tighten("restore").code == 0
    assert (tmp_path / "settings.py").read_text() == SETTINGS
    assert not (tmp_path / "tighten-evidence.json").exists()
    assert project.tighten("verify", "--evidence").code == 2


FLAG_STUDY = """\
[build]
command = "make"
[benchmark]
command = "./spin"
format = "process"
warmup_launches = 0
launches = 2
[[case]]
name = "spin"
[[parameter]]
name = "flags"
env = "CFLAGS"
default = "-DDELAY_MS=30"
values = ["-DDELAY_MS=30", "-DDELAY_MS=20", "-DDELAY_MS=10"]
[[gate]]
name = "runs"
command = "./spin"
"""
SPIN = """\
#include <time.h>
int main(void) {
    struct timespec now;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); while (now.tv_nsec < DELAY_MS * 1000000L);
    return 0;
}
"""
SPIN_MAKEFILE = "spin: spin.o\n\tcc -o $@ spin.o\nspin.o: spin.c\n\tcc $(CFLAGS) -c spin.c\n"


@pytest.mark.skipif(not shutil.which("cc") or not shutil.which("make"), reason="no compiler")
def test_flags_of_a_compiler_reach_the_build(tmp_path: Path) -> None:
    # make does not ask whether its flags are those of the objects that it finds.
    files = {"spin.c": SPIN, "Makefile": SPIN_MAKEFILE, "tighten.toml": FLAG_STUDY}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    project = Project(tmp_path)
    done = project.tighten("tune")
    assert done.code == 0, done.err
    record = project.record()
    assert record["trials"][record["best"]]["configuration"] == {"flags": "-DDELAY_MS=10"}
    assert record["confirmation"]["objective"]["gain"] > 0.5
    applied = project.tighten("apply")
    assert "set CFLAGS=-DDELAY_MS=10 where the program is built and started" in applied.out


def test_the_export_has_the_campaigns_layout(tmp_path: Path) -> None:
    project = sleeper(tmp_path)
    assert project.tighten("tune").code == 0
    export = tmp_path / "history"
    assert project.tighten("report", "--export", str(export)).code == 0
    lines = (export / "iteration_summary.jsonl").read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines][:3] == [0, 1, 2]
    assert (export / "latest.json").exists()


def test_nothing_to_gain_keeps_the_baseline(tmp_path: Path) -> None:
    project = sleeper(tmp_path, values="30, 40")
    done = project.tighten("tune")
    assert done.code == 0
    record = project.record()
    assert record["best"] == 0
    assert record["confirmation"] is None
    refused = project.tighten("apply")
    assert refused.code == 2
    assert "no confirmed gain" in refused.err


def test_measure_fails_with_a_gate_that_fails(tmp_path: Path) -> None:
    project = sleeper(tmp_path)
    passed = project.tighten("measure")
    assert (passed.code, "gates passed: same answer" in passed.out) == (0, True)
    (tmp_path / "check.py").write_text("raise SystemExit(4)\n")
    failed = project.tighten("measure")
    assert failed.code == 1
    assert "failed (gate): gate 'same answer': the gate ended with exit status 4" in failed.out
