"""Everything that the command line does, for programs: typed, documented, without printing.

A `Study` joins the options to the machinery that carries them out. Each method opens what it
needs, closes it, and leaves the user's files as they were; only `Study.set` and `Study.apply`
change the project.
"""

from __future__ import annotations

import shlex
import tomllib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from tighten import evidence, report
from tighten.analysis import Analysis, analysis
from tighten.attribution import time_ratio
from tighten.bench import Bench
from tighten.comparison import Comparison, extracted_revision, file_summaries
from tighten.encoding import decode, encode
from tighten.errors import BaselineError, FailureKind, StudyError, TrialError
from tighten.files import EVIDENCE_FILE, make_state_directory, write_atomically
from tighten.ledger import Ledger, now
from tighten.machine import compilers, fingerprint, fingerprint_key
from tighten.options import Options, Plan, load, plan
from tighten.parameters import arguments, edited_files, environment
from tighten.parameters.binding import FileBinding
from tighten.patch import patch
from tighten.profile import Difference, read_profile
from tighten.provenance import (
    file_of,
    new_record,
    require_same,
    require_unchanged,
    run_key,
    sources,
)
from tighten.record import (
    Examination,
    Failure,
    GateResult,
    Role,
    StrategyCosts,
    StudyRecord,
    TrialRecord,
)
from tighten.runner import InProcess, Subprocess
from tighten.session import Session
from tighten.strategy_costs import strategy_costs
from tighten.trial import (
    Site,
    alone,
    open_workplace,
    restore,
    write_edits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tighten.bench import Duel
    from tighten.events import Event, Listener
    from tighten.evidence import Standing
    from tighten.options.plan import PlannedParameter
    from tighten.parameters import Configuration, Value
    from tighten.profile import Profile
    from tighten.runner import Runner
    from tighten.trial import Built

__all__ = ["Applied", "Study", "keep_reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What `Study.apply` did: the diff, the checks it rests on, and what is left to the user."""

    patch: str
    gates: tuple[GateResult, ...]
    measured: TrialRecord
    instructions: tuple[str, ...]


def _silent(_event: Event) -> None:
    """Listen to nothing."""


class Study:
    """One optimisation campaign over one project.

    Parameters
    ----------
    options
        Validated options, from `Study.load` or put together by a program.

    Examples
    --------
    >>> study = Study.load("studies/quantforge")                 # doctest: +SKIP
    >>> record = study.tune()                                    # doctest: +SKIP
    >>> if record.best:                                          # doctest: +SKIP
    ...     print(study.apply().patch)
    """

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def load(cls, study_file: Path | str, *, overrides: Mapping[str, str] | None = None) -> Study:
        """Read a study file, or the ``tighten.toml`` of a directory.

        Raises
        ------
        StudyError
            With every fault of the file at once.
        """
        return cls(load(Path(study_file), overrides=overrides))

    def plan(self) -> Plan:
        """Return what `tune` would do; nothing is built or run."""
        return plan(self.options)

    def baseline(self) -> Configuration:
        """Return the values that the project has now."""
        readings = {p.name: p.read(self.options.project) for p in self.options.parameters}
        return {name: r.value for name, r in readings.items() if r.value is not None}

    def parameters(self) -> tuple[PlannedParameter, ...]:
        """Return each parameter with its present value, its place and its domain."""
        return self.plan().parameters

    def parse_values(self, texts: Mapping[str, str]) -> Configuration:
        """Return parameter values from texts, in the types of their domains.

        Raises
        ------
        StudyError
            If a name is unknown.
        """
        by_name = {parameter.name: parameter for parameter in self.options.parameters}
        for name in texts:
            if name not in by_name:
                near = get_close_matches(name, by_name, n=1)
                hint = f"; did you mean {near[0]}?" if near else "."
                raise StudyError(
                    f"unknown parameter {name!r}{hint} The study has: {', '.join(by_name)}"
                )
        return {name: by_name[name].domain.normalise(_scalar(text)) for name, text in texts.items()}

    def set(self, values: Configuration) -> str:
        """Write values into the project's files and return the diff; `restore` undoes it.

        Raises
        ------
        BindingError
            If a value does not fit its place.
        StudyError
            If a parameter is no constant or key of a file.
        """
        self._require_files(values)
        with self._alone():
            difference = patch(self.options.parameters, values, self.options.project)
            edits = edited_files(self.options.parameters, values, self.options.project)
            write_edits(self.options.project, self.options.state, edits)
        return difference

    def restore(self) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Put back what `set`, `apply` or a killed run changed.

        Returns
        -------
        tuple of two tuples of Path
            Files that were restored, and files left alone because they were edited since.
        """
        with self._alone():
            return restore(self.options.project, self.options.state)

    def measure(
        self, values: Configuration | None = None, *, launches: int | None = None
    ) -> TrialRecord:
        """Build the project with ``values`` over its present ones, check it, and measure it."""
        configuration = {**self.baseline(), **(values or {})}
        trial = TrialRecord(
            number=0, role=Role.BASELINE, configuration=configuration, started=now()
        )
        with self._alone(), self.bench(_silent) as bench:
            try:
                built = bench.build(configuration)
                gates = bench.keep_references(built)
                _require_passed(gates)
                measured = bench.measure(
                    built, launches=launches or self.options.benchmark.launches
                )
            except TrialError as error:
                return replace(trial, failure=Failure.of(error))
        return replace(
            trial,
            gates=gates,
            cases=measured.cases,
            build_seconds=built.build_seconds,
            benchmark_seconds=measured.seconds,
        )

    def tune(self, listener: Listener = _silent) -> StudyRecord:
        """Run the study from the start and return its record; the project stays as it is.

        Raises
        ------
        BaselineError
            If the project as it stands does not build, pass its gates or give its metrics.
        KeyboardInterrupt
            After the run was recorded as interrupted; `resume` goes on.
        """
        with self._session(listener) as (session, _):
            return session.start(new_record(self.options), run_key(self.options))

    def resume(self, listener: Listener = _silent) -> StudyRecord:
        """Go on with the newest run after an interrupt, a crash, or with larger limits.

        Raises
        ------
        StudyError
            If there is no run, or the project, study or machine is no longer the same.
        """
        with self._session(listener) as (session, ledger):
            study = ledger.study()
            require_same(self.options, ledger.key(study.run), study.run)
            return session.resume(study)

    def verify(
        self, values: Configuration | None = None, *, against: str | None = None
    ) -> tuple[GateResult, ...]:
        """Run every gate in final form on ``values``, by default on the best of the newest run.

        Parameters
        ----------
        values
            Parameter values over those that the project has now.
        against
            A git revision, or what else `compare` takes, whose results are the reference; without
            ``values`` the project is checked as it stands. By default the reference is the
            project with the values it has now.

        Raises
        ------
        BaselineError
            If the project as it stands does not pass; nothing can be compared with it then.
        TrialError
            If the candidate does not build.
        """
        if against is not None:
            with self.side_by_side(against, "working", values=values) as (bench, old, new):
                keep_reference(bench, old, against)
                return bench.check(new, is_final=True)
        present = self.baseline()
        candidate = {**present, **(self._best_values() if values is None else values)}
        with self._alone(), self.bench(_silent) as bench:
            reference = _built_baseline(bench, present)
            built = bench.build(candidate, beside=[reference])
            return bench.check(built, is_final=True)

    @property
    def evidence_file(self) -> Path:
        """Where `apply` keeps what each value rests on: beside the study file."""
        return self.options.file.parent / EVIDENCE_FILE

    def evidence(self) -> tuple[Standing, ...]:
        """Return which applied values must be tested again on this machine, and why.

        Raises
        ------
        StudyError
            If no values have been applied yet.
        BaselineError
            If the project as it stands does not build, so that its code is unknown.
        """
        values = evidence.read(self.evidence_file)
        places = {parameter.name: parameter.binding for parameter in self.options.parameters}
        outside = {
            one.parameter: one.value
            for one in values
            if one.parameter in places and not isinstance(places[one.parameter], FileBinding)
        }
        present = {**self.baseline(), **outside}
        with self._alone(), self.bench(_silent) as bench:
            try:
                code = bench.content(bench.build(present))
            except TrialError as error:
                raise BaselineError(
                    f"the project as it stands fails ({error.kind}): {error}"
                ) from error
        return evidence.standings(values, present=present, machine=fingerprint(), code_hash=code)

    def best_patch(self, run: int | None = None) -> str:
        """Return the diff that `apply` would make."""
        return patch(self.options.parameters, self._best_values(run), self.options.project)

    def apply(self, run: int | None = None, *, quality: Sequence[str] = ()) -> Applied:
        """Write the best values into the project, after they passed everything in a trial tree.

        Parameters
        ----------
        run
            Number of the run; the newest by default.
        quality
            Shell commands that must succeed on the project with the new values.

        Raises
        ------
        StudyError
            If there is nothing to apply, or a file changed since the study.
        TrialError
            If the build, a quality command or the benchmark fails; nothing was written.
        """
        record = self.record(run)
        values = self._best_values(run)
        require_unchanged(self.options, record)
        with self._alone():
            with self.bench(_silent) as bench:
                reference = _built_baseline(bench, self.baseline())
                start = bench.content(reference)
                is_measured = record.sources == sources(
                    self.options, self.options.project
                ) and record.trials[0].code_hash == bench.identity(reference)
                built = bench.build({**self.baseline(), **values}, beside=[reference])
                code = bench.content(built) if is_measured else ""
                bench.quality(built, quality)
                gates = bench.check(built, is_final=True)
                measured = bench.measure(built, launches=self.options.benchmark.launches)
            require_unchanged(self.options, record)  # the checks took a while
            difference = self.best_patch(run)
            if all(gate.passed for gate in gates):
                edits = edited_files(self.options.parameters, values, self.options.project)
                kept = evidence.added(self.evidence_file, record, start=start, code=code)
                edits[_below(self.options.project, self.evidence_file)] = kept.content
                write_edits(self.options.project, self.options.state, edits)
        return Applied(
            patch=difference,
            gates=gates,
            measured=replace(record.trials[record.best], cases=measured.cases),
            instructions=self._instructions(values),
        )

    def strategy_costs(self, run: int | None = None) -> StrategyCosts:
        """Return what each strategy costs at each size by a recorded run, and the borders."""
        return strategy_costs(self.options, self.record(run))

    def _known_costs(self, record: StudyRecord) -> StrategyCosts | None:
        """Return what strategies cost, of a study that has some and measured two of them."""
        try:
            return strategy_costs(self.options, record)
        except StudyError:
            return None

    def record(self, run: int | None = None) -> StudyRecord:
        """Return a recorded run, the newest by default."""
        path = self._ledger_path
        if not path.exists():
            raise StudyError(
                f"study {self.options.name!r} has no runs yet in {self.options.state}: "
                "start one with `tighten tune`"
            )
        ledger = Ledger(path)
        try:
            return ledger.study(run)
        finally:
            ledger.close()

    def analyze(self, run: int | None = None) -> Analysis:
        """Return where the baseline's time goes and which parameters can change that.

        Raises
        ------
        StudyError
            If there is no run, or its baseline was not profiled.
        """
        return analysis(self.options, self.record(run))

    def profile(self, values: Configuration | None = None) -> Profile:
        """Build the project with ``values`` over its present ones, and profile its benchmark.

        Raises
        ------
        TrialError
            If the build or the command fails, or the profiler leaves nothing.
        StudyError
            If no profiler can be used; says what each of them needs.
        """
        with self._alone(), self.bench(_silent) as bench:
            built = bench.build({**self.baseline(), **(values or {})})
            files = bench.profile(built, "latest")
        return read_profile(self.options.state / files["benchmark"])

    def recorded_profile(self, name: str) -> Profile:
        """Return the profile of ``baseline``, ``best`` or ``trial:N`` of the newest run.

        Raises
        ------
        StudyError
            If the name means nothing, or that trial was not profiled.
        """
        record = self.record()
        return self.profiles(record)[self._profiled(record, name)]

    def profile_difference(self, a: str, b: str) -> Difference:
        """Return what changed from the profile of one trial to that of another.

        The second is scaled by the measured ratio of times, because a benchmark may run for a
        fixed time; see `recorded_profile` for the names.
        """
        record = self.record()
        numbers = [self._profiled(record, name) for name in (a, b)]
        found = self.profiles(record)
        ratio = time_ratio(record, numbers[0], numbers[1])
        return Difference.of(found[numbers[0]], found[numbers[1]], time_ratio=ratio)

    def _profiled(self, record: StudyRecord, name: str) -> int:
        """Return the number of the trial that a name means, which must have a profile."""
        text = name.removeprefix("trial:")
        numbers = {"baseline": 0, "best": record.best}
        number = numbers.get(name, int(text) if text.isdigit() else -1)
        last = len(record.trials) - 1
        if name == "best" and record.trials[last].profiles:
            number = last  # the winner is profiled when it is confirmed
        profiled = [t.number for t in record.trials if t.profiles]
        if number not in profiled:
            allowed = ", ".join(f"trial:{n}" for n in profiled) or "none"
            raise StudyError(
                f"{name!r} is no profile: no such file, and run {record.run} of study "
                f"{record.name!r} has profiles of these trials: {allowed}"
            )
        return number

    def profiles(self, record: StudyRecord, label: str = "benchmark") -> dict[int, Profile]:
        """Return the profiles of a run by trial number; files that were removed are left out."""
        named = {trial.number: trial.profiles.get(label) for trial in record.trials}
        files = {n: self.options.state / name for n, name in named.items() if name is not None}
        return {n: read_profile(file) for n, file in files.items() if file.is_file()}

    def compare(self, a: str, b: str) -> Comparison:
        """Measure ``b`` against ``a``; see `tighten.comparison` for what they may name."""
        files = [Path(name) for name in (a, b)]
        if all(file.is_file() for file in files):
            sides = [
                file_summaries(f, self.options.benchmark.format, self.options.cases) for f in files
            ]
            return Comparison(a=a, b=b, cases_a=sides[0], cases_b=sides[1], verdict=None)
        with self.side_by_side(a, b) as (bench, built_a, built_b):
            duel = bench.duel(built_b, built_a, trial=0)
        return Comparison(
            a=a, b=b, cases_a=duel.incumbent, cases_b=duel.candidate, verdict=duel.verdict
        )

    @contextmanager
    def side_by_side(
        self,
        a: str,
        b: str,
        *,
        values: Configuration | None = None,
        listener: Listener = _silent,
    ) -> Iterator[tuple[Bench, Built, Built]]:
        """Build two versions next to each other; give the bench of ``a``, and both builds.

        Parameters
        ----------
        a, b
            See `tighten.comparison` for what they may name; no result files.
        values
            Parameter values of ``b`` over those that its name stands for.
        listener
            Hears of each pair that the bench measures.

        Raises
        ------
        BaselineError
            If ``a`` does not build.
        TrialError
            If ``b`` does not.
        """
        with ExitStack() as opened:
            opened.enter_context(self._alone())
            try:
                bench, built_a = opened.enter_context(self._operand(a, "a", {}, listener))
            except TrialError as error:
                raise BaselineError(f"{a} does not build ({error.kind}): {error}") from error
            _, built_b = opened.enter_context(self._operand(b, "b", values or {}, _silent))
            yield bench, built_a, built_b

    def measure_against_itself(self, sessions: int, listener: Listener = _silent) -> list[Duel]:
        """Compare the project with itself ``sessions`` times; every accepted one is false."""
        with self._alone(), self.bench(listener) as bench:
            built = bench.build(self.baseline())
            return [bench.duel(built, built, trial=number) for number in range(1, sessions + 1)]

    def write_page(self, record: StudyRecord, path: Path | None = None) -> Path:
        """Write a run's HTML page, by default where the study file says; return its path."""
        target = path or self.options.report.page
        page = report.Page(
            control=self._control(record),
            profiles=self._before_and_after(record),
            strategies=self._known_costs(record),
        )
        write_atomically(target, page.render(record))
        return target

    def _before_and_after(self, record: StudyRecord) -> Profile | Difference | None:
        """Return the profile of the baseline, or what changed from there to the best trial."""
        found = self.profiles(record)
        if 0 not in found:
            return None
        best = [
            trial.number
            for trial in record.trials
            if record.best and (trial.number == record.best or trial.role is Role.CONFIRMATION)
        ]
        profiled = [number for number in best if number in found]
        if not profiled:
            return found[0]
        ratio = time_ratio(record, 0, profiled[-1])
        return Difference.of(found[0], found[profiled[-1]], time_ratio=ratio)

    def keep_control(self, found: Examination) -> None:
        """Keep what A/A sessions of this study's benchmark found, for its reports."""
        make_state_directory(self.options.state)
        write_atomically(self._control_file, encode(found, indent=1) + "\n")

    def markdown(self, record: StudyRecord) -> str:
        """Return a run's table for documents, as GitHub-flavoured Markdown."""
        return report.MarkdownTable(strategies=self._known_costs(record)).render(record)

    def update_document(self, record: StudyRecord) -> Path | None:
        """Put a run's table between the markers that the study file names, if it names any."""
        target = self.options.report.markdown
        if target is None:
            return None
        report.update_document(target.file, target.marker, self.markdown(record))
        return target.file

    def export(self, record: StudyRecord, directory: Path | None = None) -> tuple[Path, ...]:
        """Write a run in the layout for other programs, by default below the state directory."""
        return report.export(record, directory or self.options.state / "export")

    @property
    def _control_file(self) -> Path:
        return self.options.state / "doctor.json"

    def _control(self, record: StudyRecord) -> Examination | None:
        """Return the A/A sessions of the machine that a run was measured on, if there were any."""
        if not self._control_file.exists():
            return None
        found = decode(Examination, self._control_file.read_bytes())
        is_same = fingerprint_key(found.machine) == fingerprint_key(record.machine)
        return found if is_same else None

    @property
    def _ledger_path(self) -> Path:
        return self.options.state / "ledger.sqlite"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other tighten away from the project and from the study's state."""
        make_state_directory(self.options.state)
        with alone(self.options.project, self.options.state):
            yield

    @contextmanager
    def bench(self, listener: Listener) -> Iterator[Bench]:
        """Open the two slots in the state directory; what they hold stays for the next time."""
        options = self.options
        site = Site(
            project=options.project,
            state=options.state,
            parameters=options.parameters,
            build=options.build,
            python=options.python,
            cpus=options.cpus,
            builds=options.builds,
            tools=compilers() if options.build.command else {},
        )
        # Builds are commands even where the benchmark is a function.
        with open_workplace(site, Subprocess(options.benchmark.conditions)) as workplace:
            yield Bench(options, runner=self._runner(), workplace=workplace, listener=listener)

    @contextmanager
    def new_run(self) -> Iterator[tuple[Ledger, StudyRecord]]:
        """Open the ledger with a new run in it, for a loop that works elsewhere."""
        with self._alone():
            ledger = Ledger(self._ledger_path)
            try:
                yield ledger, ledger.begin(new_record(self.options), run_key(self.options))
            finally:
                ledger.close()

    @contextmanager
    def _session(self, listener: Listener) -> Iterator[tuple[Session, Ledger]]:
        with self._alone(), self.bench(listener) as bench:
            ledger = Ledger(self._ledger_path)
            try:
                session = Session(self.options, bench=bench, ledger=ledger, listener=listener)
                yield session, ledger
            finally:
                ledger.close()

    def _runner(self) -> Runner:
        benchmark = self.options.benchmark
        if benchmark.function is not None:
            return InProcess(benchmark.conditions)
        return Subprocess(benchmark.conditions)

    def _require_files(self, values: Configuration) -> None:
        for name in values:
            if file_of(self.options, name) is None:
                raise StudyError(
                    f"{name} is written in no file of the project, so there is nothing to set; "
                    "give it with --set to `tighten measure`"
                )

    def _best_values(self, run: int | None = None) -> Configuration:
        record = self.record(run)
        if not record.best:
            raise StudyError(
                f"run {record.run} has no confirmed gain, so there is nothing to apply or verify; "
                "name values with --set, or run `tighten tune`"
            )
        return record.trials[record.best].configuration

    def _instructions(self, values: Configuration) -> tuple[str, ...]:
        """Return what the user has to do: changed values that live in no file."""
        changed = [
            parameter
            for parameter in self.options.parameters
            if parameter.name in values
            and parameter.binding.read(self.options.project).value != values[parameter.name]
        ]
        variables = environment(changed, values).items()
        words = arguments(changed, values)
        said = []
        if variables:
            text = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables)
            said.append(f"set {text} where the program is built and started; no file holds it")
        if words:
            said.append(f"start the program with {shlex.join(words)}; no file holds it")
        return tuple(said)

    @contextmanager
    def _operand(
        self, name: str, slot: str, over: Configuration, listener: Listener
    ) -> Iterator[tuple[Bench, Built]]:
        """Build what one side of a comparison names."""
        study, values = self, self._named_values(name)
        if values is None:
            revisions = self.options.state / "revisions"
            project = extracted_revision(self.options.project, name, revisions)
            study, values = Study(replace(self.options, project=project)), {}
        options = replace(
            study.options,
            state=self.options.state / "comparisons" / slot,
            build=replace(study.options.build, in_place=False, outputs=()),
        )
        study = Study(options)
        with study.bench(listener) as bench:
            yield bench, bench.build({**study.baseline(), **values, **over})

    def _named_values(self, name: str) -> Configuration | None:
        """Return the values that a word names; None for anything else, such as a revision."""
        if name == "working":
            return {}
        if name == "best":
            return self._best_values()
        number = "0" if name == "baseline" else name.removeprefix("trial:")
        if number == name or not number.isdigit():
            return None
        trials = self.record().trials
        if int(number) >= len(trials):
            raise StudyError(f"there is no trial {number}; the newest run has {len(trials)}")
        return trials[int(number)].configuration


def _require_passed(gates: Sequence[GateResult]) -> None:
    for gate in gates:
        if not gate.passed:
            raise TrialError(f"gate {gate.name!r}: {gate.detail}", kind=FailureKind.GATE)


def _built_baseline(bench: Bench, values: Configuration) -> Built:
    """Build the project as it stands and keep its results as reference."""
    name = "the project as it stands"
    try:
        built = bench.build(values)
    except TrialError as error:
        raise BaselineError(f"{name} fails ({error.kind}): {error}") from error
    keep_reference(bench, built, name)
    return built


def keep_reference(bench: Bench, built: Built, name: str) -> None:
    """Keep the final results of ``built`` as reference; BaselineError if it fails a gate."""
    try:
        gates = bench.keep_references(built, is_final=True)
    except TrialError as error:
        raise BaselineError(f"{name} fails ({error.kind}): {error}") from error
    for gate in gates:
        if not gate.passed:
            raise BaselineError(f"{name} fails gate {gate.name!r}: {gate.detail}")


def _below(project: Path, file: Path) -> Path:
    """Return the path of a file relative to the project, as it is if it lies elsewhere."""
    return file.relative_to(project) if file.is_relative_to(project) else file


def _scalar(text: str) -> Value:
    """Return a text as the TOML scalar it spells, else as itself."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, bool | int | float) else text.strip("\"'")
