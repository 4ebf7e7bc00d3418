"""The collision operator: exact solutions, conservation, and its Jacobian and flow matrix."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marsdisk.kernels.records import Grid, Pairs, new_gathered
from marsdisk.kernels.single import collision_jacobian, collision_rate, flow_matrix
from marsdisk.physics import collisions, outcomes, sizes
from marsdisk.typing import FloatArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

NO_FRAGMENTS = 0.0
SHATTER = 1e30


def grid_of_masses(mass: FloatArray, *, subgrid: float = 0.0, slope: float = 0.5) -> Grid:
    """Bins centred on `mass`, density such that s^3 = m."""
    size = np.cbrt(mass)
    middle = np.sqrt(size[1:] * size[:-1])
    first, last = size[0] ** 2 / middle[0], size[-1] ** 2 / middle[-1]
    edges = np.concatenate([[first], middle, [last]])
    weights = outcomes.fragment_integrals(edges, slope)
    weights = (1.0 - subgrid) * weights / weights.sum()
    inverse = 1.0 / (subgrid + np.cumsum(weights))
    return Grid(edges, np.log(edges), size, mass, 1.0 / size, weights, inverse, subgrid)


def pairs_of(
    grid: Grid, rate: FloatArray, phi: FloatArray | float, *, two_bin: bool = True
) -> Pairs:
    smaller, larger = collisions.pair_indices(grid.mass.size)
    law = collisions.CollisionLaw(
        rate=np.where(smaller == larger, 0.5, 1.0) * rate,
        phi=np.broadcast_to(np.asarray(phi, dtype=float), rate.shape),
        density=3.0 / (4.0 * np.pi),
        two_bin=two_bin,
    )
    return collisions.pair_outcomes(law, grid)


def rate_of(grid: Grid, pairs: Pairs, number: FloatArray) -> FloatArray:
    out = np.zeros(number.size + 1)
    collision_rate(number * grid.mass, number, grid, pairs, new_gathered(number.size), out)
    return out


def evolve_numbers(grid: Grid, pairs: Pairs, start: FloatArray, time: float) -> FloatArray:
    def change(_: float, number: FloatArray) -> FloatArray:
        return rate_of(grid, pairs, number)[:-1] / grid.mass

    result = solve_ivp(change, (0.0, time), start, method="LSODA", rtol=1e-10, atol=1e-16)
    return np.asarray(result.y[:, -1])


KERNELS: dict[str, tuple[Callable[[FloatArray, FloatArray], FloatArray], float, float]] = {
    "constant": (lambda a, _: np.ones_like(a), 10.0, 1.0 / 6.0),
    "additive": (lambda a, b: a + b, 2.0, float(np.exp(-2.0))),
    "product": (lambda a, b: a * b, 0.5, 0.75),
}


@pytest.mark.parametrize("ratio", [2.0, 1.5])
@pytest.mark.parametrize("name", KERNELS)
def test_merging_keeps_number_and_mass_on_any_grid(name: str, ratio: float) -> None:
    """Smoluchowski (1916), Golovin (1963), McLeod (1962): total number of perfect mergers.

    Exact on every grid because a merger is split over two bins by number and mass.
    """
    kernel, time, expected = KERNELS[name]
    bins = int(np.log(1e7) / np.log(ratio))
    grid = grid_of_masses(ratio ** np.arange(float(bins)))
    smaller, larger = collisions.pair_indices(bins)
    pairs = pairs_of(grid, kernel(grid.mass[smaller], grid.mass[larger]), NO_FRAGMENTS)
    start = np.zeros(bins)
    start[0] = 1.0
    end = evolve_numbers(grid, pairs, start, time)
    assert end.sum() == pytest.approx(expected, rel=1e-8)
    assert (end * grid.mass).sum() == pytest.approx(1.0, rel=1e-12)


def test_spectrum_of_constant_kernel_merging() -> None:
    """Smoluchowski (1916): N_k = T^(k-1) / (1 + T)^(k+1) with unit-spaced masses."""
    bins, time = 200, 5.0
    grid = grid_of_masses(np.arange(1.0, bins + 1.0))
    pairs = pairs_of(grid, np.ones(bins * (bins + 1) // 2), NO_FRAGMENTS)
    start = np.zeros(bins)
    start[0] = 1.0
    end = evolve_numbers(grid, pairs, start, 2.0 * time)
    k = np.array([1, 2, 5, 10, 20])
    assert end[k - 1] == pytest.approx(time ** (k - 1) / (1.0 + time) ** (k + 1), rel=1e-6)


def test_mutual_destruction_of_one_size() -> None:
    """Wyatt et al. (2007): dN/dt = -K N^2, both bodies gone, so M = M0 / (1 + t K N0)."""
    grid = Grid(
        np.array([0.9, 1.1]),
        np.log([0.9, 1.1]),
        np.ones(1),
        np.ones(1),
        np.ones(1),
        np.zeros(1),
        np.ones(1),
        1.0,
    )
    pairs = pairs_of(grid, np.array([2e-15]), SHATTER)
    number = np.array([1e6])
    rate = rate_of(grid, pairs, number)
    assert rate[0] == pytest.approx(-2e-15 * 1e12, rel=1e-12)
    assert rate[1] == pytest.approx(2e-15 * 1e12, rel=1e-12)
    for scaled in (0.1, 1.0, 10.0, 1e4):
        end = evolve_numbers(grid, pairs, number, scaled / (2e-15 * 1e6))
        assert end[0] / 1e6 == pytest.approx(1.0 / (1.0 + scaled), rel=1e-6)


def test_erosion_keeps_the_number_of_bodies() -> None:
    """Large bodies in a bath of dust shrink: N constant, M falls as exp(-lambda t)."""
    bins, dust = 60, 1e-14
    mass = 1.4 ** np.arange(float(bins))
    mass = np.concatenate([[mass[0] * dust], mass])
    grid = grid_of_masses(mass, subgrid=1.0)
    smaller, larger = collisions.pair_indices(mass.size)
    rate = np.where((smaller == 0) & (larger > 0), grid.mass[larger], 0.0)
    rate = rate / dust
    phi = 2.0 * 10.0 * grid.mass[smaller] / (grid.mass[smaller] + grid.mass[larger])
    pairs = pairs_of(grid, rate, phi)
    number = np.zeros(mass.size)
    number[0], number[-1] = 1.0, 1.0
    speed = 9.0  # excavated less accreted mass over swept mass; the sweep takes m per unit time

    def shrink(_: float, bodies: FloatArray) -> FloatArray:
        number[1:] = bodies
        return rate_of(grid, pairs, number)[1:-1] / grid.mass[1:]

    result = solve_ivp(
        shrink, (0.0, 1.0 / speed), number[1:].copy(), method="LSODA", rtol=1e-11, atol=1e-16
    )
    end = result.y[:, -1]
    assert end.sum() == pytest.approx(1.0, rel=1e-8)
    left = (end * grid.mass[1:]).sum() / grid.mass[-1]
    assert left == pytest.approx(np.exp(-1.0), rel=1e-8)


def test_chain_of_two_eroding_sizes_is_a_matrix_exponential() -> None:
    """Constant erosion of two sizes in frozen dust: bodies step down and never come back."""
    dust = 1e-14
    grid = grid_of_masses(np.array([dust, 1.0, 1.7]), subgrid=1.0)
    smaller, larger = collisions.pair_indices(3)
    hits, excess = np.array([0.0, 3.0, 2.0]), 10.0
    rate = np.where((smaller == 0) & (larger > 0), hits[larger], 0.0) / dust
    phi = 2.0 * excess * grid.mass[smaller] / (grid.mass[smaller] + grid.mass[larger])
    pairs = pairs_of(grid, rate, phi)
    number = np.array([1.0, 0.4, 1.0])

    def change(_: float, bodies: FloatArray) -> FloatArray:
        number[1:] = bodies
        return rate_of(grid, pairs, number)[1:-1] / grid.mass[1:]

    start, time = number[1:].copy(), 0.05
    end = solve_ivp(change, (0.0, time), start, method="LSODA", rtol=1e-10, atol=1e-14).y[:, -1]
    speed = (excess - 1.0) * hits[1:] / np.diff(grid.mass)
    chain = np.array([[-speed[0], speed[1]], [0.0, -speed[1]]])
    assert end == pytest.approx(expm(chain * time) @ start, rel=1e-6)


def _random_problem(seed: int, bins: int, *, two_bin: bool) -> tuple[Grid, Pairs, FloatArray]:
    generator = np.random.default_rng(seed)
    size = sizes.size_centres(sizes.size_edges(1e-6, 1.0, bins))
    grid = grid_of_masses(size**3, subgrid=0.1)
    smaller, larger = collisions.pair_indices(bins)
    rate = (grid.size[smaller] + grid.size[larger]) ** 2
    strength = 10.0 ** generator.uniform(-6.0, 2.0) * grid.size[larger] ** -0.3
    phi = outcomes.reduced_energy(grid.mass[smaller], grid.mass[larger], 1.0) / strength
    mass = 10.0 ** generator.uniform(-8.0, 0.0, bins)
    return grid, pairs_of(grid, rate, phi, two_bin=two_bin), mass / grid.mass


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bins=st.integers(2, 24), two_bin=st.booleans())
def test_collisions_keep_mass(seed: int, bins: int, two_bin: bool) -> None:
    grid, pairs, number = _random_problem(seed, bins, two_bin=two_bin)
    rate = rate_of(grid, pairs, number)
    smaller, larger = collisions.pair_indices(bins)
    far = np.arange(smaller.size)[smaller >= pairs.near[larger]]
    events = pairs.rate[larger, smaller] * number[smaller] * number[larger]
    moved = (events * (grid.mass[smaller] + grid.mass[larger]))[far].sum()
    assert abs(rate.sum()) <= 1e-14 * (moved + np.abs(rate).sum())
    assert rate[-1] >= 0.0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bins=st.integers(2, 16), two_bin=st.booleans())
def test_flow_matrix_is_the_rate(seed: int, bins: int, two_bin: bool) -> None:
    """Flows out of each bin are positive and add up to the rate of change."""
    grid, pairs, number = _random_problem(seed, bins, two_bin=two_bin)
    flow = np.zeros((bins, bins + 1))
    flow_matrix(number, grid, pairs, new_gathered(bins), flow)
    assert (flow >= 0.0).all()
    moved = flow * (number * grid.mass)[:, None]
    rate = moved.sum(axis=0)
    rate[:-1] -= moved.sum(axis=1)
    expected = rate_of(grid, pairs, number)
    gross = moved.sum(axis=0) + np.append(moved.sum(axis=1), 0.0)
    assert (np.abs(rate - expected) <= 1e-9 * gross.max()).all()


@pytest.mark.parametrize("two_bin", [True, False])
def test_jacobian_is_the_derivative(two_bin: bool) -> None:
    """The rate is quadratic, so central differences are exact to rounding."""
    bins = 12
    grid, pairs, number = _random_problem(3, bins, two_bin=two_bin)
    mass = number * grid.mass
    transposed = np.zeros((bins, bins + 1))
    collision_jacobian(mass, number, grid, pairs, new_gathered(bins), transposed)
    for q in range(bins):
        nudge = np.zeros(bins)
        nudge[q] = 0.5 * number[q]
        above, below = (rate_of(grid, pairs, number + s * nudge) for s in (1.0, -1.0))
        numeric = (above - below) / (2.0 * nudge[q] * grid.mass[q])
        assert transposed[q] == pytest.approx(numeric, rel=1e-9, abs=1e-10 * abs(numeric).max())


def test_suffix_sum_equals_the_full_tensor() -> None:
    """Gain and loss from the (n, n, n) fragment tensor, remnant in one bin."""
    bins = 12
    grid, pairs, number = _random_problem(7, bins, two_bin=False)
    change, gross = np.zeros(bins + 1), np.zeros(bins + 1)
    for j in range(bins):
        for i in range(j + 1):
            o = j * (j + 1) // 2 + i
            events = pairs.rate[j, i] * number[i] * number[j]
            total = grid.mass[i] + grid.mass[j]
            shattered = pairs.excavated[j, i] / (pairs.rate[j, i] * total)
            shares = np.zeros(bins + 1)
            top = pairs.base[o] + int(pairs.deposit[o, 3] > 0.0)
            shares[: top + 1] = shattered * grid.fragment[: top + 1] * grid.inverse[top]
            shares[bins] = shattered * grid.subgrid * grid.inverse[top]
            shares[pairs.base[o]] += 1.0 - shattered
            assert shares.sum() == pytest.approx(1.0, abs=1e-14)
            change += events * total * shares
            change[i] -= events * grid.mass[i]
            change[j] -= events * grid.mass[j]
            gross += events * total * shares
    error = np.abs(rate_of(grid, pairs, number) - change)
    assert (error <= 1e-14 * gross).all()
