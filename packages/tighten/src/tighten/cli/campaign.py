"""A study from start to end: tune, resume, verify, apply, report."""

# ruff: noqa: PLC0415, D301, PLR0913 - modules are imported inside the commands, so that ``--help``
# stays quick; click marks paragraphs with \b; one argument for each option

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tighten.cli.arguments import AS_JSON, VALUES, assigned, load_study, study_argument
from tighten.cli.output import emit, exit_on_failed, show_summary, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tighten.events import Listener
    from tighten.record import StudyRecord
    from tighten.study import Study

__all__ = ["COMMANDS"]


@click.command()
@study_argument
@click.option(
    "--apply", "is_applied", is_flag=True, help="Write a confirmed gain into the project."
)
@click.option("--max-trials", type=click.IntRange(min=1), help="Trials at most.")
@click.option("--time-budget", metavar="TIME", help='No new trial after this time, e.g. "30 min".')
@click.option("--strategy", help="Search strategy.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Spread the trials over the workers of this Dask scheduler, e.g. tcp://node01:8786.",
)
@AS_JSON
def tune(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    is_applied: bool,
    max_trials: int | None,
    time_budget: str | None,
    strategy: str | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Run the study: baseline, trials, fresh confirmation of the best, report.

    The project's files stay as they are unless --apply is given.

    \b
    tighten tune studies/quantforge
    tighten tune --max-trials 5 --time-budget "10 min"
    tighten tune --scheduler tcp://node01:8786
    """
    given = {
        "study.max_trials": max_trials,
        "study.time_budget": time_budget,
        "search.strategy": strategy,
    }
    named = [f"{key}={value}" for key, value in given.items() if value is not None]
    loaded = load_study(study, state, (*options, *named))
    run = loaded.tune if scheduler is None else _spread(loaded, scheduler)
    _finish(loaded, with_progress(run), is_applied=is_applied, as_json=as_json)


def _spread(study: Study, scheduler: str) -> Callable[[Listener], StudyRecord]:
    from tighten import cluster

    return lambda listener: cluster.tune(study, scheduler, listener)


@click.command()
@study_argument
@click.option(
    "--apply", "is_applied", is_flag=True, help="Write a confirmed gain into the project."
)
@AS_JSON
def resume(
    study: Path, state: str | None, options: Sequence[str], *, is_applied: bool, as_json: bool
) -> None:
    """Go on with the newest run after an interrupt, a crash, or with a larger budget.

    \b
    tighten resume
    tighten resume -o study.max_trials=40
    """
    loaded = load_study(study, state, options)
    _finish(loaded, with_progress(loaded.resume), is_applied=is_applied, as_json=as_json)


@click.command()
@study_argument
@VALUES
@click.option("--against", metavar="REV", help="Take the results of this version as reference.")
@click.option(
    "--evidence",
    "is_about_evidence",
    is_flag=True,
    help="Say instead which applied values must be tested again here, and why.",
)
@AS_JSON
def verify(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    values: Sequence[str],
    against: str | None,
    is_about_evidence: bool,
    as_json: bool,
) -> None:
    """Run every gate in its final form on the best values, or on those given with --set.

    The reference is the project with the values it has now. With --against it is a git revision
    (or baseline, best, trial:N), and the project is checked as it stands, or with --set. With
    --evidence nothing is run but the build: exit code 1 if the processor, the compiler, the code or
    a value is not the one that an applied value was found good with.

    \b
    tighten verify --set PARALLEL_THRESHOLD_SMALL=5000
    tighten verify --against origin/main
    tighten verify --evidence
    """
    loaded = load_study(study, state, options)
    if is_about_evidence:
        if values or against:
            raise click.UsageError("--evidence is about the values as they are; remove the others")
        standings = loaded.evidence()
        emit(standings, as_json=as_json, render="evidence_text")
        sys.exit(0 if all(one.holds for one in standings) else 1)
    gates = loaded.verify(assigned(loaded, values) or None, against=against)
    emit(gates, as_json=as_json, render="gates_text")
    exit_on_failed(gates)


@click.command()
@study_argument
@click.option("--run", type=int, help="Number of the run [the newest].")
@click.option("--dry-run", is_flag=True, help="Show the diff; write nothing.")
@click.option(
    "--quality",
    multiple=True,
    metavar="COMMAND",
    help='Must succeed with the new values, e.g. "cargo clippy -- -D warnings"; repeatable.',
)
def apply(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    run: int | None,
    dry_run: bool,
    quality: Sequence[str],
) -> None:
    """Write the best values into the project after gates, benchmark and quality commands passed.

    Refuses if a file changed since the study. `tighten restore` undoes it.

    \b
    tighten apply --dry-run
    tighten apply --quality "cargo clippy -- -D warnings"
    """
    loaded = load_study(study, state, options)
    if dry_run:
        click.echo(loaded.best_patch(run), nl=False)
        return
    _apply(loaded, run, quality)


@click.command()
@study_argument
@click.option("--run", type=int, help="Number of the run [the newest].")
@click.option("--html", type=click.Path(path_type=Path), help="Write the page here.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown instead.")
@click.option("--update", is_flag=True, help="Put the table into the document of the study file.")
@click.option("--export", type=click.Path(path_type=Path), help="Write JSONL and JSON files here.")
@AS_JSON
def report(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    run: int | None,
    html: Path | None,
    markdown: bool,
    update: bool,
    export: Path | None,
    as_json: bool,
) -> None:
    """Show a run again; write its page, table or export.

    \b
    tighten report --html report.html
    tighten report --export benchmarks/history
    """
    loaded = load_study(study, state, options)
    record = loaded.record(run)
    if export is not None:
        loaded.export(record, export)
    if update and loaded.update_document(record) is None:
        raise click.UsageError("--update needs `markdown` in the table [report] of the study file")
    if markdown:
        click.echo(loaded.markdown(record), nl=False)
        return
    show_summary(record, page=loaded.write_page(record, html), as_json=as_json)


@click.command()
@study_argument
@click.option("--run", type=int, help="Number of the run [the newest].")
@AS_JSON
def table(
    study: Path, state: str | None, options: Sequence[str], *, run: int | None, as_json: bool
) -> None:
    """Show what each strategy costs at each size, and the size -> strategy table that follows.

    For studies with thresholds or a `table`, from the trials of a run; nothing is measured.
    `tighten tune --strategy cost-model` measures, `tighten apply` writes what was confirmed.

    \b
    tighten table studies/quantforge/table.toml
    """
    loaded = load_study(study, state, options)
    emit(loaded.strategy_costs(run), as_json=as_json, render="strategy_costs_text")


def _finish(study: Study, record: StudyRecord, *, is_applied: bool, as_json: bool) -> None:
    study.export(record)
    show_summary(record, page=study.write_page(record), as_json=as_json)
    if is_applied and record.best:
        _apply(study, record.run, ())


def _apply(study: Study, run: int | None, quality: Sequence[str]) -> None:
    applied = study.apply(run, quality=quality)
    study.update_document(study.record(run))
    click.echo(applied.patch, nl=False)
    for line in applied.instructions:
        click.echo(line)
    emit(applied.gates, as_json=False, render="gates_text")
    exit_on_failed(applied.gates)


COMMANDS = (tune, resume, verify, apply, report, table)
