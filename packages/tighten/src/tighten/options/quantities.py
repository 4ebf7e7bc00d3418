"""Durations and sizes as people write them: ``90 s``, ``1.5 h``, ``16 MiB``.

A bare number is refused, because ten of what is the first thing a reader would have to ask.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["format_duration", "format_size", "parse_duration", "parse_size"]

SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {
    "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*", re.ASCII)


def parse_duration(text: str) -> float:
    """Return the seconds that a duration such as ``30 min`` stands for.

    Raises
    ------
    ValueError
        If the text is anything but a positive number and one of the units s, m, min, h, d.
    """
    return _parsed(text, SECONDS, example="90 s")


def parse_size(text: str) -> int:
    """Return the bytes that a size such as ``16 MiB`` stands for.

    Raises
    ------
    ValueError
        If the text is anything but a positive whole number of bytes with a unit.
    """
    size = _parsed(text, BYTES, example="16 MiB")
    if size != int(size):
        raise ValueError(f"must be a whole number of bytes, not {size}")
    return int(size)


def _parsed(text: str, units: Mapping[str, float], *, example: str) -> float:
    match = _QUANTITY.fullmatch(text)
    amount = float(match[1]) * units.get(match[2], math.nan) if match else math.nan
    if not 0 < amount < math.inf:
        known = ", ".join(units)
        raise ValueError(f'must be a positive number with a unit ({known}), as in "{example}"')
    return amount


def format_duration(seconds: float) -> str:
    """Return the duration in the largest unit that divides it: 5400 is ``90 min``, 45 ``45 s``."""
    for unit in ("d", "h", "min"):
        if seconds >= SECONDS[unit] and seconds % SECONDS[unit] == 0:
            return f"{seconds / SECONDS[unit]:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds} s"


def format_size(size: int) -> str:
    """Return the size in the largest binary unit that divides it: 16777216 is ``16 MiB``."""
    for unit in ("GiB", "MiB", "KiB"):
        if size >= BYTES[unit] and size % BYTES[unit] == 0:
            return f"{size // BYTES[unit]} {unit}"
    return f"{size} B"
