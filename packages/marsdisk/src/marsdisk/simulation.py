"""One run: the loop over output times around the compiled cells.

Between outputs the cells are independent and advance in parallel. What couples them or changes
their collision tables (radial diffusion, stirring, damping, supplied excitation) acts between
spans of at most `Numerics.coupling_time`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from marsdisk.cache import TableCache
from marsdisk.checkpoint import Checkpoint, copy_state, initial_state, pack, unpack
from marsdisk.errors import IntegrationError
from marsdisk.excitation import CollisionTables, evolves, relax
from marsdisk.kernels.advance import ADVANCED, MESSAGES
from marsdisk.physics.transport import diffuse
from marsdisk.plan import RunPlan, plan_run
from marsdisk.snapshot import Snapshot, check_ledger, take_snapshot
from marsdisk.solver import Solver
from marsdisk.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from marsdisk.parameters import Parameters

__all__ = ["Progress", "Simulation", "StopReason"]

StopReason = Literal[
    "t_end_reached", "tau_exceeded_all_cells", "loss_rate_below_threshold", "a_blow_below_s_min"
]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: times in s, `steps` accepted over all cells."""

    time: float
    t_end: float
    output_index: int
    n_outputs: int
    steps: int


class Simulation:
    """A run of one problem, advanced one output at a time.

    Parameters
    ----------
    parameters : Parameters
        The problem.
    resume : Checkpoint, optional
        State to go on from; the continued run equals an unbroken one bit for bit.

    Attributes
    ----------
    plan : RunPlan
        Static arrays.
    cache : TableCache
        Tables of this run.
    stop_reason : str or None
        Why the run ended; None before.

    Raises
    ------
    ConfigurationError
        If the problem cannot be set up.
    CheckpointError
        If `resume` belongs to another problem.
    """

    def __init__(self, parameters: Parameters, *, resume: Checkpoint | None = None) -> None:
        self.parameters = parameters
        self.plan: RunPlan = plan_run(parameters)
        execution = parameters.execution
        self.cache = TableCache(execution.table_cache_size, enabled=execution.table_cache)
        self.stop_reason: StopReason | None = None
        self._tables = CollisionTables(self.plan, self.cache)
        self._evolves = evolves(parameters)
        if resume is None:
            self._state = initial_state(self.plan, parameters.supply.feedback_initial)
            self._initial = self._state.mass.sum(axis=1)
            self._time, self._index = 0.0, 0
        else:
            self._state, self._initial, self._time, self._index = unpack(resume, self.plan)
        self._resumed = resume is not None
        self._saved = copy_state(self._state)

    def checkpoint(self) -> Checkpoint:
        """Return the state at the last completed output."""
        return pack(self._saved, self._initial, self.plan, self._time, self._index)

    def snapshots(
        self, on_progress: Callable[[Progress], None] | None = None
    ) -> Generator[Snapshot]:
        """Yield the state at t = 0 (unless resumed) and at every output time.

        Stop iterating, or close it, to cancel. `on_progress` is called after every span; what it
        raises ends the run and leaves `checkpoint` valid.

        Raises
        ------
        IntegrationError
            If a cell cannot be advanced.
        LedgerError
            If mass is not accounted for.
        """
        threads = min(self.parameters.execution.threads, self.plan.n_cells)
        with Team(threads, self.plan.n_bins) as self._team:
            self._tables.refresh(self._state)
            self._solver = Solver(self._tables, self._team, self._state)
            yield from self._outputs(on_progress)

    def _outputs(self, on_progress: Callable[[Progress], None] | None) -> Iterator[Snapshot]:
        self._state = copy_state(self._saved)
        if not self._resumed and self._index == 0:
            yield self._snapshot()
        times = self.parameters.numerics.output_times
        while self._index < times.size and self.stop_reason is None:
            end = float(times[self._index])
            self._reach(end, on_progress)
            self._time, self._index = end, self._index + 1
            snapshot = self._snapshot()
            self._saved = copy_state(self._state)
            self.stop_reason = self._reason_to_stop(snapshot)
            yield snapshot
        if self.stop_reason is None:
            self.stop_reason = "t_end_reached"

    def _snapshot(self) -> Snapshot:
        numerics = self.parameters.numerics
        self._tables.refresh(self._state)
        snapshot = take_snapshot(
            self._state,
            self._initial,
            self._tables,
            self._team,
            time=self._time,
            index=self._index,
        )
        check_ledger(
            self._state,
            self._initial,
            snapshot.ledger_residual,
            self._time,
            numerics.ledger_tolerance,
        )
        return snapshot

    def _reach(self, end: float, on_progress: Callable[[Progress], None] | None) -> None:
        """Advance from the last output to `end` in equal spans."""
        numerics = self.parameters.numerics
        start = self._time
        coupled = self._evolves or self.parameters.sinks.viscosity > 0.0
        longest = numerics.coupling_time if coupled else None
        spans = 1 if longest is None else max(1, math.ceil((end - start) / longest - 1e-9))
        for k in range(spans):
            begin = start + (end - start) * k / spans
            until = end if k == spans - 1 else start + (end - start) * (k + 1) / spans
            self._cross(begin, until)
            if on_progress is not None:
                times = numerics.output_times
                steps = int(self._state.counts[:, 0].sum())
                on_progress(Progress(until, float(times[-1]), self._index, times.size, steps))

    def _cross(self, begin: float, until: float) -> None:
        """Advance over one span; diffusion acts by halves around the cells (Strang)."""
        span = until - begin
        self._diffuse(0.5 * span)
        supplied = self._state.supplied.copy()
        self._advance_cells(begin, until)
        self._diffuse(0.5 * span)
        if self._evolves:
            arrived = self._state.supplied - supplied
            relax(self.plan, self._state, span, arrived)

    def _advance_cells(self, begin: float, until: float) -> None:
        self._tables.refresh(self._state)
        status = self._solver.cross(begin, until, self._state)
        failed = np.flatnonzero(status != ADVANCED)
        if failed.size:
            cell = int(failed[0])
            step = float(self._state.step[cell])
            raise IntegrationError(cell, begin, step, MESSAGES[status[cell]])

    def _diffuse(self, span: float) -> None:
        viscosity = self.parameters.sinks.viscosity
        if viscosity <= 0.0:
            return
        state, edges = self._state, self.plan.r_edges
        for array in (state.mass, state.deep):
            moved = diffuse(array, edges, viscosity, span)
            if (moved < 0.0).any():
                moved = diffuse(array, edges, viscosity, span, theta=1.0)
            change = moved - array
            state.transported[:] += change.reshape(self.plan.n_cells, -1).sum(axis=1)
            array[:] = moved

    def _reason_to_stop(self, snapshot: Snapshot) -> StopReason | None:
        numerics = self.parameters.numerics
        if not snapshot.active.any():
            return "tau_exceeded_all_cells"
        if snapshot.time < numerics.min_duration:
            return None
        if numerics.stop_below_s_min and snapshot.a_blow <= self.parameters.grid.s_min:
            return "a_blow_below_s_min"
        if numerics.loss_rate_stop is not None:
            rate = float(self.plan.area @ snapshot.loss_rate.sum(axis=1))
            if rate <= numerics.loss_rate_stop:
                return "loss_rate_below_threshold"
        return None
