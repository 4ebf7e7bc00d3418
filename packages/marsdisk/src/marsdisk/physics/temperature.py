"""Surface temperature of Mars over time and temperature of grains in its light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.physics.constants import DAY, MARS_RADIUS, STEFAN_BOLTZMANN

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = [
    "grain_temperature_factor",
    "linear_cooling_rate",
    "slab_cooling",
    "slab_temperature",
    "slab_time",
]


def slab_cooling(depth: float, density: float, heat_capacity: float) -> float:
    """Return a = 3 sigma / (D rho c_p) [K^-3 s^-1] of T = (T0^-3 + a t)^(-1/3)."""
    return 3.0 * STEFAN_BOLTZMANN / (depth * density * heat_capacity)


def slab_temperature(time: FloatArray, initial: float, cooling: float) -> FloatArray:
    """Return the temperature [K] of a radiating slab at `time` [s].

    Parameters
    ----------
    time : array_like of float64
        Time since T = `initial` [s], >= 0.
    initial : float
        Temperature at time 0 [K].
    cooling : float
        `slab_cooling` of the layer [K^-3 s^-1].

    Notes
    -----
    Solves D rho c_p dT/dt = -sigma T^4. Source: Hyodo et al. (2018), Eqs. 2-3.
    """
    return (initial**-3 + cooling * np.asarray(time)) ** (-1.0 / 3.0)


def slab_time(temperature: FloatArray, initial: float, cooling: float) -> FloatArray:
    """Return the time [s] at which the slab reaches `temperature` [K]; inverse of the above."""
    return (np.asarray(temperature) ** -3.0 - initial**-3) / cooling


def linear_cooling_rate(initial: float, depth: float) -> float:
    """Return the constant rate [K s^-1] of the linear law of Hyodo et al. (2018).

    tau[d] = 717 (D / 100 km) (dT / 3000 K) (T0 / 4000 K), applied to the fall from T0 to 0 K.
    """
    duration = 717.0 * DAY * (depth / 1.0e5) * (initial / 3000.0) * (initial / 4000.0)
    return initial / duration


def grain_temperature_factor(r: FloatArray, q_abs: float, *, far_field: bool) -> FloatArray:
    """Return T_grain / T_Mars of a grain in the light of Mars.

    Parameters
    ----------
    r : array_like of float64
        Distance from the centre of Mars [m], >= R_Mars.
    q_abs : float
        Ratio of absorption to emission efficiency, > 0.
    far_field : bool
        Use W = (R/2r)^2 instead of the dilution factor W = (1 - sqrt(1 - (R/r)^2)) / 2 of a sphere
        of finite size; at the surface the far field is 16 % low in temperature.

    Returns
    -------
    float64, same shape as `r`
        (q_abs W)^(1/4), dimensionless.
    """
    ratio = np.minimum(MARS_RADIUS / np.asarray(r), 1.0)
    dilution = 0.25 * ratio**2 if far_field else 0.5 * (1.0 - np.sqrt(1.0 - ratio**2))
    return (q_abs * dilution) ** 0.25
