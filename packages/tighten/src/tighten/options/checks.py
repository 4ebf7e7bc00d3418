"""What must hold between the tables of a study, and between them and the project on disk."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tighten.parameters import Expression
from tighten.runner import Command, Conditions, Places, shell_line
from tighten.runner.command import environment_for
from tighten.stats import SignedBets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.options import schema
    from tighten.options.faults import Faults
    from tighten.options.load import Tables
    from tighten.options.sources import KeyPath

__all__ = ["across_tables", "program", "project"]

FILE_KEYS = ("source", "toml", "yaml", "json", "table")
IMPORTED = (".py", ".toml", ".yaml", ".yml", ".json")
EXAMPLE = Places(
    trial=Path("/trial"),
    artifacts=Path("/artifacts"),
    result=Path("/result"),
    python="python",
    cpus=1,
)


def project(root: Path, faults: Faults) -> None:
    """Refuse a project that is not there."""
    if not root.is_dir():
        faults.add(("study", "project"), f": there is no directory {root}; it is where the code is")


def program(python: str, faults: Faults) -> None:
    """Refuse an interpreter that is not there."""
    if shutil.which(python) is None:
        faults.add(("study", "python"), f" = {python}: no such program, or it cannot be run")


def across_tables(tables: Tables, root: Path, faults: Faults) -> None:
    """Note what no table can know by itself; ``root`` is the project."""
    _names(tables, faults)
    _cases(tables, faults)
    _files(tables, root, faults)
    _commands(tables, faults)
    _function(tables, faults)
    _variables(tables, faults)
    _expressions(tables, faults)
    _sizes(tables, faults)
    _decision(tables.decision, faults)
    _pins(tables.machine, faults)


def _names(tables: Tables, faults: Faults) -> None:
    for entries in (tables.cases, tables.parameters, tables.gates):
        seen: set[str] = set()
        for path, table in entries.items():
            if table.name in seen:
                faults.add((*path, "name"), f": a second {path[0]} of this name; rename one")
            seen.add(table.name)


def _cases(tables: Tables, faults: Faults) -> None:
    if tables.is_missing("case"):
        faults.add((), "there is no [[case]]; name at least one benchmark of the result")
    elif tables.cases and not any(table.weight for table in tables.cases.values()):
        faults.add(
            (*next(iter(tables.cases)), "weight"),
            ": every weight is 0; give one case a weight above 0",
        )
    if tables.is_missing("parameter"):
        faults.add((), "there is no [[parameter]]; name at least one thing that may change")


def _files(tables: Tables, root: Path, faults: Faults) -> None:
    """Refuse files that are missing and paths that leave the project."""
    for path, table in tables.parameters.items():
        for key, value in table.by_key():
            if key in FILE_KEYS and value is not None:
                _inside((*path, key), value, root, faults)
    if (markdown := tables.report.markdown) is not None:
        _inside(("report", "markdown", "file"), markdown.file, root, faults)
    directories: dict[KeyPath, str] = {
        ("build",): tables.build.cwd,
        ("benchmark",): tables.benchmark.cwd,
    }
    directories |= {path: table.cwd for path, table in tables.gates.items()}
    for path, cwd in directories.items():
        if _leaves(cwd):
            faults.add((*path, "cwd"), f' = "{cwd}": must be a directory inside the project')


def _inside(path: KeyPath, file: str, root: Path, faults: Faults) -> None:
    if _leaves(file):
        faults.add(path, f' = "{file}": must be a file inside the project, relative to it')
    elif root.is_dir() and not (root / file).is_file():
        faults.add(path, f' = "{file}": there is no such file in {root}')


def _leaves(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts


def _commands(tables: Tables, faults: Faults) -> None:
    """Refuse unknown placeholders, and a command whose result nobody could read."""
    tabled: dict[KeyPath, schema.CommandTable] = {("build",): tables.build, **tables.gates}
    if tables.benchmark.function is None:
        tabled[("benchmark",)] = tables.benchmark
    for path, table in tabled.items():
        for key in ("command", "final_command"):
            template = dict(table.by_key()).get(key)
            if template is None:
                continue
            _command(tables, (*path, key), template, table.env, faults)
        for index, template in enumerate(dict(table.by_key()).get("held_out", ())):
            _command(tables, (*path, "held_out", index), template, table.env, faults)
        with faults.at(*path, "env"):
            environment_for(
                Command(template="", timeout=1.0, env=table.env), EXAMPLE, Conditions(), {}
            )


def _command(
    tables: Tables, path: KeyPath, template: str, env: Mapping[str, str], faults: Faults
) -> None:
    with faults.at(*path):
        shell_line(template, EXAMPLE)
    owner = path[:2] if path[0] == "gate" else path[:1]
    if owner in tables.needing_result and not _names_result(template, env):
        faults.add(path, ": has no {result}, the file that it must write")


def _names_result(template: str, env: Mapping[str, str]) -> bool:
    texts = (template, *env.values())
    return any(re.search(r"(?<!\{)\{result\}(?!\})", text) for text in texts)


def _function(tables: Tables, faults: Faults) -> None:
    """Refuse what a function in this process cannot do: see compiled code, or be pinned."""
    if tables.benchmark.function is None:
        return
    for path, table in tables.parameters.items():
        if table.source is not None and not table.source.endswith(IMPORTED):
            faults.add(
                (*path, "source"),
                f' = "{table.source}": a benchmark `function` does not see edits of compiled code; '
                "measure with a `command`",
            )
        if table.argument is not None:
            faults.add(
                (*path, "argument"), ": a benchmark `function` has no command line; use a `command`"
            )
    for key, is_set in (("pin", tables.machine.pin is not None), ("nice", tables.machine.nice)):
        if is_set:
            faults.add(("machine", key), ": does not reach a benchmark `function`; use a `command`")


def _variables(tables: Tables, faults: Faults) -> None:
    """Refuse an environment variable that two places set."""
    owners: dict[str, str] = {}
    for path, table in tables.parameters.items():
        if table.env is None:
            continue
        if table.env in owners:
            said = f' = "{table.env}": parameter {owners[table.env]} sets this variable as well'
            faults.add((*path, "env"), said)
        owners.setdefault(table.env, table.name)
    fixed: dict[KeyPath, Mapping[str, str]] = {
        ("build", "env"): tables.build.env,
        ("benchmark", "env"): tables.benchmark.env,
        ("machine", "env"): tables.machine.env,
    }
    fixed |= {(*path, "env"): table.env for path, table in tables.gates.items()}
    for path, variables in fixed.items():
        for name in variables.keys() & owners.keys():
            faults.add((*path, name), f": parameter {owners[name]} sets this variable; remove it")
    for path, gate in tables.gates.items():
        if gate.toggle is not None and gate.toggle.env in owners:
            said = f": parameter {owners[gate.toggle.env]} sets this variable; switch another one"
            faults.add((*path, "toggle", "env"), said)


def _expressions(tables: Tables, faults: Faults) -> None:
    known = {*tables.names("parameter"), "cpus"}
    for name, text in tables.constraints.items():
        with faults.at("constraints", name):
            Expression(text, known)
    for path, table in tables.parameters.items():
        if table.when is not None:
            with faults.at(*path, "when"):
                Expression(table.when, known)
    for path, gate in tables.gates.items():
        if gate.invariant is not None:
            with faults.at(*path, "invariant"):
                Expression(gate.invariant)


def _sizes(tables: Tables, faults: Faults) -> None:
    """Refuse sizes that cannot be told apart, and a cost model without enough of them."""
    seen: set[int] = set()
    for path, case in tables.cases.items():
        if case.size is None:
            continue
        if case.size in seen:
            faults.add((*path, "size"), f" = {case.size}: a second case of this size; drop one")
        seen.add(case.size)
    if tables.search.strategy != "cost-model":
        return
    if len(seen) < 2:
        said = ' = "cost-model": needs cases of at least two sizes; give each its `size`'
        faults.add(("search", "strategy"), said)
    parameters = tables.parameters.values()
    written = sum(table.table is not None for table in parameters)
    if written + any(table.threshold for table in parameters) != 1:
        said = (
            ' = "cost-model": needs one parameter with `table`, or some with `threshold = true`, '
            f"not both; there are {written} and {sum(table.threshold for table in parameters)}"
        )
        faults.add(("search", "strategy"), said)


def _decision(table: schema.DecisionTable, faults: Faults) -> None:
    """Refuse limits within which no verdict could ever be reached."""
    if table.min_pairs > table.max_pairs:
        said = f" = {table.min_pairs}: must not exceed max_pairs, {table.max_pairs}"
        faults.add(("decision", "min_pairs"), said)
    best_case = SignedBets()
    for number in range(table.max_pairs):
        best_case.add(-(2.0 ** min(number, 1000)))
        if best_case.e_value >= 1 / table.alpha:
            return
    said = f" = {table.max_pairs}: too few to ever be sure at alpha = {table.alpha}; raise it"
    faults.add(("decision", "max_pairs"), said)


def _pins(table: schema.MachineTable, faults: Faults) -> None:
    available = os.sched_getaffinity(0)
    for index, cpu in enumerate(table.pin or ()):
        if cpu not in available:
            known = ", ".join(map(str, sorted(available)))
            said = f": CPU {cpu} is not one of those this process may use: {known}"
            faults.add(("machine", "pin", index), said)
