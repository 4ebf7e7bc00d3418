"""Radiation pressure of Mars: beta, blow-out size, sink time factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.physics.constants import (
    GRAVITATION,
    LIGHT_SPEED,
    MARS_MASS,
    MARS_RADIUS,
    STEFAN_BOLTZMANN,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.typing import FloatArray

__all__ = [
    "beta",
    "beta_of_luminosity",
    "blowout_size",
    "blowout_time_factor",
    "critical_sizes",
    "interpolate_qpr",
    "pressure_coefficient",
]

BETA_UNBOUND = 0.5
"""Grains released from a circular orbit are unbound at and above this beta."""


def beta_of_luminosity(
    size: FloatArray, luminosity: float, mass: float, density: float, qpr: FloatArray
) -> FloatArray:
    """Return the ratio of radiation pressure to gravity around any star or planet.

    beta = 3 L Q_pr / (16 pi G M c rho s). Source: Burns, Lamy & Soter (1979), Eq. 19.
    """
    weight = 16.0 * np.pi * GRAVITATION * mass * LIGHT_SPEED * density
    return 3.0 * luminosity * np.asarray(qpr) / (weight * np.asarray(size))


def beta(size: FloatArray, temperature: float, density: float, qpr: FloatArray) -> FloatArray:
    """Return beta of a grain of radius `size` [m] in the light of Mars at `temperature` [K].

    Independent of distance: the net flux of a Lambert sphere is sigma T^4 (R/r)^2 everywhere
    outside, with L = 4 pi R^2 sigma T^4.
    """
    luminosity = 4.0 * np.pi * MARS_RADIUS**2 * STEFAN_BOLTZMANN * temperature**4
    return beta_of_luminosity(size, luminosity, MARS_MASS, density, qpr)


def pressure_coefficient(density: float) -> float:
    """Return a [m K^-4] of the blow-out condition a T^4 Q_pr(s) >= s, that is beta >= 1/2."""
    return float(beta(np.array(1.0), 1.0, density, np.array(1.0))) / BETA_UNBOUND


def blowout_size(temperature: float, density: float, qpr: float) -> float:
    """Return the radius [m] with beta = 1/2 for a constant Q_pr."""
    return pressure_coefficient(density) * temperature**4 * qpr


def _efficiencies(
    temperature: float, table_temperature: FloatArray, table: FloatArray
) -> FloatArray:
    """Return the row of `table` (temperature, size) at `temperature` [K], linear in T."""
    last = table_temperature.size - 1
    above = int(np.searchsorted(table_temperature, temperature))
    if above == 0 or above > last:
        return np.asarray(table[min(above, last)])
    low, high = table_temperature[above - 1], table_temperature[above]
    weight = (temperature - low) / (high - low)
    return np.asarray((1.0 - weight) * table[above - 1] + weight * table[above])


def interpolate_qpr(
    size: FloatArray,
    temperature: float,
    table_size: FloatArray,
    table_temperature: FloatArray,
    table: FloatArray,
) -> FloatArray:
    """Return <Q_pr> at `size` [m], linear in ln s and in T, end values held.

    `table` has shape (temperature, size).
    """
    row = _efficiencies(temperature, table_temperature, table)
    return np.asarray(np.interp(np.log(size), np.log(table_size), row))


def _roots(
    function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> FloatArray:
    """Return the root in each bracket by bisection, to the spacing of doubles.

    All brackets at once, and without the 40 MB that a library of optimisers costs every run.
    """
    falling = function(low) > 0.0
    for _ in range(70):
        middle = 0.5 * (low + high)
        beyond = (function(middle) > 0.0) == falling
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return 0.5 * (low + high)


def critical_sizes(
    temperature: float,
    density: float,
    table_size: FloatArray,
    table_temperature: FloatArray,
    table: FloatArray,
) -> FloatArray:
    """Return all radii [m] with beta = 1/2, increasing.

    Q_pr of transparent grains falls with size below the wavelength, so beta need not be monotonic:
    grains between an even number of roots are bound again. Outside the table Q_pr is held.
    """
    coefficient = pressure_coefficient(density) * temperature**4
    knots, row = np.log(table_size), _efficiencies(temperature, table_temperature, table)

    def excess(x: FloatArray) -> FloatArray:
        return np.asarray(coefficient * np.interp(x, knots, row) - np.exp(x))

    # Between knots the excess is concave in x = ln s: cut at its peak, no interval holds two roots.
    slope = np.maximum(np.diff(row) / np.diff(knots), 1e-300)
    peak = np.log(coefficient * slope)
    peak = peak[(peak > knots[:-1]) & (peak < knots[1:])]
    x = np.sort(np.concatenate((knots, peak, [knots[0] - 60.0, knots[-1] + 60.0])))
    above = excess(x) > 0.0
    crossing = np.flatnonzero(above[1:] != above[:-1])
    return np.exp(_roots(excess, x[crossing], x[crossing + 1]))


def blowout_time_factor(beta_value: float, qpr: float) -> float:
    """Return chi in t_blow = chi / Omega for a grain at the blow-out limit.

    chi = max(0.1, 1 / (1 + (beta/0.5 - 1)/2)) clip(Q_pr, 0.5, 1.5), kept in [0.5, 2]: stronger
    pressure ejects sooner.
    """
    speed_up = max(0.1, 1.0 / (1.0 + 0.5 * (beta_value / BETA_UNBOUND - 1.0)))
    return float(np.clip(speed_up * np.clip(qpr, 0.5, 1.5), 0.5, 2.0))
