"""Cascades whose outcome the literature, or an independent solution, predicts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from marsdisk.kernels.advance import ADVANCED, advance
from marsdisk.kernels.records import Grid, Pairs, new_gathered, new_scratch
from marsdisk.kernels.separate import address
from marsdisk.kernels.single import collision_jacobian, collision_rate
from marsdisk.kernels.steps import rodas3
from marsdisk.parameters import Parameters
from marsdisk.physics import collisions, outcomes, sizes
from marsdisk.simulation import Simulation
from marsdisk.typing import FloatArray
from scipy.integrate import solve_ivp

Problem = Callable[..., Parameters]
FIXED_TOP = 3


def steady_cascade(
    bins: int, strength_slope: float, speed: float = 300.0
) -> tuple[FloatArray, FloatArray]:
    """Return sizes [m] and number density dN/ds of a cascade fed from its largest bins.

    Fragments below the grid leave, so nothing grinds the smallest bodies; Q*_D = 1e3 s^a J/kg at
    a constant speed [m/s].
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
        phi=collisions.disruption_ratio(mass, speed, 1e3 * size**strength_slope),
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
    return size, result.y[:, -1] / mass / np.diff(edges)


def slope_between(low: float, high: float, size: FloatArray, density: FloatArray) -> float:
    """Return q of dN/ds ~ s^-q, fitted between two sizes [m]."""
    window = (size > low) & (size < high)
    return -float(np.polyfit(np.log(size[window]), np.log(density[window]), 1)[0])


@pytest.mark.parametrize(
    ("a", "expected", "tolerance"), [(0.0, 3.5, 0.02), (0.5, 3.3076923076923075, 0.05)]
)
def test_slope_of_the_steady_cascade(a: float, expected: float, tolerance: float) -> None:
    """q = (7 + a/3) / (2 + a/3): Dohnanyi (1969), O'Brien & Greenberg (2003)."""
    found = slope_between(1e-3, 1.0, *steady_cascade(120, a))
    assert found == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("speed", [300.0, 1000.0])
def test_a_sharp_cut_off_makes_a_wave(speed: float) -> None:
    """Campo Bagatin et al. (1994): too many bodies above the cut-off, too few further up.

    A body just above the cut-off has nobody left to destroy it. Those that it destroys are
    f = (2 Q*_D / v^2)^(-1/3) times as large, so there the first dearth follows, and each swing is
    smaller than the one below it.
    """
    size, density = steady_cascade(120, 0.0, speed)
    law = slope_between(1e-3, 1.0, size, density)
    excess = np.log(density * size**law)
    excess -= np.interp(0.1, size, excess)
    factor = (2.0 * 1e3 / speed**2) ** (-1.0 / 3.0)
    near = size < 1e-5
    valley = int(np.argmin(excess[near]))
    assert excess[0] > 1.0
    assert factor < size[valley] / size[0] < 2.0 * factor
    beyond = (size > size[valley]) & (size < 1e-2)
    assert excess[0] > -2.0 * excess[valley] > 4.0 * excess[beyond].max() > 0.0


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
    laws = (plan.drive.injection, plan.controls, scratch)
    cell = Pairs(*(array[0] for array in pairs))
    scheme = address((rodas3, (0, state.mass[0], 0.0, 0.0, 0.0, grid, cell, *laws)))
    times = data["ode_time"]
    worst = 0.0
    for k in range(1, times.size):
        advance(
            scheme,
            3,
            np.zeros(1, np.int64),
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
