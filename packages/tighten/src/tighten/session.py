"""The loop: propose, change, verify, decide, record, until there is a reason to stop.

One run of a study on one page. Each trial is a frozen record, and everything that the loop needs
to go on is in those records: a run that was killed is taken up by reading them back. Formats,
processes and statistics live elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tighten.analysis import unreachable
from tighten.attempt import Attempt, work_seconds
from tighten.convergence import convergence, incumbent
from tighten.culprit_trials import CulpritTrials
from tighten.decision import Outcome, Status
from tighten.errors import BaselineError, FailureKind, StudyError, TrialError
from tighten.events import Notice, Step, StepStarted, StudyDone, StudyStarted, TrialDone
from tighten.ledger import now
from tighten.options import trials_left
from tighten.profile import Tool
from tighten.proposals import Proposals
from tighten.racing import race
from tighten.record import (
    WINNER,
    Failure,
    GateResult,
    RaceEntry,
    Role,
    StudyRecord,
    TrialRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tighten.bench import Bench
    from tighten.events import Listener
    from tighten.ledger import Ledger, Pair, RunKey
    from tighten.options import Options
    from tighten.parameters import Configuration
    from tighten.racing import Left

    _Steps = tuple[tuple[Step, Callable[[Attempt], Attempt]], ...]

__all__ = ["Session", "baseline_message"]

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
            raise BaselineError(baseline_message(failure))
        return study

    def _search(self, study: StudyRecord) -> tuple[StudyRecord, Status]:
        options = self._options
        if options.limits.stop_if_unreachable and unreachable(options, study):
            return study, Status.UNREACHABLE
        proposals = Proposals(options, study)
        spent = sum(_duration(trial) for trial in study.trials)
        started = time.monotonic()
        while True:
            elapsed = spent + time.monotonic() - started
            status = convergence(study.trials, options.limits, options.cases, elapsed=elapsed)
            if status is not None:
                return study, status
            asked, entry = proposals.ask(study)
            if not asked:
                return study, Status.EXHAUSTED
            if entry is None:
                attempt = self._carried(self._new(study, Role.SEARCH, asked[0]), self._all_steps)
                study = self._settled(study, proposals, attempt)
            else:
                study = self._race(study, proposals, asked, entry)

    def _race(
        self,
        study: StudyRecord,
        proposals: Proposals,
        asked: Sequence[Configuration],
        entry: RaceEntry,
    ) -> StudyRecord:
        """Build and verify all that was asked for, let it race, and test the winner in pairs."""
        field: list[Attempt] = []
        twins: list[Attempt] = []
        for configuration in asked:
            attempt = self._new(study, Role.SEARCH, configuration, race=entry)
            beside = tuple(other.builds[0] for other in field)
            attempt = self._carried(replace(attempt, beside=beside), self._preparation)
            if attempt.is_settled:
                study = self._settled(study, proposals, attempt)
            elif any(other.record.code_hash == attempt.record.code_hash for other in field):
                twins.append(attempt)
            else:
                field.append(attempt)
        for attempt in self._left(field, number=len(study.trials)):
            if not attempt.is_settled and attempt.record.verdict is None:  # it won
                test = ((Step.MEASURE, self._decide),)
                study = self._settled(
                    study, proposals, self._carried(attempt.after(study.trials), test)
                )
            else:
                study = self._settled(study, proposals, attempt)
        for attempt in twins:
            study = self._settled(study, proposals, attempt)
        return study

    def _left(self, field: Sequence[Attempt], *, number: int) -> Iterator[Attempt]:
        """Yield the candidates of a race as they leave it, and the winner, untested, last."""
        if not field:
            return
        rival = field[0].builds[1]
        assert rival is not None
        running = dict(enumerate(field))
        course = race(
            self._bench,
            [attempt.builds[0] for attempt in field],
            rival,
            options=self._options,
            announce=lambda detail: self._listener(
                StepStarted(step=Step.RACE, trial=number, of=self._trials_left, detail=detail)
            ),
        )
        try:
            for left in course:
                yield _out_of_race(running.pop(left.place), left)
        except TrialError as error:
            for attempt in running.values():
                yield attempt.recorded(failure=Failure.of(error))
            return
        for attempt in running.values():
            yield attempt.in_rung(WINNER)

    def _settled(self, study: StudyRecord, proposals: Proposals, attempt: Attempt) -> StudyRecord:
        """Record a trial of the search and tell the strategy how it ended."""
        study = self._recorded(study, attempt.after(study.trials))
        proposals.tell(study, study.trials[-1])
        return study

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
        attempt = self._carried(self._new(study, role, configuration), self._all_steps)
        return self._recorded(study, attempt)

    def carried_out(
        self, study: StudyRecord, role: Role, configuration: Configuration
    ) -> tuple[TrialRecord, tuple[Pair, ...]]:
        """Return what all steps make of a configuration, and its pairs; nothing is recorded."""
        attempt = self._carried(self._new(study, role, configuration), self._all_steps)
        return attempt.record, attempt.pairs

    def _new(
        self,
        study: StudyRecord,
        role: Role,
        configuration: Configuration,
        *,
        race: RaceEntry | None = None,
    ) -> Attempt:
        record = TrialRecord(
            number=len(study.trials),
            role=role,
            configuration=configuration,
            started=now(),
            race=race,
        )
        return Attempt(run=study.run, role=role, trials=study.trials, record=record)

    @property
    def _preparation(self) -> _Steps:
        return (Step.BUILD, self._change), (Step.VERIFY, self._verify)

    @property
    def _all_steps(self) -> _Steps:
        return (*self._preparation, (Step.MEASURE, self._decide))

    def _carried(self, attempt: Attempt, steps: _Steps) -> Attempt:
        """Carry an attempt through some steps, as far as it gets."""
        started = time.perf_counter()
        before = work_seconds(attempt.record)
        try:
            for step, carry_out in steps:
                self._announce(step, attempt)
                attempt = carry_out(attempt)
                if attempt.is_settled:
                    break
            else:
                if attempt.record.cases:
                    attempt = self._locate(attempt)
        except TrialError as error:
            attempt = attempt.recorded(failure=Failure.of(error))
        return attempt.timed(time.perf_counter() - started, before)

    def _recorded(self, study: StudyRecord, attempt: Attempt) -> StudyRecord:
        self._ledger.append(study.run, attempt.record, attempt.pairs)
        study = replace(study, trials=(*study.trials, attempt.record))
        self._listener(TrialDone(record=attempt.record, best=incumbent(study.trials).number))
        return study

    def _change(self, attempt: Attempt) -> Attempt:
        """Edit and build the candidate beside the build that it has to beat."""
        kept = list(attempt.beside)
        rival = None
        if attempt.role is not Role.BASELINE:
            rival = self._bench.build(attempt.against.configuration, beside=kept)
            kept.append(rival)
        built = self._bench.build(attempt.record.configuration, beside=kept)
        identity = self._bench.identity(built)
        attempt = attempt.recorded(
            code_hash=identity,
            build_seconds=built.build_seconds,
            patch=self._bench.patch(built.configuration),
            incumbent=None if rival is None else attempt.against.number,
            identical_to=attempt.twin(identity),
        )
        return replace(attempt, built=built, rival=rival)

    def _verify(self, attempt: Attempt) -> Attempt:
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
        seconds = sum(gate.seconds for gate in gates)
        attempt = attempt.recorded(gates=gates, gate_seconds=seconds)
        if _passed(gates):
            return attempt
        attempt = attempt.recorded(failure=_gate_failure(gates[-1]))
        return attempt if rival is None else self._accuse(attempt, gates[-1].name)

    def _accuse(self, attempt: Attempt, gate: str) -> Attempt:
        """Find which of the changed values made the gate fail."""
        record, rival = attempt.record, attempt.rival
        base = attempt.against.configuration
        changed = {n: v for n, v in record.configuration.items() if base.get(n) != v}
        if rival is None or not changed:
            return attempt
        known = next((t.culprits for t in attempt.trials if _holds(t.culprits, changed)), None)
        if known is None:
            kept = (rival, *attempt.beside)
            trials = CulpritTrials(self._options, self._bench, base, kept, gate)
            guilty = trials.culprits(changed)
            record = replace(record, culprits=guilty, culprit_builds=trials.builds)
        else:
            record = replace(record, culprits=known)
        failure = _accused(record.gates[-1], record.culprits)
        return replace(attempt, record=replace(record, failure=failure))

    def _decide(self, attempt: Attempt) -> Attempt:
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

    def _locate(self, attempt: Attempt) -> Attempt:
        """Profile baseline, winner and every n-th trial; no profile is no reason to fail."""
        every, trial = self._options.profiling.every, attempt.record
        is_due = trial.role is not Role.SEARCH or (every and trial.number % every == 0)
        if not is_due or self._options.profiling.sampling.tool is Tool.NONE:
            return attempt
        self._announce(Step.PROFILE, attempt)
        started = time.perf_counter()
        try:
            files = self._bench.profile(
                attempt.builds[0], f"run-{attempt.run}/trial-{trial.number:04d}"
            )
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

    def _announce(self, step: Step, attempt: Attempt) -> None:
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


def _present(study: StudyRecord) -> Configuration:
    """Return the values that the project had when the run began."""
    values = {str(facts["name"]): facts["value"] for facts in study.parameters}
    return {name: value for name, value in values.items() if value is not None}


def _holds(culprits: Configuration, changed: Configuration) -> bool:
    return bool(culprits) and culprits.items() <= changed.items()


def _passed(gates: tuple[GateResult, ...]) -> bool:
    return all(gate.passed for gate in gates)


def _gate_failure(gate: GateResult) -> Failure:
    return Failure(kind=FailureKind.GATE, message=f"gate {gate.name!r}: {gate.detail}")


def _accused(gate: GateResult, culprits: Configuration) -> Failure:
    """Return the failure of a gate with its cause."""
    values = ", ".join(f"{name} = {value}" for name, value in culprits.items())
    cause = f"because of {values}" if values else "not when tried again: the numbers vary"
    return Failure(kind=FailureKind.GATE, message=f"gate {gate.name!r}, {cause}: {gate.detail}")


def baseline_message(failure: Failure) -> str:
    """Return what to say when the project as it stands fails."""
    text = f"the project as it stands fails ({failure.kind}): {failure.message}"
    if failure.tail:
        text += f"\nlast lines of its output:\n{failure.tail.rstrip()}"
    return f"{text}\nthe whole output is in {failure.log}" if failure.log else text


def _out_of_race(attempt: Attempt, left: Left) -> Attempt:
    """Return a candidate with what it showed before it left."""
    attempt = attempt.in_rung(left.rung)
    if left.duel is None:
        assert left.failure is not None
        return attempt.recorded(failure=Failure.of(left.failure))
    duel = left.duel
    attempt = attempt.recorded(
        cases=duel.candidate, verdict=duel.verdict, benchmark_seconds=duel.seconds
    )
    return replace(attempt, pairs=duel.pairs)


def _duration(trial: TrialRecord) -> float:
    return work_seconds(trial) + trial.overhead_seconds
