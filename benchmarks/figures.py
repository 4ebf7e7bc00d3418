"""Measured numbers with their spread and with what they must reach.

A benchmark that writes `{"figures": [...]}` (see `as_json`) needs no reader of its own in
`benchmarks.registry`.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "UNABLE",
    "Figure",
    "aligned",
    "as_json",
    "cells",
    "concluded",
    "from_json",
    "summarised",
    "table",
]

UNABLE = 3
"""Exit status of a benchmark that needs what this machine does not have."""

_MIDDLE = (0.05, 0.95)  # the quantiles that are given as spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number.

    ``low`` and ``high`` are its spread: quantiles of the samples, or the extremes of few. At most
    one of ``at_most`` and ``at_least`` says what it must reach; without them it only informs.
    """

    what: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_reached(self) -> bool | None:
        """Whether the number is what it must be; None if nothing is asked of it."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    @property
    def measured(self) -> str:
        """The number, its unit and its spread as people read them."""
        text = f"{_number(self.value)} {self.unit}".rstrip()
        if self.low is None or self.high is None:
            return text
        return f"{text} ({_number(self.low)} to {_number(self.high)})"

    @property
    def must(self) -> str:
        """What the number must reach, as people read it; empty if nothing."""
        if self.at_most is not None:
            return f"≤ {_number(self.at_most)} {self.unit}".rstrip()
        return "" if self.at_least is None else f"≥ {_number(self.at_least)} {self.unit}".rstrip()


def summarised(samples: Sequence[float]) -> dict[str, float]:
    """Return the median of samples with its spread, as the fields of a `Figure`.

    Parameters
    ----------
    samples
        At least one; of fewer than 20 the spread is their extremes, else their middle 90 %.
    """
    if len(samples) < 20:
        low, high = min(samples), max(samples)
    else:
        cuts = statistics.quantiles(samples, n=100, method="inclusive")
        low, high = (cuts[round(share * 100) - 1] for share in _MIDDLE)
    return {"value": statistics.median(samples), "low": low, "high": high}


def as_json(figures: Sequence[Figure], **facts: Any) -> dict[str, Any]:
    """Return figures, and further facts about how they were measured, ready for JSON."""
    return {**facts, "figures": [asdict(figure) for figure in figures]}


def from_json(report: Mapping[str, Any]) -> list[Figure]:
    """Return the figures that `as_json` was given."""
    return [Figure(**fields) for fields in report["figures"]]


def cells(figure: Figure) -> tuple[str, str, str, str]:
    """Return what was measured, the number, what it must be, and whether it is."""
    reached = {True: "yes", False: "NO", None: ""}[figure.is_reached]
    return figure.what, figure.measured, figure.must, reached


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as lines of text in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def table(figures: Sequence[Figure]) -> str:
    """Return figures as lines of text for a terminal."""
    return aligned([cells(figure) for figure in figures])


def concluded(
    figures: Sequence[Figure], file: Path | None, *, notes: Sequence[str] = (), **facts: Any
) -> int:
    """End a benchmark: print its figures, write them, and return its exit status.

    Parameters
    ----------
    figures
        What it measured.
    file
        Where `as_json` of figures and ``facts`` goes; None writes nothing.
    notes
        Lines to print below the table.

    Returns
    -------
    int
        1 if a figure is not what it must be, else 0.
    """
    print("\n".join([table(figures), *notes]))
    if file:
        file.write_text(json.dumps(as_json(figures, **facts), indent=1) + "\n", encoding="utf-8")
    return int(any(figure.is_reached is False for figure in figures))


def _number(value: float) -> str:
    """Return three digits that count, and no more than the number has."""
    if value == 0 or not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    digits = max(0, 2 - _magnitude(value))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _magnitude(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])
