"""The benchmark command: every part has a time, and the numbers are those of the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from marsdisk.bench import main

if TYPE_CHECKING:
    from pathlib import Path

SHORT = ["minimal"]
for _key in ("numerics.t_end_years=1e-4", "numerics.outputs.n_outputs=3", "sizes.n_bins=20"):
    SHORT += ["--override", _key]


def test_every_part_is_timed_in_the_format_of_tighten(tmp_path: Path) -> None:
    assert main([*SHORT, "--repeats", "2", "--json", str(tmp_path / "times.json")]) == 0
    found = json.loads((tmp_path / "times.json").read_text())
    assert found["schema"] == "tighten-result-1"
    assert set(found["cases"]) == {"tables", "solver", "output", "run", "start"}
    for name, per_repeat in {"tables": 15, "solver": 1, "output": 15, "run": 1}.items():
        times = found["cases"][name]["time"]
        assert len(times) == 2 * per_repeat
        assert min(times) > 0


def test_the_numbers_do_not_depend_on_threads_cache_or_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*SHORT, "--check", str(tmp_path / "one.npz")]) == 0
    monkeypatch.setenv("MARSDISK_CELL_JOBS", "2")
    monkeypatch.setenv("MARSDISK_DISABLE_TABLE_CACHE", "1")
    other = ["--override", "io.compression=none", "--check", str(tmp_path / "two.npz")]
    assert main([*SHORT, *other]) == 0
    with np.load(tmp_path / "one.npz") as one, np.load(tmp_path / "two.npz") as two:
        assert set(one.files) == set(two.files) >= {"sigma_kg_m2", "mass_kg_m2"}
        for name in one.files:
            assert one[name].tobytes() == two[name].tobytes(), name
        assert float(one["ledger_residual_max"]) < 1e-12


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["no-such-preset"], 2, "no-such-preset"),
        ([*SHORT, "--override", "sizes.n_bin=3"], 2, "n_bin"),
        (
            [*SHORT, "--json", "/no/such/place/times.json"],
            1,
            "times.json cannot be written",
        ),
    ],
)
def test_what_cannot_be_done_is_one_message(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--repeats", "1"]) == code
    assert said in capsys.readouterr().err
