"""Flat records that compiled loops read and write: arrays and numbers under their names.

Numba unpacks named tuples at compile time, so a record costs nothing in the loop. Arrays with a
leading cell axis are marked (c, ...); k counts bins, o counts packed pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from marsdisk.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "CHANNELS",
    "Cells",
    "Controls",
    "Drive",
    "Flow",
    "Gathered",
    "Grid",
    "Heat",
    "Light",
    "Pairs",
    "PhaseLaw",
    "Scaling",
    "Scratch",
    "Segments",
    "State",
    "Trial",
    "VapourLaw",
    "Work",
    "new_flow",
    "new_gathered",
    "new_scratch",
]

CHANNELS = ("blowout", "sublimation", "drag", "escape", "subgrid")
"""Ways out of the disk, in the order of every channel axis."""


class Grid(NamedTuple):
    """Size grid and fragment law, shared by all cells."""

    edges: FloatArray
    log_edges: FloatArray
    size: FloatArray
    mass: FloatArray
    """Mass of one body [kg]."""
    area: FloatArray
    """Cross-section per unit mass, pi s^2 / m [m^2 kg^-1]."""
    fragment: FloatArray
    """b_k, share of bin k in the fragment law, relative to the whole grid."""
    inverse: FloatArray
    """1 / B_l, B_l = b_sub + sum of b_k, k <= l."""
    subgrid: float
    """b_sub, share of fragments below the grid."""


class Pairs(NamedTuple):
    """Collision outcomes of one cell (leading axis c in the stack); packed o = j (j+1)/2 + i.

    Body i is the smaller, j the larger or equal one. For i < `near[j]` the remnant stays in bin j
    and trades mass with bin `partner[j]`; for the others it is shared by bins `base` and `base`+1.
    """

    rate: FloatArray
    """(k, k) K_ij / (1 + delta_ij) [m^2 s^-1]; square, so that both bodies find it in a row."""
    excavated: FloatArray
    """(k, k) rate times the mass of all fragments [kg m^2 s^-1]."""
    deposit: FloatArray
    """(o, 4) rate times the mass of: the remnant to bin `base`, fragments from there down, the
    remnant to bin `base` + 1, fragments from there down."""
    base: IntArray
    near: IntArray
    lasting: IntArray
    """Bodies i are near for every j >= `lasting[i]` > i."""
    partner: IntArray
    keep: FloatArray
    """m_j / (m_j - m_partner): mass that leaves bin j per net mass lost."""
    give: FloatArray
    """m_partner / (m_j - m_partner)."""


class Cells(NamedTuple):
    """Constants of each cell (c,)."""

    radius: FloatArray
    area: FloatArray
    omega: FloatArray
    t_blow: FloatArray
    grain_factor: FloatArray
    """T_grain / T_M for sublimation."""
    phase_factor: FloatArray
    """Temperature seen by the phase model over T_M."""
    breaks: FloatArray
    """(c, b) times [s] that a step must not cross, increasing, padded with infinity."""
    constant_rate: FloatArray
    """(segment, c) supply rate of constant segments [kg m^-2 s^-1]."""
    table_rate: FloatArray
    """(knot, c) supply rate at the knots of all tables."""


class Heat(NamedTuple):
    """Surface temperature of Mars."""

    mode: int
    initial: float
    cooling: float
    time: FloatArray
    value: FloatArray


class Light(NamedTuple):
    """Radiation pressure."""

    coefficient: float
    """2 C(T) / T^4 with beta = C Q / s: blow-out where coefficient T^4 Q > s."""
    size: FloatArray
    temperature: FloatArray
    qpr: FloatArray


class PhaseLaw(NamedTuple):
    """Share of vapour or melt."""

    mode: int
    """0 off, 1 ramp, 2 map."""
    t_condense: float
    t_vaporize: float
    divisor: float
    tau_ref: float
    temperature: FloatArray
    tau: FloatArray
    fraction: FloatArray


class VapourLaw(NamedTuple):
    """Sublimation of grains."""

    mode: int
    """0 off, 1 Hertz-Knudsen-Langmuir, 2 exponential."""
    law: FloatArray
    """alpha sqrt(mu / 2 pi R), gas pressure, A, B, A_liq, B_liq, T_liq, T_on, width, A_hot, B_hot.

    A, B hold below a vapour table, A_hot, B_hot above it.
    """
    temperature: FloatArray
    log10: FloatArray
    """Cubic coefficients (4, segment) of log10 P_sat on `temperature`."""


class Scaling(NamedTuple):
    """Dependence of supply on temperature."""

    mode: int
    law: FloatArray
    """reference, exponent, amplitude, floor, cap."""
    temperature: FloatArray
    value: FloatArray


class Segments(NamedTuple):
    """Supply over time, piece by piece."""

    kind: IntArray
    law: FloatArray
    """(segment, 5): start, end, amplitude, t0, index."""
    knot_start: IntArray
    """(segment + 1,) offsets into `knot_time`."""
    knot_time: FloatArray


class Drive(NamedTuple):
    """Laws of the planet, of supply and of sinks; identical for all cells.

    Functions take the part they need: every array that a call passes is compiled as seven values.
    """

    heat: Heat
    light: Light
    phase: PhaseLaw
    vapour: VapourLaw
    segments: Segments
    scaling: Scaling
    blowout: int
    """0 off, 1 fractional coverage, 2 whole bins by their lower edge."""
    blowout_solid_only: int
    skin: int
    tau_gate: float
    los_factor: float
    liquid_sublimates: int
    density: float
    supply: int
    injection: FloatArray
    """(k,) mass shares of supplied matter."""
    deep_rate: FloatArray
    """(c,) 1 / t_mix of the deep reservoir [s^-1]; 0 supplies the surface directly."""
    taper: float
    """Reservoir fraction below which supply tapers; 0 stops at once."""
    feedback: int
    feedback_law: FloatArray
    """target, gain / response time, lowest, highest."""
    drag: FloatArray
    """(k,) gas drag rate [s^-1]."""
    escape: FloatArray
    """rate, power, reference temperature, floor."""
    collisions: int


class Controls(NamedTuple):
    """Numerical choices."""

    rtol: float
    atol: float
    max_step: float
    max_steps: int
    tau_stop: float
    energy: int
    f_ke_cratering: float
    f_ke_fragmentation: float


class Flow(NamedTuple):
    """Linear rates at one time in one cell."""

    leave: FloatArray
    """(k,) total rate at which mass leaves bin k, other than by collisions [s^-1]."""
    down: FloatArray
    """(k,) part of it that arrives in bin k - 1."""
    channel: FloatArray
    """(4, k) part of it that leaves the disk: blow-out, sublimation, drag, escape."""
    source: FloatArray
    """(1,) supply rate [kg m^-2 s^-1]."""
    colliding: FloatArray
    """(1,) 1 while bodies collide, 0 while melt dominates."""
    drivers: FloatArray
    """(3,) what they come from: temperature of Mars [K], ln of the largest radius [m] with
    beta = 1/2 (-inf if none), ds/dt of grains [m s^-1]."""


class Trial(NamedTuple):
    """Outcome of one attempted step."""

    mass: FloatArray
    """(k,) new mass."""
    increment: FloatArray
    """(8,) five loss channels, supplied, deep reservoir, defect [kg m^-2]."""


class Gathered(NamedTuple):
    """Outcomes of collisions, summed before they are spread over the bins."""

    far: FloatArray
    """(k, 4) sums over pairs of what `Pairs.deposit` holds, by `base`."""
    fragments: FloatArray
    """(k,) fragments of bodies whose remnant stays in bin k."""
    traded: FloatArray
    """(k,) what bins hand to their partners."""


class Work(NamedTuple):
    """Scratch of one cell."""

    jacobian: FloatArray
    """(n, n + 1), transposed; also the flow matrix of positive schemes."""
    second: FloatArray
    """(n, n + 1) flow matrix at the end of a step."""
    matrix: FloatArray
    """(n, n) of the linear system."""
    pivots: IntArray
    stages: FloatArray
    """(4, n)."""
    sums: FloatArray
    """(4, 8) stages of the quantities in `Trial.increment`."""
    point: FloatArray
    number: FloatArray
    rate: FloatArray
    """(n + 1,)."""
    gathered: Gathered
    excess: FloatArray
    diagonal: FloatArray
    outflow: FloatArray
    """(n,) rate of all losses from the disk, by mass of each bin."""


class Scratch(NamedTuple):
    """Everything that steps of one cell write on the way."""

    now: Flow
    later: Flow
    slope: Flow
    """Time derivative of `now`; the mean of both in MPRK22."""
    gates: FloatArray
    """(5,) factors on blow-out, vapour, escape, supply, collisions."""
    work: Work
    trial: Trial


def new_gathered(n: int) -> Gathered:
    """Return a record for `n` bins."""
    return Gathered(np.zeros((n, 4)), np.zeros(n), np.zeros(n))


def new_flow(n: int) -> Flow:
    """Return a record for `n` bins."""
    return Flow(np.zeros(n), np.zeros(n), np.zeros((4, n)), np.zeros(1), np.zeros(1), np.zeros(3))


def new_scratch(n: int) -> Scratch:
    """Return scratch for one thread and `n` bins."""
    work = Work(
        jacobian=np.zeros((n, n + 1)),
        second=np.zeros((n, n + 1)),
        matrix=np.zeros((n, n)),
        pivots=np.zeros(n, np.int64),
        stages=np.zeros((4, n)),
        sums=np.zeros((4, 8)),
        point=np.zeros(n),
        number=np.zeros(n),
        rate=np.zeros(n + 1),
        gathered=new_gathered(n),
        excess=np.zeros(n),
        diagonal=np.zeros(n),
        outflow=np.zeros(n),
    )
    trial = Trial(np.zeros(n), np.zeros(8))
    return Scratch(new_flow(n), new_flow(n), new_flow(n), np.zeros(5), work, trial)


class State(NamedTuple):
    """Everything that changes, per cell; the content of a checkpoint."""

    mass: FloatArray
    """(c, k) [kg m^-2]."""
    deep: FloatArray
    supplied: FloatArray
    transported: FloatArray
    lost: FloatArray
    """(c, channel) cumulative [kg m^-2]."""
    carry: FloatArray
    """(c, channel + 1) compensation of the running sums of `lost` and `supplied`."""
    defect: FloatArray
    """Mass that a non-conservative scheme made (or lost, negative)."""
    step: FloatArray
    eccentricity: FloatArray
    inclination: FloatArray
    feedback: FloatArray
    reservoir: FloatArray
    """(c, 2) supply left and at the start [kg m^-2]; infinity without a reservoir."""
    counts: IntArray
    """(c, 3) accepted steps, rejected steps, positive fallback steps."""
    active: BoolArray
    stop: FloatArray
    """(c, 2) time and optical depth at which the cell was frozen."""
    energy: FloatArray
    """(c, 5) relative, dissipated, retained [J m^-2]; cratering, fragmentation [m^-2]."""
