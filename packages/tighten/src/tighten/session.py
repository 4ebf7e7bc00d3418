"""The loop: propose, change, verify, decide, record, until there is a reason to stop.

One run of a study on one page. Each trial is a frozen record, and everything that the loop needs
to go on is in those records: a run that was killed is taken up by reading them back. Formats,
processes and statistics live elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tighten.analysis import unreachable
from tighten.convergence import convergence, incumbent
from tighten.decision import Outcome, Status
from tighten.errors import BaselineError, FailureKind, StudyError, TrialError
from tighten.events import Notice, Step, StepStarted, StudyDone, StudyStarted, TrialDone
from tighten.ledger import Pair, now
from tighten.options import trials_left
from tighten.profile import Tool
from tighten.record import Failure, GateResult, Role, StudyRecord, TrialRecord
from tighten.search import Told, strategy
from tighten.trial import Built

if TYPE_CHECKING:
    from tighten.bench import Bench
    from tighten.events import Listener
    from tighten.ledger import Ledger, RunKey
    from tighten.options import Options
    from tighten.parameters import Configuration
    from tighten.search import Strategy

__all__ = ["Session"]

_BUSY = 0.75  # load per core above which measuring takes noticeably longer


class Session:
    """One run of a study over a bench, recorded in a ledger.

    Parameters
    ----------
    options
        The study.
    bench
        Builds, checks and measures.
    ledger
        Keeps every trial.
    listener
        Hears of every step; may be slow, but not during a measurement.
    """

    def __init__(
        self, options: Options, *, bench: Bench, ledger: Ledger, listener: Listener
    ) -> None:
        self._options = options
        self._bench = bench
        self._ledger = ledger
        self._listener = listener
        self._trials_left = options.limits.max_trials

    def start(self, study: StudyRecord, key: RunKey) -> StudyRecord:
        """Measure the baseline, search, confirm the best, and return the finished record.

        Raises
        ------
        BaselineError
            If the project as it stands does not build, pass its gates or give its metrics.
        KeyboardInterrupt
            After the run was recorded as interrupted; `resume` goes on.
        """
        return self._run(self._ledger.begin(study, key))

    def resume(self, study: StudyRecord) -> StudyRecord:
        """Go on with a run from what its ledger holds."""
        return self._run(replace(study, status=None, finished=None))

    def _run(self, study: StudyRecord) -> StudyRecord:
        self._trials_left = trials_left(self._options, _present(study))
        self._listener(
            StudyStarted(
                name=study.name,
                run=study.run,
                max_trials=self._trials_left,
                cases=study.cases,
                time_budget=self._options.limits.time_budget,
                done=sum(trial.role is Role.SEARCH for trial in study.trials),
            )
        )
        self._warn_if_busy(study)
        try:
            study = self._baseline(study)
            study, status = self._search(study)
            study = self._confirm(study, status)
        except KeyboardInterrupt:
            study = self._ledger.study(study.run)
            best = incumbent(study.trials).number if study.trials else 0
            study = self._ledger.finish(study, Status.INTERRUPTED, best, None)
            self._listener(StudyDone(record=study))
            raise
        self._listener(StudyDone(record=study))
        return study

    def _baseline(self, study: StudyRecord) -> StudyRecord:
        """Record trial 0, the project as it stands, unless the run has it already."""
        if study.trials:
            return study
        study = self._attempt(study, Role.BASELINE, _present(study))
        failure = study.trials[0].failure
        if failure is not None:
            self._ledger.finish(study, Status.BASELINE_FAILED, 0, None)
            raise BaselineError(_baseline_message(failure))
        return study

    def _search(self, study: StudyRecord) -> tuple[StudyRecord, Status]:
        options = self._options
        if options.limits.stop_if_unreachable and unreachable(options, study):
            return study, Status.UNREACHABLE
        proposals = self._replayed(study)
        spent = sum(_duration(trial) for trial in study.trials)
        started = time.monotonic()
        while True:
            elapsed = spent + time.monotonic() - started
            status = convergence(study.trials, options.limits, options.cases, elapsed=elapsed)
            if status is not None:
                return study, status
            configuration = proposals.ask()
            if configuration is None:
                return study, Status.EXHAUSTED
            study = self._attempt(study, Role.SEARCH, configuration)
            proposals.tell(configuration, _told(study.trials[-1]))

    def _confirm(self, study: StudyRecord, status: Status) -> StudyRecord:
        """Measure the winner afresh against the baseline: the best of many is biased."""
        best = incumbent(study.trials)
        if best.number == 0:
            return self._ledger.finish(study, status, 0, None)
        if study.trials[-1].role is Role.CONFIRMATION:
            return self._ledger.finish(study, status, study.best, study.confirmation)
        study = self._attempt(study, Role.CONFIRMATION, best.configuration)
        verdict = study.trials[-1].verdict
        is_confirmed = verdict is not None and verdict.outcome is Outcome.ACCEPT
        return self._ledger.finish(study, status, best.number if is_confirmed else 0, verdict)

    def _attempt(self, study: StudyRecord, role: Role, configuration: Configuration) -> StudyRecord:
        """Carry one configuration through change, verify, decide and record."""
        started = time.perf_counter()
        attempt = _Attempt(
            role=role,
            trials=study.trials,
            record=TrialRecord(
                number=len(study.trials), role=role, configuration=configuration, started=now()
            ),
        )
        try:
            for step, carry_out in (
                (Step.BUILD, self._change),
                (Step.VERIFY, self._verify),
                (Step.MEASURE, self._decide),
            ):
                self._announce(step, attempt)
                attempt = carry_out(attempt)
                if attempt.is_settled:
                    break
            else:
                attempt = self._locate(attempt, study.run)
        except TrialError as error:
            attempt = attempt.recorded(failure=Failure.of(error))
        attempt = attempt.timed(time.perf_counter() - started)
        self._ledger.append(study.run, attempt.record, attempt.pairs)
        study = replace(study, trials=(*study.trials, attempt.record))
        self._listener(TrialDone(record=attempt.record, best=incumbent(study.trials).number))
        return study

    def _change(self, attempt: _Attempt) -> _Attempt:
        """Edit and build the candidate beside the build that it has to beat."""
        rival = None
        if attempt.role is not Role.BASELINE:
            rival = self._bench.build(attempt.against.configuration)
        built = self._bench.build(attempt.record.configuration, beside=rival)
        identity = self._bench.identity(built)
        attempt = attempt.recorded(
            code_hash=identity,
            build_seconds=built.build_seconds,
            patch=self._bench.patch(built.configuration),
            incumbent=None if rival is None else attempt.against.number,
            identical_to=attempt.twin(identity),
        )
        return replace(attempt, built=built, rival=rival)

    def _verify(self, attempt: _Attempt) -> _Attempt:
        """Run the gates; the baseline's results become the reference of all others."""
        built, rival = attempt.builds
        is_final = attempt.role is Role.CONFIRMATION
        if rival is None:
            gates = self._bench.keep_references(built)
        elif is_final:
            reference = self._bench.keep_references(rival, is_final=True)
            gates = reference if not _passed(reference) else self._bench.check(built, is_final=True)
        else:
            gates = self._bench.check(built)
        failure = None if _passed(gates) else _gate_failure(gates[-1])
        return attempt.recorded(
            gates=gates, gate_seconds=sum(gate.seconds for gate in gates), failure=failure
        )

    def _decide(self, attempt: _Attempt) -> _Attempt:
        """Measure the baseline alone, and everything else in pairs."""
        built, rival = attempt.builds
        if rival is None:
            alone = self._bench.measure(built, launches=self._options.benchmark.launches)
            return attempt.recorded(cases=alone.cases, benchmark_seconds=alone.seconds)
        duel = self._bench.duel(
            built, rival, trial=attempt.record.number, confirmation=attempt.confirmation
        )
        attempt = attempt.recorded(
            cases=duel.candidate, verdict=duel.verdict, benchmark_seconds=duel.seconds
        )
        return replace(attempt, pairs=duel.pairs)

    def _locate(self, attempt: _Attempt, run: int) -> _Attempt:
        """Profile baseline, winner and every n-th trial; no profile is no reason to fail."""
        every, trial = self._options.profiling.every, attempt.record
        is_due = trial.role is not Role.SEARCH or (every and trial.number % every == 0)
        if not is_due or self._options.profiling.sampling.tool is Tool.NONE:
            return attempt
        self._announce(Step.PROFILE, attempt)
        started = time.perf_counter()
        try:
            files = self._bench.profile(attempt.builds[0], f"run-{run}/trial-{trial.number:04d}")
        except (TrialError, StudyError) as error:
            self._listener(Notice(message=f"no profile of trial {trial.number}: {error}"))
            files = {}
        return attempt.recorded(profiles=files, profile_seconds=time.perf_counter() - started)

    def _warn_if_busy(self, study: StudyRecord) -> None:
        load, cores = study.machine["load"][0], study.machine["cores"]
        if load > _BUSY * cores:
            self._listener(
                Notice(
                    message=f"the load is {load:.1f} on {cores} cores: other work makes verdicts "
                    "slower, not wrong"
                )
            )

    def _replayed(self, study: StudyRecord) -> Strategy:
        """Return the strategy as it stood after the recorded trials."""
        options = self._options
        proposals = strategy(
            options.search.strategy,
            options.space,
            study.trials[0].configuration,
            seed=options.search.seed,
        )
        for trial in study.trials:
            if trial.role is Role.SEARCH:
                proposals.tell(trial.configuration, _told(trial))
        return proposals

    def _announce(self, step: Step, attempt: _Attempt) -> None:
        if attempt.role is Role.CONFIRMATION:
            if step is not Step.BUILD:
                return
            step = Step.CONFIRM
        values = attempt.record.configuration.items()
        self._listener(
            StepStarted(
                step=step,
                trial=attempt.record.number,
                of=self._trials_left,
                detail=", ".join(f"{name} = {value}" for name, value in values),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A trial on its way through the steps."""

    role: Role
    trials: tuple[TrialRecord, ...]
    record: TrialRecord
    built: Built | None = None
    rival: Built | None = None
    pairs: tuple[Pair, ...] = ()

    @property
    def against(self) -> TrialRecord:
        """The trial to beat: the incumbent, or for a confirmation the baseline."""
        return self.trials[0] if self.role is Role.CONFIRMATION else incumbent(self.trials)

    @property
    def builds(self) -> tuple[Built, Built | None]:
        assert self.built is not None
        return self.built, self.rival

    @property
    def confirmation(self) -> int | None:
        """Which confirmation of the run this is, from 1; None for a trial of the search."""
        if self.role is not Role.CONFIRMATION:
            return None
        return 1 + sum(trial.role is Role.CONFIRMATION for trial in self.trials)

    @property
    def is_settled(self) -> bool:
        """Whether no further step can change the outcome."""
        return self.record.failure is not None or self.record.identical_to is not None

    def recorded(self, **fields: Any) -> _Attempt:
        """Return the attempt with fields of its record set."""
        return replace(self, record=replace(self.record, **fields))

    def timed(self, elapsed: float) -> _Attempt:
        """Return the attempt with what tighten itself needed, out of ``elapsed`` seconds."""
        record = self.record
        work = _work(record)
        return self.recorded(overhead_seconds=max(0.0, elapsed - work))

    def twin(self, identity: str) -> int | None:
        """Return the earlier trial that ran the very same thing; a confirmation has none."""
        if self.role is not Role.SEARCH:
            return None
        same = (t.number for t in self.trials if t.code_hash == identity and not t.failure)
        return next(same, None)


def _present(study: StudyRecord) -> Configuration:
    """Return the values that the project had when the run began."""
    values = {str(facts["name"]): facts["value"] for facts in study.parameters}
    return {name: value for name, value in values.items() if value is not None}


def _passed(gates: tuple[GateResult, ...]) -> bool:
    return all(gate.passed for gate in gates)


def _gate_failure(gate: GateResult) -> Failure:
    return Failure(kind=FailureKind.GATE, message=f"gate {gate.name!r}: {gate.detail}")


def _baseline_message(failure: Failure) -> str:
    text = f"the project as it stands fails ({failure.kind}): {failure.message}"
    if failure.tail:
        text += f"\nlast lines of its output:\n{failure.tail.rstrip()}"
    return f"{text}\nthe whole output is in {failure.log}" if failure.log else text


def _told(trial: TrialRecord) -> Told:
    verdict = trial.verdict
    return Told(
        accepted=verdict is not None and verdict.outcome is Outcome.ACCEPT,
        gain=None if verdict is None else verdict.objective.gain,
        inert=trial.identical_to is not None,
    )


def _duration(trial: TrialRecord) -> float:
    return _work(trial) + trial.overhead_seconds


def _work(trial: TrialRecord) -> float:
    """Return the time that the project's own commands took [s]."""
    return (
        trial.build_seconds + trial.gate_seconds + trial.benchmark_seconds + trial.profile_seconds
    )
