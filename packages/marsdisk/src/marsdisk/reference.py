"""Independent time integration with SciPy's Radau method, for comparison.

Each cell is one initial value problem in its bins, its deep reservoir, its loss channels and its
supply, on the right-hand side of the production schemes. Newton iterations stop at a tolerance, so
the ledger closes to that tolerance only; the difference is counted as defect.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import solve_ivp

from marsdisk.kernels.advance import ADVANCED, NOT_FINITE, STEP_VANISHED
from marsdisk.kernels.observe import observe
from marsdisk.kernels.records import (
    CHANNELS,
    Cells,
    Controls,
    Drive,
    Grid,
    Pairs,
    State,
    new_scratch,
)
from marsdisk.kernels.single import collision_jacobian

if TYPE_CHECKING:
    from marsdisk.plan import RunPlan
    from marsdisk.typing import FloatArray, IntArray

__all__ = ["CellProblem", "advance_radau"]


class CellProblem:
    """Right-hand side and Jacobian of one cell; y = bins, deep, lost (5), supplied.

    `pairs` are the tables of all cells.
    """

    def __init__(
        self, cell: int, state: State, grid: Grid, pairs: Pairs, cells: Cells, drive: Drive
    ) -> None:
        n_cells, n = state.mass.shape
        self._cell, self._state, self._grid, self._pairs = cell, state, grid, pairs
        self._cells, self._drive, self._n = cells, drive, n
        self._scratch = new_scratch(n)
        self._flow = self._scratch.now
        self._mass = np.zeros((n_cells, n))
        self._seen = (np.zeros((n_cells, 7)), np.zeros((n_cells, 5)), np.zeros((n_cells, 5)))

    def _collisions(self, time: float, mass: FloatArray) -> FloatArray:
        self._mass[self._cell] = mass
        observe(
            np.array([self._cell]),
            self._cell + 1,
            time,
            self._mass,
            self._state,
            self._grid,
            self._pairs,
            self._cells,
            self._drive,
            self._scratch,
            *self._seen,
        )
        return self._scratch.work.rate

    def rate(self, time: float, y: FloatArray) -> FloatArray:
        """Return dy/dt."""
        n, flow = self._n, self._flow
        mass = np.ascontiguousarray(y[:n])
        change = self._collisions(time, mass)
        out = np.zeros(y.size)
        source = flow.source[0]
        mixing = self._drive.deep_rate[self._cell]
        surface = mixing * y[n] if mixing > 0.0 else source
        out[:n] = change[:n] - flow.leave * mass + self._drive.injection * surface
        out[: n - 1] += (flow.down * mass)[1:]
        out[n] = source - surface if mixing > 0.0 else 0.0
        out[n + 1 : n + 5] = flow.channel @ mass
        out[n + 5] = change[n]
        out[n + 6] = source
        return out

    def jacobian(self, time: float, y: FloatArray) -> FloatArray:
        """Return d(dy/dt)/dy; gates are taken as constant."""
        n, flow = self._n, self._flow
        mass = np.ascontiguousarray(y[:n])
        self._collisions(time, mass)
        out = np.zeros((y.size, y.size))
        if flow.colliding[0] > 0.0:
            transposed = np.zeros((n, n + 1))
            number = mass / self._grid.mass
            row = Pairs(*(array[self._cell] for array in self._pairs))
            gathered = self._scratch.work.gathered
            collision_jacobian(mass, number, self._grid, row, gathered, transposed)
            out[:n, :n] = transposed[:, :n].T
            out[n + 5, :n] = transposed[:, n]
        bins = np.arange(n)
        out[bins, bins] -= flow.leave
        out[bins[:-1], bins[1:]] += flow.down[1:]
        out[n + 1 : n + 5, :n] = flow.channel
        mixing = self._drive.deep_rate[self._cell]
        out[:n, n] = self._drive.injection * mixing
        out[n, n] = -mixing
        return out


def _advance_cell(
    cell: int, start: float, end: float, state: State, problem: CellProblem, control: Controls
) -> int:
    n = state.mass.shape[1]
    losses = len(CHANNELS)
    y0 = np.concatenate([state.mass[cell], [state.deep[cell]], np.zeros(losses + 1)])
    scale = control.atol * max(float(y0.sum()), 1e-300)
    result = solve_ivp(
        problem.rate,
        (start, end),
        y0,
        method="Radau",
        rtol=control.rtol,
        atol=scale,
        jac=problem.jacobian,
        t_eval=[end],
    )
    if not result.success:
        return STEP_VANISHED
    y = result.y[:, -1]
    if not np.isfinite(y).all():
        return NOT_FINITE
    final = np.maximum(y[: n + 1], 0.0)
    made = final.sum() - y0.sum() + y[n + 1 : n + 1 + losses].sum() - y[-1]
    state.mass[cell] = final[:n]
    state.deep[cell] = final[n]
    state.lost[cell] += y[n + 1 : n + 1 + losses]
    state.supplied[cell] += y[-1]
    state.defect[cell] += made
    state.counts[cell, 0] += int(result.nfev)
    return ADVANCED


def advance_radau(
    span: tuple[float, float],
    state: State,
    plan: RunPlan,
    pairs: Pairs,
    status: IntArray,
) -> None:
    """Advance all cells over `span` [s]; the status of each goes to `status`."""
    start, end = span
    for cell in range(plan.n_cells):
        problem = CellProblem(cell, state, plan.grid, pairs, plan.cells, plan.drive)
        inside = [float(b) for b in plan.cells.breaks[cell] if start < b < end]
        for begin, until in pairwise([start, *inside, end]):
            status[cell] = _advance_cell(cell, begin, until, state, problem, plan.controls)
            if status[cell] != ADVANCED:
                break
