"""What the planet does to the disk, in SI units: temperature, light, phases and sublimation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.errors import TableError
from marsdisk.parameters import (
    BlowOut,
    Coverage,
    Drivers,
    GrainDilution,
    Phase,
    Radiation,
    Sublimation,
    Temperature,
    TemperatureMode,
    VapourModel,
)
from marsdisk.physics.constants import DAY, YEAR
from marsdisk.tables import (
    QprTable,
    cached_table,
    read_columns,
    read_table,
    require_ascending,
    require_rectangle,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.config.forcing import (
        PhaseSection,
        RadiationSection,
        ShieldingSection,
        SinksSection,
        TemperatureDriverSection,
    )
    from marsdisk.config.root import Config
    from marsdisk.typing import FloatArray

__all__ = ["drivers", "qpr_table"]

HYODO_DAYS = 717.0
"""Days to cool by 3000 K from 4000 K for a layer of 100 km (Hyodo et al. 2018, Eq. 6)."""


def drivers(config: Config, on_progress: Callable[[int, int], None] | None = None) -> Drivers:
    """Return the drivers of `config`.

    Parameters
    ----------
    config : Config
        A valid configuration.
    on_progress : callable, optional
        Called with finished and total steps while a Q_pr table is computed.

    Raises
    ------
    ConfigurationError, TableError
        If a table or a material cannot be used.
    """
    return Drivers(
        temperature=_temperature(config.radiation),
        radiation=_radiation(config, on_progress),
        blow_out=_blow_out(config),
        phase=_phase(config.phase, config.radiation, config.sinks),
        sublimation=_sublimation(config),
    )


def _temperature(radiation: RadiationSection) -> Temperature:
    driver, start = radiation.mars_temperature_driver, radiation.TM_K
    if driver.mode == "slab":
        slab = driver.slab
        return Temperature(
            TemperatureMode.SLAB,
            start,
            layer_depth=slab.d_layer_m,
            layer_density=slab.rho,
            heat_capacity=slab.cp,
        )
    if driver.mode == "hyodo":
        days = HYODO_DAYS * (driver.slab.d_layer_m / 1e5) * (start / 3000.0) * (start / 4000.0)
        return Temperature(TemperatureMode.LINEAR, start, rate=start / (days * DAY))
    if driver.mode == "table":
        times, values = _temperature_table(driver)
        return Temperature(
            TemperatureMode.TABLE, float(values[0]), table_time=times, table_value=values
        )
    return Temperature(TemperatureMode.CONSTANT, start)


def _temperature_table(driver: TemperatureDriverSection) -> tuple[FloatArray, FloatArray]:
    table = driver.table
    path = table.path or ""
    seconds = {"s": 1.0, "day": DAY, "yr": YEAR}
    columns = read_columns(
        path, {table.column_time: table.time_unit, table.column_temperature: "K"}
    )
    times = columns[table.column_time] * seconds[table.time_unit]
    values = columns[table.column_temperature]
    require_ascending(path, table.column_time, times)
    if values.min() < 1000.0 or values.max() > 6500.0:
        worst = values.min() if values.min() < 1000.0 else values.max()
        raise TableError(path, f"temperature {worst:g} K", "allowed: 1000 to 6500 K")
    return times, values


def qpr_table(
    radiation: RadiationSection, on_progress: Callable[[int, int], None] | None = None
) -> QprTable:
    """Return the Q_pr table that `radiation` asks for; a constant is a table of one entry."""
    if radiation.optics == "constant":
        value = np.array([[radiation.Q_pr or 1.0]])
        source = {"source": f"constant Q_pr = {radiation.Q_pr}"}
        return QprTable(np.array([3000.0]), np.array([1e-6]), value, source)
    if radiation.optics == "table":
        return read_table(Path(radiation.qpr_table_path or ""))
    location = (
        radiation.nk_path if radiation.optics == "nk_file" else radiation.refractiveindex_page
    )
    return cached_table(radiation.optics, location, on_progress)


def _radiation(config: Config, on_progress: Callable[[int, int], None] | None) -> Radiation:
    radiation = config.radiation
    table = qpr_table(radiation, on_progress)
    if radiation.qpr_outside == "error" and radiation.optics != "constant":
        low, high = table.sizes[0], table.sizes[-1]
        if config.sizes.s_min < low or config.sizes.s_max > high:
            raise TableError(
                radiation.qpr_table_path or radiation.optics,
                f"covers {low:g} to {high:g} m, not the grid",
                "change sizes.s_min, sizes.s_max or set radiation.qpr_outside to extend",
            )
    table = _with_rayleigh_tail(table, config.sizes.s_min)
    tau, phi = _shielding(config.shielding)
    los = config.shielding.los_geometry
    factor = max(1.0, los.path_multiplier / los.h_over_r)
    return Radiation(
        qpr_sizes=table.sizes,
        qpr_temperatures=table.temperatures,
        qpr=table.qpr,
        shielding_tau=tau,
        shielding_phi=phi,
        los_factor=factor if los.mode == "aspect_ratio_factor" else 1.0,
        tau_gate=radiation.tau_gate.tau_max if radiation.tau_gate.enable else None,
    )


def _with_rayleigh_tail(table: QprTable, s_min: float) -> QprTable:
    """Continue a table below its first size with Q_pr ~ s, the limit of absorbing small grains."""
    first = table.sizes[0]
    if table.sizes.size == 1 or s_min >= first:
        return table
    tail = np.geomspace(s_min, first, max(2, math.ceil(40 * math.log10(first / s_min)) + 1))[:-1]
    qpr = np.concatenate((table.qpr[:, :1] * (tail / first), table.qpr), axis=1)
    sizes = np.concatenate((tail, table.sizes))
    return QprTable(table.temperatures, sizes, np.ascontiguousarray(qpr), table.provenance)


def _shielding(shielding: ShieldingSection) -> tuple[FloatArray, FloatArray]:
    if shielding.mode == "off":
        return np.empty(0), np.empty(0)
    if shielding.phi_table is not None:
        tau, phi = np.array(shielding.phi_table, dtype=np.float64).T
        return np.ascontiguousarray(tau), np.ascontiguousarray(phi)
    path = shielding.table_path or ""
    columns = read_columns(path, {"tau": "", "phi": ""})
    require_ascending(path, "tau", columns["tau"])
    if columns["tau"][0] < 0.0 or columns["phi"].min() < 0.0 or columns["phi"].max() > 1.0:
        raise TableError(path, "tau must be >= 0 and phi between 0 and 1", "mend those rows")
    return columns["tau"], columns["phi"]


def _phase(phase: PhaseSection, radiation: RadiationSection, sinks: SinksSection) -> Phase:
    limits = phase.thresholds
    pressure = sinks.sub_params.P_gas / 1e5
    fields = {}
    if phase.enabled and phase.source == "map":
        columns = read_columns(phase.map_path or "", {"T_K": "K", "tau": "", "f_vap": ""})
        axes = require_rectangle(phase.map_path or "", *columns.values())
        if axes[2].min() < 0.0 or axes[2].max() > 1.0:
            raise TableError(phase.map_path or "", "f_vap must lie in 0 to 1", "mend those rows")
        fields = dict(zip(("map_temperatures", "map_taus", "map_fraction"), axes, strict=True))
    return Phase(
        enabled=phase.enabled,
        t_condense=limits.T_condense_K,
        t_vaporize=limits.T_vaporize_K,
        pressure_ratio=pressure / limits.P_ref_bar if limits.P_ref_bar else 0.0,
        tau_ref=limits.tau_ref,
        use_grain_temperature=phase.temperature_input == "particle",
        q_abs=radiation.q_abs if phase.q_abs_mean is None else phase.q_abs_mean,
        allow_liquid_sublimation=phase.allow_liquid_hkl,
        **fields,
    )


def _sublimation(config: Config) -> Sublimation:
    params, radiation = config.sinks.sub_params, config.radiation
    fields = {}
    if params.psat_model == "table":
        path = params.psat_table_path or ""
        columns = read_columns(path, {"T_K": "K", "log10P_Pa": ""})
        require_ascending(path, "T_K", columns["T_K"])
        fields = {
            "table_temperature": columns["T_K"],
            "table_log10_pressure": columns["log10P_Pa"],
        }
    return Sublimation(
        enabled=config.sinks.mode == "sublimation" and config.physics_mode != "collisions_only",
        model=VapourModel(params.mode),
        q_abs=radiation.q_abs,
        dilution=GrainDilution(radiation.dilution),
        alpha=params.alpha_evap,
        molar_mass=params.mu,
        a_solid=params.A,
        b_solid=params.B,
        t_liquid=params.psat_liquid_switch_K if params.enable_liquid_branch else None,
        a_liquid=params.A_liq,
        b_liquid=params.B_liq,
        gas_pressure=params.P_gas,
        t_onset=params.T_sub,
        t_width=params.dT,
        fit_window=params.local_fit_window_K,
        **fields,
    )


def _blow_out(config: Config) -> BlowOut:
    blowout = config.blowout
    return BlowOut(
        enabled=blowout.enabled and config.physics_mode != "sublimation_only",
        chi=None if config.chi_blow == "auto" else float(config.chi_blow),
        solid_only=blowout.target_phase == "solid_only",
        coverage=Coverage(blowout.coverage),
        skin=blowout.layer == "surface_tau_le_1",
    )
