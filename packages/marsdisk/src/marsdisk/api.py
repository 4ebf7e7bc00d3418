"""The Python face: one call from a configuration to labelled arrays; nothing is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.config.translate import parameters
from marsdisk.environment import execution
from marsdisk.io.columns import Column, Frame, Previous
from marsdisk.io.series import columns_of_run
from marsdisk.simulation import Progress, Simulation

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from marsdisk.config import Config

__all__ = ["simulate"]

AXES = {"output", "time_s", "cell", "r_m", "r_RM", "area_m2"}
"""Columns that become coordinates."""


def simulate(
    config: Config,
    *,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> xr.Dataset:
    """Run a configuration in memory.

    Parameters
    ----------
    config : Config
        What to run, for example ``Config.preset("minimal")``.
    threads : int, optional
        Threads over cells; the result does not depend on it.
    on_progress : callable, optional
        Called with a :class:`marsdisk.simulation.Progress` as the run goes on.

    Returns
    -------
    xarray.Dataset
        Dimensions ``time`` [s], ``cell`` (coordinate ``r`` [m]) and ``size`` [m]. Every variable
        carries ``units`` and ``long_name``; the attributes hold configuration, stop reason and
        the fingerprint of the run.

    Raises
    ------
    ConfigurationError, TableError
        If the configuration cannot be run.
    IntegrationError, LedgerError
        If a cell fails.

    Examples
    --------
    >>> from marsdisk import Config, simulate
    >>> run = simulate(Config.preset("minimal", ["numerics.outputs.n_outputs=5"]))
    >>> dict(run.sizes)
    {'time': 6, 'cell': 1, 'size': 40, 'edge': 41}
    >>> run.sigma_kg_m2.units
    'kg m^-2'
    """
    cells = config.geometry.Nr if config.geometry.mode == "1D" else 1
    how = execution(
        cells,
        threads=threads,
        configured=config.parallel.threads,
        chunk_cells=config.parallel.chunk_cells,
    )
    simulation = Simulation(parameters(config, how))
    columns = columns_of_run(
        bins=config.io.psd_history,
        energy=config.diagnostics.energy_bookkeeping,
        legacy=config.io.legacy_columns,
    )
    rows, before = [], None
    for snapshot in simulation.snapshots(on_progress=on_progress):
        here = Previous(snapshot.time, snapshot.lost)
        frame = Frame(simulation.plan, snapshot, before or here)
        rows.append({column.name: np.array(column.values(frame)) for column in columns})
        before = here
    return _dataset(simulation, config, columns, rows)


def _dataset(
    simulation: Simulation,
    config: Config,
    columns: tuple[Column, ...],
    rows: list[dict[str, Any]],
) -> xr.Dataset:
    import xarray as xr  # noqa: PLC0415 -- costs start-up time and is only needed here

    plan = simulation.plan
    variables = {}
    for column in columns:
        if column.name in AXES:
            continue
        dims = ("time", "cell", "size") if column.kind == "bins" else ("time", "cell")
        labels = {"units": column.unit, "long_name": column.definition}
        variables[column.name] = (dims, np.array([row[column.name] for row in rows]), labels)
    times = np.array([row["time_s"][0] for row in rows])
    coordinates = {
        "time": ("time", times, {"units": "s", "long_name": "time since the start"}),
        "r": ("cell", plan.r, {"units": "m", "long_name": "mid radius of the annulus"}),
        "area": ("cell", plan.area, {"units": "m^2", "long_name": "area of the annulus"}),
        "size": ("size", plan.sizes, {"units": "m", "long_name": "grain radius"}),
        "size_edges": ("edge", plan.edges, {"units": "m", "long_name": "edges of the size bins"}),
    }
    attributes = {
        "stop_reason": str(simulation.stop_reason),
        "fingerprint": plan.fingerprint,
        "configuration": config.model_dump_json(),
        "warnings": list(plan.warnings),
    }
    return xr.Dataset(variables, coordinates, attributes)
