"""Kernel by kernel against arrays of the published program and an independent solution."""

from pathlib import Path

import numpy as np
import pytest
from marsdisk.kernels.records import Grid, Pairs, new_gathered
from marsdisk.kernels.single import collision_rate
from marsdisk.parameters import Strength
from marsdisk.physics import (
    collisions,
    opacity,
    orbits,
    outcomes,
    sizes,
    strength,
    sublimation,
    temperature,
    velocities,
)
from marsdisk.typing import FloatArray

with np.load(Path(__file__).parent / "data" / "published_kernels.npz") as stored:
    PUBLISHED: dict[str, FloatArray] = dict(stored)
RHO = 3270.0
SCALE = 5.574
PERIDOT = Strength(
    np.arange(1.0, 8.0),
    np.array(
        [
            [3.5e7 * SCALE, 0.38, 0.14689007046000738 * SCALE, 1.36],
            [3.5e7 * SCALE, 0.38, 0.23049522684371007 * SCALE, 1.36],
            [3.5e7 * SCALE, 0.38, 0.3 * SCALE, 1.36],
            [5.25e7 * SCALE, 0.38, 0.4 * SCALE, 1.36],
            [7.0e7 * SCALE, 0.38, 0.5 * SCALE, 1.36],
            [7.0e7 * SCALE, 0.38, 0.5629085099123813 * SCALE, 1.36],
            [7.0e7 * SCALE, 0.38, 0.6222332685311813 * SCALE, 1.36],
        ]
    ),
)


def _grid(slope: float) -> Grid:
    edges = PUBLISHED["edges"]
    weights = outcomes.fragment_integrals(edges, slope)
    weights = weights / weights.sum()
    size = sizes.size_centres(edges)
    mass = sizes.sphere_mass(size, RHO)
    area = opacity.area_per_mass(size, RHO)
    return Grid(edges, np.log(edges), size, mass, area, weights, 1.0 / np.cumsum(weights), 0.0)


def _outcomes(grid: Grid, *, two_bin: bool) -> Pairs:
    speed, height = float(PUBLISHED["v_rel"]), PUBLISHED["height"]
    smaller, larger = collisions.pair_indices(grid.size.size)
    rate = collisions.rate_coefficient(
        grid.size[smaller], grid.size[larger], speed, height[smaller], height[larger]
    )
    threshold = strength.disruption_threshold(grid.size, RHO, speed, PERIDOT)
    law = collisions.CollisionLaw(
        rate=np.where(smaller == larger, 0.5, 1.0) * rate,
        phi=collisions.disruption_ratio(grid.mass, speed, threshold),
        density=RHO,
        two_bin=two_bin,
    )
    return collisions.pair_outcomes(law, grid)


def _rate(grid: Grid, pairs: Pairs, number: FloatArray) -> FloatArray:
    out = np.zeros(number.size + 1)
    collision_rate(number * grid.mass, number, grid, pairs, new_gathered(number.size), out)
    return out


def test_radial_grid_and_speeds() -> None:
    r = PUBLISHED["grid_r_m"]
    e = orbits.pericenter_eccentricity(r)
    assert orbits.kepler_frequency(r) == pytest.approx(PUBLISHED["grid_Omega"], rel=1e-13)
    assert e == pytest.approx(PUBLISHED["grid_e_profile"], rel=1e-13)
    speed = velocities.pericenter_velocity(orbits.kepler_speed(r), e)
    assert speed == pytest.approx(PUBLISHED["grid_v_rel_pericenter"], rel=1e-13)
    warm = 4000.0 * temperature.grain_temperature_factor(r, 1.0, far_field=True)
    assert warm == pytest.approx(PUBLISHED["grid_T_grain_4000"], rel=1e-13)
    phase = 4000.0 * temperature.grain_temperature_factor(r, 0.4, far_field=True)
    assert phase == pytest.approx(PUBLISHED["grid_T_phase_4000"], rel=1e-13)


def test_strengths_over_size_and_speed() -> None:
    for row, speed in enumerate(PUBLISHED["q_v"]):
        value = strength.disruption_threshold(PUBLISHED["q_s"], RHO, speed * 1e3, PERIDOT)
        assert value == pytest.approx(PUBLISHED["QD_base"][row], rel=1e-12)


def test_collision_rates_and_outcomes() -> None:
    grid = _grid(3.5)
    number, speed = PUBLISHED["number"], float(PUBLISHED["v_rel"])
    smaller, larger = collisions.pair_indices(number.size)
    rates = collisions.collision_rates(number, grid.size, speed, PUBLISHED["height"])
    assert rates[smaller, larger] == pytest.approx(PUBLISHED["collision_rate"], rel=1e-12)
    assert collisions.loss_rates(rates, number) == pytest.approx(PUBLISHED["loss"], rel=1e-12)
    threshold = strength.disruption_threshold(grid.size, RHO, speed, PERIDOT)
    assert threshold == pytest.approx(PUBLISHED["threshold"], rel=1e-12)
    phi = collisions.disruption_ratio(grid.mass, speed, threshold)
    assert phi * threshold[larger] == pytest.approx(PUBLISHED["energy"], rel=1e-12)
    assert outcomes.remnant_fraction(phi) == pytest.approx(PUBLISHED["remnant"], rel=1e-12)
    assert (_outcomes(grid, two_bin=False).base == PUBLISHED["remnant_bin"]).all()


def test_fragment_shares() -> None:
    grid = _grid(3.5)
    pairs = _outcomes(grid, two_bin=False)
    for (i, j), published in zip(PUBLISHED["pairs_ij"], PUBLISHED["shares"], strict=True):
        o = j * (j + 1) // 2 + i
        total = pairs.rate[j, i] * (grid.mass[i] + grid.mass[j])
        top = pairs.base[o]
        share = np.zeros(grid.mass.size)
        share[: top + 1] = (
            pairs.excavated[j, i] / total * (grid.fragment * grid.inverse[top])[: top + 1]
        )
        share[pairs.base[o]] += pairs.deposit[o, 0] / total
        assert share.sum() == pytest.approx(1.0, abs=1e-14)
        assert share == pytest.approx(published, abs=1e-15)


def test_net_rate_equals_gain_minus_loss() -> None:
    """To the 8e-4 that forming 1 - f_LR by subtraction costs the published gain."""
    grid = _grid(3.5)
    number = PUBLISHED["number"]
    net = _rate(grid, _outcomes(grid, two_bin=False), number)
    published = (PUBLISHED["gain"] - PUBLISHED["loss"] * number) * grid.mass
    gross = PUBLISHED["gain"] * grid.mass
    error = np.abs(net[:-1] - published) / gross
    assert error.max() < 1e-3


def test_net_rate_of_the_independent_solution() -> None:
    grid = _grid(3.5)
    net = _rate(grid, _outcomes(grid, two_bin=False), PUBLISHED["number"])[:-1]
    scale = np.abs(PUBLISHED["ode_rate"]).max()
    assert net == pytest.approx(PUBLISHED["ode_rate"], rel=1e-9, abs=1e-12 * scale)


@pytest.mark.parametrize(("name", "alpha"), [("size", 1.83), ("mass", 3.0 * 1.83 - 2.0)])
def test_three_slope_distribution(name: str, alpha: float) -> None:
    edges = PUBLISHED["psd_edges"]
    shares = sizes.three_slope_shares(edges, alpha, integral=False)
    size = sizes.size_centres(edges)
    number = shares / (size**3 * np.diff(edges))
    number /= (number * size**3 * np.diff(edges)).sum()
    assert number == pytest.approx(PUBLISHED[f"psd_number_three_slope_{name}"], rel=1e-11)
    kappa = opacity.area_per_mass(size, RHO) @ (shares / shares.sum())
    assert kappa == pytest.approx(float(PUBLISHED[f"psd_kappa_three_slope_{name}"]), rel=1e-11)


def test_melt_distributions() -> None:
    edges = PUBLISHED["psd_edges"]
    size = sizes.size_centres(edges)
    area = opacity.area_per_mass(size, RHO)
    fine, _ = sizes.lognormal_shares(edges, 1e-7, 0.3, 1e-7, integral=False)
    coarse, _ = sizes.lognormal_shares(edges, 1.5, 0.3, 1e-7, integral=False)
    mixture = 0.97 * coarse + 0.03 * fine
    kappa = float(PUBLISHED["psd_kappa_melt_lognormal"])
    assert area @ mixture == pytest.approx(kappa, rel=1e-11)
    cut, _ = sizes.truncated_shares(edges, 3.5, 1e-4, 3.0, integral=False)
    kappa = float(PUBLISHED["psd_kappa_melt_powerlaw"])
    assert area @ (cut / cut.sum()) == pytest.approx(kappa, rel=1e-11)


def test_sublimation_over_temperature() -> None:
    t = PUBLISHED["sub_T"]
    solid = sublimation.saturation_pressure(t, 13.809441833, 28362.904024)
    melt = sublimation.saturation_pressure(t, 11.08, 22409.0)
    pressure = np.where(t >= 2163.0, melt, solid)
    flux = sublimation.mass_flux(t, pressure, 0.1, 0.140694)
    assert pressure == pytest.approx(PUBLISHED["sub_p_sat"], rel=1e-12)
    assert flux == pytest.approx(PUBLISHED["sub_J"], rel=1e-12)
    assert sublimation.shrink_rate(flux, RHO) == pytest.approx(PUBLISHED["sub_ds_dt"], rel=1e-12)
