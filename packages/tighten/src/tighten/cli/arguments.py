"""Arguments that several commands share, and what they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tighten.parameters import Configuration
    from tighten.study import Study

__all__ = ["AS_JSON", "VALUES", "assigned", "load_study", "study_argument"]

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
VALUES = click.option(
    "-s",
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="Use this parameter value instead of the project's; repeatable.",
)


def study_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the argument STUDY, and the options that say how to read it."""
    command = click.argument(
        "study", type=click.Path(path_type=Path), default=Path(), required=False
    )(command)
    command = click.option(
        "--state", metavar="DIR", help="Keep trees, ledger and logs here [.tighten]."
    )(command)
    return click.option(
        "-o",
        "--option",
        "options",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a key of the study file, e.g. -o study.max_trials=3; repeatable.",
    )(command)


def load_study(study: Path, state: str | None, options: Sequence[str]) -> Study:
    """Return the study that a command was given."""
    from tighten.study import Study  # noqa: PLC0415 - keeps --help quick

    overrides = dict(_split(option, "KEY=VALUE") for option in options)
    if state is not None:
        overrides["study.state"] = str(Path(state).resolve())
    return Study.load(study, overrides=overrides)


def assigned(study: Study, assignments: Sequence[str]) -> Configuration:
    """Return the values of arguments ``NAME=VALUE``."""
    return study.parse_values(dict(_split(text, "NAME=VALUE") for text in assignments))


def _split(text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"{text!r} is not of the form {form}")
    return name.strip(), value.strip()
