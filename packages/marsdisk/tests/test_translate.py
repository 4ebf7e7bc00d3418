import math
from pathlib import Path

import numpy as np
import pytest
from marsdisk.config import Config, preset_names
from marsdisk.config.translate import parameters
from marsdisk.environment import execution
from marsdisk.errors import ConfigurationError, MarsdiskError, TableError
from marsdisk.parameters import Cohesion, Parameters
from marsdisk.physics.constants import DAY, MARS_MASS, MARS_RADIUS, YEAR
from marsdisk.physics.outcomes import smallest_fragment
from marsdisk.plan import plan_run


def problem(*overrides: str, preset: str = "minimal") -> Parameters:
    how = execution(1, threads=1, configured=None, environ={})
    return parameters(Config.preset(preset, overrides), how)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_becomes_a_problem(name: str) -> None:
    found = problem(preset=name)
    assert found.numerics.output_times[-1] > 0.0
    assert (np.diff(found.numerics.output_times) > 0.0).all()


def test_units_become_si() -> None:
    found = problem(
        "disk.geometry={r_in_RM: 1.5, r_out_RM: 2.5}",
        "dynamics={i0: 90, i0_unit: deg}",
        "numerics.t_end_years=2",
        "numerics.mass_loss_rate_stop_Mmars_s=1e-20",
        "initial={surface_density: mass_total, mass_total: 1e-7}",
    )
    assert found.disk.r_in == 1.5 * MARS_RADIUS
    assert found.collisions.i0 == math.pi / 2
    assert found.numerics.output_times[-1] == 2 * YEAR
    assert found.numerics.loss_rate_stop == 1e-20 * MARS_MASS
    area = math.pi * (2.5**2 - 1.5**2) * MARS_RADIUS**2
    assert found.initial.surface_density == pytest.approx(1e-7 * MARS_MASS / area, rel=1e-14)


def test_slopes_of_number_and_mass_are_told_apart() -> None:
    # Dohnanyi (1969): dN/dm ~ m^-11/6 is dN/ds ~ s^-3.5, and dM/ds ~ s^-0.5.
    found = problem(f"psd={{alpha: {11 / 6}, alpha_mode: mass}}")
    assert found.initial.slope == pytest.approx(3.5, rel=1e-14)
    assert found.collisions.fragment_slope == 0.5
    assert problem("fragments.slope_of=mass").collisions.fragment_slope == 3.5


def test_surface_energy_lifts_the_lower_end_of_the_grid() -> None:
    slow = ("dynamics={v_rel_mode: value, v_rel_value: 20.0}", "sizes.s_max=0.001")
    keys = "surface_energy={enabled: true, gamma_J_m2: 0.1, eta: 0.05, collider_size_m: 1e-3}"
    found = plan_run(problem(*slow, keys))
    finest = smallest_fragment(3.5, 20.0, 3000.0, Cohesion(0.1, 0.05, 1e-3, 0.5))
    assert found.edges[0] == pytest.approx(finest, rel=1e-12)
    assert finest > plan_run(problem(*slow)).edges[0]
    with pytest.raises(ConfigurationError, match=r"sizes\.s_max"):
        plan_run(problem(*slow, keys.replace("0.1", "1e9")))


def test_strength_rows_are_basalt_and_scaled() -> None:
    # Benz & Asphaug (1999), Table III, basalt: 3 km/s and 5 km/s.
    found = problem("qstar.coeff_scale=2").collisions.strength
    assert found.speeds.tolist() == [3.0, 5.0]
    expected = [[7.0e7, 0.38, 0.6, 1.36], [18.0e7, 0.36, 1.0, 1.36]]
    assert np.allclose(found.coefficients, expected, rtol=1e-15)
    own = problem("qstar={source: table, coeff_table: {2: [1, 2, 3, 4], 1: [5, 6, 7, 8]}}")
    assert own.collisions.strength.coefficients[0].tolist() == [5, 6, 7, 8]


def test_output_times() -> None:
    outputs = "numerics.outputs="
    explicit = problem(outputs + "{times_s: [10, 20]}").numerics.output_times
    assert explicit.tolist() == [10.0, 20.0, 0.1 * YEAR]
    even = problem(outputs + "{n_outputs: 4, spacing: linear}").numerics.output_times
    assert np.allclose(even / even[-1], [0.25, 0.5, 0.75, 1.0], rtol=1e-15)
    steady = problem(outputs + "{interval_s: 1e6}").numerics.output_times
    assert steady.tolist() == [1e6, 2e6, 3e6, 0.1 * YEAR]
    with pytest.raises(ConfigurationError, match="after the end"):
        problem(outputs + "{times_s: [1e9]}")


def test_the_end_by_temperature_is_the_closed_form() -> None:
    # Slab: t = (T^-3 - T0^-3) d rho c_p / (3 sigma); 1.19658149 yr from 4000 to 3000 K.
    keys = ("radiation.TM_K=4000", "radiation.mars_temperature_driver.mode=slab")
    end = ("numerics.t_end_years=null", "numerics.t_end_until_temperature_K=3000")
    assert problem(*keys, *end).numerics.output_times[-1] / YEAR == pytest.approx(
        1.19658149, rel=1e-8
    )
    # Hyodo et al. (2018): 239 days from 4000 to 3000 K.
    linear = (keys[0], "radiation.mars_temperature_driver.mode=hyodo")
    assert problem(*linear, *end).numerics.output_times[-1] / DAY == pytest.approx(239.0, rel=1e-3)


def test_a_temperature_table_is_read_in_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "mars.csv"
    path.write_text("time [day],T_M [K]\n0,4000\n10,3000\n20,2000\n", encoding="utf-8")
    table = f"table: {{path: {path}, time_unit: day}}"
    driver = f"radiation.mars_temperature_driver={{mode: table, {table}}}"
    found = problem(driver).drivers.temperature
    assert found.table_time.tolist() == [0.0, 10 * DAY, 20 * DAY]
    end = ("numerics.t_end_years=null", "numerics.t_end_until_temperature_K=2500")
    assert problem(driver, *end).numerics.output_times[-1] == pytest.approx(15 * DAY)
    never = (end[0], "numerics.t_end_until_temperature_K=1500")
    with pytest.raises(ConfigurationError, match="never crossed"):
        problem(driver, *never)
    with pytest.raises(TableError, match="is in day"):
        problem(driver.replace("time_unit: day", "time_unit: s"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("tau,phi\n", "no rows"),
        ("tau,psi\n0,1\n", "no column phi"),
        ("tau,phi\n1,0.5\n0,1\n", "does not increase"),
        ("tau,phi\n0,high\n", "holds 'high'"),
        ("tau,phi\n0,1,2\n", "a row has 3 fields"),
        ("tau,phi\n0,1\n1,1.5\n", "between 0 and 1"),
    ],
)
def test_tables_that_make_no_sense_are_refused(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "phi.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match=said):
        problem(f"shielding={{mode: table, table_path: {path}}}")


def test_a_supply_table_over_radius_is_a_rectangle(tmp_path: Path) -> None:
    path = tmp_path / "rate.csv"
    path.write_text("t,r_RM,rate\n0,1,1\n0,2,2\n1,1,3\n1,2,4\n", encoding="utf-8")
    mode = "supply={enabled: true, mode: table, table: {time_unit: yr, path: " + str(path) + "}}"
    segment = problem(mode).supply.segments[0]
    assert segment.table_rate.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert segment.table_time.tolist() == [0.0, YEAR]
    assert segment.table_radius.tolist() == [MARS_RADIUS, 2 * MARS_RADIUS]
    path.write_text("t,r_RM,rate\n0,1,1\n0,2,2\n1,1,3\n", encoding="utf-8")
    with pytest.raises(TableError, match="do not fill"):
        problem(mode)


def test_drawn_orbits_depend_on_the_seed_alone() -> None:
    keys = (
        "dynamics={e_profile: {mode: off}, e_mode: mars_clearance, dr_min_m: 1e3, dr_max_m: 1e6,"
        " i_mode: obs_tilt_spread, i_spread_deg: 5, rng_seed: SEED}"
    )
    first, again, other = (
        problem(keys.replace("SEED", seed)).collisions for seed in ("1", "1", "2")
    )
    assert (first.e0, first.i0) == (again.e0, again.i0)
    assert first.e0 != other.e0
    middle = 0.5 * (1.8 + 1.9) * MARS_RADIUS
    assert 1e3 < (1.0 - first.e0) * middle - MARS_RADIUS < 1e6
    assert abs(math.degrees(first.i0) - 30.0) <= 5.0


def test_small_grains_continue_a_table_in_the_rayleigh_limit() -> None:
    light = problem("radiation={optics: sio2}", "sizes.s_min=1e-9").drivers.radiation
    assert light.qpr_sizes[0] == pytest.approx(1e-9)
    assert np.allclose(light.qpr[:, 0] / light.qpr[:, 1], light.qpr_sizes[0] / light.qpr_sizes[1])
    with pytest.raises(TableError, match="not the grid"):
        problem("radiation={optics: sio2, qpr_outside: error}", "sizes.s_min=1e-9")


def test_physics_modes_switch_processes() -> None:
    cold = problem("physics_mode=collisions_only", "sinks.mode=sublimation")
    assert not cold.drivers.sublimation.enabled
    hot = problem("physics_mode=sublimation_only", "sinks.mode=sublimation")
    assert hot.drivers.sublimation.enabled
    assert not hot.collisions.enabled


def test_errors_are_of_one_family() -> None:
    assert issubclass(TableError, MarsdiskError)
    assert issubclass(ConfigurationError, MarsdiskError)
