"""What acts on one cell at one time: flows, gates and phase, for output and for reference runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.kernels._jit import entry
from marsdisk.kernels.cascade import collision_rate
from marsdisk.kernels.drivers import (
    blowout_coverage,
    linear_rates,
    mars_temperature,
    phase_fraction,
    set_gates,
    vapour_flux,
)

if TYPE_CHECKING:
    from marsdisk.kernels.records import Cells, Drive, Flow, Grid, Pairs, State
    from marsdisk.typing import FloatArray

__all__ = ["observe_cell"]


@entry
def observe_cell(
    cell: int,
    time: float,
    mass: FloatArray,
    state: State,
    grid: Grid,
    pairs: Pairs,
    cells: Cells,
    drive: Drive,
    flow: Flow,
    rate: FloatArray,
    gates: FloatArray,
    values: FloatArray,
) -> None:
    """Describe a cell that holds bin masses `mass` at `time` [s].

    Fills the linear rates `flow`, the collisional `rate` (n + 1,), the `gates` (5,) and `values`
    (7,): temperature of Mars, largest radius with beta = 1/2 (0 if none), optical depth, phase
    fraction, ds/dt, grain temperature, supply to the surface.
    """
    n = grid.mass.size
    number, log_edges = np.zeros(n), np.zeros(n + 1)
    log_edges[n] = math.log(grid.edges[n])
    tau = 0.0
    for k in range(n):
        log_edges[k] = math.log(grid.edges[k])
        number[k] = mass[k] / grid.mass[k]
        tau += drive.los_factor * grid.area[k] * mass[k]
    temperature = mars_temperature(time, drive)
    values[0] = temperature
    values[1] = math.exp(blowout_coverage(temperature, drive, log_edges, number.copy()))
    values[2] = tau
    values[3] = phase_fraction(temperature * cells.phase_factor[cell], tau, drive)
    set_gates(cell, time, tau, state, cells, drive, gates)
    linear_rates(cell, time, grid, cells, drive, gates, log_edges, flow)
    for k in range(n + 1):
        rate[k] = 0.0
    if gates[4] > 0.0:
        collision_rate(mass, number, grid, pairs, np.zeros(n), rate)
    values[5] = temperature * cells.grain_factor[cell]
    values[4] = 0.0
    if gates[1] > 0.0:
        values[4] = -vapour_flux(values[5], drive) / drive.density
    deep_rate = drive.deep_rate[cell]
    values[6] = deep_rate * state.deep[cell] if deep_rate > 0.0 else flow.source[0]
