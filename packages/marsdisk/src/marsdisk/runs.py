"""Carry out one run and keep it on disk: series, checkpoints, provenance, summary and pictures.

A run directory is complete at every moment: finished parts and checkpoints appear whole or not at
all, and :func:`resume` goes on from the newest checkpoint as if nothing had happened.  Limitation:
one process at a time works in a directory.
"""

from __future__ import annotations

import importlib
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.config import Config
from marsdisk.config.drivers import qpr_table
from marsdisk.config.translate import parameters
from marsdisk.environment import Execution, execution, streaming_enabled
from marsdisk.errors import CheckpointError, MarsdiskError, OutputError
from marsdisk.io.checkpoints import latest_checkpoint, prune_checkpoints, write_checkpoint
from marsdisk.io.files import read_json, sha256_of, write_json
from marsdisk.io.series import SeriesWriter, columns_of_run, drop_parts_after, last_output
from marsdisk.io.summary import RunFacts, orbit_rollup, summary, write_run_card, write_summary
from marsdisk.io.totals import read_totals
from marsdisk.simulation import Progress, Simulation

if TYPE_CHECKING:
    from marsdisk.checkpoint import Checkpoint
    from marsdisk.snapshot import Snapshot

__all__ = ["RunRequest", "RunResult", "execute", "resume", "series_directory"]

OnProgress = Callable[[Progress], None]
OnTable = Callable[[int, int], None]

VERSIONED = ("marsdisk", "numpy", "numba", "llvmlite", "scipy", "pyarrow", "pydantic", "miepython")
"""Packages whose versions are recorded."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A configuration and where its run goes."""

    config: Config
    name: str
    directory: Path
    threads: int | None = None
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: `status` is finished, interrupted or failed; `error` says why it failed."""

    directory: Path
    status: str
    summary: dict[str, Any]
    error: MarsdiskError | None = None


def series_directory(directory: Path) -> Path:
    """Return where the series of a run lies."""
    return directory / "series"


def execute(
    request: RunRequest, on_progress: OnProgress | None = None, on_table: OnTable | None = None
) -> RunResult:
    """Run a configuration in a new directory.

    Parameters
    ----------
    request : RunRequest
        What to run and where.
    on_progress : callable, optional
        Called with the progress of the integration.
    on_table : callable, optional
        Called with finished and total steps while a Q_pr table is computed.

    Returns
    -------
    RunResult
        Also for a run that was interrupted or whose integration failed; both can be resumed.

    Raises
    ------
    ConfigurationError, TableError
        If the configuration cannot be run; nothing has been written.
    OutputError
        If the directory exists or cannot be written.
    """
    config = request.config
    how = _execution(config, request.threads)
    problem = parameters(config, how, on_table)
    simulation = Simulation(problem)
    directory = request.directory
    try:
        directory.mkdir(parents=True)
    except FileExistsError as error:
        remedy = "choose another --output, or use `marsdisk resume`"
        raise OutputError(directory, "exists already", remedy) from error
    except OSError as error:
        raise OutputError(directory, error.strerror or str(error), "choose another one") from error
    record = _record(request, how, simulation)
    write_json(directory / "run_config.json", record)
    return _drive(config, directory, simulation, record, on_progress)


def resume(
    directory: Path,
    *,
    threads: int | None = None,
    on_progress: OnProgress | None = None,
    on_table: OnTable | None = None,
) -> RunResult:
    """Go on with an interrupted, failed or killed run.

    Returns
    -------
    RunResult
        As :func:`execute`; all outputs are those of a run that was never interrupted.

    Raises
    ------
    CheckpointError
        If `directory` holds no run, its input files have changed, or the checkpoint is of another
        configuration.
    """
    record = _read_record(directory)
    config = Config.from_tree(record["configuration"])
    for path, digest in record["inputs"].items():
        if not Path(path).is_file() or sha256_of(Path(path)) != digest:
            detail = f"input file {path} has changed since the run started"
            raise CheckpointError(detail, "restore it, or start a new run")
    how = _execution(config, threads)
    checkpoint = latest_checkpoint(directory / "checkpoints")
    simulation = Simulation(parameters(config, how, on_table), resume=checkpoint)
    written = -1 if checkpoint is None else int(checkpoint.scalars["output_index"])
    drop_parts_after(series_directory(directory), written)
    record["execution"] = how.record()
    return _drive(config, directory, simulation, record, on_progress)


def _read_record(directory: Path) -> dict[str, Any]:
    try:
        record = read_json(directory / "run_config.json")
    except (OSError, ValueError) as error:
        detail = f"{directory} holds no readable run_config.json ({error})"
        raise CheckpointError(detail, "give the directory of a run") from error
    if not isinstance(record, dict) or "configuration" not in record:
        raise CheckpointError(f"{directory} is not a run", "give the directory of a run")
    return record


def _execution(config: Config, threads: int | None) -> Execution:
    cells = config.geometry.Nr if config.geometry.mode == "1D" else 1
    parallel = config.parallel
    return execution(
        cells, threads=threads, configured=parallel.threads, chunk_cells=parallel.chunk_cells
    )


def _paths(tree: Any) -> list[str]:
    """Return the values of all keys that end in ``path``."""
    found: list[str] = []
    for name, value in tree.items() if isinstance(tree, dict) else ():
        if str(name).endswith("path") and isinstance(value, str):
            found.append(value)
        found += _paths(value)
    return found


def _record(request: RunRequest, how: Execution, simulation: Simulation) -> dict[str, Any]:
    """Return the provenance of a run, as plain values."""
    tree = request.config.tree()
    return {
        "name": request.name,
        "status": "running",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "argv": list(request.argv),
        "configuration": tree,
        "execution": how.record(),
        "fingerprint": simulation.plan.fingerprint,
        "inputs": {path: sha256_of(Path(path)) for path in _paths(tree)},
        "optics": qpr_table(request.config.radiation).provenance,
        "versions": {name: metadata.version(name) for name in VERSIONED},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "warnings": list(simulation.plan.warnings),
    }


class _Recorder:
    """Writes outputs and checkpoints as they come."""

    def __init__(self, config: Config, directory: Path, simulation: Simulation) -> None:
        self.directory = directory
        self.simulation = simulation
        self.checkpoints = config.numerics.checkpoint
        self.seconds = 0.0
        self.cells_stopped = 0
        columns = columns_of_run(
            bins=config.io.psd_history,
            energy=config.diagnostics.energy_bookkeeping,
            legacy=config.io.legacy_columns,
        )
        series = series_directory(directory)
        self.writer = SeriesWriter(
            series,
            simulation.plan,
            columns,
            compression=config.io.compression,
            buffer_bytes=config.io.buffer_mb * 1e6 if streaming_enabled() else np.inf,
            previous=last_output(series),
        )

    def take(self, snapshot: Snapshot) -> None:
        """Write one output, and a checkpoint when it is due."""
        begin = time.perf_counter()
        self.writer.append(snapshot)
        self.cells_stopped = int(np.count_nonzero(~snapshot.active))
        due = snapshot.index % self.checkpoints.every_outputs == 0
        if self.checkpoints.enabled and due and snapshot.index > 0:
            self.save(self.simulation.checkpoint())
        self.seconds += time.perf_counter() - begin

    def save(self, checkpoint: Checkpoint) -> None:
        """Write what is held, then the checkpoint: never a checkpoint without its outputs."""
        self.writer.flush()
        directory = self.directory / "checkpoints"
        write_checkpoint(directory, checkpoint)
        prune_checkpoints(directory, self.checkpoints.keep_last_n)


def _drive(
    config: Config,
    directory: Path,
    simulation: Simulation,
    record: dict[str, Any],
    on_progress: OnProgress | None,
) -> RunResult:
    """Integrate to the end, an interrupt or a failure; leave a summary in each case."""
    begin = time.perf_counter()
    recorder = _Recorder(config, directory, simulation)
    status, error = "finished", None
    try:
        for snapshot in simulation.snapshots(on_progress=on_progress):
            recorder.take(snapshot)
    except KeyboardInterrupt:
        status = "interrupted"
    except OutputError:
        # The disk refuses data: nothing more can be written here, not even a summary.
        raise
    except MarsdiskError as caught:
        status, error = "failed", caught
    recorder.save(simulation.checkpoint())
    facts = _facts(config, simulation, status, recorder)
    facts = replace(facts, wall_time_s=time.perf_counter() - begin)
    values = _conclude(directory, record, facts, error)
    if config.io.figures:
        importlib.import_module("marsdisk.figures").draw_run(directory)
    return RunResult(directory, status, values, error)


def _facts(config: Config, simulation: Simulation, status: str, recorder: _Recorder) -> RunFacts:
    plan = simulation.plan
    return RunFacts(
        status=status,
        stop_reason=simulation.stop_reason,
        wall_time_s=0.0,
        rows_time_s=recorder.seconds,
        orbit_s=float(np.interp(plan.r_edges[[0, -1]].mean(), plan.r, plan.t_orb)),
        chi_blow=plan.chi,
        t_end_s=float(simulation.parameters.numerics.output_times[-1]),
        s_min_m=float(plan.edges[0]),
        rho=config.material.rho,
        optics=config.radiation.optics,
        cells_stopped=recorder.cells_stopped,
        warnings=plan.warnings,
        cache=simulation.cache.statistics._asdict(),
    )


def _conclude(
    directory: Path, record: dict[str, Any], facts: RunFacts, error: MarsdiskError | None
) -> dict[str, Any]:
    """Write summary, roll-up, run card and the final record; return the summary."""
    totals = read_totals(series_directory(directory))
    values = summary(totals, facts)
    if error is not None:
        values["error"] = str(error)
    write_summary(directory, values)
    orbit_rollup(directory / "orbit_rollup.csv", totals, facts.orbit_s)
    record = {**record, "status": facts.status}
    write_json(directory / "run_config.json", record)
    write_run_card(directory, values, record)
    return values
