"""Outcome of one collision: specific energy, largest remnant, fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = [
    "excavated_fraction",
    "fragment_integrals",
    "reduced_energy",
    "remnant_fraction",
    "remnant_size",
]

SUPERCATASTROPHIC = 1.8
"""Q_R / Q*_D above which the remnant follows a power law."""


def reduced_energy(m1: FloatArray, m2: FloatArray, speed: float) -> FloatArray:
    """Return Q_R = mu v^2 / (2 M) [J kg^-1], mu the reduced mass, M the total mass [kg].

    Source: Leinhardt & Stewart (2012), Eq. 1.
    """
    m1, m2 = np.asarray(m1), np.asarray(m2)
    total = m1 + m2
    return 0.5 * (m1 / total) * (m2 / total) * speed**2


def remnant_fraction(phi: FloatArray) -> FloatArray:
    """Return the mass share f of the largest remnant at phi = Q_R / Q*_D.

    f = 1 - phi/2 below phi = 1.8, 0.1 (phi/1.8)^-1.5 above (continuous).
    Source: Stewart & Leinhardt (2009); Leinhardt & Stewart (2012), Eqs. 5, 44.
    """
    phi = np.asarray(phi, dtype=float)
    shattered = 0.1 * (np.maximum(phi, SUPERCATASTROPHIC) / SUPERCATASTROPHIC) ** -1.5
    return np.where(phi < SUPERCATASTROPHIC, 1.0 - 0.5 * phi, shattered)


def excavated_fraction(phi: FloatArray) -> FloatArray:
    """Return 1 - f without the subtraction: phi/2 for erosion.

    A micron grain on a metre body has phi ~ 1e-13, of which `1 - remnant_fraction` keeps no digit.
    """
    phi = np.asarray(phi, dtype=float)
    return np.where(phi < SUPERCATASTROPHIC, 0.5 * phi, 1.0 - remnant_fraction(phi))


def remnant_size(fraction: FloatArray, total_mass: FloatArray, density: float) -> FloatArray:
    """Return the radius [m] of a sphere of mass `fraction` * `total_mass` [kg]."""
    volume = np.asarray(fraction) * np.asarray(total_mass) / density
    return np.cbrt(3.0 * volume / (4.0 * np.pi))


def fragment_integrals(edges: FloatArray, slope: float) -> FloatArray:
    """Return the integral of s^-`slope` over each bin: fragment mass of dM/ds ~ s^-slope.

    A number law dN/ds ~ s^-q is slope = q - 3; q = 3.5 gives 0.5.
    """
    power = 1.0 - slope
    if abs(power) < 1e-12:
        return np.log(edges[1:] / edges[:-1])
    # expm1 keeps all digits of narrow bins and of slopes next to 1.
    return edges[:-1] ** power * np.expm1(power * np.log(edges[1:] / edges[:-1])) / power
