"""The columns of a run, each with unit and definition: one table for Parquet, xarray and documents.

A column computes its values, one per cell, from a :class:`Frame`.  Bin masses are the only column
with one list per row.  Limitation: columns describe the state at an output time; rates are those of
that moment, cumulative amounts are integrated by the solver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marsdisk.kernels import CHANNELS
from marsdisk.physics.constants import MARS_RADIUS
from marsdisk.plan import RunPlan
from marsdisk.snapshot import Snapshot

__all__ = ["BIN_COLUMNS", "CELL_COLUMNS", "ENERGY_COLUMNS", "Column", "Frame", "Previous"]

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Previous:
    """Time [s] and cumulative losses [kg m^-2] of the output before."""

    time: float
    lost: Values


@dataclass(frozen=True, slots=True)
class Frame:
    """One output: the static plan, the snapshot, and where the output before it stood."""

    plan: RunPlan
    now: Snapshot
    before: Previous

    def every_cell(self, value: float) -> Values:
        """Return `value` once per cell."""
        return np.full(self.plan.n_cells, value)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, Arrow type name, unit, definition and how it is computed."""

    name: str
    kind: str
    unit: str
    definition: str
    values: Callable[[Frame], Values]


def _state(name: str, unit: str, definition: str, attribute: str, kind: str = "double") -> Column:
    def values(frame: Frame) -> Values:
        return np.asarray(getattr(frame.now, attribute))

    return Column(name, kind, unit, definition, values)


def _whole(name: str, unit: str, definition: str, attribute: str) -> Column:
    def values(frame: Frame) -> Values:
        return frame.every_cell(getattr(frame.now, attribute))

    return Column(name, "double", unit, definition, values)


def _lost(index: int, channel: str) -> Column:
    return Column(
        f"lost_{channel}_kg_m2",
        "double",
        "kg m^-2",
        f"mass lost by {channel} since the start",
        lambda frame: frame.now.lost[:, index],
    )


def _loss_rate(index: int, channel: str) -> Column:
    return Column(
        f"loss_rate_{channel}_kg_m2_s",
        "double",
        "kg m^-2 s^-1",
        f"rate of mass loss by {channel}",
        lambda frame: frame.now.loss_rate[:, index],
    )


CELL_COLUMNS: tuple[Column, ...] = (
    Column("output", "int32", "1", "number of the output, 0 at the start",
           lambda f: np.full(f.plan.n_cells, f.now.index)),
    Column("time_s", "double", "s", "time since the start", lambda f: f.every_cell(f.now.time)),
    Column("cell", "int32", "1", "number of the annulus, 0 innermost",
           lambda f: np.arange(f.plan.n_cells)),
    Column("r_m", "double", "m", "mid radius of the annulus", lambda f: f.plan.r),
    Column("r_RM", "double", "R_Mars", "mid radius of the annulus",
           lambda f: f.plan.r / MARS_RADIUS),
    Column("area_m2", "double", "m^2", "area of the annulus", lambda f: f.plan.area),
    _whole("T_M_K", "K", "surface temperature of Mars", "temperature"),
    _whole("a_blow_m", "m", "largest radius with beta = 1/2, 0 if none", "a_blow"),
    _whole("Q_pr_blow", "1", "radiation-pressure efficiency at a_blow", "qpr_blow"),
    _whole("beta_s_min", "1", "light pressure over gravity at the lower end of the grid",
           "beta_s_min"),
    Column("t_blow_s", "double", "s", "blow-out time chi / Omega", lambda f: f.plan.t_blow),
    _state("sigma_kg_m2", "kg m^-2", "surface density of the grains, all bins", "sigma"),
    _state("sigma_deep_kg_m2", "kg m^-2", "mass waiting in the deep buffer", "sigma_deep"),
    _state("kappa_m2_kg", "m^2 kg^-1", "geometric opacity", "kappa"),
    _state("tau", "1", "line-of-sight optical depth", "tau"),
    _state("phi", "1", "self-shielding factor Phi(tau)", "phi"),
    _state("sigma_tau1_kg_m2", "kg m^-2", "surface density of effective depth one", "sigma_tau1"),
    _state("vapour_fraction", "1", "share above the liquidus", "phase_fraction"),
    _state("phase", "1", "0 solid, 1 liquid or vapour", "phase", "int8"),
    _state("collisions_on", "", "collisions act", "collisions_on", "bool"),
    _state("blowout_on", "", "blow-out acts", "blowout_on", "bool"),
    _state("supply_on", "", "supply acts", "supply_on", "bool"),
    _state("ds_dt_m_s", "m s^-1", "change of grain radius by sublimation", "ds_dt"),
    _state("T_grain_K", "K", "grain temperature", "t_grain"),
    _state("e", "1", "eccentricity", "e"),
    _state("i_rad", "rad", "inclination", "i"),
    _state("v_rel_m_s", "m s^-1", "relative velocity", "v_rel"),
    _state("scale_height_m", "m", "vertical scale height", "scale_height"),
    _state("t_coll_s", "s", "collision time 1 / (Omega tau)", "t_coll"),
    _state("active", "", "the cell still evolves", "active", "bool"),
    _state("stop_time_s", "s", "when the cell stopped, NaN if it has not", "stop_time"),
    _state("stop_tau", "1", "optical depth when the cell stopped, NaN if not", "stop_tau"),
    _state("supply_rate_kg_m2_s", "kg m^-2 s^-1", "supply into the size grid", "supply_rate"),
    _state("supply_feedback", "1", "factor of the supply control", "feedback"),
    _state("reservoir_kg_m2", "kg m^-2", "supply left, NaN if unlimited", "reservoir"),
    _state("initial_kg_m2", "kg m^-2", "mass at the start", "initial"),
    _state("supplied_kg_m2", "kg m^-2", "mass supplied since the start", "supplied"),
    _state("transported_kg_m2", "kg m^-2", "net mass from neighbouring cells", "transported"),
    *(_lost(i, channel) for i, channel in enumerate(CHANNELS)),
    *(_loss_rate(i, channel) for i, channel in enumerate(CHANNELS)),
    _state(
        "defect_kg_m2", "kg m^-2", "mass made by the integrator (imex_bdf1 only)", "defect"
    ),
    _state("ledger_residual", "1", "relative defect of the mass ledger", "ledger_residual"),
    _state("steps", "1", "accepted steps since the start", "steps", "int64"),
    _state("rejected_steps", "1", "rejected steps since the start", "rejections", "int64"),
    _state("fallback_steps", "1", "steps taken by the positive fallback", "fallbacks", "int64"),
    _state("last_step_s", "s", "size of the last step", "last_step"),
)  # fmt: skip
"""Columns of every run."""

BIN_COLUMNS: tuple[Column, ...] = (
    Column("mass_kg_m2", "bins", "kg m^-2", "mass of each size bin; radii in the file metadata",
           lambda f: f.now.mass),
)  # fmt: skip
"""Columns with one value per size bin."""


def _energy(index: int, what: str) -> Column:
    return Column(
        f"energy_{what}_J_m2",
        "double",
        "J m^-2",
        f"{what} kinetic energy of collisions since the start",
        lambda frame: np.asarray(frame.now.energy)[:, index],
    )


def _encounters(index: int, what: str) -> Column:
    return Column(
        f"collisions_{what}_m2",
        "double",
        "m^-2",
        f"collisions by {what} since the start",
        lambda frame: np.asarray(frame.now.encounters)[:, index],
    )


ENERGY_COLUMNS: tuple[Column, ...] = (
    *(_energy(i, what) for i, what in enumerate(("relative", "dissipated", "retained"))),
    *(_encounters(i, what) for i, what in enumerate(("cratering", "fragmentation"))),
)
"""Columns with diagnostics.energy_bookkeeping."""
