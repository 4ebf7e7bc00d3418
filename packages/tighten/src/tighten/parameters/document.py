"""Values in TOML, YAML and JSON files, found by their key.

The file is read as a syntax tree and only the bytes of the scalar are replaced, so comments,
order, indentation, quotes, anchors and line endings stay as they are, which rewriting through an
object model does not promise. The changed file is parsed again before it is handed out.

Where readers of YAML 1.1 and 1.2 disagree (``yes``, ``010``, ``12:30``), the value is refused
instead of guessed. Limits: null, dates, block texts, aliases and tagged values are refused; in a
YAML stream only the first document is looked at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.errors import BindingError, StudyError
from tighten.parameters.binding import Place, Reading, file_bytes
from tighten.parameters.literal import (
    Language,
    fitted,
    generic_type,
    kind_of,
    literal_value,
    plain_literal,
    restyled,
)
from tighten.parameters.syntax import Splice, check_encoding, derive, parse, position, spliced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tree_sitter import Node

    from tighten.parameters.domain import Value

__all__ = ["ConfigKey"]

FORMATS = {Language.TOML: ".toml", Language.YAML: ".yaml", Language.JSON: ".json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigKey:
    """A binding to a value in a configuration file.

    Parameters
    ----------
    parameter
        Name of the parameter, for messages.
    file
        Configuration file, relative to the project.
    format
        ``toml``, ``yaml`` or ``json``.
    key
        Path to the value: ``solver.steps``; ``cases[0].size`` or ``cases.0.size`` for the first
        element of a list; ``tool."a.b".x`` where a key holds a dot.

    Raises
    ------
    StudyError
        If the format is not known or the key cannot be split.
    """

    parameter: str
    file: Path
    format: str
    key: str

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise StudyError(
                f"parameter {self.parameter}: format {self.format!r} is not known; "
                f"allowed: {', '.join(FORMATS)}"
            )
        if not _split(self.key):
            raise StudyError(
                f"parameter {self.parameter}: {self.key!r} is no key; write for example "
                'solver.steps, cases[0].size, or tool."a.b".x'
            )

    @property
    def kind(self) -> str:
        """The format."""
        return self.format

    def read(self, root: Path) -> Reading:
        """Return the value in the project at ``root``.

        Raises
        ------
        BindingError
            If the file cannot be read or parsed, or the key is missing or holds no scalar.
        """
        text = file_bytes(root, self.file, parameter=self.parameter)
        node = self._scalar(text)
        line, column = position(text, node.start_byte)
        place = Place(file=self.file, line=line, column=column, text=_slice(text, node))
        return Reading(value=self._value(text, node), place=place)

    def edit(self, text: bytes, value: Value) -> bytes:
        """Return ``text`` with ``value`` under the key; all bytes outside the scalar stay.

        Raises
        ------
        BindingError
            If the key cannot be found, or the value has another kind than the present one.
        """
        splice = self.splice(text, value)
        edited = spliced(text, splice)
        derive(text, splice, edited, self.format)
        return edited

    def splice(self, text: bytes, value: Value) -> Splice:
        """Return the one replacement that writes ``value`` into ``text``."""
        node = self._scalar(text)
        present = self._value(text, node)
        language = Language(self.format)
        same_kind = isinstance(value, str) == isinstance(present, str)
        try:
            kind = kind_of(present if same_kind else value)
            wanted = fitted(value, generic_type(kind, language))
            if repr(wanted) == repr(present):
                return Splice(node.start_byte, node.start_byte, b"")
            replacement = self._written(_slice(text, node), wanted)
            check_encoding(text, replacement)
        except ValueError as error:
            raise self._refusal(str(error), text, node) from error
        if self._parsed(replacement) != wanted:
            raise self._refusal(f"{wanted!r} would not read back from {replacement}", text, node)
        return Splice(node.start_byte, node.end_byte, replacement.encode())

    def _written(self, present: str, value: Value) -> str:
        language = Language(self.format)
        if language is not Language.YAML or not isinstance(value, str):
            return restyled(present, value, language)
        is_plain = present[:1] not in ("'", '"')
        reads_alike = PLAIN_WORD.fullmatch(value) and not (
            RESERVED.fullmatch(value) or NULL.fullmatch(value)
        )
        if is_plain and reads_alike:
            return value
        return plain_literal(value, language) if is_plain else restyled(present, value, language)

    def _value(self, text: bytes, node: Node) -> Value:
        try:
            return self._parsed(_slice(text, node))
        except ValueError as error:
            raise self._refusal(str(error), text, node) from error

    def _parsed(self, text: str) -> Value:
        """Return the value of a scalar; ValueError if it has none, or readers disagree about it."""
        if self.format != Language.YAML or text[:1] in ("'", '"'):
            return literal_value(text, Language(self.format))
        if NULL.fullmatch(text):
            raise ValueError("null holds no value; write the present value into the file")
        if RESERVED.fullmatch(text) and text not in ("true", "false"):
            raise ValueError(
                f"{text} is not read alike by YAML 1.1 and 1.2; write true, false, "
                "a decimal number, or a text in quotes"
            )
        try:
            return literal_value(text, Language.YAML)
        except ValueError:
            return text

    def _scalar(self, text: bytes) -> Node:
        """Return the node of the one scalar under the key."""
        root = parse(_parsable(text, self.format), self.format).root_node
        if root.has_error:
            bad = next(_errors(root), root)
            raise self._refusal("it cannot be parsed here; correct its syntax", text, bad)
        found = LOOKUPS[Language(self.format)](root, _split(self.key))
        if len(found) != 1 and not (found and found[0].type in TABLES):
            self._refuse_count(text, root, found)
        node = found[0]
        if node.type not in SCALARS:
            what = UNUSABLE.get(node.type, f"a {node.type.replace('_', ' ')}")
            raise self._refusal(
                f"the value is {what}; a parameter is one number, text or switch", text, node
            )
        return node

    def _refuse_count(self, text: bytes, root: Node, found: list[Node]) -> None:
        if found:
            places = ", ".join("{}:{}".format(*position(text, n.start_byte)) for n in found)
            raise self._refusal(f"the key stands {len(found)} times, at {places}; keep one of them")
        parts = _split(self.key)
        lookup = LOOKUPS[Language(self.format)]
        known = next((parts[:n] for n in range(len(parts) - 1, 0, -1) if lookup(root, parts[:n])),
                     [])  # fmt: skip
        under = f" under {'.'.join(known)}" if known else ""
        raise self._refusal(
            f"there is no key {parts[len(known)]!r}{under}; correct the key, or add it to the file "
            "with its present value"
        )

    def _refusal(self, reason: str, text: bytes = b"", node: Node | None = None) -> BindingError:
        where = str(self.file)
        if node is not None:
            where += ":{}:{}".format(*position(text, node.start_byte))
        return BindingError(
            f"parameter {self.parameter}: {self.key} in {where}: {reason}",
            parameter=self.parameter,
        )


KEY_PART = re.compile(r"""(?:^|\.)(?:"([^"]*)"|'([^']*)'|([^.\[\]"']+))|\[(\d+)\]""")
PLAIN_WORD = re.compile(r"[A-Za-z_][\w./+-]*")
RESERVED = re.compile(  # plain YAML that some reader takes for something else than a text or number
    r"y|n|yes|no|on|off|true|false|[-+]?0[0-9_]+|0[ob][0-9_]+|[-+]?\.inf|\.nan"
    r"|[-+]?[0-9_]+(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*",
    re.IGNORECASE,
)
NULL = re.compile(r"null|~", re.IGNORECASE)
SCALARS = {
    "integer", "float", "boolean", "string", "number", "true", "false",
    "plain_scalar", "single_quote_scalar", "double_quote_scalar",
}  # fmt: skip
TABLES = {"table", "table_array_element", "pair"}  # TOML may write one table in several places
UNUSABLE = {
    "null": "null", "block_scalar": "a block of text", "alias": "an alias of another value",
    "array": "a list", "inline_table": "a table", "table": "a table", "object": "an object",
    "block_mapping": "a mapping", "flow_mapping": "a mapping", "block_sequence": "a list",
    "flow_sequence": "a list", "table_array_element": "a list of tables",
    "pair": "a table", "block_mapping_pair": "empty", "flow_pair": "empty",
}  # fmt: skip


def _split(key: str) -> list[str]:
    """Return the parts of a key path; an empty list if it is malformed."""
    parts: list[str] = []
    end = 0
    while end < len(key):
        match = KEY_PART.match(key, end)
        if match is None or (end == 0 and key.startswith(".")):
            return []
        parts.append(next(group for group in match.groups() if group is not None))
        end = match.end()
    return parts


def _parsable(text: bytes, format_: str) -> bytes:
    """Return a text of equal length that the grammar reads; that of JSON knows no ``e+``."""
    if format_ != Language.JSON or b"+" not in text:
        return text
    return re.sub(rb"(?<=[0-9][eE])\+(?=[0-9])", b"0", text)


def _slice(text: bytes, node: Node) -> str:
    return text[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _children(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _errors(node: Node) -> Iterator[Node]:
    """Yield what the parser could not read, first in the file first."""
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        if child.has_error or child.is_missing:
            yield from _errors(child)


def _element(nodes: list[Node], part: str) -> list[Node]:
    """Return the element of a list that a part of the key counts, from 0."""
    return nodes[int(part) : int(part) + 1] if part.isdecimal() else []


def _json(root: Node, parts: list[str]) -> list[Node]:
    found = _children(root)[:1]
    for part in parts:
        found = [inner for node in found for inner in _json_step(node, part)]
    return found


def _json_step(node: Node, part: str) -> Iterable[Node]:
    if node.type == "array":
        return _element(_children(node), part)
    pairs = [child for child in _children(node) if child.type == "pair"]
    return [
        value
        for pair in pairs
        if (key := pair.child_by_field_name("key")) and json.loads(_text(key)) == part
        and (value := pair.child_by_field_name("value"))
    ]  # fmt: skip


def _yaml(root: Node, parts: list[str]) -> list[Node]:
    documents = [child for child in _children(root) if child.type == "document"]
    blocks = _children(documents[0]) if documents else []
    found = [block for block in blocks if block.type in ("block_node", "flow_node")]
    for part in parts:
        found = [inner for node in found for inner in _yaml_step(_content(node), part)]
    return [_content(node) for node in found]


def _content(node: Node) -> Node:
    """Return what a node holds beside an anchor; a tagged node stands for itself."""
    inner = [child for child in _children(node) if child.type != "anchor"]
    return inner[0] if node.type in ("block_node", "flow_node") and len(inner) == 1 else node


def _yaml_step(node: Node, part: str) -> Iterable[Node]:
    if node.type == "block_sequence":
        items = [inner for item in _children(node) for inner in _children(item)[:1]]
        return _element(items, part)
    if node.type == "flow_sequence":
        return _element(_children(node), part)
    pairs = [c for c in _children(node) if c.type in ("block_mapping_pair", "flow_pair")]
    return [
        pair.child_by_field_name("value") or pair
        for pair in pairs
        if (key := pair.child_by_field_name("key")) and _yaml_key(key) == part
    ]


def _yaml_key(node: Node) -> str:
    text = _text(_content(node))
    if text[:1] in ("'", '"'):
        try:
            return str(literal_value(text, Language.YAML))
        except ValueError:
            return text
    return text


def _toml(root: Node, parts: list[str]) -> list[Node]:
    """Return the values under a path of keys, however tables and dotted keys spell it."""
    found: list[Node] = []
    counts: dict[tuple[str, ...], int] = {}
    for node in _children(root):
        if node.type == "pair":
            found += _toml_pair(node, parts)
            continue
        path = _toml_path(node, counts)
        if path[: len(parts)] == parts:
            found.append(node)
        elif parts[: len(path)] == path:
            for pair in _children(node)[1:]:
                found += _toml_pair(pair, parts[len(path) :])
    return found


def _toml_path(node: Node, counts: dict[tuple[str, ...], int]) -> list[str]:
    """Return the path of a table, with the number of each element in an array of tables."""
    path: list[str] = []
    keys = _toml_keys(_children(node)[0])
    for depth, key in enumerate(keys):
        path.append(key)
        is_last = depth == len(keys) - 1
        if is_last and node.type == "table_array_element":
            counts[tuple(path)] = counts.get(tuple(path), -1) + 1
        if tuple(path) in counts:
            path.append(str(counts[tuple(path)]))
    return path


def _toml_pair(pair: Node, parts: list[str]) -> list[Node]:
    key, value = _children(pair)
    path = _toml_keys(key)
    if len(path) > len(parts) and path[: len(parts)] == parts:
        return [pair]
    if parts[: len(path)] != path:
        return []
    return _toml_inside(value, parts[len(path) :])


def _toml_inside(node: Node, parts: list[str]) -> list[Node]:
    if not parts:
        return [node]
    if node.type == "array":
        return [
            v for one in _element(_children(node), parts[0]) for v in _toml_inside(one, parts[1:])
        ]
    if node.type == "inline_table":
        return [value for pair in _children(node) for value in _toml_pair(pair, parts)]
    return []


def _toml_keys(node: Node) -> list[str]:
    if node.type == "dotted_key":
        return [key for child in _children(node) for key in _toml_keys(child)]
    text = _text(node)
    return [str(literal_value(text, Language.TOML)) if node.type == "quoted_key" else text]


LOOKUPS: dict[Language, Callable[[Node, list[str]], list[Node]]] = {
    Language.JSON: _json,
    Language.YAML: _yaml,
    Language.TOML: _toml,
}
