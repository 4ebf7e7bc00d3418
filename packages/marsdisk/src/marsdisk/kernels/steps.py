"""One time step of one cell with each scheme; all share `cascade` and `drivers`.

The driver calls the scheme of a run by its address, so all of them take the same arguments: whether
`mass` is `fresh`, that is not yet tried, the state of the cell, the length of the step, and in
`scratch` the linear rates `now`, `later` and their `slope` (which a scheme may overwrite). They
write `scratch.trial` and return its error in units of the tolerance, negative if they failed. Every
amount that enters or leaves is integrated with the quadrature of the state, so the trial closes
the mass ledger to rounding (`imex_bdf1` does not conserve; its defect is counted).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.kernels._jit import jit, separate
from marsdisk.kernels.cascade import collision_jacobian, collision_rate, flow_matrix
from marsdisk.kernels.linear import factorise, solve_factorised, solve_positive

if TYPE_CHECKING:
    from marsdisk.kernels.records import Controls, Flow, Grid, Pairs, Scratch, Trial, Work
    from marsdisk.typing import FloatArray

__all__ = ["imex_bdf1", "mprk22", "positive_step", "rodas3"]

SUBGRID, SUPPLIED, DEEP, DEFECT = 4, 5, 6, 7
FAILED = -1.0
IMEX_DEFECT, IMEX_SAFETY = 5e-3, 0.1
LARGEST_CORRECTION = 1e-9
"""Largest defect of a linear solve relative to the mass of the cell."""

# RODAS3, Sandu, Verwer, Blom et al. (1997), in the form of Hairer & Wanner (1996), IV.7.
GAMMA = 0.5
STAGE_POINT = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 0.0, 1.0]])
STAGE_MIX = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [1.0, -1.0, 0.0], [1.0, -1.0, -8.0 / 3.0]])
STAGE_SLOPE = np.array([0.5, 1.5, 0.0, 0.0])
WEIGHT = np.array([2.0, 0.0, 1.0, 1.0])
ERROR_WEIGHT = np.array([0.0, 0.0, 0.0, 1.0])


@jit
def _numbers(mass: FloatArray, grid: Grid, number: FloatArray) -> None:
    for k in range(mass.size):
        number[k] = mass[k] / grid.mass[k]


@jit
def _clear(matrix: FloatArray) -> None:
    for p in range(matrix.shape[0]):
        for k in range(matrix.shape[1]):
            matrix[p, k] = 0.0


@jit
def _fill_jacobian(
    mass: FloatArray, colliding: float, grid: Grid, pairs: Pairs, work: Work
) -> None:
    """Fill `work.jacobian` with the derivative of the collision rate at `mass`."""
    if colliding == 0.0:
        _clear(work.jacobian)
        return
    _numbers(mass, grid, work.number)
    collision_jacobian(mass, work.number, grid, pairs, work.gathered, work.jacobian)


@jit
def _factorise_stage(step: float, flow: Flow, work: Work) -> bool:
    n = work.pivots.size
    for q in range(n):
        row = work.matrix[q]
        for k in range(n):
            row[k] = -work.jacobian[q, k]
        row[q] += 1.0 / (GAMMA * step) + flow.leave[q]
        if q > 0:
            row[q - 1] -= flow.down[q]
        losses = work.jacobian[q, n]
        for c in range(SUBGRID):
            losses += flow.channel[c, q]
        work.outflow[q] = losses
    return factorise(work.matrix, work.pivots)


@jit
def _stage_rates(
    point: FloatArray,
    deep: float,
    deep_rate: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    flow: Flow,
    work: Work,
    sums: FloatArray,
) -> None:
    """Write dM/dt to `work.rate` and the rates of the ledger quantities to `sums`."""
    n = point.size
    rate = work.rate
    if flow.colliding[0] == 0.0:
        rate[:] = 0.0
    else:
        _numbers(point, grid, work.number)
        collision_rate(point, work.number, grid, pairs, work.gathered, rate)
    sums[:] = 0.0
    sums[SUBGRID] = rate[n]
    source = flow.source[0]
    sums[SUPPLIED] = source
    if deep_rate > 0.0:
        sums[DEEP] = source - deep_rate * deep
        source = deep_rate * deep
    for k in range(n):
        rate[k] += injection[k] * source - flow.leave[k] * point[k]
        if k > 0:
            rate[k - 1] += flow.down[k] * point[k]
    for c in range(SUBGRID):
        total = 0.0
        for k in range(n):
            total += flow.channel[c, k] * point[k]
        sums[c] = total


@jit
def _add_slope(
    mass: FloatArray,
    factor: float,
    deep_rate: float,
    injection: FloatArray,
    slope: Flow,
    work: Work,
    sums: FloatArray,
) -> None:
    """Add `factor` times the explicit time derivative of all rates at `mass`."""
    n = mass.size
    rate = work.rate
    source = factor * slope.source[0]
    sums[SUPPLIED] += source
    if deep_rate > 0.0:
        sums[DEEP] += source
        source = 0.0
    for k in range(n):
        rate[k] += injection[k] * source - factor * slope.leave[k] * mass[k]
        if k > 0:
            rate[k - 1] += factor * slope.down[k] * mass[k]
    for c in range(SUBGRID):
        total = 0.0
        for k in range(n):
            total += slope.channel[c, k] * mass[k]
        sums[c] += factor * total


@jit
def _solve_stage(
    stage: int,
    step: float,
    deep_rate: float,
    injection: FloatArray,
    flow: Flow,
    work: Work,
    sums: FloatArray,
) -> float:
    """Solve one stage and restore its exact mass balance; return the mass put right.

    On entry `work.rate` and `sums` hold right-hand sides, on return `sums` holds stage values. The
    losses are linear in the stage, so the balance is one weighted sum; its defect, rounding of the
    solve, is spread over the bins in proportion to their change.
    """
    n = work.pivots.size
    x = work.stages[stage]
    sums[DEEP] /= 1.0 / (GAMMA * step) + deep_rate
    for k in range(n):
        x[k] = work.rate[k] + injection[k] * deep_rate * sums[DEEP]
    solve_factorised(work.matrix, work.pivots, x)
    scale = GAMMA * step
    balance = -scale * sums[SUPPLIED] + sums[DEEP]
    for c in range(SUBGRID + 1):
        balance += scale * sums[c]
    size = 0.0
    for k in range(n):
        balance += x[k] * (1.0 + scale * work.outflow[k])
        size += abs(x[k]) * (1.0 + scale * work.outflow[k])
    share = balance / size if size > 0.0 else 0.0
    for k in range(n):
        x[k] -= share * abs(x[k])
    sums[SUPPLIED] *= scale
    for c in range(SUBGRID + 1):
        total = sums[c]
        for k in range(n):
            total += (work.jacobian[k, n] if c == SUBGRID else flow.channel[c, k]) * x[k]
        sums[c] = scale * total
    return float(abs(balance))


@jit
def _stage_point(stage: int, mass: FloatArray, deep: float, work: Work) -> float:
    """Write the point where a stage evaluates the rates; return its deep reservoir."""
    for k in range(mass.size):
        value = mass[k]
        for j in range(stage):
            value += STAGE_POINT[stage, j] * work.stages[j, k]
        work.point[k] = value
    for j in range(stage):
        deep += STAGE_POINT[stage, j] * work.sums[j, DEEP]
    return deep


@jit
def _mix_stages(stage: int, step: float, work: Work) -> None:
    """Add the earlier stages to the right-hand sides of this one."""
    for j in range(stage):
        mix = STAGE_MIX[stage, j] / step
        for k in range(work.point.size):
            work.rate[k] += mix * work.stages[j, k]
        for c in range(DEFECT):
            work.sums[stage, c] += mix * work.sums[j, c]


@separate
def rodas3(
    fresh: int,
    mass: FloatArray,
    deep: float,
    deep_rate: float,
    step: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    control: Controls,
    scratch: Scratch,
) -> float:
    """Take a third-order Rosenbrock step, L-stable and stiffly accurate, 4 stages.

    Returns the RMS error over the tolerance, or `FAILED`.
    """
    now, later, slope, work = scratch.now, scratch.later, scratch.slope, scratch.work
    if fresh:
        _fill_jacobian(mass, now.colliding[0], grid, pairs, work)
    if not _factorise_stage(step, now, work):
        return FAILED
    largest = step * now.source[0] + deep
    for k in range(mass.size):
        largest += mass[k]
    for stage in range(4):
        sums = work.sums[stage]
        depth = _stage_point(stage, mass, deep, work)
        flow = later if stage >= 2 else now
        _stage_rates(work.point, depth, deep_rate, grid, pairs, injection, flow, work, sums)
        _mix_stages(stage, step, work)
        if STAGE_SLOPE[stage] > 0.0:
            factor = step * STAGE_SLOPE[stage]
            _add_slope(mass, factor, deep_rate, injection, slope, work, sums)
        correction = _solve_stage(stage, step, deep_rate, injection, now, work, sums)
        if not correction <= LARGEST_CORRECTION * largest:
            return FAILED
    return _combine(mass, deep, control, work, scratch.trial)


@jit
def _combine(mass: FloatArray, deep: float, control: Controls, work: Work, trial: Trial) -> float:
    """Sum the stages into the trial and return the RMS error over the tolerance."""
    n = mass.size
    total = deep
    for k in range(n):
        total += mass[k]
    floor = control.atol * total
    error = 0.0
    for k in range(n):
        value = mass[k]
        wrong = 0.0
        for j in range(4):
            value += WEIGHT[j] * work.stages[j, k]
            wrong += ERROR_WEIGHT[j] * work.stages[j, k]
        trial.mass[k] = value
        error += (wrong / (control.rtol * (max(abs(value), mass[k]) + floor))) ** 2
    for c in range(DEFECT):
        value = 0.0
        for j in range(4):
            value += WEIGHT[j] * work.sums[j, c]
        trial.increment[c] = value
    trial.increment[DEFECT] = 0.0
    if not total > 0.0:
        return 0.0
    deep_error = abs(work.sums[3, DEEP]) / (control.rtol * (deep + floor))
    return float(max(math.sqrt(error / n), deep_error))


@jit
def _flows(
    mass: FloatArray, colliding: float, grid: Grid, pairs: Pairs, work: Work, out: FloatArray
) -> None:
    """Write the collisional flow matrix at `mass` to `out`."""
    if colliding == 0.0:
        _clear(out)
        return
    _numbers(mass, grid, work.number)
    flow_matrix(work.number, grid, pairs, work.gathered, out)


@jit
def _solve_flows(
    mass: FloatArray,
    step: float,
    source: float,
    flow: FloatArray,
    rates: Flow,
    injection: FloatArray,
    work: Work,
    result: FloatArray,
) -> None:
    """Solve one positive implicit step with rates per unit mass of the donor."""
    n = mass.size
    for p in range(n):
        for k in range(n):
            work.matrix[p, k] = step * flow[p, k]
        if p > 0:
            work.matrix[p, p - 1] += step * rates.down[p]
        lost = flow[p, n]
        for c in range(SUBGRID):
            lost += rates.channel[c, p]
        work.excess[p] = 1.0 + step * lost
        result[p] = mass[p] + step * injection[p] * source
    solve_positive(work.matrix, work.excess, work.diagonal, result)


@jit
def _record_losses(
    step: float, flow: FloatArray, rates: Flow, result: FloatArray, trial: Trial
) -> None:
    """Write what leaves the disk while bins hold `result`."""
    n = result.size
    for c in range(SUBGRID + 1):
        total = 0.0
        for k in range(n):
            total += (flow[k, n] if c == SUBGRID else rates.channel[c, k]) * result[k]
        trial.increment[c] = step * total
    trial.increment[DEFECT] = 0.0


@jit
def _fill_deep(deep: float, rate: float, step: float, offered: float, trial: Trial) -> float:
    """Advance the deep reservoir implicitly and return what reaches the surface per time."""
    trial.increment[SUPPLIED] = step * offered
    trial.increment[DEEP] = 0.0
    if rate <= 0.0:
        return offered
    filled = (deep + step * offered) / (1.0 + step * rate)
    trial.increment[DEEP] = step * (offered - rate * filled)
    return rate * filled


@jit
def positive_step(
    mass: FloatArray,
    deep: float,
    deep_rate: float,
    step: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    later: Flow,
    work: Work,
    trial: Trial,
) -> None:
    """Take a modified Patankar-Euler step: first order, positive and conservative at any length.

    Source: Burchard, Deleersnijder & Meister (2003).
    """
    _flows(mass, later.colliding[0], grid, pairs, work, work.second)
    source = _fill_deep(deep, deep_rate, step, later.source[0], trial)
    _solve_flows(mass, step, source, work.second, later, injection, work, trial.mass)
    _record_losses(step, work.second, later, trial.mass, trial)


@jit
def _average_flows(
    mass: FloatArray, first: FloatArray, now: Flow, later: Flow, work: Work, mean: Flow
) -> None:
    """Mean flow of both ends per unit mass of `first`, into `work.second` and `mean`."""
    n = mass.size
    for p in range(n):
        ratio = mass[p] / first[p] if first[p] > 0.0 else 1.0
        for k in range(n + 1):
            work.second[p, k] = 0.5 * (work.second[p, k] + ratio * work.jacobian[p, k])
        for c in range(SUBGRID):
            mean.channel[c, p] = 0.5 * (later.channel[c, p] + ratio * now.channel[c, p])
        mean.down[p] = 0.5 * (later.down[p] + ratio * now.down[p])


@separate
def mprk22(
    _fresh: int,
    mass: FloatArray,
    deep: float,
    deep_rate: float,
    step: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    control: Controls,
    scratch: Scratch,
) -> float:
    """Take a modified Patankar-Heun step: second order, positive and conservative.

    Returns the RMS difference of both stages over the tolerance.
    Source: Burchard, Deleersnijder & Meister (2003); Kopecz & Meister (2018).
    """
    now, later, mean = scratch.now, scratch.later, scratch.slope
    work, trial = scratch.work, scratch.trial
    n = mass.size
    first = work.point
    _flows(mass, now.colliding[0], grid, pairs, work, work.jacobian)
    source = _fill_deep(deep, deep_rate, step, now.source[0], trial)
    early = deep + trial.increment[DEEP]
    _solve_flows(mass, step, source, work.jacobian, now, injection, work, first)
    _flows(first, later.colliding[0], grid, pairs, work, work.second)
    _average_flows(mass, first, now, later, work, mean)
    offered = 0.5 * (now.source[0] + later.source[0])
    mixing = 0.5 * deep_rate * (deep / early + 1.0) if early > 0.0 else deep_rate
    source = _fill_deep(deep, mixing, step, offered, trial)
    _solve_flows(mass, step, source, work.second, mean, injection, work, trial.mass)
    _record_losses(step, work.second, mean, trial.mass, trial)
    total = deep
    for k in range(n):
        total += mass[k]
    error = 0.0
    for k in range(n):
        scale = max(trial.mass[k], mass[k]) + control.atol * total
        if scale > 0.0:
            error += ((trial.mass[k] - first[k]) / (control.rtol * scale)) ** 2
    change = abs(deep + trial.increment[DEEP] - early)
    if change > 0.0:
        change /= control.rtol * (deep + control.atol * total)
    return float(max(math.sqrt(error / n), change))


@jit
def _imex_trial(
    mass: FloatArray,
    deep: float,
    deep_rate: float,
    step: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    later: Flow,
    work: Work,
    trial: Trial,
) -> float:
    """Write the trial of `imex_bdf1`; return the made mass relative to the disk."""
    n = mass.size
    flow = work.second
    _flows(mass, later.colliding[0], grid, pairs, work, flow)
    source = _fill_deep(deep, deep_rate, step, later.source[0], trial)
    for k in range(n):
        trial.mass[k] = mass[k] + step * injection[k] * source
    for p in range(n):
        flow[p, p] = 0.0
        if p > 0:
            flow[p, p - 1] += later.down[p]
        for k in range(n):
            trial.mass[k] += step * flow[p, k] * mass[p]
    before = 0.0
    balance = trial.increment[DEEP] - trial.increment[SUPPLIED]
    for k in range(n):
        lost = flow[k, n]
        for c in range(SUBGRID):
            lost += later.channel[c, k]
        for a in range(k):
            lost += flow[k, a]
        for a in range(k + 1, n):
            lost += flow[k, a]
        trial.mass[k] /= 1.0 + step * lost
        before += mass[k]
        balance += trial.mass[k] - mass[k]
    _record_losses(step, flow, later, trial.mass, trial)
    for c in range(SUBGRID + 1):
        balance += trial.increment[c]
    trial.increment[DEFECT] = balance
    return abs(balance) / before if before > 0.0 else 0.0


@jit
def _fastest_loss(mass: FloatArray, work: Work, later: Flow) -> float:
    """Fastest loss rate among bins that hold mass, from the flow matrix of the last attempt."""
    fastest = 0.0
    n = mass.size
    floor = 0.0
    for k in range(n):
        floor += 1e-9 * mass[k]
    for k in range(n):
        if mass[k] > floor:
            rate = later.leave[k]
            for a in range(n + 1):
                rate += work.second[k, a]
            fastest = max(fastest, rate)
    return fastest


@separate
def imex_bdf1(
    _fresh: int,
    mass: FloatArray,
    deep: float,
    deep_rate: float,
    step: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    _control: Controls,
    scratch: Scratch,
) -> float:
    """Take a first-order step with explicit gain and implicit loss, without in-bin return.

    Not conservative: gain and loss belong to different times. The made mass is counted as defect;
    it and the fastest loss limit the step.
    """
    later, work, trial = scratch.later, scratch.work, scratch.trial
    made = _imex_trial(mass, deep, deep_rate, step, grid, pairs, injection, later, work, trial)
    return max(made / IMEX_DEFECT, step * _fastest_loss(mass, work, later) / IMEX_SAFETY)
