"""Profiles of a build: what its benchmark spends its time on, in launches that nobody measures.

The files lie beside the ledger, one speedscope file for each label (``benchmark``, and
``without_io`` if the study defines such a run), with cProfile's own file next to it if that was
the profiler. Source files are named relative to the trial's tree, so that the functions of two
builds can be compared.
"""

from __future__ import annotations

import cProfile
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from tighten.errors import FailureKind, TrialError
from tighten.files import storage_errors
from tighten.profile.formats import write
from tighten.profile.profilers import Choice, Tool, choose
from tighten.profile.recording import Recording
from tighten.runner import shell_line

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.options import Options
    from tighten.profile import Profile
    from tighten.runner import Command, Completed, Places, Runner

__all__ = ["BENCHMARK", "WITHOUT_IO", "Locator"]

BENCHMARK, WITHOUT_IO = "benchmark", "without_io"
_SUFFIX = ".speedscope.json"


class Locator:
    """Takes the profiles that a study asks for.

    Parameters
    ----------
    options
        The study.
    runner
        Starts commands, as for a measurement.
    """

    def __init__(self, options: Options, runner: Runner) -> None:
        self._options = options
        self._runner = runner
        self._choices: dict[str, Choice] = {}
        self._seconds: dict[str, float] = {}

    def choice(self, command: Command, places: Places) -> Choice:
        """Return the profiler for a command; asked once, because asking takes a moment."""
        if self._options.benchmark.function is not None:
            reason = "cprofile, because the benchmark is a function in tighten's own process"
            return Choice(tool=Tool.CPROFILE, reason=reason)
        if command.template not in self._choices:
            line = shell_line(command.template, places)
            wanted = self._options.profiling.sampling.tool
            self._choices[command.template] = choose(wanted, line, python=places.python)
        return self._choices[command.template]

    def note(self, command: Command, seconds: float) -> None:
        """Learn how long a command takes without a profiler, so that a long one is spared."""
        self._seconds[command.template] = seconds

    def locate(self, places: Places, name: str) -> dict[str, str]:
        """Profile a build and return the files below the state directory, by label.

        Parameters
        ----------
        places
            Of the build.
        name
            Directory and name of the files, without suffix.

        Raises
        ------
        TrialError
            If the command fails under the profiler, or the profiler leaves nothing.
        StudyError
            If no profiler can be used.
        """
        profiling = self._options.profiling
        commands = {BENCHMARK: profiling.command or self._options.benchmark.command}
        if profiling.without_io is not None:
            commands[WITHOUT_IO] = profiling.without_io
        files = {}
        for label, command in commands.items():
            suffix = "" if label == BENCHMARK else f"-{label}"
            files[label] = self._stored(command, places, f"profiles/{name}{suffix}")
        return files

    def _stored(self, command: Command, places: Places, name: str) -> str:
        target = self._options.state / f"{name}{_SUFFIX}"
        profile = self.profile(command, places, keep=target.with_name(f"{target.name}.pstats"))
        write(profile, target)
        return f"{name}{_SUFFIX}"

    def profile(self, command: Command, places: Places, *, keep: Path | None = None) -> Profile:
        """Run a command under its profiler; ``keep`` is where cProfile's own file goes.

        py-spy needs a moment to find its process. If it leaves nothing, as with a program that is
        over by then, cProfile takes its place from here on.
        """
        choice = self.choice(command, places)
        try:
            return self._recorded(choice, command, places, keep)
        except TrialError as error:
            if choice.tool is not Tool.PYSPY:
                raise
            reason = f"cprofile, because py-spy left no profile ({error})"
        second = Choice(tool=Tool.CPROFILE, reason=reason, refused=choice.refused)
        profile = self._recorded(second, command, places, keep)
        self._choices[command.template] = second
        return profile

    def _recorded(
        self, choice: Choice, command: Command, places: Places, keep: Path | None
    ) -> Profile:
        directory = self._options.state / "scratch" / "profile"
        with storage_errors(f"making room for a profile in {directory}"):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
        recording = Recording(
            choice=choice,
            sampling=self._options.profiling.sampling,
            directory=directory,
            expected=self._seconds.get(command.template),
        )
        places = replace(places, result=directory / "result")
        if self._options.benchmark.function is not None:
            done = self._call(command, places, directory)
        else:
            given = {**self._options.benchmark.conditions.environment, **command.env}
            env = {**command.env, **recording.environment(given)}
            done = self._run(replace(command, wrapper=recording.wrapper, env=env), places)
        told = shell_line(command.template, places)
        profile = recording.profile(command=told, seconds=done.wall)
        if keep is not None:
            recording.keep_pstats(keep)
        return profile.relative_to(str(places.trial), str(places.artifacts))

    def _run(self, command: Command, places: Places) -> Completed:
        log = self._options.state / "logs" / "profile.log"
        return self._runner.run(command, places, log=log, kind_on_failure=FailureKind.CRASH)

    def _call(self, command: Command, places: Places, directory: Path) -> Completed:
        profiler = cProfile.Profile()
        done = profiler.runcall(self._run, command, places)
        profiler.dump_stats(directory / "function.pstats")
        return done
