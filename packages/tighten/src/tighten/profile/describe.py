"""Profiles in words and numbers, the same on a page and in a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tighten.profile.model import StackOrigin

if TYPE_CHECKING:
    from tighten.profile.model import Profile

__all__ = ["amount", "percent", "place", "source_line"]

_PARTS = 4  # of a path that lies outside of the project


def amount(weight: float, unit: str) -> str:
    """Return a weight with its unit.

    >>> amount(0.01234, "s"), amount(2.5e9, "instructions")
    ('12.3 ms', '2.5 G instructions')
    """
    if unit == "s":
        for scale, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if weight >= scale:
                return f"{weight / scale:.3g} {name}"
        return "0 s" if weight <= 0 else f"{weight * 1e9:.3g} ns"
    for scale, prefix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if weight >= scale:
            return f"{weight / scale:.3g}{prefix} {unit}"
    return f"{weight:.0f} {unit}"


def percent(share: float) -> str:
    """Return a share with one decimal.

    >>> percent(0.1234)
    '12.3 %'
    """
    return f"{100 * share:.1f} %"


def place(file: str) -> str:
    """Return a file as people look for it: without what comes before a package or the project.

    >>> place("/opt/python/lib/python3.11/json/encoder.py"), place("src/kernel.c")
    ('json/encoder.py', 'src/kernel.c')
    """
    short = re.sub(r".*/(?:site-packages|dist-packages|python3\.\d+t?)/", "", file)
    parts = short.split("/")
    if short.startswith("/") and len(parts) > _PARTS + 1:
        return "…/" + "/".join(parts[-_PARTS:])
    return short


def source_line(profile: Profile) -> str:
    """Return how a profile came to be, in a line."""
    provenance = profile.provenance
    parts = [f"taken with {provenance.tool}" if provenance.tool else "of unknown origin"]
    if provenance.samples:
        parts.append(f"{provenance.samples} samples")
    if len(profile.threads) > 1:
        parts.append(f"{len(profile.threads)} threads")
    if provenance.stacks is StackOrigin.CALL_GRAPH:
        parts.append("stacks derived from counts of calls")
    return ", ".join(parts)
