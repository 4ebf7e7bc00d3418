"""Whole runs: ledger, positivity, closed-form limits, identity of runs that must be identical."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from marsdisk.checkpoint import Checkpoint
from marsdisk.errors import CheckpointError, ConfigurationError, LedgerError
from marsdisk.kernels import CHANNELS
from marsdisk.parameters import (
    BlowOut,
    Collisions,
    Coverage,
    Disk,
    Distribution,
    Execution,
    InitialState,
    Injection,
    Integrator,
    KernelEccentricity,
    Numerics,
    Parameters,
    Phase,
    Radiation,
    RelativeVelocity,
    Sinks,
    SizeGrid,
    Sublimation,
    Supply,
    SupplyKind,
    SupplySegment,
    Temperature,
    TemperatureMode,
    TemperatureScaling,
    VapourModel,
    VelocityBlend,
)
from marsdisk.physics import radiation
from marsdisk.physics.constants import DAY, MARS_RADIUS
from marsdisk.simulation import Progress, Simulation
from marsdisk.snapshot import Snapshot

Problem = Callable[..., Parameters]
RAMP = {"t_condense": 2162.0, "t_vaporize": 2163.0}
COLD = Temperature(TemperatureMode.CONSTANT, 1500.0)
NO_VAPOUR = Sublimation(enabled=False)
NO_BLOWOUT = BlowOut(enabled=False)
NO_PHASE = Phase(enabled=False)
NO_SUPPLY = Supply()


def run(parameters: Parameters) -> list[Snapshot]:
    return list(Simulation(parameters).snapshots())


def assert_same(first: list[Snapshot], second: list[Snapshot]) -> None:
    """Every number of two runs is identical."""
    assert len(first) == len(second)
    for one, two in zip(first, second, strict=True):
        for name in ("mass", "sigma_deep", "lost", "supplied", "last_step", "steps", "e", "energy"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def still(problem: Problem, **changes: object) -> Parameters:
    """Nothing but what `changes` switch on."""
    collisions = problem().collisions
    defaults: dict[str, object] = {
        "temperature": COLD,
        "sublimation": NO_VAPOUR,
        "blow_out": NO_BLOWOUT,
        "phase": NO_PHASE,
        "supply": NO_SUPPLY,
        "collisions": replace(collisions, enabled=False),
        "disk": Disk(1.5 * MARS_RADIUS, 1.6 * MARS_RADIUS, 1),
    }
    return problem(**(defaults | changes))


@pytest.mark.parametrize("integrator", [Integrator.RODAS3, Integrator.MPRK22])
def test_every_gram_is_accounted_for(problem: Problem, integrator: Integrator) -> None:
    """All sinks on at once, cells cooling through the melting ramp."""
    numerics = replace(problem().numerics, integrator=integrator)
    sinks = Sinks(gas_density=1e-8, escape_rate=1e-7)
    collisions = replace(problem().collisions, s_dust=1e-8)
    blow_out = BlowOut(solid_only=False)
    hot = Temperature(TemperatureMode.SLAB, 5500.0, layer_depth=2e3)
    snapshots = run(
        problem(
            numerics=numerics,
            sinks=sinks,
            collisions=collisions,
            temperature=hot,
            blow_out=blow_out,
        )
    )
    for snapshot in snapshots:
        assert np.abs(snapshot.ledger_residual).max() <= 1e-13
        assert snapshot.mass.min() >= 0.0
        assert snapshot.lost.min() >= 0.0
        assert (snapshot.defect == 0.0).all()
    assert (snapshots[-1].lost.sum(axis=0) > 0.0).all(), CHANNELS
    assert (snapshots[-1].supplied > 0.0).all()


def test_closed_box_keeps_its_mass(problem: Problem) -> None:
    collisions = problem().collisions
    end = run(still(problem, collisions=collisions))[-1]
    assert end.sigma == pytest.approx(end.initial, rel=2e-15)
    assert end.lost.sum() == 0.0
    assert end.mass[0, 0] > 0.0


def test_blowout_alone_is_exponential(problem: Problem) -> None:
    """N = N0 exp(-t / t_blow) below the limit, untouched above, at any step."""
    hot = Temperature(TemperatureMode.CONSTANT, 4000.0)
    initial = InitialState(distribution=Distribution.POWER_LAW)
    numerics = Numerics(np.array([1e3, 2e4]), rtol=1e-7)
    parameters = still(
        problem, temperature=hot, blow_out=BlowOut(chi=1.3), initial=initial, numerics=numerics
    )
    simulation = Simulation(parameters)
    start, middle, end = list(simulation.snapshots())
    plan = simulation.plan
    below = plan.edges[1:] <= plan.initial_a_blow
    above = plan.edges[:-1] >= plan.initial_a_blow
    assert below.any()
    assert above.any()
    for later in (middle, end):
        left = np.exp(-later.time / plan.t_blow[0])
        assert later.mass[0, below] == pytest.approx(start.mass[0, below] * left, rel=2e-6)
        np.testing.assert_array_equal(later.mass[0, above], start.mass[0, above])
    partly = ~below & ~above
    share = np.log(plan.initial_a_blow / plan.edges[:-1]) / np.log(plan.edges[1] / plan.edges[0])
    left = np.exp(-middle.time / plan.t_blow[0] * share[partly])
    assert middle.mass[0, partly] == pytest.approx(start.mass[0, partly] * left, rel=2e-6)


def test_outflow_of_whole_bins_by_their_lower_edge(problem: Problem) -> None:
    hot = Temperature(TemperatureMode.CONSTANT, 4000.0)
    blow_out = BlowOut(chi=1.0, coverage=Coverage.LOWER_EDGE)
    simulation = Simulation(still(problem, temperature=hot, blow_out=blow_out))
    start, later, *_ = list(simulation.snapshots())
    touched = later.mass[0] < start.mass[0]
    assert (touched == (simulation.plan.edges[:-1] <= simulation.plan.initial_a_blow)).all()


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_blowout_time_scales_with_chi(problem: Problem, factor: float) -> None:
    hot = Temperature(TemperatureMode.CONSTANT, 4000.0)
    one = Simulation(still(problem, temperature=hot, blow_out=BlowOut(chi=1.0)))
    other = Simulation(still(problem, temperature=hot, blow_out=BlowOut(chi=factor)))
    rates = [next(s.snapshots()).loss_rate[0, 0] for s in (one, other)]
    assert rates[0] / rates[1] == pytest.approx(factor, rel=1e-12)


def test_supply_against_a_linear_sink(problem: Problem) -> None:
    """Sigma = R t_b (1 - exp(-t / t_b)); in equilibrium what arrives leaves."""
    rate, time = 1e-6, 4e3
    supply = Supply(
        enabled=True,
        segments=(SupplySegment(SupplyKind.CONSTANT, rate=rate),),
        injection=Injection.MIN_BIN,
        s_inject_min=1e-6,
    )
    drag = Sinks(gas_density=1e-9, gas_speed=1.0)
    parameters = still(
        problem,
        supply=supply,
        sinks=drag,
        initial=InitialState(surface_density=1e-30),
        numerics=Numerics(np.array([time, 100 * time]), rtol=1e-7),
    )
    simulation = Simulation(parameters)
    _, middle, end = list(simulation.snapshots())
    size = simulation.plan.sizes
    fed = int(np.searchsorted(size, 1e-6))
    sink = 3270.0 * size[fed] / 1e-9
    expected = rate * sink * -np.expm1(-middle.time / sink)
    assert middle.sigma[0] == pytest.approx(expected, rel=1e-6)
    assert end.supplied[0] == pytest.approx(rate * end.time, rel=1e-13)
    balance = rate * sink * -np.expm1(-end.time / sink)
    assert end.loss_rate[0].sum() == pytest.approx(balance / sink, rel=1e-6)


def test_deep_reservoir_fills_and_empties_exponentially(problem: Problem) -> None:
    segment = SupplySegment(SupplyKind.CONSTANT, t_end=1e5, rate=1e-6)
    supply = Supply(enabled=True, segments=(segment,), deep_mixing_orbits=3.0)
    times = np.array([5e4, 1e5, 3e5])
    parameters = still(problem, supply=supply, numerics=Numerics(times, rtol=1e-8))
    simulation = Simulation(parameters)
    snapshots = list(simulation.snapshots())
    mixing = 3.0 * simulation.plan.t_orb[0]
    for snapshot in snapshots[1:]:
        fed = min(snapshot.time, 1e5)
        filled = 1e-6 * mixing * -np.expm1(-fed / mixing)
        expected = filled * np.exp(-(snapshot.time - fed) / mixing)
        assert snapshot.sigma_deep[0] == pytest.approx(expected, rel=1e-6)
        assert snapshot.supplied[0] == pytest.approx(1e-6 * fed, rel=1e-12)


def test_supply_laws_deliver_their_integral(problem: Problem) -> None:
    """Piecewise constant, power law and table, split exactly at their edges."""
    knots = np.array([2e5, 3e5, 4e5])
    segments = (
        SupplySegment(SupplyKind.CONSTANT, t_end=1e5, rate=2e-6),
        SupplySegment(SupplyKind.POWER_LAW, 1e5, 2e5, amplitude=1e-2, t0=5e4, index=-1.0),
        SupplySegment(
            SupplyKind.TABLE, 2e5, table_time=knots, table_rate=np.array([0.0, 4e-6, 1e-6])
        ),
    )
    supply = Supply(enabled=True, segments=segments, mixing=0.5)
    times = np.array([1e5, 2e5, 5e5])
    _, first, second, third = run(
        still(problem, supply=supply, numerics=Numerics(times, rtol=1e-6))
    )
    amounts = np.diff([first.supplied[0], second.supplied[0], third.supplied[0]])
    assert first.supplied[0] == pytest.approx(0.5 * 2e-6 * 1e5, rel=1e-12)
    assert amounts[0] == pytest.approx(0.5 * 1e-2 * np.log(1.5e5 / 5e4), rel=1e-3)
    table = 0.5 * (0.5 * 4e-6 + 0.5 * (4e-6 + 1e-6) + 1e-6) * 1e5
    assert amounts[1] == pytest.approx(table, rel=1e-9)


def test_reservoir_gives_what_it_holds(problem: Problem) -> None:
    supply = Supply(
        enabled=True,
        segments=(SupplySegment(SupplyKind.CONSTANT, rate=1e-6),),
        reservoir_mass=1e12,
    )
    disk = Disk(1.5 * MARS_RADIUS, 2.0 * MARS_RADIUS, 3)
    simulation = Simulation(still(problem, supply=supply, disk=disk))
    *_, end = simulation.snapshots()
    assert simulation.plan.area @ end.supplied == pytest.approx(1e12, rel=1e-9)
    assert end.reservoir == pytest.approx(0.0, abs=1e-12)


def test_feedback_moves_supply_toward_its_target(problem: Problem) -> None:
    supply = Supply(
        enabled=True,
        segments=(SupplySegment(SupplyKind.CONSTANT, rate=1e-9),),
        feedback=True,
        feedback_tau=2.0,
        feedback_time=DAY,
    )
    snapshots = run(still(problem, supply=supply))
    factors = [float(s.feedback[0]) for s in snapshots]
    assert factors[0] == 1.0
    assert factors == sorted(factors)
    tau = snapshots[0].tau[0]
    growth = np.exp(0.5 * (2.0 - tau) / 2.0)
    assert factors[1] == pytest.approx(growth, rel=5e-3)


def test_temperature_scales_supply(problem: Problem) -> None:
    supply = Supply(
        enabled=True,
        segments=(SupplySegment(SupplyKind.CONSTANT, rate=1e-6),),
        scaling=TemperatureScaling.POWER_LAW,
        scaling_reference=3000.0,
        scaling_exponent=2.0,
    )
    assert run(still(problem, supply=supply))[0].supply_rate == pytest.approx(0.25e-6, rel=1e-12)


def test_pure_sublimation_follows_the_characteristics(problem: Problem) -> None:
    """n(s, t) = n0(s + D): mass of a power law after shrinking by D (by quadrature)."""
    shrink = 1e-12
    sublimation = Sublimation(
        model=VapourModel.EXPONENTIAL,
        t_onset=1500.0 - 50.0 * np.log(shrink * 3270.0),
        t_liquid=None,
    )
    cold = Temperature(TemperatureMode.CONSTANT, 1500.0)
    far = Disk(1.5 * MARS_RADIUS, 1.6 * MARS_RADIUS, 1)
    errors, numbers = [], []
    for bins in (80, 160):
        parameters = still(
            problem,
            temperature=cold,
            disk=far,
            sublimation=sublimation,
            grid=SizeGrid(5e-8, 1e-3, bins, 3270.0),
            initial=InitialState(
                distribution=Distribution.MELT_POWERLAW,
                s_min_solid=1e-6,
                s_max_solid=1e-3,
                slope_solid=3.5,
                s_cut=0.0,
            ),
            numerics=Numerics(np.array([1.0])),
        )
        simulation = Simulation(parameters)
        speed = -next(simulation.snapshots()).ds_dt[0]
        parameters = replace(parameters, numerics=Numerics(np.array([2e-7 / speed]), rtol=1e-6))
        simulation = Simulation(parameters)
        start, end = list(simulation.snapshots())
        mass = simulation.plan.bin_mass
        numbers.append((end.mass[0] / mass).sum() / (start.mass[0] / mass).sum())
        errors.append(abs(end.sigma[0] / start.sigma[0] - 0.9822802613245191))
        assert end.lost[0, 1] == pytest.approx(start.sigma[0] - end.sigma[0], rel=1e-12)
    assert numbers[1] == pytest.approx(1.0, rel=1e-12)
    assert errors[1] < 0.002 * 0.98228
    assert errors[1] < 0.6 * errors[0]


def test_one_cell_disk_equals_that_cell_of_a_wide_one(problem: Problem) -> None:
    wide = run(problem())
    edges = np.linspace(1.1, 2.7, 5) * MARS_RADIUS
    alone = run(problem(disk=Disk(float(edges[1]), float(edges[2]), 1)))
    for one, many in zip(alone, wide, strict=True):
        assert one.mass[0] == pytest.approx(many.mass[1], rel=1e-9)


def test_threads_and_chunks_do_not_change_a_bit(problem: Problem) -> None:
    reference = run(problem(execution=Execution(threads=1)))
    for threads, chunk in ((2, 0), (4, 1), (3, 2)):
        assert_same(reference, run(problem(execution=Execution(threads=threads, chunk_size=chunk))))


def test_table_cache_does_not_change_a_bit(problem: Problem) -> None:
    """With damping the tables change in every span, so the cache is really used."""
    collisions = replace(
        problem().collisions, damping=True, velocity=RelativeVelocity.OHTSUKI, f_wake=0.01
    )
    numerics = replace(problem().numerics, coupling_time=DAY)
    cached, direct = (
        Simulation(
            problem(
                collisions=collisions, numerics=numerics, execution=Execution(table_cache=enabled)
            )
        )
        for enabled in (True, False)
    )
    assert_same(list(cached.snapshots()), list(direct.snapshots()))
    assert cached.cache.statistics.entries > 0
    assert direct.cache.statistics.entries == 0


def test_resumed_run_equals_the_unbroken_one(problem: Problem) -> None:
    unbroken = run(problem())
    first = Simulation(problem())
    for snapshot in first.snapshots():
        if snapshot.index == 1:
            break
    second = Simulation(problem(), resume=first.checkpoint())
    assert_same(unbroken[2:], list(second.snapshots()))


def test_interrupted_span_leaves_the_last_output(problem: Problem) -> None:
    def stop(progress: Progress) -> None:
        if progress.output_index == 1:
            raise KeyboardInterrupt

    simulation = Simulation(problem())
    with pytest.raises(KeyboardInterrupt):
        list(simulation.snapshots(on_progress=stop))
    state = simulation.checkpoint()
    assert state.scalars["output_index"] == 1
    assert_same(run(problem())[2:], list(Simulation(problem(), resume=state).snapshots()))


def test_checkpoint_of_another_problem_is_refused(problem: Problem) -> None:
    state = Simulation(problem()).checkpoint()
    with pytest.raises(CheckpointError, match="other parameters"):
        Simulation(problem(blow_out=NO_BLOWOUT), resume=state)
    broken = Checkpoint(
        dict(state.arrays) | {"mass": np.zeros(3)}, state.scalars, state.fingerprint
    )
    with pytest.raises(CheckpointError, match="'mass'"):
        Simulation(problem(), resume=broken)


def test_clock_equals_integrated_time(problem: Problem) -> None:
    """The state after 1, 10 and 100 outputs on the way agrees to the tolerance."""
    ends = [
        run(problem(numerics=Numerics(np.linspace(1e5 / n, 1e5, n))))[-1].mass for n in (1, 10, 100)
    ]
    for other in ends[1:]:
        held = ends[0] > 1e-6 * ends[0].sum()
        assert other[held] == pytest.approx(ends[0][held], rel=1e-2)


@pytest.mark.parametrize("integrator", [Integrator.RODAS3, Integrator.MPRK22, Integrator.IMEX_BDF1])
def test_schemes_agree_with_radau(problem: Problem, integrator: Integrator) -> None:
    disk = Disk(1.8 * MARS_RADIUS, 1.9 * MARS_RADIUS, 1)
    grid = SizeGrid(1e-6, 1e-2, 12, 3270.0)
    initial = InitialState(distribution=Distribution.POWER_LAW)
    common = {"disk": disk, "grid": grid, "initial": initial}
    times = np.array([2e3])
    exact = run(problem(**common, numerics=Numerics(times, Integrator.RADAU, rtol=1e-9)))[-1]
    rtol = {Integrator.RODAS3: 1e-5, Integrator.MPRK22: 1e-5, Integrator.IMEX_BDF1: 1e-3}
    tolerance = {Integrator.RODAS3: 1e-4, Integrator.MPRK22: 3e-3, Integrator.IMEX_BDF1: 5e-2}
    numerics = Numerics(times, integrator, rtol=rtol[integrator])
    end = run(problem(**common, numerics=numerics))[-1]
    held = exact.mass > 1e-9 * exact.mass.sum()
    assert end.mass[held] == pytest.approx(exact.mass[held], rel=tolerance[integrator])
    assert end.lost == pytest.approx(exact.lost, rel=tolerance[integrator], abs=1e-12)


def test_the_scheme_of_the_campaign_tends_to_the_conservative_one(problem: Problem) -> None:
    """Dust of optical depth one: the deviation is of first order in the step, limit zero."""
    shared = {
        "disk": Disk(1.8 * MARS_RADIUS, 1.9 * MARS_RADIUS, 1),
        "grid": SizeGrid(1e-6, 1e-4, 12, 3270.0),
        "initial": InitialState(distribution=Distribution.POWER_LAW, slope=3.5, tau=1.0),
    }
    times = np.array([500.0])
    exact = run(problem(**shared, numerics=Numerics(times, rtol=1e-8)))[-1].mass
    off = []
    for step in (0.04, 0.02, 0.01):
        imex = Numerics(times, Integrator.IMEX_BDF1, max_step=step, max_steps=1_000_000)
        off.append(run(problem(**shared, numerics=imex))[-1].mass / exact - 1.0)
    worst = [float(np.abs(one).max()) for one in off]
    assert worst[0] < 0.02
    assert worst[0] / worst[1] == pytest.approx(2.0, rel=0.1)
    assert worst[1] / worst[2] == pytest.approx(2.0, rel=0.1)
    assert 2.0 * off[2] - off[1] == pytest.approx(0.0, abs=0.05 * worst[2])


def test_error_follows_the_tolerance(problem: Problem) -> None:
    times = np.array([1e5])
    disk = Disk(1.8 * MARS_RADIUS, 1.9 * MARS_RADIUS, 1)
    ends = {
        rtol: run(problem(disk=disk, numerics=Numerics(times, rtol=rtol)))[-1].lost[0, 0]
        for rtol in (1e-1, 1e-3, 1e-8)
    }
    errors = [abs(ends[rtol] / ends[1e-8] - 1.0) for rtol in (1e-1, 1e-3)]
    assert errors[1] < 1e-3
    assert errors[1] < 0.2 * errors[0]


def test_melt_stops_collisions_until_it_freezes(problem: Problem) -> None:
    hot = Temperature(TemperatureMode.SLAB, 4000.0, layer_depth=1e4)
    inner = Disk(1.0 * MARS_RADIUS, 1.1 * MARS_RADIUS, 1)
    snapshots = run(problem(temperature=hot, disk=inner))
    assert list(snapshots[0].phase) == [1]
    assert not snapshots[0].collisions_on[0]
    assert not snapshots[0].supply_on[0]
    later = snapshots[-1]
    assert later.phase[0] == 0
    assert later.collisions_on[0]
    assert 0.0 < later.supplied[0] < later.supply_rate[0] * later.time


def test_thick_cells_freeze(problem: Problem) -> None:
    numerics = replace(problem().numerics, tau_stop=0.5)
    simulation = Simulation(problem(numerics=numerics, temperature=COLD))
    snapshots = list(simulation.snapshots())
    assert simulation.stop_reason == "tau_exceeded_all_cells"
    assert not snapshots[-1].active.any()
    assert snapshots[-1].stop_tau == pytest.approx(1.0, rel=1e-9)
    np.testing.assert_array_equal(snapshots[-1].mass, snapshots[0].mass)


def test_cooling_below_the_grid_ends_the_run(problem: Problem) -> None:
    numerics = replace(problem().numerics, stop_below_s_min=True)
    simulation = Simulation(problem(numerics=numerics, grid=SizeGrid(5e-6, 3.0, 24, 3270.0)))
    assert len(list(simulation.snapshots())) == 2
    assert simulation.stop_reason == "a_blow_below_s_min"


def test_viscosity_moves_mass_between_cells(problem: Problem) -> None:
    numerics = replace(problem().numerics, coupling_time=2.0 * DAY)
    disk = Disk(1.2 * MARS_RADIUS, 2.4 * MARS_RADIUS, 8)
    simulation = Simulation(problem(sinks=Sinks(viscosity=1e6), numerics=numerics, disk=disk))
    *_, end = simulation.snapshots()
    total = simulation.plan.area @ end.transported
    moved = simulation.plan.area @ np.abs(end.transported)
    assert moved > 0.0
    assert abs(total) < 1e-12 * moved
    assert np.abs(end.ledger_residual).max() < 1e-13


def test_damping_and_supply_change_the_excitation(problem: Problem) -> None:
    collisions = replace(
        problem().collisions, damping=True, velocity=RelativeVelocity.OHTSUKI, f_wake=1e-4
    )
    numerics = replace(problem().numerics, coupling_time=DAY)
    start, *_, end = run(problem(collisions=collisions, numerics=numerics))
    assert (end.e < start.e).all()
    assert (end.v_rel < start.v_rel).all()
    supply = replace(problem().supply, velocity=VelocityBlend.FIXED, e_inject=0.9, i_inject=0.1)
    start, *_, end = run(problem(supply=supply, numerics=numerics))
    assert (end.e > start.e).any()


def test_stirred_disk_follows_its_optical_depth(problem: Problem) -> None:
    collisions = replace(
        problem().collisions,
        kernel_eccentricity=KernelEccentricity.WYATT_EQ,
        velocity=RelativeVelocity.OHTSUKI,
        f_wake=1e-2,
    )
    for snapshot in run(problem(collisions=collisions)):
        expected = np.sqrt(1e-2 * snapshot.tau / 0.75)
        assert snapshot.e == pytest.approx(expected, rel=1e-12)


def test_energy_is_the_integral_of_its_rate(problem: Problem) -> None:
    collisions = replace(problem().collisions, energy=True)
    end = run(problem(collisions=collisions))[-1]
    assert end.energy is not None
    assert end.encounters is not None
    relative, dissipated, retained = end.energy.T
    assert (relative > 0.0).all()
    assert dissipated + retained == pytest.approx(relative, rel=1e-12)
    assert (retained < relative).all()
    assert (end.encounters.sum(axis=1) > 0.0).all()


def test_empty_distribution_is_refused(problem: Problem) -> None:
    initial = InitialState(
        distribution=Distribution.MELT_POWERLAW, s_min_solid=10.0, s_max_solid=20.0
    )
    with pytest.raises(ConfigurationError, match="no mass on the size grid"):
        Simulation(problem(initial=initial))


def test_ledger_violation_stops_the_run(problem: Problem) -> None:
    simulation = Simulation(problem())
    snapshots = simulation.snapshots()
    next(snapshots)
    simulation._state.lost[2, 0] += 1e-6
    with pytest.raises(LedgerError, match="cell 2") as caught:
        next(snapshots)
    assert caught.value.cell == 2
    assert set(CHANNELS) < set(caught.value.channels)


def blown_out(problem: Problem, light: Radiation, grid: SizeGrid) -> Parameters:
    """Return a power law of grains under a planet of 3500 K, with no other process."""
    return still(
        problem,
        radiation=light,
        blow_out=BlowOut(chi=1.0),
        temperature=Temperature(TemperatureMode.CONSTANT, 3500.0),
        initial=InitialState(distribution=Distribution.POWER_LAW),
        grid=grid,
    )


def test_transparent_grains_below_the_lower_limit_stay(problem: Problem) -> None:
    """Q_pr ~ s^2 at small sizes: beta has two roots and only grains between them leave."""
    size = np.geomspace(1e-9, 1e-3, 121)
    qpr = (size / 1e-6) ** 2 / (1.0 + (size / 1e-6) ** 2.5)
    light = Radiation(size, np.array([1000.0]), qpr[None, :])
    start, *_, end = run(blown_out(problem, light, SizeGrid(1e-9, 1e-2, 70, 3270.0)))
    left = end.mass[0] / start.mass[0]
    assert left[0] == 1.0
    assert left.min() < 0.5
    assert left[-1] == 1.0
    assert end.a_blow > 1e-7


def test_grains_between_two_rows_of_a_table_leave(problem: Problem) -> None:
    """beta is below 1/2 at both rows and above it between them; kernel and formula agree."""
    grey = radiation.blowout_size(3500.0, 3270.0, 1.0)
    rows = np.array([grey, 1.5 * grey])
    light = Radiation(rows, np.array([1000.0]), np.array([[0.999, 1.499]]))
    grid = SizeGrid(grey, 1.6 * grey, 60, 3270.0)
    simulation = Simulation(blown_out(problem, light, grid))
    start, *_, end = list(simulation.snapshots())
    roots = radiation.critical_sizes(3500.0, 3270.0, rows, np.array([1000.0]), light.qpr)
    low, high = roots[-2:]
    assert grey < low < high < rows[1]
    assert end.a_blow == pytest.approx(high, rel=1e-12)
    edges = simulation.plan.edges
    leaving = (edges[1:] > low) & (edges[:-1] < high)
    assert leaving.any()
    assert not leaving.all()
    np.testing.assert_array_equal(end.mass[0] < start.mass[0], leaving)


def test_collision_law_is_part_of_the_identity(problem: Problem) -> None:
    base = Simulation(problem()).plan.fingerprint
    changed = Collisions(problem().collisions.strength, fragment_slope=3.5)
    assert Simulation(problem(collisions=changed)).plan.fingerprint != base
    assert Simulation(problem(execution=Execution(threads=2))).plan.fingerprint == base
