"""Read configurations from YAML, presets and overrides, and report every fault at once.

A file is validated as a whole: unknown keys get the nearest known name, values out of range are
named with their place and rule, and rules between sections are still checked when single keys are
wrong (the wrong keys are set aside first), so one look at the message is enough to mend the file.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from marsdisk.errors import ConfigurationError, Problem

__all__ = [
    "all_keys",
    "merge_override",
    "nearest_key",
    "preset_names",
    "preset_path",
    "read_extended",
    "resolve_paths",
    "set_key",
    "validated",
]

Tree = dict[str, Any]
Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_ABSENT = object()

STAND_IN: Tree = {"radiation": {"optics": "sio2"}, "radiation.optics": "sio2"}
"""Values that let the rest of a file be checked when a required key is missing."""

RETIRED = {
    "dynamics.t_damp_orbits": "never had an effect; damping follows from enable_e_damping",
    "geometry.r_in": "use disk.geometry.r_in_RM",
    "geometry.r_out": "use disk.geometry.r_out_RM",
    "numerics.atol": "use numerics.atol_rel",
    "numerics.dt_init": "steps are chosen by numerics.rtol",
    "numerics.dt_min_tcoll_ratio": "steps are chosen by numerics.rtol",
    "numerics.eval_per_step": "drivers are always evaluated inside every step",
    "numerics.safety": "steps are chosen by numerics.rtol",
    "io.streaming": "output is always streamed; use io.buffer_mb",
    "io.outdir": "give the directory on the command line with --output",
    "io.series_stride": "choose output times with numerics.outputs",
    "phase.entrypoint": "use phase.map_path",
    "radiation.source": "set blowout.enabled",
    "radiation.use_mars_rp": "set blowout.enabled",
    "sinks.sublimation_location": "sublimation always moves grains through the size grid",
    "sinks.enable_sublimation": "use sinks.mode",
    "surface.collision_solver": "use numerics.integrator",
}
"""Keys of the published program that have another home here."""


def read_yaml(path: Path) -> tuple[Tree, dict[str, int]]:
    """Return the tree of a YAML file and the line of each key.

    Parameters
    ----------
    path : pathlib.Path
        File to read.

    Returns
    -------
    tuple of (dict, dict)
        Plain tree, and line number (from 1) by dotted key.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or is not a YAML mapping.
    """
    try:
        node = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark is not None else 1
        raise _single(f"{path}:{line}", "", f"not valid YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise _single(str(path), "", f"cannot be read: {error}") from error
    if node is None:
        node = CommentedMap()
    if not isinstance(node, CommentedMap):
        raise _single(str(path), "", "must hold a mapping of sections, such as 'sizes:'")
    lines: dict[str, int] = {}
    return _plain(node, "", lines), lines


def read_extended(path: Path) -> tuple[Tree, dict[str, int]]:
    """Return a file merged over the file or preset that its key ``extends`` names.

    Raises
    ------
    ConfigurationError
        As :func:`read_yaml`; also if the files extend each other in a circle.
    """
    tree, lines = read_yaml(path)
    resolve_paths(tree, path.parent)
    seen = {path.resolve()}
    base = tree.pop("extends", None)
    while base is not None:
        candidate = path.parent / str(base)
        path = candidate if candidate.is_file() else preset_path(str(base))
        if path.resolve() in seen:
            raise _single(f"{path} extends", base, "leads back to a file that is already extended")
        seen.add(path.resolve())
        older, _ = read_yaml(path)
        resolve_paths(older, path.parent)
        base = older.pop("extends", None)
        tree = _merged(older, tree)
    return tree, lines


def resolve_paths(tree: Tree, directory: Path) -> None:
    """Make the values of keys that end in ``path`` absolute, seen from `directory`."""
    for name, value in tree.items():
        if isinstance(value, dict):
            resolve_paths(value, directory)
        elif isinstance(value, str) and str(name).endswith("path"):
            tree[name] = str((directory / value).resolve())


def _merged(older: Tree, newer: Tree) -> Tree:
    """Return `newer` over `older`; sections are merged, values replaced."""
    result = dict(older)
    for name, value in newer.items():
        inner = result.get(name)
        both = isinstance(value, dict) and isinstance(inner, dict)
        result[name] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return result


def _single(place: str, value: object, rule: str) -> ConfigurationError:
    return ConfigurationError((Problem(place, value, rule, ""),))


def _plain(node: Any, place: str, lines: dict[str, int]) -> Any:
    """Return `node` without YAML types and record the line of each key below `place`."""
    if isinstance(node, CommentedMap):
        tree = {}
        for name, value in node.items():
            inner = f"{place}.{name}" if place else str(name)
            lines[inner] = node.lc.key(name)[0] + 1
            tree[name] = _plain(value, inner, lines)
        return tree
    if isinstance(node, CommentedSeq):
        return [_plain(value, f"{place}.{i}", lines) for i, value in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def merge_override(tree: Tree, text: str) -> None:
    """Set one key of `tree` from ``a.b.c=value``; the value is read as YAML.

    Raises
    ------
    ConfigurationError
        If the text has no ``=``, or the value is not valid YAML.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise _single("--override", text, "must read key.path=value, for example sizes.n_bins=80")
    try:
        parsed = _plain(YAML(typ="rt").load(StringIO(value)), "", {})
    except YAMLError as error:
        raise _single(f"--override {name}", value, "is not valid YAML") from error
    set_key(tree, name.strip(), parsed)


def set_key(tree: Tree, place: str, value: object) -> None:
    """Set the dotted `place` of `tree`, making the sections on the way."""
    *sections, leaf = place.split(".")
    for section in sections:
        inner = tree.setdefault(section, {})
        if not isinstance(inner, dict):
            raise _single(place, value, f"{section} is a value, not a section")
        tree = inner
    tree[leaf] = value


def _preset_directory() -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parents[1] / "configs"


def preset_names() -> list[str]:
    """Return the names of the presets that come with the package."""
    return sorted(path.stem for path in _preset_directory().glob("*.yml"))


def preset_path(name: str) -> Path:
    """Return the file of the preset `name`.

    Raises
    ------
    ConfigurationError
        If there is no such preset; names the nearest.
    """
    path = _preset_directory() / f"{name}.yml"
    if not path.is_file():
        names = preset_names()
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"presets: {', '.join(names)}"
        raise ConfigurationError((Problem("preset", name, "is neither a file nor a preset", hint),))
    return path


def all_keys(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted name and field of every key below `model`, sections left out."""
    for name, info in model.model_fields.items():
        inner = f"{place}.{name}" if place else name
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from all_keys(info.annotation, inner)
        else:
            yield inner, info


def validated(
    model: type[Model],
    tree: Mapping[str, Any],
    conflicts: Callable[[Model], Iterable[tuple[str, object, str]]],
    *,
    source: str = "",
    lines: Mapping[str, int] | None = None,
) -> Model:
    """Return `tree` as a `model`, or raise with every fault in it.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        Root section.
    tree : mapping
        Plain values by section.
    conflicts : callable
        Yields place, value and rule of each contradiction of a valid model.
    source : str
        File name for messages.
    lines : mapping of str to int, optional
        Line by dotted key.

    Raises
    ------
    ConfigurationError
        With one problem per fault.
    """
    found: dict[str, Problem] = {}
    remaining = _copy(tree)
    result: Model | None = None
    while result is None:
        try:
            result = model.model_validate(remaining)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            found.update(_problems(model, errors))
            if not _set_aside(remaining, errors):
                break
    if result is not None:
        for place, value, rule in conflicts(result):
            if not any(place == bad or place.startswith(f"{bad}.") for bad in found):
                found.setdefault(place, Problem(place, value, rule, ""))
    if result is None or found:
        raise ConfigurationError(tuple(_located(found.values(), source, lines or {})))
    return result


def _copy(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {name: _copy(value) for name, value in tree.items()}
    return [_copy(value) for value in tree] if isinstance(tree, list) else tree


def _problems(model: type[BaseModel], errors: Sequence[ErrorDetails]) -> dict[str, Problem]:
    """Return one problem per place; branches of a union are joined with 'or'."""
    problems: dict[str, Problem] = {}
    for error in errors:
        place = ".".join(str(part) for part in _key_part(error))
        problem = _problem(model, place, error)
        if place in problems:
            rule = f"{problems[place].rule}, or {problem.rule}"
            problem = Problem(place, problem.value, rule, problem.suggestion)
        problems[place] = problem
    return problems


def _key_part(error: ErrorDetails) -> Location:
    """Return the location without the labels that pydantic adds for branches of a union."""
    branch = ("literal[", "constrained-", "function-", "[key]")
    return tuple(p for p in error["loc"] if not (isinstance(p, str) and p.startswith(branch)))


def _problem(model: type[BaseModel], place: str, error: ErrorDetails) -> Problem:
    if error["type"] == "extra_forbidden":
        if place in RETIRED:
            return Problem(place, error["input"], "is not a key here", RETIRED[place])
        return Problem(place, error["input"], "is not a known key", nearest_key(model, place))
    if error["type"] == "missing":
        return Problem(place, None, "is required", _allowed(model, place))
    rule = error["msg"].removeprefix("Value error, ")
    rule = rule.replace("Input should be", "must be")
    if error["type"] == "model_type":
        rule = "must be a section with keys of its own"
    return Problem(place, error["input"], rule, "")


def nearest_key(model: type[BaseModel], place: str) -> str:
    """Return a hint that names the known key nearest to `place`."""
    known = [name for name, _ in all_keys(model)]
    section, _, leaf = place.rpartition(".")
    siblings = {name.removeprefix(f"{section}.").split(".")[0]: name for name in known
                if not section or name.startswith(f"{section}.")}  # fmt: skip
    elsewhere = [name for name in known if name.rpartition(".")[2] == leaf]
    near = difflib.get_close_matches(leaf, siblings, 1, cutoff=0.6)
    if near and not elsewhere:
        return f"did you mean {section + '.' if section else ''}{near[0]}?"
    elsewhere += difflib.get_close_matches(place, known, 1, cutoff=0.6)
    if elsewhere:
        return f"did you mean {elsewhere[0]}?"
    return f"keys here: {', '.join(siblings)}" if siblings else ""


def _allowed(model: type[BaseModel], place: str) -> str:
    for name, info in all_keys(model):
        if (name == place or name.startswith(f"{place}.")) and info.default is PydanticUndefined:
            return f"give {name}: {info.description}"
    return ""


def _set_aside(tree: Tree, errors: Sequence[ErrorDetails]) -> bool:
    """Remove the faulty keys from `tree`; return whether validation can be tried again."""
    changed = False
    for error in errors:
        location = _key_part(error)
        names = [str(p) for p in itertools.takewhile(lambda p: isinstance(p, str), location)]
        stand_in = STAND_IN.get(".".join(names)) if error["type"] == "missing" else None
        if stand_in is not None:
            set_key(tree, ".".join(names), stand_in)
        changed |= stand_in is not None or _removed(tree, names)
    return changed


def _removed(tree: Tree, names: Sequence[str]) -> bool:
    """Remove the key `names`, or the deepest section on the way to it; return whether it was."""
    for i, name in enumerate(names):
        inner = tree.get(name)
        if i + 1 == len(names) or not isinstance(inner, dict) or names[i + 1] not in inner:
            return tree.pop(name, _ABSENT) is not _ABSENT
        tree = inner
    return False


def _located(
    problems: Iterable[Problem], source: str, lines: Mapping[str, int]
) -> Iterator[Problem]:
    """Yield the problems with file and line in front of the key."""
    for problem in problems:
        place, known = problem.place, problem.place
        while known and known not in lines:
            known = known.rpartition(".")[0]
        prefix = f"{source}:{lines[known]} " if source and known else f"{source} " if source else ""
        yield Problem(prefix + place, problem.value, problem.rule, problem.suggestion)
