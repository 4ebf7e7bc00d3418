"""Which profiler this machine permits for a command, and what stands in the way of the others.

``auto`` prefers the one that disturbs least and sees most: py-spy for Python (it sees compiled
code, threads and subprocesses from outside), perf for everything else. What is tried is what the
profiler will do, on a process of our own, because a capability that a container grants or a
filter that it sets cannot be read from one file. Limits: Linux.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Choice", "Sampling", "Tool", "choose", "is_python", "program"]

_PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
_PTRACE_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")
_INTERPRETER = re.compile(r"(python|pypy)[\d.]*t?$|ipython$|pytest$|jupyter$")
_SHEBANG_BYTES = 128
_LOWEST_RATE, _HIGHEST_RATE = 10, 100  # samples per second
_SAMPLES = 12_000  # resolve a share of 0.1 % to a third of it


class Tool(StrEnum):
    """A profiler, or the choice among them."""

    AUTO = "auto"
    PYSPY = "py-spy"
    PERF = "perf"
    CPROFILE = "cprofile"
    CALLGRIND = "callgrind"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How closely a profiler looks.

    Parameters
    ----------
    tool
        Which profiler.
    rate
        Samples per second; profilers that count instead ignore it. Without it, as many as
        `rate_of` finds enough.
    native
        Whether compiled functions below Python are seen (py-spy).
    waiting
        Whether threads that wait are sampled too; without it, waiting for the GIL is not seen.
    """

    tool: Tool = Tool.AUTO
    rate: int | None = None
    native: bool = True
    waiting: bool = False

    def rate_of(self, seconds: float | None = None) -> int:
        """Return the samples per second for a run that takes ``seconds``, if that is known.

        A sample stops the program for up to a millisecond. A long run has many of them at any
        rate, so it needs fewer a second, and is slowed less.
        """
        if self.rate is not None:
            return self.rate
        enough = _HIGHEST_RATE if not seconds else _SAMPLES / seconds
        return round(min(max(enough, _LOWEST_RATE), _HIGHEST_RATE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The profiler to use and why; ``refused`` says what stands in the way of better ones."""

    tool: Tool
    reason: str
    refused: tuple[str, ...] = ()


def choose(wanted: Tool, line: str, *, python: str = sys.executable) -> Choice:
    """Return the profiler for a command.

    Parameters
    ----------
    wanted
        A profiler, or ``auto``. One that cannot be had gives way to the next best; ``none``,
        which turns the profiles of a study off, is as ``auto`` to somebody who asks for one.
    line
        The command, as the shell gets it.
    python
        The interpreter of the study; a command that names it is Python.

    Raises
    ------
    StudyError
        If no profiler can be had; says what each of them needs.
    """
    about_python = is_python(line, python=python)
    order = _ORDER[about_python]
    if wanted not in (Tool.AUTO, Tool.NONE):
        order = (wanted, *(tool for tool in order if tool is not wanted))
    refused: list[str] = []
    for tool in order:
        obstacle = _obstacle(tool, about_python=about_python)
        if obstacle is None:
            return Choice(
                tool=tool,
                reason=_reason(tool, wanted, about_python=about_python),
                refused=tuple(refused),
            )
        refused.append(f"{tool}: {obstacle}")
    raise StudyError("no profiler can be used here:\n  " + "\n  ".join(refused))


_ORDER = {
    True: (Tool.PYSPY, Tool.CPROFILE, Tool.PERF, Tool.CALLGRIND),
    False: (Tool.PERF, Tool.CALLGRIND),
}

_WHY = {
    Tool.PYSPY: "it samples a Python program from outside, with its compiled code, threads and "
    "subprocesses",
    Tool.PERF: "it samples any program with the kernel's help",
    Tool.CPROFILE: "it counts every call of Python functions; it slows the program, and what "
    "compiled code does inside stays hidden",
    Tool.CALLGRIND: "it counts instructions in an emulated processor; the program takes about "
    "fifty times as long",
}


def _reason(tool: Tool, wanted: Tool, *, about_python: bool) -> str:
    if tool is wanted:
        return f"{tool}, as asked: {_WHY[tool]}"
    kind = "a Python program" if about_python else "no Python program"
    return f"{tool}, because the command is {kind} and {_WHY[tool]}"


def is_python(line: str, *, python: str = sys.executable) -> bool:
    """Whether a shell line starts a Python interpreter, by name or by a script's first line.

    >>> is_python("OMP_NUM_THREADS=2 python3.11 -m bench"), is_python("./build/bench 3")
    (True, False)
    """
    try:
        words = shlex.split(line.replace("\n", " ; "), comments=False)
    except ValueError:
        words = line.split()
    return any(_starts_python(word, python) for word in words)


def _starts_python(word: str, python: str) -> bool:
    name = Path(word).name
    if word == python or _INTERPRETER.match(name) or name.endswith(".py"):
        return True
    found = shutil.which(word) if word and not word.startswith("-") else None
    if found is None:
        return False
    with Path(found).open("rb") as file:
        first = file.read(_SHEBANG_BYTES).split(b"\n")[0]
    return first.startswith(b"#!") and b"python" in first


def program(tool: Tool) -> str | None:
    """Return the path of a profiler's program; py-spy may lie beside our interpreter only."""
    name = {Tool.CALLGRIND: "valgrind"}.get(tool, str(tool))
    beside = Path(sysconfig.get_path("scripts")) / name
    return str(beside) if beside.is_file() else shutil.which(name)


def _obstacle(tool: Tool, *, about_python: bool) -> str | None:
    """Return what stands in the way of a profiler and how to remove it; None if nothing does."""
    if tool in (Tool.PYSPY, Tool.CPROFILE) and not about_python:
        return "the command starts no Python interpreter; use perf or callgrind"
    if tool is Tool.CPROFILE:
        return None
    if program(tool) is None:
        return f"not installed; {_INSTALL[tool]}"
    return _TRIALS[tool]()


_INSTALL = {
    Tool.PYSPY: "`pip install py-spy`",
    Tool.PERF: "`apt install linux-perf` (Debian), `linux-tools-generic` (Ubuntu) or `perf`",
    Tool.CALLGRIND: "`apt install valgrind`",
}


@cache
def _memory_obstacle() -> str | None:
    """Try to read the memory of a child, which is what py-spy does."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        start = int(Path(f"/proc/{child.pid}/maps").read_text("ascii").partition("-")[0], 16)
        descriptor = os.open(f"/proc/{child.pid}/mem", os.O_RDONLY)
        try:
            os.pread(descriptor, 1, start)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        scope = _setting(_PTRACE_SCOPE)
        return (
            f"may not look into another process ({error}); it needs the capability CAP_SYS_PTRACE: "
            "in a container `--cap-add SYS_PTRACE`, else `sudo sysctl kernel.yama.ptrace_scope=1`"
            + (f" (now {scope})" if scope else "")
        )
    finally:
        child.kill()
        child.communicate()
    return None


@cache
def _perf_obstacle() -> str | None:
    """Try to record a program that does nothing."""
    path = program(Tool.PERF)
    assert path is not None
    tried = subprocess.run(
        [path, "record", "-e", "cpu-clock:u", "-o", os.devnull, "--", "true"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    if tried.returncode == 0:
        return None
    level = _setting(_PARANOID)
    return (
        f"the kernel permits no sampling (perf_event_paranoid is {level or 'unknown'}); it needs "
        "the capability CAP_PERFMON (in a container `--cap-add PERFMON` and a seccomp profile "
        "that allows perf_event_open), or `sudo sysctl kernel.perf_event_paranoid=1`"
    )


def _valgrind_obstacle() -> str | None:
    return None


_TRIALS: dict[Tool, Callable[[], str | None]] = {
    Tool.PYSPY: _memory_obstacle,
    Tool.PERF: _perf_obstacle,
    Tool.CALLGRIND: _valgrind_obstacle,
}


def _setting(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
