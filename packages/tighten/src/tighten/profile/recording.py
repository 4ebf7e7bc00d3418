"""Run a command under a profiler and return what it saw.

A profiler is a program that the command is run by, or a few variables in its environment; it
leaves files in a directory, and these become a `Profile`. The command's exit status is looked at
as always: a program that failed has no profile worth reading.
"""

from __future__ import annotations

import os
import pstats
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.errors import FailureKind, StudyError, TrialError
from tighten.files import write_atomically
from tighten.profile import format_callgrind, format_perf, format_pstats
from tighten.profile.callgraph import CallGraph
from tighten.profile.formats import read_profile
from tighten.profile.model import Profile, Provenance, StackOrigin
from tighten.profile.profilers import Choice, Sampling, Tool, program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Recording", "run"]

_HOOK = Path(__file__).parent / "hook"
# The inner shell's status is kept, because py-spy itself ends with 0 whatever happens.
_KEEP_STATUS = '"$@"; status=$?; echo $status > "$0"; exit $status'
_SLOWED, _START = 1.5, 2.0  # times as long and s: beyond both, people must know
_PERF_FIELDS = "comm,pid,tid,time,period,event,ip,sym,symoff,dso"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One run under a profiler.

    Parameters
    ----------
    choice
        The profiler.
    sampling
        How closely it looks.
    directory
        An empty directory of its own.
    expected
        Seconds that the run took without a profiler, if they are known.
    """

    choice: Choice
    sampling: Sampling
    directory: Path
    expected: float | None = None

    @property
    def wrapper(self) -> tuple[str, ...]:
        """The words to put before the program and its arguments."""
        path = program(self.choice.tool) or str(self.choice.tool)
        return {
            Tool.PYSPY: self._pyspy,
            Tool.PERF: self._perf,
            Tool.CALLGRIND: self._callgrind,
            Tool.CPROFILE: self._cprofile,
        }[self.choice.tool](path)

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that the profiler needs, beside those that the command has."""
        if self.choice.tool is Tool.PERF:
            return {"PYTHONPERFSUPPORT": "1"}
        if self.choice.tool is not Tool.CPROFILE:
            return {}
        path = [str(_HOOK), *filter(None, [given.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(path), "TIGHTEN_CPROFILE": str(self.directory)}

    def _cprofile(self, _path: str) -> tuple[str, ...]:
        return ()

    def _pyspy(self, path: str) -> tuple[str, ...]:
        sampling = self.sampling
        return (
            *(path, "record", "--format", "speedscope", "--output", str(self._file)),
            *("--rate", self._rate, "--subprocesses", "--full-filenames"),
            *(("--native",) if sampling.native else ("--nonblocking",)),
            *(("--idle",) if sampling.waiting else ()),
            *("--", "/bin/sh", "-c", _KEEP_STATUS, str(self._status)),
        )

    def _perf(self, path: str) -> tuple[str, ...]:
        record = (path, "record", "--quiet", "--event", "cpu-clock:u", "--freq", self._rate)
        return (*record, "--call-graph", "fp", "--output", str(self._file), "--")

    def _callgrind(self, path: str) -> tuple[str, ...]:
        out = f"--callgrind-out-file={self.directory}/callgrind.%p"
        return (path, "--quiet", "--tool=callgrind", "--trace-children=yes", out)

    @property
    def _rate(self) -> str:
        return str(self.sampling.rate_of(self.expected))

    @property
    def _file(self) -> Path:
        return self.directory / "recorded"

    @property
    def _status(self) -> Path:
        return self.directory / "status"

    def profile(self, *, command: str = "", seconds: float = 0.0) -> Profile:
        """Return what was recorded.

        Raises
        ------
        TrialError
            If the command failed behind the profiler's back, or there is nothing to read.
        """
        self.require_success()
        reading = {
            Tool.PYSPY: self._read_pyspy,
            Tool.PERF: self._read_perf,
            Tool.CALLGRIND: self._read_callgrind,
            Tool.CPROFILE: self._read_cprofile,
        }[self.choice.tool]
        try:
            profile = reading()
        except (StudyError, OSError, subprocess.SubprocessError) as error:
            raise self._nothing(str(error)) from error
        if not profile.stacks:
            raise self._nothing("no sample was taken; the program is too short for this rate")
        known = profile.provenance
        reason = self.choice.reason + self._slowdown(seconds)
        told = replace(known, command=command, reason=reason, seconds=seconds)
        return replace(profile, provenance=told)

    def _slowdown(self, seconds: float) -> str:
        """Return what to add where a profiler that samples was in the way of what it looked at."""
        usual = self.expected
        if usual is None or self.choice.tool is Tool.CALLGRIND:
            return ""
        if seconds < _SLOWED * usual + _START:
            return ""
        return (
            f"; the run took {seconds / usual:.1f} times as long as without it, so shares count, "
            "not seconds; a lower rate or native = false is in the way less"
        )

    def require_success(self) -> None:
        """Raise TrialError if the command failed behind the profiler's back."""
        if not self._status.exists():
            return
        status = self._status.read_text(encoding="ascii").strip()
        if status != "0":
            raise TrialError(
                f"the command ended with exit status {status} under {self.choice.tool}",
                kind=FailureKind.CRASH,
            )

    def _nothing(self, reason: str) -> TrialError:
        return TrialError(f"{self.choice.tool} left no profile: {reason}", kind=FailureKind.RESULT)

    def _read_pyspy(self) -> Profile:
        if not self._file.exists():
            raise self._nothing("it found no Python process; try another --tool")
        return read_profile(self._file)

    def _read_perf(self) -> Profile:
        path = program(Tool.PERF) or "perf"
        done = subprocess.run(
            [path, "script", "--input", str(self._file), "--fields", _PERF_FIELDS],
            capture_output=True,
            check=True,
        )
        return _with_lines(done.stdout)

    def _read_callgrind(self) -> Profile:
        graph, event = CallGraph(), ""
        for file in sorted(self.directory.glob("callgrind.*")):
            if file.stat().st_size:
                event = format_callgrind.call_graph(file.read_bytes(), graph)
        return format_callgrind.profile_of(graph, event)

    def _read_cprofile(self) -> Profile:
        graph = CallGraph()
        for file in self.pstats_files():
            format_pstats.call_graph(file.read_bytes(), graph)
        if not graph.functions:
            raise self._nothing(
                "no Python process started with our PYTHONPATH (`python -I` or `-E` ignores it)"
            )
        provenance = Provenance(
            tool=str(Tool.CPROFILE), stacks=StackOrigin.CALL_GRAPH, has_lines=False
        )
        return Profile.of(graph.stacks(), provenance=provenance)

    def pstats_files(self) -> list[Path]:
        """Return cProfile's own files, one for each thread and process."""
        return sorted(self.directory.glob("*.pstats"))

    def keep_pstats(self, path: Path) -> None:
        """Keep what cProfile wrote, merged into one file, if it was cProfile."""
        files = self.pstats_files()
        if files:
            merged = pstats.Stats(*map(str, files))
            merged.dump_stats(self.directory / "merged")
            write_atomically(path, (self.directory / "merged").read_bytes(), durable=False)


def run(words: Sequence[str], recording: Recording) -> Profile:
    """Run a program under a profiler, with the terminal it has; its output goes to ours.

    Standard output is joined to standard error, which leaves the former to the profile.

    Raises
    ------
    TrialError
        If it cannot be started, fails, or leaves no profile.
    """
    environment = {**os.environ, **recording.environment(os.environ)}
    started = time.monotonic()
    try:
        done = subprocess.run(
            [*recording.wrapper, *words], env=environment, stdout=sys.stderr, check=False
        )
    except OSError as error:
        raise StudyError(f"cannot start {words[0]!r}: {error.strerror}") from error
    seconds = time.monotonic() - started
    recording.require_success()
    if done.returncode:
        hint = "; a program of less than a second is too short for it: try --tool cprofile"
        raise TrialError(
            f"{words[0]} ended with exit status {done.returncode} under {recording.choice.tool}"
            + (hint if recording.choice.tool is Tool.PYSPY else ""),
            kind=FailureKind.CRASH,
        )
    return recording.profile(command=" ".join(words), seconds=seconds)


def _with_lines(script: bytes) -> Profile:
    """Return perf's profile with source lines of programs that have debug information."""
    addresses: dict[str, set[int]] = {}

    def note(file: str, address: int) -> None:
        addresses.setdefault(file, set()).add(address)

    format_perf.resolved(script, note)
    places = {
        (file, address): place
        for file, wanted in addresses.items()
        if file.startswith("/") and not file.startswith(("/usr/lib", "/lib"))
        for address, place in _source_lines(file, sorted(wanted)).items()
    }
    profile = format_perf.resolved(script, lambda file, address: places.get((file, address)))
    return replace(profile, provenance=replace(profile.provenance, has_lines=bool(places)))


def _source_lines(file: str, addresses: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Return source file and line of addresses, by addr2line; empty without it."""
    asked = "".join(f"{address:#x}\n" for address in addresses)
    try:
        done = subprocess.run(
            ["addr2line", "--exe", file], input=asked, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    found = {}
    for address, line in zip(addresses, done.stdout.splitlines(), strict=False):
        source, _, number = line.partition(" ")[0].rpartition(":")
        if number.isdigit() and not source.startswith("?"):
            found[address] = (source, int(number))
    return found
