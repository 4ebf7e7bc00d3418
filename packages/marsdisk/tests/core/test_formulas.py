"""Closed forms: each physics formula against numbers worked out by hand or in the literature."""

import numpy as np
import pytest
from marsdisk.parameters import Cohesion, Strength, StrengthUnits
from marsdisk.physics import (
    collisions,
    opacity,
    orbits,
    outcomes,
    phase,
    radiation,
    strength,
    sublimation,
    supply,
    temperature,
    transport,
    velocities,
)
from marsdisk.physics.constants import DAY, MARS_RADIUS, YEAR
from marsdisk.physics.strength import BENZ_ASPHAUG_BASALT


def test_kepler_orbit() -> None:
    """Two-body problem at 1.5 Mars radii."""
    r = np.array(5084250.0)
    assert orbits.kepler_frequency(r) == pytest.approx(5.708630314710928e-4, rel=1e-12)
    assert orbits.kepler_speed(r) == pytest.approx(2902.4103677569033, rel=1e-12)
    assert orbits.kepler_period(r) == pytest.approx(11006.46733243183, rel=1e-12)


@pytest.mark.parametrize(
    ("t_mars", "qpr", "rho", "beta", "limit"),
    [
        (4000.0, 1.0, 3000.0, 3.247115624351768, 6.494231248703536e-6),
        (2000.0, 0.35, 3270.0, 0.06516573787403203, 1.3033147574806406e-7),
        (4000.0, 1.0, 3270.0, None, 5.958010319911502e-6),
    ],
)
def test_beta_and_blowout_size_in_the_light_of_mars(
    t_mars: float, qpr: float, rho: float, beta: float | None, limit: float
) -> None:
    """Burns, Lamy & Soter (1979) with L = 4 pi R^2 sigma T^4."""
    if beta is not None:
        value = radiation.beta(np.array(1e-6), t_mars, rho, np.array(qpr))
        assert value == pytest.approx(beta, rel=1e-10)
    assert radiation.blowout_size(t_mars, rho, qpr) == pytest.approx(limit, rel=1e-10)


def test_beta_of_the_sun() -> None:
    """Burns, Lamy & Soter (1979): 0.577 Q / (rho [g/cc] s [um]), here with modern constants."""
    value = radiation.beta_of_luminosity(
        np.array(1e-6), 3.828e26, 1.98841e30, 1000.0, np.array(1.0)
    )
    assert value == pytest.approx(0.5742367239009707, rel=1e-10)


def test_all_critical_sizes_of_a_transparent_grain() -> None:
    """beta peaks where Q_pr does, so two radii have beta = 1/2 and grains between them leave."""
    size = np.geomspace(1e-9, 1e-3, 241)
    peaked = (size / 2e-7) ** 2 / (1.0 + (size / 2e-7) ** 2.5)
    table = (size, np.array([1000.0, 5000.0]), np.vstack([peaked, peaked]))
    roots = radiation.critical_sizes(3000.0, 3270.0, *table)
    roots = roots[roots > size[0]]  # below its table Q_pr is held, which adds one more root
    assert roots.size == 2
    for root in roots:
        qpr = radiation.interpolate_qpr(root, 3000.0, *table)
        assert radiation.beta(root, 3000.0, 3270.0, qpr) == pytest.approx(0.5, abs=1e-12)
    probe = np.array([roots[0] * 0.9, np.sqrt(roots[0] * roots[1]), roots[1] * 1.1])
    beta = radiation.beta(probe, 3000.0, 3270.0, radiation.interpolate_qpr(probe, 3000.0, *table))
    assert list(beta > 0.5) == [False, True, False]


def test_blowout_time_factor() -> None:
    assert radiation.blowout_time_factor(0.5, 1.0) == 1.0
    assert radiation.blowout_time_factor(1.0, 1.0) == pytest.approx(2.0 / 3.0, rel=1e-14)
    assert radiation.blowout_time_factor(0.5, 0.01) == 0.5


def test_slab_cooling() -> None:
    """Hyodo et al. (2018), Eqs. 2-3."""
    cooling = temperature.slab_cooling(1.0e5, 3000.0, 1000.0)
    times = np.array([86400.0, 31557600.0, 315576000.0])
    expected = [3995.8280640246076, 3101.4742306126273, 1725.742090952382]
    assert temperature.slab_temperature(times, 4000.0, cooling) == pytest.approx(
        expected, rel=1e-12
    )
    back = temperature.slab_time(np.array(expected), 4000.0, cooling)
    assert back == pytest.approx(times, rel=1e-9)
    reached = temperature.slab_time(np.array([3000.0, 2000.0, 1000.0]), 4000.0, cooling) / YEAR
    assert reached == pytest.approx([1.19658149, 6.11226764, 55.01040872], rel=1e-8)


def test_linear_cooling_falls_to_zero_after_the_published_time() -> None:
    rate = temperature.linear_cooling_rate(3000.0, 1.0e5)
    assert 3000.0 / rate / DAY == pytest.approx(717.0 * 3000.0 / 4000.0, rel=1e-12)


def test_grain_temperature_at_the_surface_and_far_away() -> None:
    near = temperature.grain_temperature_factor(np.array(MARS_RADIUS), 1.0, far_field=False)
    assert near == pytest.approx(0.5**0.25, rel=1e-14)
    r = np.array(1.85 * MARS_RADIUS)
    far = temperature.grain_temperature_factor(r, 1.0, far_field=True)
    assert 4000.0 * far == pytest.approx(2079.5009796, rel=1e-9)
    distant = np.array(1e3 * MARS_RADIUS)
    exact = temperature.grain_temperature_factor(distant, 1.0, far_field=False)
    approx = temperature.grain_temperature_factor(distant, 1.0, far_field=True)
    assert exact == pytest.approx(approx, rel=1e-6)


@pytest.mark.parametrize(
    ("t", "pressure", "flux", "shrink"),
    [
        (1400.0, 3.549969918705451e-7, 4.9236981108692326e-11, -1.5057180767184198e-14),
        (1700.0, 0.0013346907247606462, 1.6799135904024422e-7, -5.1373504293652665e-11),
        (2000.0, 0.42460961182380147, 4.9272611956511295e-5, -1.5068077050920886e-8),
    ],
)
def test_sublimation_of_forsterite(t: float, pressure: float, flux: float, shrink: float) -> None:
    """Van Lieshout et al. (2014), Eqs. 12-13."""
    p = sublimation.saturation_pressure(np.array(t), 13.809441833, 28362.904024)
    j = sublimation.mass_flux(np.array(t), p, 0.1, 0.140694)
    assert p == pytest.approx(pressure, rel=1e-9)
    assert j == pytest.approx(flux, rel=1e-9)
    assert sublimation.shrink_rate(j, 3270.0) == pytest.approx(shrink, rel=1e-9)
    assert sublimation.mass_flux(np.array(t), p, 0.1, 0.140694, gas_pressure=float(p)) == 0.0


def test_vapour_pressure_table_and_its_continuation() -> None:
    t = np.linspace(1500.0, 2000.0, 11)
    log_p = 13.8 - 28363.0 / t
    c = sublimation.pressure_spline(t, log_p)
    at_knots = [c[3, k] for k in range(10)]
    assert at_knots == pytest.approx(log_p[:-1], rel=1e-14)
    assert sublimation.clausius_fit(t, log_p) == pytest.approx((13.8, 28363.0), rel=1e-9)


def test_reduced_energy() -> None:
    """Leinhardt & Stewart (2012), Eq. 1."""
    value = outcomes.reduced_energy(np.array(1e-12), np.array(3e-9), 1000.0)
    assert value == pytest.approx(166.55561108643008, rel=1e-12)
    assert outcomes.reduced_energy(np.array(1e-3), np.array(1.0), 4000.0) == pytest.approx(
        7984.023968, rel=1e-9
    )


def test_remnant_and_excavated_fraction() -> None:
    """Leinhardt & Stewart (2012), Eqs. 5 and 44; the excavated part keeps all digits."""
    phi = np.array([1e-20, 1e-6, 0.5, 1.0, 1.8, 3.6, 18.0])
    remnant = [1.0, 0.9999995, 0.75, 0.5, 0.1, 0.03535533905932742, 0.003162277660168411]
    excavated = [5e-21, 5e-7, 0.25, 0.5, 0.9, 0.9646446609406726, 0.9968377223398316]
    assert outcomes.remnant_fraction(phi) == pytest.approx(remnant, rel=1e-12)
    assert outcomes.excavated_fraction(phi) == pytest.approx(excavated, rel=1e-12)
    below, above = outcomes.remnant_fraction(np.array([1.8 - 1e-9, 1.8 + 1e-9]))
    assert below == pytest.approx(above, abs=1e-6)


@pytest.mark.parametrize(("slope", "speed"), [(3.2, 15.0), (3.5, 20.0), (3.9, 20.0)])
def test_finest_fragment_spends_the_energy_of_the_impact(slope: float, speed: float) -> None:
    """Krijt & Kama (2014): new surface times gamma is eta times the kinetic energy.

    The law takes the areas of a distribution that reaches far below its largest fragment.
    """
    collider, density, gamma, eta, largest = 1e-3, 3000.0, 0.1, 0.05, 0.5
    law = Cohesion(gamma, eta, collider, largest)
    finest = outcomes.smallest_fragment(slope, speed, density, law)
    biggest = collider * largest ** (1.0 / 3.0)
    assert 0.0 < finest < 0.1 * biggest
    volume = 2.0 * 4.0 / 3.0 * np.pi * collider**3
    number = 3.0 * volume / (4.0 * np.pi) * (4.0 - slope) / biggest ** (4.0 - slope)
    area = 4.0 * np.pi * number * finest ** (3.0 - slope) / (slope - 3.0)
    old = 2.0 * 4.0 * np.pi * collider**2
    kinetic = 0.25 * density * 4.0 / 3.0 * np.pi * collider**3 * speed**2
    assert gamma * (area - old) == pytest.approx(eta * kinetic, rel=1e-10)
    assert outcomes.smallest_fragment(slope, 2.0 * speed, density, law) < finest


@pytest.mark.parametrize("slope", [2.9, 3.0, 4.0, 4.1])
def test_other_slopes_have_no_finest_fragment(slope: float) -> None:
    assert outcomes.smallest_fragment(slope, 10.0, 3000.0, Cohesion(1.0, 0.1, 1.0, 0.5)) == 0.0


def _one_row(q: float, a: float, b: float, power: float) -> Strength:
    return Strength(np.array([3.0]), np.array([[q, a, b, power]]))


@pytest.mark.parametrize(
    ("row", "speed", "rho", "expected"),
    [
        (
            BENZ_ASPHAUG_BASALT[3.0],
            3000.0,
            2700.0,
            [3500.0000810000006, 608.2727994665617, 128.00756271110973, 11726.430404150773],
        ),
        (
            BENZ_ASPHAUG_BASALT[5.0],
            3000.0,
            2700.0,
            [9000.000135, 1714.9854951740563, 363.9523367881566, 19575.701692452752],
        ),
        (
            (1.6e7, 0.39, 1.2, 1.26),
            3000.0,
            917.0,
            [1600.0001100400002, 265.5703428586176, 56.13330532377027, 4002.6243257240344],
        ),
    ],
)
def test_disruption_threshold_of_benz_and_asphaug(
    row: tuple[float, float, float, float], speed: float, rho: float, expected: list[float]
) -> None:
    """Benz & Asphaug (1999), Table 3: basalt at 3 and 5 km/s, ice at 3 km/s."""
    radius = np.array([0.01, 1.0, 100.0, 10000.0])
    value = strength.disruption_threshold(radius, rho, speed, _one_row(*row))
    assert value == pytest.approx(expected, rel=1e-10)


BUILT_IN = Strength(
    np.arange(1.0, 8.0),
    np.array(
        [
            [3.5e7, 0.38, 0.14689007046000738, 1.36],
            [3.5e7, 0.38, 0.23049522684371007, 1.36],
            [3.5e7, 0.38, 0.3, 1.36],
            [5.25e7, 0.38, 0.4, 1.36],
            [7.0e7, 0.38, 0.5, 1.36],
            [7.0e7, 0.38, 0.5629085099123813, 1.36],
            [7.0e7, 0.38, 0.6222332685311813, 1.36],
        ]
    ),
)


@pytest.mark.parametrize(
    ("size", "speed", "expected"),
    [
        (1e-6, 4.0, 173843.83877836078),
        (1e-3, 4.0, 12593.872830090515),
        (1.0, 3.0, 608.2775227337039),
        (1.0, 5.0, 1216.5393012436002),
        (100.0, 4.5, 222.15413036968874),
        (1.0, 0.5, 608.2450282538316),
        (1.0, 10.0, 1216.5841068008936),
    ],
)
def test_velocity_dependence_of_the_published_strength_table(
    size: float, speed: float, expected: float
) -> None:
    """Numbers of the published program for its own table, density 3000 kg/m^3."""
    value = strength.disruption_threshold(np.array(size), 3000.0, speed * 1e3, BUILT_IN)
    assert value == pytest.approx(expected, rel=1e-12)


def test_strength_in_si_units() -> None:
    table = Strength(BUILT_IN.speeds, BUILT_IN.coefficients, units=StrengthUnits.SI)
    value = strength.disruption_threshold(np.array(1.0), 3000.0, 3000.0, table)
    assert value == pytest.approx(35000900.0, rel=1e-12)


def test_collision_rate_of_two_populations() -> None:
    """Overlap of two Gaussian layers, Birnstiel et al. (2010)."""
    number, size = np.array([1e10, 1e8]), np.array([1e-6, 1e-5])
    rates = collisions.collision_rates(number, size, 1000.0, np.array([1e5, 2e5]))
    assert rates[0, 1] == pytest.approx(678203.9371841495, rel=1e-12)
    assert rates[0, 0] == pytest.approx(1772453.8509055164, rel=1e-12)
    assert rates[0, 1] == rates[1, 0]


def test_collision_time_of_one_size_against_the_optical_estimate() -> None:
    """sqrt(pi) f_H i / (2 sqrt(1.25 e^2 + i^2)), both from the same optical depth."""
    r, e, i, factor = np.array(6e6), 0.02, 0.01, 1.3
    size, number = np.array([1e-4]), np.array([2e6])
    speed = float(velocities.ohtsuki_velocity(orbits.kepler_speed(r), np.array(e), np.array(i)))
    height = velocities.scale_height(r, np.array([i]), factor)
    rates = collisions.collision_rates(number, size, speed, height)
    kernel_time = 1.0 / collisions.loss_rates(rates, number)[0]
    tau = np.pi * size[0] ** 2 * number[0]
    optical = velocities.optical_collision_time(orbits.kepler_frequency(r), tau)
    expected = np.sqrt(np.pi) * factor * i / (2.0 * np.sqrt(1.25 * e**2 + i**2))
    assert kernel_time / optical == pytest.approx(expected, rel=1e-12)


def test_slab_transmission_has_no_singularity() -> None:
    tau = np.array([0.0, 1e-12, 1.0, 10.0])
    expected = [1.0, 0.9999999999995, 0.6321205588285577, 0.09999546000702375]
    assert opacity.slab_transmission(tau) == pytest.approx(expected, rel=1e-12)


def test_opacity_of_one_size_and_surface_density_of_a_target() -> None:
    size, rho = np.array([1e-3]), 3270.0
    kappa = float(opacity.area_per_mass(size, rho)[0])
    assert kappa == pytest.approx(np.pi * 1e-6 / (4.0 / 3.0 * np.pi * rho * 1e-9), rel=1e-14)
    los = opacity.line_of_sight_factor(1.0, 0.25)
    sigma = opacity.surface_density_at(0.7, kappa, 0.5, los)
    assert 0.5 * kappa * sigma * los == pytest.approx(0.7, rel=1e-14)


def test_phase_ramp() -> None:
    """The published thresholds at optical depth 1, temperatures in and around the 1 K ramp."""
    t = np.array([1500.0, 2162.0, 2162.2, 2162.5, 2162.8, 2163.0, 3000.0])
    f = phase.phase_fraction(t, np.array(1.0), 2162.0, 2163.0, tau_ref=1.0)
    assert f == pytest.approx([0.0, 0.0, 0.1, 0.25, 0.4, 1.0, 1.0], abs=1e-10)


def test_equilibrium_excitation_and_damping() -> None:
    assert velocities.equilibrium_excitation(np.array(0.5), 2.0, 0.5) == pytest.approx(
        1.1547005384, rel=1e-9
    )
    assert velocities.pericenter_velocity(np.array(1e3), np.array(0.0)) == 1e3
    half_life = 10.0 / 0.5**2 * np.log(2.0)
    start, target, collision_time = np.array([0.4]), np.array([0.2]), np.array([10.0])
    later = velocities.damped(start, target, collision_time, 0.5, half_life)
    assert later == pytest.approx([0.3], rel=1e-12)


def test_supply_laws() -> None:
    rate = supply.power_law_rate(np.array([5.0, 110.0]), 2e-6 * 0.5, 10.0, -1.0)
    assert rate == pytest.approx([0.0, 1e-8], rel=1e-12)
    edges = np.geomspace(1e-6, 1e-1, 51)
    shares = supply.supply_shares(edges, 3.5, 1e-5, 1e-2)
    assert shares.sum() == pytest.approx(1.0, rel=1e-14)
    mass = 3000.0 * (edges[1:] * edges[:-1]) ** 1.5
    source = supply.number_source(1e-6, shares, mass)
    assert (source * mass).sum() == pytest.approx(1e-6, rel=1e-14)
    inside = slice(12, 38)
    centre = np.sqrt(edges[1:] * edges[:-1])[inside]
    slope = np.polyfit(np.log(centre), np.log((source / np.diff(edges))[inside]), 1)[0]
    assert slope == pytest.approx(-3.5, abs=0.01)


def test_diffusion_keeps_mass_and_uniform_disks() -> None:
    edges = np.linspace(1.0, 2.0, 6)
    sigma = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    area = edges[1:] ** 2 - edges[:-1] ** 2
    later = transport.diffuse(sigma, edges, 0.1, 0.1)
    assert (later * area).sum() == pytest.approx((sigma * area).sum(), rel=1e-13)
    expected = [1.2411514030, 2.0095950253, 2.5966811751, 1.9604903694, 1.2075813332]
    assert later == pytest.approx(expected, rel=1e-9)
    flat = np.full(5, 3.0)
    assert transport.diffuse(flat, edges, 0.1, 10.0) == pytest.approx(flat, rel=1e-13)


def test_diffusion_is_second_order_in_time() -> None:
    edges = np.linspace(1.0, 2.0, 41)
    start = 1.0 + np.exp(-(((edges[1:] - 1.4) / 0.1) ** 2))

    def after(steps: int) -> np.ndarray:
        sigma = start
        for _ in range(steps):
            sigma = transport.diffuse(sigma, edges, 0.01, 0.5 / steps)
        return sigma

    exact = after(256)
    coarse, fine = np.abs(after(8) - exact).max(), np.abs(after(16) - exact).max()
    assert coarse / fine == pytest.approx(4.0, rel=0.1)
