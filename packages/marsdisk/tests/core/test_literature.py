"""Cascades whose outcome the literature, or an independent solution, predicts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from marsdisk.kernels.advance import ADVANCED, advance
from marsdisk.kernels.records import Grid, Pairs, new_gathered, new_scratch
from marsdisk.kernels.single import collision_jacobian, collision_rate
from marsdisk.parameters import Parameters
from marsdisk.physics import collisions, outcomes, sizes
from marsdisk.simulation import Simulation
from marsdisk.typing import FloatArray
from scipy.integrate import solve_ivp

Problem = Callable[..., Parameters]
FIXED_TOP = 3


def steady_slope(bins: int, strength_slope: float) -> float:
    """Return q of dN/ds ~ s^-q between 1 mm and 1 m of a cascade fed from its largest bins.

    Fragments below the grid leave; Q*_D ~ s^a at constant speed.
    """
    edges = sizes.size_edges(1e-7, 1e4, bins)
    size = sizes.size_centres(edges)
    mass = sizes.sphere_mass(size, 3000.0)
    weights = outcomes.fragment_integrals(edges, 0.5)
    below = edges[0] ** 0.5 / 0.5
    total = below + weights.sum()
    weights, below = weights / total, float(below / total)
    inverse = 1.0 / (below + np.cumsum(weights))
    grid = Grid(edges, np.log(edges), size, mass, 1.0 / size, weights, inverse, below)
    smaller, larger = collisions.pair_indices(bins)
    law = collisions.CollisionLaw(
        rate=np.where(smaller == larger, 0.5, 1.0) * (size[smaller] + size[larger]) ** 2,
        phi=collisions.disruption_ratio(mass, 300.0, 1e3 * size**strength_slope),
        density=3000.0,
    )
    pairs = collisions.pair_outcomes(law, grid)
    start = mass * size ** (1.0 - 3.4)
    start /= start[-1]
    scratch, out, transposed = new_gathered(bins), np.zeros(bins + 1), np.zeros((bins, bins + 1))

    def change(_: float, held: FloatArray) -> FloatArray:
        held = np.ascontiguousarray(held)
        collision_rate(held, held / mass, grid, pairs, scratch, out)
        rate = out[:-1].copy()
        rate[-FIXED_TOP:] = 0.0
        return rate

    def jacobian(_: float, held: FloatArray) -> FloatArray:
        held = np.ascontiguousarray(held)
        collision_jacobian(held, held / mass, grid, pairs, scratch, transposed)
        matrix = transposed[:, :bins].T.copy()
        matrix[-FIXED_TOP:] = 0.0
        return matrix

    middle = int(np.searchsorted(size, 300.0))
    fast = np.abs(change(0.0, start)[middle]) / start[middle]
    span = 3e3 / max(fast, 1e-300)
    result = solve_ivp(
        change, (0.0, span), start, method="BDF", rtol=1e-6, atol=start * 1e-12, jac=jacobian
    )
    window = (size > 1e-3) & (size < 1.0)
    density = result.y[:, -1] / mass / np.diff(edges)
    return -float(np.polyfit(np.log(size[window]), np.log(density[window]), 1)[0])


@pytest.mark.parametrize(
    ("a", "expected", "tolerance"), [(0.0, 3.5, 0.02), (0.5, 3.3076923076923075, 0.05)]
)
def test_slope_of_the_steady_cascade(a: float, expected: float, tolerance: float) -> None:
    """q = (7 + a/3) / (2 + a/3): Dohnanyi (1969), O'Brien & Greenberg (2003)."""
    assert steady_slope(120, a) == pytest.approx(expected, abs=tolerance)


def test_whole_run_against_an_independent_solution(problem: Problem) -> None:
    """Cell 16 of the published baseline over 18 days, pair rates built from its published arrays.

    The reference was solved with Radau and BDF on pair-by-pair net rates at rtol 1e-9.
    """
    with np.load(Path(__file__).parent / "data" / "published_kernels.npz") as stored:
        data = dict(stored)
    edges, mass = data["edges"], data["mass"]
    weights = outcomes.fragment_integrals(edges, 3.5)
    weights = weights / weights.sum()
    size = sizes.size_centres(edges)
    grid = Grid(
        edges, np.log(edges), size, mass, 1.0 / size, weights, 1.0 / np.cumsum(weights), 0.0
    )
    smaller, larger = collisions.pair_indices(mass.size)
    speed, height = float(data["v_rel"]), data["height"]
    rate = collisions.rate_coefficient(
        size[smaller], size[larger], speed, height[smaller], height[larger]
    )
    law = collisions.CollisionLaw(
        rate=np.where(smaller == larger, 0.5, 1.0) * rate,
        phi=data["energy"] / data["threshold"][larger],
        density=3270.0,
        two_bin=False,
    )
    pairs = Pairs._make(table[None] for table in collisions.pair_outcomes(law, grid))
    simulation = Simulation(_closed_box(problem))
    plan, state = simulation.plan, simulation._state
    state.mass[0] = data["number"] * mass
    total = state.mass[0].sum()
    status, scratch = np.zeros(1, np.int64), new_scratch(mass.size)
    times = data["ode_time"]
    worst = 0.0
    for k in range(1, times.size):
        advance(
            None,
            0,
            1,
            1,
            float(times[k - 1]),
            float(times[k]),
            np.array([speed]),
            state,
            grid,
            pairs,
            plan.cells,
            plan.drive,
            plan.controls,
            scratch,
            status,
        )
        assert status[0] == ADVANCED
        share, expected = state.mass[0] / total, data["ode_closed"][k]
        held = expected > 1e-6
        worst = max(worst, float(np.abs(share[held] / expected[held] - 1.0).max()))
    assert worst < 1e-2
    assert state.mass[0].sum() == pytest.approx(total, rel=1e-13)


def _closed_box(problem: Problem) -> Parameters:
    base = problem()
    drivers = replace(
        base.drivers,
        blow_out=replace(base.drivers.blow_out, enabled=False),
        sublimation=replace(base.drivers.sublimation, enabled=False),
        phase=replace(base.drivers.phase, enabled=False),
    )
    return replace(
        base,
        disk=replace(base.disk, n_cells=1),
        grid=replace(base.grid, n_bins=40),
        supply=replace(base.supply, enabled=False),
        drivers=drivers,
    )
