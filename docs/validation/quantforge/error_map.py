"""Errors of European call prices over seven regions, ours and those of every peer.

`python -m docs.validation.quantforge.error_map` writes README.md and the pictures beside this file.
The reference is the textbook formula in 60 digits; a price that is not a number counts as lost.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import mpmath  # type: ignore[import-untyped]
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from quantforge import _grid

from benchmarks.quantforge.environments import MissingPeerError
from benchmarks.quantforge.peer_report import OURS, OURS_ALONE
from benchmarks.quantforge.peers import Peer, available

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 1_500
SMALLEST = 1e-290
LOST = 1.0
HERE = Path(__file__).parent

Array: TypeAlias = NDArray[np.float64]
Errors: TypeAlias = dict[str, dict[str, Array]]  # peer -> region -> relative errors

HEAD = f"""# Errors of European prices

Written by `python -m docs.validation.quantforge.error_map`: largest relative error of call prices
against the textbook formula in 60 digits (mpmath), {ROWS} options per region
(`quantforge._grid.region`), prices below {SMALLEST:g} left out. 1 means that no digit is right, or
that the result is no number.
"""


def exact_calls(options: _grid.Options) -> Array:
    """Return call prices by the textbook formula in 60 digits."""

    def cdf(x: Any) -> Any:
        return mpmath.erfc(-x / mpmath.sqrt(2)) / 2

    def call(row: Array) -> float:
        s, k, t, r, sigma = (mpmath.mpf(float(x)) for x in row)
        deviation = sigma * mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + r * t) / deviation + deviation / 2
        return float(s * cdf(d1) - k * mpmath.exp(-r * t) * cdf(d1 - deviation))

    with mpmath.workdps(60):
        return np.array([call(row) for row in np.transpose(options.arguments())])


def relative_error(found: Array, exact: Array) -> Array:
    """Return relative errors, at most 1; NaN where the price is too small to have digits."""
    with np.errstate(all="ignore"):
        error = np.abs(found / exact - 1.0)
    error = np.where(np.isfinite(error), np.minimum(error, LOST), LOST)
    return np.where(np.abs(exact) < SMALLEST, np.nan, error)


def measure(peers: list[Peer]) -> tuple[Errors, dict[str, str]]:
    """Return the errors of every peer, and why some could not price a region."""
    errors: Errors = {peer.name: {} for peer in peers}
    troubles: dict[str, str] = {}
    for name in _grid.REGIONS:
        sys.stderr.write(f"{name}\n")
        options = _grid.region(name, ROWS)
        exact = exact_calls(options)
        rows = np.array([*options.arguments(), exact])
        for peer in peers:
            try:
                errors[peer.name][name] = relative_error(peer.price(rows).values(), exact)
            except (MissingPeerError, RuntimeError) as trouble:
                troubles[f"{peer.name}, {name}"] = str(trouble)
    return errors, troubles


def table(errors: Errors) -> list[str]:
    """Return the largest errors as Markdown, a line per region."""
    lines = [
        f"| region | {' | '.join(errors)} | where quantforge is worst |",
        f"| :-- |{' --: |' * len(errors)} :-- |",
    ]
    for name in _grid.REGIONS:
        cells = [_cell(regions.get(name)) for regions in errors.values()]
        lines.append(f"| {_spoken(name)} | {' | '.join(cells)} | {_worst(name, errors[OURS])} |")
    return lines


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _cell(values: Array | None) -> str:
    return "refused" if values is None else f"{np.nanmax(values):.1e}"


def _worst(name: str, regions: dict[str, Array]) -> str:
    worst = int(np.nanargmax(regions[name]))
    s, k, t, r, sigma = (float(x[worst]) for x in _grid.region(name, ROWS).arguments())
    return f"S={s:.6g} K={k:.6g} T={t:.3g} r={r:.3g} sigma={sigma:.3g}"


def map_picture(errors: Errors) -> Figure:
    """Return every option as a point: where it lies, and how many digits are right."""
    columns = 4
    lines = -(-len(errors) // columns)
    figure = Figure(figsize=(3.6 * columns, 3.2 * lines + 0.6), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in panels[len(errors) :]:
        axes.set_visible(False)
    for axes, (peer, regions) in zip(panels, errors.items(), strict=False):
        shown = _draw_map(axes, regions)
        axes.set_title(peer, fontsize=10)
    figure.supxlabel("moneyness d1")
    figure.supylabel("log10 of volatility times root time")
    bar = figure.colorbar(shown, ax=panels.tolist(), shrink=0.8)
    bar.set_label("log10 of the relative error")
    return figure


def _draw_map(axes: Axes, regions: dict[str, Array]) -> Any:
    points = []
    for name, values in regions.items():
        s, k, t, r, sigma = _grid.region(name, ROWS).arguments()
        deviation = sigma * np.sqrt(t)
        d1 = (np.log(s / k) + r * t) / deviation + deviation / 2
        points.append(np.array([d1, np.log10(deviation), np.log10(np.maximum(values, 1e-17))]))
    x, y, colour = np.concatenate(points, axis=1)
    order = np.argsort(colour)
    return axes.scatter(
        x[order], y[order], c=colour[order], s=3, cmap="viridis", vmin=-16, vmax=0, rasterized=True
    )


def worst_picture(errors: Errors) -> Figure:
    """Return the largest error of every peer in every region, as coloured cells."""
    worst = np.array(
        [
            [np.nanmax(regions[name]) if name in regions else np.nan for name in _grid.REGIONS]
            for regions in errors.values()
        ]
    )
    figure = Figure(figsize=(10.0, 0.55 * len(errors) + 1.8), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(np.log10(worst), cmap="viridis", vmin=-16, vmax=0, aspect="auto")
    axes.set_xticks(range(len(_grid.REGIONS)), [_spoken(name) for name in _grid.REGIONS])
    axes.set_yticks(range(len(errors)), list(errors))
    for (line, column), value in np.ndenumerate(worst):
        text = "refused" if np.isnan(value) else f"{value:.0e}"
        is_dark = np.isnan(value) or np.log10(value) < -8
        axes.text(
            column, line, text, ha="center", va="center", color="white" if is_dark else "black"
        )
    axes.set_title("Largest relative error of call prices")
    figure.colorbar(shown, ax=axes).set_label("log10 of the relative error")
    return figure


def main() -> None:
    """Measure, and write the page with its pictures."""
    peers, missing = available()
    peers = [peer for peer in peers if peer.name != OURS_ALONE]
    errors, troubles = measure(peers)
    notes = [f"- Refused: {place}: {why}." for place, why in troubles.items()]
    notes += [f"- Not compared: {reason}." for reason in missing]
    for name, picture in (("map", map_picture(errors)), ("worst", worst_picture(errors))):
        picture.savefig(HERE / f"{name}.png", dpi=100, metadata={"Software": ""})
    shown = [
        "![Largest relative error by region and library](worst.png)",
        "",
        "Each option by where it lies: moneyness across, deviation upwards.",
        "",
        "![Relative errors of each library over all options](map.png)",
    ]
    page = "\n".join([HEAD, *table(errors), "", *notes, "", *shown]) + "\n"
    (HERE / "README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
