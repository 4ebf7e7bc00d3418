"""Carry out a sweep: share the runs out, keep one row per run on disk, go on after a stop.

Rows are gathered in small Parquet parts of one data set.  A run whose worker dies is repeated once
and then recorded as failed.  Starting the same sweep in the same directory runs only what is
missing.
"""

from __future__ import annotations

import importlib
import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from marsdisk.config.loading import Tree
from marsdisk.errors import CheckpointError, ConfigurationError, Problem
from marsdisk.io.files import atomic_file, read_json, write_json
from marsdisk.io.series import read_part
from marsdisk.kernels import CHANNELS
from marsdisk.sweep.design import Point
from marsdisk.sweep.work import run_point

__all__ = ["Campaign", "read_rows", "run_campaign"]

Row = dict[str, Any]
Work = tuple[int, str, Tree]
OnRow = Callable[[int, int], None]

RESULTS: dict[str, tuple[pa.DataType, str]] = {
    "run": (pa.int64(), "1"),
    "identity": (pa.string(), ""),
    "status": (pa.string(), ""),
    "error": (pa.string(), ""),
    "stop_reason": (pa.string(), ""),
    "t_reached_years": (pa.float64(), "yr"),
    "mass_initial_Mmars": (pa.float64(), "M_Mars"),
    "mass_supplied_Mmars": (pa.float64(), "M_Mars"),
    "mass_on_disk_Mmars": (pa.float64(), "M_Mars"),
    "mass_lost_Mmars": (pa.float64(), "M_Mars"),
    **{f"lost_{channel}_Mmars": (pa.float64(), "M_Mars") for channel in CHANNELS},
    "loss_rate_Mmars_s": (pa.float64(), "M_Mars s^-1"),
    "T_M_final_K": (pa.float64(), "K"),
    "a_blow_final_m": (pa.float64(), "m"),
    "tau_max": (pa.float64(), "1"),
    "steps_per_cell_and_year": (pa.float64(), "1"),
    "ledger_residual_max": (pa.float64(), "1"),
    "wall_time_s": (pa.float64(), "s"),
    "worker": (pa.string(), ""),
}
"""Arrow type and unit of the result columns; the varied keys follow as JSON in `settings`."""

FLUSH_SECONDS = 5.0
"""Rows wait at most this long in memory."""

ATTEMPTS = 2
"""A run is given to a worker this often before its death is recorded."""

WORKER_DIED = f"the worker died {ATTEMPTS} times"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A sweep: base configuration, runs, directory, and where it is computed."""

    base: Tree
    points: Sequence[Point]
    directory: Path
    workers: int = 1
    scheduler: str | None = None


def read_rows(directory: Path) -> list[Row]:
    """Return the rows that are on disk, in the order of the runs."""
    rows: list[Row] = []
    for path in sorted((directory / "rows").glob("part-*.parquet")):
        rows += read_part(path).to_pylist()
    return sorted(rows, key=lambda row: int(row["run"]))


def run_campaign(campaign: Campaign, on_row: OnRow | None = None) -> list[Row]:
    """Run what is missing of a sweep and return all rows.

    Parameters
    ----------
    campaign : Campaign
        What to run and where.
    on_row : callable, optional
        Called with finished and total number of runs.

    Raises
    ------
    CheckpointError
        If the directory holds another sweep.
    OutputError
        If rows cannot be written; what was finished before stays.
    ConfigurationError
        If the scheduler cannot be reached.
    """
    identities = {point.index: point.identity(campaign.base) for point in campaign.points}
    _claim(campaign, identities)
    have = {row["run"] for row in read_rows(campaign.directory)}
    missing = [point for point in campaign.points if point.index not in have]
    total, finished = len(campaign.points), len(have)
    with _row_file(campaign) as keep:
        for row in _rows(campaign, missing, identities):
            keep(row)
            finished += 1
            if on_row is not None:
                on_row(finished, total)
    return read_rows(campaign.directory)


def _claim(campaign: Campaign, identities: dict[int, str]) -> None:
    """Write down what the sweep is, or make sure that the directory holds the same one."""
    path = campaign.directory / "sweep.json"
    plan = {
        "base": campaign.base,
        "runs": [point.settings for point in campaign.points],
        "identities": [identities[point.index] for point in campaign.points],
    }
    if path.exists():
        try:
            known = read_json(path)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path} is damaged ({error})", "use a new directory") from error
        if known["identities"] != plan["identities"]:
            detail = f"{campaign.directory} holds another sweep"
            raise CheckpointError(detail, "use a new --output, or repeat the same command")
        return
    (campaign.directory / "rows").mkdir(parents=True, exist_ok=True)
    write_json(path, plan)


@contextmanager
def _row_file(campaign: Campaign) -> Iterator[Callable[[Row], None]]:
    """Give a function that keeps a row; rows reach the disk every few seconds and at the end."""
    held: list[Row] = []
    last = [time.monotonic()]
    settings = {point.index: json.dumps(point.settings) for point in campaign.points}

    def flush() -> None:
        if held:
            _write_rows(campaign.directory, held)
            held.clear()
        last[0] = time.monotonic()

    def keep(row: Row) -> None:
        held.append(row | {"settings": settings[row["run"]]})
        if time.monotonic() - last[0] > FLUSH_SECONDS:
            flush()

    try:
        yield keep
    finally:
        flush()


def _write_rows(directory: Path, rows: Sequence[Row]) -> None:
    fields = [
        pa.field(name, kind, metadata={"unit": unit})
        for name, (kind, unit) in {**RESULTS, "settings": (pa.string(), "")}.items()
    ]
    ordered = sorted(rows, key=lambda row: int(row["run"]))
    # The lowest run of a part names it: runs are kept once, so names never meet.
    path = directory / "rows" / f"part-{ordered[0]['run']:07d}.parquet"
    with atomic_file(path) as stream:
        pq.write_table(pa.Table.from_pylist(ordered, schema=pa.schema(fields)), stream)


def _rows(
    campaign: Campaign, missing: Sequence[Point], identities: dict[int, str]
) -> Iterator[Row]:
    work = {
        point.index: (point.index, identities[point.index], point.tree(campaign.base))
        for point in missing
    }
    if campaign.scheduler is not None:
        return _dask_rows(campaign.scheduler, work)
    return _process_rows(campaign.workers, work)


def _failed(arguments: Work, why: str) -> Row:
    index, identity, _ = arguments
    return {"run": index, "identity": identity, "status": "failed", "error": why}


def _process_rows(workers: int, work: dict[int, Work]) -> Iterator[Row]:
    """Yield rows from local processes; a run whose process dies is repeated once, alone."""
    waiting = list(work.values())
    while waiting:
        suspects: list[Work] = []
        yield from _pool_rows(workers, waiting, suspects)
        for arguments in suspects:
            yield _alone(arguments)


def _pool_rows(workers: int, waiting: list[Work], suspects: list[Work]) -> Iterator[Row]:
    """Yield rows until all is done or a process dies; its pool is then broken.

    No more runs than processes are handed out, so the `suspects` are few: whoever was computed
    when the process died. What was not handed out stays in `waiting`.
    """
    waiting.reverse()
    with _pool(workers) as pool:
        running: dict[Future[Row], Work] = {}
        while not suspects and (waiting or running):
            while waiting and len(running) < workers:
                arguments = waiting.pop()
                running[pool.submit(run_point, *arguments)] = arguments
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                arguments = running.pop(future)
                row = _row_of(future, arguments)
                if row is None:
                    suspects.append(arguments)
                else:
                    yield row
        suspects += running.values()
    waiting.reverse()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give fresh processes that leave Ctrl-C to the parent; drop what is queued on an error."""
    ignore = (signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=signal.signal, initargs=ignore
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _row_of(future: Future[Row], arguments: Work) -> Row | None:
    """Return the row of a finished run, or None if its process died."""
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        return None
    return future.result() if error is None else _failed(arguments, repr(error))


def _alone(arguments: Work) -> Row:
    with _pool(1) as pool:
        try:
            row = _row_of(pool.submit(run_point, *arguments), arguments)
        except BrokenProcessPool:
            row = None
    return row or _failed(arguments, WORKER_DIED)


def _allow_failures(dask_scheduler: Any, allowed: int) -> None:
    """Set how often a worker may die under a run before the run is given up."""
    dask_scheduler.allowed_failures = allowed


def _dask_rows(scheduler: str, work: dict[int, Work]) -> Iterator[Row]:
    """Yield rows from a Dask cluster; it repeats a run whose worker died once."""
    try:
        distributed = importlib.import_module("distributed")
        client = distributed.Client(scheduler, timeout="10s")
    except ImportError as error:
        rule = "needs the package distributed"
        hint = "install marsdisk[dask]"
        raise ConfigurationError((Problem("--scheduler", scheduler, rule, hint),)) from error
    except (OSError, TimeoutError, ValueError) as error:
        rule = f"cannot be reached ({error})"
        hint = "start one with `dask scheduler`, and workers with `dask worker ADDRESS`"
        raise ConfigurationError((Problem("--scheduler", scheduler, rule, hint),)) from error
    with client:
        client.run_on_scheduler(_allow_failures, allowed=ATTEMPTS - 1)
        futures = {
            client.submit(run_point, *arguments, pure=False, retries=0): arguments
            for arguments in work.values()
        }
        for future in distributed.as_completed(futures):
            arguments = futures.pop(future)
            if future.status == "finished":
                yield future.result()
            elif isinstance(future.exception(), distributed.KilledWorker):
                yield _failed(arguments, WORKER_DIED)
            else:
                yield _failed(arguments, repr(future.exception()))
            future.release()
