"""The physical problem and how to solve it, as frozen records in SI units.

The configuration layer fills these records; the core reads nothing else. Every field is a plain
number, an array or an enum, already converted and range-checked, so the core holds no defaults of
the user interface and never sees YAML.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from marsdisk.typing import FloatArray

__all__ = [
    "BlowOut",
    "Cohesion",
    "Collisions",
    "Disk",
    "Drivers",
    "Execution",
    "InitialState",
    "Numerics",
    "Parameters",
    "Phase",
    "Sinks",
    "SizeGrid",
    "Strength",
    "Sublimation",
    "Supply",
    "Temperature",
]


class GridLower(StrEnum):
    """What sets the lower edge of the size grid."""

    CONFIG = "config"
    BLOWOUT_T0 = "blowout_t0"


class Distribution(StrEnum):
    """Initial size distribution."""

    THREE_SLOPE = "three_slope"
    POWER_LAW = "power_law"
    MELT_LOGNORMAL = "melt_lognormal_mixture"
    MELT_POWERLAW = "melt_truncated_powerlaw"
    MONO = "mono"


class Sampling(StrEnum):
    """How a continuous distribution becomes bin masses."""

    BIN_INTEGRAL = "bin_integral"
    BIN_CENTRE = "bin_centre"


class TemperatureMode(StrEnum):
    """Time law of the surface temperature of Mars."""

    CONSTANT = "constant"
    SLAB = "slab"
    LINEAR = "linear"
    TABLE = "table"


class GrainDilution(StrEnum):
    """Dilution factor of planetary radiation at the grain."""

    EXACT = "exact"
    FAR_FIELD = "far_field"


class Eccentricity(StrEnum):
    """Radial profile of the eccentricity."""

    CONSTANT = "constant"
    MARS_PERICENTER = "mars_pericenter"
    TABLE = "table"


class KernelEccentricity(StrEnum):
    """Source of the eccentricity that sets relative velocities."""

    CONFIG = "config"
    WYATT_EQ = "wyatt_eq"


class RelativeVelocity(StrEnum):
    """Relation between orbital elements and impact speed."""

    PERICENTER = "pericenter"
    OHTSUKI = "ohtsuki"
    VALUE = "value"


class ScaleHeight(StrEnum):
    """Vertical scale height of the particle layer."""

    INCLINATION = "ia"
    FIXED = "fixed"


class RemnantDeposit(StrEnum):
    """How the largest remnant is put on the size grid."""

    TWO_BIN = "two_bin"
    NEAREST_BIN = "nearest_bin"


class Coverage(StrEnum):
    """How the blow-out limit acts on the bin that holds it."""

    FRACTIONAL = "fractional"
    LOWER_EDGE = "lower_edge"


class StrengthUnits(StrEnum):
    """Unit system of the strength coefficients."""

    BA99_CGS = "ba99_cgs"
    SI = "si"


class VapourModel(StrEnum):
    """Mass flux law of sublimation."""

    HKL = "hkl"
    EXPONENTIAL = "exponential"


class SupplyKind(StrEnum):
    """Time law of one supply segment."""

    CONSTANT = "const"
    POWER_LAW = "powerlaw"
    TABLE = "table"


class Injection(StrEnum):
    """Size distribution of supplied mass."""

    INITIAL = "initial_psd"
    MIN_BIN = "min_bin"
    POWER_LAW = "powerlaw_bins"


class Depletion(StrEnum):
    """How supply ends when its reservoir runs out."""

    HARD_STOP = "hard_stop"
    TAPER = "taper"


class TemperatureScaling(StrEnum):
    """How the temperature of Mars acts on supply."""

    OFF = "off"
    POWER_LAW = "scale"
    TABLE_SCALE = "table_scale"
    TABLE_RATE = "table_rate"


class VelocityBlend(StrEnum):
    """Excitation brought by supplied bodies."""

    INHERIT = "inherit"
    FIXED = "fixed_ei"
    FACTOR = "factor"


class BlendRule(StrEnum):
    """Mean of resident and supplied excitation."""

    RMS = "rms"
    LINEAR = "linear"


class BlendWeight(StrEnum):
    """Weight of supplied mass in the mean excitation."""

    DELTA_SIGMA = "delta_sigma"
    SIGMA_RATIO = "sigma_ratio"


class DragLaw(StrEnum):
    """Size dependence of the gas drag rate."""

    SIZE = "size"
    UNIFORM = "uniform"


class Integrator(StrEnum):
    """Time integration scheme; all act on the same right-hand side."""

    RODAS3 = "rodas3"
    MPRK22 = "mprk22"
    IMEX_BDF1 = "imex_bdf1"
    RADAU = "radau"


def _empty() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Disk:
    """Radial grid: linear edges from `r_in` to `r_out` [m], `n_cells` annuli (1 = 0D)."""

    r_in: float
    r_out: float
    n_cells: int


@dataclass(frozen=True, slots=True)
class Cohesion:
    """What bounds how fine fragments can be: new surface costs `surface_energy` [J m^-2].

    `efficiency` is the share of the kinetic energy that goes into new surface, `collider` [m] the
    radius of two equal bodies that collide, `largest_fraction` the mass of the largest fragment
    over that of one body.
    """

    surface_energy: float
    efficiency: float
    collider: float
    largest_fraction: float


@dataclass(frozen=True, slots=True)
class SizeGrid:
    """Logarithmic size grid, radii in m; `density` [kg m^-3] is that of the grains.

    With `cohesion` the grid starts no lower than the finest fragment that collisions can make.
    """

    s_min: float
    s_max: float
    n_bins: int
    density: float
    lower: GridLower = GridLower.CONFIG
    cohesion: Cohesion | None = None


@dataclass(frozen=True, slots=True)
class InitialState:
    """Initial distribution and amount.

    `slope` is the exponent q of dN/ds ~ s^-q. `tau` (line-of-sight optical depth) sets the surface
    density of every cell unless `surface_density` [kg m^-2] is given.
    """

    distribution: Distribution = Distribution.MELT_LOGNORMAL
    sampling: Sampling = Sampling.BIN_INTEGRAL
    tau: float = 1.0
    surface_density: float | None = None
    slope: float = 3.5
    wavy_strength: float = 0.0
    wavy_decay: float = 0.0
    f_fine: float = 0.03
    s_fine: float = 1e-7
    s_meter: float = 1.5
    width_dex: float = 0.3
    s_cut: float = 1e-7
    s_min_solid: float = 1e-4
    s_max_solid: float = 3.0
    slope_solid: float = 3.5
    s_mono: float = 1.5


@dataclass(frozen=True, slots=True)
class Temperature:
    """Surface temperature of Mars [K] over time [s]; `value` is T(0) (or the constant).

    `rate` [K s^-1] is the cooling rate of the linear law. Table times increase strictly; outside
    the table the end values hold (the configuration layer refuses what the user did not allow).
    """

    mode: TemperatureMode
    value: float
    layer_depth: float = 1.0e5
    layer_density: float = 3000.0
    heat_capacity: float = 1000.0
    rate: float = 0.0
    table_time: FloatArray = field(default_factory=_empty)
    table_value: FloatArray = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class Radiation:
    """Planck-mean radiation pressure efficiency, shielding and line of sight.

    `qpr` has shape (temperature, size) on increasing `qpr_temperatures` [K] and `qpr_sizes` [m];
    a constant is a 1 x 1 table. `shielding_tau`, `shielding_phi`: knots of Phi(tau), empty = 1.
    `tau_gate` (or None): blow-out stops at or above this line-of-sight optical depth.
    """

    qpr_sizes: FloatArray
    qpr_temperatures: FloatArray
    qpr: FloatArray
    shielding_tau: FloatArray = field(default_factory=_empty)
    shielding_phi: FloatArray = field(default_factory=_empty)
    los_factor: float = 1.0
    tau_gate: float | None = None


@dataclass(frozen=True, slots=True)
class BlowOut:
    """Radiation pressure blow-out; `chi` None computes it from beta and Q_pr at t = 0."""

    enabled: bool = True
    chi: float | None = None
    solid_only: bool = True
    coverage: Coverage = Coverage.FRACTIONAL
    skin: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """Phase state by a temperature ramp or by a map f(T, tau).

    `pressure_ratio` = P_gas / P_ref; `tau_ref` None drops the optical depth divisor.
    A map (non-empty `map_fraction`, shape (temperature, tau)) replaces the ramp.
    """

    enabled: bool = False
    t_condense: float = 1700.0
    t_vaporize: float = 2000.0
    pressure_ratio: float = 0.0
    tau_ref: float | None = 1.0
    use_grain_temperature: bool = False
    q_abs: float = 0.4
    allow_liquid_sublimation: bool = False
    map_temperatures: FloatArray = field(default_factory=_empty)
    map_taus: FloatArray = field(default_factory=_empty)
    map_fraction: FloatArray = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class Sublimation:
    """Hertz-Knudsen-Langmuir sublimation; log10 P_sat[Pa] = A - B/T, liquid above `t_liquid`.

    `t_liquid` None has no liquid branch. A table (K, log10 Pa) replaces the solid branch inside
    its range (monotone cubic) and is continued by `A - B/T` fits at its ends.
    """

    enabled: bool = True
    model: VapourModel = VapourModel.HKL
    q_abs: float = 0.4
    dilution: GrainDilution = GrainDilution.EXACT
    alpha: float = 0.1
    molar_mass: float = 0.140694
    a_solid: float = 13.809441833
    b_solid: float = 28362.904024
    t_liquid: float | None = 2163.0
    a_liquid: float = 11.08
    b_liquid: float = 22409.0
    gas_pressure: float = 0.0
    t_onset: float = 1300.0
    t_width: float = 50.0
    table_temperature: FloatArray = field(default_factory=_empty)
    table_log10_pressure: FloatArray = field(default_factory=_empty)
    fit_window: float = 300.0


@dataclass(frozen=True, slots=True)
class Drivers:
    """Everything that the planet does to the disk."""

    temperature: Temperature
    radiation: Radiation
    blow_out: BlowOut
    phase: Phase
    sublimation: Sublimation


@dataclass(frozen=True, slots=True)
class Strength:
    """Q*_D coefficients: `coefficients` (n, 4) = Q_s, a_s, B, b_g at increasing `speeds` [km/s]."""

    speeds: FloatArray
    coefficients: FloatArray
    units: StrengthUnits = StrengthUnits.BA99_CGS
    mu_grav: float = 0.45


@dataclass(frozen=True, slots=True)
class Collisions:
    """Excitation, outcome and fragment law of mutual collisions.

    `fragment_slope` is alpha in dM/ds ~ s^-alpha (3.5 in number is 0.5 here). `s_dust`: fragments
    between it and the grid are lost as `subgrid`; None keeps all of them in the lowest bin.
    Eccentricity table: radii in m. `speed` [m/s] only for `RelativeVelocity.VALUE`.
    """

    strength: Strength
    enabled: bool = True
    e0: float = 0.5
    i0: float = 0.05
    eccentricity: Eccentricity = Eccentricity.MARS_PERICENTER
    e_table_r: FloatArray = field(default_factory=_empty)
    e_table: FloatArray = field(default_factory=_empty)
    e_min: float = 0.0
    e_max: float = 0.999999
    kernel_eccentricity: KernelEccentricity = KernelEccentricity.CONFIG
    velocity: RelativeVelocity = RelativeVelocity.PERICENTER
    speed: float = 0.0
    scale_height: ScaleHeight = ScaleHeight.INCLINATION
    h_factor: float = 1.0
    f_wake: float = 1.0
    restitution: float = 0.5
    damping: bool = False
    fragment_slope: float = 0.5
    remnant: RemnantDeposit = RemnantDeposit.TWO_BIN
    s_dust: float | None = None
    energy: bool = False
    f_ke_cratering: float = 0.1
    f_ke_fragmentation: float | None = None


@dataclass(frozen=True, slots=True)
class SupplySegment:
    """One time law on [t_start, t_end); rates in kg m^-2 s^-1 after mixing.

    CONSTANT: `rate` (n_cells,) or scalar. POWER_LAW: amplitude * (t - t0 + 1e-12)^index.
    TABLE: `table_time` (nt,), `table_rate` (nt,) or (nt, n_cells), linear, ends held.
    """

    kind: SupplyKind
    t_start: float = 0.0
    t_end: float = float("inf")
    rate: float = 0.0
    amplitude: float = 0.0
    t0: float = 0.0
    index: float = 0.0
    table_time: FloatArray = field(default_factory=_empty)
    table_rate: FloatArray = field(default_factory=_empty)
    table_radius: FloatArray = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class Supply:
    """Outside supply of solids.

    `mu_orbit` (None = unused) replaces constant rates by mu f_orb Sigma_ref / t_orb of each cell,
    Sigma_ref = mu_tau / (Phi(mu_tau) kappa_0 f_los). `fill_time` [s] (None = unused) replaces them
    by Sigma_tau1 / fill_time. `mixing` multiplies every rate that is not one of these two.
    """

    enabled: bool = False
    segments: tuple[SupplySegment, ...] = ()
    mixing: float = 1.0
    mu_orbit: float | None = None
    mu_tau: float = 1.0
    mu_fraction: float = 0.05
    fill_time: float | None = None
    injection: Injection = Injection.INITIAL
    s_inject_min: float | None = None
    s_inject_max: float | None = None
    injection_slope: float = 3.5
    deep_mixing_orbits: float | None = None
    reservoir_mass: float | None = None
    depletion: Depletion = Depletion.HARD_STOP
    taper_fraction: float = 0.05
    feedback: bool = False
    feedback_tau: float = 1.0
    feedback_gain: float = 0.5
    feedback_time: float = 3.15576e7
    feedback_min: float = 1e-6
    feedback_max: float = 10.0
    feedback_initial: float = 1.0
    scaling: TemperatureScaling = TemperatureScaling.OFF
    scaling_reference: float = 1800.0
    scaling_exponent: float = 1.0
    scaling_amplitude: float = 1.0
    scaling_floor: float = 0.0
    scaling_cap: float = 10.0
    scaling_temperature: FloatArray = field(default_factory=_empty)
    scaling_value: FloatArray = field(default_factory=_empty)
    velocity: VelocityBlend = VelocityBlend.INHERIT
    e_inject: float = 0.0
    i_inject: float = 0.0
    velocity_factor: float = 1.0
    blend_rule: BlendRule = BlendRule.RMS
    blend_weight: BlendWeight = BlendWeight.DELTA_SIGMA


@dataclass(frozen=True, slots=True)
class Sinks:
    """Gas drag (`gas_density` [kg m^-3] > 0 switches it on), escape with vapour, viscosity.

    `escape_rate` [s^-1] at `escape_temperature` [K] > 0 switches hydrodynamic escape on.
    `viscosity` [m^2 s^-1] > 0 couples the cells by diffusion.
    """

    gas_density: float = 0.0
    gas_speed: float = 500.0
    drag_law: DragLaw = DragLaw.SIZE
    drag_reference_size: float = 1e-6
    escape_rate: float = 0.0
    escape_power: float = 1.0
    escape_temperature: float = 2000.0
    escape_floor: float = 1e-3
    viscosity: float = 0.0


@dataclass(frozen=True, slots=True)
class Numerics:
    """Output times, tolerances and stops.

    `output_times` [s] increase strictly, the first is > 0 and the last is the end of the run; the
    state at t = 0 is always an output too. `coupling_time` [s]: longest span over which velocities
    and radial transport are held (None: the output interval).
    """

    output_times: FloatArray
    integrator: Integrator = Integrator.RODAS3
    rtol: float = 1e-3
    atol: float = 1e-9
    max_step: float = float("inf")
    max_steps: int = 100_000
    coupling_time: float | None = None
    tau_stop: float | None = None
    loss_rate_stop: float | None = None
    min_duration: float = 0.0
    stop_below_s_min: bool = False
    ledger_tolerance: float = 1e-12


@dataclass(frozen=True, slots=True)
class Execution:
    """Threads over cells, cells that one takes at once (0 = one) and the table cache switch."""

    threads: int = 1
    chunk_size: int = 0
    table_cache: bool = True
    table_cache_size: int = 256


@dataclass(frozen=True, slots=True)
class Parameters:
    """One complete problem."""

    disk: Disk
    grid: SizeGrid
    initial: InitialState
    drivers: Drivers
    collisions: Collisions
    supply: Supply
    sinks: Sinks
    numerics: Numerics
    execution: Execution = field(default_factory=Execution)
