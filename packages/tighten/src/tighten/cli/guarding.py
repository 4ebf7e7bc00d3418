"""What holds over time: guard."""

# ruff: noqa: PLC0415, D301, PLR0913 - modules are imported inside the commands, so that ``--help``
# stays quick; click marks paragraphs with \b; one argument for each option

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tighten.cli.arguments import AS_JSON, load_study, study_argument
from tighten.cli.output import emit, with_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.record import Finding

__all__ = ["COMMANDS"]


@click.command()
@study_argument
@click.option("--save", "is_saving", is_flag=True, help="Measure the project; write the baseline.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The baseline file [tighten-baseline.json beside the study file].",
)
@click.option("--against", metavar="REV", help="Use this git revision, and no baseline file.")
@click.option("--gates/--no-gates", default=True, help="Whether the results must be the same, too.")
@click.option("--launches", type=click.IntRange(min=5), help="Launches that --save keeps [20].")
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    envvar="GITHUB_STEP_SUMMARY",
    metavar="FILE",
    help="Append a Markdown summary here [$GITHUB_STEP_SUMMARY].",
)
@AS_JSON
def guard(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    is_saving: bool,
    baseline: Path | None,
    against: str | None,
    gates: bool,
    launches: int | None,
    summary: Path | None,
    as_json: bool,
) -> None:
    """Fail if the project has become slower than its baseline, with confidence.

    The commit that the baseline names is built beside the project, and both run in pairs. Without
    that commit the stored launches are compared, on the same machine only. Exit code 1 if a case
    is shown to lose more than its allowance or a gate fails; what is not shown is no failure.

    \b
    tighten guard --save               keep the project as it is as the baseline
    tighten guard                      compare with it
    tighten guard --against origin/main
    """
    from tighten.guard import BASELINE_FILE, check, save

    if is_saving and against is not None:
        raise click.UsageError("--save measures the project as it is; remove --against")
    loaded = load_study(study, state, options)
    path = baseline or loaded.options.file.parent / BASELINE_FILE
    if is_saving:
        emit(save(loaded, path, launches=launches), as_json=as_json, render="baseline_text")
        return
    finding = with_progress(
        lambda listener: check(loaded, path, against=against, gates=gates, listener=listener)
    )
    emit(finding, as_json=as_json, render="guard_text")
    if summary is not None:
        _append(summary, finding)
    if finding.is_regression:
        sys.exit(1)


def _append(summary: Path, finding: Finding) -> None:
    from tighten.files import storage_errors
    from tighten.report import guard_markdown

    with storage_errors(f"writing {summary}"), summary.open("a", encoding="utf-8") as file:
        file.write(guard_markdown(finding) + "\n")


COMMANDS = (guard,)
