"""Machine code that a program keeps for later starts never comes from another configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tighten import Study

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("numba")

# Numba looks at the file of `compiled` alone, which neither parameter is written in.
PROGRAM = """\
import json, os, sys
import numba
from settings import BLOCK

LANES = int(os.environ["LANES"])

@numba.njit(cache=True)
def compiled():
    return 100 * BLOCK + LANES

with open(sys.argv[1], "w") as file:
    json.dump({"found": compiled(), "wanted": 100 * BLOCK + LANES}, file)
"""
STUDY = """\
[study]
name = "cached"
[build]
in_place = IN_PLACE
[benchmark]
command = "{python} program.py {result}"
format = "process"
[[case]]
name = "run"
[[parameter]]
name = "BLOCK"
source = "settings.py"
values = [1, 2, 3]
[[parameter]]
name = "LANES"
env = "LANES"
default = 1
values = [1, 2]
[[gate]]
name = "fresh"
command = "{python} program.py {result}"
invariant = "found == wanted"
"""


@pytest.mark.parametrize("in_place", [False, True])
def test_each_configuration_compiles_its_own_values(tmp_path: Path, in_place: bool) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "settings.py").write_text("BLOCK = 1\n")
    text = STUDY.replace("IN_PLACE", str(in_place).lower())
    (tmp_path / "tighten.toml").write_text(text)
    study = Study.load(tmp_path)
    with study.bench(lambda _: None) as bench:
        start = bench.build({"BLOCK": 1, "LANES": 1})
        assert bench.check(start)[0].passed
        for block, lanes in ((2, 1), (3, 1), (3, 2), (1, 2)):
            built = bench.build({"BLOCK": block, "LANES": lanes}, beside=[start])
            (gate,) = bench.check(built)
            assert gate.passed, gate.detail
        assert len(list((study.options.state / "caches").glob("*/numba/**/*.nbc"))) == 5
    assert not (study.options.state / "caches").exists()
    assert not list(tmp_path.glob("__pycache__/*.nb*"))
