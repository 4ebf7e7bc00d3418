"""Syntax trees of source and configuration files, kept between edits.

A study edits the same few files again and again, always from the same original text. So the tree
of a text is kept under the text itself, and the tree of an edited text is derived from its
predecessor: the parser reads the changed region only. Nothing can be stale, because the key is
the whole content.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from tree_sitter import Language, Parser, Point, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["Splice", "check_encoding", "derive", "parse", "position", "spliced", "walk"]

MAX_TREES = 32


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes ``start`` to ``end`` of a text give way to ``replacement``."""

    start: int
    end: int
    replacement: bytes


@dataclass(frozen=True, slots=True)
class _Descent:
    """How a text came to be: from a parsed text by one replacement."""

    tree: Tree
    splice: Splice
    before: bytes


_trees: OrderedDict[tuple[str, bytes], Tree | _Descent] = OrderedDict()


@cache
def _parser(grammar: str) -> Parser:
    return Parser(Language(import_module(f"tree_sitter_{grammar}").language()))


def parse(text: bytes, grammar: str, *, keep: bool = True) -> Tree:
    """Return the syntax tree of ``text``.

    Parameters
    ----------
    text
        Content of a file in UTF-8 or another encoding that keeps ASCII.
    grammar
        Name of the grammar: ``rust``, ``c``, ``cpp``, ``python``, ``toml``, ``yaml``, ``json``.
    keep
        Whether the same text is likely to come again.
    """
    if not keep:
        return _parser(grammar).parse(text)
    key = (grammar, text)
    known = _trees.get(key)
    if known is None:
        tree = _parser(grammar).parse(text)
    elif isinstance(known, _Descent):
        tree = _reparsed(known, text, grammar)
    else:
        _trees.move_to_end(key)
        return known
    _keep(key, tree)
    return tree


def derive(before: bytes, splice: Splice, after: bytes, grammar: str) -> None:
    """Remember that ``after`` is ``before`` with one replacement; parsing it will be cheap."""
    known = _trees.get((grammar, before))
    key = (grammar, after)
    if known is not None and not isinstance(known, _Descent) and key not in _trees:
        _keep(key, _Descent(known, splice, before))


def _keep(key: tuple[str, bytes], tree: Tree | _Descent) -> None:
    _trees[key] = tree
    _trees.move_to_end(key)
    while len(_trees) > MAX_TREES:
        _trees.popitem(last=False)


def _reparsed(descent: _Descent, text: bytes, grammar: str) -> Tree:
    splice = descent.splice
    new_end = splice.start + len(splice.replacement)
    tree = descent.tree.copy()
    tree.edit(
        splice.start, splice.end, new_end, _point(descent.before, splice.start),
        _point(descent.before, splice.end), _point(text, new_end),
    )  # fmt: skip
    return _parser(grammar).parse(text, tree)


def _point(text: bytes, offset: int) -> Point:
    line_start = text.rfind(b"\n", 0, offset) + 1
    return Point(text.count(b"\n", 0, offset), offset - line_start)


def spliced(text: bytes, splice: Splice) -> bytes:
    """Return ``text`` after the replacement."""
    return text[: splice.start] + splice.replacement + text[splice.end :]


def check_encoding(text: bytes, replacement: str) -> None:
    """Raise ValueError if ``replacement`` would mix encodings into a file that is not UTF-8."""
    if replacement.isascii():
        return
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{replacement} is not ASCII and the file is not UTF-8; save the file as UTF-8"
        ) from error


def position(text: bytes, offset: int) -> tuple[int, int]:
    """Return line and column of a byte offset, both from 1, the column in characters."""
    line, _ = _point(text, offset)
    start = text.rfind(b"\n", 0, offset) + 1
    before = text[start:offset].removeprefix(b"\xef\xbb\xbf")
    return line + 1, len(before.decode("utf-8", "replace")) + 1


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and everything below it, in the order of the text."""
    stack = [node]
    while stack:
        inner = stack.pop()
        yield inner
        stack.extend(reversed(inner.children))
