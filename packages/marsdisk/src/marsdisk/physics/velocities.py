"""Impact speed, vertical extent, equilibrium excitation and damping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marsdisk.parameters import RelativeVelocity
from marsdisk.physics.orbits import kepler_speed

if TYPE_CHECKING:
    from marsdisk.parameters import Collisions
    from marsdisk.typing import FloatArray

__all__ = [
    "damped",
    "equilibrium_excitation",
    "impact_speed",
    "ohtsuki_velocity",
    "optical_collision_time",
    "pericenter_velocity",
    "scale_height",
]


def pericenter_velocity(speed: FloatArray, e: FloatArray) -> FloatArray:
    """Return v_K sqrt((1 + e) / (1 - e)) [m s^-1].

    The orbital speed at pericentre: an upper bound of the impact speed, kept because published
    runs use it. It does not vanish for circular orbits; `ohtsuki_velocity` does.
    """
    e = np.asarray(e)
    return np.asarray(speed) * np.sqrt((1.0 + e) / np.maximum(1.0 - e, 1e-8))


def ohtsuki_velocity(speed: FloatArray, e: FloatArray, i: FloatArray) -> FloatArray:
    """Return the random speed v_K sqrt(1.25 e^2 + i^2) [m s^-1].

    Source: Lissauer & Stewart (1993); Ohtsuki et al. (2002).
    """
    return np.asarray(speed) * np.sqrt(1.25 * np.asarray(e) ** 2 + np.asarray(i) ** 2)


def impact_speed(law: Collisions, r: FloatArray, e: FloatArray, i: FloatArray) -> FloatArray:
    """Return the speed [m s^-1] that `law` gives bodies on orbits `e`, `i` [rad] at `r` [m]."""
    kepler = kepler_speed(r)
    match law.velocity:
        case RelativeVelocity.PERICENTER:
            return pericenter_velocity(kepler, e)
        case RelativeVelocity.OHTSUKI:
            return ohtsuki_velocity(kepler, e, i)
        case RelativeVelocity.VALUE:
            return np.full(r.size, law.speed)


def scale_height(r: FloatArray, i: FloatArray, factor: float) -> FloatArray:
    """Return H = factor i r [m], at least 1e-12 m."""
    return np.maximum(factor * np.asarray(i) * np.asarray(r), 1e-12)


def equilibrium_excitation(tau: FloatArray, f_wake: float, restitution: float) -> FloatArray:
    """Return c = sqrt(f_wake tau / (1 - eps^2)), dimensionless.

    Fixed point of stirring by self-gravity wakes against inelastic damping for a constant
    coefficient of restitution. Source: Imaz Blanco et al. (2023), after Wyatt (2008).
    """
    return np.sqrt(f_wake * np.asarray(tau) / (1.0 - restitution**2))


def optical_collision_time(omega: FloatArray, tau: FloatArray) -> FloatArray:
    """Return t_coll = 1 / (Omega tau) [s]. Source: Strubbe & Chiang (2006)."""
    with np.errstate(divide="ignore"):
        return 1.0 / (np.asarray(omega) * np.asarray(tau))


def damped(
    e: FloatArray, target: FloatArray, collision_time: FloatArray, restitution: float, time: float
) -> FloatArray:
    """Return `e` relaxed toward `target` for `time` [s] with t_damp = t_coll / eps^2."""
    decay = np.exp(-time * restitution**2 / np.asarray(collision_time))
    return target + (np.asarray(e) - target) * decay
