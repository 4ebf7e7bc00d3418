"""A study on a real Dask cluster of two workers, one of which is killed on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project import sleeper
from tighten.cluster import tune
from tighten.errors import StudyError
from tighten.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("distributed", reason="the extra tighten[dask] is not installed")

NO_COMPILERS = f"{Path(sys.executable).parent}"  # another fingerprint: to tighten, another host


class Cluster:
    """A scheduler and its workers, each its own process."""

    def __init__(self, place: Path, opened: ExitStack) -> None:
        self._place = place
        self._opened = opened
        self._file = place / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        limit = time.monotonic() + 60
        while not self._file.exists():
            assert time.monotonic() < limit, "the scheduler did not start"
            time.sleep(0.05)
        self.address: str = json.loads(self._file.read_text())["address"]

    def worker(self, name: str, **environment: str) -> subprocess.Popen[bytes]:
        return self._start(
            "worker", "--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self._place / name), **environment,
        )  # fmt: skip

    def _start(self, kind: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}",
             "--scheduler-file", str(self._file), *words],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._opened.callback(process.wait)
        self._opened.callback(process.kill)
        return process


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as opened:
        yield Cluster(tmp_path, opened)


@pytest.mark.long
def test_two_hosts_find_and_confirm_the_gain_together(tmp_path: Path, cluster: Cluster) -> None:
    project = sleeper(tmp_path / "p", values="10, 15, 30, 40")
    before = project.files()
    cluster.worker("one")
    cluster.worker("two", PATH=NO_COMPILERS)
    done = project.tighten("tune", "--scheduler", cluster.address)
    assert done.code == 0, done.err
    assert project.files() == before

    record = project.record()
    trials = record["trials"]
    assert [trial["number"] for trial in trials] == list(range(len(trials)))
    assert trials[record["best"]]["configuration"] == {"DELAY_MS": 10}
    searched = [json.dumps(t["configuration"]) for t in trials if t["role"] == "search"]
    assert len(searched) == len(set(searched)) == 4
    assert {trial["host"] for trial in trials} == set(record["hosts"])
    alone = [t for t in trials if t["role"] == "confirmation"]
    assert len({trial["host"] for trial in alone}) == 2
    product = 1.0
    for trial in alone:
        product *= trial["verdict"]["objective"]["e_value"]
    together = record["confirmation"]
    assert together["objective"]["e_value"] == pytest.approx(product)
    assert together["outcome"] == "accept"
    page = (project.root / ".tighten" / "report.html").read_text()
    assert all(host in page for host in record["hosts"])


@pytest.mark.long
def test_a_job_whose_worker_dies_goes_to_another(tmp_path: Path, cluster: Cluster) -> None:
    project = sleeper(tmp_path / "p", values="10, 15, 30, 40")
    victim = cluster.worker("one")
    cluster.worker("two")
    with project.start("tune", "--scheduler", cluster.address) as process:
        limit = time.monotonic() + 90
        while not list((tmp_path / "one").rglob("candidate.log")):
            assert time.monotonic() < limit, "the first worker got no trial"
            time.sleep(0.05)
        victim.kill()
        _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    record = project.record()
    assert record["trials"][record["best"]]["configuration"] == {"DELAY_MS": 10}
    assert all(trial["failure"] is None for trial in record["trials"])


def test_no_scheduler_is_one_clear_error(tmp_path: Path) -> None:
    done = sleeper(tmp_path).tighten("tune", "--scheduler", "tcp://127.0.0.1:9")
    assert done.code == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.err


def test_without_dask_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    study = Study.load(sleeper(tmp_path).root)
    with pytest.raises(StudyError, match=r"tighten\[dask\]"):
        tune(study, "tcp://127.0.0.1:9")
