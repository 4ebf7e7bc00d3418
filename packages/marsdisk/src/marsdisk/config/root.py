"""The whole configuration, and the rules that hold between its sections."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field

from marsdisk.config.disk import (
    DiskSection,
    DynamicsSection,
    FragmentsSection,
    GeometrySection,
    GridSection,
    InitialSection,
    MaterialSection,
    PsdSection,
    QstarSection,
    SizesSection,
    SurfaceEnergySection,
)
from marsdisk.config.fields import REQUIRED, Section, key
from marsdisk.config.forcing import (
    BlowoutSection,
    OpticalDepthSection,
    PhaseSection,
    RadiationSection,
    ShieldingSection,
    SinksSection,
    SupplySection,
    ViscositySection,
)
from marsdisk.config.loading import (
    merge_override,
    preset_path,
    read_extended,
    resolve_paths,
    validated,
)
from marsdisk.config.running import (
    DiagnosticsSection,
    IoSection,
    NumericsSection,
    ParallelSection,
)

__all__ = ["Config", "Conflict", "conflicts"]

Conflict = tuple[str, object, str]
"""Place, value and rule of a contradiction."""

MODE_ALIASES = {"default": "full", "both": "full"}


class Config(Section):
    """Everything that defines one run."""

    physics_mode: Annotated[
        Literal["full", "collisions_only", "sublimation_only"],
        BeforeValidator(lambda value: MODE_ALIASES.get(value, value) if value else value),
    ] = key("full", "", "which processes act on the size distribution")
    chi_blow: Literal["auto"] | Annotated[float, Field(ge=0.5, le=2.0)] = key(
        "auto", "1", "blow-out time in units of 1/Omega"
    )
    geometry: GeometrySection = GeometrySection()
    disk: DiskSection = DiskSection()
    material: MaterialSection = MaterialSection()
    sizes: SizesSection = SizesSection()
    grid: GridSection = GridSection()
    surface_energy: SurfaceEnergySection = SurfaceEnergySection()
    initial: InitialSection = InitialSection()
    psd: PsdSection = PsdSection()
    fragments: FragmentsSection = FragmentsSection()
    qstar: QstarSection = QstarSection()
    dynamics: DynamicsSection = DynamicsSection()
    optical_depth: OpticalDepthSection = OpticalDepthSection()
    shielding: ShieldingSection = ShieldingSection()
    blowout: BlowoutSection = BlowoutSection()
    radiation: RadiationSection = key(REQUIRED, "", "the optics of the grains must be chosen")
    phase: PhaseSection = PhaseSection()
    sinks: SinksSection = SinksSection()
    supply: SupplySection = SupplySection()
    viscosity: ViscositySection = ViscositySection()
    diagnostics: DiagnosticsSection = DiagnosticsSection()
    numerics: NumericsSection = NumericsSection()
    parallel: ParallelSection = ParallelSection()
    io: IoSection = IoSection()

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Self:
        """Return the configuration of nested plain values; see :meth:`from_yaml` for errors."""
        return validated(cls, tree, conflicts)

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Self:
        """Read a configuration file.

        Parameters
        ----------
        path : str or pathlib.Path
            YAML file.
        overrides : iterable of str
            ``a.b.c=value`` texts that win over the file.

        Returns
        -------
        Config

        Raises
        ------
        ConfigurationError
            With every fault: place, value, rule and, for unknown keys, the nearest name.
        """
        tree, lines = read_extended(Path(path))
        for text in overrides:
            merge_override(tree, text)
        resolve_paths(tree, Path.cwd())
        return validated(cls, tree, conflicts, source=str(path), lines=lines)

    @classmethod
    def preset(cls, name: str, overrides: Iterable[str] = ()) -> Self:
        """Return a preset that comes with the package; arguments as for :meth:`from_yaml`."""
        return cls.from_yaml(preset_path(name), overrides)

    def tree(self) -> dict[str, Any]:
        """Return every key with its effective value, as plain nested values."""
        return self.model_dump(mode="json")


Rule = tuple[str, str, Callable[[Config], bool]]
"""Key that must be given, rule for people, condition under which it is needed."""

NEEDED: tuple[Rule, ...] = (
    ("initial.sigma", "initial.surface_density is sigma",
     lambda c: c.initial.surface_density == "sigma"),
    ("initial.mass_total", "initial.surface_density is mass_total",
     lambda c: c.initial.surface_density == "mass_total"),
    ("dynamics.v_rel_value", "dynamics.v_rel_mode is value",
     lambda c: c.dynamics.v_rel_mode == "value"),
    ("dynamics.H_fixed_over_a", "dynamics.kernel_H_mode is fixed",
     lambda c: c.dynamics.kernel_H_mode == "fixed"),
    ("dynamics.e_profile.table_path", "dynamics.e_profile.mode is table",
     lambda c: c.dynamics.e_profile.mode == "table"),
    ("dynamics.dr_min_m", "dynamics.e_mode is mars_clearance",
     lambda c: c.dynamics.e_mode == "mars_clearance"),
    ("dynamics.dr_max_m", "dynamics.e_mode is mars_clearance",
     lambda c: c.dynamics.e_mode == "mars_clearance"),
    ("qstar.coeff_table", "qstar.source is table", lambda c: c.qstar.source == "table"),
    ("radiation.refractiveindex_page", "radiation.optics is refractiveindex",
     lambda c: c.radiation.optics == "refractiveindex"),
    ("radiation.nk_path", "radiation.optics is nk_file",
     lambda c: c.radiation.optics == "nk_file"),
    ("radiation.qpr_table_path", "radiation.optics is table",
     lambda c: c.radiation.optics == "table"),
    ("radiation.Q_pr", "radiation.optics is constant",
     lambda c: c.radiation.optics == "constant"),
    ("radiation.mars_temperature_driver.table.path",
     "radiation.mars_temperature_driver.mode is table",
     lambda c: c.radiation.mars_temperature_driver.mode == "table"),
    ("phase.map_path", "phase.source is map",
     lambda c: c.phase.enabled and c.phase.source == "map"),
    ("sinks.sub_params.psat_table_path", "sinks.sub_params.psat_model is table",
     lambda c: c.sinks.sub_params.psat_model == "table"),
    ("supply.powerlaw.A_kg_m2_s", "supply.mode is powerlaw",
     lambda c: c.supply.enabled and c.supply.mode == "powerlaw"),
    ("supply.table.path", "supply.mode is table",
     lambda c: c.supply.enabled and c.supply.mode == "table"),
    ("supply.reservoir.mass_total_Mmars", "supply.reservoir.enabled is true",
     lambda c: c.supply.reservoir.enabled),
    ("supply.temperature.table.path", "supply.temperature.mode is table",
     lambda c: c.supply.temperature.enabled and c.supply.temperature.mode == "table"),
    ("supply.transport.t_mix_orbits", "supply.transport.mode is deep_mixing",
     lambda c: c.supply.transport.mode == "deep_mixing"),
    ("supply.injection.velocity.e_inj", "supply.injection.velocity.mode is fixed_ei",
     lambda c: c.supply.injection.velocity.mode == "fixed_ei"),
    ("supply.injection.velocity.i_inj", "supply.injection.velocity.mode is fixed_ei",
     lambda c: c.supply.injection.velocity.mode == "fixed_ei"),
    ("supply.injection.velocity.vrel_factor", "supply.injection.velocity.mode is factor",
     lambda c: c.supply.injection.velocity.mode == "factor"),
    ("viscosity.nu_m2_s", "viscosity.enabled is true", lambda c: c.viscosity.enabled),
)  # fmt: skip


def value_at(config: Section, place: str) -> object:
    """Return the value at a dotted place of a validated section."""
    value: object = config
    for name in place.split("."):
        value = dict(value)[name] if isinstance(value, Section) else None
    return value


def conflicts(config: Config) -> Iterator[Conflict]:
    """Yield every contradiction between keys that are valid on their own.

    Parameters
    ----------
    config : Config
        A configuration whose sections passed their own checks.

    Yields
    ------
    tuple of (str, object, str)
        Place, value and rule.
    """
    for place, condition, applies in NEEDED:
        if applies(config) and value_at(config, place) is None:
            yield place, None, f"is needed because {condition}"
    yield from _end_of_run(config)
    yield from _outputs(config)
    yield from _geometry(config)
    yield from _orbits(config)
    yield from _phi_table(config)
    yield from _supply(config)


def _end_of_run(config: Config) -> Iterator[Conflict]:
    numerics = config.numerics
    ends = ("t_end_years", "t_end_orbits", "t_end_until_temperature_K")
    given = [name for name in ends if dict(numerics)[name] is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        rule = f"exactly one of {', '.join(ends)} must be given (found {found})"
        yield "numerics." + (given[-1] if given else ends[0]), None, rule
    stop = numerics.t_end_until_temperature_K
    radiation = config.radiation
    if stop is None:
        return
    if radiation.mars_temperature_driver.mode == "constant":
        yield (
            "numerics.t_end_until_temperature_K",
            stop,
            ("needs a cooling Mars; set radiation.mars_temperature_driver.mode"),
        )
    elif stop >= radiation.TM_K and radiation.mars_temperature_driver.mode != "table":
        yield (
            "numerics.t_end_until_temperature_K",
            stop,
            (f"must be below radiation.TM_K ({radiation.TM_K:g} K)"),
        )


def _outputs(config: Config) -> Iterator[Conflict]:
    outputs = config.numerics.outputs
    if outputs.times_s is None:
        return
    if any(a >= b for a, b in itertools.pairwise(outputs.times_s)):
        yield "numerics.outputs.times_s", outputs.times_s, "must be strictly ascending"
    if outputs.interval_s is not None:
        yield "numerics.outputs.interval_s", outputs.interval_s, "contradicts times_s; give one"


def _geometry(config: Config) -> Iterator[Conflict]:
    if config.geometry.mode == "0D" and config.viscosity.enabled:
        yield "viscosity.enabled", True, "needs geometry.mode 1D with at least two cells"
    if config.disk.geometry.r_in_RM < 1.0 and config.radiation.dilution == "exact":
        yield (
            "disk.geometry.r_in_RM",
            config.disk.geometry.r_in_RM,
            ("must be at least 1 (the surface of Mars)"),
        )
    if config.geometry.mode == "1D" and "mars_clearance" in config.dynamics.e_mode:
        yield "dynamics.e_mode", config.dynamics.e_mode, "is for geometry.mode 0D"
    if config.geometry.mode == "1D" and config.dynamics.i_mode != "fixed":
        yield "dynamics.i_mode", config.dynamics.i_mode, "is for geometry.mode 0D"


def _orbits(config: Config) -> Iterator[Conflict]:
    dynamics = config.dynamics
    if dynamics.e_mode != "fixed" and dynamics.e_profile.mode != "off":
        yield "dynamics.e_mode", dynamics.e_mode, "needs dynamics.e_profile.mode off"
    if dynamics.i0 == 0.0 and dynamics.kernel_H_mode == "ia" and dynamics.i_mode == "fixed":
        yield "dynamics.i0", 0.0, "must be > 0 for the scale height i a; or set kernel_H_mode fixed"
    limit = 90.0 if dynamics.i0_unit == "deg" else 1.5707963267948966
    if dynamics.i0 > limit:
        yield "dynamics.i0", dynamics.i0, f"must be at most a right angle ({limit:.4g})"
    if dynamics.e_profile.clip_min > dynamics.e_profile.clip_max:
        yield (
            "dynamics.e_profile.clip_min",
            dynamics.e_profile.clip_min,
            (f"must not exceed clip_max ({dynamics.e_profile.clip_max:g})"),
        )
    low, high = dynamics.dr_min_m, dynamics.dr_max_m
    if low is not None and high is not None and low >= high:
        yield "dynamics.dr_min_m", low, f"must be smaller than dr_max_m ({high:g} m)"


def _phi_table(config: Config) -> Iterator[Conflict]:
    shielding = config.shielding
    if shielding.mode != "table":
        return
    if (shielding.phi_table is None) == (shielding.table_path is None):
        yield (
            "shielding.phi_table",
            shielding.phi_table,
            ("exactly one of phi_table and table_path is needed because shielding.mode is table"),
        )
    taus = [tau for tau, _ in shielding.phi_table or []]
    if any(a >= b for a, b in itertools.pairwise(taus)):
        yield "shielding.phi_table", taus, "tau must be strictly ascending"


def _supply(config: Config) -> Iterator[Conflict]:
    supply = config.supply
    if not supply.enabled:
        return
    if supply.mode == "piecewise" and not supply.piecewise:
        yield "supply.piecewise", [], "needs at least one segment because supply.mode is piecewise"
    for name in ("feedback", "temperature"):
        low, high = (
            (supply.feedback.min_scale, supply.feedback.max_scale)
            if name == "feedback"
            else (supply.temperature.floor, supply.temperature.cap)
        )
        if low > high:
            yield (
                f"supply.{name}",
                low,
                f"smallest factor must not exceed the largest ({high:g})",
            )
    sizes, injection = config.sizes, config.supply.injection
    for place in ("s_inj_min", "s_inj_max"):
        size = dict(injection)[place]
        if size is not None and not sizes.s_min <= size <= sizes.s_max:
            yield (
                f"supply.injection.{place}",
                size,
                (f"must lie in the grid, {sizes.s_min:g} to {sizes.s_max:g} m"),
            )
