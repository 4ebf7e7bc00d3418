"""Opacity, line of sight and shielding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = [
    "area_per_mass",
    "line_of_sight_factor",
    "optical_depth",
    "shielding",
    "slab_transmission",
    "surface_density_at",
    "surface_density_tau1",
]


def area_per_mass(size: FloatArray, density: float) -> FloatArray:
    """Return the cross-section per mass 3 / (4 rho s) [m^2 kg^-1] of spheres, Q_ext = 1."""
    return 3.0 / (4.0 * density * np.asarray(size))


def line_of_sight_factor(path_multiplier: float, h_over_r: float) -> float:
    """Return max(1, path_multiplier / (H/r)), the longer path of light along the disk."""
    return max(1.0, path_multiplier / h_over_r)


def optical_depth(mass: FloatArray, area: FloatArray, los_factor: float) -> FloatArray:
    """Return tau = f_los sum_k a_k M_k of bin masses `mass` (..., n) [kg m^-2]."""
    return los_factor * (mass @ area)


def shielding(tau: FloatArray | float, table_tau: FloatArray, table_phi: FloatArray) -> FloatArray:
    """Return Phi(tau) in [0, 1], linear in the table, ends held; 1 without a table."""
    tau = np.asarray(tau, dtype=float)
    if table_tau.size == 0:
        return np.ones_like(tau)
    return np.clip(np.interp(tau, table_tau, table_phi), 0.0, 1.0)


def slab_transmission(tau: FloatArray) -> FloatArray:
    """Return the mean of exp(-t) over a slab, (1 - exp(-tau)) / tau, with limit 1 at 0."""
    tau = np.asarray(tau, dtype=float)
    safe = np.where(tau > 0.0, tau, 1.0)
    return np.where(tau > 0.0, -np.expm1(-safe) / safe, 1.0)


def surface_density_at(tau: float, kappa: float, phi: float, los_factor: float) -> float:
    """Return the surface density tau / (Phi kappa f_los) [kg m^-2] seen as `tau`."""
    return tau / (phi * kappa * los_factor)


def surface_density_tau1(kappa: FloatArray, phi: FloatArray) -> FloatArray:
    """Return Sigma_tau1 = 1 / (Phi kappa) [kg m^-2]; infinite for a transparent disk."""
    with np.errstate(divide="ignore"):
        return 1.0 / (np.asarray(phi) * np.asarray(kappa))
