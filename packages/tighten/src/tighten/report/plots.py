"""The page's pictures as inline SVG: the search, the gain of each case, the costs of strategies.

Matplotlib draws them with text as text. Its colours are then replaced by CSS variables and its
font by the page's, so that a picture follows the reader's light or dark theme and needs no other
file. Shape says the same as colour: a reader who sees no colour loses nothing. Foreign text never
reaches Matplotlib; it is put in afterwards, escaped.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from tighten.decision import Goal
from tighten.record import Role
from tighten.report import quantity
from tighten.report.summary import Mark, mark, objective_goal, speedup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from tighten.record import StrategyCosts, TrialRecord
    from tighten.report.summary import CaseRow, Summary

__all__ = ["NARROW", "WIDE", "Size", "cases", "convergence", "strategies"]


@dataclass(frozen=True, slots=True)
class Size:
    """Width [px] of a picture, for one kind of screen; ``name`` is its CSS class."""

    name: str
    width: int
    points: int  # most points drawn


WIDE = Size("wide", 940, 1200)
NARROW = Size("narrow", 372, 500)

_INK, _FAINT, _LINE, _GOOD, _BAD, _PALE, _BACK = (
    "#010101",
    "#020202",
    "#030303",
    "#040404",
    "#050505",
    "#060606",
    "#070707",
)
_THEME = {
    _INK: "var(--ink)",
    _FAINT: "var(--faint)",
    _LINE: "var(--accent)",
    _GOOD: "var(--good)",
    _BAD: "var(--bad)",
    _PALE: "var(--pale)",
    _BACK: "var(--paper)",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 12.0,
    "axes.edgecolor": _PALE,
    "axes.labelcolor": _FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 12.0,
    "xtick.color": _PALE,
    "ytick.color": _PALE,
    "xtick.labelcolor": _FAINT,
    "ytick.labelcolor": _FAINT,
    "text.color": _INK,
    "grid.color": _PALE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.handletextpad": 0.3,
    "legend.columnspacing": 1.4,
    "legend.borderaxespad": 0.0,
    "path.simplify": True,
}
_MARKERS = {  # shape, line colour, fill
    Mark.ACCEPTED: ("o", _GOOD, _GOOD),
    Mark.REJECTED: ("v", _BAD, _BACK),
    Mark.INCONCLUSIVE: ("D", _FAINT, _BACK),
    Mark.IDENTICAL: ("s", _FAINT, _BACK),
    Mark.FAILED: ("x", _BAD, _BAD),
}

_CURVES = (("o", _LINE), ("s", _BAD), ("D", _GOOD), ("^", _INK), ("v", _FAINT))

Point = tuple[int, float]


def convergence(summary: Summary, size: Size) -> str:
    """Return the speed-up over the baseline of each trial, and of the best so far, as SVG.

    Beyond ``size.points`` trials each column of pixels keeps its best, median and worst trial,
    and every accepted one. Trials far below the baseline are drawn at the lower edge.
    """
    height = 330 if size is WIDE else 300
    with rc_context({**_STYLE, "svg.hashsalt": f"convergence-{size.name}"}):
        figure, axes = _canvas(size, height, left=58, bottom=46, top=34 if size is WIDE else 58)
        best = _best_line(summary)
        floor = _floor(summary, best)
        _draw_trials(axes, summary, size, floor)
        axes.step(*zip(*best, strict=True), where="post", color=_LINE, lw=2, label="best so far")
        _draw_confirmation(axes, summary, best[-1][0])
        axes.axhline(1.0, color=_FAINT, lw=1, ls=(0, (4, 3)), zorder=1)
        axes.set_xlabel("trial")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(lambda tick, _: f"{tick:.4g}\N{MULTIPLICATION SIGN}")
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        figure.legend(
            loc="upper left",
            bbox_to_anchor=((50 if size is WIDE else 8) / size.width, 1.0),
            ncols=7 if size is WIDE else 3,
        )
        title = "Speed-up over the baseline, trial by trial"
        return _svg(figure, size, title, [])


def cases(summary: Summary, size: Size) -> str:
    """Return each case's speed-up over the baseline with interval and target, as SVG."""
    rows = [row for row in summary.cases if row.before and row.after]
    letters = 26 if size is WIDE else 15
    names = [quantity.clipped(row.case.name, letters) for row in rows]
    left = 24 + round(6.9 * max(map(len, names), default=1))
    with rc_context({**_STYLE, "svg.hashsalt": f"cases-{size.name}"}):
        figure, axes = _canvas(size, 90 + 38 * len(rows), left=left, bottom=46, top=32)
        for position, row in enumerate(rows):
            _draw_case(axes, row, -position)
        axes.axvline(1.0, color=_FAINT, lw=1, ls=(0, (4, 3)), zorder=1)
        axes.set_yticks([-i for i in range(len(rows))], [f"label-{i}" for i in range(len(rows))])
        axes.set_ylim(0.6 - len(rows), 0.6)
        axes.tick_params(axis="y", length=0, labelcolor=_INK)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("speed-up over the baseline")
        axes.xaxis.set_major_formatter(lambda tick, _: f"{tick:.4g}\N{MULTIPLICATION SIGN}")
        axes.xaxis.set_major_locator(
            MaxNLocator(nbins=9 if size is WIDE else 4, steps=[1, 2, 5, 10])
        )
        axes.margins(x=0.08)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        _explain_cases(axes, rows)
        return _svg(figure, size, "Speed-up of each case against its target", names)


def strategies(costs: StrategyCosts, size: Size) -> str:
    """Return over size what each strategy costs over the cheapest, with their borders, as SVG."""
    names = [quantity.clipped(line.name, 80 if size is WIDE else 44) for line in costs.lines]
    top = 18 + 20 * len(names)
    with rc_context({**_STYLE, "svg.hashsalt": f"strategies-{size.name}"}):
        figure, axes = _canvas(size, 280 + top, left=58, bottom=46, top=top)
        rows = [costs.over_cheapest(at) for at in costs.sizes]
        for index, column in enumerate(zip(*rows, strict=True)):
            again, which = divmod(index, len(_CURVES))
            shape, color = _CURVES[which]
            axes.plot(
                costs.sizes,
                [ratio if math.isfinite(ratio) else math.nan for ratio in column],
                shape,
                ls=("-", "--", ":")[again % 3],
                color=color,
                mfc=_BACK,
                mew=1.6,
                lw=1.8,
                ms=6.5,
                label=f"label-{index}",
            )
        for border, _ in costs.rows[1:]:
            axes.axvline(border, color=_FAINT, lw=1, ls=(0, (4, 3)), zorder=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(_spaced(costs.sizes, 9 if size is WIDE else 4)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda tick, _: f"{tick:,.0f}")
        axes.yaxis.set_major_formatter(lambda tick, _: f"{tick:.4g}\N{MULTIPLICATION SIGN}")
        axes.set_xlabel("size")
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        figure.legend(loc="upper left", bbox_to_anchor=(8 / size.width, 1.0), ncols=1)
        return _svg(figure, size, "Cost of each strategy over the cheapest, by size", names)


def _spaced(sizes: Sequence[int], most: int) -> list[int]:
    """Return the largest size and others that keep their distance from it on a logarithmic axis."""
    step = math.log(sizes[-1] / sizes[0]) / most
    kept = [sizes[-1]]
    for size in reversed(sizes):
        if math.log(kept[-1] / size) > step:
            kept.append(size)
    return kept


def _canvas(size: Size, height: int, *, left: int, bottom: int, top: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(size.width / 72, height / 72), dpi=72, facecolor="none")
    axes = figure.add_axes(
        (
            left / size.width,
            bottom / height,
            (size.width - left - 18) / size.width,
            (height - bottom - top) / height,
        ),
        facecolor="none",
    )
    return figure, axes


def _search(summary: Summary) -> list[TrialRecord]:
    """Return the trials that looked for something better; the confirmation has its own mark."""
    return [trial for trial in summary.study.trials if trial.role is not Role.CONFIRMATION]


def _best_line(summary: Summary) -> list[Point]:
    """Return the corners of the line of the best so far, from the baseline to the last trial."""
    line, level = [(0, 1.0)], 1.0
    for trial in _search(summary):
        if mark(trial) is Mark.ACCEPTED and trial.number in summary.ratios:
            level = summary.ratios[trial.number]
            line.append((trial.number, level))
    last = max((trial.number for trial in _search(summary)), default=0)
    return line if line[-1][0] >= last else [*line, (last, level)]


def _floor(summary: Summary, best: Sequence[Point]) -> float:
    """Return the lower edge: a few slow outliers must not flatten everything else."""
    top = max(level for _, level in best)
    lowest = min(summary.ratios.values(), default=1.0)
    return max(lowest, 1.0 - max(0.25, 1.5 * (top - 1.0)))


def _draw_trials(axes: Axes, summary: Summary, size: Size, floor: float) -> None:
    groups: dict[Mark, list[Point]] = {kind: [] for kind in _MARKERS}
    for trial in _search(summary):
        kind = mark(trial)
        ratio = summary.ratios.get(trial.number)
        if kind is Mark.FAILED:
            groups[kind].append((trial.number, math.nan))
        elif kind in groups and ratio is not None and math.isfinite(ratio):
            groups[kind].append((trial.number, max(floor, ratio)))
    dense = sum(map(len, groups.values())) > size.points
    for kind, points in groups.items():
        if not points:
            continue
        kept = points if kind is Mark.ACCEPTED else _thinned(points, size.points // 9)
        shape, line, fill = _MARKERS[kind]
        numbers, ratios = zip(*kept, strict=True)
        failed = kind is Mark.FAILED
        axes.plot(
            numbers,
            [0.025] * len(numbers) if failed else ratios,
            shape,
            transform=axes.get_xaxis_transform() if failed else axes.transData,
            markersize=3.2 if dense and kind is not Mark.ACCEPTED else 6.0,
            markeredgecolor=line,
            markerfacecolor=fill,
            markeredgewidth=0.8 if dense else 1.3,
            label=kind.value,
            clip_on=False,
            zorder=4 if kind is Mark.ACCEPTED else 3,
        )


def _thinned(points: list[Point], columns: int) -> list[Point]:
    """Return best, median and worst of each column; all points when there is room."""
    if len(points) <= 3 * columns:
        return points
    step = len(points) / columns
    kept: list[Point] = []
    for column in range(columns):
        part = sorted(points[round(column * step) : round((column + 1) * step)], key=_ratio)
        kept.extend({part[0], part[len(part) // 2], part[-1]})
    return kept


def _ratio(point: Point) -> float:
    return point[1]


def _draw_confirmation(axes: Axes, summary: Summary, last: int) -> None:
    verdict = summary.study.confirmation
    if verdict is None:
        return
    goal = objective_goal(summary.study.cases)
    evidence = verdict.objective
    middle, low, high = (speedup(goal, g) for g in (evidence.gain, evidence.low, evidence.high))
    if not (math.isfinite(low) and math.isfinite(high)):
        return
    axes.errorbar(
        [last + max(1.0, 0.03 * last)],
        [middle],
        yerr=[[middle - low], [high - middle]],
        fmt="D",
        color=_INK,
        ecolor=_INK,
        capsize=4,
        lw=1.6,
        markersize=6.5,
        label="confirmation" if summary.is_confirmed else "not confirmed",
        zorder=5,
    )


def _draw_case(axes: Axes, row: CaseRow, height: float) -> None:
    color = _FAINT if row.is_met is None else _GOOD if row.is_met else _BAD
    fill = color if row.is_met and row.confirmed else _BACK
    if row.evidence is not None:
        bounds = [speedup(row.case.goal, g) for g in (row.evidence.low, row.evidence.high)]
        middle = speedup(row.case.goal, row.evidence.gain)
        if all(map(math.isfinite, bounds)):
            axes.plot(bounds, [height] * 2, "-|", color=color, lw=2.2, ms=9, mew=2.2, zorder=3)
    else:
        quotient = (row.after or math.nan) / (row.before or math.nan)
        middle = quotient if row.case.goal is Goal.MAXIMIZE else 1.0 / quotient
    axes.plot([middle], [height], "o", mfc=fill, mec=color, mew=2, ms=8.5, zorder=4)
    if row.needed is not None:
        axes.plot([row.needed] * 2, [height - 0.3, height + 0.3], color=_INK, lw=2.4, zorder=2)


def _explain_cases(axes: Axes, rows: Sequence[CaseRow]) -> None:
    """Add a legend that names only what is in the picture."""
    shown = []
    for met, color, fill, text in (
        (True, _GOOD, _GOOD, "target reached"),
        (False, _BAD, _BACK, "target missed"),
        (None, _FAINT, _BACK, "no target"),
    ):
        if any(row.is_met is met for row in rows):
            shown += axes.plot([], [], "o", mfc=fill, mec=color, mew=2, ms=8, label=text)
    if any(row.needed is not None for row in rows):
        shown += axes.plot([], [], "|", color=_INK, mew=2.4, ms=13, label="target")
    axes.legend(handles=shown, loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=4)


def _svg(figure: Figure, size: Size, title: str, labels: Sequence[str]) -> str:
    """Return the figure as an SVG element that takes its colours and font from the page."""
    stream = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r" font-family: [^;\"]+;", "", text)
    text = re.sub(r" id=\"[a-zA-Z0-9.]+_[0-9]+\"", "", text)
    for color, name in _THEME.items():
        text = text.replace(color, name)
    for position, label in enumerate(labels):
        text = text.replace(f">label-{position}<", f">{escape(label)}<")
    box = re.search(r'viewBox="[^"]+"', text)
    body = text[text.index(">", text.index("<svg")) + 1 :]
    head = (
        f'<svg class="plot {size.name}" {box.group(0) if box else ""} role="img" '
        f'aria-label="{escape(title)}" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return head + re.sub(r"\n\s*", "\n", body)
