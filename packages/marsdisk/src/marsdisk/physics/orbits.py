"""Orbits around Mars and the radial grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.physics.constants import GRAVITATION, MARS_MASS, MARS_RADIUS

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = [
    "annulus_area",
    "kepler_frequency",
    "kepler_period",
    "kepler_speed",
    "pericenter_eccentricity",
    "radial_edges",
]


def kepler_frequency(r: FloatArray, *, mass: float = MARS_MASS) -> FloatArray:
    """Return the orbital frequency Omega = sqrt(G M / r^3) [s^-1] at radius `r` [m]."""
    return np.sqrt(GRAVITATION * mass / np.asarray(r) ** 3)


def kepler_speed(r: FloatArray, *, mass: float = MARS_MASS) -> FloatArray:
    """Return the circular speed v_K = sqrt(G M / r) [m s^-1] at radius `r` [m]."""
    return np.sqrt(GRAVITATION * mass / np.asarray(r))


def kepler_period(r: FloatArray) -> FloatArray:
    """Return the orbital period 2 pi / Omega [s] at radius `r` [m]."""
    return 2.0 * np.pi / kepler_frequency(r)


def radial_edges(r_in: float, r_out: float, n_cells: int) -> FloatArray:
    """Return the `n_cells` + 1 evenly spaced edges [m] of the annuli."""
    return np.linspace(r_in, r_out, n_cells + 1)


def annulus_area(edges: FloatArray) -> FloatArray:
    """Return the area pi (r_out^2 - r_in^2) [m^2] of each annulus."""
    return np.pi * (edges[1:] ** 2 - edges[:-1] ** 2)


def pericenter_eccentricity(r: FloatArray) -> FloatArray:
    """Return the eccentricity 1 - R_Mars / r of an orbit whose pericentre grazes Mars.

    Radii inside Mars give 0.
    """
    return np.maximum(1.0 - MARS_RADIUS / np.asarray(r), 0.0)
