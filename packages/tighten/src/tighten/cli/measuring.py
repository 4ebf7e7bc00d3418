"""Measurements outside a study: measure, compare, doctor."""

# ruff: noqa: PLC0415, D301 - modules are imported inside the commands, so that ``--help`` stays
# quick; click marks paragraphs with \b

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tighten.cli.arguments import AS_JSON, VALUES, assigned, load_study, study_argument
from tighten.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS"]


@click.command()
@study_argument
@VALUES
@click.option("--launches", type=click.IntRange(min=1), help="Launches after warm-up.")
@AS_JSON
def measure(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    values: Sequence[str],
    launches: int | None,
    as_json: bool,
) -> None:
    """Build the project, run its gates and its benchmark, and show each case.

    \b
    tighten measure
    tighten measure --set PARALLEL_THRESHOLD_SMALL=5000 --launches 10
    """
    loaded = load_study(study, state, options)
    record = loaded.measure(assigned(loaded, values), launches=launches)
    emit(record, as_json=as_json, render="trial_text", cases=loaded.options.cases)
    if record.failure is not None:
        sys.exit(1)


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--study", type=click.Path(path_type=Path), default=Path(), help="The study [.].")
@click.option("--state", metavar="DIR", help="Keep trees and logs here [.tighten].")
@AS_JSON
def compare(a: str, b: str, *, study: Path, state: str | None, as_json: bool) -> None:
    """Measure B against A in pairs and give a verdict for every case.

    A and B are each `working` (the project as it is), `baseline`, `best`, `trial:N`, a git
    revision, or a result file. Two result files are compared without a verdict: numbers that
    were not measured side by side prove nothing. Exit code 1 if a case of B is slower, with
    confidence, than its allowance.

    \b
    tighten compare HEAD~1 working
    tighten compare baseline trial:4
    """
    loaded = load_study(study, state, ())
    found = loaded.compare(a, b)
    emit(found, as_json=as_json, render="comparison_text")
    if found.verdict is not None and found.verdict.regressed:
        sys.exit(1)


@click.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
@click.option("--state", metavar="DIR", help="Keep trees and logs here [.tighten].")
@click.option("--sessions", type=click.IntRange(min=1), default=4, show_default=True)
@AS_JSON
def doctor(study: Path | None, state: str | None, *, sessions: int, as_json: bool) -> None:
    """Compare a program with itself, to see what differences this machine can tell.

    With a STUDY its own benchmark is used, else a small built-in program.

    \b
    tighten doctor
    tighten doctor studies/quantforge --sessions 10
    """
    from tighten.doctor import examine

    loaded = None if study is None else load_study(study, state, ())
    emit(examine(loaded, sessions=sessions), as_json=as_json, render="doctor_text")


COMMANDS = (measure, compare, doctor)
