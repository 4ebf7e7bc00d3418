"""When a run ends and when it writes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.errors import ConfigurationError, Problem
from marsdisk.parameters import Disk, Temperature, TemperatureMode
from marsdisk.physics.constants import GRAVITATION, MARS_MASS, STEFAN_BOLTZMANN, YEAR

if TYPE_CHECKING:
    from marsdisk.config.running import NumericsSection, OutputSection
    from marsdisk.typing import FloatArray

__all__ = ["end_of_run", "output_times"]


def end_of_run(numerics: NumericsSection, disk: Disk, temperature: Temperature) -> float:
    """Return the end of the run [s].

    Raises
    ------
    ConfigurationError
        If Mars never cools to the temperature asked for.
    """
    if numerics.t_end_years is not None:
        return numerics.t_end_years * YEAR
    if numerics.t_end_orbits is not None:
        radius = 0.5 * (disk.r_in + disk.r_out)
        orbit = 2.0 * math.pi * math.sqrt(radius**3 / (GRAVITATION * MARS_MASS))
        return numerics.t_end_orbits * orbit
    target = numerics.t_end_until_temperature_K or math.inf
    margin = numerics.t_end_temperature_margin_years * YEAR
    return cooling_time(temperature, target) + margin


def cooling_time(temperature: Temperature, target: float) -> float:
    """Return the time at which Mars has cooled to `target` [K]; closed form except for tables."""
    start = temperature.value
    if temperature.mode is TemperatureMode.SLAB:
        heat = temperature.layer_depth * temperature.layer_density * temperature.heat_capacity
        return (target**-3 - start**-3) * heat / (3.0 * STEFAN_BOLTZMANN)
    if temperature.mode is TemperatureMode.LINEAR:
        return (start - target) / temperature.rate
    below = np.flatnonzero(temperature.table_value <= target)
    if below.size == 0 or below[0] == 0:
        coldest = temperature.table_value.min() if temperature.table_value.size else start
        raise ConfigurationError(
            (
                Problem(
                    "numerics.t_end_until_temperature_K",
                    target,
                    "is never crossed by the temperature table",
                    f"the table starts at {start:g} K and falls to {coldest:g} K",
                ),
            )
        )
    after = int(below[0])
    return float(
        np.interp(
            target,
            temperature.table_value[[after, after - 1]],
            temperature.table_time[[after, after - 1]],
        )
    )


def output_times(outputs: OutputSection, end: float) -> FloatArray:
    """Return the output times [s], strictly ascending, after zero, the last at `end`.

    Raises
    ------
    ConfigurationError
        If an explicit time lies beyond the end.
    """
    if outputs.times_s is not None:
        times = np.array(outputs.times_s)
        if times[-1] > end * (1.0 + 1e-12):
            rule = f"lies after the end of the run ({end:.6g} s)"
            raise ConfigurationError(
                (Problem("numerics.outputs.times_s", float(times[-1]), rule, "extend the run"),)
            )
        times = times[times < end * (1.0 - 1e-12)]
    elif outputs.interval_s is not None:
        times = np.arange(1, math.ceil(end / outputs.interval_s)) * outputs.interval_s
    elif outputs.spacing == "linear" or outputs.n_outputs == 1:
        times = end * np.arange(1, outputs.n_outputs) / outputs.n_outputs
    else:
        first = min(outputs.first_s, end / outputs.n_outputs)
        times = np.geomspace(first, end, outputs.n_outputs)[:-1]
    return np.append(times[times < end], end)
