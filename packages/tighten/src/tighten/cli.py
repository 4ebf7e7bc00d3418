"""The command line: argv in, rendered text and an exit code out; the only place that prints.

Exit codes: 0 done; 1 a regression or a failed gate; 2 usage, configuration, or the disk; 3 the
project's baseline fails; 130 interrupted. Errors go to standard error as one message.

Modules of the package are imported inside the commands, so that ``--help`` stays quick.
"""

# ruff: noqa: PLC0415, D301, PLR0913 - see above; click marks paragraphs with \b; one argument
# for each option

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tighten.parameters import Configuration
    from tighten.record import GateResult, StudyRecord
    from tighten.study import Study

__all__ = ["main"]

INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Exit codes: 0 done, 1 regression or failed gate, 2 usage or configuration, "
    "3 the project's baseline fails, 130 interrupted.",
)
@click.version_option(package_name="tighten")
def cli() -> None:
    """Make a numerical program faster in a closed loop, and prove that nothing else changed.

    \b
    tighten init                 look at the project here and write a tighten.toml
    tighten check                validate it and show the plan
    tighten tune                 measure, propose, change, verify, decide, record; report
    tighten apply                write the best values into the project

    STUDY is a tighten.toml or the directory that holds one; the default is this directory.
    """


def _study_argument(command: Callable[..., None]) -> Callable[..., None]:
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


_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
_VALUES = click.option(
    "-s",
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="Use this parameter value instead of the project's; repeatable.",
)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _interrupt)
    from tighten.errors import TightenError, TrialError

    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except TightenError as error:
        click.echo(f"tighten: {error}", err=True)
        if isinstance(error, TrialError):
            click.echo(f"{error.tail.rstrip()}\nthe whole output is in {error.log}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("tighten: interrupted; `tighten resume` goes on from here", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(0)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


@cli.command()
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


@cli.command()
@_study_argument
@_JSON
def check(study: Path, state: str | None, options: Sequence[str], *, as_json: bool) -> None:
    """Validate the study and show the plan; nothing is built or run.

    \b
    tighten check studies/quantforge
    """
    loaded = _load(study, state, options)
    _emit(loaded.plan(), as_json=as_json, render="plan_text")


@cli.command()
@_study_argument
@_JSON
def params(study: Path, state: str | None, options: Sequence[str], *, as_json: bool) -> None:
    """List each parameter with its present value, its place and its domain.

    \b
    tighten params studies/quantforge
    """
    loaded = _load(study, state, options)
    _emit(loaded.parameters(), as_json=as_json, render="parameters_text")


@cli.command(name="set")
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.option("--study", type=click.Path(path_type=Path), default=Path(), help="The study [.].")
@click.option("--state", metavar="DIR", help="Keep the back-up here [.tighten].")
def set_values(assignments: Sequence[str], study: Path, state: str | None) -> None:
    """Write parameter values into the project's files; `tighten restore` undoes it.

    \b
    tighten set PARALLEL_THRESHOLD_SMALL=20000
    """
    loaded = _load(study, state, ())
    click.echo(loaded.set(_assigned(loaded, assignments)), nl=False)


@cli.command()
@_study_argument
def restore(study: Path, state: str | None, options: Sequence[str]) -> None:
    """Put back files that `set`, `apply` or a killed in-place run left changed.

    A file that was edited since then is reported and left alone.

    \b
    tighten restore
    """
    restored, refused = _load(study, state, options).restore()
    for path in restored:
        click.echo(f"restored {path}")
    for path in refused:
        click.echo(f"left alone, it was changed since: {path}", err=True)
    if not restored and not refused:
        click.echo("nothing to restore")
    if refused:
        sys.exit(1)


@cli.command()
@_study_argument
@_VALUES
@click.option("--launches", type=click.IntRange(min=1), help="Launches after warm-up.")
@_JSON
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
    loaded = _load(study, state, options)
    record = loaded.measure(_assigned(loaded, values), launches=launches)
    _emit(record, as_json=as_json, render="trial_text", cases=loaded.options.cases)
    if record.failure is not None:
        sys.exit(1)


@cli.command()
@_study_argument
@click.option(
    "--apply", "is_applied", is_flag=True, help="Write a confirmed gain into the project."
)
@click.option("--max-trials", type=click.IntRange(min=1), help="Trials at most.")
@click.option("--time-budget", metavar="TIME", help='No new trial after this time, e.g. "30 min".')
@click.option("--strategy", help="Search strategy.")
@_JSON
def tune(
    study: Path,
    state: str | None,
    options: Sequence[str],
    *,
    is_applied: bool,
    max_trials: int | None,
    time_budget: str | None,
    strategy: str | None,
    as_json: bool,
) -> None:
    """Run the study: baseline, trials, fresh confirmation of the best, report.

    The project's files stay as they are unless --apply is given.

    \b
    tighten tune studies/quantforge
    tighten tune --max-trials 5 --time-budget "10 min"
    """
    given = {
        "study.max_trials": max_trials,
        "study.time_budget": time_budget,
        "search.strategy": strategy,
    }
    named = [f"{key}={value}" for key, value in given.items() if value is not None]
    loaded = _load(study, state, (*options, *named))
    _finish(loaded, _with_progress(loaded.tune), is_applied=is_applied, as_json=as_json)


@cli.command()
@_study_argument
@click.option(
    "--apply", "is_applied", is_flag=True, help="Write a confirmed gain into the project."
)
@_JSON
def resume(
    study: Path, state: str | None, options: Sequence[str], *, is_applied: bool, as_json: bool
) -> None:
    """Go on with the newest run after an interrupt, a crash, or with a larger budget.

    \b
    tighten resume
    tighten resume -o study.max_trials=40
    """
    loaded = _load(study, state, options)
    _finish(loaded, _with_progress(loaded.resume), is_applied=is_applied, as_json=as_json)


@cli.command()
@_study_argument
@_VALUES
@_JSON
def verify(
    study: Path, state: str | None, options: Sequence[str], *, values: Sequence[str], as_json: bool
) -> None:
    """Run every gate in its final form on the best values, or on those given with --set.

    The reference is the project with the values it has now.

    \b
    tighten verify --set PARALLEL_THRESHOLD_SMALL=5000
    """
    loaded = _load(study, state, options)
    gates = loaded.verify(_assigned(loaded, values) or None)
    _emit(gates, as_json=as_json, render="gates_text")
    _exit_on_failed(gates)


@cli.command()
@_study_argument
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
    loaded = _load(study, state, options)
    if dry_run:
        click.echo(loaded.best_patch(run), nl=False)
        return
    _apply(loaded, run, quality)


@cli.command()
@click.argument("a")
@click.argument("b")
@click.option("--study", type=click.Path(path_type=Path), default=Path(), help="The study [.].")
@click.option("--state", metavar="DIR", help="Keep trees and logs here [.tighten].")
@_JSON
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
    loaded = _load(study, state, ())
    found = loaded.compare(a, b)
    _emit(found, as_json=as_json, render="comparison_text")
    if found.verdict is not None and found.verdict.regressed:
        sys.exit(1)


@cli.command()
@_study_argument
@click.option("--run", type=int, help="Number of the run [the newest].")
@click.option("--html", type=click.Path(path_type=Path), help="Write the page here.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown instead.")
@click.option("--update", is_flag=True, help="Put the table into the document of the study file.")
@click.option("--export", type=click.Path(path_type=Path), help="Write JSONL and JSON files here.")
@_JSON
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
    loaded = _load(study, state, options)
    record = loaded.record(run)
    if export is not None:
        loaded.export(record, export)
    if update and loaded.update_document(record) is None:
        raise click.UsageError("--update needs `markdown` in the table [report] of the study file")
    if markdown:
        from tighten.report import MarkdownTable

        click.echo(MarkdownTable().render(record), nl=False)
        return
    _summary(record, page=loaded.write_page(record, html), as_json=as_json)


@cli.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
@click.option("--state", metavar="DIR", help="Keep trees and logs here [.tighten].")
@click.option("--sessions", type=click.IntRange(min=1), default=4, show_default=True)
@_JSON
def doctor(study: Path | None, state: str | None, *, sessions: int, as_json: bool) -> None:
    """Compare a program with itself, to see what differences this machine can tell.

    With a STUDY its own benchmark is used, else a small built-in program.

    \b
    tighten doctor
    tighten doctor studies/quantforge --sessions 10
    """
    from tighten.doctor import examine

    loaded = None if study is None else _load(study, state, ())
    _emit(examine(loaded, sessions=sessions), as_json=as_json, render="doctor_text")


def _load(study: Path, state: str | None, options: Sequence[str]) -> Study:
    from tighten.study import Study

    overrides = dict(_split(option, "KEY=VALUE") for option in options)
    if state is not None:
        overrides["study.state"] = str(Path(state).resolve())
    return Study.load(study, overrides=overrides)


def _assigned(study: Study, assignments: Sequence[str]) -> Configuration:
    return study.parse_values(dict(_split(text, "NAME=VALUE") for text in assignments))


def _split(text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"{text!r} is not of the form {form}")
    return name.strip(), value.strip()


def _with_progress(run: Callable[..., StudyRecord]) -> StudyRecord:
    from tighten.report import progress

    with progress(sys.stderr) as listener:
        return run(listener)


def _finish(study: Study, record: StudyRecord, *, is_applied: bool, as_json: bool) -> None:
    study.export(record)
    _summary(record, page=study.write_page(record), as_json=as_json)
    if is_applied and record.best:
        _apply(study, record.run, ())


def _summary(record: StudyRecord, *, page: Path, as_json: bool) -> None:
    from tighten.report import Json, TerminalSummary

    terminal = TerminalSummary(width=_width(), color=_has_colour(), page=str(page))
    click.echo((Json() if as_json else terminal).render(record), nl=False)


def _apply(study: Study, run: int | None, quality: Sequence[str]) -> None:
    applied = study.apply(run, quality=quality)
    study.update_document(study.record(run))
    click.echo(applied.patch, nl=False)
    for line in applied.instructions:
        click.echo(line)
    _emit(applied.gates, as_json=False, render="gates_text")
    _exit_on_failed(applied.gates)


def _exit_on_failed(gates: Sequence[GateResult]) -> None:
    if not all(gate.passed for gate in gates):
        sys.exit(1)


def _emit(value: Any, *, as_json: bool, render: str, **context: Any) -> None:
    if as_json:
        from tighten.encoding import encode

        click.echo(json.dumps(json.loads(encode(value)), indent=2))
        return
    from tighten.report import tables

    text = getattr(tables, render)(value, **context, width=_width(), colour=_has_colour())
    click.echo(text, nl=False)


def _width() -> int:
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, 120)


def _has_colour() -> bool:
    import os

    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
