"""Profiles and their differences as text for a terminal, and as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tighten.profile.categories import LABELS, Categories
from tighten.profile.describe import amount, percent, place, source_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.profile.difference import Difference
    from tighten.profile.model import FunctionCost, Profile

__all__ = ["difference_text", "difference_values", "profile_text", "profile_values"]

_ROWS = 20
_VALUES = 200  # functions in JSON


def profile_text(profile: Profile, categories: Categories, *, width: int) -> str:
    """Return categories, threads and the dearest functions of the steady state."""
    steady = categories.steady(profile)
    shown = steady if steady.stacks else profile
    lines = [f"{amount(profile.total, profile.unit)}, {source_line(profile)}"]
    if profile.provenance.reason:
        lines.append(f"profiler: {profile.provenance.reason}")
    lines += ["", *_shares(categories.split(profile), profile)]
    if len(profile.threads) > 1:
        lines += ["", *_grid(["thread", "share"], _threads(profile), width)]
    without = " without import, JIT compilation and warm-up" if steady is shown else ""
    lines += ["", f"Dearest functions{without}:"]
    rows = [_row(cost, shown) for cost in shown.functions()[:_ROWS]]
    lines += _grid(["function", "itself", "", "with calls", "place"], rows, width)
    return "\n".join(lines) + "\n"


def _shares(weights: dict[str, float], profile: Profile) -> list[str]:
    rows = [
        f"  {LABELS.get(name, name):<22} {percent(weight / profile.total):>7}"
        f"  {amount(weight, profile.unit)}"
        for name, weight in weights.items()
    ]
    return ["Where the time goes:", *rows]


def _threads(profile: Profile) -> list[list[str]]:
    return [
        [name or "main", percent(weight / profile.total)]
        for name, weight in list(profile.threads.items())[:_ROWS]
    ]


def _row(cost: FunctionCost, profile: Profile) -> list[str]:
    line = f":{cost.hottest_line}" if cost.hottest_line else ""
    return [
        cost.function,
        percent(cost.own / profile.total),
        amount(cost.own, profile.unit),
        percent(cost.total / profile.total),
        f"{place(cost.file)}{line}" if cost.file else "",
    ]


def difference_text(difference: Difference, *, width: int) -> str:
    """Return both totals and the functions that changed most."""
    before, after = difference.before, difference.after
    unit = before.unit
    changes = [change for change in difference.changes() if change.own]
    rows = [
        [
            change.function,
            amount(change.own_before, unit),
            amount(change.own_after, unit),
            f"{change.own / before.total:+.1%}",
            "" if change.is_certain else "unsure",
            place(change.file),
        ]
        for change in changes[:_ROWS]
    ]
    return "\n".join(
        [
            f"before: {amount(before.total, unit)}, {source_line(before)}",
            f"after:  {amount(after.total, unit)}, {source_line(after)}",
            f"change: {after.total / before.total - 1:+.1%}",
            "",
            "Functions by themselves, the largest change first (in % of the whole before;",
            "unsure: no more than counting samples explains):",
            *_grid(["function", "before", "after", "change", "", "place"], rows, width),
            "",
        ]
    )


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return aligned columns; the first and the last give way if the line is too long."""
    table = [heads, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(heads))]
    spare = width - sum(widths[1:-1]) - 2 * len(widths)
    is_wide = len(heads) > 2
    widths[0] = min(widths[0], max(16, spare - min(widths[-1], 24) if is_wide else spare))
    widths[-1] = min(widths[-1], max(8, spare - widths[0])) if is_wide else widths[-1]
    lines = []
    for row in table:
        cells = [_clipped(row[0], widths[0]).ljust(widths[0])]
        cells += [cell.rjust(size) for cell, size in zip(row[1:-1], widths[1:-1], strict=True)]
        last = _clipped(row[-1], widths[-1])
        cells.append(last if is_wide else last.rjust(widths[-1]))
        lines.append("  ".join(["", *cells]).rstrip())
    return lines


def _clipped(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def profile_values(profile: Profile, categories: Categories) -> dict[str, Any]:
    """Return a profile's sums as plain values; weights are in its unit."""
    return {
        "schema": "tighten-profile-1",
        "unit": profile.unit,
        "total": profile.total,
        "provenance": asdict(profile.provenance),
        "categories": categories.split(profile),
        "steady_total": categories.steady(profile).total,
        "threads": profile.threads,
        "functions": [_cost_values(cost) for cost in profile.functions()[:_VALUES]],
    }


def _cost_values(cost: FunctionCost) -> dict[str, Any]:
    return {
        "function": cost.function,
        "file": cost.file,
        "own": cost.own,
        "total": cost.total,
        "hottest_line": cost.hottest_line or None,
    }


def difference_values(difference: Difference) -> dict[str, Any]:
    """Return what changed as plain values."""
    return {
        "schema": "tighten-profile-difference-1",
        "unit": difference.before.unit,
        "before": difference.before.total,
        "after": difference.after.total,
        "functions": [
            {**asdict(change), "is_certain": change.is_certain}
            for change in difference.changes()[:_VALUES]
        ],
    }
