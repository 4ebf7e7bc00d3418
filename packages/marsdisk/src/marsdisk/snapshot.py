"""What a run reports at an output time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.errors import LedgerError
from marsdisk.kernels.observe import observe
from marsdisk.kernels.records import CHANNELS, State, new_scratch
from marsdisk.physics import opacity, radiation, velocities
from marsdisk.physics.phase import VAPOUR
from marsdisk.typing import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from marsdisk.excitation import CollisionTables
    from marsdisk.kernels.records import Cells, Drive, Grid, Pairs
    from marsdisk.parameters import Parameters
    from marsdisk.plan import RunPlan
    from marsdisk.team import Team

__all__ = ["Snapshot", "check_ledger", "ledger_residual", "observation", "take_snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State, rates and ledger of all cells at one output time; SI units.

    Arrays have one entry per cell, `mass` (cells, bins), `lost` and `loss_rate` (cells, channels)
    in the order of `CHANNELS`. Amounts are per area of the disk [kg m^-2] and cumulative:
    initial + supplied + transported + defect = sigma + sigma_deep + sum of lost.
    """

    index: int
    time: float
    temperature: float
    a_blow: float
    qpr_blow: float
    beta_s_min: float
    mass: FloatArray
    sigma: FloatArray
    sigma_deep: FloatArray
    kappa: FloatArray
    tau: FloatArray
    phi: FloatArray
    sigma_tau1: FloatArray
    phase_fraction: FloatArray
    phase: IntArray
    collisions_on: BoolArray
    blowout_on: BoolArray
    supply_on: BoolArray
    ds_dt: FloatArray
    t_grain: FloatArray
    e: FloatArray
    i: FloatArray
    v_rel: FloatArray
    scale_height: FloatArray
    t_coll: FloatArray
    active: BoolArray
    stop_time: FloatArray
    stop_tau: FloatArray
    supply_rate: FloatArray
    feedback: FloatArray
    reservoir: FloatArray
    steps: IntArray
    rejections: IntArray
    fallbacks: IntArray
    last_step: FloatArray
    initial: FloatArray
    supplied: FloatArray
    transported: FloatArray
    defect: FloatArray
    lost: FloatArray
    loss_rate: FloatArray
    ledger_residual: FloatArray
    energy: FloatArray | None
    encounters: FloatArray | None


def ledger_residual(state: State, initial: FloatArray) -> FloatArray:
    """Return (held + lost - received) / received of each cell, summed without rounding."""
    held = _summed(state.mass, state.deep, state.lost, -state.defect)
    received = _summed(initial, state.supplied, state.transported)
    return (held - received) / np.maximum(initial + state.supplied, 1e-300)


def _summed(*parts: FloatArray) -> FloatArray:
    """Return the exact sum of every cell's parts, (cells,) or (cells, any), rounded once."""
    rows = np.column_stack(parts).tolist()
    return np.array([math.fsum(row) for row in rows])


def check_ledger(
    state: State, initial: FloatArray, residual: FloatArray, time: float, tolerance: float
) -> None:
    """Refuse a state whose mass is not accounted for.

    Raises
    ------
    LedgerError
        Naming the worst cell, its residual and every channel.
    """
    worst = int(np.argmax(np.abs(residual)))
    if abs(residual[worst]) <= tolerance:
        return
    channels = {
        "initial": float(initial[worst]),
        "supplied": float(state.supplied[worst]),
        "transported": float(state.transported[worst]),
        "surface": float(state.mass[worst].sum()),
        "deep": float(state.deep[worst]),
    }
    channels |= {name: float(state.lost[worst, c]) for c, name in enumerate(CHANNELS)}
    raise LedgerError(worst, time, float(residual[worst]), tolerance, channels)


def observation(tables: CollisionTables, state: State) -> tuple[Any, tuple[Any, ...]]:
    """Return the kernel of `take_snapshot` and arguments of the types that it is called with."""
    scratch = new_scratch(tables.plan.n_bins)
    return observe, (*_asked(tables, state, 0.0), scratch, *_seen(tables.plan.n_cells))


def _asked(
    tables: CollisionTables, state: State, time: float
) -> tuple[IntArray, int, float, FloatArray, State, Grid, Pairs, Cells, Drive]:
    plan, claimed = tables.plan, np.zeros(1, np.int64)
    laws = (plan.grid, tables.stack, plan.cells, plan.drive)
    return claimed, plan.n_cells, time, state.mass, state, *laws


def _seen(cells: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    return np.zeros((cells, 7)), np.zeros((cells, 5)), np.zeros((cells, 5))


def _observe(
    tables: CollisionTables, state: State, team: Team, time: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return per cell the values (7,), gates (5,) and loss rates (5,) of `observe`."""
    asked, seen = _asked(tables, state, time), _seen(tables.plan.n_cells)
    team.run(lambda scratch: observe(*asked, scratch, *seen))
    return seen


def _radiation_limits(
    parameters: Parameters, plan: RunPlan, temperature: float, a_blow: float
) -> tuple[float, float]:
    """Return Q_pr at the blow-out size and beta of the smallest grain."""
    light, smallest = parameters.drivers.radiation, plan.edges[0]
    at = np.array([a_blow if a_blow > 0.0 else smallest, smallest])
    table = (light.qpr_sizes, light.qpr_temperatures, light.qpr)
    qpr = radiation.interpolate_qpr(at, temperature, *table)
    pressure = radiation.beta(smallest, temperature, parameters.grid.density, qpr[1])
    return float(qpr[0]), float(pressure)


def take_snapshot(
    state: State,
    initial: FloatArray,
    tables: CollisionTables,
    team: Team,
    *,
    time: float,
    index: int,
) -> Snapshot:
    """Return a report that shares no memory with `state`; `tables` belong to it."""
    plan, excitation = tables.plan, tables.excitation
    parameters = plan.parameters
    values, gates, rates = _observe(tables, state, team, time)
    temperature, a_blow = float(values[0, 0]), float(values[0, 1])
    qpr, beta = _radiation_limits(parameters, plan, temperature, a_blow)
    sigma, tau = state.mass.sum(axis=1), values[:, 2]
    light = parameters.drivers.radiation
    phi = opacity.shielding(tau, light.shielding_tau, light.shielding_phi)
    kappa = np.divide(
        tau / light.los_factor, sigma, out=np.full(sigma.size, np.nan), where=sigma > 0.0
    )
    energetic = parameters.collisions.energy
    return Snapshot(
        index=index,
        time=time,
        temperature=temperature,
        a_blow=a_blow,
        qpr_blow=qpr,
        beta_s_min=beta,
        mass=state.mass.copy(),
        sigma=sigma,
        sigma_deep=state.deep.copy(),
        kappa=kappa,
        tau=tau,
        phi=phi,
        sigma_tau1=opacity.surface_density_tau1(kappa, phi),
        phase_fraction=values[:, 3],
        phase=(values[:, 3] >= VAPOUR).astype(np.int64),
        collisions_on=gates[:, 4] > 0.0,
        blowout_on=gates[:, 0] > 0.0,
        supply_on=gates[:, 3] > 0.0,
        ds_dt=values[:, 4],
        t_grain=values[:, 5],
        e=excitation.e,
        i=excitation.i,
        v_rel=excitation.speed,
        scale_height=excitation.height,
        t_coll=velocities.optical_collision_time(plan.omega, tau / light.los_factor),
        active=state.active.copy(),
        stop_time=state.stop[:, 0].copy(),
        stop_tau=state.stop[:, 1].copy(),
        supply_rate=values[:, 6],
        feedback=state.feedback.copy(),
        reservoir=np.where(np.isfinite(state.reservoir[:, 0]), state.reservoir[:, 0], np.nan),
        steps=state.counts[:, 0].copy(),
        rejections=state.counts[:, 1].copy(),
        fallbacks=state.counts[:, 2].copy(),
        last_step=state.step.copy(),
        initial=initial.copy(),
        supplied=state.supplied.copy(),
        transported=state.transported.copy(),
        defect=state.defect.copy(),
        lost=state.lost.copy(),
        loss_rate=rates,
        ledger_residual=ledger_residual(state, initial),
        energy=state.energy[:, :3].copy() if energetic else None,
        encounters=state.energy[:, 3:].copy() if energetic else None,
    )
