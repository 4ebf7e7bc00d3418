"""A table of the result for documents of the project, kept between two markers.

The markers are comments that no Markdown reader shows::

    <!-- tighten:NAME:begin -->
    <!-- tighten:NAME:end -->

Everything outside them stays byte for byte as it is. The same record always gives the same text,
so that writing it twice changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.decision import Status
from tighten.errors import StudyError
from tighten.files import write_atomically
from tighten.record import StrategyCosts
from tighten.report import quantity
from tighten.report import strategies as by_size
from tighten.report.guarding import guard_basis, guard_headline, guard_rows
from tighten.report.summary import Summary
from tighten.report.terminal import confirmation_line, machine_line, trials_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tighten.record import Finding, StudyRecord
    from tighten.report.summary import CaseRow

__all__ = ["MarkdownTable", "guard_markdown", "replace_between_markers", "update_document"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# What starts an element, link, emphasis, code, cell, entity, formula or mention. An underscore
# inside a word starts nothing.
_SPECIAL = re.compile(r"([\\`*\[\]<>#|~&$@]|(?<!\w)_|_(?!\w))")
_LONG = 160
# Ends of a search that had more to propose, which its numbers do not tell.
_CUT_SHORT = {Status.TIME_BUDGET, Status.STAGNATION, Status.REGRESSION, Status.INTERRUPTED, None}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownTable:
    """Cases before and after, the values that changed, and what the numbers rest on.

    Parameters
    ----------
    strategies
        What each strategy costs at each size, of a study that looks for the borders between them.
    """

    strategies: StrategyCosts | None = None

    def render(self, study: StudyRecord) -> str:
        """Return GitHub-flavoured Markdown without headings, ready for any document."""
        summary = Summary(study)
        blocks = [
            f"**{_text(summary.headline)}**",
            "\n".join(_cases(summary)),
            "\n".join(_values(summary)),
            *(() if self.strategies is None else _strategies(self.strategies)),
            "\n".join(f"- {line}" for line in _notes(summary)),
        ]
        return "\n\n".join(block for block in blocks if block) + "\n"


def guard_markdown(finding: Finding) -> str:
    """Return what the guard found as GitHub-flavoured Markdown, under its own heading."""
    table = [
        "| case | before | now | gain | interval | allowed | outcome |",
        "|:--|--:|--:|--:|--:|--:|:--|",
        *(_row(cells) for cells in guard_rows(finding)),
    ]
    gates = [
        f"- gate {_text(gate.name)}: {'passed' if gate.passed else '**failed**'} "
        f"({_text(gate.detail)})"
        for gate in finding.gates
    ]
    machine = ", ".join(str(finding.machine[k]) for k in ("cpu", "kernel") if k in finding.machine)
    blocks = [
        f"### {_text(finding.study)}",
        f"**{_text(guard_headline(finding))}**",
        "\n".join(table) if finding.changes else "",
        _text(guard_basis(finding)),
        "\n".join([*gates, f"- machine: {_text(machine)}"]),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def update_document(path: Path, name: str, content: str) -> bool:
    """Put ``content`` between the markers ``name`` of a document; return whether it changed.

    Raises
    ------
    StudyError
        If the document is missing or no UTF-8, or has not exactly one pair of these markers.
    StateError
        If it cannot be written; it is unchanged then.
    """
    try:
        # newline="" would be lost by read_text: line endings must survive.
        old = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"cannot read {path} for the report's table: {error}. Name an existing UTF-8 document "
            "under [report] markdown, or remove that entry."
        ) from error
    new = replace_between_markers(old, name, content, document=str(path))
    if new == old:
        return False
    write_atomically(path, new.encode("utf-8"))
    return True


def replace_between_markers(text: str, name: str, content: str, *, document: str) -> str:
    """Return ``text`` with ``content`` between the two markers ``name``.

    Parameters
    ----------
    text
        The whole document; its line ending (that of the begin marker) is kept.
    name
        Letters, digits, ``.``, ``_`` and ``-``.
    content
        New lines between the markers.
    document
        How messages call the document.

    Raises
    ------
    StudyError
        If a marker is missing or doubled, or the end comes before the beginning.
    """
    if not _NAME.match(name):
        raise StudyError(
            f"marker {name!r} cannot be used: letters, digits, '.', '_' and '-' are allowed"
        )
    begin, end = (f"<!-- tighten:{name}:{side} -->" for side in ("begin", "end"))
    for marker in (begin, end):
        if text.count(marker) != 1:
            raise StudyError(_marker_trouble(text, marker, begin, end, document))
    start, stop = text.index(begin) + len(begin), text.index(end)
    if stop < start:
        raise StudyError(f"{document}: {end} stands before {begin}; exchange the two lines")
    newline = "\r\n" if text[start:].startswith("\r\n") else "\n"
    lines = content.strip("\n").splitlines()
    return text[:start] + newline + newline.join([*lines, ""]) + text[stop:]


def _marker_trouble(text: str, marker: str, begin: str, end: str, document: str) -> str:
    lines = [str(i) for i, line in enumerate(text.splitlines(), 1) if marker in line]
    if lines:
        return f"{document}: {marker} stands in lines {', '.join(lines)}; keep one of them"
    return (
        f"{document}: {marker} is missing; put these two lines where the table belongs:\n"
        f"{begin}\n{end}"
    )


def _cases(summary: Summary) -> Iterator[str]:
    if not any(row.before is not None for row in summary.cases):
        return
    yield "| case | metric | before | after | gain | interval | target | result |"
    yield "|:--|:--|--:|--:|--:|--:|--:|:--|"
    for row in summary.cases:
        yield _row(_case_cells(row))


def _case_cells(row: CaseRow) -> list[str]:
    return [
        row.case.name,
        row.case.metric,
        row.text(row.before),
        row.text(row.after),
        row.gain,
        row.interval,
        row.text(row.case.target),
        row.result,
    ]


def _values(summary: Summary) -> Iterator[str]:
    changed = [row for row in summary.parameters if row.is_changed]
    if changed:
        yield "| parameter | before | after | where |"
        yield "|:--|--:|--:|:--|"
        for row in changed:
            yield _row([row.name, row.before, row.after, row.place])


def _strategies(costs: StrategyCosts) -> Iterator[str]:
    yield "What each strategy costs, over the cheapest at that size:"
    rows = [
        f"| {size} | {' | '.join(f'**{cell}**' if best else cell for cell, best in cells)} |"
        for size, cells in by_size.rows_over_cheapest(costs)
    ]
    head = ["size", *(line.name for line in costs.lines)]
    yield "\n".join([_row(head), f"|{'--:|' * len(head)}", *rows])
    found = f"Borders by the fit: {'; '.join(by_size.borders(costs))}"
    yield "\n".join(f"- {_text(line)}" for line in (found, *by_size.values(costs)))


def _notes(summary: Summary) -> Iterator[str]:
    if line := confirmation_line(summary):
        yield f"Confirmation: {_text(line)}"
    ended = f"; {summary.status}" if summary.study.status in _CUT_SHORT else ""
    yield f"Trials: {_text(trials_line(summary) + ended)}"
    if line := machine_line(summary):
        yield f"Machine: {_text(line)}"
    yield f"Measured: {_text(summary.study.started[:10])}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_text, cells))} |"


def _text(text: str) -> str:
    """Return foreign text as one line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", quantity.clipped(text, _LONG * 3))
