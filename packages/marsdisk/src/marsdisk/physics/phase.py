"""Share of melt or vapour from temperature and optical depth; a heuristic ramp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from marsdisk.typing import FloatArray

__all__ = ["LIQUID_DOMINATED", "VAPOUR", "phase_fraction"]

VAPOUR = 0.5
"""At and above this share nothing solid is left to blow out or to supply."""
LIQUID_DOMINATED = 0.95
"""At and above this share melt replaces grains and collisions stop."""


def phase_fraction(
    temperature: FloatArray,
    tau: FloatArray,
    t_condense: float,
    t_vaporize: float,
    *,
    pressure_ratio: float = 0.0,
    tau_ref: float | None = None,
) -> FloatArray:
    """Return the share f of melt or vapour, 0 to 1.

    Parameters
    ----------
    temperature : array_like of float64
        Temperature seen by the phase model [K].
    tau : array_like of float64
        Line-of-sight optical depth.
    t_condense, t_vaporize : float
        f = 0 at and below, 1 at and above [K]; linear between.
    pressure_ratio : float
        P / P_ref; divides the ramp by 1 + P / P_ref.
    tau_ref : float or None
        Divides the ramp by 1 + tau / tau_ref.
    """
    temperature = np.asarray(temperature, dtype=float)
    ramp = (temperature - t_condense) / (t_vaporize - t_condense)
    divisor = 1.0 + pressure_ratio
    shade = 1.0 if tau_ref is None else 1.0 + np.asarray(tau) / tau_ref
    inside = ramp / (divisor * shade)
    return np.where(
        temperature <= t_condense, 0.0, np.where(temperature >= t_vaporize, 1.0, inside)
    )
