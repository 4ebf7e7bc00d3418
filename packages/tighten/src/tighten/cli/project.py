"""The project and its study file: init, check, params, set, restore."""

# ruff: noqa: PLC0415, D301 - modules are imported inside the commands, so that ``--help`` stays
# quick; click marks paragraphs with \b

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tighten.cli.arguments import AS_JSON, assigned, load_study, study_argument
from tighten.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS"]


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=Path(), required=False)
@click.option("--print", "only_print", is_flag=True, help="Print the file; write nothing.")
def init(project: Path, *, only_print: bool) -> None:
    """Look at PROJECT and write a tighten.toml for it.

    \b
    tighten init                 in the project's directory
    tighten init --print ../lib  show what it would write
    """
    from tighten.scaffold import propose_study, write_study

    if only_print:
        click.echo(propose_study(project), nl=False)
        return
    path = write_study(project)
    click.echo(f"wrote {path}; look it over, then run `tighten check`")


@click.command()
@study_argument
@AS_JSON
def check(study: Path, state: str | None, options: Sequence[str], *, as_json: bool) -> None:
    """Validate the study and show the plan; nothing is built or run.

    \b
    tighten check studies/quantforge
    """
    loaded = load_study(study, state, options)
    emit(loaded.plan(), as_json=as_json, render="plan_text")


@click.command()
@study_argument
@AS_JSON
def params(study: Path, state: str | None, options: Sequence[str], *, as_json: bool) -> None:
    """List each parameter with its present value, its place and its domain.

    \b
    tighten params studies/quantforge
    """
    loaded = load_study(study, state, options)
    emit(loaded.parameters(), as_json=as_json, render="parameters_text")


@click.command(name="set")
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.option("--study", type=click.Path(path_type=Path), default=Path(), help="The study [.].")
@click.option("--state", metavar="DIR", help="Keep the back-up here [.tighten].")
def set_values(assignments: Sequence[str], study: Path, state: str | None) -> None:
    """Write parameter values into the project's files; `tighten restore` undoes it.

    \b
    tighten set PARALLEL_THRESHOLD_SMALL=20000
    """
    loaded = load_study(study, state, ())
    click.echo(loaded.set(assigned(loaded, assignments)), nl=False)


@click.command()
@study_argument
def restore(study: Path, state: str | None, options: Sequence[str]) -> None:
    """Put back files that `set`, `apply` or a killed in-place run left changed.

    A file that was edited since then is reported and left alone.

    \b
    tighten restore
    """
    restored, refused = load_study(study, state, options).restore()
    for path in restored:
        click.echo(f"restored {path}")
    for path in refused:
        click.echo(f"left alone, it was changed since: {path}", err=True)
    if not restored and not refused:
        click.echo("nothing to restore")
    if refused:
        sys.exit(1)


COMMANDS = (init, check, params, set_values, restore)
