"""The answer of ``tighten table`` as text: costs by size, borders, source, proof."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tighten.report import quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from tighten.strategy_costs import StrategyCosts

__all__ = ["strategy_costs_parts"]


def strategy_costs_parts(costs: StrategyCosts) -> Iterator[RenderableType]:
    """Yield the tables and lines for a terminal."""
    yield _by_size(costs)
    yield Text("\nBorders by the fit", "bold")
    (_, first), *others = costs.rows
    yield Text("\n".join([f"  {first}", *(f"  from {size:,} on: {name}" for size, name in others)]))
    for name, value in costs.values.items():
        same = " (which is what the study keeps)" if costs.kept[name] == value else ""
        yield Text(f"\n{name} = {value}{same}")
        if not same:
            yield Text(f"the study keeps {name} = {costs.kept[name]}")
    if costs.source:
        yield Text("\n" + "\n".join(costs.source))
    yield from _proof(costs)


def _by_size(costs: StrategyCosts) -> Table:
    sizes = sorted({int(size) for line in costs.lines for size in line.costs})
    table = Table(
        title=f"Cost{f' [{costs.unit}]' if costs.unit else ''} of run {costs.run}", box=None
    )
    table.add_column("size", justify="right")
    for line in costs.lines:
        table.add_column(line.name, justify="right", overflow="fold")
    for size in sizes:
        found = [line.costs.get(str(size), math.inf) for line in costs.lines]
        best = min(found)
        cells = [
            Text(f"{cost:.4g}" if math.isfinite(cost) else "-", "bold" if cost == best else "")
            + Text(" *" if cost == best else "  ")
            for cost in found
        ]
        table.add_row(f"{size:,}", *cells)
    for label, text in (
        ("fixed", [f"{line.fixed:.3g}  " for line in costs.lines]),
        ("per item", [f"{line.per_item:.3g}  " for line in costs.lines]),
        ("misfit", [f"{100 * line.misfit:.1f} %  " for line in costs.lines]),
    ):
        table.add_row(Text(label, "dim"), *(Text(one, "dim") for one in text))
    return table


def _proof(costs: StrategyCosts) -> Iterator[RenderableType]:
    if not costs.proof:
        return
    table = Table(title="\nThe winner against the baseline, measured afresh", box=None)
    for column in ("size", "gain", "interval", "may lose", "E for within it"):
        table.add_column(column, justify="right")
    for proof in costs.proof:
        one = proof.evidence
        table.add_row(
            f"{proof.size:,}",
            quantity.percent(one.gain),
            quantity.interval(one.low, one.high),
            f"{100 * proof.allowance:g} %",
            f"{one.e_not_worse:.3g}",
        )
    yield table
