"""Time a run part by part: `python -m marsdisk.bench --json FILE`.

One process repeats the same run, and in each repetition the short parts (`tables` and `output`)
several times; what happens once in it (importing the package, compiling or loading the kernels) is
timed apart and is in none of the cases. The cases are

======== =====================================================================================
tables   Q_pr table, grid, static arrays and the collision tables at the start
solver   the integration to the end, nothing written
output   the same snapshots written as Parquet, with the configured columns and compression
run      a whole run in a fresh directory: all of these, checkpoints and summary
start    importing the package (`import`), first short run with compilation (`first_run`)
======== =====================================================================================

The file has the schema `tighten-result-1`. `--check FILE.npz` runs once, without timing, and
writes every column of the series with the largest defect of the mass ledger instead: two versions
compute the same disk if their files agree. Pictures are never drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.environment import apply_thread_limit
from marsdisk.errors import ConfigurationError, MarsdiskError, OutputError
from marsdisk.io.files import atomic_file, write_text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from marsdisk.config import Config
    from marsdisk.simulation import Simulation
    from marsdisk.snapshot import Snapshot

__all__ = ["main", "measure", "numbers"]

SCHEMA = "tighten-result-1"
WARM_UP = ["numerics.t_end_years=1e-5", "numerics.outputs.n_outputs=1"]
"""A run as short as this compiles every kernel that the long one needs."""

SHORT = 15
"""How often each repetition times a part that is over in a moment."""

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """What to run: a preset or file with overrides, and how often."""

    source: str
    overrides: tuple[str, ...]
    repeats: int

    def config(self, *more: str) -> Config:
        """Return the configuration; pictures are off."""
        from marsdisk.config import Config, preset_path  # noqa: PLC0415 -- its import is timed

        path = Path(self.source)
        file = path if path.is_file() else preset_path(self.source)
        return Config.from_yaml(file, [*self.overrides, *more, "io.figures=false"])


def measure(plan: Plan) -> dict[str, Any]:
    """Return the times of every case in the layout of the file, in seconds."""
    begin = time.perf_counter()
    config = plan.config()
    import marsdisk.runs  # noqa: F401, PLC0415 -- its import is timed

    imported = time.perf_counter()
    _run(plan.config(*WARM_UP))
    first = time.perf_counter()
    times: Times = {"tables": [], "solver": [], "output": [], "run": []}
    for _ in range(plan.repeats):
        _repeat(config, times)
    cases = {name: {"time": seconds} for name, seconds in times.items()}
    start = {"import": imported - begin, "first_run": first - imported}
    return {
        "schema": SCHEMA,
        "cases": {**cases, "start": start},
        "info": {"configuration": plan.source, "overrides": list(plan.overrides)},
    }


def _repeat(config: Config, times: Times) -> None:
    """Add the seconds of each part, and of a whole run."""
    for _ in range(SHORT - 1):
        _started(config, times["tables"])[1].close()
    simulation, snapshots, first = _started(config, times["tables"])
    with _timed(times["solver"]):
        kept = [first, *snapshots]
    for _ in range(SHORT):
        with _timed(times["output"]):
            _write(config, simulation, kept)
    with _timed(times["run"]):
        _run(config)


def _started(
    config: Config, times: list[float]
) -> tuple[Simulation, Generator[Snapshot], Snapshot]:
    """Return a simulation that is set up, what will come of it, and its first snapshot."""
    from marsdisk.simulation import Simulation  # noqa: PLC0415 -- its import is timed

    with _timed(times):
        simulation = Simulation(_problem(config))
        snapshots = simulation.snapshots()
        first = next(snapshots)
    return simulation, snapshots, first


@contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    """Add the seconds that the block took to `times`."""
    since = time.perf_counter()
    yield
    times.append(time.perf_counter() - since)


def _problem(config: Config) -> Any:
    from marsdisk.config.translate import parameters  # noqa: PLC0415 -- its import is timed
    from marsdisk.environment import execution  # noqa: PLC0415

    cells = config.geometry.Nr if config.geometry.mode == "1D" else 1
    parallel = config.parallel
    how = execution(
        cells, threads=None, configured=parallel.threads, chunk_cells=parallel.chunk_cells
    )
    return parameters(config, how)


def _write(config: Config, simulation: Simulation, snapshots: Sequence[Snapshot]) -> None:
    """Write a run's series into a directory that is removed again."""
    from marsdisk.io.series import SeriesWriter, columns_of_run  # noqa: PLC0415

    columns = columns_of_run(
        bins=config.io.psd_history,
        energy=config.diagnostics.energy_bookkeeping,
        legacy=config.io.legacy_columns,
    )
    with tempfile.TemporaryDirectory(prefix="marsdisk-bench-") as directory:
        writer = SeriesWriter(
            Path(directory) / "series",
            simulation.plan,
            columns,
            compression=config.io.compression,
            buffer_bytes=config.io.buffer_mb * 1e6,
        )
        for snapshot in snapshots:
            writer.append(snapshot)
        writer.flush()


def _run(config: Config, directory: Path | None = None) -> dict[str, Any]:
    """Carry out a whole run and return its summary; without a directory nothing is kept."""
    from marsdisk.runs import RunRequest, execute  # noqa: PLC0415 -- its import is timed

    if directory is None:
        with tempfile.TemporaryDirectory(prefix="marsdisk-bench-") as scratch:
            return _run(config, Path(scratch) / "run")
    result = execute(RunRequest(config, "bench", directory))
    if result.error is not None:
        raise result.error
    return result.summary


def numbers(plan: Plan) -> dict[str, Any]:
    """Return every column of the series of one run, and the largest defect of its ledger."""
    from marsdisk.io.series import list_values, read_series  # noqa: PLC0415
    from marsdisk.runs import series_directory  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="marsdisk-check-") as scratch:
        directory = Path(scratch) / "run"
        summary = _run(plan.config(), directory)
        table = read_series(series_directory(directory))
        columns = {
            field.name: list_values(table[field.name])
            if str(field.type).startswith("fixed_size_list")
            else np.asarray(table[field.name].to_numpy())
            for field in table.schema
        }
    return {**columns, "ledger_residual_max": np.float64(summary["ledger_residual_max"])}


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


_positive.__name__ = "whole number >= 1"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m marsdisk.bench",
        description="Time tables, solver, output and a whole run; start and compilation apart.",
        epilog="example: python -m marsdisk.bench minimal --repeats 5 --json times.json",
    )
    add = parser.add_argument
    add("source", nargs="?", default="baseline", help="preset or YAML file (default: baseline)")
    add("--override", action="append", default=[], metavar="KEY=VALUE", help="set one key")
    add("--repeats", type=_positive, default=3, help="repetitions (default: 3)")
    add("--json", type=Path, metavar="FILE", help="file for all times, in seconds")
    add("--check", type=Path, metavar="FILE.npz", help="write the numbers instead of timing")
    return parser


def _render(result: dict[str, Any]) -> str:
    lines = [f"{'case':<10} {'median':>10} {'least':>10}   [s]"]
    for name, metrics in result["cases"].items():
        for metric, found in metrics.items():
            values = sorted(found) if isinstance(found, list) else [found]
            label = name if metric == "time" else metric
            lines.append(f"{label:<10} {values[len(values) // 2]:>10.4f} {values[0]:>10.4f}")
    return "\n".join(lines) + "\n"


def _save(plan: Plan, arguments: argparse.Namespace) -> str:
    """Carry out what was asked, write its file, and return what there is to say."""
    if arguments.check is not None:
        found = numbers(plan)
        with atomic_file(arguments.check) as file:
            np.savez(file, **found)
        return f"{len(found)} arrays\n"
    result = measure(plan)
    if arguments.json is not None:
        write_text(arguments.json, json.dumps(result, indent=1) + "\n")
    return _render(result)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 not possible, 2 bad usage."""
    arguments = _parser().parse_args(argv)
    plan = Plan(arguments.source, tuple(arguments.override), arguments.repeats)
    try:
        apply_thread_limit(os.environ)
        sys.stdout.write(_save(plan, arguments))
    except ConfigurationError as error:
        sys.stderr.write(f"marsdisk.bench: {error}\n")
        return 2
    except OutputError as error:
        sys.stderr.write(f"marsdisk.bench: {error.path} cannot be written: {error.detail}\n")
        return 1
    except (MarsdiskError, OSError) as error:
        sys.stderr.write(f"marsdisk.bench: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
