"""Gas drag on grains and diffusion of mass between cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = ["diffuse", "drag_rate"]


def drag_rate(size: FloatArray, density: float, gas_density: float, gas_speed: float) -> FloatArray:
    """Return 1 / t_drag = rho_g c / (rho s) [s^-1], the Epstein stopping rate."""
    return gas_density * gas_speed / (density * np.asarray(size))


def diffuse(
    sigma: FloatArray, edges: FloatArray, viscosity: float, time: float, *, theta: float = 0.5
) -> FloatArray:
    """Return `sigma` (cells, ...) after `time` [s] of dSigma/dt = (1/r) d/dr (r nu dSigma/dr).

    Parameters
    ----------
    sigma : (cells, ...) float64
        Surface densities [kg m^-2]; every trailing column diffuses alone.
    edges : (cells + 1,) float64
        Radial edges [m].
    viscosity : float
        nu [m^2 s^-1], >= 0.
    time : float
        Length of the step [s].
    theta : float
        Implicitness; 1/2 is second order, 1 never turns negative.

    Notes
    -----
    Finite volumes with closed ends: sum of area times Sigma is kept to rounding.
    """
    from scipy.linalg import solve_banded  # noqa: PLC0415 -- costs start-up time

    area = 0.5 * (edges[1:] ** 2 - edges[:-1] ** 2)
    centre = 0.5 * (edges[1:] + edges[:-1])
    conductance = edges[1:-1] * viscosity / np.diff(centre)
    upper = np.concatenate([conductance, [0.0]]) / area
    lower = np.concatenate([[0.0], conductance]) / area
    bands = np.zeros((3, centre.size))
    bands[0, 1:] = -theta * time * upper[:-1]
    bands[1] = 1.0 + theta * time * (upper + lower)
    bands[2, :-1] = -theta * time * lower[1:]
    flat = sigma.reshape(centre.size, -1)
    flux = np.zeros((centre.size + 1, flat.shape[1]))
    flux[1:-1] = conductance[:, None] * np.diff(flat, axis=0)
    explicit = flat + (1.0 - theta) * time * np.diff(flux, axis=0) / area[:, None]
    return np.asarray(solve_banded((1, 1), bands, explicit)).reshape(sigma.shape)
