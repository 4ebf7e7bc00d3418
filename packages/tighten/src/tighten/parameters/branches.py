"""The branches that hold a definition: conditional compilation in C, C++ and Rust, `if` in Python.

A branch goes by the line that opens it, as it stands in the file: ``#ifdef USE_MKL``, ``#else``,
``#[cfg(feature = "simd")]``, ``else:``. Which of them is taken is not evaluated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

__all__ = ["branches_of", "normal_branch"]

# What follows the first branch is, in the syntax tree, a part of it.
ALTERNATIVES = {"preproc_elif", "preproc_elifdef", "preproc_else", "elif_clause", "else_clause",
                "except_clause", "finally_clause"}  # fmt: skip
BRANCHES = ALTERNATIVES | {"preproc_if", "preproc_ifdef", "if_statement", "try_statement"}
COMMENT = re.compile(r"//.*|/\*.*|(?<=\s)#\s.*|\\$")


def normal_branch(line: str) -> str:
    """Return the line that opens a branch as lines are compared: no comment, single spaces."""
    words = " ".join(COMMENT.sub("", line).split())
    return re.sub(r"^# ", "#", words)


def branches_of(node: Node) -> tuple[str, ...]:
    """Return the lines that open the branches around a definition, the innermost first."""
    return tuple(_branches(node))


def _branches(node: Node) -> Iterator[str]:
    inner, outer = node, node.parent
    while outer is not None:
        if outer.type in BRANCHES and inner.type not in ALTERNATIVES:
            yield normal_branch(_text(outer).split("\n", 1)[0])
        sibling = inner.prev_named_sibling
        while sibling is not None and sibling.type in {"attribute_item", "line_comment"}:
            if _text(sibling).startswith("#[cfg("):
                yield normal_branch(_text(sibling))
            sibling = sibling.prev_named_sibling
        inner, outer = outer, outer.parent


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
