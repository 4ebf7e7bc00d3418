"""The pictures of a run, one function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from marsdisk.figures.history import History
from marsdisk.physics.constants import YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from marsdisk.typing import FloatArray

__all__ = ["PICTURES", "Picture"]

Picture = Callable[[History], Figure]

CHANNEL_COLOURS = {
    "blowout": "#0072B2",
    "sublimation": "#D55E00",
    "drag": "#009E73",
    "escape": "#CC79A7",
    "subgrid": "#7F7F7F",
}
"""Okabe-Ito colours, which people with colour-blindness tell apart."""

CHANNEL_LABELS = {
    "blowout": "blow-out",
    "sublimation": "sublimation",
    "drag": "gas drag",
    "escape": "escape of vapour",
    "subgrid": "finer than the grid",
}

DECADES = 6.0
"""Range of values shown on logarithmic axes and maps."""


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def _time_axis(axes: Axes, history: History) -> None:
    """Show time logarithmically when the outputs span more than two decades."""
    years = history.years
    positive = years[years > 0.0]
    axes.set_xlabel("time [yr]")
    if positive.size > 2 and positive[-1] / positive[0] > 100.0:
        axes.set_xscale("log")
        axes.set_xlim(positive[0], positive[-1])
    elif positive.size:
        axes.set_xlim(0.0, positive[-1])
    axes.grid(visible=True, alpha=0.25)


def _log_limits(axes: Axes, values: FloatArray) -> None:
    """Set a logarithmic axis from the largest value down, or say that there is nothing."""
    top = float(np.max(values, initial=0.0))
    if top > 0.0:
        low = float(values[values > 0.0].min())
        axes.set_yscale("log")
        axes.set_ylim(max(low / 2.0, top / 10.0**DECADES), top * 3.0)


def size_distribution(history: History) -> Figure:
    """Draw mass per logarithmic size interval at several times."""
    figure = _figure(8.0, 5.0)
    axes = figure.add_subplot()
    edges = history.size_edges
    widths = np.diff(np.log(edges))
    sizes = np.sqrt(edges[1:] * edges[:-1])
    values = history.distributions / widths if history.distributions.size else np.empty((0, 0))
    colours = _colours(len(values))
    for time, curve, colour in zip(history.distribution_times, values, colours, strict=True):
        axes.plot(sizes, np.where(curve > 0.0, curve, np.nan), color=colour, label=_duration(time))
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    _log_limits(axes, values)
    _blowout_range(axes, history)
    axes.set(xlabel="grain radius [m]", ylabel=r"mass per e-fold of radius [kg m$^{-2}$]")
    axes.grid(visible=True, alpha=0.25)
    axes.legend(title="time", frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _colours(count: int) -> list[tuple[float, float, float, float]]:
    return [colormaps["viridis"](x) for x in np.linspace(0.0, 0.92, count)]


def _blowout_range(axes: Axes, history: History) -> None:
    a_blow = history.totals.a_blow
    shown = a_blow[a_blow > history.size_edges[0]]
    if shown.size:
        axes.axvspan(
            shown.min(), shown.max() * 1.001, color="#0072B2", alpha=0.15, label="blow-out size"
        )


def _duration(seconds: float) -> str:
    for unit, length in (("yr", YEAR), ("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def mass_loss(history: History) -> Figure:
    """Draw the rate of mass loss and the mass lost, by channel."""
    figure = _figure(8.0, 6.5)
    rates, amounts = figure.subplots(2, 1, sharex=True)
    totals = history.totals
    for axes, series, whole in (
        (rates, totals.rate, totals.all_rates),
        (amounts, totals.lost, totals.all_lost),
    ):
        axes.plot(history.years, whole, color="black", lw=2.5, alpha=0.35, label="all channels")
        for channel, values in series.items():
            if values.max() > 0.0:
                shown = np.where(values > 0.0, values, np.nan)
                label, colour = CHANNEL_LABELS[channel], CHANNEL_COLOURS[channel]
                axes.plot(history.years, shown, color=colour, label=label)
        _log_limits(axes, whole)
        _time_axis(axes, history)
    rates.set(xlabel="", ylabel=r"loss rate [$M_\mathrm{Mars}$ s$^{-1}$]")
    amounts.set_ylabel(r"mass lost [$M_\mathrm{Mars}$]")
    rates.legend(frameon=False, loc="best")
    return figure


def maps(history: History) -> Figure:
    """Draw surface density, optical depth and loss rate over time and radius."""
    figure = _figure(8.0, 9.0)
    rate = np.sum([history.maps[channel] for channel in CHANNEL_COLOURS], axis=0)
    panels = (
        (history.maps["sigma"], r"surface density [kg m$^{-2}$]", "viridis"),
        (history.maps["tau"], "line-of-sight optical depth", "cividis"),
        (rate, r"loss rate [kg m$^{-2}$ s$^{-1}$]", "magma"),
    )
    rows = figure.subplots(len(panels), 1, sharex=True)
    for axes, (values, label, colours) in zip(rows, panels, strict=True):
        _map(axes, history, values, label, colours)
    rows[-1].set_xlabel("time [yr]")
    return figure


def _map(axes: Axes, history: History, values: FloatArray, label: str, colours: str) -> None:
    years = history.years
    left = np.concatenate(([years[0]], np.sqrt(np.maximum(years[1:] * years[:-1], 0.0))))
    edges = np.append(left, years[-1])
    edges[1] = years[1] / 2.0 if years.size > 1 else edges[1]
    top = float(values.max(initial=0.0))
    norm = None
    if top > 0.0:
        low = max(float(values[values > 0.0].min()), top / 10.0**DECADES)
        norm = LogNorm(low, top) if top / low > 30.0 else None
    shown = np.where(values > 0.0, values, np.nan)
    mesh = axes.pcolormesh(
        edges, history.radius_edges_RM, shown.T, cmap=colours, norm=norm, rasterized=True
    )
    _time_axis(axes, history)
    axes.set(xlabel="", ylabel=r"radius [$R_\mathrm{Mars}$]")
    axes.grid(visible=False)
    axes.set_facecolor("#dddddd")
    axes.figure.colorbar(mesh, ax=axes, label=label)


def ledger(history: History) -> Figure:
    """Draw where all mass is, and the defect of the ledger."""
    figure = _figure(8.0, 6.0)
    stack, defect = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    totals = history.totals
    parts = {"on the disk": (totals.on_disk, "#F0E442"), "deep buffer": (totals.deep, "#56B4E9")}
    parts |= {
        f"lost: {CHANNEL_LABELS[name]}": (values, CHANNEL_COLOURS[name])
        for name, values in totals.lost.items()
    }
    shown = {label: part for label, part in parts.items() if part[0].max() > 0.0}
    stack.stackplot(
        history.years,
        [values for values, _ in shown.values()],
        labels=list(shown),
        colors=[colour for _, colour in shown.values()],
        alpha=0.85,
    )
    received = totals.initial + totals.supplied
    stack.plot(history.years, received, "k--", lw=1.2, label="initial + supplied")
    _time_axis(stack, history)
    stack.set(xlabel="", ylabel=r"mass [$M_\mathrm{Mars}$]")
    stack.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=3)
    defect.plot(history.years, np.maximum(totals.ledger_residual, 1e-17), color="black")
    defect.set_yscale("log")
    defect.set_ylim(1e-17, 1e-11)
    defect.axhline(1e-12, color="#D55E00", ls=":", label="limit")
    _time_axis(defect, history)
    defect.set_ylabel("relative defect")
    defect.legend(frameon=False)
    return figure


def drivers(history: History) -> Figure:
    """Draw the temperature of Mars and the blow-out size."""
    figure = _figure(8.0, 5.5)
    heat, size = figure.subplots(2, 1, sharex=True)
    heat.plot(history.years, history.totals.temperature, color="#D55E00")
    heat.set_ylabel("temperature of Mars [K]")
    a_blow = history.totals.a_blow
    size.plot(history.years, np.where(a_blow > 0.0, a_blow, np.nan) * 1e6, color="#0072B2")
    size.axhline(history.size_edges[0] * 1e6, color="grey", ls=":", label="smallest bin")
    size.set_ylabel("blow-out size [µm]")
    size.set_yscale("log")
    size.legend(frameon=False)
    for axes in (heat, size):
        _time_axis(axes, history)
    heat.set_xlabel("")
    return figure


CAPTIONS = {
    "size_distribution": """Mass in each logarithmic size interval, averaged over the disk.
        The band marks the blow-out sizes passed during the run.""",
    "mass_loss": "Rate of mass loss and mass lost since the start, by channel.",
    "maps": "Surface density, optical depth and loss rate over time and radius.",
    "ledger": """Where all mass is. The dashed line is what was there plus what was supplied;
        the lower panel is the largest relative defect of any cell.""",
    "drivers": "Surface temperature of Mars and the largest unbound grain.",
}

PICTURES: dict[str, tuple[Picture, str]] = {
    draw.__name__: (draw, " ".join(CAPTIONS[draw.__name__].split()))
    for draw in (size_distribution, mass_loss, ledger, drivers, maps)
}
"""Picture and caption by file name."""
