"""One project on this machine: configurations are built, checked and measured side by side.

The session decides what to try; this module carries it out. It owns the slots, the gates'
references and the order of the launches, and knows nothing of search or convergence. A pair is
always complete: if either launch was disturbed, both are run again.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from tighten.decision import Aim, Outcome, PairTest, Verdict
from tighten.errors import FailureKind, StateError, TrialError
from tighten.events import Notice, PairMeasured
from tighten.gates import SameArrays, check
from tighten.ledger import Pair
from tighten.locating import Locator
from tighten.machine import ProcessorTime, processor_time
from tighten.pace import paced
from tighten.parameters import arguments, environment
from tighten.patch import patch
from tighten.provenance import sources
from tighten.record import CaseSummary
from tighten.runner import Command, MeasuringLock, Places, launch
from tighten.samples import Disturbances, Launch, launch_value, pair_values
from tighten.trial import Built

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tighten.events import Listener
    from tighten.gates import Gate
    from tighten.options import Options
    from tighten.parameters import Configuration
    from tighten.record import GateResult
    from tighten.runner import Runner
    from tighten.trial import Workplace

__all__ = ["Bench", "Block", "Duel", "Measured"]

_RERUNS_PER_PAIR = 2
_WATCHED_CPUS = 4  # at a millisecond each, three times a pair
_PAUSES = (1.0, 60.0)  # s, first and longest, between pairs while the processors are taken away
_QUALITY_TIMEOUT = 1800.0  # s; a linter or test suite of a large project


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """A comparison of two builds: the verdict and all that it rests on."""

    verdict: Verdict
    candidate: tuple[CaseSummary, ...]
    incumbent: tuple[CaseSummary, ...]
    pairs: tuple[Pair, ...]
    seconds: float  # of the benchmark command on both sides, and waiting for its turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Repeated launches of one build, summarised by case."""

    cases: tuple[CaseSummary, ...]
    seconds: float  # of the benchmark command, and waiting for its turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One launch of each of some builds, by their places in the field, as far as they succeeded."""

    order: tuple[int, ...]
    launches: Mapping[int, Launch]
    failures: Mapping[int, TrialError]


class Bench:
    """A project that can be built, checked and measured in several places at once.

    Parameters
    ----------
    options
        The study.
    runner
        Starts commands.
    workplace
        Holds the builds.
    listener
        Hears of each pair.
    """

    def __init__(
        self, options: Options, *, runner: Runner, workplace: Workplace, listener: Listener
    ) -> None:
        self._options = options
        self._runner = runner
        self._workplace = workplace
        self._listener = listener
        self._lock = MeasuringLock()
        self._locator = Locator(options, runner)
        # Not seeded: that the order of a pair cannot be foreseen is what the verdict rests on.
        self._coin = random.SystemRandom()
        self._disturbances = Disturbances()
        # Work that is not pinned runs where nobody knows; on many processors none is watched.
        pin = options.benchmark.conditions.pin or ()
        self._watched = pin if len(pin) <= _WATCHED_CPUS else ()

    def build(self, configuration: Configuration, *, beside: Collection[Built] = ()) -> Built:
        """Return the build of a configuration in a slot that none of ``beside`` occupies.

        Raises
        ------
        TrialError
            If an edit is refused or the build fails.
        """
        slot = self._workplace.slot_for(configuration, beside=beside)
        return self._workplace.build(slot, configuration)

    def identity(self, built: Built) -> str:
        """Return a hash of all that runs: the build's code, the environment, the arguments."""
        chosen = built.configuration
        variables = environment(self._options.parameters, chosen)
        words = arguments(self._options.parameters, chosen)
        if not variables and not words:
            return built.code_hash
        text = json.dumps([built.code_hash, sorted(variables.items()), words])
        return hashlib.sha256(text.encode()).hexdigest()

    def content(self, built: Built) -> str:
        """Return a hash of what a run of the build depends on, also if the project changes.

        While a study lasts, only edits and builds change anything, and `identity` says all. Over
        longer times the tree's other files count, too.
        """
        rest = sources(self._options, built.tree)
        return hashlib.sha256(f"{self.identity(built)} {rest}".encode()).hexdigest()

    def patch(self, configuration: Configuration) -> str:
        """Return what the configuration changes in the project's files."""
        return patch(self._options.parameters, configuration, self._options.project)

    def quality(self, built: Built, commands: Sequence[str]) -> None:
        """Run shell commands in the build's tree; TrialError at the first that fails."""
        for template in commands:
            self._workplace.activate(built)
            self._runner.run(
                Command(template=template, timeout=_QUALITY_TIMEOUT),
                self._places(built, self._options.state / "scratch" / "result"),
                log=self._log("quality"),
                kind_on_failure=FailureKind.GATE,
            )

    def check(self, built: Built, *, is_final: bool = False) -> tuple[GateResult, ...]:
        """Run the gates in order against the baseline; stop at the first that fails."""
        return self._gates(built, is_final=is_final, is_reference=False)

    def keep_references(self, built: Built, *, is_final: bool = False) -> tuple[GateResult, ...]:
        """Run the gates on the baseline and keep what they write for later comparisons."""
        return self._gates(built, is_final=is_final, is_reference=True)

    def measure(self, built: Built, *, launches: int) -> Measured:
        """Launch the benchmark ``launches`` times after the study's warm-up launches."""
        seconds = self.warm_up(built)
        side = self._side(built, "benchmark")
        done = []
        for _ in range(launches):
            with self._lock:
                done.append(self._launch(side))
            seconds += done[-1].wall + self._lock.waited
        self._locator.note(self._options.benchmark.command, done[-1].wall)
        rows = [
            {case.name: launch_value(one, case) for case in self._options.cases} for one in done
        ]
        return Measured(cases=self.summaries(rows, done[0]), seconds=seconds)

    def profile(self, built: Built, name: str) -> dict[str, str]:
        """Launch the benchmark once more, under a profiler; see `Locator.locate`.

        Returns
        -------
        dict of str to str
            File below the state directory, by label.
        """
        self._workplace.activate(built)
        with self._lock:
            return self._locator.locate(self._side(built, "profile").places, name)

    def duel(
        self,
        candidate: Built,
        incumbent: Built,
        *,
        trial: int,
        confirmation: int | None = None,
        aim: Aim = Aim.GAIN,
    ) -> Duel:
        """Run both builds next to each other, pair by pair, until the verdict is reached.

        Raises
        ------
        TrialError
            If a launch of the candidate fails, or one of the incumbent (the message says so).
        """
        warm_up = self.warm_up(candidate) + self.warm_up(incumbent)
        sides = self._side(candidate, "candidate"), self._side(incumbent, "incumbent")
        test = PairTest(
            self._options.cases, self._options.policy, confirmation=confirmation, aim=aim
        )
        log = _PairLog()
        verdict: Verdict | None = None
        while verdict is None:
            first = self._coin.random() < 0.5
            ours, theirs = self._pair(*sides, log, candidate_first=first)
            values = pair_values(ours, theirs, self._options.cases)
            log.add(values, candidate_first=first)
            verdict = test.add(*values)
            self._tell(trial, test)
        return Duel(
            verdict=replace(
                verdict, reason=verdict.reason + _theft(log, verdict), reruns=log.reruns
            ),
            candidate=self.summaries(log.candidate, ours),
            incumbent=self.summaries(log.incumbent, theirs),
            pairs=tuple(log.pairs),
            seconds=warm_up + log.seconds,
        )

    def block(self, field: Sequence[Built]) -> Block:
        """Launch each of some builds once, in random order, with nothing else in between.

        A disturbed launch is kept: a race bears outliers, and running a whole block again would
        cost more than it saves.
        """
        order = list(range(len(field)))
        self._coin.shuffle(order)
        launches: dict[int, Launch] = {}
        failures: dict[int, TrialError] = {}
        with self._lock:
            for place in order:
                try:
                    launches[place] = self._launch(self._side(field[place], "race"))
                except TrialError as error:
                    failures[place] = error
        return Block(order=tuple(order), launches=launches, failures=failures)

    def _pair(
        self, candidate: _Side, incumbent: _Side, log: _PairLog, *, candidate_first: bool
    ) -> tuple[Launch, Launch]:
        """Return one undisturbed pair; a pair that stays disturbed is taken as it is.

        A hypervisor that takes the processors away does so for minutes. The pair itself tells when
        it is over: it is run again, less and less often, until the comparison's patience ends.
        """
        order = [
            partial(self._launch, candidate),
            partial(self._launch_incumbent, incumbent),
        ]
        if not candidate_first:
            order.reverse()
        for attempt in count():
            with self._lock:
                before = processor_time()
                (first, second), paces = paced(order, self._watched)
                processors = processor_time() - before
            seconds = first.wall + second.wall
            log.seconds += seconds + self._lock.waited
            disturbed = self._disturbances.hit((first, second), paces)
            if processors.is_contended and log.lost < self._options.benchmark.patience:
                self._pause(processors.stolen_share, seconds, log)
            elif not disturbed or attempt >= _RERUNS_PER_PAIR:
                break
            log.reruns += 1
        log.processors += processors
        return (first, second) if candidate_first else (second, first)

    def _pause(self, share: float, seconds: float, log: _PairLog) -> None:
        """Wait after a pair of some ``seconds`` that lost a share of its processors."""
        if log.lost == 0.0:
            took = f"the hypervisor takes {100 * share:.0f} % of the processors"
            self._listener(Notice(message=f"{took}: waiting for them"))
        shortest, longest = _PAUSES
        pause = min(max(shortest, log.lost), longest)
        sleep(pause)
        log.seconds += pause
        log.lost += seconds + pause

    def _launch_incumbent(self, incumbent: _Side) -> Launch:
        try:
            return self._launch(incumbent)
        except TrialError as error:
            raise TrialError(
                f"the incumbent failed beside this candidate: {error}",
                kind=error.kind,
                log=error.log,
                tail=error.tail,
            ) from error

    def warm_up(self, built: Built) -> float:
        """Run the launches that are thrown away; return their time [s]."""
        side = self._side(built, "warm-up")
        seconds = 0.0
        for _ in range(self._options.benchmark.warmup_launches):
            with self._lock:
                seconds += self._launch(side).wall
            seconds += self._lock.waited
        return seconds

    def _side(self, built: Built, role: str) -> _Side:
        places = self._places(built, self._options.state / "scratch" / "result")
        return _Side(built=built, places=places, log=self._log(role))

    def _launch(self, side: _Side) -> Launch:
        self._workplace.activate(side.built)
        benchmark = self._options.benchmark
        return launch(
            self._runner, benchmark.command, side.places, format=benchmark.format, log=side.log
        )

    def _places(self, built: Built, result: Path) -> Places:
        parameters = self._options.parameters
        return Places(
            trial=built.tree,
            artifacts=built.artifacts,
            result=result,
            python=self._options.python,
            cpus=self._options.cpus,
            arguments=tuple(arguments(parameters, built.configuration)),
            environment=environment(parameters, built.configuration),
            caches=built.caches,
        )

    def _log(self, name: str) -> Path:
        return self._options.state / "logs" / f"{name}.log"

    def _gates(self, built: Built, *, is_final: bool, is_reference: bool) -> tuple[GateResult, ...]:
        results: list[GateResult] = []
        for index, gate in enumerate(self._options.gates):
            if gate.final_only and not is_final:
                continue
            kind = "final" if is_final else "trial"
            reference = self._options.state / "references" / f"{kind}-{index}"
            results.append(
                self._run_gate(gate, built, reference, is_final=is_final, keep=is_reference)
            )
            if not results[-1].passed:
                break
        return tuple(results)

    def _run_gate(
        self, gate: Gate, built: Built, reference: Path, *, is_final: bool, keep: bool
    ) -> GateResult:
        self._workplace.activate(built)
        directory = self._options.state / "scratch" / "gate"

        def execute(command: Command, *, environment: Mapping[str, str]) -> Path | None:
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            places = self._places(built, directory / "result")
            places = replace(places, environment={**places.environment, **environment})
            self._runner.run(
                command, places, log=self._log("gate"), kind_on_failure=FailureKind.GATE
            )
            # Some writers append their suffix to the name they are given (np.savez does).
            return min(directory.glob("result*"), default=None)

        if not keep and isinstance(gate.rule, SameArrays) and not reference.exists():
            raise StateError(
                f"the baseline's result of gate {gate.name!r} is gone from {reference}: start "
                "the study again with `tighten tune`"
            )
        outcome = check(gate, execute, None if keep else reference, is_final=is_final)
        if keep and outcome.passed and isinstance(gate.rule, SameArrays):
            reference.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(min(directory.glob("result*")), reference)
        return outcome

    def summaries(
        self, rows: Sequence[Mapping[str, float]], example: Launch
    ) -> tuple[CaseSummary, ...]:
        """Return the values of each case over launches, in the unit that ``example`` has."""
        return tuple(
            CaseSummary(
                case=case.name,
                values=(values := tuple(row[case.name] for row in rows)),
                median=statistics.median(values),
                unit=example.result[case.select][case.metric].unit,
            )
            for case in self._options.cases
        )

    def _tell(self, trial: int, so_far: PairTest) -> None:
        self._listener(
            PairMeasured(
                trial=trial,
                pairs=so_far.pairs,
                limit=self._options.policy.max_pairs,
                gain=so_far.gain,
                e_value=so_far.e_value,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of the builds that run in turn, with all that each of its launches needs."""

    built: Built
    places: Places
    log: Path


def _theft(log: _PairLog, verdict: Verdict) -> str:
    """Return what to add to a verdict that was reached on a machine that others used, too."""
    if not log.processors.is_contended:
        return ""
    advice = ": measure again later" if verdict.outcome is Outcome.INCONCLUSIVE else ""
    share = log.processors.stolen_share
    return f"; the hypervisor took {100 * share:.0f} % of the processors{advice}"


class _PairLog:
    """The pairs of one duel as they come in."""

    def __init__(self) -> None:
        self.candidate: list[Mapping[str, float]] = []
        self.incumbent: list[Mapping[str, float]] = []
        self.pairs: list[Pair] = []
        self.reruns = 0
        self.seconds = 0.0
        self.processors = ProcessorTime()  # over the pairs that count
        self.lost = 0.0  # s, to a hypervisor: pairs run again, and waiting

    def add(
        self, values: tuple[Mapping[str, float], Mapping[str, float]], *, candidate_first: bool
    ) -> None:
        ours, theirs = values
        self.candidate.append(ours)
        self.incumbent.append(theirs)
        self.pairs.append((candidate_first, json.dumps(ours), json.dumps(theirs)))
