import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from marsdisk.config import Config
from marsdisk.errors import CheckpointError, ConfigurationError, TableError
from marsdisk.sweep import (
    Campaign,
    latin_hypercube,
    listed,
    parse_axis,
    product,
    read_rows,
    run_campaign,
)
from marsdisk.sweep.campaign import Row
from marsdisk.sweep.work import run_point

Tree = dict[str, Any]
GRID = product([parse_axis("radiation.TM_K=2000:4000:2"), parse_axis("psd.alpha=3.3,3.5")])


def results(rows: list[Row]) -> list[tuple[object, ...]]:
    """Return what a run found, without where and when."""
    return [tuple(v for k, v in row.items() if k not in {"wall_time_s", "worker"}) for row in rows]


def test_a_product_has_every_combination() -> None:
    settings = [tuple(point.settings.values()) for point in GRID]
    assert settings == [(2000.0, 3.3), (2000.0, 3.5), (4000.0, 3.3), (4000.0, 3.5)]


def test_axes_are_read_and_checked() -> None:
    assert parse_axis("sizes.n_bins=10, 20").values == (10, 20)
    assert parse_axis("numerics.rtol=1e-4:1e-2:3:log").values == pytest.approx((1e-4, 1e-3, 1e-2))
    assert parse_axis("initial.s0_mode=power_law,mono").values == ("power_law", "mono")
    for text, said in (
        ("radiation.TM=1,2", "did you mean radiation.TM_K"),
        ("sizes.s_max", "key=a,b,c"),
        ("sizes.s_max=3:1:4", "low < high"),
        ("sizes.s_max=a:b:4", "low:high:count"),
        ("sizes.s_max=0:1:4:log", "low > 0"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            parse_axis(text)
    with pytest.raises(ConfigurationError, match="no values"):
        product([parse_axis("sizes.s_max=1:3")])


def test_a_hypercube_fills_every_stratum_once() -> None:
    axes = [parse_axis("radiation.TM_K=2000:4000"), parse_axis("sizes.s_max=0.1:10:log")]
    points = latin_hypercube(axes, 20, seed=3)
    strata = {int((point.settings["radiation.TM_K"] - 2000.0) / 100.0) for point in points}
    assert strata == set(range(20))
    assert all(0.1 <= point.settings["sizes.s_max"] <= 10.0 for point in points)
    assert latin_hypercube(axes, 20, seed=3) == points
    with pytest.raises(ConfigurationError, match="no range"):
        latin_hypercube([parse_axis("sizes.n_bins=10,20")], 5, seed=0)


def test_a_list_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "runs.yml"
    path.write_text("- {radiation.TM_K: 2000}\n- {radiation.TM_K: 3000, sizes.n_bins: 9}\n")
    assert [point.settings for point in listed(path)][1] == {
        "radiation.TM_K": 3000,
        "sizes.n_bins": 9,
    }
    path.write_text("radiation.TM_K: 2000\n")
    with pytest.raises(TableError, match="not a list of runs"):
        listed(path)


@pytest.fixture(scope="module")
def base(small: Callable[..., Config]) -> Tree:
    """Return the configuration that the sweeps vary."""
    return small("numerics.outputs.n_outputs=1").tree()


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, base: Tree) -> tuple[Path, list[Row]]:
    """Return directory and rows of a sweep over two processes."""
    directory = tmp_path_factory.mktemp("sweep") / "grid"
    return directory, run_campaign(Campaign(base, GRID, directory, workers=2))


def test_one_row_per_run_with_its_settings(swept: tuple[Path, list[Row]]) -> None:
    _, rows = swept
    assert [row["run"] for row in rows] == [0, 1, 2, 3]
    assert {row["status"] for row in rows} == {"finished"}
    assert [json.loads(row["settings"]) for row in rows] == [point.settings for point in GRID]
    assert rows[3]["mass_lost_Mmars"] > 0.0
    assert max(row["ledger_residual_max"] for row in rows) < 1e-12


def test_a_sweep_goes_on_where_it_stopped(swept: tuple[Path, list[Row]], base: Tree) -> None:
    directory, rows = swept
    for path in sorted((directory / "rows").iterdir())[1:]:
        path.unlink()
    kept = {row["run"]: row["wall_time_s"] for row in read_rows(directory)}
    again = run_campaign(Campaign(base, GRID, directory, workers=1))
    assert results(again) == results(rows)
    assert {row["run"]: row["wall_time_s"] for row in again if row["run"] in kept} == kept


def test_a_directory_of_another_sweep_is_refused(swept: tuple[Path, list[Row]], base: Tree) -> None:
    directory, _ = swept
    with pytest.raises(CheckpointError, match="another sweep"):
        run_campaign(Campaign(base, GRID[:2], directory))


def test_a_run_that_cannot_be_is_recorded_with_its_reason(base: Tree) -> None:
    row = run_point(7, "identity", base | {"radiation": {"optics": "constant", "TM_K": 900.0}})
    assert (row["run"], row["status"]) == (7, "failed")
    assert "radiation.TM_K" in row["error"]
    assert "radiation.Q_pr" in row["error"]


def slayer(stop: threading.Event, victims: int) -> threading.Thread:
    """Return a running thread that kills `victims` worker processes, one every so often."""

    def slay() -> None:
        left = victims
        while left and not stop.wait(0.3):
            for process in multiprocessing.active_children()[:1]:
                process.kill()
                left -= 1

    thread = threading.Thread(target=slay)
    thread.start()
    return thread


@pytest.mark.long
def test_a_run_whose_worker_dies_is_repeated_once(
    swept: tuple[Path, list[Row]], tmp_path: Path, base: Tree
) -> None:
    stop = threading.Event()
    thread = slayer(stop, victims=1)
    rows = run_campaign(Campaign(base, GRID, tmp_path / "sweep", workers=2))
    stop.set()
    thread.join()
    assert results(rows) == results(swept[1])


def test_a_run_whose_worker_dies_twice_is_recorded(tmp_path: Path, base: Tree) -> None:
    stop = threading.Event()
    thread = slayer(stop, victims=1_000)
    rows = run_campaign(Campaign(base, GRID[:1], tmp_path / "sweep"))
    stop.set()
    thread.join()
    assert rows[0]["status"] == "failed"
    assert rows[0]["error"] == "the worker died 2 times"


def test_a_dask_cluster_of_two_local_workers_finds_the_same(
    swept: tuple[Path, list[Row]], tmp_path: Path, base: Tree
) -> None:
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        address = cluster.scheduler_address
        rows = run_campaign(Campaign(base, GRID, tmp_path / "sweep", scheduler=address))
    assert results(rows) == results(swept[1])


def dask_slayer(stop: threading.Event, cluster: Any, victims: int) -> threading.Thread:
    """Return a running thread that kills `victims` workers of a cluster while they compute."""

    def busy() -> Iterator[tuple[Any, str]]:
        for nanny in list(cluster.workers.values()):
            worker = cluster.scheduler.workers.get(nanny.worker_address)
            if worker is not None and worker.processing:
                yield nanny, worker.address

    def slay() -> None:
        for _ in range(victims):
            found = None
            while found is None and not stop.wait(0.02):
                found = next(busy(), None)
            if found is None:
                return
            os.kill(found[0].pid, signal.SIGKILL)
            while found[1] in cluster.scheduler.workers and not stop.wait(0.02):
                pass

    thread = threading.Thread(target=slay)
    thread.start()
    return thread


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_run_whose_dask_worker_dies_is_repeated_once(
    deaths: int, swept: tuple[Path, list[Row]], tmp_path: Path, base: Tree
) -> None:
    distributed = pytest.importorskip("distributed")
    stop = threading.Event()
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        thread = dask_slayer(stop, cluster, deaths)
        address = cluster.scheduler_address
        rows = run_campaign(Campaign(base, GRID[:1], tmp_path / "sweep", scheduler=address))
        stop.set()
        thread.join()
    if deaths == 1:
        assert results(rows) == results(swept[1][:1])
    else:
        assert rows[0]["status"] == "failed"
        assert rows[0]["error"] == "the worker died 2 times"


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path, base: Tree) -> None:
    pytest.importorskip("distributed")
    begin = time.monotonic()
    with pytest.raises(ConfigurationError, match="cannot be reached"):
        run_campaign(Campaign(base, GRID, tmp_path / "sweep", scheduler="tcp://127.0.0.1:1"))
    assert time.monotonic() - begin < 60.0
