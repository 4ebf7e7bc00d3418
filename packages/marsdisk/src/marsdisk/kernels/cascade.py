"""The collision operator as net mass flows: rate of change, its Jacobian and its flow matrix.

A collision returns almost all of the larger body to its own bin. That return is never formed: for
the pairs whose remnant stays at home only the excavated mass moves, so the gross rate (1e9 s^-1)
never meets its own negative. Fragments of all pairs are gathered by the bin of their largest
remnant and spread by one suffix sum, so no (n, n, n) tensor exists.

Arrays of rates carry one entry more than there are bins: the last is the flow below the grid.
Each function costs O(n^2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marsdisk.kernels._jit import jit
from marsdisk.kernels.quads import add_quad
from marsdisk.kernels.records import Pairs

if TYPE_CHECKING:
    from marsdisk.kernels.records import Gathered, Grid
    from marsdisk.typing import FloatArray

__all__ = [
    "cell_pairs",
    "collision_energy",
    "collision_jacobian",
    "collision_rate",
    "flow_matrix",
]


@jit
def cell_pairs(pairs: Pairs, cell: int) -> Pairs:
    """Return the tables of one cell of a stack."""
    return Pairs(
        pairs.rate[cell],
        pairs.excavated[cell],
        pairs.deposit[cell],
        pairs.base[cell],
        pairs.near[cell],
        pairs.lasting[cell],
        pairs.partner[cell],
        pairs.keep[cell],
        pairs.give[cell],
    )


@jit
def _clear(gathered: Gathered) -> None:
    for k in range(gathered.fragments.size):
        gathered.fragments[k] = 0.0
        for c in range(4):
            gathered.far[k, c] = 0.0


@jit
def _spread(gathered: Gathered, grid: Grid, out: FloatArray) -> None:
    """Add what was gathered to `out`, fragments over their bin and all smaller ones."""
    n = grid.mass.size
    far, fragments = gathered.far, gathered.fragments
    for k in range(1, n):
        out[k] += far[k - 1, 2]
        fragments[k] += far[k - 1, 3]
    total = 0.0
    for k in range(n - 1, -1, -1):
        total += (fragments[k] + far[k, 1]) * grid.inverse[k]
        out[k] += far[k, 0] + grid.fragment[k] * total
    out[n] += grid.subgrid * total


@jit
def collision_rate(
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    gathered: Gathered,
    out: FloatArray,
) -> None:
    """Write dM_k/dt [kg m^-2 s^-1] by collisions to `out`; `gathered` is scratch."""
    n = mass.size
    far = gathered.far
    out[:] = 0.0
    _clear(gathered)
    for j in range(n):
        row = j * (j + 1) // 2
        near = pairs.near[j]
        rate, dug = pairs.rate[j], pairs.excavated[j]
        target = number[j]
        swept = 0.0
        excavated = 0.0
        for i in range(near):
            hit = rate[i] * mass[i]
            swept += hit
            excavated += dug[i] * number[i]
            out[i] -= hit * target
        removed = 0.0
        for i in range(near, j + 1):
            hits = rate[i] * target
            removed += hits * number[i]
            out[i] -= hits * mass[i]
            add_quad(far, pairs.base[row + i], pairs.deposit, row + i, number[i] * target)
        eroded = (excavated - swept) * target
        out[j] -= removed * grid.mass[j] + pairs.keep[j] * eroded
        out[pairs.partner[j]] += pairs.give[j] * eroded
        gathered.fragments[j] += excavated * target
    _spread(gathered, grid, out)


@jit
def _hit_by_smaller(
    q: int, mass: FloatArray, number: FloatArray, pairs: Pairs, gathered: Gathered, out: FloatArray
) -> float:
    """Add to `out` the derivative by N_q of collisions with i <= q; return the hits per body."""
    row = q * (q + 1) // 2
    near, far = pairs.near[q], gathered.far
    rate, dug = pairs.rate[q], pairs.excavated[q]
    swept = 0.0
    excavated = 0.0
    for i in range(near):
        hit = rate[i] * mass[i]
        swept += hit
        excavated += dug[i] * number[i]
        out[i] -= hit
    removed = 0.0
    for i in range(near, q + 1):
        twice = 2.0 if i == q else 1.0
        removed += rate[i] * number[i] * twice
        out[i] -= rate[i] * mass[i] * twice
        add_quad(far, pairs.base[row + i], pairs.deposit, row + i, number[i] * twice)
    eroded = excavated - swept
    out[q] -= pairs.keep[q] * eroded
    out[pairs.partner[q]] += pairs.give[q] * eroded
    gathered.fragments[q] += excavated
    return removed


@jit
def _hitting_larger(
    q: int,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    gathered: Gathered,
    out: FloatArray,
) -> float:
    """Add to `out` the derivative by N_q of collisions with j > q; return the hits per body."""
    n = number.size
    lasting, far = pairs.lasting[q], gathered.far
    rate, dug = pairs.rate[q], pairs.excavated[q]
    removed = 0.0
    for j in range(q + 1, lasting):
        o = j * (j + 1) // 2 + q
        hits = rate[j] * number[j]
        removed += hits
        if q < pairs.near[j]:
            eroded = dug[j] * number[j] - hits * grid.mass[q]
            out[j] -= pairs.keep[j] * eroded
            out[pairs.partner[j]] += pairs.give[j] * eroded
            gathered.fragments[j] += dug[j] * number[j]
        else:
            out[j] -= hits * grid.mass[j]
            add_quad(far, pairs.base[o], pairs.deposit, o, number[j])
    traded = gathered.traded
    for j in range(lasting, n):
        caught = dug[j] * number[j]
        hits = rate[j] * number[j]
        removed += hits
        eroded = caught - hits * grid.mass[q]
        gathered.fragments[j] += caught
        out[j] -= pairs.keep[j] * eroded
        traded[j] = pairs.give[j] * eroded
    for j in range(lasting, n):
        out[pairs.partner[j]] += traded[j]
    return removed


@jit
def collision_jacobian(
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    gathered: Gathered,
    out: FloatArray,
) -> None:
    """Write the exact Jacobian, transposed: out[q, k] = d(dM_k/dt)/dM_q [s^-1], (n, n + 1)."""
    n = mass.size
    out[:, :] = 0.0
    for q in range(n):
        column = out[q]
        _clear(gathered)
        removed = _hit_by_smaller(q, mass, number, pairs, gathered, column)
        removed += _hitting_larger(q, number, grid, pairs, gathered, column)
        column[q] -= removed * grid.mass[q]
        _spread(gathered, grid, column)
        inverse = 1.0 / grid.mass[q]
        for k in range(n + 1):
            column[k] *= inverse


@jit
def flow_matrix(
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    gathered: Gathered,
    out: FloatArray,
) -> None:
    """Write the flows per unit mass of their donor: out[p, k] >= 0 from p to k != p [s^-1].

    Each body of a pair gives the same share of its mass to the fragments. The last column is the
    flow below the grid. Positive and conservative schemes are built on this form.
    """
    n = number.size
    out[:, :] = 0.0
    for p in range(n):
        _clear(gathered)
        for q in range(n):
            j = max(p, q)
            i = min(p, q)
            if pairs.rate[p, q] == 0.0 or number[q] == 0.0:
                continue
            weight = 2.0 * number[q] if p == q else number[q]
            total = grid.mass[i] + grid.mass[j]
            if i < pairs.near[j]:
                rate = pairs.rate[p, q] * weight
                shattered = pairs.excavated[p, q] / (pairs.rate[p, q] * total)
                gathered.fragments[j] += rate * shattered
                moved = (shattered * total - grid.mass[i]) / (total * (1.0 - shattered))
                partner = pairs.partner[j]
                away = rate * (1.0 - shattered) * moved * pairs.give[j]
                if partner != j:
                    out[p, partner] += away
                if p != j:
                    out[p, j] += rate * (1.0 - shattered) - away
            else:
                o = j * (j + 1) // 2 + i
                add_quad(gathered.far, pairs.base[o], pairs.deposit, o, weight / total)
        _spread(gathered, grid, out[p])
        out[p, p] = 0.0


@jit
def collision_energy(
    number: FloatArray,
    speed: float,
    grid: Grid,
    pairs: Pairs,
    retained_cratering: float,
    retained_fragmentation: float,
    out: FloatArray,
) -> None:
    """Write the rates of relative, dissipated, retained energy and of both outcomes to `out` (5,).

    A remnant above half of the total mass counts as cratering, otherwise as fragmentation.
    """
    out[:] = 0.0
    for j in range(number.size):
        for i in range(j + 1):
            encounters = number[i] * number[j]
            events = pairs.rate[j, i] * encounters
            total = grid.mass[i] + grid.mass[j]
            energy = 0.5 * grid.mass[i] * grid.mass[j] / total * speed * speed * events
            cratering = 2.0 * pairs.excavated[j, i] * encounters < events * total
            kept = energy * (retained_cratering if cratering else retained_fragmentation)
            out[0] += energy
            out[1] += energy - kept
            out[2] += kept
            out[3 if cratering else 4] += events
