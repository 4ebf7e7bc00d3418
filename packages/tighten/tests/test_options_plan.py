"""The plan says what a study would do, and refuses what could not be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tighten.errors import StudyError
from tighten.options import load, plan, readings

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """\
[study]
name = "demo"
max_trials = 3
cpus = 4

[benchmark]
command = "./bench {result}"
warmup_launches = 2
launches = 4

[[case]]
name = "small"
target = 0.5

[[parameter]]
name = "BLOCK"
source = "kernel.rs"
values = [32, 64, 128]

[[parameter]]
name = "jobs"
env = "JOBS"
range = { low = 1, high = "{cpus}" }

[[parameter]]
name = "mode"
argument = "--mode={value}"
default = "fast"
values = ["fast", "slow"]

[[gate]]
name = "numbers"
command = "check {result}"
compare = "arrays"
rtol = 1e-10
ulp = 4

[[gate]]
name = "cache"
command = "check {result}"
toggle = { env = "CACHE" }

[[gate]]
name = "mass"
command = "check {result}"
invariant = "mass < 1"

[[gate]]
name = "tests"
command = "make check"
final_only = true

[decision]
min_pairs = 8
max_pairs = 10
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kernel.rs").write_text("// blocks\npub const BLOCK: u8 = 64;\n")
    (tmp_path / "tighten.toml").write_text(STUDY)
    return tmp_path


def test_parameters_with_value_and_place(project: Path) -> None:
    block, jobs, mode = plan(load(project, environment={})).parameters
    assert (block.kind, block.place, block.value) == ("source", "kernel.rs:2:23", 64)
    assert (block.domain, block.values) == ("one of 32, 64, 128", 3)
    assert (jobs.kind, jobs.place, jobs.value) == ("env", "$JOBS", None)
    assert (mode.kind, mode.place, mode.value) == ("argument", "--mode={value}", "fast")


def test_size_trials_and_launches(project: Path) -> None:
    planned = plan(load(project, environment={}))
    assert planned.configurations == 3 * 4 * 2
    assert planned.trials == 3
    # Baseline: 2 + 4. Three trials and a confirmation, each 2 on both sides, then 8 to 10 pairs.
    assert planned.launches == (6 + 4 * (4 + 16), 6 + 4 * (4 + 20))


def test_no_more_trials_than_configurations(project: Path) -> None:
    options = load(project, overrides={"study.max_trials": "1000"}, environment={})
    assert plan(options).trials == 23  # the space holds the start, too


def test_rules_in_words(project: Path) -> None:
    gates = {gate.name: gate for gate in plan(load(project, environment={})).gates}
    assert gates["numbers"].rule == "arrays equal the baseline's within rtol 1e-10, ulp 4"
    assert gates["cache"].rule == "arrays with CACHE=1 equal those with 0 exactly"
    assert gates["mass"].rule == "mass < 1"
    assert (gates["tests"].rule, gates["tests"].final_only) == ("exits with 0", True)


def test_values_that_do_not_fit_are_told_with_their_lines(project: Path) -> None:
    text = STUDY.replace("[32, 64, 128]", "[32, 64, 300]").replace('env = "JOBS"', 'source = "k.c"')
    (project / "tighten.toml").write_text(text)
    (project / "k.c").write_text("int main(void) { return 0; }\n")
    with pytest.raises(StudyError) as caught:
        readings(load(project, environment={}))
    first, second = str(caught.value).splitlines()
    assert first.startswith("tighten.toml:16: parameter BLOCK: BLOCK in kernel.rs:2:23: ")
    assert "300" in first
    assert second.startswith("tighten.toml:21: parameter jobs: jobs in k.c: no definition")
