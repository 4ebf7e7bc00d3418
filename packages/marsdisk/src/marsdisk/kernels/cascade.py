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

from marsdisk.kernels._jit import entry, jit

if TYPE_CHECKING:
    from marsdisk.kernels.records import Grid, Pairs
    from marsdisk.typing import FloatArray

__all__ = ["collision_energy", "collision_jacobian", "collision_rate", "flow_matrix"]


@jit
def _spread_fragments(fragments: FloatArray, grid: Grid, out: FloatArray) -> None:
    """Add the fragments gathered by top bin to `out`, largest bins first."""
    n = grid.mass.size
    total = 0.0
    for k in range(n - 1, -1, -1):
        total += fragments[k] * grid.inverse[k]
        out[k] += grid.fragment[k] * total
    out[n] += grid.subgrid * total


@entry
def collision_rate(
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    fragments: FloatArray,
    out: FloatArray,
) -> None:
    """Write dM_k/dt [kg m^-2 s^-1] by collisions to `out`; `fragments` (n,) is scratch."""
    n = mass.size
    out[:] = 0.0
    fragments[:] = 0.0
    for j in range(n):
        row = j * (j + 1) // 2
        near = pairs.near[j]
        target = number[j]
        swept = 0.0
        excavated = 0.0
        for i in range(near):
            hit = pairs.rate[row + i] * mass[i]
            swept += hit
            excavated += pairs.excavated[row + i] * number[i]
            out[i] -= hit * target
        eroded = (excavated - swept) * target
        out[j] -= pairs.keep[j] * eroded
        out[pairs.partner[j]] += pairs.give[j] * eroded
        fragments[j] += excavated * target
        removed = 0.0
        for i in range(near, j + 1):
            o = row + i
            encounters = number[i] * target
            out[i] -= pairs.rate[o] * encounters * grid.mass[i]
            removed += pairs.rate[o] * encounters
            base = pairs.base[o]
            out[base] += pairs.low[o] * encounters
            out[base + 1] += pairs.high[o] * encounters
            fragments[pairs.top[o]] += pairs.excavated[o] * encounters
        out[j] -= removed * grid.mass[j]
    _spread_fragments(fragments, grid, out)


@jit
def _jacobian_column(
    q: int,
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    fragments: FloatArray,
    column: FloatArray,
) -> None:
    """Write d(dM/dt)/dN_q to `column`."""
    n = mass.size
    column[:] = 0.0
    fragments[:] = 0.0
    row = q * (q + 1) // 2
    near = pairs.near[q]
    swept = 0.0
    excavated = 0.0
    for p in range(near):
        hit = pairs.rate[row + p] * mass[p]
        swept += hit
        excavated += pairs.excavated[row + p] * number[p]
        column[p] -= hit
    column[q] -= pairs.keep[q] * (excavated - swept)
    column[pairs.partner[q]] += pairs.give[q] * (excavated - swept)
    fragments[q] += excavated
    for p in range(near, n):
        larger = max(p, q)
        o = larger * (larger + 1) // 2 + min(p, q)
        weight = number[p] if p != q else 2.0 * number[p]
        if p > q and q < pairs.near[p]:
            caught = pairs.excavated[o] * weight
            arriving = pairs.rate[o] * weight * grid.mass[q]
            column[q] -= arriving
            column[p] -= pairs.keep[p] * (caught - arriving)
            column[pairs.partner[p]] += pairs.give[p] * (caught - arriving)
            fragments[p] += caught
        else:
            hits = pairs.rate[o] * weight
            column[p] -= hits * grid.mass[p]
            column[q] -= hits * grid.mass[q]
            base = pairs.base[o]
            column[base] += pairs.low[o] * weight
            column[base + 1] += pairs.high[o] * weight
            fragments[pairs.top[o]] += pairs.excavated[o] * weight
    _spread_fragments(fragments, grid, column)


@entry
def collision_jacobian(
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    fragments: FloatArray,
    out: FloatArray,
) -> None:
    """Write the exact Jacobian, transposed: out[q, k] = d(dM_k/dt)/dM_q [s^-1], (n, n + 1)."""
    n = mass.size
    for q in range(n):
        _jacobian_column(q, mass, number, grid, pairs, fragments, out[q])
        inverse = 1.0 / grid.mass[q]
        for k in range(n + 1):
            out[q, k] *= inverse


@entry
def flow_matrix(
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    fragments: FloatArray,
    out: FloatArray,
) -> None:
    """Write the flows per unit mass of their donor: out[p, k] >= 0 from p to k != p [s^-1].

    Each body of a pair gives the same share of its mass to the fragments. The last column is the
    flow below the grid. Positive and conservative schemes are built on this form.
    """
    n = number.size
    out[:, :] = 0.0
    for p in range(n):
        fragments[:] = 0.0
        for q in range(n):
            j = max(p, q)
            i = min(p, q)
            o = j * (j + 1) // 2 + i
            rate = pairs.rate[o] * (2.0 * number[q] if p == q else number[q])
            if rate == 0.0:
                continue
            total = grid.mass[i] + grid.mass[j]
            shattered = pairs.excavated[o] / (pairs.rate[o] * total)
            if i < pairs.near[j]:
                fragments[j] += rate * shattered
                moved = (shattered * total - grid.mass[i]) / (total * (1.0 - shattered))
                partner = pairs.partner[j]
                away = rate * (1.0 - shattered) * moved * pairs.give[j]
                if partner != j:
                    out[p, partner] += away
                if p != j:
                    out[p, j] += rate * (1.0 - shattered) - away
            else:
                fragments[pairs.top[o]] += rate * shattered
                base = pairs.base[o]
                scale = rate / (pairs.rate[o] * total)
                out[p, base] += pairs.low[o] * scale
                out[p, base + 1] += pairs.high[o] * scale
        _spread_fragments(fragments, grid, out[p])
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
        row = j * (j + 1) // 2
        for i in range(j + 1):
            encounters = number[i] * number[j]
            events = pairs.rate[row + i] * encounters
            total = grid.mass[i] + grid.mass[j]
            energy = 0.5 * grid.mass[i] * grid.mass[j] / total * speed * speed * events
            cratering = 2.0 * pairs.excavated[row + i] * encounters < events * total
            kept = energy * (retained_cratering if cratering else retained_fragmentation)
            out[0] += energy
            out[1] += energy - kept
            out[2] += kept
            out[3 if cratering else 4] += events
