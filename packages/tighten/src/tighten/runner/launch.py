"""One launch of the benchmark, with a result that this launch and no other wrote."""

from __future__ import annotations

import os
import shutil
import stat
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
    directory = result.parent
    try:
        if not _removed(result):  # removing it would have set the directory's time
            directory.mkdir(parents=True, exist_ok=True)
            os.utime(directory)
        return directory.stat().st_mtime_ns
    except OSError as error:
        raise StateError(
            f"cannot write {result}: {error.strerror}; free some space there or make the "
            "directory writable, or choose another place with --state DIR"
        ) from error


def _removed(result: Path) -> bool:
    try:
        result.unlink()
    except FileNotFoundError:
        return False
    except IsADirectoryError:
        shutil.rmtree(result)
    return True


def _require_new(result: Path, stamp: int, completed: Completed) -> None:
    written = _written(result)
    if written is None:
        message = "the benchmark ended well but wrote no result; it must write to {result}"
    elif written < stamp:
        message = "the result is older than this launch; the benchmark must write {result} anew"
    else:
        return
    raise TrialError(message, kind=FailureKind.RESULT, log=completed.log, tail=completed.tail)


def _written(result: Path) -> int | None:
    """Return when a result, or the newest file of one that is a directory, was written [ns]."""
    try:
        status = result.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return status.st_mtime_ns
    files = (path.stat().st_mtime_ns for path in result.rglob("*") if path.is_file())
    return max(files, default=status.st_mtime_ns)
