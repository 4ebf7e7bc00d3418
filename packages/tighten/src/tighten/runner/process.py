"""A command as a process of its own, watched without being disturbed.

The command gets a session of its own, so that a time-out or an interrupt ends everything it
started (see `tighten.runner.family`). A command that succeeds may leave a daemon with a session of
its own, as compiler caches do; what it leaves in its group is ended, because it would disturb the
next measurement.

While the command runs this process sleeps in ``poll``. It wakes for output at most fifty times a
second, unless the output comes in floods. Limits: Linux (pidfd).
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tighten.errors import FailureKind, StateError, StudyError, TrialError
from tighten.runner.command import (
    Command,
    Completed,
    Conditions,
    Places,
    environment_for,
    shell_line,
)
from tighten.runner.family import MARK, Adoption, end_run, new_mark
from tighten.runner.output import CHUNK, PIPE_SIZE, BoundedLog, OutputPipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["Subprocess"]

_REMEMBERED = 4  # commands in their places: two sides of a pair, a build, a gate
REST = 0.02  # seconds between two looks at a trickle of output

WHAT = {FailureKind.BUILD: "the build", FailureKind.GATE: "the gate"}


class _TimedOut(Exception):  # noqa: N818  # a signal inside this module, never seen outside
    """The command did not end in time."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the leading process ended."""

    status: int  # exit status, or minus the signal's number
    usage: resource.struct_rusage
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A command in its places, as it is started."""

    command: Command
    places: Places
    words: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]


class Subprocess:
    """Runs commands by ``/bin/sh`` under fixed conditions.

    Parameters
    ----------
    conditions
        CPUs, niceness and environment of every run.

    Raises
    ------
    StudyError
        If this machine cannot give the conditions.
    """

    def __init__(self, conditions: Conditions | None = None) -> None:
        self._conditions = conditions or Conditions()
        _check(self._conditions)
        self._inherited = dict(os.environ)  # decoding it takes longer than all else before a start
        self._prepared: deque[_Prepared] = deque(maxlen=_REMEMBERED)

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        """Run ``command`` to its end; see `Runner.run`."""
        mark = new_mark()
        prepared = self._prepare(command, places)
        output = OutputPipe(BoundedLog(log, self._conditions.log_limit))
        started = time.monotonic()
        try:
            with Adoption() as adoption, _Marked(mark) as marked:
                marked.process = self._started(prepared, mark, output)
                load = os.getloadavg()[0]
                ended = _supervised(
                    marked.process, output, started=started, timeout=command.timeout
                )
                adoption.reap_group(marked.process.pid)
                output.pump(PIPE_SIZE)
        except _TimedOut:
            output.pump(PIPE_SIZE)
            raise _failure(
                f"{_what(kind_on_failure)} did not end within {command.timeout:g} s "
                "and was ended with all it had started",
                FailureKind.TIMEOUT,
                output.log,
            ) from None
        finally:
            output.close()
            output.log.close()
        if ended.status != 0:
            message = f"{_what(kind_on_failure)} {_manner(ended.status)}"
            raise _failure(message, kind_on_failure, output.log)
        return Completed(
            wall=ended.wall,
            cpu=ended.usage.ru_utime + ended.usage.ru_stime,
            involuntary_switches=ended.usage.ru_nivcsw,
            load=load,
            log=log,
            tail=output.log.tail,
        )

    def _prepare(self, command: Command, places: Places) -> _Prepared:
        """Return what a command comes to in its places; both sides of a pair ask in turn."""
        for known in self._prepared:
            if known.command is command and known.places is places:
                return known
        prepared = _Prepared(
            command=command,
            places=places,
            words=(*command.wrapper, "/bin/sh", "-c", shell_line(command.template, places)),
            directory=places.trial / command.cwd,
            environment=environment_for(command, places, self._conditions, self._inherited),
        )
        self._prepared.append(prepared)
        return prepared

    def _started(
        self, prepared: _Prepared, mark: str, output: OutputPipe
    ) -> subprocess.Popen[bytes]:
        with _pinned(self._conditions.pin):
            try:
                process = subprocess.Popen(
                    prepared.words,
                    cwd=prepared.directory,
                    env={**prepared.environment, MARK: mark},
                    stdin=subprocess.DEVNULL,
                    stdout=output.write_end,
                    stderr=output.write_end,
                    start_new_session=True,
                )
            except OSError as error:
                if not prepared.directory.is_dir():
                    raise StudyError(
                        f"the working directory {prepared.directory} of the command "
                        f"{prepared.command.template!r} is no "
                        "directory of the project; correct `cwd`"
                    ) from error
                raise StateError(
                    f"cannot start a process ({error.strerror}); free memory, raise the limit "
                    "on processes, or shorten the command"
                ) from error
        output.started()
        if self._conditions.nice:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PGRP, process.pid, self._conditions.nice)
        return process


class _Marked:
    """Ends a run with all its processes if the block is left by an exception of any kind."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        process = self.process
        if process is None or process.returncode is not None:
            end_run(self._mark, None)
        else:
            end_run(self._mark, process.pid)
            process.returncode = -signal.SIGKILL  # reaped behind the back of `Popen`


def _check(conditions: Conditions) -> None:
    usable = os.sched_getaffinity(0)
    if conditions.pin is not None and not (conditions.pin and usable.issuperset(conditions.pin)):
        raise StudyError(
            f"cannot pin to the CPUs {list(conditions.pin)}; this process may use {sorted(usable)}"
        )
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    floor = -20 if os.geteuid() == 0 else niceness
    if conditions.nice and not floor <= conditions.nice <= 19:
        raise StudyError(
            f"cannot run with niceness {conditions.nice}; allowed here: {floor} to 19 "
            "(less needs privileges)"
        )


@contextlib.contextmanager
def _pinned(cpus: tuple[int, ...] | None) -> Iterator[None]:
    """Let children that this thread starts inherit ``cpus``; cheaper than a wrapper program."""
    if cpus is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _supervised(
    process: subprocess.Popen[bytes], output: OutputPipe, *, started: float, timeout: float
) -> _Ended:
    """Move output until the process ends, end its group, and return how it ended."""
    descriptor = os.pidfd_open(process.pid)
    try:
        _wait(descriptor, output, started + timeout)
    finally:
        os.close(descriptor)
    wall = time.monotonic() - started
    # The leader is dead but not yet reaped, so its number cannot mean another group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return _Ended(process.returncode, usage, wall)


def _wait(descriptor: int, output: OutputPipe, deadline: float) -> None:
    """Return when the process behind ``descriptor`` has ended; its output goes to the log."""
    end = select.poll()
    end.register(descriptor, select.POLLIN)
    anything = select.poll()
    anything.register(descriptor, select.POLLIN)
    anything.register(output.read_end, select.POLLIN)
    resting = False
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise _TimedOut
        pause = min(remaining, REST if resting else 3600.0)
        events = dict((end if resting else anything).poll(math.ceil(pause * 1000)))
        if descriptor in events:
            return
        resting = False
        if output.read_end in events:
            moved = output.pump()
            resting = moved < CHUNK
            if not moved:  # everybody closed it, so it would be ready for ever
                anything.unregister(output.read_end)


def _failure(message: str, kind: FailureKind, log: BoundedLog) -> TrialError:
    return TrialError(message, kind=kind, log=log.path, tail=log.tail)


def _what(kind: FailureKind) -> str:
    return WHAT.get(kind, "the benchmark")


def _manner(status: int) -> str:
    """Return how a process ended, in words."""
    if status < 0:
        name = _signal_name(-status)
        return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    said = f"ended with exit status {status}"
    if status == 127:
        return f"{said} (command not found)"
    if status == 126:
        return f"{said} (command not executable)"
    if 128 < status <= 128 + signal.SIGRTMAX:
        return f"{said} (its command was killed by {_signal_name(status - 128)})"
    return said


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
