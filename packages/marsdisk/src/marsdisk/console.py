"""What people see: progress, the summary on one screen, and faults one per line."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from marsdisk.errors import ConfigurationError, MarsdiskError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from marsdisk.simulation import Progress as RunProgress

__all__ = [
    "describe_error",
    "run_progress",
    "run_summary",
    "step_progress",
    "sweep_summary",
    "time_text",
]

YEAR = 31557600.0
"""Julian year [s], for display; the constants module would load the compiled kernels."""

PLAIN_INTERVAL = 10.0
"""Seconds between lines of progress where there is no terminal."""


def time_text(seconds: float) -> str:
    """Return a simulated time in the unit people would use."""
    for unit, length in (("yr", YEAR), ("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 0.1 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


class Callbacks(NamedTuple):
    """What a run calls as it goes on; None where nothing is shown."""

    on_progress: Callable[[RunProgress], None] | None
    on_table: Callable[[int, int], None] | None


@contextmanager
def run_progress(*, quiet: bool) -> Iterator[Callbacks]:
    """Give callbacks that show simulated time, steps and time left on standard error."""
    console = Console(stderr=True)
    if quiet:
        yield Callbacks(None, None)
    elif console.is_terminal:
        with _bar(console) as bar:
            yield Callbacks(_run_task(bar), _step_task(bar, "radiation pressure"))
    else:
        yield Callbacks(_plain_progress(), None)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %  {task.fields[note]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
        transient=True,
    )


def _run_task(bar: Progress) -> Callable[[RunProgress], None]:
    task = bar.add_task("starting, compiles once", total=1.0, note="")

    def show(now: RunProgress) -> None:
        at = f"{time_text(now.time)} of {time_text(now.t_end)}"
        bar.update(task, completed=done(now), description=at, note=f"{now.steps} steps")

    return show


def _step_task(bar: Progress, what: str) -> Callable[[int, int], None]:
    task = bar.add_task(what, total=1.0, note="", visible=False)

    def show(finished: int, total: int) -> None:
        bar.update(task, completed=finished / total, visible=finished < total)

    return show


def done(now: RunProgress) -> float:
    """Return the finished share of a run, by outputs: they cost about the same each."""
    return now.output_index / max(now.n_outputs, 1)


def _plain_progress() -> Callable[[RunProgress], None]:
    begin = time.monotonic()
    last = [begin]

    def show(now: RunProgress) -> None:
        clock = time.monotonic()
        if clock - last[0] < PLAIN_INTERVAL:
            return
        last[0] = clock
        share = done(now)
        left = f", about {(clock - begin) * (1.0 - share) / share:.0f} s left" if share else ""
        at, end = time_text(now.time), time_text(now.t_end)
        click.echo(f"{at} of {end}, {now.steps} steps{left}", err=True)

    return show


@contextmanager
def step_progress(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give a callback that shows finished and total steps of a longer task."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    with _bar(console) as bar:
        yield _step_task(bar, what)


def run_summary(values: Mapping[str, Any], directory: Path) -> str:
    """Return the end of a run on one screen."""
    lost = {name: mass for name, mass in values["mass_lost_Mmars"].items() if mass > 0.0}
    channels = ", ".join(f"{name} {mass:.4g}" for name, mass in lost.items()) or "none"
    reason = values["stop_reason"] or "can be resumed"
    lines = [
        f"{values['status']} at {time_text(values['t_reached_s'])} ({reason})",
        "",
        f"  mass at the start    {values['mass_initial_Mmars']:.4e} M_Mars",
        f"  supplied             {values['mass_supplied_Mmars']:.4e} M_Mars",
        f"  lost                 {values['M_loss']:.4e} M_Mars ({channels})",
        f"  on the disk          {values['mass_on_disk_Mmars']:.4e} M_Mars",
        f"  Mars                 {values['T_M_initial']:.0f} -> {values['T_M_final']:.0f} K",
        "",
        f"  steps per cell, year {values['steps_per_cell_and_year']:.4g} ({values['steps']} steps)",
        f"  ledger defect        {values['ledger_residual_max']:.2e} (largest of any cell)",
        f"  time                 {values['wall_time_s']:.3g} s",
        "",
    ]
    lines += [f"  note: {note}" for note in values["warnings"]]
    names = ("series", "summary.json", "report.html")
    lines += [f"  {directory / name}" for name in names if (directory / name).exists()]
    return "\n".join(lines)


def sweep_summary(
    rows: Sequence[Mapping[str, Any]], directory: Path, pictures: Sequence[Path]
) -> str:
    """Return the end of a sweep on one screen; failed runs are named."""
    failed = [row for row in rows if row["status"] != "finished"]
    good = [row for row in rows if row["status"] == "finished"]
    lines = [f"{len(good)} of {len(rows)} runs finished", ""]
    if good:
        lost = [row["mass_lost_Mmars"] for row in good]
        steps = [row["steps_per_cell_and_year"] for row in good]
        ledger = max(row["ledger_residual_max"] for row in good)
        seconds = sum(row["wall_time_s"] for row in good)
        lines += [
            f"  mass lost            {min(lost):.4e} to {max(lost):.4e} M_Mars",
            f"  steps per cell, year {min(steps):.4g} to {max(steps):.4g}",
            f"  ledger defect        {ledger:.2e} (largest of any run)",
            f"  time                 {seconds:.4g} s in all, {seconds / len(good):.3g} s a run",
            "",
        ]
    lines += [f"  run {row['run']} failed: {row['error']}" for row in failed[:10]]
    lines += [f"  and {len(failed) - 10} more"] if len(failed) > 10 else []
    lines += [f"  {directory / 'rows'}", *(f"  {path}" for path in pictures)]
    return "\n".join(lines)


def describe_error(error: MarsdiskError) -> str:
    """Return the message of an error; each fault of a configuration gets its line."""
    if not isinstance(error, ConfigurationError):
        return f"error: {error}"
    count = len(error.problems)
    head = "1 fault" if count == 1 else f"{count} faults"
    lines = [f"error: the configuration has {head}"]
    for problem in error.problems:
        value = "" if problem.value is None else f" = {problem.value!r}"
        hint = f"; {problem.suggestion}" if problem.suggestion else ""
        lines.append(f"  {problem.place}{value}: {problem.rule}{hint}")
    return "\n".join(lines)
