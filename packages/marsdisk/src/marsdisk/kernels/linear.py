"""Dense solvers for one cell, small enough to live in cache.

They run inside the loop over cells, where a BLAS with its own threads would change the order of
sums from run to run. The factorisation holds the transpose, so that every inner loop is contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marsdisk.kernels._jit import jit

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray, IntArray

__all__ = ["factorise", "solve_factorised", "solve_positive"]


@jit
def _swap_to_pivot(transpose: FloatArray, c: int) -> int:
    """Bring the largest entry of column `c` to the diagonal; return its row, -1 if unusable."""
    column = transpose[c]
    n = column.size
    pivot = c
    largest = abs(column[c])
    for r in range(c + 1, n):
        if abs(column[r]) > largest:
            largest = abs(column[r])
            pivot = r
    if not (0.0 < largest < 1e300):
        return -1
    if pivot != c:
        for k in range(n):
            other = transpose[k]
            other[c], other[pivot] = other[pivot], other[c]
    return pivot


@jit
def _factorise_panel(transpose: FloatArray, first: int, end: int, pivots: IntArray) -> bool:
    """Eliminate columns `first` to `end` - 1 among themselves."""
    n = pivots.size
    for c in range(first, end):
        pivots[c] = _swap_to_pivot(transpose, c)
        if pivots[c] < 0:
            return False
        column = transpose[c]
        inverse = 1.0 / column[c]
        for r in range(c + 1, n):
            column[r] *= inverse
        for k in range(c + 1, end):
            other = transpose[k]
            factor = other[c]
            for r in range(c + 1, n):
                other[r] -= factor * column[r]
    return True


@jit
def _update_trailing(transpose: FloatArray, c: int) -> None:
    """Apply the panel of four columns from `c` on to all columns behind it, in one sweep each."""
    n = transpose.shape[0]
    first, second = transpose[c], transpose[c + 1]
    third, fourth = transpose[c + 2], transpose[c + 3]
    for k in range(c + 4, n):
        other = transpose[k]
        f = other[c]
        g = other[c + 1] - f * first[c + 1]
        h = other[c + 2] - f * first[c + 2] - g * second[c + 2]
        i = other[c + 3] - f * first[c + 3] - g * second[c + 3] - h * third[c + 3]
        other[c + 1], other[c + 2], other[c + 3] = g, h, i
        for r in range(c + 4, n):
            other[r] -= f * first[r] + g * second[r] + h * third[r] + i * fourth[r]


@jit
def factorise(transpose: FloatArray, pivots: IntArray) -> bool:
    """Factorise W = L U with partial pivoting in place; `transpose`[c, r] = W[r, c].

    Panels of four columns cut the traffic to memory by four. Returns False if W is singular or not
    finite.
    """
    n = pivots.size
    for c in range(0, n, 4):
        end = min(c + 4, n)
        if not _factorise_panel(transpose, c, end, pivots):
            return False
        if end < n:
            _update_trailing(transpose, c)
    return True


@jit
def solve_factorised(transpose: FloatArray, pivots: IntArray, x: FloatArray) -> None:
    """Solve W x = b in place with the output of `factorise`."""
    n = pivots.size
    for c in range(n):
        pivot = pivots[c]
        if pivot != c:
            x[c], x[pivot] = x[pivot], x[c]
    for c in range(n):
        value = x[c]
        if value != 0.0:
            column = transpose[c]
            for r in range(c + 1, n):
                x[r] -= value * column[r]
    for c in range(n - 1, -1, -1):
        column = transpose[c]
        x[c] /= column[c]
        value = x[c]
        for r in range(c):
            x[r] -= value * column[r]


@jit
def solve_positive(
    flow: FloatArray, excess: FloatArray, diagonal: FloatArray, x: FloatArray
) -> None:
    """Solve (diag(excess + sum of flows out) - flow^T) x = b in place without a subtraction.

    flow[p, k] >= 0 leads from p to k and is overwritten, as is `excess` > 0; with b >= 0 the
    result is >= 0 and exact to rounding whatever the size of the flows.
    Source: Grassmann, Taksar & Heyman (1985), elimination from the largest bin down.
    """
    n = x.size
    for p in range(n - 1, -1, -1):
        out = flow[p]
        total = excess[p]
        for k in range(p):
            total += out[k]
        diagonal[p] = total
        inverse = 1.0 / total
        passed = x[p] * inverse
        for k in range(p):
            x[k] += out[k] * passed
        for source in range(p):
            share = flow[source, p]
            if share != 0.0:
                share *= inverse
                excess[source] += share * excess[p]
                other = flow[source]
                for k in range(p):
                    other[k] += out[k] * share
                other[source] = 0.0
    for p in range(n):
        total = x[p]
        for k in range(p):
            total += flow[k, p] * x[k]
        x[p] = total / diagonal[p]
