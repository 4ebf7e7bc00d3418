"""The tables of docs/performance, written from what was measured.

`measured.json` holds the newest measurement of every benchmark, so that one can be measured again
without the others. Each document has one pair of markers per benchmark, ``bench-NAME``; README.md
has ``bench-summary`` for everything that must be reached.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tighten.files import write_atomically
from tighten.report import update_document

from benchmarks.figures import cells, from_json
from benchmarks.registry import BENCHMARKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.figures import Figure
    from benchmarks.registry import Benchmark

__all__ = ["machine_line", "theft", "write_documents"]

_WORTH_SAYING = 0.02  # of the processor time that was wanted

Reports = dict[str, Any]  # name of a benchmark -> its newest measurement


def write_documents(
    directory: Path, new: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None
) -> list[Path]:
    """Add measurements and pictures to those of a directory and bring its tables up to date.

    Returns
    -------
    list of Path
        The files that changed.
    """
    store = directory / "measured.json"
    reports: Reports = json.loads(store.read_bytes()) if store.exists() else {}
    reports = {name: {**reports, **new}[name] for name in sorted({*reports, *new})}
    changed = []
    if new:
        write_atomically(store, (json.dumps(reports, indent=1) + "\n").encode())
        changed.append(store)
    for name, picture in (pictures or {}).items():
        (directory / "figures").mkdir(exist_ok=True)
        write_atomically(directory / "figures" / name, picture)
        changed.append(directory / "figures" / name)
    known = [benchmark for benchmark in BENCHMARKS if benchmark.name in reports]
    for benchmark in known:
        document = directory / f"{benchmark.document}.md"
        content = _section(reports[benchmark.name])
        if update_document(document, f"bench-{benchmark.name}", content):
            changed.append(document)
    if update_document(directory / "README.md", "bench-summary", _summary(known, reports)):
        changed.append(directory / "README.md")
    return list(dict.fromkeys(changed))


def machine_line(machine: Mapping[str, Any]) -> str:
    """Return the machine of a measurement in one line."""
    parts = [
        f"{machine['cpu']}, {machine['cores']} processors",
        f"{machine['memory_bytes'] / 2**30:.0f} GiB",
        str(machine["kernel"]),
        str(machine["python"]),
        *(f"{name} {version}" for name, version in machine["packages"].items()),
        f"load {machine['load'][0]:.1f} before",
    ]
    return "; ".join(parts)


def theft(stolen: float) -> str:
    """Return what a reader must know of numbers from a machine that others used, too; else ""."""
    if stolen < _WORTH_SAYING:
        return ""
    return f"the hypervisor gave {100 * stolen:.0f} % of the processor time to others"


def _section(report: Mapping[str, Any]) -> str:
    rows = [cells(figure) for figure in from_json(report)]
    times = report["processes"]
    when = f"{report['measured'][:10]}, in {report['seconds']:.0f} s"
    said = theft(report.get("stolen", 0.0))
    often = f", {times} fresh processes" if times > 1 else ""
    notes = [
        f"- Command: `{report['command']}`{often}",
        f"- Measured: {'; '.join(filter(None, [when, said]))}",
        f"- Machine: {machine_line(report['machine'])}",
    ]
    below = ["", *report.get("notes", [])] if report.get("notes") else []
    picture = report.get("picture")
    shown = ["", f"![{report['command']}](figures/{picture})"] if picture else []
    return "\n".join([*_markdown(rows), "", *notes, *below, *shown])


def _summary(benchmarks: Sequence[Benchmark], reports: Reports) -> str:
    rows = [
        (*cells(figure), f"[{benchmark.name}]({benchmark.document}.md)")
        for benchmark in benchmarks
        for figure in from_json(reports[benchmark.name])
        if _is_asked(figure)
    ]
    return "\n".join(_markdown(rows))


def _is_asked(figure: Figure) -> bool:
    return figure.is_reached is not None


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    head = ["what", "measured (spread)", "must be", "reached", "benchmark"]
    columns = len(rows[0]) if rows else 4
    alignment = [":--", "--:", "--:", ":--", ":--"]
    lines = [head[:columns], alignment[:columns], *rows]
    return [
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    ]
