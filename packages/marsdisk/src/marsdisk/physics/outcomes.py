"""Outcome of one collision: specific energy, largest remnant, fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marsdisk.parameters import Cohesion
    from marsdisk.typing import FloatArray

__all__ = [
    "excavated_fraction",
    "fragment_integrals",
    "reduced_energy",
    "remnant_fraction",
    "remnant_size",
    "smallest_fragment",
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


def smallest_fragment(slope: float, speed: float, density: float, law: Cohesion) -> float:
    """Return the radius [m] below which a collision has no energy left to make fragments.

    Parameters
    ----------
    slope : float
        q of the fragments' dN/ds ~ s^-q. Outside 3 < q < 4 most of the new surface is not on the
        smallest fragments, so nothing bounds them: 0 is returned.
    speed : float
        Impact speed [m s^-1].
    density : float
        [kg m^-3].
    law : Cohesion
        gamma, eta, s_0 and the mass of the largest fragment.

    Notes
    -----
    s_min = [(q - 3)/(4 - q) (1/s_0 + eta rho v^2 / (24 gamma)) s_max^(4 - q)]^(1/(3 - q)), with
    s_max = s_0 f^(1/3), f the mass of the largest fragment, and s_min << s_max. Source: Krijt &
    Kama (2014).
    """
    if not 3.0 < slope < 4.0:
        return 0.0
    surface = 1.0 / law.collider
    surface += law.efficiency * density * speed**2 / (24.0 * law.surface_energy)
    largest = law.collider * law.largest_fraction ** (1.0 / 3.0)
    amount = (slope - 3.0) / (4.0 - slope) * surface * largest ** (4.0 - slope)
    return float(amount ** (1.0 / (3.0 - slope)))
