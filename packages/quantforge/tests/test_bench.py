"""The benchmark and the check that tuning relies on."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from quantforge import bench, check


def test_bench_writes_every_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.json"
    assert bench.main(["--sizes", "100,2000", "--samples", "5", "--json", str(path)]) == 0
    results = json.loads(path.read_text())
    assert [row["size"] for row in results["batch"]] == [100, 2000]
    for row in results["batch"]:
        for side in ("quantforge", "numpy"):
            assert len(row[side]["samples"]) == 5
        ratio = row["numpy"]["median"] / row["quantforge"]["median"]
        assert row["speedup_vs_numpy"] == ratio
    assert "speed-up" in capsys.readouterr().out
    assert [entry.name for entry in tmp_path.iterdir()] == ["prices.json"]


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--sizes", "0", "list of whole numbers >= 1"),
        ("--sizes", "x", "list of whole numbers >= 1"),
        ("--samples", "0", "whole number >= 1"),
        ("--seed", "-1", "whole number >= 0"),
        ("--budget", "-1", "number of seconds > 0"),
        ("--alone", "nan", "number of seconds > 0"),
    ],
)
def test_bench_refuses_bad_usage(
    option: str, value: str, allowed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main([f"{option}={value}"])
    said = capsys.readouterr().err
    assert f"argument {option}: invalid {allowed}" in said
    assert said.endswith(f"value: {value!r}\n")


@pytest.mark.parametrize("mode", [[], ["--alone", "1"]])
def test_bench_reports_that_memory_is_short(
    mode: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["--sizes", str(2**59), *mode]) == 1
    said = capsys.readouterr().err
    assert "Unable to allocate" in said
    assert said.endswith("; name smaller --sizes\n")


def test_bench_works_alone_for_a_profiler(capsys: pytest.CaptureFixture[str]) -> None:
    begin = time.perf_counter()
    assert bench.main(["--sizes", "100", "--alone", "0.1"]) == 0
    assert time.perf_counter() - begin >= 0.1
    assert capsys.readouterr().out == ""


def test_bench_reports_a_file_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "missing" / "prices.json"
    assert bench.main(["--sizes", "100", "--samples", "5", "--json", str(path)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_bench_leaves_a_file_as_it_was_if_it_cannot_be_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prices.json").mkdir()
    arguments = ["--sizes", "100", "--samples", "5", "--json", str(tmp_path / "prices.json")]
    assert bench.main(arguments) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["prices.json"]


def test_check_is_deterministic(tmp_path: Path) -> None:
    paths = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for path in paths:
        assert check.main(["--out", str(path)]) == 0
    first, second = (np.load(path) for path in paths)
    assert first.files == second.files
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name])
        assert np.isfinite(first[name]).all()


def test_check_refuses_bad_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        check.main(["--out", str(tmp_path / "prices.txt")])
    assert check.main(["--out", str(tmp_path / "missing" / "prices.npz")]) == 1
    assert "cannot be written" in capsys.readouterr().err
