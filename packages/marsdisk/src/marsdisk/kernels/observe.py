"""What acts on cells at one time: flows, gates and phase, for output and for reference runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from marsdisk.kernels._jit import entry, part
from marsdisk.kernels.cascade import cell_pairs, collision_rate
from marsdisk.kernels.claims import claim
from marsdisk.kernels.drivers import linear_rates, phase_fraction, set_gates

if TYPE_CHECKING:
    from marsdisk.kernels.records import Cells, Drive, Grid, Pairs, Scratch, State
    from marsdisk.typing import FloatArray, IntArray

__all__ = ["observe"]


@part
def _observe_cell(
    cell: int,
    time: float,
    mass: FloatArray,
    state: State,
    grid: Grid,
    pairs: Pairs,
    cells: Cells,
    drive: Drive,
    scratch: Scratch,
    values: FloatArray,
) -> None:
    """Fill `values` (7,), and in `scratch` the rates `now`, `gates` and `work.rate`."""
    number, rate = scratch.work.number, scratch.work.rate
    gates, flow = scratch.gates, scratch.now
    tau = 0.0
    for k in range(mass.size):
        number[k] = mass[k] / grid.mass[k]
        tau += drive.los_factor * grid.area[k] * mass[k]
    set_gates(cell, time, tau, state.feedback, state.reservoir, cells, drive, gates)
    linear_rates(cell, time, grid, cells, drive, gates, flow)
    rate[:] = 0.0
    if gates[4] > 0.0:
        collision_rate(mass, number, grid, pairs, scratch.work.gathered, rate)
    temperature = flow.drivers[0]
    values[0] = temperature
    values[1] = math.exp(flow.drivers[1])
    values[2] = tau
    values[3] = phase_fraction(temperature * cells.phase_factor[cell], tau, drive.phase)
    values[4] = flow.drivers[2]
    values[5] = temperature * cells.grain_factor[cell]
    deep_rate = drive.deep_rate[cell]
    values[6] = deep_rate * state.deep[cell] if deep_rate > 0.0 else flow.source[0]


@entry
def observe(
    claimed: IntArray,
    last: int,
    time: float,
    mass: FloatArray,
    state: State,
    grid: Grid,
    pairs: Pairs,
    cells: Cells,
    drive: Drive,
    scratch: Scratch,
    values: FloatArray,
    gates: FloatArray,
    losses: FloatArray,
) -> None:
    """Describe cells with bin masses `mass` (c, k) at `time` [s], till all below `last` are taken.

    `claimed` (1,) is the next cell that no thread has taken. Fills per cell `values` (7,):
    temperature of Mars, largest radius with beta = 1/2 (0 if none), optical depth, phase fraction,
    ds/dt, grain temperature, supply to the surface; the `gates` (5,); and the rates of all
    `losses` (5,). `scratch.now` and `scratch.work.rate` keep the linear rates and the collision
    rate of the last cell.
    """
    flow, rate = scratch.now, scratch.work.rate
    n = grid.mass.size
    cell = claim(claimed, 1)
    while cell < last:
        held, row, seen = mass[cell], cell_pairs(pairs, cell), values[cell]
        _observe_cell(cell, time, held, state, grid, row, cells, drive, scratch, seen)
        for g in range(scratch.gates.size):
            gates[cell, g] = scratch.gates[g]
        for c in range(4):
            total = 0.0
            for k in range(n):
                total += flow.channel[c, k] * held[k]
            losses[cell, c] = total
        losses[cell, 4] = rate[n]
        cell = claim(claimed, 1)
