"""What a run found, in one page: summary.json, orbit roll-up and run card."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from marsdisk.io.files import write_json, write_text
from marsdisk.io.series import arrow_array
from marsdisk.physics.constants import YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from marsdisk.io.totals import Totals
    from marsdisk.typing import FloatArray

__all__ = ["RunFacts", "orbit_rollup", "summary", "write_run_card", "write_summary"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the series does not hold: how the run went."""

    status: str
    stop_reason: str | None
    wall_time_s: float
    rows_time_s: float
    orbit_s: float
    chi_blow: float
    t_end_s: float
    s_min_m: float
    rho: float
    optics: str
    cells_stopped: int
    warnings: tuple[str, ...]
    cache: dict[str, int]


def _range(values: FloatArray) -> dict[str, float]:
    return {
        "initial": float(values[0]),
        "final": float(values[-1]),
        "min": float(values.min()),
        "median": float(np.median(values)),
        "max": float(values.max()),
    }


def summary(totals: Totals, facts: RunFacts) -> dict[str, Any]:
    """Return the summary of a run as plain values; units are in the key names."""
    years = totals.time[-1] / YEAR
    orbits = totals.time[-1] / facts.orbit_s
    lost = float(totals.all_lost[-1])
    blown = float(totals.lost["blowout"][-1])
    per_cell_year = totals.steps[-1] / totals.n_cells / years if years > 0 else 0.0
    a_blow = _range(totals.a_blow)
    return {
        "status": facts.status,
        "stop_reason": facts.stop_reason,
        "t_end_s": facts.t_end_s,
        "t_reached_s": float(totals.time[-1]),
        "t_reached_years": float(years),
        "outputs": int(totals.time.size),
        "cells": totals.n_cells,
        "cells_stopped": facts.cells_stopped,
        "wall_time_s": facts.wall_time_s,
        "output_time_s": facts.rows_time_s,
        "steps": int(totals.steps[-1]),
        "steps_per_cell_and_year": float(per_cell_year),
        "ledger_residual_max": float(totals.ledger_residual.max()),
        "mass_budget_max_error_percent": 100.0 * float(totals.ledger_residual.max()),
        "mass_initial_Mmars": float(totals.initial[-1]),
        "mass_supplied_Mmars": float(totals.supplied[-1]),
        "mass_on_disk_Mmars": float(totals.on_disk[-1]),
        "mass_deep_Mmars": float(totals.deep[-1]),
        "mass_lost_Mmars": {name: float(values[-1]) for name, values in totals.lost.items()},
        "M_loss": lost,
        "M_out_cum": blown,
        "M_sink_cum": lost - blown,
        "M_loss_from_sinks": lost - blown,
        "M_loss_from_sublimation": float(totals.lost["sublimation"][-1]),
        "M_out_mean_per_orbit": blown / orbits if orbits > 0 else 0.0,
        "M_sink_mean_per_orbit": (lost - blown) / orbits if orbits > 0 else 0.0,
        "orbits_completed": math.floor(orbits),
        "case_status": "blowout" if totals.beta_s_min[0] >= 0.5 else "ok",
        "beta_threshold": 0.5,
        "beta_at_smin_config": _range(totals.beta_s_min),
        "a_blow_m": a_blow,
        "a_blow_min": a_blow["min"],
        "a_blow_median": a_blow["median"],
        "a_blow_max": a_blow["max"],
        "s_min_effective": max(facts.s_min_m, a_blow["initial"]),
        "s_min_components": {"config": facts.s_min_m, "blowout": a_blow["initial"]},
        "T_M_K": _range(totals.temperature),
        "T_M_initial": float(totals.temperature[0]),
        "T_M_final": float(totals.temperature[-1]),
        "chi_blow_eff": facts.chi_blow,
        "rho_used": facts.rho,
        "optics": facts.optics,
        "tau_mean": _range(totals.tau),
        "table_cache": facts.cache,
        "warnings": list(facts.warnings),
    }


def write_summary(directory: Path, values: dict[str, Any]) -> None:
    """Write summary.json.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_json(directory / "summary.json", values)


ROLLUP = (
    "orbit_index",
    "time_s",
    "time_s_end",
    "t_orb_s",
    "M_out_orbit",
    "M_sink_orbit",
    "M_loss_orbit",
    "mass_loss_frac_per_orbit",
    "M_out_cum",
    "M_sink_cum",
    "M_loss_cum",
    "T_M",
)
"""Columns of the orbit roll-up; masses in M_Mars."""


def orbit_rollup(path: Path, totals: Totals, orbit: float) -> None:
    """Write the losses of each completed orbit at mid radius.

    Cumulative losses are interpolated linearly between outputs; a run shorter than one orbit gives
    a single row that spans what there is.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    end = totals.time[-1]
    edges = np.arange(max(1, math.floor(end / orbit)) + 1) * orbit
    edges[-1] = min(edges[-1], end)
    blown = np.interp(edges, totals.time, totals.lost["blowout"])
    lost = np.interp(edges, totals.time, totals.all_lost)
    temperature = np.interp(edges[1:], totals.time, totals.temperature)
    mass = np.interp(edges[:-1], totals.time, totals.on_disk)
    step_out, step_all = np.diff(blown), np.diff(lost)
    share = np.divide(step_all, mass, out=np.zeros_like(mass), where=mass > 0.0)
    columns = (
        *(np.arange(mass.size), edges[:-1], edges[1:], np.full(mass.size, orbit)),
        *(step_out, step_all - step_out, step_all, share),
        *(blown[1:], lost[1:] - blown[1:], lost[1:], temperature),
    )
    arrays = [arrow_array(column, pa.from_numpy_dtype(column.dtype)) for column in columns]
    rows = pa.BufferOutputStream()
    csv.write_csv(pa.table(arrays, ROLLUP), rows, csv.WriteOptions(include_header=False))
    write_text(path, ",".join(ROLLUP) + "\n" + rows.getvalue().to_pybytes().decode())


def write_run_card(directory: Path, values: dict[str, Any], record: dict[str, Any]) -> None:
    """Write run_card.md: the run on one page, for people.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    lost = "\n".join(
        f"| lost by {name} | {value:.6e} |" for name, value in values["mass_lost_Mmars"].items()
    )
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    text = f"""# Run card

{record["name"]}: {values["status"]} ({values["stop_reason"] or "not finished"}),
{values["t_reached_years"]:.6g} years in {values["wall_time_s"]:.3g} s.

| mass | M_Mars |
|---|---|
| at the start | {values["mass_initial_Mmars"]:.6e} |
| supplied | {values["mass_supplied_Mmars"]:.6e} |
| on the disk | {values["mass_on_disk_Mmars"]:.6e} |
| in the deep buffer | {values["mass_deep_Mmars"]:.6e} |
{lost}

Largest defect of the mass ledger: {values["ledger_residual_max"]:.2e} (relative).
Steps per cell and year: {values["steps_per_cell_and_year"]:.4g}.
Optics: {values["optics"]}. Physics mode: {record["configuration"]["physics_mode"]}.
Threads: {record["execution"]["threads"]} of {record["execution"]["cores"]} cores.

## Files

- `series/`: state of every cell at every output (Parquet, units in the schema)
- `summary.json`: results; `run_config.json`: effective configuration and provenance
- `orbit_rollup.csv`: losses by orbit; `checkpoints/`: states to resume from
- `report.html`, `figures/`: pictures

## Environment

{versions}; Python {record["python"]} on {record["platform"]}.
"""
    write_text(directory / "run_card.md", text)
