"""The solver of a run: its integrator takes the cells from one time to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.first_start import compiled_beside
from marsdisk.kernels.advance import advance
from marsdisk.kernels.records import Pairs, new_scratch
from marsdisk.kernels.separate import NOWHERE, address
from marsdisk.kernels.steps import imex_bdf1, mprk22, rodas3
from marsdisk.parameters import Integrator
from marsdisk.snapshot import observation

if TYPE_CHECKING:
    from marsdisk.excitation import CollisionTables
    from marsdisk.kernels.records import State
    from marsdisk.kernels.separate import Address
    from marsdisk.team import Team
    from marsdisk.typing import IntArray

__all__ = ["Solver"]

_SCHEMES = {
    Integrator.RODAS3: (rodas3, 3),
    Integrator.MPRK22: (mprk22, 2),
    Integrator.IMEX_BDF1: (imex_bdf1, 1),
}
"""Kernel and order of the compiled schemes."""


class Solver:
    """Cells of `tables` on the threads of `team`; `state` is one that it will be given.

    Loads the kernels of the run; at a first start it compiles them, in two processes.
    """

    def __init__(self, tables: CollisionTables, team: Team, state: State) -> None:
        self._tables, self._team = tables, team
        self._address: Address = NOWHERE
        integrator = tables.plan.parameters.numerics.integrator
        self._compiled = integrator in _SCHEMES
        if self._compiled:
            kernel, self._order = _SCHEMES[integrator]
            step = (kernel, self._step_arguments())
            with compiled_beside(advance, [step, observation(tables, state)]):
                self._advance(tables.plan.n_cells, (0.0, 0.0), state)
            self._address = address(step)

    def cross(self, begin: float, until: float, state: State) -> IntArray:
        """Advance `state` from `begin` to `until` [s].

        Returns
        -------
        array (cells,)
            `kernels.advance.ADVANCED`, or the index of a message there.
        """
        if self._compiled:
            return self._advance(0, (begin, until), state)
        from marsdisk.reference import advance_radau  # noqa: PLC0415 -- SciPy's integrators cost start-up time

        plan = self._tables.plan
        status = np.zeros(plan.n_cells, np.int64)
        advance_radau((begin, until), state, plan, self._tables.stack, status)
        return status

    def _step_arguments(self) -> tuple[Any, ...]:
        """Return arguments of the types that a scheme gets from the loop over the cells."""
        plan = self._tables.plan
        cell = Pairs(*(array[0] for array in self._tables.stack))
        laws = (plan.grid, cell, plan.drive.injection, plan.controls, new_scratch(plan.n_bins))
        return (0, np.zeros(plan.n_bins), 0.0, 0.0, 0.0, *laws)

    def _advance(self, first: int, span: tuple[float, float], state: State) -> IntArray:
        """Advance the cells from `first` on and return their status."""
        plan, tables = self._tables.plan, self._tables
        chunk = max(plan.parameters.execution.chunk_size, 1)
        claimed, status = np.full(1, first, np.int64), np.zeros(plan.n_cells, np.int64)
        todo = (self._address, self._order, claimed, chunk, *span, tables.excitation.speed, state)
        laws = (plan.grid, tables.stack, plan.cells, plan.drive, plan.controls)
        self._team.run(lambda scratch: advance(*todo, *laws, scratch, status))
        return status
