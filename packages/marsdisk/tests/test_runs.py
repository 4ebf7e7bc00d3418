import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from marsdisk.comparison import compare_runs
from marsdisk.config import Config
from marsdisk.errors import CheckpointError, OutputError
from marsdisk.io.checkpoints import latest_checkpoint, read_checkpoint
from marsdisk.io.series import read_series
from marsdisk.kernels import CHANNELS
from marsdisk.runs import RunRequest, execute, resume, series_directory
from marsdisk.simulation import Progress

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Small = Callable[..., Config]


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of ``marsdisk``."""
    return [sys.executable, "-m", "marsdisk", *map(str, arguments)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small: Small) -> Path:
    """Return the directory of an unbroken run with three cells."""
    directory = tmp_path_factory.mktemp("whole") / "run"
    result = execute(RunRequest(small(cells=3), "whole", directory))
    assert result.status == "finished"
    return directory


def test_a_run_leaves_every_file(whole: Path) -> None:
    names = {path.name for path in whole.iterdir()}
    assert names == {
        "series",
        "checkpoints",
        "summary.json",
        "run_config.json",
        "run_card.md",
        "orbit_rollup.csv",
    }
    record = json.loads((whole / "run_config.json").read_text())
    assert record["status"] == "finished"
    assert record["execution"]["threads"] >= 1
    assert set(record["versions"]) >= {"marsdisk", "numba", "numpy"}
    assert record["configuration"]["sizes"]["n_bins"] == 16
    assert "Largest defect of the mass ledger" in (whole / "run_card.md").read_text()


def test_columns_carry_units_and_the_ledger_closes(whole: Path) -> None:
    table = read_series(series_directory(whole))
    assert table.num_rows == 13 * 3
    metadata = table.schema.metadata or {}
    units = json.loads(metadata[b"units"])
    assert units["sigma_kg_m2"] == "kg m^-2"
    assert set(units) == set(table.column_names)
    field = table.schema.field("tau").metadata or {}
    assert field[b"definition"] == b"line-of-sight optical depth"
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "mass_kg_m2"}
    received = columns["initial_kg_m2"] + columns["supplied_kg_m2"]
    held = columns["sigma_kg_m2"] + columns["sigma_deep_kg_m2"]
    held = held + sum(columns[f"lost_{channel}_kg_m2"] for channel in CHANNELS)
    assert np.abs(held / received - 1.0).max() < 1e-12
    mass = np.array(table["mass_kg_m2"].to_pylist())
    assert mass.min() >= 0.0
    assert np.allclose(mass.sum(axis=1), columns["sigma_kg_m2"], rtol=1e-14)


def test_the_summary_is_the_sum_of_the_series(whole: Path) -> None:
    values = json.loads((whole / "summary.json").read_text())
    table = read_series(series_directory(whole))
    last = table["output"].to_numpy() == 12
    area = table["area_m2"].to_numpy()[last]
    lost = sum(table[f"lost_{channel}_kg_m2"].to_numpy()[last] for channel in CHANNELS)
    assert values["M_loss"] == pytest.approx(float((lost * area).sum()) / 6.4171e23, rel=1e-12)
    assert values["ledger_residual_max"] < 1e-12
    assert values["stop_reason"] == "t_end_reached"
    rows = (whole / "orbit_rollup.csv").read_text().splitlines()
    assert rows[0].startswith("orbit_index,time_s")
    assert len(rows) - 1 == values["orbits_completed"]
    total = sum(float(row.split(",")[6]) for row in rows[1:])
    assert total == pytest.approx(values["M_loss"], rel=0.05)


@pytest.mark.parametrize("stop_after", [1, 4, 7])
def test_an_interrupted_run_resumes_bit_for_bit(
    whole: Path, tmp_path: Path, small: Small, stop_after: int
) -> None:
    def interrupt(now: Progress) -> None:
        if now.output_index >= stop_after:
            raise KeyboardInterrupt

    directory = tmp_path / "run"
    result = execute(RunRequest(small(cells=3), "whole", directory), interrupt)
    assert result.status == "interrupted"
    assert result.summary["outputs"] < 13
    assert resume(directory).status == "finished"
    assert set(compare_runs(whole, directory).values()) == {0.0}


def test_results_do_not_depend_on_threads_or_the_table_cache(
    whole: Path, tmp_path: Path, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARSDISK_DISABLE_TABLE_CACHE", "1")
    execute(RunRequest(small(cells=3), "two", tmp_path / "two", threads=2))
    assert set(compare_runs(whole, tmp_path / "two").values()) == {0.0}
    record = json.loads((tmp_path / "two" / "run_config.json").read_text())
    assert record["execution"]["threads_requested"] == 2
    assert record["execution"]["table_cache"] is False


def test_parts_are_small_and_streaming_can_be_switched_off(
    tmp_path: Path, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small("io.buffer_mb=0.001", "numerics.checkpoint.enabled=false")
    execute(RunRequest(config, "a", tmp_path / "a"))
    assert len(list((tmp_path / "a" / "series").iterdir())) > 5
    monkeypatch.setenv("FORCE_STREAMING_OFF", "1")
    execute(RunRequest(config, "b", tmp_path / "b"))
    assert len(list((tmp_path / "b" / "series").iterdir())) == 1
    assert set(compare_runs(tmp_path / "a", tmp_path / "b").values()) == {0.0}


def test_legacy_columns_have_the_published_names(tmp_path: Path, small: Small) -> None:
    execute(RunRequest(small("io.legacy_columns=true"), "old", tmp_path / "old"))
    table = read_series(tmp_path / "old" / "series")
    for name in ("Sigma_surf", "M_loss_cum", "outflux_surface", "beta_at_smin_config", "a_blow"):
        assert name in table.column_names
    lost = table["lost_blowout_kg_m2"].to_numpy() * table["area_m2"].to_numpy() / 6.4171e23
    assert np.array_equal(table["mass_lost_by_blowout"].to_numpy(), lost)


def test_an_existing_directory_is_never_overwritten(whole: Path, small: Small) -> None:
    with pytest.raises(OutputError, match="exists already"):
        execute(RunRequest(small(cells=3), "whole", whole))


def test_changed_inputs_and_foreign_directories_are_refused(tmp_path: Path, small: Small) -> None:
    phi = tmp_path / "phi.csv"
    phi.write_text("tau,phi\n0,1\n1,0.5\n", encoding="utf-8")
    config = small(f"shielding={{mode: table, table_path: {phi}}}")
    execute(RunRequest(config, "phi", tmp_path / "run"))
    phi.write_text("tau,phi\n0,1\n1,0.6\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="has changed"):
        resume(tmp_path / "run")
    with pytest.raises(CheckpointError, match="run_config"):
        resume(tmp_path)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(whole: Path, tmp_path: Path) -> None:
    names = sorted((whole / "checkpoints").iterdir())
    assert len(names) == 2
    copy = tmp_path / "checkpoints"
    copy.mkdir()
    for path in names:
        (copy / path.name).write_bytes(path.read_bytes())
    newest = copy / names[-1].name
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(newest)
    found = latest_checkpoint(copy)
    assert found is not None
    assert found.scalars["output_index"] == 9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_at_a_random_moment_then_resume_is_bit_for_bit(
    whole: Path, tmp_path: Path, marsdisk: Command, small_keys: tuple[str, ...], seed: int
) -> None:
    directory = tmp_path / "run"
    rings = ("geometry={mode: 1D, Nr: 3}", "io.figures=false")
    overrides = [f"--override={text}" for text in (*small_keys, *rings)]
    process = subprocess.Popen(
        command("run", "minimal", *overrides, "--output", directory), stderr=subprocess.DEVNULL
    )
    wait_for(directory / "run_config.json", process)
    time.sleep(float(np.random.default_rng(seed).uniform(0.0, 0.5)))
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = marsdisk("resume", directory)
    assert done.returncode == 0, done.stderr
    assert set(compare_runs(whole, directory).values()) == {0.0}
    assert not list(directory.rglob("*.partial"))


@pytest.mark.long  # compiles every kernel
def test_compiling_and_loading_kernels_give_the_same_bits(
    tmp_path: Path, marsdisk: Command, small_keys: tuple[str, ...]
) -> None:
    overrides = [f"--override={text}" for text in (*small_keys, "io.figures=false")]
    environ = {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    for name in ("cold", "warm"):
        arguments = ("run", "minimal", *overrides, "--output", tmp_path / name)
        done = marsdisk(*arguments, environ=environ)
        assert done.returncode == 0, done.stderr
    assert set(compare_runs(tmp_path / "cold", tmp_path / "warm").values()) == {0.0}


def wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    """Return once `path` exists; fail if the process ends before."""
    for _ in itertools.count():
        if path.exists():
            return
        assert process.poll() is None
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)],
)
def test_a_signal_leaves_a_checkpoint_and_its_exit_code(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    directory = tmp_path / "run"
    keys = ("numerics.outputs.n_outputs=200000", "io.figures=false", "sizes.n_bins=16")
    process = subprocess.Popen(
        command("run", "minimal", *(f"--override={k}" for k in keys), "--output", directory),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in itertools.count():
        if directory.exists() and list(directory.glob("checkpoints/*.npz")):
            break
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert "marsdisk resume" in errors
    assert "Traceback" not in errors
    assert json.loads((directory / "summary.json").read_text())["status"] == "interrupted"


FULL_DISK = """
set -e
mount -t tmpfs -o size=240k tmpfs "$1/disk"
set +e
"$2" -m marsdisk run minimal --override sizes.n_bins=16 --override numerics.outputs.n_outputs=4000 \
    --override numerics.t_end_years=0.01 --override numerics.checkpoint.every_outputs=50 \
    --override io.figures=false --output "$1/disk/run"
echo "exit $?"
mkdir "$1/saved"
cp -r "$1/disk/run" "$1/saved/run"
umount "$1/disk"
"""


def test_a_full_disk_stops_the_run_and_what_was_written_stays_readable(
    tmp_path: Path, marsdisk: Command
) -> None:
    (tmp_path / "disk").mkdir()
    arguments = [str(tmp_path), command()[0]]
    isolated = ["unshare", "--mount", "--map-root-user"] if os.geteuid() else ["unshare", "--mount"]
    done = subprocess.run(
        [*isolated, "sh", "-c", FULL_DISK, "sh", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if "exit" not in done.stdout:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    assert "exit 4" in done.stdout
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    saved = tmp_path / "saved" / "run"
    before = read_series(saved / "series")
    assert before.num_rows > 50
    again = marsdisk("resume", saved)
    assert again.returncode == 0, again.stderr
    after = read_series(saved / "series")
    assert after.num_rows == 4001
    # As text, because missing values are NaN and not equal to themselves.
    assert repr(after.slice(0, before.num_rows).to_pydict()) == repr(before.to_pydict())


def test_every_part_is_one_row_group(whole: Path) -> None:
    for path in (whole / "series").iterdir():
        assert pq.ParquetFile(path).num_row_groups == 1


def test_a_run_imports_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    """A run takes half a second, which is what pandas takes to import."""
    program = (
        "import sys; from marsdisk.cli import main; sys.argv[0] = 'marsdisk'\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)\n"
    )
    keys = ("io.figures=false", "numerics.t_end_years=1e-4", "numerics.outputs.n_outputs=2")
    overrides = [f"--override={key}" for key in keys]
    arguments = ["run", "minimal", *overrides, "--output", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    heavy = {"dask", "matplotlib", "pandas", "scipy.integrate", "scipy.optimize", "xarray"}
    assert not heavy & set(done.stderr.split())
