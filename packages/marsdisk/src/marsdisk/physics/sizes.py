"""Size grid and initial size distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = [
    "lognormal_shares",
    "power_law_shares",
    "size_centres",
    "size_edges",
    "sphere_mass",
    "three_slope_shares",
    "truncated_shares",
    "wavy_factor",
]


_erfc = np.vectorize(math.erfc, otypes=[np.float64])
"""The standard library's: scipy.special would take a fifth of the start-up time."""


def size_edges(s_min: float, s_max: float, n_bins: int) -> FloatArray:
    """Return `n_bins` + 1 logarithmic edges [m]."""
    return np.logspace(np.log10(s_min), np.log10(s_max), n_bins + 1)


def size_centres(edges: FloatArray) -> FloatArray:
    """Return the geometric mean [m] of the edges of each bin."""
    return np.sqrt(edges[1:] * edges[:-1])


def sphere_mass(size: FloatArray, density: float) -> FloatArray:
    """Return (4/3) pi rho s^3 [kg]."""
    return 4.0 / 3.0 * np.pi * density * np.asarray(size) ** 3


def _power_integral(low: FloatArray, high: FloatArray, power: float) -> FloatArray:
    """Return the integral of s^power from low to high, 0 where high <= low."""
    open_ = high > low
    low, high = np.where(open_, low, 1.0), np.where(open_, high, 1.0)
    log = np.log(high / low)
    if abs(power + 1.0) < 1e-12:
        return np.where(open_, log, 0.0)
    return np.where(
        open_, low ** (power + 1.0) * np.expm1((power + 1.0) * log) / (power + 1.0), 0.0
    )


def power_law_shares(
    edges: FloatArray, slope: float, low: float, high: float, *, integral: bool
) -> FloatArray:
    """Return relative bin masses of dN/ds ~ s^-`slope` between `low` and `high` [m].

    `integral` integrates s^(3 - slope) over the part of each bin inside the range; otherwise the
    value at the centre counts with the bin width.
    """
    if integral:
        return _power_integral(
            np.maximum(edges[:-1], low), np.minimum(edges[1:], high), 3.0 - slope
        )
    centre = size_centres(edges)
    inside = (centre >= low) & (centre <= high)
    return np.where(inside, centre ** (3.0 - slope) * np.diff(edges), 0.0)


def three_slope_shares(edges: FloatArray, slope: float, *, integral: bool) -> FloatArray:
    """Return relative bin masses of the three-slope number law.

    dN/ds ~ (s / s_lo)^-q with q = `slope` below 10 s_lo, slope + 1 up to s_max / 10, slope + 1.5
    above; the law jumps at the breaks.
    """
    s_lo, s_hi = float(edges[0]), float(edges[-1])
    if not integral:
        centre = size_centres(edges)
        q = np.where(centre < 10.0 * s_lo, slope, slope + 1.0)
        q = np.where(centre >= s_hi / 10.0, np.where(centre < 10.0 * s_lo, slope, slope + 1.5), q)
        return np.asarray((centre / s_lo) ** -q * centre**3 * np.diff(edges))
    breaks = (0.0, 10.0 * s_lo, float(max(s_hi / 10.0, 10.0 * s_lo)), np.inf)
    shares = np.zeros(edges.size - 1)
    for k, extra in enumerate((0.0, 1.0, 1.5)):
        steep = slope + extra
        part = power_law_shares(edges, steep, breaks[k], breaks[k + 1], integral=True)
        shares += s_lo**steep * part
    return shares


def lognormal_shares(
    edges: FloatArray, median: float, width_dex: float, cut: float, *, integral: bool
) -> tuple[FloatArray, float]:
    """Return bin masses of dM/ds ~ exp(-(ln(s/median)/sigma)^2 / 2) and the share off the grid.

    `median` and `cut` in m; nothing below `cut`. With `integral` the masses are shares of the
    whole distribution above the cut and the second value is what lies outside the grid; otherwise
    centres count with bin widths, normalised to 1, whatever the grid misses.
    Source of the law: Hyodo et al. (2017a).
    """
    sigma = width_dex * np.log(10.0)
    if not integral:
        centre = size_centres(edges)
        weight = np.exp(-0.5 * (np.log(centre / median) / sigma) ** 2) * np.diff(edges)
        weight = np.where(centre < cut, 0.0, weight)
        total = weight.sum()
        return (weight / total if total > 0.0 else weight), 0.0

    def above(s: FloatArray) -> FloatArray:
        # exp(-x^2 / 2 sigma^2) ds with s = median exp(x): the mean of x shifts by sigma^2.
        x = (np.log(s / median) - sigma**2) / (sigma * math.sqrt(2.0))
        return np.asarray(0.5 * _erfc(x))

    whole = float(above(np.array(cut))) if cut > 0.0 else 1.0
    if whole <= 0.0:
        return np.zeros(edges.size - 1), 1.0
    shares = -np.diff(above(np.maximum(edges, cut))) / whole
    return shares, max(1.0 - float(shares.sum()), 0.0)


def truncated_shares(
    edges: FloatArray, slope: float, low: float, high: float, *, integral: bool
) -> tuple[FloatArray, float]:
    """Return bin masses of a power law between `low` and `high` [m] and the share off the grid.

    Source of the law: Jutzi et al. (2010).
    """
    shares = power_law_shares(edges, slope, low, high, integral=integral)
    if not integral:
        return shares, 0.0
    whole = float(_power_integral(np.array(low), np.array(high), 3.0 - slope))
    return shares / whole, max(1.0 - float(shares.sum()) / whole, 0.0)


def wavy_factor(size: FloatArray, edges: FloatArray, strength: float, decay: float) -> FloatArray:
    """Return 1 + A exp(-decay x) sin(2 pi x / ln(s_max / s_lo)), x = ln(s / s_lo).

    An imprint on the initial distribution, not a dynamical wave.
    """
    x = np.log(size / edges[0])
    wave = np.sin(2.0 * np.pi * x / np.log(edges[-1] / edges[0]))
    return np.asarray(1.0 + strength * np.exp(-decay * x) * wave)
