"""Outside supply: rates and the sizes it comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.physics.sizes import power_law_shares, size_centres

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = ["number_source", "orbital_supply", "power_law_rate", "supply_shares"]


def orbital_supply(
    mu: float, fraction: float, reference_density: FloatArray, period: FloatArray
) -> FloatArray:
    """Return mu f Sigma_ref / t_orb [kg m^-2 s^-1]: a share of the disk renewed per orbit."""
    return mu * fraction * np.asarray(reference_density) / np.asarray(period)


def power_law_rate(time: FloatArray, amplitude: float, t0: float, index: float) -> FloatArray:
    """Return A ((t - t0) + 1e-12)^index from t0 on, 0 before."""
    elapsed = np.asarray(time, dtype=float) - t0
    return np.where(elapsed >= 0.0, amplitude * (np.maximum(elapsed, 0.0) + 1e-12) ** index, 0.0)


def supply_shares(edges: FloatArray, slope: float, low: float, high: float) -> FloatArray:
    """Return mass shares per bin of supply with dN/ds ~ s^-`slope` in [low, high]; sum 1.

    Outside the grid the range is cut; an empty range feeds the bin next to it.
    """
    shares = power_law_shares(edges, slope, low, high, integral=True)
    total = shares.sum()
    if total > 0.0:
        return np.asarray(shares / total)
    shares[np.clip(np.searchsorted(size_centres(edges), low), 0, shares.size - 1)] = 1.0
    return shares


def number_source(rate: float, shares: FloatArray, mass: FloatArray) -> FloatArray:
    """Return F_k = rate p_k / m_k [m^-2 s^-1] so that sum m_k F_k = `rate` [kg m^-2 s^-1]."""
    return rate * shares / mass
