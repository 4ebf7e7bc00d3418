"""The answers of the smaller commands, from the records that those commands hand over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.options import load, plan
from tighten.report.tables import parameters_text, plan_text

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.options import Plan

STUDY = """\
[study]
name = "demo"

[benchmark]
command = "./bench {result}"

[[case]]
name = "small"

[[parameter]]
name = "BLOCK"
source = "kernel.rs"
values = [32, 64]

[[parameter]]
name = "jobs"
env = "JOBS"
values = [1, 2]
"""


def planned(root: Path) -> Plan:
    (root / "kernel.rs").write_text("pub const BLOCK: usize = 64;\n")
    (root / "tighten.toml").write_text(STUDY)
    return plan(load(root))


def test_parameters_show_value_place_and_domain(tmp_path: Path) -> None:
    text = parameters_text(planned(tmp_path).parameters, width=80, colour=False)
    header, block, jobs = text.splitlines()
    assert header.split() == ["parameter", "now", "place", "values"]
    assert block.split() == ["BLOCK", "64", "kernel.rs:1:26", "one", "of", "32,", "64"]
    assert "(unset)" in jobs


def test_the_plan_shows_the_same_lines(tmp_path: Path) -> None:
    found = planned(tmp_path)
    lines = parameters_text(found.parameters, width=80, colour=False).splitlines()
    shown = plan_text(found, width=80, colour=False).splitlines()
    assert [line.split() for line in lines] == [
        line.split() for line in shown if line.split()[:1] in (["parameter"], ["BLOCK"], ["jobs"])
    ]
