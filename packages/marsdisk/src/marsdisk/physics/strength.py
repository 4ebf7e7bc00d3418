"""Specific energy of catastrophic disruption Q*_D."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.parameters import Strength, StrengthUnits

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = ["BENZ_ASPHAUG_BASALT", "PUBLISHED_BASALT", "disruption_threshold"]

BENZ_ASPHAUG_BASALT = {3.0: (3.5e7, 0.38, 0.3, 1.36), 5.0: (9.0e7, 0.36, 0.5, 1.36)}
"""Q_s [erg/g], a_s, B [erg cm^3/g^2], b_g of basalt by speed [km/s].

Source: Benz & Asphaug (1999), Table 3.
"""

PUBLISHED_BASALT = {
    3.0: (3.5e7, 0.38, 0.3, 1.36),
    4.0: (5.25e7, 0.38, 0.4, 1.36),
    5.0: (7.0e7, 0.38, 0.5, 1.36),
    6.0: (7.0e7, 0.38, 0.5629085099123813, 1.36),
    7.0: (7.0e7, 0.38, 0.6222332685311813, 1.36),
}
"""Rows of the published program, for comparison: 7.0e7, 0.38 at 5 km/s is ice at 0.5 km/s."""

_ERG_PER_GRAM = 1e-4


def disruption_threshold(
    size: FloatArray,
    density: float,
    speed: float,
    table: Strength,
) -> FloatArray:
    """Return Q*_D [J kg^-1] of targets of radius `size` [m] hit at `speed` [m s^-1].

    Parameters
    ----------
    size : array_like of float64
        Target radius [m].
    density : float
        Bulk density [kg m^-3].
    speed : float
        Impact speed [m s^-1].
    table : Strength
        Coefficients Q_s, a_s, B, b_g (n, 4) at increasing speeds (n,) [km s^-1]; in erg/g with
        radii in cm and densities in g/cm^3, or in SI. `mu_grav` is the velocity exponent of the
        gravity regime.

    Returns
    -------
    float64, shape of `size`
        Q_s x^-a_s + B rho x^b_g; both terms linear between speeds. Outside the table the end row
        holds, its gravity term scaled by (v / v_end)^(2 - 3 mu).

    Notes
    -----
    Source: Benz & Asphaug (1999), Eq. 6; velocity scaling Jutzi et al. (2010), Leinhardt & Stewart
    (2012).
    """
    speeds, coefficients = table.speeds, table.coefficients
    cgs = table.units is StrengthUnits.BA99_CGS
    x = np.asarray(size) * (100.0 if cgs else 1.0)
    rho = density / 1000.0 if cgs else density
    v = speed / 1000.0

    def terms(row: FloatArray) -> tuple[FloatArray, FloatArray]:
        return row[0] * x ** -row[1], row[2] * rho * x ** row[3]

    k = int(np.clip(np.searchsorted(speeds, v, side="right") - 1, 0, speeds.size - 1))
    strength, gravity = terms(coefficients[k])
    if v < speeds[0] or v > speeds[-1] or speeds.size == 1:
        gravity = gravity * (v / speeds[k]) ** (2.0 - 3.0 * table.mu_grav)
    elif k + 1 < speeds.size:
        weight = (v - speeds[k]) / (speeds[k + 1] - speeds[k])
        upper = terms(coefficients[k + 1])
        strength = strength * (1.0 - weight) + upper[0] * weight
        gravity = gravity * (1.0 - weight) + upper[1] * weight
    return (strength + gravity) * (_ERG_PER_GRAM if cgs else 1.0)
