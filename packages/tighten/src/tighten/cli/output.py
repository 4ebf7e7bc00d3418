"""What a command prints: a record as text for people, or as JSON for machines."""

# ruff: noqa: PLC0415 - the formats are imported when one is printed, so that ``--help`` stays quick

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tighten.events import Listener
    from tighten.record import GateResult, StudyRecord

__all__ = ["emit", "exit_on_failed", "has_colour", "show_summary", "width", "with_progress"]

T = TypeVar("T")


def emit(value: Any, *, as_json: bool, render: str, **context: Any) -> None:
    """Print a record as JSON, or as the text that the function ``render`` makes of it."""
    if as_json:
        from tighten.encoding import encode

        click.echo(json.dumps(json.loads(encode(value)), indent=2))
        return
    from tighten.report import tables

    text = getattr(tables, render)(value, **context, width=width(), colour=has_colour())
    click.echo(text, nl=False)


def show_summary(record: StudyRecord, *, page: Path, as_json: bool) -> None:
    """Print the summary of a run."""
    from tighten.report import Json, TerminalSummary

    terminal = TerminalSummary(width=width(), color=has_colour(), page=str(page))
    click.echo((Json() if as_json else terminal).render(record), nl=False)


def exit_on_failed(gates: Sequence[GateResult]) -> None:
    """Exit with 1 if a gate did not pass."""
    if not all(gate.passed for gate in gates):
        sys.exit(1)


def with_progress(run: Callable[[Listener], T]) -> T:
    """Return what ``run`` does, with its progress on standard error."""
    from tighten.report import progress

    with progress(sys.stderr) as listener:
        return run(listener)


def width() -> int:
    """Return the columns of the terminal, at most as many as one reads easily."""
    return min(shutil.get_terminal_size((80, 24)).columns, 120)


def has_colour() -> bool:
    """Return whether the output is for somebody who sees colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
