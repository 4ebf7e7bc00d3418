"""Collision rates and the outcome of every pair of bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.kernels.records import Grid, Pairs
from marsdisk.physics.outcomes import (
    excavated_fraction,
    reduced_energy,
    remnant_fraction,
    remnant_size,
)
from marsdisk.typing import FloatArray

if TYPE_CHECKING:
    from marsdisk.typing import IntArray

__all__ = [
    "CollisionLaw",
    "collision_rates",
    "disruption_ratio",
    "loss_rates",
    "pair_indices",
    "pair_outcomes",
    "rate_coefficient",
]


@dataclass(frozen=True, slots=True)
class CollisionLaw:
    """What happens to each pair: `rate` and `phi` are packed (pairs,), see `pair_indices`.

    `rate` [m^2 s^-1] is K_ij / (1 + delta_ij); `phi` = Q_R / Q*_D. `two_bin` shares the remnant
    between its neighbouring bins so that number and mass hold; otherwise it goes to the bin it
    falls into, which keeps mass only.
    """

    rate: FloatArray
    phi: FloatArray
    density: float
    two_bin: bool = True


def pair_indices(n: int) -> tuple[IntArray, IntArray]:
    """Return the smaller and larger bin of every pair, packed as j (j + 1) / 2 + i, i <= j."""
    larger, smaller = np.tril_indices(n)
    return smaller, larger


def rate_coefficient(
    s1: FloatArray, s2: FloatArray, speed: float, h1: FloatArray, h2: FloatArray
) -> FloatArray:
    """Return K = pi (s1 + s2)^2 v / sqrt(2 pi (H1^2 + H2^2)) [m^2 s^-1].

    Collisions per area of the disk are K N1 N2 with column numbers N [m^-2]: geometric cross
    section, overlap of two Gaussian layers, no gravitational focusing.
    Source: Krivov et al. (2006); Birnstiel et al. (2010).
    """
    overlap = np.sqrt(2.0 * np.pi * (np.asarray(h1) ** 2 + np.asarray(h2) ** 2))
    return np.pi * (np.asarray(s1) + np.asarray(s2)) ** 2 * speed / overlap


def collision_rates(
    number: FloatArray, size: FloatArray, speed: float, height: FloatArray
) -> FloatArray:
    """Return C_ij = N_i N_j K_ij / (1 + delta_ij) [m^-2 s^-1], shape (n, n), symmetric."""
    rates = rate_coefficient(size[:, None], size, speed, height[:, None], height)
    rates *= np.outer(number, number)
    rates[np.diag_indices_from(rates)] *= 0.5
    return rates


def loss_rates(rates: FloatArray, number: FloatArray) -> FloatArray:
    """Return the gross rate (sum_j C_ij + C_ii) / N_i [s^-1] at which a body is hit."""
    total = rates.sum(axis=1) + np.diag(rates)
    return np.asarray(np.divide(total, number, out=np.zeros_like(total), where=number > 0.0))


def disruption_ratio(mass: FloatArray, speed: float, threshold: FloatArray) -> FloatArray:
    """Return phi = Q_R / Q*_D, packed; `threshold` [J kg^-1] is that of the larger body."""
    smaller, larger = pair_indices(mass.size)
    return reduced_energy(mass[smaller], mass[larger], speed) / threshold[larger]


def _near_count(inside: FloatArray, n: int) -> IntArray:
    """Return for each larger bin how many of the smallest partners satisfy `inside`."""
    counts = np.empty(n, np.int64)
    for j in range(n):
        row = inside[j * (j + 1) // 2 : j * (j + 1) // 2 + j]
        counts[j] = j if row.all() else int(np.argmin(row))
    return counts


def _first_lasting(near: IntArray) -> IntArray:
    """Return for each smaller body i the least j > i with i < near for it and all larger ones."""
    bodies = np.arange(near.size)
    fails = (near[None, :] <= bodies[:, None]) & (bodies[None, :] > bodies[:, None])
    last = near.size - 1 - np.argmax(fails[:, ::-1], axis=1)
    return np.where(fails.any(axis=1), last, bodies) + 1


def _square(packed: FloatArray, n: int) -> FloatArray:
    """Return the symmetric matrix of a packed triangle."""
    smaller, larger = pair_indices(n)
    full = np.empty((n, n))
    full[larger, smaller] = packed
    full[smaller, larger] = packed
    return full


def _share_remnant(remnant: FloatArray, grid: Grid) -> tuple[IntArray, FloatArray]:
    """Return the lower of the two bins of each remnant and the mass that goes there."""
    n = grid.mass.size
    base = np.clip(np.searchsorted(grid.mass, remnant, side="right") - 1, 0, n - 1)
    above = np.minimum(base + 1, n - 1)
    gap = np.where(above > base, grid.mass[above] - grid.mass[base], 1.0)
    low = (grid.mass[above] - remnant) / gap * grid.mass[base]
    outside = (remnant < grid.mass[0]) | (above == base)
    return base, np.where(outside, remnant, low)


def pair_outcomes(law: CollisionLaw, grid: Grid) -> Pairs:
    """Return the outcome tables of one cell.

    Parameters
    ----------
    law : CollisionLaw
        Rates and energies of all pairs.
    grid : Grid
        Size grid and fragment law.

    Returns
    -------
    Pairs
        Arrays (n, n), (pairs,) and (n,), see `Pairs`.

    Notes
    -----
    Two-bin deposit: Kovetz & Olund (1969); Kumar & Ramkrishna (1996). A remnant that stays in the
    bin of its target trades mass with the neighbour on the side of its change: below for erosion,
    above for accretion. Its change, excavated minus accreted mass, is formed without cancellation.
    """
    n = grid.mass.size
    smaller, larger = pair_indices(n)
    total = grid.mass[smaller] + grid.mass[larger]
    shattered = excavated_fraction(law.phi)
    remnant = np.clip(remnant_fraction(law.phi), 0.0, 1.0) * total
    eroded = shattered * total - grid.mass[smaller]
    top = (
        np.searchsorted(grid.edges, remnant_size(np.ones(1), remnant, law.density), side="right")
        - 1
    )
    top = np.clip(top, 0, n - 1)
    first = np.arange(n) * (np.arange(n) + 1) // 2
    side = np.where(eroded[first] >= 0.0, -1, 1)
    inside = top == larger
    partner = np.arange(n)
    if law.two_bin:
        inside &= np.sign(eroded) * side[larger] <= 0.0
        partner = np.clip(partner + side, 0, n - 1)
    gap = grid.mass - grid.mass[partner]
    apart = gap != 0.0
    safe = np.where(apart, gap, 1.0)
    near = _near_count(inside, n)
    # Bins are bounded by radii: fragments start in the lower or the upper bin of their remnant.
    base, low = _share_remnant(remnant, grid) if law.two_bin else (top, remnant)
    excavated = shattered * total
    fragments = (np.where(top == base, excavated, 0.0), np.where(top > base, excavated, 0.0))
    deposit = np.stack([low, fragments[0], remnant - low, fragments[1]], axis=1)
    return Pairs(
        rate=_square(law.rate, n),
        excavated=_square(law.rate * excavated, n),
        deposit=law.rate[:, None] * deposit,
        base=base,
        near=near,
        lasting=_first_lasting(near),
        partner=partner,
        keep=np.where(apart, grid.mass / safe, 1.0),
        give=np.where(apart, grid.mass[partner] / safe, 0.0),
    )
