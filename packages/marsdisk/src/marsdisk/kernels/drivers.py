"""What acts on a cell at a time: temperature, phase, blow-out, vapour and supply.

Scalar twins of the formulas in `marsdisk.physics`, where symbols, ranges and sources are given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from marsdisk.kernels._jit import jit

if TYPE_CHECKING:
    from marsdisk.kernels.records import (
        Cells,
        Drive,
        Flow,
        Grid,
        Heat,
        Light,
        PhaseLaw,
        Scaling,
        Segments,
        VapourLaw,
    )
    from marsdisk.typing import FloatArray

__all__ = [
    "blowout_coverage",
    "linear_rates",
    "mars_temperature",
    "phase_fraction",
    "reservoir_factor",
    "saturation_pressure",
    "set_gates",
    "supply_rate",
    "vapour_flux",
]

CONSTANT, SLAB, LINEAR, TABLE = 0, 1, 2, 3
LIQUID_DOMINATED, VAPOUR = 0.95, 0.5
EDGE = 1e-12
"""Relative distance kept from a break, so that each step sees one side of it only."""


@jit
def _bracket(x: float, knots: FloatArray) -> tuple[int, float]:
    """Lower knot and weight of the upper one, ends held."""
    last = knots.size - 1
    if last == 0 or x <= knots[0]:
        return 0, 0.0
    if x >= knots[last]:
        return last - 1, 1.0
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if knots[middle] <= x:
            low = middle
        else:
            high = middle
    return low, (x - knots[low]) / (knots[high] - knots[low])


@jit
def _interpolate(x: float, knots: FloatArray, values: FloatArray) -> float:
    """Linear interpolation, end values held."""
    k, weight = _bracket(x, knots)
    return float(values[k] + (weight * (values[k + 1] - values[k]) if knots.size > 1 else 0.0))


@jit
def mars_temperature(time: float, heat: Heat) -> float:
    """Surface temperature of Mars [K]."""
    if heat.mode == CONSTANT:
        return heat.initial
    if heat.mode == SLAB:
        return float((heat.initial**-3 + heat.cooling * time) ** (-1.0 / 3.0))
    if heat.mode == LINEAR:
        return max(heat.initial - heat.cooling * time, 0.0)
    return _interpolate(time, heat.time, heat.value)


@jit
def phase_fraction(temperature: float, tau: float, law: PhaseLaw) -> float:
    """Share of vapour or melt, 0 to 1."""
    if law.mode == 0:
        return 0.0
    if law.mode == 2:
        i, u = _bracket(temperature, law.temperature)
        j, v = _bracket(tau, law.tau)
        di = 1 if law.temperature.size > 1 else 0
        dj = 1 if law.tau.size > 1 else 0
        low = law.fraction[i, j] * (1.0 - v) + law.fraction[i, j + dj] * v
        high = law.fraction[i + di, j] * (1.0 - v) + law.fraction[i + di, j + dj] * v
        return float(low * (1.0 - u) + high * u)
    if temperature <= law.t_condense:
        return 0.0
    if temperature >= law.t_vaporize:
        return 1.0
    ramp = (temperature - law.t_condense) / (law.t_vaporize - law.t_condense)
    return ramp / (law.divisor * (1.0 + tau / law.tau_ref))


@jit
def saturation_pressure(temperature: float, vapour: VapourLaw) -> float:
    """Saturation vapour pressure [Pa]."""
    law = vapour.law
    if temperature >= law[6]:
        return float(10.0 ** (law[4] - law[5] / temperature))
    knots = vapour.temperature
    last = knots.size - 1
    if last > 0 and knots[0] <= temperature <= knots[last]:
        k, _ = _bracket(temperature, knots)
        x = temperature - knots[k]
        c = vapour.log10
        return float(10.0 ** (((c[0, k] * x + c[1, k]) * x + c[2, k]) * x + c[3, k]))
    if last > 0 and temperature > knots[last]:
        return float(10.0 ** (law[9] - law[10] / temperature))
    return float(10.0 ** (law[2] - law[3] / temperature))


@jit
def vapour_flux(temperature: float, vapour: VapourLaw) -> float:
    """Mass flux of sublimation from a grain surface [kg m^-2 s^-1]."""
    law = vapour.law
    if vapour.mode == 0 or temperature <= 0.0:
        return 0.0
    if vapour.mode == 2:
        return math.exp((temperature - law[7]) / max(law[8], 1.0))
    excess = max(saturation_pressure(temperature, vapour) - law[1], 0.0)
    return float(law[0] * excess / math.sqrt(temperature))


@jit
def _add_interval(low: float, high: float, log_edges: FloatArray, out: FloatArray) -> None:
    """Add to `out` the share of each bin that lies in [low, high], sizes as logarithms."""
    for k in range(out.size):
        start = max(low, log_edges[k])
        end = min(high, log_edges[k + 1])
        if end > start:
            out[k] += (end - start) / (log_edges[k + 1] - log_edges[k])


@jit
def _crossing(x: float, width: float, q0: float, q1: float, scale: float) -> float:
    """Root ln s in [x, x + width] of scale Q = s, Q linear in ln s; Newton kept in brackets."""
    low, high = 0.0, 1.0
    rising = scale * q0 < math.exp(x)
    u = 0.5
    for _ in range(80):
        size = math.exp(x + u * width)
        value = scale * (q0 + u * (q1 - q0)) - size
        if (value < 0.0) == rising:
            low = u
        else:
            high = u
        slope = scale * (q1 - q0) - size * width
        step = u - value / slope if slope != 0.0 else 0.5 * (low + high)
        if not (low < step < high):
            step = 0.5 * (low + high)
        if abs(step - u) <= 1e-15:
            break
        u = step
    return x + u * width


@jit
def _peak(low: float, high: float, q0: float, q1: float, scale: float) -> float:
    """Size between two others, beyond both of which beta is below 1/2, at which it is not.

    With Q linear in ln s, scale Q - s is concave there and may still rise above zero: this is
    where it is largest. Returns 0 if it stays below.
    """
    # Its second derivative in ln s is -s, so it rises above its ends by no more than this.
    room = 0.125 * high * (high / low - 1.0) ** 2
    if q1 <= q0 or max(scale * q0 - low, scale * q1 - high) < -room:
        return 0.0
    slope = (q1 - q0) / (math.log(high) - math.log(low))
    size = scale * slope
    if not low < size < high:
        return 0.0
    return size if scale * (q0 + slope * (math.log(size) - math.log(low))) > size else 0.0


@jit
def blowout_coverage(
    temperature: float, light: Light, log_edges: FloatArray, out: FloatArray
) -> float:
    """Write the share of each bin with beta >= 1/2 to `out`; return the largest such ln size.

    Every root is found: beta need not fall with size. Q_pr is linear in temperature and in ln s.
    Returns -inf if no grain of any size is blown out.
    """
    out[:] = 0.0
    size = light.size
    scale = light.coefficient * temperature**4
    i, weight = _bracket(temperature, light.temperature)
    upper = i + 1 if light.temperature.size > 1 else i
    q0 = light.qpr[i, 0] * (1.0 - weight) + light.qpr[upper, 0] * weight
    start = -math.inf
    largest = -math.inf
    inside = scale * q0 > size[0]
    if not inside and scale * q0 > 0.0:
        # Q_pr is held below its table, so every smaller grain is blown out again.
        largest = math.log(scale * q0)
        _add_interval(start, largest, log_edges, out)
    for k in range(size.size - 1):
        q1 = light.qpr[i, k + 1] * (1.0 - weight) + light.qpr[upper, k + 1] * weight
        unbound = scale * q1 > size[k + 1]
        peak = 0.0 if inside or unbound else _peak(size[k], size[k + 1], q0, q1, scale)
        if peak > 0.0 or unbound != inside:
            x, end = math.log(size[k]), math.log(size[k + 1])
            slope = (q1 - q0) / (end - x)
            # Cut at the peak no part holds two roots.
            middle = math.log(peak) if peak > 0.0 else end
            for _ in range(2 if peak > 0.0 else 1):
                upper_q = q1 if middle == end else q0 + slope * (middle - x)
                root = _crossing(x, middle - x, q0, upper_q, scale)
                if inside:
                    _add_interval(start, root, log_edges, out)
                    largest = root
                start = root
                inside = not inside
                x, q0, middle = middle, upper_q, end
        q0 = q1
    if inside:
        largest = math.log(scale * q0)
        _add_interval(start, largest, log_edges, out)
    return largest


@jit
def reservoir_factor(left: float, initial: float, taper: float) -> float:
    """Factor on supply while its reservoir runs out."""
    if left <= 0.0:
        return 0.0
    if taper > 0.0 and math.isfinite(initial):
        return min(1.0, left / (initial * taper))
    return 1.0


@jit
def _scaled_supply(rate: float, temperature: float, scaling: Scaling) -> float:
    law = scaling.law
    if scaling.mode == 1:
        factor = law[2] * (temperature / law[0]) ** law[1]
        return float(rate * min(max(factor, law[3]), law[4]))
    if scaling.mode == 2:
        factor = _interpolate(temperature, scaling.temperature, scaling.value)
        return float(rate * min(max(factor, law[3]), law[4]))
    if scaling.mode == 3:
        return _interpolate(temperature, scaling.temperature, scaling.value)
    return rate


@jit
def supply_rate(
    cell: int,
    time: float,
    temperature: float,
    cells: Cells,
    segments: Segments,
    scaling: Scaling,
) -> float:
    """Supply offered to a cell [kg m^-2 s^-1], before feedback and reservoir."""
    for g in range(segments.kind.size):
        law = segments.law[g]
        if not (law[0] <= time < law[1]):
            continue
        rate = 0.0
        if segments.kind[g] == 0:
            rate = cells.constant_rate[g, cell]
        elif segments.kind[g] == 1:
            if time >= law[3]:
                rate = law[2] * ((time - law[3]) + 1e-12) ** law[4]
        else:
            first, end = segments.knot_start[g], segments.knot_start[g + 1]
            k, weight = _bracket(time, segments.knot_time[first:end])
            upper = k + 1 if end - first > 1 else k
            low = cells.table_rate[first + k, cell]
            rate = low + weight * (cells.table_rate[first + upper, cell] - low)
        return max(_scaled_supply(rate, temperature, scaling), 0.0)
    return 0.0


@jit
def set_gates(
    cell: int,
    time: float,
    tau: float,
    feedback: FloatArray,
    reservoir: FloatArray,
    cells: Cells,
    drive: Drive,
    gates: FloatArray,
) -> bool:
    """Fill the factors on the linear rates; return whether the cell is solid."""
    temperature = mars_temperature(time * (1.0 + EDGE), drive.heat)
    fraction = phase_fraction(temperature * cells.phase_factor[cell], tau, drive.phase)
    vapour = fraction >= VAPOUR
    liquid = fraction >= LIQUID_DOMINATED
    for g in range(gates.size):
        gates[g] = 0.0
    if vapour and drive.escape[0] > 0.0:
        gates[2] = drive.escape[0] * max(fraction, drive.escape[3])
    elif drive.blowout > 0 and tau < drive.tau_gate and not (vapour and drive.blowout_solid_only):
        vertical = tau / drive.los_factor
        gates[0] = 1.0 / vertical if drive.skin and vertical > 1.0 else 1.0
    if not liquid or drive.liquid_sublimates:
        gates[1] = 1.0
    if drive.supply and not vapour and not liquid:
        gates[3] = feedback[cell] * reservoir_factor(
            reservoir[cell, 0], reservoir[cell, 1], drive.taper
        )
    if drive.collisions and not liquid:
        gates[4] = 1.0
    return not vapour


@jit
def linear_rates(
    cell: int,
    time: float,
    grid: Grid,
    cells: Cells,
    drive: Drive,
    gates: FloatArray,
    flow: Flow,
) -> None:
    """Fill `flow` for `time`; `gates` = factors on blow-out, vapour, escape, supply, collisions.

    Grains shrink by ds/dt = -J/rho: they hop one bin down at the rate that gives the exact mass
    loss of the bin, and the mass difference of the two bins leaves as vapour.
    """
    n = grid.mass.size
    temperature = mars_temperature(time, drive.heat)
    channel = flow.channel
    largest = blowout_coverage(temperature, drive.light, grid.log_edges, channel[0])
    for k in range(n):
        if drive.blowout == 2:
            # A bin counts as a whole once its lower edge is below the limit.
            channel[0, k] = 1.0 if channel[0, k] > 0.0 else 0.0
        channel[0, k] *= gates[0] / cells.t_blow[cell]
    shrink = 0.0
    if gates[1] > 0.0:
        shrink = vapour_flux(temperature * cells.grain_factor[cell], drive.vapour) / drive.density
    escape = 0.0
    if gates[2] > 0.0:
        escape = gates[2] * (temperature / drive.escape[2]) ** drive.escape[1]
    for k in range(n):
        below = grid.mass[k - 1] if k > 0 else 0.0
        hop = 3.0 * shrink / grid.size[k] * grid.mass[k] / (grid.mass[k] - below)
        flow.down[k] = hop * below / grid.mass[k]
        channel[1, k] = hop * (grid.mass[k] - below) / grid.mass[k]
        channel[2, k] = drive.drag[k]
        channel[3, k] = escape
        flow.leave[k] = flow.down[k] + channel[0, k] + channel[1, k] + channel[2, k] + escape
    flow.drivers[0], flow.drivers[1], flow.drivers[2] = temperature, largest, -shrink
    flow.colliding[0] = gates[4]
    flow.source[0] = 0.0
    if gates[3] > 0.0:
        flow.source[0] = gates[3] * supply_rate(
            cell, time, temperature, cells, drive.segments, drive.scaling
        )
