"""Operators of one cell as functions that Python can call: references, tests, benchmarks.

Kernels use the functions of the same names in `cascade` and `steps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marsdisk.kernels import cascade, steps
from marsdisk.kernels._jit import entry

if TYPE_CHECKING:
    from marsdisk.kernels.records import Flow, Gathered, Grid, Pairs, Trial, Work
    from marsdisk.typing import FloatArray

__all__ = ["collision_jacobian", "collision_rate", "flow_matrix", "positive_step"]


@entry
def collision_rate(
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    gathered: Gathered,
    out: FloatArray,
) -> None:
    """Write dM_k/dt by collisions to `out` (n + 1,); see `cascade.collision_rate`."""
    cascade.collision_rate(mass, number, grid, pairs, gathered, out)


@entry
def collision_jacobian(
    mass: FloatArray,
    number: FloatArray,
    grid: Grid,
    pairs: Pairs,
    gathered: Gathered,
    out: FloatArray,
) -> None:
    """Write the transposed Jacobian to `out` (n, n + 1); see `cascade.collision_jacobian`."""
    cascade.collision_jacobian(mass, number, grid, pairs, gathered, out)


@entry
def flow_matrix(
    number: FloatArray, grid: Grid, pairs: Pairs, gathered: Gathered, out: FloatArray
) -> None:
    """Write the flows between bins to `out` (n, n + 1); see `cascade.flow_matrix`."""
    cascade.flow_matrix(number, grid, pairs, gathered, out)


@entry
def positive_step(
    mass: FloatArray,
    deep: float,
    deep_rate: float,
    step: float,
    grid: Grid,
    pairs: Pairs,
    injection: FloatArray,
    later: Flow,
    work: Work,
    trial: Trial,
) -> None:
    """Take a modified Patankar-Euler step; see `steps.positive_step`."""
    steps.positive_step(mass, deep, deep_rate, step, grid, pairs, injection, later, work, trial)
