"""From `Parameters` to the flat records that the kernels read: everything static of a run."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from marsdisk.errors import ConfigurationError, Problem
from marsdisk.kernels.records import (
    Cells,
    Controls,
    Drive,
    Grid,
    Heat,
    Light,
    PhaseLaw,
    Scaling,
    Segments,
    VapourLaw,
)
from marsdisk.parameters import (
    BlowOut,
    Coverage,
    Disk,
    Distribution,
    DragLaw,
    Eccentricity,
    GrainDilution,
    GridLower,
    InitialState,
    Injection,
    Parameters,
    Phase,
    Radiation,
    Sampling,
    SizeGrid,
    Sublimation,
    Supply,
    SupplyKind,
    SupplySegment,
    Temperature,
    TemperatureMode,
    TemperatureScaling,
    VapourModel,
)
from marsdisk.physics import (
    opacity,
    orbits,
    outcomes,
    radiation,
    sizes,
    sublimation,
    supply,
    temperature,
    transport,
    velocities,
)
from marsdisk.typing import FloatArray

__all__ = ["RunPlan", "fingerprint", "plan_run"]

_TEMPERATURE_MODES = {
    TemperatureMode.CONSTANT: 0,
    TemperatureMode.SLAB: 1,
    TemperatureMode.LINEAR: 2,
    TemperatureMode.TABLE: 3,
}
_SEGMENT_KINDS = {SupplyKind.CONSTANT: 0, SupplyKind.POWER_LAW: 1, SupplyKind.TABLE: 2}
_SCALINGS = {
    TemperatureScaling.OFF: 0,
    TemperatureScaling.POWER_LAW: 1,
    TemperatureScaling.TABLE_SCALE: 2,
    TemperatureScaling.TABLE_RATE: 3,
}


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Static arrays of the run of `parameters`; SI units.

    `initial_fraction` (n_bins,) is the mass share of each bin at t = 0, `rejected_fraction` what
    the grid misses of the initial distribution, `warnings` notes for the user.
    """

    parameters: Parameters
    r: FloatArray
    r_edges: FloatArray
    area: FloatArray
    omega: FloatArray
    t_orb: FloatArray
    edges: FloatArray
    sizes: FloatArray
    widths: FloatArray
    bin_mass: FloatArray
    initial_fraction: FloatArray
    rejected_fraction: float
    kappa0: float
    sigma0: FloatArray
    chi: float
    t_blow: FloatArray
    initial_a_blow: float
    eccentricity: FloatArray
    inclination: FloatArray
    reservoir: FloatArray
    grid: Grid
    cells: Cells
    drive: Drive
    controls: Controls
    fingerprint: str
    warnings: tuple[str, ...]

    @property
    def n_cells(self) -> int:
        """Number of annuli."""
        return int(self.r.size)

    @property
    def n_bins(self) -> int:
        """Number of size bins."""
        return int(self.sizes.size)


def _content(value: object) -> bytes:
    if isinstance(value, np.ndarray):
        return str(value.shape).encode() + np.ascontiguousarray(value).tobytes()
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return b"".join(f.name.encode() + _content(getattr(value, f.name)) for f in fields)
    if isinstance(value, tuple):
        return b"".join(_content(item) for item in value)
    return repr(value).encode()


def fingerprint(parameters: Parameters) -> str:
    """Return the SHA-256 of everything that determines the result, output times excepted."""
    timeless = dataclasses.replace(parameters.numerics, output_times=np.empty(0))
    parts = [getattr(parameters, f.name) for f in dataclasses.fields(parameters)]
    kept = [p for p in parts if p is not parameters.execution and p is not parameters.numerics]
    return hashlib.sha256(b"".join(_content(p) for p in [*kept, timeless])).hexdigest()


def _initial_temperature(law: Temperature) -> float:
    if law.mode is TemperatureMode.TABLE:
        return float(np.interp(0.0, law.table_time, law.table_value))
    return law.value


def _blowout_at(value: float, density: float, light: Radiation) -> float:
    roots = radiation.critical_sizes(
        value, density, light.qpr_sizes, light.qpr_temperatures, light.qpr
    )
    return float(roots[-1]) if roots.size else 0.0


def _qpr_at(size: float, value: float, light: Radiation) -> float:
    table = (light.qpr_sizes, light.qpr_temperatures, light.qpr)
    return float(radiation.interpolate_qpr(np.array(size), value, *table))


def _finest_fragment(parameters: Parameters, r: FloatArray) -> float:
    """Return the finest fragment [m] of the fastest cell at its configured orbits, 0 for none."""
    grid, law = parameters.grid, parameters.collisions
    if grid.cohesion is None:
        return 0.0
    speed = velocities.impact_speed(law, r, _eccentricity(parameters, r), np.full(r.size, law.i0))
    # Bins count mass, the balance of energies counts bodies: three powers of s apart.
    slope = law.fragment_slope + 3.0
    return outcomes.smallest_fragment(slope, float(speed.max()), grid.density, grid.cohesion)


def _size_edges(grid: SizeGrid, a_blow: float, finest: float) -> FloatArray:
    lower = max(grid.s_min, finest)
    if grid.lower is GridLower.BLOWOUT_T0:
        lower = max(lower, a_blow)
    if lower >= grid.s_max:
        rule = f"must exceed the lower end of the grid, {lower:.6g} m"
        raise ConfigurationError((Problem("sizes.s_max", grid.s_max, rule, "raise sizes.s_max"),))
    return sizes.size_edges(lower, grid.s_max, grid.n_bins)


def _initial_shares(initial: InitialState, edges: FloatArray) -> tuple[FloatArray, float]:
    """Return bin mass shares, sum 1, and the share of the distribution off the grid."""
    integral = initial.sampling is Sampling.BIN_INTEGRAL
    rejected = 0.0
    match initial.distribution:
        case Distribution.THREE_SLOPE:
            shares = sizes.three_slope_shares(edges, initial.slope, integral=integral)
        case Distribution.POWER_LAW:
            shares = sizes.power_law_shares(
                edges, initial.slope, edges[0], edges[-1], integral=integral
            )
        case Distribution.MELT_LOGNORMAL:
            fine, off_fine = sizes.lognormal_shares(
                edges, initial.s_fine, initial.width_dex, initial.s_cut, integral=integral
            )
            coarse, off_coarse = sizes.lognormal_shares(
                edges, initial.s_meter, initial.width_dex, initial.s_cut, integral=integral
            )
            shares = (1.0 - initial.f_fine) * coarse + initial.f_fine * fine
            rejected = (1.0 - initial.f_fine) * off_coarse + initial.f_fine * off_fine
        case Distribution.MELT_POWERLAW:
            low = max(initial.s_min_solid, initial.s_cut)
            shares, rejected = sizes.truncated_shares(
                edges, initial.slope_solid, low, initial.s_max_solid, integral=integral
            )
        case Distribution.MONO:
            shares = np.zeros(edges.size - 1)
            k = np.searchsorted(edges, initial.s_mono, side="right") - 1
            shares[np.clip(k, 0, shares.size - 1)] = 1.0
    if initial.wavy_strength:
        centre = sizes.size_centres(edges)
        shares = shares * sizes.wavy_factor(
            centre, edges, initial.wavy_strength, initial.wavy_decay
        )
    if not shares.sum() > 0.0 or (shares < 0.0).any():
        rule = "leaves no mass on the size grid"
        problem = Problem("initial", str(initial.distribution), rule, "widen sizes.s_min, s_max")
        raise ConfigurationError((problem,))
    return shares / shares.sum(), rejected


def _eccentricity(parameters: Parameters, r: FloatArray) -> FloatArray:
    law = parameters.collisions
    match law.eccentricity:
        case Eccentricity.CONSTANT:
            return np.full(r.size, law.e0)
        case Eccentricity.MARS_PERICENTER:
            profile = orbits.pericenter_eccentricity(r)
        case Eccentricity.TABLE:
            profile = np.interp(r, law.e_table_r, law.e_table)
    return np.clip(profile, law.e_min, law.e_max)


def _vapour(law: Sublimation) -> VapourLaw:
    low = high = (law.a_solid, law.b_solid)
    knots, spline = np.empty(0), np.empty((4, 0))
    if law.table_temperature.size:
        knots, table = law.table_temperature, law.table_log10_pressure
        spline = sublimation.pressure_spline(knots, table)
        near = knots <= max(knots[0] + law.fit_window, knots[1])
        low = sublimation.clausius_fit(knots[near], table[near])
        near = knots >= min(knots[-1] - law.fit_window, knots[-2])
        high = sublimation.clausius_fit(knots[near], table[near])
    hot = np.inf if law.t_liquid is None else law.t_liquid
    coefficient = sublimation.evaporation_coefficient(law.alpha, law.molar_mass)
    melt = (law.a_liquid, law.b_liquid, hot)
    numbers = (coefficient, law.gas_pressure, *low, *melt, law.t_onset, law.t_width, *high)
    return VapourLaw(_vapour_mode(law), np.array(numbers), knots, spline)


def _crossing_times(law: Temperature, level: float) -> list[float]:
    """Return the times [s] at which the surface of Mars passes `level` [K]."""
    match law.mode:
        case TemperatureMode.CONSTANT:
            return []
        case TemperatureMode.SLAB:
            cooling = temperature.slab_cooling(
                law.layer_depth, law.layer_density, law.heat_capacity
            )
            return [float(temperature.slab_time(np.array(level), law.value, cooling))]
        case TemperatureMode.LINEAR:
            return [(law.value - level) / law.rate] if law.rate > 0.0 else []
        case TemperatureMode.TABLE:
            t, value = law.table_time, law.table_value
            above = value >= level
            k = np.flatnonzero(above[1:] != above[:-1])
            weight = (level - value[k]) / (value[k + 1] - value[k])
            return [float(x) for x in t[k] + weight * (t[k + 1] - t[k])]


def _breaks(
    parameters: Parameters, grain_factor: FloatArray, phase_factor: FloatArray
) -> FloatArray:
    """Return for each cell the times that no step may cross, padded with infinity."""
    drivers = parameters.drivers
    shared: list[float] = [*drivers.temperature.table_time]
    for segment in parameters.supply.segments:
        shared += [segment.t_start, segment.t_end, segment.t0, *segment.table_time]
    rows = []
    for grain, phase in zip(grain_factor, phase_factor, strict=True):
        times = list(shared)
        if drivers.phase.enabled:
            for level in (drivers.phase.t_condense, drivers.phase.t_vaporize):
                times += _crossing_times(drivers.temperature, level / phase)
        if drivers.sublimation.enabled and drivers.sublimation.t_liquid is not None:
            times += _crossing_times(drivers.temperature, drivers.sublimation.t_liquid / grain)
        rows.append(sorted({t for t in times if 0.0 < t < np.inf}))
    width = max(1, *(len(row) for row in rows))
    return np.array([row + [np.inf] * (width - len(row)) for row in rows])


def _table_rates(segment: SupplySegment, r: FloatArray) -> FloatArray:
    """Return (knots, cells) rates of a table segment, interpolated to the cells."""
    table = segment.table_rate
    if table.ndim == 1:
        return np.repeat(table[:, None], r.size, axis=1)
    return np.array([np.interp(r, segment.table_radius, row) for row in table])


def _supply_rates(
    law: Supply, r: FloatArray, t_orb: FloatArray, kappa: float, light: Radiation
) -> tuple[FloatArray, FloatArray]:
    """Return (segment, cell) constant rates and (knot, cell) table rates [kg m^-2 s^-1]."""
    constant = np.zeros((max(len(law.segments), 1), r.size))
    tables = [np.zeros((0, r.size))]
    for k, segment in enumerate(law.segments):
        constant[k] = segment.rate * law.mixing
        if segment.kind is SupplyKind.CONSTANT and law.mu_orbit is not None:
            phi = float(opacity.shielding(law.mu_tau, light.shielding_tau, light.shielding_phi))
            sigma = opacity.surface_density_at(law.mu_tau, kappa, phi, light.los_factor)
            constant[k] = supply.orbital_supply(
                law.mu_orbit, law.mu_fraction, np.array(sigma), t_orb
            )
        elif segment.kind is SupplyKind.CONSTANT and law.fill_time is not None:
            phi = float(opacity.shielding(1.0, light.shielding_tau, light.shielding_phi))
            constant[k] = 1.0 / (phi * kappa) / law.fill_time
        if segment.kind is SupplyKind.TABLE:
            tables.append(_table_rates(segment, r) * law.mixing)
    return constant, np.concatenate(tables)


def _segments(law: Supply) -> Segments:
    active = law.segments if law.enabled else ()
    kind = np.array([_SEGMENT_KINDS[s.kind] for s in active], dtype=np.int64)
    numbers = [(s.t_start, s.t_end, s.amplitude * law.mixing, s.t0, s.index) for s in active]
    tables = [s.table_time if s.kind is SupplyKind.TABLE else np.empty(0) for s in active]
    start = np.cumsum([0, *(t.size for t in tables)]).astype(np.int64)
    knots = np.concatenate([*tables, np.empty(0)])
    return Segments(kind, np.array(numbers, dtype=float).reshape(-1, 5), start, knots)


def _injection(law: Supply, edges: FloatArray, shares: FloatArray, s_floor: float) -> FloatArray:
    match law.injection:
        case Injection.INITIAL:
            return shares
        case Injection.MIN_BIN:
            centre = sizes.size_centres(edges)
            smallest = max(s_floor, law.s_inject_min or 0.0)
            chosen = np.zeros(centre.size)
            chosen[min(int(np.searchsorted(centre, smallest)), centre.size - 1)] = 1.0
            return chosen
        case Injection.POWER_LAW:
            low = max(edges[0], law.s_inject_min or 0.0)
            high = min(edges[-1], law.s_inject_max or edges[-1])
            return supply.supply_shares(edges, law.injection_slope, low, high)


def _reservoir(law: Supply, area: FloatArray, first_rate: FloatArray) -> FloatArray:
    """Return (cells, 2) what is left and was there [kg m^-2]: one store shared by planned need."""
    if law.reservoir_mass is None:
        return np.full((area.size, 2), np.inf)
    need = area * first_rate
    share = need / need.sum() if need.sum() > 0.0 else area / area.sum()
    return np.repeat((law.reservoir_mass * share / area)[:, None], 2, axis=1)


def _grid(parameters: Parameters, edges: FloatArray) -> Grid:
    density = parameters.grid.density
    slope, dust = parameters.collisions.fragment_slope, parameters.collisions.s_dust
    size = sizes.size_centres(edges)
    weights = outcomes.fragment_integrals(edges, slope)
    below = 0.0
    if dust is not None and dust < edges[0]:
        below = float(outcomes.fragment_integrals(np.array([dust, edges[0]]), slope)[0])
    total = below + weights.sum()
    weights, below = weights / total, below / total
    return Grid(
        edges=edges,
        log_edges=np.log(edges),
        size=size,
        mass=sizes.sphere_mass(size, density),
        area=opacity.area_per_mass(size, density),
        fragment=weights,
        inverse=1.0 / (below + np.cumsum(weights)),
        subgrid=below,
    )


def _blowout_mode(law: BlowOut) -> int:
    if not law.enabled:
        return 0
    return 1 if law.coverage is Coverage.FRACTIONAL else 2


def _heat(law: Temperature) -> Heat:
    slab = temperature.slab_cooling(law.layer_depth, law.layer_density, law.heat_capacity)
    return Heat(
        mode=_TEMPERATURE_MODES[law.mode],
        initial=float(law.value),
        cooling=slab if law.mode is TemperatureMode.SLAB else float(law.rate),
        time=law.table_time,
        value=law.table_value,
    )


def _phase(law: Phase) -> PhaseLaw:
    mapped = 2 if law.map_fraction.size else 1
    return PhaseLaw(
        mode=mapped if law.enabled else 0,
        t_condense=law.t_condense,
        t_vaporize=law.t_vaporize,
        divisor=1.0 + law.pressure_ratio,
        tau_ref=np.inf if law.tau_ref is None else law.tau_ref,
        temperature=law.map_temperatures,
        tau=law.map_taus,
        fraction=law.map_fraction.reshape(law.map_temperatures.size, law.map_taus.size),
    )


def _vapour_mode(law: Sublimation) -> int:
    if not law.enabled:
        return 0
    return 1 if law.model is VapourModel.HKL else 2


def _drag(parameters: Parameters, size: FloatArray) -> FloatArray:
    law = parameters.sinks
    if law.drag_law is DragLaw.UNIFORM:
        size = np.full(size.size, law.drag_reference_size)
    return transport.drag_rate(size, parameters.grid.density, law.gas_density, law.gas_speed)


def _scaling(law: Supply) -> Scaling:
    power = (law.scaling_reference, law.scaling_exponent, law.scaling_amplitude)
    return Scaling(
        mode=_SCALINGS[law.scaling],
        law=np.array([*power, law.scaling_floor, law.scaling_cap]),
        temperature=law.scaling_temperature,
        value=law.scaling_value,
    )


def _feedback_law(law: Supply) -> FloatArray:
    rate = law.feedback_gain / law.feedback_time
    return np.array([law.feedback_tau, rate, law.feedback_min, law.feedback_max])


def _drive(parameters: Parameters, grid: Grid, injection: FloatArray, t_orb: FloatArray) -> Drive:
    drivers, law, sinks = parameters.drivers, parameters.supply, parameters.sinks
    light = drivers.radiation
    mixing = law.deep_mixing_orbits
    return Drive(
        heat=_heat(drivers.temperature),
        light=Light(
            coefficient=radiation.pressure_coefficient(parameters.grid.density),
            size=light.qpr_sizes,
            temperature=light.qpr_temperatures,
            qpr=light.qpr,
        ),
        phase=_phase(drivers.phase),
        vapour=_vapour(drivers.sublimation),
        segments=_segments(law),
        scaling=_scaling(law),
        blowout=_blowout_mode(drivers.blow_out),
        blowout_solid_only=int(drivers.blow_out.solid_only),
        skin=int(drivers.blow_out.skin),
        tau_gate=np.inf if light.tau_gate is None else light.tau_gate,
        los_factor=light.los_factor,
        liquid_sublimates=int(drivers.phase.allow_liquid_sublimation),
        density=parameters.grid.density,
        supply=int(law.enabled),
        injection=injection,
        deep_rate=np.zeros(t_orb.size) if mixing is None else 1.0 / (mixing * t_orb),
        taper=law.taper_fraction if law.depletion == "taper" else 0.0,
        feedback=int(law.feedback and law.enabled),
        feedback_law=_feedback_law(law),
        drag=_drag(parameters, grid.size),
        escape=np.array(
            [sinks.escape_rate, sinks.escape_power, sinks.escape_temperature, sinks.escape_floor]
        ),
        collisions=int(parameters.collisions.enabled),
    )


def _controls(parameters: Parameters) -> Controls:
    numerics, law = parameters.numerics, parameters.collisions
    shattered = law.f_ke_fragmentation
    return Controls(
        rtol=numerics.rtol,
        atol=numerics.atol,
        max_step=numerics.max_step,
        max_steps=numerics.max_steps,
        tau_stop=np.inf if numerics.tau_stop is None else numerics.tau_stop,
        energy=int(law.energy),
        f_ke_cratering=law.f_ke_cratering,
        f_ke_fragmentation=law.restitution**2 if shattered is None else shattered,
    )


def _notes(edges: FloatArray, rejected: float, a_blow: float) -> tuple[str, ...]:
    notes = []
    if rejected > 1e-6:
        notes.append(
            f"{rejected:.2%} of the initial distribution lies outside the size grid and is left out"
        )
    ratio = edges[1] / edges[0]
    if ratio > 1.2:
        notes.append(
            f"neighbouring sizes differ by a factor {ratio:.3f}; 1.2 or less resolves the cascade"
        )
    if a_blow > edges[-1]:
        notes.append(f"the blow-out size {a_blow:.3g} m lies above the size grid: nothing stays")
    return tuple(notes)


@dataclass(frozen=True, slots=True)
class _Rings:
    """Radial arrays of the disk."""

    edges: FloatArray
    r: FloatArray
    area: FloatArray
    omega: FloatArray
    t_orb: FloatArray


def _rings(disk: Disk) -> _Rings:
    edges = orbits.radial_edges(disk.r_in, disk.r_out, disk.n_cells)
    r = 0.5 * (edges[1:] + edges[:-1])
    return _Rings(
        edges, r, orbits.annulus_area(edges), orbits.kepler_frequency(r), orbits.kepler_period(r)
    )


def _blowout_times(
    parameters: Parameters, s_floor: float, value: float, omega: FloatArray
) -> tuple[float, FloatArray]:
    """Return chi and t_blow = chi / Omega [s]."""
    chi = parameters.drivers.blow_out.chi
    if chi is None:
        qpr = _qpr_at(s_floor, value, parameters.drivers.radiation)
        pressure = radiation.beta(np.array(s_floor), value, parameters.grid.density, np.array(qpr))
        chi = radiation.blowout_time_factor(float(pressure), qpr)
    chi = float(np.clip(chi, 0.5, 2.0))
    return chi, chi / omega


def _initial_density(parameters: Parameters, kappa: float, n_cells: int) -> FloatArray:
    initial, light = parameters.initial, parameters.drivers.radiation
    if initial.surface_density is not None:
        return np.full(n_cells, initial.surface_density)
    phi = float(opacity.shielding(initial.tau, light.shielding_tau, light.shielding_phi))
    sigma = opacity.surface_density_at(initial.tau, kappa, phi, light.los_factor)
    return np.full(n_cells, sigma)


def _cells(parameters: Parameters, rings: _Rings, t_blow: FloatArray, kappa: float) -> Cells:
    """Return the constants of each cell."""
    vapour, phase = parameters.drivers.sublimation, parameters.drivers.phase
    far_field = vapour.dilution is GrainDilution.FAR_FIELD
    grain_factor = temperature.grain_temperature_factor(rings.r, vapour.q_abs, far_field=far_field)
    phase_factor = np.ones(rings.r.size)
    if phase.use_grain_temperature:
        phase_factor = temperature.grain_temperature_factor(
            rings.r, phase.q_abs, far_field=far_field
        )
    light = parameters.drivers.radiation
    constant, tables = _supply_rates(parameters.supply, rings.r, rings.t_orb, kappa, light)
    return Cells(
        radius=rings.r,
        area=rings.area,
        omega=rings.omega,
        t_blow=t_blow,
        grain_factor=grain_factor,
        phase_factor=phase_factor,
        breaks=_breaks(parameters, grain_factor, phase_factor),
        constant_rate=constant,
        table_rate=tables,
    )


_Record = TypeVar("_Record", bound=tuple[Any, ...])


def _settled(record: _Record) -> _Record:
    """Return `record` with plain arrays: kernels would compile anew for any other layout."""
    values: list[Any] = []
    for value in record:
        if isinstance(value, np.ndarray):
            values.append(np.array(value, order="C"))
        else:
            values.append(_settled(value) if isinstance(value, tuple) else value)
    return type(record)(*values)


def plan_run(parameters: Parameters) -> RunPlan:
    """Return the static arrays of a run.

    Raises
    ------
    ConfigurationError
        If the size grid is empty or holds no initial mass.
    """
    drivers = parameters.drivers
    rings = _rings(parameters.disk)
    hot = _initial_temperature(drivers.temperature)
    a_blow = _blowout_at(hot, parameters.grid.density, drivers.radiation)
    edges = _size_edges(parameters.grid, a_blow, _finest_fragment(parameters, rings.r))
    grid = _settled(_grid(parameters, edges))
    shares, rejected = _initial_shares(parameters.initial, edges)
    kappa = float(grid.area @ shares)
    s_floor = max(parameters.grid.s_min, a_blow)
    chi, t_blow = _blowout_times(parameters, s_floor, hot, rings.omega)
    cells = _cells(parameters, rings, t_blow, kappa)
    injection = _injection(parameters.supply, edges, shares, s_floor)
    return RunPlan(
        parameters=parameters,
        r=rings.r,
        r_edges=rings.edges,
        area=rings.area,
        omega=rings.omega,
        t_orb=rings.t_orb,
        edges=edges,
        sizes=grid.size,
        widths=np.diff(edges),
        bin_mass=grid.mass,
        initial_fraction=shares,
        rejected_fraction=rejected,
        kappa0=kappa,
        sigma0=_initial_density(parameters, kappa, rings.r.size),
        chi=chi,
        t_blow=t_blow,
        initial_a_blow=a_blow,
        eccentricity=_eccentricity(parameters, rings.r),
        inclination=np.full(rings.r.size, parameters.collisions.i0),
        reservoir=_reservoir(parameters.supply, rings.area, cells.constant_rate[0]),
        grid=grid,
        cells=_settled(cells),
        drive=_settled(_drive(parameters, grid, injection, rings.t_orb)),
        controls=_controls(parameters),
        fingerprint=fingerprint(parameters),
        warnings=_notes(edges, rejected, a_blow),
    )
