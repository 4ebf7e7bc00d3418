"""Sections that say what the disk is: geometry, material, sizes, orbits and strengths."""

# Keys carry their unit (_K, _RM) and the symbols of the field, as in the published input files.
# ruff: noqa: N815

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from marsdisk.config.fields import Section, key

__all__ = [
    "DiskSection",
    "DynamicsSection",
    "FragmentsSection",
    "GeometrySection",
    "GridSection",
    "InitialSection",
    "MaterialSection",
    "PsdSection",
    "QstarSection",
    "SizesSection",
    "SurfaceEnergySection",
]

Positive = Annotated[float, Field(gt=0.0)]
StrengthRow = Annotated[tuple[Positive, float, Positive, float], Field(strict=False)]


class GeometrySection(Section):
    """Number of radial cells."""

    mode: Literal["0D", "1D"] = key("1D", "", "one cell (0D) or Nr annuli (1D)")
    Nr: int = key(32, "1", "annuli in 1D; 0D always has one", ge=1, le=100_000)


class AnnulusSection(Section):
    """Radial extent of the disk."""

    r_in_RM: float = key(1.0, "R_Mars", "inner edge", gt=0.0, le=1000.0)
    r_out_RM: float = key(2.7, "R_Mars", "outer edge", gt=0.0, le=1000.0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.r_in_RM >= self.r_out_RM:
            msg = f"r_in_RM ({self.r_in_RM:g}) must be smaller than r_out_RM ({self.r_out_RM:g})"
            raise ValueError(msg)
        return self


class DiskSection(Section):
    """The disk as a whole."""

    geometry: AnnulusSection = AnnulusSection()


class MaterialSection(Section):
    """Bulk properties of the grains."""

    rho: float = key(3000.0, "kg m^-3", "bulk density of the grains", ge=1000.0, le=5000.0)


class SizesSection(Section):
    """Range and resolution of the grain radii."""

    s_min: float = key(1e-7, "m", "smallest grain radius of the grid", gt=0.0, lt=1e4)
    s_max: float = key(3.0, "m", "largest grain radius of the grid", gt=0.0, lt=1e5)
    n_bins: int = key(160, "1", "size bins, evenly spaced in log radius", ge=2, le=2000)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.s_min >= self.s_max:
            msg = f"s_min ({self.s_min:g} m) must be smaller than s_max ({self.s_max:g} m)"
            raise ValueError(msg)
        return self


class GridSection(Section):
    """Where the size grid ends."""

    lower: Literal["config", "blowout_t0"] = key(
        "config",
        "",
        "smallest radius of the grid: sizes.s_min, or the blow-out size at the start "
        "when that is larger (the published choice)",
    )


class SurfaceEnergySection(Section):
    """Lower end of the grid by the energy that new surface costs (Krijt & Kama 2014)."""

    enabled: bool = key(
        default=False,
        unit="",
        meaning="start the grid no lower than the finest fragment that collisions can make",
    )
    gamma_J_m2: float = key(1.0, "J m^-2", "energy of new surface", gt=0.0)
    eta: float = key(0.1, "1", "share of kinetic energy that makes surface", gt=0.0, le=1.0)
    collider_size_m: float | None = key(
        None, "m", "radius of the bodies that collide; empty: sizes.s_max", gt=0.0
    )
    largest_fragment_mass_fraction: float = key(
        0.5, "1", "mass of the largest fragment over that of one body", gt=0.0, le=1.0
    )


class MeltPsdSection(Section):
    """Initial distributions after a melt-producing impact."""

    f_fine: float = key(0.3, "1", "mass share of the fine component", ge=0.0, le=1.0)
    s_fine: float = key(1e-4, "m", "median radius of the fine component", gt=0.0)
    s_meter: float = key(1.5, "m", "median radius of the coarse component", gt=0.0)
    width_dex: float = key(0.3, "dex", "log-normal width of both components", gt=0.0, le=5.0)
    s_cut_condensation: float = key(1e-6, "m", "no grains below this radius", ge=0.0)
    s_min_solid: float = key(1e-4, "m", "lower end of the truncated power law", gt=0.0)
    s_max_solid: float = key(3.0, "m", "upper end of the truncated power law", gt=0.0)
    alpha_solid: float = key(3.5, "1", "slope of dN/ds of the truncated power law", gt=0.0, lt=10.0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.s_min_solid >= self.s_max_solid:
            msg = f"s_min_solid ({self.s_min_solid:g} m) must be smaller than s_max_solid"
            raise ValueError(msg)
        return self


class InitialSection(Section):
    """The state at time zero."""

    s0_mode: Literal[
        "three_slope", "power_law", "melt_lognormal_mixture", "melt_truncated_powerlaw", "mono"
    ] = key("melt_lognormal_mixture", "", "shape of the size distribution at the start")
    sampling: Literal["bin_integral", "bin_centre"] = key(
        "bin_integral", "", "bin masses by integration, or by the value at the centre (published)"
    )
    s_mono: float = key(1.5, "m", "radius of the mono distribution", gt=0.0)
    melt_psd: MeltPsdSection = MeltPsdSection()
    surface_density: Literal["optical_depth", "sigma", "mass_total"] = key(
        "optical_depth",
        "",
        "what fixes the surface density: tau0_target, sigma or mass_total",
    )
    sigma: float | None = key(None, "kg m^-2", "surface density of every cell", gt=0.0)
    mass_total: float | None = key(None, "M_Mars", "mass of the whole disk", gt=0.0, le=1.0)


class PsdSection(Section):
    """The three-slope and the single power-law size distribution."""

    alpha: float = key(1.83, "1", "slope; see alpha_mode", gt=0.0, lt=10.0)
    alpha_mode: Literal["size", "mass"] = key(
        "mass", "", "alpha is the slope of dN/dm (mass) or of dN/ds (size)"
    )
    wavy_strength: float = key(0.0, "1", "amplitude of an imprinted wave", ge=0.0, lt=1.0)
    wavy_decay: float = key(0.0, "1", "decay of the imprinted wave per e-fold of radius", ge=0.0)


class FragmentsSection(Section):
    """How a collision shares out its mass."""

    slope_of: Literal["number", "mass"] = key(
        "number", "", "q is the slope of dN/ds (number) or of dM/ds (mass, the published choice)"
    )
    q: float = key(3.5, "1", "fragment power-law slope", gt=-10.0, lt=10.0)
    remnant: Literal["two_bin", "nearest_bin"] = key(
        "two_bin", "", "largest remnant split over two bins (number and mass held) or put in one"
    )
    below_grid: Literal["lowest_bin", "lost"] = key(
        "lowest_bin", "", "fragments finer than the grid: kept in the lowest bin, or lost"
    )
    s_dust_min: float = key(1e-8, "m", "finest fragment, used when below_grid is lost", gt=0.0)


class EccentricityProfileSection(Section):
    """Eccentricity as a function of radius."""

    mode: Literal["off", "mars_pericenter", "table"] = key(
        "mars_pericenter", "", "e0 everywhere, e = 1 - R_Mars/r, or a table"
    )
    table_path: str | None = key(None, "", "CSV or Parquet with columns r_RM or r_m, and e")
    clip_min: float = key(0.0, "1", "lower limit of e", ge=0.0, lt=1.0)
    clip_max: float = key(0.999999, "1", "upper limit of e", ge=0.0, lt=1.0)


class DynamicsSection(Section):
    """Orbits, relative velocities and scale heights."""

    e0: float = key(0.5, "1", "eccentricity when e_profile.mode is off", ge=0.0, lt=1.0)
    i0: float = key(0.05, "i0_unit", "inclination", ge=0.0)
    i0_unit: Literal["rad", "deg"] = key("rad", "", "unit of i0")
    e_profile: EccentricityProfileSection = EccentricityProfileSection()
    v_rel_mode: Literal["ohtsuki", "pericenter", "value"] = key(
        "ohtsuki",
        "",
        "relative velocity: v_K sqrt(1.25 e^2 + i^2), orbital speed at pericentre "
        "(published choice, an upper bound), or v_rel_value",
    )
    v_rel_value: float | None = key(
        None, "m s^-1", "relative velocity when v_rel_mode is value", gt=0
    )
    kernel_ei_mode: Literal["config", "wyatt_eq"] = key(
        "config", "", "e and i as configured, or in equilibrium with the optical depth"
    )
    kernel_H_mode: Literal["ia", "fixed"] = key("ia", "", "scale height H_factor i a, or fixed")
    H_factor: float = key(1.0, "1", "scale height over i a", gt=0.0)
    H_fixed_over_a: float | None = key(None, "1", "scale height over radius", gt=0.0, lt=1.0)
    f_wake: float = key(1.0, "1", "enhancement by wakes in wyatt_eq and damping", ge=1.0)
    eps_restitution: float = key(0.5, "1", "coefficient of restitution", gt=0.0, lt=1.0)
    f_ke_cratering: float = key(0.1, "1", "kinetic energy kept in cratering", ge=0.0, le=1.0)
    f_ke_fragmentation: float | None = key(
        None, "1", "kinetic energy kept in fragmentation; empty: eps_restitution^2", ge=0.0, le=1.0
    )
    enable_e_damping: bool = key(default=False, unit="", meaning="damp e and i by collisions")
    e_mode: Literal["fixed", "mars_clearance"] = key(
        "fixed", "", "0D: e0, or e drawn from the clearance above Mars"
    )
    dr_min_m: float | None = key(None, "m", "smallest clearance", gt=0.0)
    dr_max_m: float | None = key(None, "m", "largest clearance", gt=0.0)
    dr_dist: Literal["uniform", "loguniform"] = key("uniform", "", "distribution of the clearance")
    i_mode: Literal["fixed", "obs_tilt_spread"] = key(
        "fixed", "", "0D: i0, or i drawn around obs_tilt_deg"
    )
    obs_tilt_deg: float = key(30.0, "deg", "centre of the drawn inclination", ge=0.0, le=90.0)
    i_spread_deg: float = key(0.0, "deg", "half width of the drawn inclination", ge=0.0, le=90.0)
    rng_seed: int = key(12345, "1", "seed of the draws", ge=0, lt=2**63)


class QstarSection(Section):
    """Impact strength Q*_D = Q_s s^-a_s + B rho s^b_g, with coefficients by impact velocity."""

    source: Literal["benz_asphaug_1999", "published", "table"] = key(
        "benz_asphaug_1999",
        "",
        "basalt rows of Benz & Asphaug 1999, the published program's rows "
        "(whose 5 km/s row is that of ice), or coeff_table",
    )
    coeff_table: dict[float, StrengthRow] | None = key(
        None, "km s^-1: [.., 1, .., 1]", "rows of Q_s, a_s, B, b_g by velocity", strict=False
    )
    coeff_units: Literal["ba99_cgs", "si"] = key(
        "ba99_cgs", "", "units of the rows: erg/g with s in cm and rho in g/cm^3, or SI"
    )
    coeff_scale: float = key(1.0, "1", "factor on Q_s and B", gt=0.0)
    mu_grav: float = key(0.45, "1", "exponent of the gravity part beyond the table", gt=0.0, lt=1.0)
