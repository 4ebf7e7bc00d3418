"""A study spread over the hosts of a Dask cluster.

Every trial is one job: a worker builds the candidate and the incumbent side by side on its own host
and compares them there, so that hosts need not be alike; a pair never leaves its host. The loop
stays here, and so do the ledger and the project, which the workers read from the same path (a
shared file system, or a checkout of the same state; each checks its hash). A host measures one
thing at a time, whatever number of workers it has.

Proposals are asked for ahead of the answers, as many as there are workers. A candidate that won
against an incumbent which has been replaced meanwhile is compared again with the new one; one that
lost against an older incumbent stays lost. The winner is confirmed afresh on every host, and the
E-values multiply.

A job whose worker dies goes to another one and starts anew; nothing that was recorded is lost.
Limits: no in-place studies, no benchmark functions, no races, no profiles of trials.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tighten.convergence import convergence, incumbent
from tighten.decision import Outcome, Status, multiplied
from tighten.errors import BaselineError, FailureKind, StudyError, TrialError
from tighten.events import Notice, StudyDone, StudyStarted, TrialDone
from tighten.ledger import Ledger, Pair
from tighten.machine import fingerprint, fingerprint_key
from tighten.options import Options
from tighten.parameters import Configuration
from tighten.profile import Tool
from tighten.proposals import Proposals
from tighten.provenance import sources
from tighten.record import Failure, Role, StudyRecord, TrialRecord
from tighten.session import Session, baseline_message
from tighten.study import Study

if TYPE_CHECKING:
    from tighten.events import Event, Listener

__all__ = ["tune"]

_CONNECT = 5.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What a worker needs to carry out one trial."""

    options: Options
    sources: str  # hash of the project's files
    study: StudyRecord  # with the trials that matter for this one
    role: Role
    configuration: Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What a worker found, and where."""

    record: TrialRecord
    pairs: tuple[Pair, ...]
    host: str
    machine: Mapping[str, Any]


def tune(study: Study, address: str, listener: Listener = lambda _event: None) -> StudyRecord:
    """Run a study on the workers of a Dask scheduler and return its record.

    Parameters
    ----------
    study
        The study; its project must be readable at the same path on every worker.
    address
        Of the scheduler, such as ``tcp://node01:8786``.
    listener
        Hears of every trial.

    Raises
    ------
    StudyError
        If Dask is not installed, the scheduler cannot be reached or has no workers, or the study
        cannot be spread.
    BaselineError
        If the project as it stands does not build, pass its gates or give its metrics.
    KeyboardInterrupt
        After the run was recorded as interrupted; `Study.resume` goes on with it here.
    """
    _require_spreadable(study.options)
    with _client(address) as client, study.new_run() as (ledger, record):
        return _Campaign(study.options, client, ledger, listener).run(record)


def _require_spreadable(options: Options) -> None:
    if options.build.in_place:
        raise StudyError(
            "an in-place study edits the one project there is; remove `in_place` to spread it"
        )
    if options.benchmark.function is not None:
        raise StudyError(
            "a benchmark function runs in tighten's own process; a cluster needs a `command`"
        )


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise StudyError(
            "--scheduler needs Dask: install it with `pip install 'tighten[dask]'`, here and on "
            "the workers"
        ) from error
    try:
        client: Any = Client(address, timeout=_CONNECT)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise StudyError(
            f"no Dask scheduler answers at {address}: {error}; start one with `dask scheduler`"
        ) from error
    with client:
        yield client


class _Campaign:
    """One run of a study: the loop, with several trials under way at a time."""

    def __init__(self, options: Options, client: Any, ledger: Ledger, listener: Listener) -> None:
        self._options = options
        self._client = client
        self._ledger = ledger
        self._listener = listener
        self._sources = sources(options, options.project)
        self._machines: dict[str, Mapping[str, Any]] = {}
        self._started = time.monotonic()

    def run(self, study: StudyRecord) -> StudyRecord:
        limits = self._options.limits
        self._listener(
            StudyStarted(
                name=study.name,
                run=study.run,
                max_trials=limits.max_trials,
                cases=study.cases,
                time_budget=limits.time_budget,
            )
        )
        try:
            study = self._baseline(study)
            study, status = self._search(study)
            study = self._confirm(study, status)
        except KeyboardInterrupt:
            study = self._ledger.study(study.run)
            best = incumbent(study.trials).number if study.trials else 0
            study = self._finish(study, Status.INTERRUPTED, best)
            self._listener(StudyDone(record=study))
            raise
        self._listener(StudyDone(record=study))
        return study

    def _workers(self) -> list[str]:
        """Return the addresses of the workers there are now, one at least."""
        workers = list(self._client.nthreads())
        if not workers:
            raise StudyError("the Dask scheduler has no workers; start some with `dask worker`")
        return workers

    def _submit(
        self, study: StudyRecord, role: Role, configuration: Configuration, worker: str
    ) -> Any:
        job = _Job(
            options=self._options,
            sources=self._sources,
            study=_context(study),
            role=role,
            configuration=configuration,
        )
        # Another worker may take it: that is how the job of a dead one goes on.
        return self._client.submit(
            _carry_out, job, workers=[worker], allow_other_workers=True, pure=False
        )

    def _baseline(self, study: StudyRecord) -> StudyRecord:
        present = {str(f["name"]): f["value"] for f in study.parameters if f["value"] is not None}
        future = self._submit(study, Role.BASELINE, present, self._workers()[0])
        study = self._recorded(study, self._result(future, Role.BASELINE, present))
        failure = study.trials[0].failure
        if failure is not None:
            self._finish(study, Status.BASELINE_FAILED, 0)
            raise BaselineError(baseline_message(failure))
        return study

    def _search(self, study: StudyRecord) -> tuple[StudyRecord, Status]:
        """Keep every worker busy until there is a reason to stop; then wait for what is left."""
        alone = replace(self._options.search, racing=None)  # a race needs its field on one host
        proposals = Proposals(replace(self._options, search=alone), study)
        again: list[Configuration] = []
        running: dict[Any, tuple[Configuration, str]] = {}
        status: Status | None = None
        while True:
            status = status or self._status(study)
            for worker in self._free(study, running) if status is None else ():
                asked = [again.pop(0)] if again else proposals.ask(study)[0]
                if not asked:
                    break
                configuration = asked[0]
                future = self._submit(study, Role.SEARCH, configuration, worker)
                running[future] = configuration, worker
            if not running:
                return study, status or Status.EXHAUSTED
            future = self._next(running)
            configuration, _ = running.pop(future)
            done = self._result(future, Role.SEARCH, configuration)
            if _is_stale(done.record, study):
                again.append(configuration)
                continue
            study = self._recorded(study, done)
            proposals.tell(study, study.trials[-1])

    def _status(self, study: StudyRecord) -> Status | None:
        options, elapsed = self._options, time.monotonic() - self._started
        return convergence(study.trials, options.limits, options.cases, elapsed=elapsed)

    def _free(
        self, study: StudyRecord, running: Mapping[Any, tuple[Configuration, str]]
    ) -> list[str]:
        """Return the workers that may take a trial, no more than there are trials left."""
        busy = {worker for _, worker in running.values()}
        done = sum(trial.role is Role.SEARCH for trial in study.trials)
        left = self._options.limits.max_trials - done - len(running)
        return [worker for worker in self._workers() if worker not in busy][: max(0, left)]

    def _confirm(self, study: StudyRecord, status: Status) -> StudyRecord:
        """Measure the winner afresh against the baseline on every host."""
        best = incumbent(study.trials)
        if best.number == 0:
            return self._finish(study, status, 0)
        waiting = [
            self._submit(study, Role.CONFIRMATION, best.configuration, worker)
            for worker in self._one_of_each_host()
        ]
        for future in waiting:
            done = self._result(future, Role.CONFIRMATION, best.configuration)
            study = self._recorded(study, done)
        trials = [trial for trial in study.trials if trial.role is Role.CONFIRMATION]
        verdicts = [trial.verdict for trial in trials if trial.verdict is not None]
        if len(verdicts) < len(trials):
            return self._finish(study, status, 0)  # failed on a host: not for everybody
        verdict = multiplied(verdicts, self._options.cases, self._options.policy)
        is_confirmed = verdict.outcome is Outcome.ACCEPT
        study = replace(study, hosts=dict(self._machines))
        return self._ledger.finish(study, status, best.number if is_confirmed else 0, verdict)

    def _one_of_each_host(self) -> list[str]:
        found = self._client.run(_host)
        return list({host: worker for worker, (host, _) in found.items()}.values())

    def _next(self, running: Mapping[Any, object]) -> Any:
        from distributed import wait  # noqa: PLC0415 - an extra, and slow to import

        done, _ = wait(list(running), return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
        return next(iter(done))

    def _result(self, future: Any, role: Role, configuration: Configuration) -> _Done:
        """Return what a job found; a job that keeps killing its workers is a failed trial."""
        from distributed import KilledWorker  # noqa: PLC0415 - an extra, and slow to import

        try:
            done: _Done = future.result()
        except KilledWorker as error:
            failure = Failure(
                kind=FailureKind.CRASH, message=f"the workers that ran it died: {error}"
            )
            record = TrialRecord(
                number=0, role=role, configuration=configuration, started="", failure=failure
            )
            return _Done(record=record, pairs=(), host="", machine={})
        return done

    def _recorded(self, study: StudyRecord, done: _Done) -> StudyRecord:
        record = replace(done.record, number=len(study.trials), host=done.host)
        if done.host and done.host not in self._machines:
            self._machines[done.host] = done.machine
            self._listener(Notice(message=f"host {done.host}: {done.machine['cpu']}"))
        self._ledger.append(study.run, record, done.pairs)
        study = replace(study, trials=(*study.trials, record))
        self._listener(TrialDone(record=record, best=incumbent(study.trials).number))
        return study

    def _finish(self, study: StudyRecord, status: Status, best: int) -> StudyRecord:
        study = replace(study, hosts=dict(self._machines))
        return self._ledger.finish(study, status, best, None)


def _is_stale(record: TrialRecord, study: StudyRecord) -> bool:
    """Return whether a trial was accepted against an incumbent that is no longer the best."""
    is_accepted = record.verdict is not None and record.verdict.outcome is Outcome.ACCEPT
    return is_accepted and record.incumbent != incumbent(study.trials).number


def _context(study: StudyRecord) -> StudyRecord:
    """Return the study with what a worker needs of its trials: whom to beat, and known code."""
    kept = {0, incumbent(study.trials).number} if study.trials else set()
    trials = tuple(
        trial
        if trial.number in kept
        else replace(trial, cases=(), verdict=None, gates=(), patch="")
        for trial in study.trials
    )
    return replace(study, trials=trials)


class _Workshop:
    """What a worker keeps between jobs: the two trees, and the baseline's results."""

    def __init__(self, options: Options, place: Path) -> None:
        self._opened = ExitStack()
        sampling = replace(options.profiling.sampling, tool=Tool.NONE)
        profiling = replace(options.profiling, sampling=sampling)
        local = replace(options, state=place, profiling=profiling)
        bench = self._opened.enter_context(Study(local).bench(_silent))
        self._bench = bench
        # The ledger that counts is the coordinator's; this one stays empty.
        ledger = self._opened.enter_context(closing(Ledger(place / "ledger.sqlite")))
        self._session = Session(local, bench=bench, ledger=ledger, listener=_silent)
        self._has_references = False

    def carry_out(self, job: _Job) -> tuple[TrialRecord, tuple[Pair, ...]]:
        if job.role is Role.SEARCH and not self._has_references:
            self._keep_references(job.study.trials[0].configuration)
        found = self._session.carried_out(job.study, job.role, job.configuration)
        self._has_references = self._has_references or job.role is not Role.CONFIRMATION
        return found

    def _keep_references(self, configuration: Configuration) -> None:
        """Build the baseline on this host, too, and keep what the gates compare with."""
        where = f"on host {_host()[0]}"
        try:
            gates = self._bench.keep_references(self._bench.build(configuration))
        except TrialError as error:
            raise BaselineError(f"the baseline fails {where} ({error.kind}): {error}") from error
        for gate in gates:
            if not gate.passed:
                raise BaselineError(f"the baseline fails gate {gate.name!r} {where}: {gate.detail}")


_workshops: dict[str, _Workshop] = {}  # of this worker process, by run
_one_at_a_time = threading.Lock()


def _carry_out(job: _Job) -> _Done:
    """Carry out a job on this worker; runs there."""
    from distributed import get_worker  # noqa: PLC0415 - an extra, and slow to import

    worker = get_worker()
    with _one_at_a_time:
        if sources(job.options, job.options.project) != job.sources:
            raise StudyError(
                f"{job.options.project} on worker {worker.address} is not the project of this "
                "study; share its file system, or check out the same state there"
            )
        run = f"{job.options.state} {job.study.run} {job.study.started} {worker.address}"
        name = hashlib.sha256(run.encode()).hexdigest()[:16]
        if name not in _workshops:
            place = Path(worker.local_directory) / "tighten" / name
            _workshops[name] = _Workshop(job.options, place)
        trial, pairs = _workshops[name].carry_out(job)
    host, machine = _host()
    return _Done(record=trial, pairs=pairs, host=host, machine=machine)


def _host() -> tuple[str, Mapping[str, Any]]:
    """Return the key and the facts of the machine that this runs on."""
    facts = fingerprint()
    return f"{facts['host'][:6]}-{fingerprint_key(facts)[:6]}", facts


def _silent(_event: Event) -> None:
    """Listen to nothing."""
