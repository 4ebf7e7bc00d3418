"""Sections that say how a run is computed and written."""

# Keys carry their unit (_K, _RM) and the symbols of the field, as in the published input files.
# ruff: noqa: N815

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from marsdisk.config.fields import Section, key

__all__ = [
    "DiagnosticsSection",
    "IoSection",
    "NumericsSection",
    "ParallelSection",
    "TableCacheSection",
]


class OutputSection(Section):
    """Times at which the state is written; the integrator hits them exactly."""

    n_outputs: int = key(200, "1", "number of outputs after the start", ge=1, le=1_000_000)
    spacing: Literal["linear", "log"] = key("log", "", "spacing of n_outputs")
    first_s: float = key(60.0, "s", "first output of logarithmic spacing", gt=0.0)
    interval_s: float | None = key(None, "s", "fixed interval; replaces n_outputs", gt=0.0)
    times_s: list[Annotated[float, Field(gt=0.0)]] | None = key(
        None, "s", "explicit times, ascending; replaces n_outputs and interval_s", min_length=1
    )


class CheckpointSection(Section):
    """States from which ``marsdisk resume`` goes on."""

    enabled: bool = key(default=True, unit="", meaning="write checkpoints")
    every_outputs: int = key(20, "1", "outputs between checkpoints", ge=1)
    keep_last_n: int = key(2, "1", "older checkpoints are removed", ge=1)


class NumericsSection(Section):
    """End of the run, integrator and tolerances."""

    t_end_years: float | None = key(None, "yr", "end of the run", gt=0.0, le=1e6)
    t_end_orbits: float | None = key(None, "orbit", "end of the run, orbits at mid radius", gt=0.0)
    t_end_until_temperature_K: float | None = key(
        None, "K", "end when Mars has cooled to this temperature", ge=1000.0, le=6500.0
    )
    t_end_temperature_margin_years: float = key(0.0, "yr", "go on for this long after", ge=0.0)
    integrator: Literal["rodas3", "mprk22", "imex_bdf1", "radau"] = key(
        "rodas3", "", "time integrator; all share one right-hand side"
    )
    rtol: float = key(1e-3, "1", "relative tolerance per bin", ge=1e-12, le=0.5)
    atol_rel: float = key(1e-9, "1", "absolute tolerance over the mass of the cell", gt=0.0, le=0.1)
    dt_max: float | None = key(None, "s", "largest step; empty: no limit", gt=0.0)
    max_steps: int = key(100_000, "1", "steps per cell and output interval", ge=1)
    coupling_time_s: float | None = key(
        None, "s", "longest span with held velocities and transport; empty: output interval", gt=0.0
    )
    ledger_tolerance: float = key(
        1e-12, "1", "largest relative defect of the mass ledger", ge=1e-15, le=1e-3
    )
    min_duration_years: float = key(0.0, "yr", "no stop before", ge=0.0)
    mass_loss_rate_stop_Mmars_s: float | None = key(
        None, "M_Mars s^-1", "stop when the whole disk loses less", gt=0.0
    )
    stop_on_blowout_below_smin: bool = key(
        default=False, unit="", meaning="stop when the blow-out size leaves the grid"
    )
    outputs: OutputSection = OutputSection()
    checkpoint: CheckpointSection = CheckpointSection()


class TableCacheSection(Section):
    """Reuse of collision tables within one run."""

    enabled: bool = key(default=True, unit="", meaning="off recomputes every table")
    maxsize: int = key(256, "1", "entries kept", ge=1)


class ParallelSection(Section):
    """Threads over cells; results do not depend on it."""

    threads: int | None = key(None, "1", "threads; empty: cores, at most one per cell", ge=1)
    chunk_cells: int = key(0, "1", "cells that a thread takes at once; 0: one", ge=0)
    table_cache: TableCacheSection = TableCacheSection()


class DiagnosticsSection(Section):
    """Bookkeeping that costs time."""

    energy_bookkeeping: bool = key(default=False, unit="", meaning="energy sums of collisions")


class IoSection(Section):
    """What is written."""

    psd_history: bool = key(default=True, unit="", meaning="write the mass of every bin")
    compression: Literal["zstd", "snappy", "none"] = key("snappy", "", "Parquet compression")
    buffer_mb: float = key(32.0, "MB", "memory held before a row group is written", gt=0.0, le=4096)
    legacy_columns: bool = key(
        default=False, unit="", meaning="add the published program's column names"
    )
    figures: bool = key(default=True, unit="", meaning="draw pictures and the HTML page")
