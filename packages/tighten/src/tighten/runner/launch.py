"""One launch of the benchmark, with a result that this launch and no other wrote."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tighten.errors import FailureKind, StateError, TrialError
from tighten.samples import PROCESS, Launch, Metric, read_result

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.runner.command import Command, Completed, Places, Runner
    from tighten.samples import Result

__all__ = ["launch"]


def launch(
    runner: Runner,
    command: Command,
    places: Places,
    *,
    format: str,
    log: Path,
) -> Launch:
    """Run the benchmark once and read the result it wrote.

    Parameters
    ----------
    runner, command, places
        What runs, and where.
    format
        Name of the result's format; see `tighten.samples.read_result`. With ``process`` the
        command writes nothing: the one case ``process`` has its own ``time`` and ``cpu`` [s].
    log
        Where its output goes.

    Returns
    -------
    Launch
        The result with what the launch cost.

    Raises
    ------
    TrialError
        If the command fails, hangs, or leaves no result of its own: the old one is removed
        before, and one that is older than the launch (a copy of an earlier file) is refused.
    StateError
        If the result's directory cannot be written.
    """
    stamp = _cleared(places.result)
    completed = runner.run(command, places, log=log, kind_on_failure=FailureKind.CRASH)
    return Launch(
        result=_result(places.result, stamp, completed, format),
        wall=completed.wall,
        cpu=completed.cpu,
        involuntary_switches=completed.involuntary_switches,
        load=completed.load,
        source=places.result,
    )


def _result(path: Path, stamp: int, completed: Completed, format: str) -> Result:
    if format == PROCESS:
        times = {"time": completed.wall, "cpu": completed.cpu}
        return {PROCESS: {name: Metric((seconds,), "s") for name, seconds in times.items()}}
    _require_new(path, stamp, completed)
    try:
        return read_result(path, format)
    except TrialError as error:
        raise TrialError(
            str(error), kind=error.kind, log=completed.log, tail=completed.tail
        ) from error


def _cleared(result: Path) -> int:
    """Remove an earlier result; return the present time by the clock of its file system [ns]."""
    try:
        _remove(result)
        try:
            probe = result.open("xb", buffering=0)
        except FileNotFoundError:
            result.parent.mkdir(parents=True, exist_ok=True)
            probe = result.open("xb", buffering=0)
        with probe:
            stamp = os.fstat(probe.fileno()).st_mtime_ns
        result.unlink()
    except OSError as error:
        raise StateError(
            f"cannot write {result}: {error.strerror}; free some space there or make the "
            "directory writable, or choose another place with --state DIR"
        ) from error
    return stamp


def _remove(result: Path) -> None:
    try:
        result.unlink(missing_ok=True)
    except IsADirectoryError:
        shutil.rmtree(result)


def _require_new(result: Path, stamp: int, completed: Completed) -> None:
    if not result.exists():
        message = "the benchmark ended well but wrote no result; it must write to {result}"
    elif _newest(result) < stamp:
        message = "the result is older than this launch; the benchmark must write {result} anew"
    else:
        return
    raise TrialError(message, kind=FailureKind.RESULT, log=completed.log, tail=completed.tail)


def _newest(result: Path) -> int:
    files = [path for path in result.rglob("*") if path.is_file()] if result.is_dir() else []
    return max((path.stat().st_mtime_ns for path in files), default=result.stat().st_mtime_ns)
