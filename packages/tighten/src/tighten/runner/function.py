"""Benchmarks that are Python functions, and a stand-in for tests.

``InProcess`` imports ``module:function`` afresh from the trial's tree for every launch and calls
it with the trial's `Places`. It saves the start of an interpreter, and gives up what a process
boundary gives: a crash ends tighten itself, a time-out only reaches Python code, pinning and
niceness are not applied, and an extension module is loaded once for both slots. It suits pure
Python with parameters of any kind; `Subprocess` is right for everything else.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tighten.errors import FailureKind, StudyError, TrialError
from tighten.runner.command import Command, Completed, Conditions, Places, environment_for

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Fake", "GarbageCollection", "InProcess"]

Benchmark = Callable[[Places], Mapping[str, Any]]


class GarbageCollection(StrEnum):
    """What the garbage collector does while an in-process benchmark runs."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class _TimedOut(BaseException):
    """Raised inside the function, past its own ``except Exception``."""


class InProcess:
    """Calls a function in this process; `Command.template` is ``module:function``.

    The function gets the trial's `Places` and returns a mapping from case to metrics, each a
    number or a list of numbers; that is written to ``{result}`` in tighten's own format.

    Parameters
    ----------
    conditions
        The environment to show during the call; ``pin`` and ``nice`` are refused.
    garbage
        Whether the collector may run during the call; a full collection always comes before.
    """

    def __init__(
        self,
        conditions: Conditions | None = None,
        *,
        garbage: GarbageCollection = GarbageCollection.ENABLED,
    ) -> None:
        self._conditions = conditions or Conditions()
        self._garbage = garbage
        if self._conditions.pin is not None or self._conditions.nice:
            raise StudyError(
                "a benchmark function runs in tighten's own process, which cannot be pinned or "
                "niced for it; use a command, or remove `pin` and `nice`"
            )

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        """Call the function and write what it returns; see `Runner.run`."""
        environment = environment_for(command, places, self._conditions, os.environ)
        load = os.getloadavg()[0]
        log.parent.mkdir(parents=True, exist_ok=True)
        with (
            log.open("w", encoding="utf-8") as stream,
            contextlib.redirect_stdout(stream),
            contextlib.redirect_stderr(stream),
            _environment(environment),
            _imports_from(places.artifacts, places.trial),
        ):
            before = resource.getrusage(resource.RUSAGE_SELF)
            started = time.monotonic()
            try:
                result = self._call(command, places)
            except _TimedOut:
                message = f"{command.template} did not end within {command.timeout:g} s"
                raise TrialError(message, kind=FailureKind.TIMEOUT, log=log) from None
            except Exception as error:
                traceback.print_exc(file=stream)
                message = f"{command.template} raised {type(error).__name__}: {error}"
                raise TrialError(
                    message, kind=kind_on_failure, log=log, tail=traceback.format_exc()
                ) from error
            wall = time.monotonic() - started
            after = resource.getrusage(resource.RUSAGE_SELF)
        write_result(places.result, result)
        return Completed(
            wall=wall,
            cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            involuntary_switches=after.ru_nivcsw - before.ru_nivcsw,
            load=load,
            log=log,
        )

    def _call(self, command: Command, places: Places) -> Mapping[str, Any]:
        function = _function(command.template)
        gc.collect()
        was_enabled = gc.isenabled()
        if self._garbage is GarbageCollection.DISABLED:
            gc.disable()
        try:
            with _time_limit(command.timeout):
                return function(places)
        finally:
            if was_enabled:
                gc.enable()


class Fake:
    """Answers launches from a function, starts nothing, and remembers what it was asked.

    Parameters
    ----------
    answer
        Gets each `Places`, returns what `InProcess` functions return; may raise `TrialError`.
        None stands for a command that writes nothing.
    wall, cpu
        What each run is said to cost [s].
    """

    def __init__(
        self,
        answer: Callable[[Places], Mapping[str, Any] | None] = lambda _: None,
        *,
        wall: float = 0.1,
        cpu: float = 0.1,
    ) -> None:
        self._answer = answer
        self._wall = wall
        self._cpu = cpu
        self.calls: list[tuple[Command, Places]] = []

    def run(
        self,
        command: Command,
        places: Places,
        *,
        log: Path,
        kind_on_failure: FailureKind,  # noqa: ARG002  # the protocol's signature
    ) -> Completed:
        """Give the next answer; see `Runner.run`."""
        self.calls.append((command, places))
        result = self._answer(places)
        if result is not None:
            write_result(places.result, result)
        return Completed(wall=self._wall, cpu=self._cpu, involuntary_switches=0, load=0.0, log=log)


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write cases with their metrics in tighten's own result format."""
    document = result if "cases" in result else {"schema": "tighten-result-1", "cases": result}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def _function(name: str) -> Benchmark:
    module, separator, attribute = name.partition(":")
    if not separator:
        raise StudyError(f"{name!r} is no benchmark function; write `module:function`")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    benchmark: Benchmark = found
    return benchmark


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _imports_from(*directories: Path) -> Iterator[None]:
    """Put ``directories`` first on the path, and forget afterwards what came from there."""
    path = list(sys.path)
    sys.path[:0] = [str(directory) for directory in directories]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)  # a namespace package has none
            if file and any(Path(file).is_relative_to(directory) for directory in directories):
                del sys.modules[name]


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after ``seconds``; only the main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a handler's
        raise _TimedOut

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
