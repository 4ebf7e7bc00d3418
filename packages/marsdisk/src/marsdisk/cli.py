"""The command line: words in, a run, a picture or an answer out; the only place that exits.

Exit codes: 0 done; 1 runs differ or some runs of a sweep failed; 2 the request cannot be carried
out (arguments, configuration, tables, checkpoints); 3 a run failed (integration, ledger, memory);
4 a file cannot be written; 70 a fault of this program; 130 interrupted by Ctrl-C, 143 ended by
SIGTERM, both after writing a checkpoint.
"""

# Compiled kernels, Arrow and Matplotlib load in seconds; every command imports what it needs.
# The backspace in a docstring is click's mark for lines that must not be wrapped.
# ruff: noqa: PLC0415, D301

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from marsdisk.errors import IntegrationError, LedgerError, MarsdiskError, OutputError

if TYPE_CHECKING:
    from types import FrameType

    from marsdisk.config import Config
    from marsdisk.runs import RunResult
    from marsdisk.sweep import Point

__all__ = ["cli", "main"]

DIFFERENT, REFUSED, FAILED, UNWRITABLE, FAULT, INTERRUPTED, ENDED = 1, 2, 3, 4, 70, 130, 143

_state = {"signal": INTERRUPTED}


def exit_code(error: MarsdiskError) -> int:
    """Return the documented exit code of an error."""
    if isinstance(error, OutputError):
        return UNWRITABLE
    return FAILED if isinstance(error, IntegrationError | LedgerError) else REFUSED


def main() -> NoReturn:
    """Run the command line and exit."""
    from marsdisk.console import describe_error
    from marsdisk.environment import apply_thread_limit

    signal.signal(signal.SIGTERM, _on_termination)
    try:
        apply_thread_limit(os.environ)
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(_state["signal"])
    except MarsdiskError as error:
        click.echo(describe_error(error), err=True)
        sys.exit(exit_code(error))
    except MemoryError as error:
        remedy = "choose fewer cells (geometry.Nr) or bins (sizes.n_bins)"
        click.echo(f"error: memory is short: {str(error) or 'none is left'}; {remedy}", err=True)
        sys.exit(FAILED)
    except Exception:  # noqa: BLE001 -- last line of defence: keep the traceback, show a sentence
        sys.exit(_report_fault())


def _on_termination(_number: int, _frame: FrameType | None) -> None:
    _state["signal"] = ENDED
    raise KeyboardInterrupt


def _report_fault() -> int:
    handle, path = tempfile.mkstemp(prefix="marsdisk-fault-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        traceback.print_exc(file=stream)
    click.echo(f"error: marsdisk has a fault; please report it with {path}", err=True)
    return FAULT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="marsdisk")
def cli() -> None:
    """Evolution of the debris disk inside the Roche limit of Mars.

    \b
    marsdisk run baseline                      two years of the disk, with pictures
    marsdisk run baseline --override sizes.n_bins=80
    marsdisk check my.yml                      every fault of a configuration at once
    marsdisk sweep baseline --vary radiation.TM_K=2000:6000:20 --vary numerics.rtol=1e-3
    marsdisk resume marsdisk-baseline-...      go on after an interrupt

    Exit codes: 0 done, 1 runs differ or failed in a sweep, 2 request refused, 3 run failed,
    4 cannot write, 70 fault of the program, 130 Ctrl-C, 143 SIGTERM.
    """


configuration = click.argument("configuration", metavar="PRESET|FILE")
override = click.option(
    "--override", "overrides", multiple=True, metavar="KEY=VALUE", help="Set one key; repeatable."
)
overrides_file = click.option(
    "--overrides-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with one KEY=VALUE per line; # starts a comment.",
)
threads_option = click.option("--threads", type=click.IntRange(min=1), help="Threads over cells.")
quiet_option = click.option("--quiet", is_flag=True, help="No progress.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
run_directory = click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


def load(source: str, overrides: tuple[str, ...], overrides_file: Path | None) -> Config:
    """Return the configuration of a preset or a file, with overrides on top."""
    from marsdisk.config import Config, preset_path

    lines: list[str] = []
    if overrides_file is not None:
        text = overrides_file.read_text(encoding="utf-8").splitlines()
        lines = [line.partition("#")[0].strip() for line in text]
    every = [*(line for line in lines if line), *overrides]
    path = Path(source)
    return Config.from_yaml(path if path.is_file() else preset_path(source), every)


def new_directory(name: str) -> Path:
    """Return a directory name that does not exist yet, from the name of the run and the time."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    base = Path.cwd() / f"marsdisk-{Path(name).stem}-{stamp}"
    candidate, number = base, 1
    while candidate.exists():
        number += 1
        candidate = base.with_name(f"{base.name}-{number}")
    return candidate


def _finish(result: RunResult, *, as_json: bool) -> int:
    """Print the end of a run and return the exit code."""
    from marsdisk.console import describe_error, run_summary

    if as_json:
        click.echo(json.dumps({"directory": str(result.directory), **result.summary}))
    else:
        click.echo(run_summary(result.summary, result.directory))
    if result.error is not None:
        click.echo(describe_error(result.error), err=True)
        return exit_code(result.error)
    if result.status == "interrupted":
        click.echo(f"interrupted; go on with: marsdisk resume {result.directory}", err=True)
        return _state["signal"]
    return 0


@cli.command()
@configuration
@override
@overrides_file
@click.option("--output", type=click.Path(path_type=Path), help="New directory of the run.")
@threads_option
@click.option("--legacy-columns", is_flag=True, help="Add the published program's column names.")
@click.option("--no-figures", is_flag=True, help="No pictures, no HTML page.")
@quiet_option
@json_option
def run(
    configuration: str,
    overrides: tuple[str, ...],
    overrides_file: Path | None,
    output: Path | None,
    **options: Any,
) -> int:
    """Run a preset or a configuration file.

    \b
    marsdisk run baseline
    marsdisk run my.yml --output runs/a --threads 2
    marsdisk run minimal --override radiation.TM_K=2500 --json
    """
    from marsdisk.console import run_progress

    extra = [*overrides]
    extra += ["io.legacy_columns=true"] if options["legacy_columns"] else []
    extra += ["io.figures=false"] if options["no_figures"] else []
    config = load(configuration, tuple(extra), overrides_file)
    from marsdisk.runs import RunRequest, execute

    directory = new_directory(configuration) if output is None else output
    argv = ("marsdisk", *sys.argv[1:])
    request = RunRequest(config, Path(configuration).stem, directory, options["threads"], argv)
    with run_progress(quiet=options["quiet"]) as show:
        result = execute(request, show.on_progress, show.on_table)
    return _finish(result, as_json=options["as_json"])


@cli.command()
@run_directory
@threads_option
@quiet_option
@json_option
def resume(directory: Path, threads: int | None, *, quiet: bool, as_json: bool) -> int:
    """Go on with an interrupted, failed or killed run.

    The outputs are those of a run that was never interrupted, bit for bit.

    \b
    marsdisk resume marsdisk-baseline-20270101-120000
    """
    from marsdisk.console import run_progress
    from marsdisk.runs import resume as resume_run

    with run_progress(quiet=quiet) as show:
        result = resume_run(
            directory, threads=threads, on_progress=show.on_progress, on_table=show.on_table
        )
    return _finish(result, as_json=as_json)


@cli.command()
@configuration
@override
@overrides_file
@click.option("--keys", is_flag=True, help="List every key with default, unit and meaning.")
@json_option
def check(
    configuration: str,
    overrides: tuple[str, ...],
    overrides_file: Path | None,
    *,
    keys: bool,
    as_json: bool,
) -> int:
    """Check a configuration without running it; every fault is shown at once.

    \b
    marsdisk check my.yml
    marsdisk check baseline --keys
    marsdisk check baseline --json            effective configuration
    """
    config = load(configuration, overrides, overrides_file)
    if keys:
        click.echo(_key_table())
        return 0
    from marsdisk.config.translate import parameters
    from marsdisk.environment import execution
    from marsdisk.simulation import Simulation

    how = execution(config.geometry.Nr, threads=None, configured=config.parallel.threads)
    plan = Simulation(parameters(config, how)).plan
    if as_json:
        click.echo(json.dumps(config.tree()))
        return 0
    click.echo(
        f"{configuration} can be run: {plan.n_cells} cells, {plan.n_bins} bins from "
        f"{plan.edges[0]:.3g} to {plan.edges[-1]:.3g} m, surface density "
        f"{plan.sigma0.min():.3g} to {plan.sigma0.max():.3g} kg/m2, blow-out size "
        f"{plan.initial_a_blow:.3g} m at the start"
    )
    for note in plan.warnings:
        click.echo(f"note: {note}")
    return 0


def _key_table() -> str:
    from marsdisk.config import Config, all_keys

    rows = []
    for name, info in all_keys(Config):
        extra = info.json_schema_extra or {}
        default = "required" if info.is_required() else json.dumps(info.default, default=str)
        rows.append(f"{name} = {default}  [{extra.get('unit') or '-'}]  {info.description}")
    return "\n".join(rows)


@cli.command()
@configuration
@override
@overrides_file
@click.option(
    "--vary",
    "axes",
    multiple=True,
    metavar="KEY=VALUES",
    help="a,b,c or low:high:count[:log]; repeat it for a product.",
)
@click.option(
    "--list",
    "listing",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML list of runs, each a mapping from key to value.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    help="Latin hypercube with this many runs over the ranges of --vary.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the hypercube.")
@click.option("--output", type=click.Path(path_type=Path), help="Directory; resumed if it exists.")
@click.option("--workers", type=click.IntRange(min=1), help="Local processes; default: cores.")
@click.option("--scheduler", help="Address of a Dask scheduler, for example tcp://host:8786.")
@quiet_option
@json_option
def sweep(
    configuration: str,
    overrides: tuple[str, ...],
    overrides_file: Path | None,
    output: Path | None,
    **options: Any,
) -> int:
    """Run many configurations; one row per run in one Parquet data set.

    The same command in the same directory goes on where it stopped.

    \b
    marsdisk sweep baseline --vary radiation.TM_K=2000:6000:20 \\
        --vary supply.const.mu_orbit10pct=0.01:10:10:log --output grid
    marsdisk sweep minimal --vary sizes.s_max=0.1:10:log --samples 100
    marsdisk sweep baseline --list runs.yml --scheduler tcp://node1:8786
    """
    from marsdisk.console import step_progress, sweep_summary
    from marsdisk.environment import available_cores
    from marsdisk.figures.sweep import draw_sweep
    from marsdisk.sweep import Campaign, run_campaign

    base = load(configuration, overrides, overrides_file).tree()
    points = _points(options)
    directory = new_directory(f"sweep-{Path(configuration).stem}") if output is None else output
    workers = options["workers"] or available_cores()
    campaign = Campaign(base, points, directory, workers, options["scheduler"])
    with step_progress("runs", quiet=options["quiet"]) as on_row:
        rows = run_campaign(campaign, on_row)
    pictures = draw_sweep(directory, rows)
    failed = sum(row["status"] != "finished" for row in rows)
    if options["as_json"]:
        found = {"directory": str(directory), "runs": len(rows), "failed": failed}
        click.echo(json.dumps(found))
    else:
        click.echo(sweep_summary(rows, directory, pictures))
    return DIFFERENT if failed else 0


def _points(options: dict[str, Any]) -> list[Point]:
    """Return the runs that the options of a sweep ask for."""
    from marsdisk.sweep import latin_hypercube, listed, parse_axis, product

    axes = [parse_axis(text) for text in options["axes"]]
    if bool(axes) == (options["listing"] is not None):
        raise click.UsageError("give either --vary (repeatable) or --list")
    if options["listing"] is not None:
        return listed(options["listing"])
    if options["samples"] is not None:
        return latin_hypercube(axes, options["samples"], options["seed"])
    return product(axes)


@cli.command()
@run_directory
@click.option("--only", "names", multiple=True, help="Draw this picture only; repeatable.")
def plot(directory: Path, names: tuple[str, ...]) -> int:
    """Draw the pictures and the HTML page of a run again.

    \b
    marsdisk plot marsdisk-baseline-20270101-120000
    marsdisk plot run --only ledger
    """
    from marsdisk.figures import PICTURES, draw_run

    unknown = set(names) - set(PICTURES)
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(PICTURES)}")
    for path in draw_run(directory, names):
        click.echo(path)
    return 0


@cli.command()
@click.argument("first", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("second", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rtol", type=float, default=0.0, show_default=True, help="Allowed difference.")
@json_option
def compare(first: Path, second: Path, rtol: float, *, as_json: bool) -> int:
    """Compare two runs column by column; exit code 1 if they differ.

    Differences are relative to the largest absolute value of the column in the first run.

    \b
    marsdisk compare run-a run-b
    marsdisk compare run-a run-b --rtol 1e-3
    """
    from marsdisk.comparison import compare_runs

    found = compare_runs(first, second)
    over = {name: value for name, value in found.items() if not value <= rtol}
    if as_json:
        click.echo(json.dumps({"differences": found, "different": sorted(over)}))
    elif not over:
        click.echo(f"equal within {rtol:g}: {len(found)} columns")
    for name, value in sorted(over.items(), key=lambda item: -item[1]) if not as_json else ():
        click.echo(f"{name}: {value:.3e}")
    return DIFFERENT if over else 0


@cli.group()
def tables() -> None:
    """Radiation-pressure tables: build them and look at them.

    \b
    marsdisk tables show baseline
    marsdisk tables build --nk olivine.txt --output olivine.npz
    """


@tables.command("build")
@click.option("--page", default="main/SiO2/Franta", show_default=True, help="Database page.")
@click.option("--nk", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Own file with wavelength [um], n, k; instead of --page.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), required=True, help="File .npz.")
@quiet_option
def build_tables(page: str, nk: Path | None, output: Path, *, quiet: bool) -> int:
    """Compute the table of a material by Mie theory; takes about a minute.

    \b
    marsdisk tables build --page main/SiO2/Franta --output silica.npz
    marsdisk tables build --nk olivine.txt --output olivine.npz
    """
    from marsdisk.console import step_progress
    from marsdisk.tables.optics import database_page, nk_file
    from marsdisk.tables.qpr import build_table, write_table

    constants = database_page(page) if nk is None else nk_file(nk)
    with step_progress(constants.source, quiet=quiet) as on_progress:
        table = build_table(constants, on_progress)
    write_table(output, table)
    click.echo(f"{output}: {table.qpr.size} values from {table.provenance['source']}")
    return 0


@tables.command("show")
@configuration
@override
def show_tables(configuration: str, overrides: tuple[str, ...]) -> int:
    """Show the sizes at which light pressure is half of gravity, over temperature.

    \b
    marsdisk tables show baseline
    marsdisk tables show baseline --override radiation.optics=constant --override radiation.Q_pr=1
    """
    from marsdisk.config.drivers import qpr_table

    config = load(configuration, overrides, None)
    table = qpr_table(config.radiation)
    click.echo(f"source: {table.provenance.get('source', 'user table')}")
    click.echo("T_M [K]   sizes with beta = 1/2 [um]")
    for temperature in range(1000, 6501, 500):
        sizes = table.critical_sizes(float(temperature), config.material.rho)
        text = "  ".join(f"{size * 1e6:.4g}" for size in sizes)
        click.echo(f"{temperature:7d}   {text or 'none: all grains are bound'}")
    return 0
