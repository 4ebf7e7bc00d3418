"""What one benchmark launch gave: metrics with units, read from the formats of many tools.

A launch is one fresh process; its result holds cases, each with metrics, each with the repetitions
inside that launch. ``read_result`` turns a file of any known format into that shape,
``launch_value`` condenses one metric to the number that a comparison uses. Nothing here starts a
process or judges a difference.
"""

from __future__ import annotations

from tighten.samples.formats import FORMATS, PROCESS, read_result
from tighten.samples.launch import (
    TIME,
    Disturbances,
    Launch,
    Metric,
    Result,
    Statistic,
    launch_value,
    pair_values,
)

__all__ = [
    "FORMATS",
    "PROCESS",
    "TIME",
    "Disturbances",
    "Launch",
    "Metric",
    "Result",
    "Statistic",
    "launch_value",
    "pair_values",
    "read_result",
]
