"""What `benchmarks.quantforge.peers` measured, for people: a table and a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["OURS", "OURS_ALONE", "notes", "picture"]

OURS, OURS_ALONE = "quantforge", "quantforge, 1 thread"


def notes(reports: Sequence[Any]) -> list[str]:
    """Return a table of everybody's nanoseconds per option, and who is missing, as Markdown."""
    (report,) = reports
    columns = report["nanoseconds"]
    names = list(dict.fromkeys(name for times in columns.values() for name in times))
    heads = [_head(column) for column in columns]
    lines = [
        "Nanoseconds per option, median (least), with the threads that each takes by itself:",
        "",
        f"| | {' | '.join(heads)} |",
        f"| :-- |{' --: |' * len(heads)}",
    ]
    for name in names:
        cells = [_cell(columns[column].get(name)) for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, "", *(f"- Not compared: {reason}." for reason in report["missing"])]


def _head(column: str) -> str:
    what, size = column.split()
    return f"{int(size):,}" if what == "price" else f"implied volatility, {int(size):,}"


def _cell(times: Mapping[str, float] | None) -> str:
    return "" if times is None else f"{times['median']:.3g} ({times['min']:.3g})"


def picture(reports: Sequence[Any]) -> bytes:
    """Return a picture of the nanoseconds per option over the size of the batch, as PNG."""
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415 - slow to load

    (report,) = reports
    curves: dict[str, list[tuple[int, float]]] = {}
    for column, times in report["nanoseconds"].items():
        what, size = column.split()
        for name, time_of in times.items():
            if what == "price":
                curves.setdefault(name, []).append((int(size), time_of["median"]))
    canvas = Canvas(figsize=(8.0, 5.0), layout="constrained")
    axes = canvas.subplots()
    for name, points in curves.items():
        is_ours = name.startswith(OURS) and "PyPI" not in name
        axes.loglog(
            *zip(*points, strict=True),
            marker="o",
            linewidth=2.5 if is_ours else 1.2,
            linestyle="--" if name == OURS_ALONE else "-",
            color=("black" if is_ours else None),
            label=name,
        )
    axes.set(xlabel="options in one call", ylabel="nanoseconds per option (median)")
    axes.set_title("Call prices: time per option")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png", dpi=110, metadata={"Software": ""})
    return buffer.getvalue()
