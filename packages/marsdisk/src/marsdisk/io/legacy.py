"""Column names of the published program, for scripts that expect them.

Rates and amounts are those of this program's ledger, in the published units (M_Mars for masses of a
cell).  Nothing is computed twice: every alias is an expression over the state at the output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.io.columns import Column, Frame, Values
from marsdisk.kernels import CHANNELS
from marsdisk.physics.constants import MARS_MASS, STEFAN_BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LEGACY_COLUMNS"]

BLOWOUT = CHANNELS.index("blowout")
SUBLIMATION = CHANNELS.index("sublimation")


def _mass(frame: Frame, per_area: Values) -> Values:
    return np.asarray(per_area * frame.plan.area / MARS_MASS)


def _sinks(lost: Values) -> Values:
    return np.asarray(lost.sum(axis=1) - lost[:, BLOWOUT])


def _elapsed(frame: Frame) -> float:
    return frame.now.time - frame.before.time


def _fast_ratio(frame: Frame) -> Values:
    return np.asarray(_elapsed(frame) / frame.plan.t_blow)


def _s_min(frame: Frame) -> float:
    return max(float(frame.plan.edges[0]), frame.now.a_blow)


def _beta_effective(frame: Frame) -> float:
    return 0.5 if frame.now.a_blow > frame.plan.edges[0] else frame.now.beta_s_min


LEGACY: dict[str, tuple[str, Callable[[Frame], Values]]] = {
    "time": ("s", lambda f: f.every_cell(f.now.time)),
    "dt": ("s", lambda f: f.every_cell(_elapsed(f))),
    "T_M_used": ("K", lambda f: f.every_cell(f.now.temperature)),
    "rad_flux_Mars": ("W m^-2", lambda f: f.every_cell(STEFAN_BOLTZMANN * f.now.temperature**4)),
    "tau_los_mars": ("1", lambda f: f.now.tau),
    "a_blow": ("m", lambda f: f.every_cell(f.now.a_blow)),
    "a_blow_step": ("m", lambda f: f.every_cell(f.now.a_blow)),
    "a_blow_at_smin": ("m", lambda f: f.every_cell(f.now.a_blow)),
    "s_min": ("m", lambda f: f.every_cell(_s_min(f))),
    "kappa": ("m^2 kg^-1", lambda f: f.now.kappa * f.now.phi),
    "Qpr_mean": ("1", lambda f: f.every_cell(f.now.qpr_blow)),
    "Q_pr_at_smin": ("1", lambda f: f.every_cell(f.now.qpr_blow)),
    "beta_at_smin_config": ("1", lambda f: f.every_cell(f.now.beta_s_min)),
    "beta_at_smin_effective": ("1", lambda f: f.every_cell(_beta_effective(f))),
    "beta_at_smin": ("1", lambda f: f.every_cell(_beta_effective(f))),
    "Sigma_surf": ("kg m^-2", lambda f: f.now.sigma),
    "Sigma_tau1": ("kg m^-2", lambda f: f.now.sigma_tau1),
    "outflux_surface": ("kg m^-2 s^-1", lambda f: f.now.loss_rate[:, BLOWOUT]),
    "t_blow": ("s", lambda f: f.plan.t_blow),
    "prod_subblow_area_rate": ("kg m^-2 s^-1", lambda f: f.now.supply_rate),
    "M_out_dot": ("M_Mars s^-1", lambda f: _mass(f, f.now.loss_rate[:, BLOWOUT])),
    "M_loss_cum": ("M_Mars", lambda f: _mass(f, f.now.lost.sum(axis=1))),
    "mass_total_bins": ("M_Mars", lambda f: _mass(f, f.now.sigma)),
    "mass_lost_by_blowout": ("M_Mars", lambda f: _mass(f, f.now.lost[:, BLOWOUT])),
    "mass_lost_by_sinks": ("M_Mars", lambda f: _mass(f, _sinks(f.now.lost))),
    "dt_over_t_blow": ("1", _fast_ratio),
    "fast_blowout_factor": ("1", lambda f: -np.expm1(-_fast_ratio(f))),
    "fast_blowout_flag_gt3": ("1", lambda f: (_fast_ratio(f) > 3.0).astype(float)),
    "fast_blowout_flag_gt10": ("1", lambda f: (_fast_ratio(f) > 10.0).astype(float)),
    "fast_blowout_corrected": ("1", lambda f: f.every_cell(0.0)),
    "dSigma_dt_sublimation": ("kg m^-2 s^-1", lambda f: f.now.loss_rate[:, SUBLIMATION]),
    "mass_lost_sinks_step": (
        "M_Mars",
        lambda f: _mass(f, _sinks(f.now.lost) - _sinks(f.before.lost)),
    ),
    "mass_lost_sublimation_step": (
        "M_Mars",
        lambda f: _mass(f, f.now.lost[:, SUBLIMATION] - f.before.lost[:, SUBLIMATION]),
    ),
    "ds_dt_sublimation": ("m s^-1", lambda f: f.now.ds_dt),
}

LEGACY_COLUMNS: tuple[Column, ...] = tuple(
    Column(
        name,
        "double",
        unit,
        "name of the published program; steps span the output interval",
        values,
    )
    for name, (unit, values) in LEGACY.items()
)
"""Published names; ``tau`` is already a column of every run."""
