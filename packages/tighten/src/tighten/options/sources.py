"""Where the values of a study come from: the file, the environment, the command line.

Later ones win. Every value keeps the place that it was written at, so that a fault can be shown
where it stands and ``tighten check`` can say why a value is what it is.
"""

from __future__ import annotations

import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tighten.errors import StudyError
from tighten.parameters.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["SETTINGS", "Document", "KeyPath", "Setting", "dotted", "key_parts", "read_document"]

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A key that has an environment variable, and perhaps a command line option of its own."""

    key: str
    variable: str
    option: str | None = None


SETTINGS = (
    Setting("study.state", "TIGHTEN_STATE", "--state"),
    Setting("study.max_trials", "TIGHTEN_MAX_TRIALS", "--max-trials"),
    Setting("study.time_budget", "TIGHTEN_TIME_BUDGET", "--time-budget"),
    Setting("study.seed", "TIGHTEN_SEED"),
    Setting("study.cpus", "TIGHTEN_CPUS"),
    Setting("study.python", "TIGHTEN_PYTHON"),
    Setting("profile.tool", "TIGHTEN_PROFILE_TOOL"),
    Setting("search.strategy", "TIGHTEN_STRATEGY", "--strategy"),
)


@dataclass(slots=True)
class Document:
    """The nested values of one study and, for each of them, where it was written.

    ``lines`` holds the lines of the file; ``origins`` the variable or option of a value that
    replaced the file's.
    """

    file: Path
    values: dict[str, Any]
    lines: Mapping[KeyPath, int]
    origins: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """Return ``file:line``, ``$VARIABLE`` or ``--option`` of the key or its nearest parent."""
        for end in range(len(path), 0, -1):
            if origin := self.origins.get(path[:end]):
                return origin
            if line := self.lines.get(path[:end]):
                return f"{self.file}:{line}"
        return str(self.file)

    def source(self, path: KeyPath) -> str:
        """Return where the value of this very key comes from, ``default`` if nobody wrote it."""
        if origin := self.origins.get(path):
            return origin
        line = self.lines.get(path)
        return f"{self.file.name}:{line}" if line else "default"

    def set(self, path: KeyPath, value: object, *, origin: str) -> None:
        """Put a value at a path, with the tables on the way to it."""
        table: Any = self.values
        for part in path[:-1]:
            table = table[part] if isinstance(part, int) else table.setdefault(part, {})
            if not isinstance(table, dict | list):
                return  # the file has a value where a table belongs, a fault of its own
        table[path[-1]] = value
        self.origins[path] = origin

    def name_of(self, path: KeyPath) -> str:
        """Return the path as people write it: entries of ``[[case]]`` go by their names."""
        parts: list[str] = []
        value: Any = self.values
        for part in path:
            value = _child(value, part)
            if isinstance(part, str):
                parts.append(dotted((part,)))
            elif isinstance(value, dict) and isinstance(value.get("name"), str):
                parts.append(dotted((value["name"],)))
            else:
                parts.append(str(part + 1))
        return ".".join(parts)


def _child(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def read_document(file: Path) -> Document:
    """Return the values of a study file with the line of each.

    Raises
    ------
    StudyError
        If the file is missing, is not UTF-8 or is not TOML.
    """
    try:
        content = file.read_bytes().removeprefix(BOM_UTF8)  # some editors write it
        values = tomllib.loads(content.decode())
    except FileNotFoundError as error:
        message = f"there is no study file {file}; `tighten init` writes one"
        raise StudyError(message) from error
    except OSError as error:
        raise StudyError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        message = f"{file} is not UTF-8 (byte {error.start}); save it in that encoding"
        raise StudyError(message) from error
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{_syntax_place(file, str(error))}: not TOML: {error}") from error
    return Document(file, values, dict(_key_lines(content)))


def _syntax_place(file: Path, message: str) -> str:
    line = re.search(r"at line (\d+)", message)
    return f"{file}:{line[1]}" if line else str(file)


def key_parts(text: str) -> tuple[str, ...]:
    """Return the parts of a dotted key in TOML's notation: ``a."b c".d`` has three."""
    try:
        value: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return tuple(part.strip() for part in text.split("."))
    parts = []
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)
    return tuple(parts)


def dotted(parts: tuple[str, ...]) -> str:
    """Return the dotted key of the parts, quoted where TOML asks for it."""
    return ".".join(
        part
        if re.fullmatch(r"[A-Za-z0-9_-]+", part)
        else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for part in parts
    )


def _key_lines(content: bytes) -> Iterator[tuple[KeyPath, int]]:
    """Yield the path and line of every table, key and array element of a TOML document."""
    entries: dict[KeyPath, int] = {}

    def located(parts: tuple[str, ...]) -> KeyPath:
        """Put in which entry of each ``[[table]]`` on the way is meant: the latest one."""
        path: KeyPath = ()
        for part in parts:
            path = (*path, part)
            if path in entries:
                path = (*path, entries[path])
        return path

    for node in parse(content, "toml").root_node.children:
        line = node.start_point.row + 1
        if node.type == "pair":
            yield from _pair_lines((), node)
            continue
        if node.type not in {"table", "table_array_element"}:
            continue
        parts = key_parts(_text(node.named_children[0]))
        if node.type == "table":
            path = located(parts)
        else:
            owner = (*located(parts[:-1]), parts[-1])
            entries[owner] = entries.get(owner, -1) + 1
            path = (*owner, entries[owner])
        yield path, line
        for pair in node.named_children[1:]:
            yield from _pair_lines(path, pair)


def _pair_lines(owner: KeyPath, node: Node) -> Iterator[tuple[KeyPath, int]]:
    if node.type != "pair":
        return
    key, value = node.named_children[:2]
    path = owner
    for part in key_parts(_text(key)):
        path = (*path, part)
        yield path, key.start_point.row + 1
    yield from _value_lines(path, value)


def _value_lines(path: KeyPath, node: Node) -> Iterator[tuple[KeyPath, int]]:
    if node.type == "inline_table":
        for pair in node.named_children:
            yield from _pair_lines(path, pair)
    elif node.type == "array":
        elements = (child for child in node.named_children if child.type != "comment")
        for index, element in enumerate(elements):
            yield (*path, index), element.start_point.row + 1
            yield from _value_lines((*path, index), element)


def _text(node: Node) -> str:
    return (node.text or b"").decode()
