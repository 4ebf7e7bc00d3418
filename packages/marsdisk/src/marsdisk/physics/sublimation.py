"""Sublimation of grains: vapour pressure, mass flux, shrinking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.physics.constants import GAS_CONSTANT

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = [
    "clausius_fit",
    "evaporation_coefficient",
    "mass_flux",
    "pressure_spline",
    "saturation_pressure",
    "shrink_rate",
    "sink_size",
]


def saturation_pressure(temperature: FloatArray, a: float, b: float) -> FloatArray:
    """Return P_sat = 10^(A - B/T) [Pa].

    Forsterite: A = 13.809441833, B = 28362.904024, 1673-2133 K (van Lieshout et al. 2014); melt:
    11.08, 22409, 2163-3690 K (Fegley & Schaefer 2012).
    """
    return 10.0 ** (a - b / np.asarray(temperature))


def evaporation_coefficient(alpha: float, molar_mass: float) -> float:
    """Return alpha sqrt(mu / (2 pi R)) [kg m^-2 s^-1 Pa^-1 K^(1/2)]."""
    return alpha * float(np.sqrt(molar_mass / (2.0 * np.pi * GAS_CONSTANT)))


def mass_flux(
    temperature: FloatArray,
    pressure: FloatArray,
    alpha: float,
    molar_mass: float,
    gas_pressure: float = 0.0,
) -> FloatArray:
    """Return the Hertz-Knudsen-Langmuir flux J [kg m^-2 s^-1].

    Parameters
    ----------
    temperature : array_like of float64
        Grain temperature [K].
    pressure : array_like of float64
        Saturation pressure at that temperature [Pa].
    alpha : float
        Evaporation coefficient, 0 to 1.
    molar_mass : float
        Of the vapour [kg mol^-1].
    gas_pressure : float
        Partial pressure around the grain [Pa]; at or above saturation the flux is 0.

    Notes
    -----
    J = alpha max(P_sat - P_gas, 0) sqrt(mu / (2 pi R T)). Source: van Lieshout et al. (2014),
    Eqs. 12-13; Pignatale et al. (2018).
    """
    excess = np.maximum(np.asarray(pressure) - gas_pressure, 0.0)
    return evaporation_coefficient(alpha, molar_mass) * excess / np.sqrt(temperature)


def shrink_rate(flux: FloatArray, density: float) -> FloatArray:
    """Return ds/dt = -J / rho [m s^-1], the same for grains of every size."""
    return -np.asarray(flux) / density


def sink_size(flux: FloatArray, density: float, time: float) -> FloatArray:
    """Return the radius [m] that vanishes within `time` [s] at a constant flux."""
    return np.asarray(flux) / density * time


def pressure_spline(temperature: FloatArray, log10_pressure: FloatArray) -> FloatArray:
    """Return monotone cubic coefficients (4, segments) of log10 P_sat in T - T_k, highest first."""
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 -- costs start-up time and is only needed here

    return np.ascontiguousarray(PchipInterpolator(temperature, log10_pressure).c)


def clausius_fit(temperature: FloatArray, log10_pressure: FloatArray) -> tuple[float, float]:
    """Return A and B of the least-squares line log10 P = A - B / T."""
    slope, intercept = np.polyfit(1.0 / temperature, log10_pressure, 1)
    return float(intercept), float(-slope)
