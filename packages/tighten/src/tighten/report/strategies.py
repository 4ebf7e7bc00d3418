"""What each strategy costs by size: the answer of ``tighten table``, and the rows of reports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tighten.report import quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from tighten.record import StrategyCosts


__all__ = ["borders", "rows_over_cheapest", "strategy_costs_parts", "values"]

_LONG = 16  # characters of a strategy's name above which columns are numbered


def rows_over_cheapest(costs: StrategyCosts) -> Iterator[tuple[str, list[tuple[str, bool]]]]:
    """Yield each size with what every strategy costs over the cheapest, and whether it is that."""
    for size in costs.sizes:
        found = costs.over_cheapest(size)
        cells = [(quantity.ratio(x) if x < math.inf else quantity.MISSING, x == 1.0) for x in found]
        yield f"{size:,}", cells


def borders(costs: StrategyCosts) -> list[str]:
    """Return which strategy the fit chooses, from the smallest size upwards."""
    (_, first), *others = costs.rows
    return [first, *(f"from {size:,} on: {name}" for size, name in others)]


def values(costs: StrategyCosts) -> Iterator[str]:
    """Yield the value that puts the borders into effect, beside the one that the study keeps."""
    for name, value in costs.values.items():
        kept = costs.kept[name]
        beside = ", which the study keeps" if kept == value else f"; the study keeps {kept}"
        yield f"{name} = {value}{beside}"


def strategy_costs_parts(costs: StrategyCosts) -> Iterator[RenderableType]:
    """Yield the tables and lines for a terminal."""
    names = [line.name for line in costs.lines]
    heads = names
    if max(map(len, names)) > _LONG:
        heads = [str(number) for number in range(1, len(names) + 1)]
        yield Text("Strategies", "bold")
        yield Text("\n".join(f"  {h}  {name}" for h, name in zip(heads, names, strict=True)) + "\n")
    yield _by_size(costs, heads)
    yield Text("\nBorders by the fit", "bold")
    yield Text("\n".join(f"  {line}" for line in borders(costs)))
    yield Text("\n" + "\n".join(values(costs)))
    if costs.source:
        yield Text("\n" + "\n".join(costs.source))
    yield from _proof(costs)


def _by_size(costs: StrategyCosts, heads: Sequence[str]) -> Table:
    table = Table(
        title=f"Cost{f' [{costs.unit}]' if costs.unit else ''} of run {costs.run}", box=None
    )
    table.add_column("size", justify="right")
    for head in heads:
        table.add_column(f"{head}  ", justify="right", overflow="fold")
    for size in costs.sizes:
        found = [line.at(size) for line in costs.lines]
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
