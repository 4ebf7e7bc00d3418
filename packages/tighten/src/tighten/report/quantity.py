"""Numbers, times and foreign text as people read them; one home for every format of the reports.

All functions return plain text without control characters. A number that is not finite is
written as a word, never as a blank.
"""

from __future__ import annotations

import math
import re

__all__ = [
    "MISSING",
    "clipped",
    "count",
    "duration",
    "e_value",
    "interval",
    "memory",
    "percent",
    "printable",
    "ratio",
    "value",
]

MISSING = "\N{EN DASH}"  # stands where nothing was measured

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# C0 and C1 controls except tab and newline, lone surrogates, and the marks that reorder text.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_TIME_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def printable(text: object) -> str:
    """Return foreign text without terminal sequences; other controls become ``�``."""
    return _CONTROL.sub("�", _ANSI.sub("", str(text).replace("\r\n", "\n")))


def clipped(text: object, limit: int) -> str:
    """Return foreign text as one line of at most ``limit`` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def value(number: float, unit: str, *, like: float | None = None) -> str:
    """Return a measured value with four significant digits and its unit.

    Parameters
    ----------
    number
        In ``unit``.
    unit
        ``"s"`` is scaled to s, ms, µs or ns; ``"1"`` and ``""`` have no unit.
    like
        Choose the scale that suits this number, so that two values can be compared.
    """
    if not math.isfinite(number):
        return _not_finite(number)
    if unit != "s":
        suffix = "" if unit in {"", "1"} else f" {clipped(unit, 12)}"
        return f"{_significant(number)}{suffix}"
    size = abs(number if like is None or not math.isfinite(like) else like)
    if size == 0.0:
        size = 1.0
    scale, name = next((u for u in _TIME_UNITS if size >= u[0] * 0.9999), _TIME_UNITS[-1])
    return f"{_significant(number / scale)} {name}"


def percent(fraction: float, *, signed: bool = True) -> str:
    """Return a fraction as percent with one decimal (two below 0.1 %)."""
    if not math.isfinite(fraction):
        return _not_finite(fraction)
    return f"{_percent(fraction, _digits(fraction), signed=signed)} %"


def interval(low: float, high: float) -> str:
    """Return bounds of a fraction such as ``+11.0 to +13.9 %``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "too few pairs"
    digits = min(_digits(low), _digits(high))
    return f"{_percent(low, digits)} to {_percent(high, digits)} %"


def ratio(number: float) -> str:
    """Return a speed-up such as 1.23 with the multiplication sign."""
    if not math.isfinite(number):
        return _not_finite(number)
    digits = 0 if number >= 100 else 1 if number >= 10 else 2 if number >= 2 else 3
    return f"{number:.{digits}f}\N{MULTIPLICATION SIGN}"


def e_value(number: float) -> str:
    """Return an E-value: three significant digits, thousands apart, or a power of ten."""
    if not math.isfinite(number):
        return _not_finite(number)
    if number >= 1e6 or 0.0 < number < 1e-3:
        return f"{number:.1e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 trial`` or ``10,000 trials``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a span of time with its two largest units: ``3 h 05 min``, ``41 s``, ``0.31 s``."""
    if not math.isfinite(seconds):
        return _not_finite(seconds)
    if seconds < 9.95:
        return f"{1e3 * seconds:.2g} ms" if 0.0 < seconds < 0.0995 else f"{seconds:.1f} s"
    whole = round(seconds)
    for size, large, part, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= size:
            return f"{whole // size} {large} {whole % size // part:02d} {small}"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def memory(number: float) -> str:
    """Return an amount of memory in binary units."""
    for unit in _BYTE_UNITS:
        if number < 1024 or unit == _BYTE_UNITS[-1]:
            return f"{number:.3g} {unit}" if unit != "B" else f"{number:.0f} B"
        number /= 1024
    raise AssertionError("unreachable")


def _digits(fraction: float) -> int:
    size = abs(100.0 * fraction)
    return 0 if size >= 1000.0 else 2 if 0.0 < size < 0.095 else 1


def _percent(fraction: float, digits: int, *, signed: bool = True) -> str:
    sign = "+" if signed else ""
    return f"{100.0 * fraction:{sign},.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _significant(number: float) -> str:
    if number == 0.0:
        return "0"
    if 1e-4 <= abs(number) < 1e7:
        rounded = float(f"{number:.3e}")
        digits = 3 - math.floor(math.log10(abs(rounded)))
        return f"{number:,.{max(0, digits)}f}".replace("-", "\N{MINUS SIGN}")
    return f"{number:.3e}".replace("e-0", "e-").replace("e+0", "e")


def _not_finite(number: float) -> str:
    return "not a number" if math.isnan(number) else "infinite" if number > 0 else "minus infinite"
