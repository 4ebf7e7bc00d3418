import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from marsdisk.cli import cli
from marsdisk.config import Config
from marsdisk.runs import RunRequest, execute

if TYPE_CHECKING:
    import subprocess

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def keys(small_keys: tuple[str, ...]) -> list[str]:
    """Return options that make a run small."""
    return [f"--override={text}" for text in small_keys]


def test_help_shows_examples_and_exit_codes() -> None:
    text = CliRunner().invoke(cli, ["--help"]).output
    assert "marsdisk run baseline" in text
    assert "130 Ctrl-C" in text
    for name in ("run", "check", "sweep", "plot", "tables", "resume", "compare"):
        inner = CliRunner().invoke(cli, [name, "--help"])
        assert inner.exit_code == 0
        assert f"marsdisk {name}" in inner.output


def test_a_run_ends_with_one_screen_and_the_paths(
    tmp_path: Path, marsdisk: Command, keys: list[str]
) -> None:
    done = marsdisk("run", "minimal", *keys)
    assert done.returncode == 0, done.stderr
    for text in ("finished at", "steps per cell, year", "ledger defect", "time", "report.html"):
        assert text in done.stdout
    assert len(done.stdout.splitlines()) <= 24
    (directory,) = tmp_path.glob("marsdisk-minimal-*")
    assert (directory / "report.html").stat().st_size > 10_000
    assert {path.suffix for path in (directory / "figures").iterdir()} == {".png", ".svg"}
    pictures = marsdisk("plot", directory, "--only", "ledger")
    assert pictures.stdout.splitlines() == [
        str(directory / "figures" / "ledger.svg"),
        str(directory / "figures" / "ledger.png"),
    ]


def test_json_is_for_machines(tmp_path: Path, marsdisk: Command, keys: list[str]) -> None:
    options = ["--no-figures", "--output", tmp_path / "a", "--quiet", "--json"]
    done = marsdisk("run", "minimal", *keys, *options)
    found = json.loads(done.stdout)
    assert found["status"] == "finished"
    assert found["directory"] == str(tmp_path / "a")
    assert done.stderr == ""


def test_faults_are_listed_without_a_traceback(tmp_path: Path, marsdisk: Command) -> None:
    (tmp_path / "bad.yml").write_text("extends: minimal\nsizez: 1\nsizes: {n_bins: 0}\n")
    done = marsdisk("run", "bad.yml")
    assert done.returncode == 2
    assert "2 faults" in done.stderr
    assert "bad.yml:2 sizez = 1: is not a known key; did you mean sizes?" in done.stderr
    assert "bad.yml:3 sizes.n_bins = 0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environ", "said", "code"),
    [
        (["run", "baselin"], {}, "did you mean baseline?", 2),
        (["run", "minimal", "--threads", "0"], {}, "0 is not in the range", 2),
        (["run", "minimal"], {"MARSDISK_CELL_JOBS": "many"}, "MARSDISK_CELL_JOBS", 2),
        (["run", "minimal"], {"CELL_THREAD_LIMIT": "0"}, "CELL_THREAD_LIMIT", 2),
        (["run", "minimal", "--output", "file/below"], {}, "Not a directory", 4),
        (["resume", "."], {}, "run_config.json", 2),
        (["plot", "."], {}, "no run that can be drawn", 2),
        (["compare", ".", "."], {}, "no finished part", 4),
        (["sweep", "minimal"], {}, "--vary", 2),
        (["sweep", "minimal", "--vary", "radiation.TM=1,2"], {}, "did you mean", 2),
        (["frobnicate"], {}, "No such command", 2),
    ],
)
def test_bad_requests_are_refused_in_a_sentence(
    arguments: list[str],
    environ: dict[str, str],
    said: str,
    code: int,
    tmp_path: Path,
    marsdisk: Command,
) -> None:
    (tmp_path / "file").write_text("not a directory")
    done = marsdisk(*arguments, environ=environ)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(
    Path("/proc/sys/vm/overcommit_memory").read_text().strip() == "1",
    reason="this system promises any memory",
)
def test_a_disk_that_no_memory_holds_is_refused_in_a_sentence(
    tmp_path: Path, marsdisk: Command
) -> None:
    size = ["geometry.mode=1D", "geometry.Nr=100000", "sizes.n_bins=2000"]
    keys = [word for key in size for word in ("--override", key)]
    done = marsdisk("run", "minimal", *keys, "--output", tmp_path / "run")
    assert done.returncode == 3, done.stderr
    assert "memory is short: Unable to allocate 2.91 TiB" in done.stderr
    assert "choose fewer cells (geometry.Nr) or bins (sizes.n_bins)" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_shows_the_plan_and_every_key() -> None:
    shown = CliRunner().invoke(cli, ["check", "baseline"])
    assert "32 cells, 160 bins" in shown.output
    listed = CliRunner().invoke(cli, ["check", "minimal", "--keys"])
    assert "radiation.optics = required" in listed.output
    tree = CliRunner().invoke(cli, ["check", "minimal", "--json"])
    assert json.loads(tree.output)["sizes"]["n_bins"] == 40


def test_tables_show_lists_both_sizes_of_half_gravity() -> None:
    shown = CliRunner().invoke(cli, ["tables", "show", "baseline"]).output
    assert "none: all grains are bound" in shown
    hot = next(line for line in shown.splitlines() if line.startswith("   4000"))
    assert len(hot.split()) == 3


def test_compare_tells_runs_apart(tmp_path: Path, small: Callable[..., Config]) -> None:
    for name, rtol in (("a", "1e-3"), ("b", "1e-4")):
        execute(RunRequest(small(f"numerics.rtol={rtol}"), name, tmp_path / name))
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    equal = CliRunner().invoke(cli, ["compare", first, first], standalone_mode=False)
    assert equal.return_value == 0
    different = CliRunner().invoke(cli, ["compare", first, second], standalone_mode=False)
    assert different.return_value == 1
    assert "steps" in different.output
    loose = ["compare", first, second, "--rtol", "1", "--json"]
    found = json.loads(CliRunner().invoke(cli, loose, standalone_mode=False).output)
    assert 0.0 < found["differences"]["sigma_kg_m2"] < 1e-2
