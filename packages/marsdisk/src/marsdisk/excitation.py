"""Orbits of colliding bodies and the collision tables that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from marsdisk.cache import PairKey, StrengthKey, TableCache, WeightKey
from marsdisk.kernels.records import Pairs, State
from marsdisk.parameters import (
    BlendRule,
    BlendWeight,
    KernelEccentricity,
    Parameters,
    RemnantDeposit,
    ScaleHeight,
    VelocityBlend,
)
from marsdisk.physics import collisions, opacity, strength, velocities
from marsdisk.typing import FloatArray

if TYPE_CHECKING:
    from marsdisk.plan import RunPlan

__all__ = ["CollisionTables", "Excitation", "current_excitation", "evolves", "relax"]


@dataclass(frozen=True, slots=True)
class Excitation:
    """Per cell: eccentricity and inclination of the kernel, impact speed [m/s], height [m]."""

    e: FloatArray
    i: FloatArray
    speed: FloatArray
    height: FloatArray


def evolves(parameters: Parameters) -> bool:
    """Whether impact speeds change during the run."""
    law = parameters.collisions
    blended = parameters.supply.enabled and parameters.supply.velocity is not VelocityBlend.INHERIT
    return law.damping or blended or law.kernel_eccentricity is KernelEccentricity.WYATT_EQ


def _vertical_depth(plan: RunPlan, state: State) -> FloatArray:
    return opacity.optical_depth(state.mass, plan.grid.area, 1.0)


def current_excitation(plan: RunPlan, state: State) -> Excitation:
    """Return the excitation that sets collisions in the present state."""
    law = plan.parameters.collisions
    e, i = state.eccentricity, state.inclination
    if law.kernel_eccentricity is KernelEccentricity.WYATT_EQ:
        depth = _vertical_depth(plan, state) * plan.drive.los_factor
        stirred = velocities.equilibrium_excitation(depth, law.f_wake, law.restitution)
        e = np.clip(stirred, 1e-8, law.e_max)
        i = 0.5 * e
    speed = velocities.impact_speed(law, plan.r, e, i)
    if law.scale_height is ScaleHeight.INCLINATION:
        height = velocities.scale_height(plan.r, i, law.h_factor)
    else:
        height = velocities.scale_height(plan.r, np.ones(plan.n_cells), law.h_factor)
    return Excitation(e.copy(), i.copy(), speed, height)


def relax(plan: RunPlan, state: State, span: float, supplied: FloatArray) -> None:
    """Damp and stir the orbits in `state` over `span` [s] during which `supplied` arrived.

    Supplied bodies bring their own excitation, weighted with their mass [kg m^-2].
    """
    law, supply = plan.parameters.collisions, plan.parameters.supply
    depth = _vertical_depth(plan, state)
    if law.damping:
        los = depth * plan.drive.los_factor
        target = velocities.equilibrium_excitation(los, law.f_wake, law.restitution)
        target = np.minimum(target, law.e_max)
        time = velocities.optical_collision_time(plan.omega, depth)
        state.eccentricity[:] = velocities.damped(
            state.eccentricity, target, time, law.restitution, span
        )
        state.inclination[:] = velocities.damped(
            state.inclination, 0.5 * target, time, law.restitution, span
        )
    if supply.enabled and supply.velocity is not VelocityBlend.INHERIT:
        sigma = state.mass.sum(axis=1)
        if supply.blend_weight is BlendWeight.DELTA_SIGMA:
            weight = supplied / (sigma + supplied + 1e-30)
        else:
            weight = np.clip(supplied / np.maximum(sigma, 1e-30), 0.0, 1.0)
        e_new, i_new = np.array(supply.e_inject), np.array(supply.i_inject)
        if supply.velocity is VelocityBlend.FACTOR:
            e_new = supply.velocity_factor * plan.eccentricity
            i_new = supply.velocity_factor * plan.inclination
        state.eccentricity[:] = _blend(state.eccentricity, e_new, weight, supply.blend_rule)
        state.inclination[:] = _blend(state.inclination, i_new, weight, supply.blend_rule)


def _blend(old: FloatArray, new: FloatArray, weight: FloatArray, rule: BlendRule) -> FloatArray:
    if rule is BlendRule.RMS:
        return np.asarray(np.sqrt((1.0 - weight) * old**2 + weight * new**2))
    return np.asarray((1.0 - weight) * old + weight * new)


def _collide_alike(one: Excitation | None, other: Excitation) -> bool:
    if one is None:
        return False
    return bool(np.array_equal(one.speed, other.speed) and np.array_equal(one.height, other.height))


class CollisionTables:
    """Stacked pair tables of all cells, refreshed where the excitation changed."""

    excitation: Excitation
    """The one that `stack` belongs to."""

    def __init__(self, plan: RunPlan, cache: TableCache) -> None:
        self._law = plan.parameters.collisions
        self._evolves = evolves(plan.parameters)
        self._density = plan.parameters.grid.density
        self.plan = plan
        self._cache = cache
        self._loaded: list[PairKey | None] = [None] * plan.n_cells
        self._edges = plan.edges.tobytes()
        table = self._law.strength
        self._identity = b"".join(
            [
                table.speeds.tobytes(),
                table.coefficients.tobytes(),
                repr((str(table.units), table.mu_grav)).encode(),
            ]
        )
        self._built: Excitation | None = None
        self.stack = self._empty(plan.n_cells, plan.n_bins)

    @staticmethod
    def _empty(cells: int, n: int) -> Pairs:
        pairs = (cells, n * (n + 1) // 2)
        bins = (cells, n)
        square = (cells, n, n)
        integers = {"base": pairs, "near": bins, "lasting": bins, "partner": bins}
        reals = {"rate": square, "excavated": square, "keep": bins, "give": bins}
        arrays: dict[str, Any] = {name: np.zeros(shape) for name, shape in reals.items()}
        arrays["deposit"] = np.zeros((*pairs, 4))
        arrays |= {name: np.zeros(shape, np.int64) for name, shape in integers.items()}
        return Pairs(**arrays)

    def refresh(self, state: State) -> None:
        """Bring `excitation` and `stack` up to `state`, rebuilding only cells that changed."""
        previous = self._built
        if previous is not None and self._cache.enabled and not self._evolves:
            return
        self.excitation = excitation = current_excitation(self.plan, state)
        if not self._law.enabled or (self._cache.enabled and _collide_alike(previous, excitation)):
            return
        self._built = excitation
        for cell in range(self.plan.n_cells):
            key = self._key(cell, excitation.speed[cell], excitation.height[cell])
            if self._cache.enabled and key == self._loaded[cell]:
                continue
            table = self._cache.get(key, lambda key=key: self._build(key))  # type: ignore[misc]
            for target, source in zip(self.stack, table, strict=True):
                target[cell] = source
            self._loaded[cell] = key

    def _key(self, cell: int, speed: float, height: float) -> PairKey:
        low = self._law.s_dust if self._law.s_dust is not None else float(self.plan.edges[0])
        return PairKey(
            cell=cell,
            strength=StrengthKey(self._edges, self._density, float(speed), self._identity),
            fragments=WeightKey(
                "fragments", self._edges, self._law.fragment_slope, low, float(self.plan.edges[-1])
            ),
            height=float(height),
            two_bin=self._law.remnant is RemnantDeposit.TWO_BIN,
        )

    def _strength(self, key: StrengthKey) -> tuple[FloatArray]:
        threshold = strength.disruption_threshold(
            self.plan.sizes, key.density, key.speed, self._law.strength
        )
        return (threshold,)

    def _build(self, key: PairKey) -> Pairs:
        speed = key.strength.speed
        (threshold,) = self._cache.get(key.strength, lambda: self._strength(key.strength))
        smaller, larger = collisions.pair_indices(self.plan.n_bins)
        size, height = self.plan.sizes, np.array(key.height)
        rate = collisions.rate_coefficient(size[smaller], size[larger], speed, height, height)
        law = collisions.CollisionLaw(
            rate=np.where(smaller == larger, 0.5, 1.0) * rate,
            phi=collisions.disruption_ratio(self.plan.bin_mass, speed, threshold),
            density=key.strength.density,
            two_bin=key.two_bin,
        )
        return collisions.pair_outcomes(law, self.plan.grid)
