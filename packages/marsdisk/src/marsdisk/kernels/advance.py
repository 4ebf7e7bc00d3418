"""The driver: cells in parallel, each with its own adaptive steps, to the next common time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from marsdisk.kernels._jit import entry, jit, part
from marsdisk.kernels.cascade import cell_pairs, collision_energy, collision_rate
from marsdisk.kernels.claims import claim
from marsdisk.kernels.drivers import EDGE, linear_rates, set_gates
from marsdisk.kernels.separate import call_step
from marsdisk.kernels.steps import positive_step

if TYPE_CHECKING:
    from marsdisk.kernels.records import (
        Cells,
        Controls,
        Drive,
        Flow,
        Grid,
        Pairs,
        Scratch,
        State,
        Trial,
        Work,
    )
    from marsdisk.kernels.separate import Address
    from marsdisk.typing import FloatArray, IntArray

__all__ = ["ADVANCED", "MESSAGES", "advance"]

ADVANCED, TOO_MANY_STEPS, STEP_VANISHED, NOT_FINITE = 0, 1, 2, 3
MESSAGES = (
    "reached the requested time",
    "too many steps",
    "the step became too small",
    "a value is not finite",
)
SUBGRID, SUPPLIED, DEEP, DEFECT = 4, 5, 6, 7
SAFETY, SHRINK, GROW, GROW_IDLE = 0.9, 0.1, 5.0, 100.0
FEEDBACK_CHANGE = 0.1


@jit
def _optical_depth(mass: FloatArray, grid: Grid, drive: Drive) -> float:
    """Line-of-sight optical depth."""
    total = 0.0
    for k in range(mass.size):
        total += grid.area[k] * mass[k]
    return drive.los_factor * total


@part
def _set_flows(
    cell: int,
    time: float,
    step: float,
    left: float,
    grid: Grid,
    cells: Cells,
    drive: Drive,
    scratch: Scratch,
) -> None:
    """Evaluate the linear rates at both ends of a step and their time derivative at its start."""
    now, later, slope, gates = scratch.now, scratch.later, scratch.slope, scratch.gates
    early, late, nudge = time * (1.0 + EDGE), (time + step) * (1.0 - EDGE), 1e-3 * step
    # In a loop, because every call is compiled again.
    for point in range(3):
        flow = now if point == 0 else later if point == 1 else slope
        at = early if point == 0 else late if point == 1 else early + nudge
        linear_rates(cell, at, grid, cells, drive, gates, flow)
    offered = max(now.source[0], later.source[0])
    if offered * step > left:
        share = left / (offered * step)
        now.source[0] *= share
        later.source[0] *= share
        slope.source[0] *= share
    for k in range(grid.mass.size):
        slope.leave[k] = (slope.leave[k] - now.leave[k]) / nudge
        slope.down[k] = (slope.down[k] - now.down[k]) / nudge
        for c in range(SUBGRID):
            slope.channel[c, k] = (slope.channel[c, k] - now.channel[c, k]) / nudge
    slope.source[0] = (slope.source[0] - now.source[0]) / nudge


@part
def _attempt(
    scheme: Address,
    fresh: int,
    cell: int,
    step: float,
    state: State,
    grid: Grid,
    pairs: Pairs,
    drive: Drive,
    control: Controls,
    scratch: Scratch,
) -> float:
    """Try one step; return its error over the tolerance, infinity if it failed."""
    mass, deep, rate = state.mass[cell], state.deep[cell], drive.deep_rate[cell]
    injection = drive.injection
    error = call_step(
        scheme, fresh, mass, deep, rate, step, grid, pairs, injection, control, scratch
    )
    return error if error >= 0.0 else math.inf


@jit
def _is_positive(mass: FloatArray) -> bool:
    lowest = 0.0
    for k in range(mass.size):
        lowest = min(lowest, mass[k])
    return lowest >= 0.0


@jit
def _is_finite(trial: Trial) -> bool:
    total = 0.0
    for k in range(trial.mass.size):
        total += trial.mass[k]
    for c in range(trial.increment.size):
        total += trial.increment[c]
    return math.isfinite(total)


@jit
def _add_compensated(total: FloatArray, carry: FloatArray, c: int, amount: float) -> None:
    """Kahan sum, so that a ledger of 1e5 steps is exact to rounding."""
    corrected = amount - carry[c]
    value = total[c] + corrected
    carry[c] = (value - total[c]) - corrected
    total[c] = value


@part
def _commit(cell: int, state: State, trial: Trial) -> None:
    """Make a trial the state."""
    for k in range(trial.mass.size):
        state.mass[cell, k] = trial.mass[k]
    for c in range(SUBGRID + 1):
        _add_compensated(state.lost[cell], state.carry[cell], c, trial.increment[c])
    corrected = trial.increment[SUPPLIED] - state.carry[cell, SUPPLIED]
    value = state.supplied[cell] + corrected
    state.carry[cell, SUPPLIED] = (value - state.supplied[cell]) - corrected
    state.supplied[cell] = value
    state.deep[cell] = max(state.deep[cell] + trial.increment[DEEP], 0.0)
    state.defect[cell] += trial.increment[DEFECT]
    state.reservoir[cell, 0] = max(state.reservoir[cell, 0] - trial.increment[SUPPLIED], 0.0)


@part
def _update_feedback(cell: int, step: float, tau: float, state: State, drive: Drive) -> None:
    """Relax the supply factor toward the target optical depth."""
    law = drive.feedback_law
    factor = state.feedback[cell] * math.exp(step * law[1] * (law[0] - tau) / law[0])
    state.feedback[cell] = min(max(factor, law[2]), law[3])


@jit
def _first_step(mass: FloatArray, grid: Grid, pairs: Pairs, now: Flow, work: Work) -> float:
    """Return a fifth of the shortest change time among the bins that hold mass."""
    n = mass.size
    total = 0.0
    for k in range(n):
        work.number[k] = mass[k] / grid.mass[k]
        total += mass[k]
    collision_rate(mass, work.number, grid, pairs, work.gathered, work.rate)
    floor = 1e-6 * total
    fastest = 0.0
    for k in range(n):
        if mass[k] > floor:
            fastest = max(fastest, abs(work.rate[k]) / mass[k] + now.leave[k])
    return 0.2 / fastest if fastest > 0.0 else math.inf


@jit
def _open_gates(gates: FloatArray) -> int:
    """Which gates are open, one bit each."""
    bits = 0
    for g in range(gates.size):
        bits = 2 * bits + (1 if gates[g] > 0.0 else 0)
    return bits


@jit
def _longest_step(
    cell: int, time: float, remaining: float, tau: float, cells: Cells, drive: Drive
) -> float:
    """Time to the next break or to the end, shortened while supply feedback changes."""
    longest = remaining
    for b in range(cells.breaks.shape[1]):
        ahead = cells.breaks[cell, b] - time
        if ahead > EDGE * time:
            longest = min(longest, ahead)
            break
    if drive.feedback:
        change = abs(drive.feedback_law[1] * (drive.feedback_law[0] - tau) / drive.feedback_law[0])
        if change > 0.0:
            longest = min(longest, FEEDBACK_CHANGE / change)
    return longest


@part
def _take_step(
    scheme: Address,
    order: int,
    cell: int,
    time: float,
    longest: float,
    unknown: int,
    state: State,
    grid: Grid,
    pairs: Pairs,
    cells: Cells,
    drive: Drive,
    control: Controls,
    scratch: Scratch,
) -> float:
    """Find an acceptable step not above `longest`, leave it in `trial`, return its length.

    While its scale is `unknown` the rates decide what is tried first. A third-order step may turn
    an almost empty bin negative: it is halved once, then taken with the positive scheme. Returns
    -1 when the step vanishes.
    """
    trial = scratch.trial
    step = min(state.step[cell], longest) if state.step[cell] > 0.0 else longest
    power = -1.0 / order
    fresh = 1
    halved = False
    for _ in range(200):
        left = state.reservoir[cell, 0]
        _set_flows(cell, time, step, left, grid, cells, drive, scratch)
        if unknown:
            unknown = 0
            first = _first_step(state.mass[cell], grid, pairs, scratch.now, scratch.work)
            known = state.step[cell] if state.step[cell] > 0.0 else longest
            state.step[cell] = min(first, known)
            step = min(state.step[cell], longest)
            continue
        error = _attempt(scheme, fresh, cell, step, state, grid, pairs, drive, control, scratch)
        fresh = 0
        if error <= 1.0:
            positive = _is_positive(trial.mass)
            if positive or halved:
                most = GROW if error > 0.0 else GROW_IDLE
                growth = min(most, max(0.2, SAFETY * max(error, 1e-10) ** power))
                if not positive:
                    deep, rate = state.deep[cell], drive.deep_rate[cell]
                    later, work = scratch.later, scratch.work
                    positive_step(
                        state.mass[cell],
                        deep,
                        rate,
                        step,
                        grid,
                        pairs,
                        drive.injection,
                        later,
                        work,
                        trial,
                    )
                    state.counts[cell, 2] += 1
                    growth = 2.0
                if step >= 0.999 * state.step[cell] or growth < 1.0:
                    state.step[cell] = step * growth
                return float(step)
            halved = True
            step *= 0.5
        elif math.isfinite(error):
            step *= min(0.5, max(SHRINK, SAFETY * error**power))
        else:
            step *= SHRINK
        state.step[cell] = step
        state.counts[cell, 1] += 1
        if not step > 1e-14 * time or step < 1e-30:
            return -1.0
    return -1.0


@jit
def _add_energy(
    cell: int,
    span: float,
    speed: float,
    state: State,
    grid: Grid,
    pairs: Pairs,
    control: Controls,
    work: Work,
) -> None:
    """Add the energy of `span` [s] of collisions at the present rates."""
    mass = state.mass[cell]
    for k in range(mass.size):
        work.number[k] = mass[k] / grid.mass[k]
    rate = work.sums[0]
    collision_energy(
        work.number, speed, grid, pairs, control.f_ke_cratering, control.f_ke_fragmentation, rate
    )
    for c in range(state.energy.shape[1]):
        state.energy[cell, c] += span * rate[c]


@part
def _accept(
    cell: int,
    step: float,
    speed: float,
    tau: float,
    state: State,
    grid: Grid,
    pairs: Pairs,
    drive: Drive,
    control: Controls,
    colliding: float,
    work: Work,
    trial: Trial,
) -> None:
    """Make a trial the state; energies follow the trapezoid rule."""
    energetic = control.energy > 0 and colliding > 0.0
    if energetic:
        _add_energy(cell, 0.5 * step, speed, state, grid, pairs, control, work)
    _commit(cell, state, trial)
    state.counts[cell, 0] += 1
    if energetic:
        _add_energy(cell, 0.5 * step, speed, state, grid, pairs, control, work)
    if drive.feedback:
        _update_feedback(cell, step, tau, state, drive)


@part
def _freeze_thick(
    cell: int, time: float, tau: float, solid: int, state: State, control: Controls
) -> None:
    """Stop a solid cell whose optical depth has passed the limit of the model."""
    if solid and tau > control.tau_stop:
        state.active[cell] = False
        state.stop[cell, 0] = time
        state.stop[cell, 1] = tau


@part
def advance_cell(
    scheme: Address,
    order: int,
    cell: int,
    start: float,
    end: float,
    speed: float,
    state: State,
    grid: Grid,
    pairs: Pairs,
    cells: Cells,
    drive: Drive,
    control: Controls,
    scratch: Scratch,
) -> int:
    """Advance one cell from `start` to `end` [s]; return a status (see `MESSAGES`)."""
    work, trial, gates = scratch.work, scratch.trial, scratch.gates
    mass = state.mass[cell]
    elapsed = 0.0
    before = -1
    for _ in range(control.max_steps):
        time = start + elapsed
        tau = _optical_depth(mass, grid, drive)
        solid = set_gates(cell, time, tau, state.feedback, state.reservoir, cells, drive, gates)
        _freeze_thick(cell, time, tau, solid, state, control)
        if elapsed >= end - start or not state.active[cell]:
            return ADVANCED
        opened = _open_gates(gates)
        # A gate that opens brings rates that the last step knows nothing of.
        unknown = 1 if (before >= 0 and opened != before) or not state.step[cell] > 0.0 else 0
        before = opened
        remaining = end - start - elapsed
        longest = min(_longest_step(cell, time, remaining, tau, cells, drive), control.max_step)
        step = _take_step(
            scheme,
            order,
            cell,
            time,
            longest,
            unknown,
            state,
            grid,
            pairs,
            cells,
            drive,
            control,
            scratch,
        )
        if step < 0.0:
            return STEP_VANISHED
        if not _is_finite(trial):
            return NOT_FINITE
        _accept(cell, step, speed, tau, state, grid, pairs, drive, control, gates[4], work, trial)
        elapsed = end - start if step >= remaining else elapsed + step
    return TOO_MANY_STEPS


@entry
def advance(
    scheme: Address,
    order: int,
    claimed: IntArray,
    chunk: int,
    start: float,
    end: float,
    speed: FloatArray,
    state: State,
    grid: Grid,
    pairs: Pairs,
    cells: Cells,
    drive: Drive,
    control: Controls,
    scratch: Scratch,
    status: IntArray,
) -> None:
    """Advance cells over `start` to `end` [s], `chunk` of them at a time, till all are claimed.

    `claimed` (1,) counts the cells that this and other threads have taken; the outcome of each goes
    to `status`. `scheme` is the address of a scheme of `kernels.steps`, `order` its order.
    """
    first = claim(claimed, chunk)
    while first < status.size:
        for cell in range(first, min(first + chunk, status.size)):
            row = cell_pairs(pairs, cell)
            status[cell] = advance_cell(
                scheme,
                order,
                cell,
                start,
                end,
                speed[cell],
                state,
                grid,
                row,
                cells,
                drive,
                control,
                scratch,
            )
        first = claim(claimed, chunk)
