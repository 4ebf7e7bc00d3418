"""The supply of mass from outside, in SI units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.errors import TableError
from marsdisk.parameters import (
    BlendRule,
    BlendWeight,
    Depletion,
    Injection,
    Supply,
    SupplyKind,
    SupplySegment,
    TemperatureScaling,
    VelocityBlend,
)
from marsdisk.physics.constants import DAY, MARS_MASS, MARS_RADIUS, YEAR
from marsdisk.tables import read_columns, require_ascending, require_rectangle

if TYPE_CHECKING:
    from marsdisk.config.forcing import (
        ConstantSupplySection,
        PieceConstantSection,
        PowerlawSupplySection,
        SupplySection,
        SupplyTableSection,
        SupplyTemperatureSection,
    )
    from marsdisk.typing import FloatArray

__all__ = ["supply"]


def supply(section: SupplySection) -> Supply:
    """Return the supply of `section`.

    Raises
    ------
    TableError
        If a table cannot be used.
    """
    const, feedback, reservoir = section.const, section.feedback, section.reservoir
    steady = section.mode == "const"
    injection, velocity = section.injection, section.injection.velocity
    fill = const.auto_from_tau1_tfill_years
    mass = reservoir.mass_total_Mmars
    scaling, knots, values = _temperature_scaling(section.temperature)
    deep = section.transport.mode == "deep_mixing"
    return Supply(
        enabled=section.enabled,
        segments=_segments(section),
        mixing=section.mixing.epsilon_mix,
        mu_orbit=const.mu_orbit10pct if steady else None,
        mu_tau=const.mu_reference_tau,
        mu_fraction=const.orbit_fraction_at_mu1,
        fill_time=fill * YEAR if steady and fill is not None else None,
        injection=Injection(injection.mode),
        s_inject_min=injection.s_inj_min,
        s_inject_max=injection.s_inj_max,
        injection_slope=injection.q,
        deep_mixing_orbits=section.transport.t_mix_orbits if deep else None,
        reservoir_mass=mass * MARS_MASS if reservoir.enabled and mass is not None else None,
        depletion=Depletion(reservoir.depletion_mode),
        taper_fraction=reservoir.taper_fraction,
        feedback=feedback.enabled,
        feedback_tau=feedback.target_tau,
        feedback_gain=feedback.gain,
        feedback_time=feedback.response_time_years * YEAR,
        feedback_min=feedback.min_scale,
        feedback_max=feedback.max_scale,
        feedback_initial=feedback.initial_scale,
        scaling=scaling,
        scaling_reference=section.temperature.reference_K,
        scaling_exponent=section.temperature.exponent,
        scaling_amplitude=section.temperature.scale_at_reference,
        scaling_floor=section.temperature.floor,
        scaling_cap=section.temperature.cap,
        scaling_temperature=knots,
        scaling_value=values,
        velocity=VelocityBlend(velocity.mode),
        e_inject=velocity.e_inj or 0.0,
        i_inject=velocity.i_inj or 0.0,
        velocity_factor=1.0 if velocity.vrel_factor is None else velocity.vrel_factor,
        blend_rule=BlendRule(velocity.blend_mode),
        blend_weight=BlendWeight(velocity.weight_mode),
    )


def _segments(section: SupplySection) -> tuple[SupplySegment, ...]:
    if not section.enabled:
        return ()
    if section.mode != "piecewise":
        law = (section.const, section.powerlaw, section.table)
        return (_segment(section.mode, *law, span=(0.0, math.inf)),)
    return tuple(
        _segment(p.mode, p.const, p.powerlaw, p.table, span=(p.t_start_s, p.t_end_s))
        for p in section.piecewise
    )


def _segment(
    mode: str,
    const: ConstantSupplySection | PieceConstantSection,
    powerlaw: PowerlawSupplySection,
    table: SupplyTableSection,
    *,
    span: tuple[float, float],
) -> SupplySegment:
    if mode == "powerlaw":
        return SupplySegment(
            SupplyKind.POWER_LAW,
            *span,
            amplitude=powerlaw.A_kg_m2_s or 0.0,
            t0=powerlaw.t0_s,
            index=powerlaw.index,
        )
    if mode == "table":
        times, rates, radii = _rate_table(table)
        return SupplySegment(
            SupplyKind.TABLE, *span, table_time=times, table_rate=rates, table_radius=radii
        )
    return SupplySegment(SupplyKind.CONSTANT, *span, rate=const.prod_area_rate_kg_m2_s)


def _rate_table(table: SupplyTableSection) -> tuple[FloatArray, FloatArray, FloatArray]:
    path = table.path or ""
    units = {"t": table.time_unit, "rate": "", "r_RM": "", "r_m": "m"}
    columns = read_columns(path, units, optional=("r_RM", "r_m"))
    if columns["rate"].min() < 0.0:
        raise TableError(path, "rate must be >= 0", "mend those rows")
    times = columns["t"] * {"s": 1.0, "day": DAY, "yr": YEAR}[table.time_unit]
    radii = columns.get("r_m", columns.get("r_RM", np.empty(0)) * MARS_RADIUS)
    if radii.size:
        times, radii, rates = require_rectangle(path, times, radii, columns["rate"])
        return times, rates, radii
    require_ascending(path, "t", times)
    return times, columns["rate"], np.empty(0)


def _temperature_scaling(
    section: SupplyTemperatureSection,
) -> tuple[TemperatureScaling, FloatArray, FloatArray]:
    if not section.enabled:
        return TemperatureScaling.OFF, np.empty(0), np.empty(0)
    if section.mode == "scale":
        return TemperatureScaling.POWER_LAW, np.empty(0), np.empty(0)
    table = section.table
    path = table.path or ""
    columns = read_columns(path, {table.column_temperature: "K", table.column_value: ""})
    knots, values = columns[table.column_temperature], columns[table.column_value]
    require_ascending(path, table.column_temperature, knots)
    kind = {"scale": TemperatureScaling.TABLE_SCALE, "rate": TemperatureScaling.TABLE_RATE}
    return kind[table.value_kind], knots, values
