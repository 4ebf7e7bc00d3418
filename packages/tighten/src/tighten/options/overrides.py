"""Values from the environment and the command line, laid over those of the study file."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from tighten.options.keys import bare, keys_at, type_at
from tighten.options.sources import SETTINGS, Document, KeyPath, key_parts
from tighten.options.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.options.faults import Faults

__all__ = ["lay_over"]

ENTRIES = ("case", "parameter", "gate")


def lay_over(
    document: Document,
    overrides: Mapping[str, str],
    environment: Mapping[str, str],
    faults: Faults,
) -> None:
    """Put the values of variables, then those of options, in the place of the file's.

    An empty variable counts as unset. A key that does not exist is a fault.
    """
    for setting in SETTINGS:
        if text := environment.get(setting.variable):
            _lay(document, setting.key, text, faults, origin=f"${setting.variable}")
    options = {setting.key: setting.option for setting in SETTINGS if setting.option}
    for key, text in overrides.items():
        _lay(document, key, text, faults, origin=options.get(key, f"--option {key}"))


def _lay(document: Document, key: str, text: str, faults: Faults, *, origin: str) -> None:
    try:
        path = _located(document, key)
    except LookupError as error:
        faults.add((), str(error), place=origin)
        return
    document.set(path, _value(type_at(path), text), origin=origin)


def _located(document: Document, key: str) -> KeyPath:
    """Return the path of a key, with the index of the ``[[case]]`` that is meant."""
    path: KeyPath = ()
    for part in key_parts(key):
        if path and path[0] in ENTRIES and len(path) == 1:
            path = (*path, _index(document, str(path[0]), part))
            continue
        owner, path = path, (*path, part)
        if type_at(path) is None:
            known = keys_at(owner)
            raise LookupError(f"unknown key `{part}`{nearest(part, known)}")
    if len(path) < 2:
        raise LookupError(f"`{key}` is a table; set one key of it, as in {key}.name")
    return path


def _index(document: Document, kind: str, name: str) -> int:
    entries = document.values.get(kind)
    entries = entries if isinstance(entries, list) else []
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    if name not in names:
        known = [str(known) for known in names if known]
        raise LookupError(f"there is no {kind} `{name}`{nearest(name, known)}")
    return names.index(name)


def _value(annotation: Any, text: str) -> object:
    """Return the text as the value of the key's type; the text itself if it is none."""
    if bare(annotation) is str:
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
        TypeAdapter(annotation, config=ConfigDict(strict=True)).validate_python(value)
    except (tomllib.TOMLDecodeError, ValidationError):
        return text
    return value
