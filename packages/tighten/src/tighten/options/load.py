"""From a study file to `Options`: validate, compose, cross-check, and tell all faults at once.

A table with a fault of its own takes no part in the checks across tables, so that one mistake
is told once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from tighten.errors import BindingError, StudyError
from tighten.options import checks, compose, schema
from tighten.options.effective import MarkdownTarget, Options, ReportTargets, Search
from tighten.options.faults import Faults
from tighten.options.keys import keys_at
from tighten.options.overrides import lay_over
from tighten.options.sources import Document, KeyPath, read_document
from tighten.options.wording import nearest
from tighten.parameters import Space
from tighten.samples import PROCESS
from tighten.search import default_strategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tighten.parameters import Parameter, Value

__all__ = ["STUDY_FILE", "load"]

STUDY_FILE = "tighten.toml"
T = TypeVar("T", bound=schema.Table)


def load(
    study_file: Path,
    *,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Options:
    """Return the options of a study.

    Parameters
    ----------
    study_file
        A ``tighten.toml``, or the directory that holds one.
    overrides
        Texts by dotted key, as in ``{"case.size_10000.target": "0.95"}``; they win over all else.
    environment
        Variables; those of `SETTINGS` win over the file.

    Raises
    ------
    StudyError
        If anything is wrong. All faults are told at once, each with its place, the value and
        what is allowed.
    """
    file = study_file / STUDY_FILE if study_file.is_dir() else study_file
    document = read_document(file)
    faults = Faults(document)
    lay_over(document, overrides or {}, environment, faults)
    tables = Tables(document, faults)
    return _options(document, tables, faults)


class Tables:
    """The tables of a document that are sound by themselves; the faults of the others are noted.

    A table with a fault is replaced by one of defaults, an entry of a list is left out.
    """

    def __init__(self, document: Document, faults: Faults) -> None:
        self._values, self._faults = document.values, faults
        self._sound: list[tuple[KeyPath, schema.Table]] = []
        known = keys_at(())
        for name in self._values.keys() - known:
            faults.add((name,), f": unknown table{nearest(name, known)}")
        self.study = self._table("study", schema.StudyTable)
        self.build = self._table("build", schema.BuildTable)
        self.benchmark = self._table("benchmark", schema.BenchmarkTable)
        self.machine = self._table("machine", schema.MachineTable)
        self.cases = self._entries("case", schema.CaseTable)
        self.parameters = self._entries("parameter", schema.ParameterTable)
        self.gates = self._entries("gate", schema.GateTable)
        self.convergence = self._table("convergence", schema.ConvergenceTable)
        self.decision = self._table("decision", schema.DecisionTable)
        self.search = self._table("search", schema.SearchTable)
        self.profile = self._table("profile", schema.ProfileTable)
        self.report = self._table("report", schema.ReportTable)
        self.constraints = self._constraints()

    def names(self, kind: str) -> list[str]:
        """Return the names of all entries of a kind, sound or not."""
        entries = self._values.get(kind)
        entries = entries if isinstance(entries, list) else []
        return [str(entry.get("name")) for entry in entries if isinstance(entry, dict)]

    def is_missing(self, kind: str) -> bool:
        """Whether the file has no entry of a kind."""
        entries = self._values.get(kind, [])
        return isinstance(entries, list) and not entries

    @property
    def needing_result(self) -> set[KeyPath]:
        """The paths of the commands whose result is read."""
        gates = {path for path, table in self.gates.items() if table.reads_result()}
        return gates if self.benchmark.format == PROCESS else {("benchmark",), *gates}

    def _table(self, name: str, model: type[T]) -> T:
        table = self._valid((name,), self._values.get(name, {}), model)
        return model.model_construct() if table is None else table

    def _entries(self, name: str, model: type[T]) -> dict[KeyPath, T]:
        values = self._values.get(name, [])
        if not isinstance(values, list):
            self._faults.add((name,), f": must be a list of tables, written [[{name}]]")
            return {}
        paths = [(name, index) for index in range(len(values))]
        tables = {
            path: self._valid(path, value, model) for path, value in zip(paths, values, strict=True)
        }
        return {path: table for path, table in tables.items() if table is not None}

    def _constraints(self) -> dict[str, str]:
        found = self._values.get("constraints", {})
        if not isinstance(found, dict):
            self._faults.add(("constraints",), ": must be a table of expressions")
            return {}
        for name, text in found.items():
            if not isinstance(text, str):
                self._faults.add(
                    ("constraints", name),
                    ': must be an expression in quotes, as in "a * b <= cpus"',
                )
        return {name: text for name, text in found.items() if isinstance(text, str)}

    def _valid(self, path: KeyPath, value: Any, model: type[T]) -> T | None:
        try:
            table = model.model_validate(value)
        except ValidationError as error:
            self._faults.add_invalid(path, error)
            return None
        self._sound.append((path, table))
        return table

    def sources(self, document: Document) -> dict[str, str]:
        """Return where each value comes from, by dotted key."""
        constraints = [("constraints", name) for name in self.constraints]
        paths = [leaf for path, table in self._sound for leaf in _leaves(path, table)]
        return {document.name_of(path): document.source(path) for path in [*paths, *constraints]}


def _leaves(path: KeyPath, table: schema.Table) -> Iterator[KeyPath]:
    """Yield the paths of all values in a table and in the tables below it."""
    is_entry = len(path) > 1
    for key, value in table.by_key():
        if is_entry and value is None:
            continue  # most keys of an entry do not go together
        if isinstance(value, schema.Table):
            yield from _leaves((*path, key), value)
        elif isinstance(value, dict) and value:
            yield from ((*path, key, inner) for inner in value)
        else:
            yield (*path, key)


def _options(document: Document, tables: Tables, faults: Faults) -> Options:
    study, search = tables.study, tables.search
    project, python = _project(document, study), _python(document, study)
    parameters = _parameters(tables, faults)
    checks.project(project, faults)
    checks.program(python, faults)
    checks.across_tables(tables, project, faults)
    faults.raise_if_any()

    space = _space(document, tables, parameters)
    state = _anchored(document, ("study", "state"), study.state)
    limits = compose.limits(study, tables.convergence)
    return Options(
        name=study.name or project.name,
        file=document.file.absolute(),
        project=project,
        state=state,
        seed=study.seed,
        python=python,
        cpus=_cpus(study),
        build=compose.build_spec(tables.build),
        benchmark=compose.benchmark(tables.benchmark, tables.machine),
        cases=tuple(
            compose.case(table, format=tables.benchmark.format) for table in tables.cases.values()
        ),
        parameters=tuple(parameters),
        constraints=tables.constraints,
        space=space,
        gates=tuple(one for table in tables.gates.values() for one in compose.gates(table)),
        culprit_builds=study.culprit_builds,
        policy=compose.policy(tables.decision),
        limits=limits,
        search=Search(
            strategy=search.strategy or default_strategy(space, max_trials=limits.max_trials),
            seed=study.seed if search.seed is None else search.seed,
            hysteresis=search.hysteresis,
            border_ratio=search.border_ratio,
            racing=compose.racing(search),
        ),
        profiling=compose.profiling(tables.profile, tables.benchmark),
        report=_report(tables.report, project, state),
        sources=tables.sources(document),
    )


def _anchored(document: Document, path: KeyPath, text: str) -> Path:
    """Return a path of the file relative to the file, any other relative to where we are."""
    base = Path.cwd() if path in document.origins else document.file.parent.absolute()
    return (base / Path(text).expanduser()).resolve()


def _project(document: Document, study: schema.StudyTable) -> Path:
    return _anchored(document, ("study", "project"), study.project)


def _cpus(study: schema.StudyTable) -> int:
    return study.cpus or len(os.sched_getaffinity(0))


def _python(document: Document, study: schema.StudyTable) -> str:
    """Return the interpreter; a bare word is looked for on the search path when it is run."""
    text = study.python
    if text is None:
        return sys.executable
    if "/" not in text:
        return text
    base = Path.cwd() if ("study", "python") in document.origins else document.file.parent
    # A virtual environment is known by its link to the interpreter: never resolve it.
    return str(base.absolute() / Path(text).expanduser())


def _parameters(tables: Tables, faults: Faults) -> list[Parameter]:
    parameters, cpus = [], _cpus(tables.study)
    for path, table in tables.parameters.items():
        with faults.at(*path):
            parameters.append(compose.parameter(table, cpus=cpus))
    return parameters


def _space(document: Document, tables: Tables, parameters: Sequence[Parameter]) -> Space:
    """Return the space, in which inactive parameters keep their present value."""
    try:
        return Space(
            parameters,
            tables.constraints,
            cpus=_cpus(tables.study),
            default=_present(parameters, _project(document, tables.study)),
        )
    except StudyError as error:
        raise StudyError(f"{document.file}: {error}") from error


def _present(parameters: Sequence[Parameter], project: Path) -> dict[str, Value]:
    """Return the values that can be read; `present` tells of those that cannot."""
    values: dict[str, Value] = {}
    for parameter in parameters:
        try:
            value = parameter.read(project).value
        except BindingError:
            continue
        if value is not None:
            values[parameter.name] = value
    return values


def _report(table: schema.ReportTable, project: Path, state: Path) -> ReportTargets:
    markdown = table.markdown
    return ReportTargets(
        markdown=None
        if markdown is None
        else MarkdownTarget(file=project / markdown.file, marker=markdown.marker),
        page=state / "report.html" if table.page is None else project / table.page,
    )
