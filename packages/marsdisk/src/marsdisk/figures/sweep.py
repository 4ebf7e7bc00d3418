"""The picture of a sweep: mass lost over the varied keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from marsdisk.io.files import atomic_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.cm import ScalarMappable

    from marsdisk.typing import FloatArray

__all__ = ["draw_sweep"]

LABEL = r"mass lost [$M_\mathrm{Mars}$]"


def draw_sweep(directory: Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Draw mass lost over the first one or two varied numbers; return the files.

    Nothing is drawn when no run finished or no number was varied.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    good = [row for row in rows if row["status"] == "finished"]
    settings = [json.loads(row["settings"]) for row in good]
    names = [name for name in settings[0] if _is_varied(settings, name)] if settings else []
    if not names:
        return []
    lost = np.array([row["mass_lost_Mmars"] for row in good])
    axes = [np.array([setting[name] for setting in settings]) for name in names[:2]]
    figure = _line(names, axes, lost) if len(axes) == 1 else _plane(names, axes, lost)
    paths = [directory / f"mass_lost.{suffix}" for suffix in ("png", "svg")]
    for path in paths:
        with atomic_file(path) as stream:
            figure.savefig(stream, format=path.suffix[1:], dpi=150)
    return paths


def _is_varied(settings: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [setting.get(name) for setting in settings]
    return all(isinstance(v, int | float) for v in values) and len(set(values)) > 1


def _spacing(values: FloatArray) -> str:
    """Return 'log' for values that span more than a decade."""
    return "log" if values.min() > 0.0 and values.max() / values.min() > 10.0 else "linear"


def _edges(centres: FloatArray) -> FloatArray:
    """Return cell edges half-way between the centres, in the spacing that the axis shows."""
    log = _spacing(centres) == "log"
    x = np.log(centres) if log else centres
    middle = 0.5 * (x[1:] + x[:-1])
    edges = np.concatenate(([2.0 * x[0] - middle[0]], middle, [2.0 * x[-1] - middle[-1]]))
    return np.exp(edges) if log else edges


def _line(names: Sequence[str], axes: Sequence[FloatArray], lost: FloatArray) -> Figure:
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    panel = figure.add_subplot()
    order = np.argsort(axes[0])
    panel.plot(axes[0][order], lost[order], "o-", color="#0072B2", ms=4)
    panel.set(xlabel=names[0], ylabel=LABEL, xscale=_spacing(axes[0]))
    if lost.min() > 0.0 and lost.max() > 30.0 * lost.min():
        panel.set_yscale("log")
    panel.grid(visible=True, alpha=0.25)
    return figure


def _plane(names: Sequence[str], axes: Sequence[FloatArray], lost: FloatArray) -> Figure:
    figure = Figure(figsize=(8.0, 5.5), layout="constrained")
    panel = figure.add_subplot()
    positive = lost[lost > 0.0]
    wide = positive.size > 0 and positive.max() > 30.0 * positive.min()
    norm = LogNorm(positive.min(), positive.max()) if wide else None
    x, y = (np.unique(values) for values in axes)
    if x.size * y.size == lost.size:
        grid = np.full((y.size, x.size), np.nan)
        grid[np.searchsorted(y, axes[1]), np.searchsorted(x, axes[0])] = lost
        mesh: ScalarMappable = panel.pcolormesh(_edges(x), _edges(y), grid, norm=norm)
    else:
        mesh = panel.scatter(axes[0], axes[1], c=lost, norm=norm, s=30)
    panel.set(xlabel=names[0], ylabel=names[1], xscale=_spacing(axes[0]), yscale=_spacing(axes[1]))
    figure.colorbar(mesh, ax=panel, label=LABEL)
    return figure
