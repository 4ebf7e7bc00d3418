"""Turn a configuration into the problem that the core solves: SI units, arrays, effective values.

This is the only place where units of the input files are converted and users' tables are read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.config.drivers import drivers
from marsdisk.config.output_times import end_of_run, output_times
from marsdisk.config.supply import supply
from marsdisk.errors import TableError
from marsdisk.parameters import (
    Cohesion,
    Collisions,
    Disk,
    Distribution,
    DragLaw,
    Eccentricity,
    GridLower,
    InitialState,
    Integrator,
    KernelEccentricity,
    Numerics,
    Parameters,
    RelativeVelocity,
    RemnantDeposit,
    Sampling,
    ScaleHeight,
    Sinks,
    SizeGrid,
    Strength,
    StrengthUnits,
    Temperature,
)
from marsdisk.parameters import Execution as CoreExecution
from marsdisk.physics.constants import MARS_MASS, MARS_RADIUS, YEAR
from marsdisk.physics.strength import BENZ_ASPHAUG_BASALT, PUBLISHED_BASALT
from marsdisk.tables import (
    read_columns,
    require_ascending,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.config.disk import DynamicsSection, QstarSection
    from marsdisk.config.root import Config
    from marsdisk.environment import Execution
    from marsdisk.typing import FloatArray

__all__ = ["parameters"]


def parameters(
    config: Config,
    execution: Execution,
    on_table_progress: Callable[[int, int], None] | None = None,
) -> Parameters:
    """Return the problem of `config` in SI units.

    Parameters
    ----------
    config : Config
        A valid configuration.
    execution : Execution
        Threads and cache of this process.
    on_table_progress : callable, optional
        Called with finished and total steps while a Q_pr table is computed.

    Returns
    -------
    marsdisk.parameters.Parameters

    Raises
    ------
    ConfigurationError, TableError
        If a table or a material cannot be used.
    """
    disk = _disk(config)
    planet = drivers(config, on_table_progress)
    return Parameters(
        disk=disk,
        grid=_grid(config),
        initial=_initial(config, disk),
        drivers=planet,
        collisions=_collisions(config, disk),
        supply=supply(config.supply),
        sinks=_sinks(config),
        numerics=_numerics(config, disk, planet.temperature),
        execution=CoreExecution(
            threads=execution.threads,
            chunk_size=execution.chunk_cells,
            table_cache=config.parallel.table_cache.enabled and execution.table_cache,
            table_cache_size=config.parallel.table_cache.maxsize,
        ),
    )


def _disk(config: Config) -> Disk:
    annulus = config.disk.geometry
    return Disk(
        r_in=annulus.r_in_RM * MARS_RADIUS,
        r_out=annulus.r_out_RM * MARS_RADIUS,
        n_cells=config.geometry.Nr if config.geometry.mode == "1D" else 1,
    )


def _grid(config: Config) -> SizeGrid:
    surface = config.surface_energy
    cohesion = Cohesion(
        surface_energy=surface.gamma_J_m2,
        efficiency=surface.eta,
        collider=surface.collider_size_m or config.sizes.s_max,
        largest_fraction=surface.largest_fragment_mass_fraction,
    )
    return SizeGrid(
        s_min=config.sizes.s_min,
        s_max=config.sizes.s_max,
        n_bins=config.sizes.n_bins,
        density=config.material.rho,
        lower=GridLower(config.grid.lower),
        cohesion=cohesion if surface.enabled else None,
    )


def _initial(config: Config, disk: Disk) -> InitialState:
    initial, melt, psd = config.initial, config.initial.melt_psd, config.psd
    sigma = initial.sigma
    if initial.surface_density == "optical_depth":
        sigma = None
    elif initial.surface_density == "mass_total" and initial.mass_total is not None:
        area = math.pi * (disk.r_out**2 - disk.r_in**2)
        sigma = initial.mass_total * MARS_MASS / area
    # dN/dm ~ m^-alpha is dN/ds ~ s^(2 - 3 alpha), because dm ~ s^2 ds.
    slope = psd.alpha if psd.alpha_mode == "size" else 3.0 * psd.alpha - 2.0
    return InitialState(
        distribution=Distribution(initial.s0_mode),
        sampling=Sampling(initial.sampling),
        tau=config.optical_depth.tau0_target,
        surface_density=sigma,
        slope=slope,
        wavy_strength=psd.wavy_strength,
        wavy_decay=psd.wavy_decay,
        f_fine=melt.f_fine,
        s_fine=melt.s_fine,
        s_meter=melt.s_meter,
        width_dex=melt.width_dex,
        s_cut=melt.s_cut_condensation,
        s_min_solid=melt.s_min_solid,
        s_max_solid=melt.s_max_solid,
        slope_solid=melt.alpha_solid,
        s_mono=initial.s_mono,
    )


def _strength(qstar: QstarSection) -> Strength:
    sources = {"benz_asphaug_1999": BENZ_ASPHAUG_BASALT, "published": PUBLISHED_BASALT}
    rows = sources.get(qstar.source) or qstar.coeff_table or {}
    speeds = np.array(sorted(rows))
    coefficients = np.array([rows[speed] for speed in speeds], dtype=np.float64)
    coefficients[:, [0, 2]] *= qstar.coeff_scale
    units = StrengthUnits(qstar.coeff_units)
    return Strength(speeds, coefficients, units, qstar.mu_grav)


def _collisions(config: Config, disk: Disk) -> Collisions:
    dynamics, fragments = config.dynamics, config.fragments
    e0, i0 = _drawn_orbit(dynamics, disk)
    profile = dynamics.e_profile
    kind = {"off": "constant"}.get(profile.mode, profile.mode)
    radii, values = np.empty(0), np.empty(0)
    if profile.mode == "table":
        radii, values = _eccentricity_table(profile.table_path or "")
    fixed = dynamics.kernel_H_mode == "fixed"
    return Collisions(
        strength=_strength(config.qstar),
        enabled=config.physics_mode != "sublimation_only",
        e0=e0,
        i0=i0,
        eccentricity=Eccentricity(kind),
        e_table_r=radii,
        e_table=values,
        e_min=profile.clip_min,
        e_max=profile.clip_max,
        kernel_eccentricity=KernelEccentricity(dynamics.kernel_ei_mode),
        velocity=RelativeVelocity(dynamics.v_rel_mode),
        speed=dynamics.v_rel_value or 0.0,
        scale_height=ScaleHeight(dynamics.kernel_H_mode),
        h_factor=(dynamics.H_fixed_over_a or 0.0) if fixed else dynamics.H_factor,
        f_wake=dynamics.f_wake,
        restitution=dynamics.eps_restitution,
        damping=dynamics.enable_e_damping,
        # dM/ds carries three powers of s more than dN/ds.
        fragment_slope=fragments.q - 3.0 if fragments.slope_of == "number" else fragments.q,
        remnant=RemnantDeposit(fragments.remnant),
        s_dust=fragments.s_dust_min if fragments.below_grid == "lost" else None,
        energy=config.diagnostics.energy_bookkeeping,
        f_ke_cratering=dynamics.f_ke_cratering,
        f_ke_fragmentation=dynamics.f_ke_fragmentation,
    )


def _drawn_orbit(dynamics: DynamicsSection, disk: Disk) -> tuple[float, float]:
    """Return eccentricity and inclination [rad], drawn with the seed where asked for."""
    draw = np.random.default_rng(dynamics.rng_seed)
    e = dynamics.e0
    if dynamics.e_mode == "mars_clearance":
        low, high = dynamics.dr_min_m or 0.0, dynamics.dr_max_m or 0.0
        log = dynamics.dr_dist == "loguniform"
        clearance = (
            math.exp(draw.uniform(math.log(low), math.log(high)))
            if log
            else draw.uniform(low, high)
        )
        e = max(0.0, 1.0 - (MARS_RADIUS + clearance) / (0.5 * (disk.r_in + disk.r_out)))
    if dynamics.i_mode == "obs_tilt_spread":
        spread = dynamics.i_spread_deg
        tilt = dynamics.obs_tilt_deg + draw.uniform(-spread, spread)
        return e, math.radians(min(max(tilt, 0.0), 90.0))
    return e, math.radians(dynamics.i0) if dynamics.i0_unit == "deg" else dynamics.i0


def _eccentricity_table(path: str) -> tuple[FloatArray, FloatArray]:
    columns = read_columns(path, {"r_RM": "", "r_m": "m", "e": ""}, optional=("r_RM", "r_m"))
    if ("r_RM" in columns) == ("r_m" in columns):
        raise TableError(path, "needs exactly one of the columns r_RM and r_m", "mend the header")
    radii = columns["r_m"] if "r_m" in columns else columns["r_RM"] * MARS_RADIUS
    require_ascending(path, "r", radii)
    if columns["e"].min() < 0.0 or columns["e"].max() >= 1.0:
        raise TableError(path, "e must lie in [0, 1)", "mend those rows")
    return radii, columns["e"]


def _sinks(config: Config) -> Sinks:
    sinks = config.sinks
    escape = sinks.hydro_escape
    return Sinks(
        gas_density=sinks.rho_g if sinks.enable_gas_drag else 0.0,
        gas_speed=sinks.gas_speed_m_s,
        drag_law=DragLaw(sinks.drag_law),
        drag_reference_size=sinks.drag_reference_m,
        escape_rate=escape.strength if escape.enable else 0.0,
        escape_power=escape.temp_power,
        escape_temperature=escape.T_ref_K,
        escape_floor=escape.f_vap_floor,
        viscosity=(config.viscosity.nu_m2_s or 0.0) if config.viscosity.enabled else 0.0,
    )


def _numerics(config: Config, disk: Disk, temperature: Temperature) -> Numerics:
    numerics, depth = config.numerics, config.optical_depth
    end = end_of_run(numerics, disk, temperature)
    rate = numerics.mass_loss_rate_stop_Mmars_s
    stop = depth.tau_stop
    return Numerics(
        output_times=output_times(numerics.outputs, end),
        integrator=Integrator(numerics.integrator),
        rtol=numerics.rtol,
        atol=numerics.atol_rel,
        max_step=math.inf if numerics.dt_max is None else numerics.dt_max,
        max_steps=numerics.max_steps,
        coupling_time=numerics.coupling_time_s,
        tau_stop=None if stop is None else stop * (1.0 + depth.tau_stop_tol),
        loss_rate_stop=None if rate is None else rate * MARS_MASS,
        min_duration=numerics.min_duration_years * YEAR,
        stop_below_s_min=numerics.stop_on_blowout_below_smin,
        ledger_tolerance=numerics.ledger_tolerance,
    )
