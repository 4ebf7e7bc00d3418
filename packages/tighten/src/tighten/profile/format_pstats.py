"""The files of cProfile and pstats: a marshalled table of functions with their callers.

The file is read with `marshal`, as `pstats` does, which must not be done with files from
strangers; a damaged one is an error. Stacks are derived from the call graph.
"""

from __future__ import annotations

import marshal
from itertools import pairwise
from typing import Any

from tighten.profile.callgraph import CallGraph
from tighten.profile.formats import UnreadableError
from tighten.profile.model import FunctionKey, Profile, Provenance, StackOrigin

__all__ = ["call_graph", "is_written_so", "read", "written"]

_Label = tuple[str, int, str]  # file, line, function
_DICTIONARIES = (b"{", b"\xfb")  # marshal's codes for a dictionary, plain and remembered


def is_written_so(data: bytes) -> bool:
    """Whether a file looks like a marshalled dictionary."""
    return data[:1] in _DICTIONARIES and data[1:2] in (b"(", b")", b"\xa8", b"\xa9", b"0")


def read(data: bytes) -> Profile:
    """Return the profile; times are in seconds, lines are those of the definitions."""
    graph = CallGraph()
    call_graph(data, graph)
    return Profile.of(
        graph.stacks(),
        provenance=Provenance(tool="cprofile", stacks=StackOrigin.CALL_GRAPH, has_lines=False),
    )


def call_graph(data: bytes, graph: CallGraph) -> None:
    """Add the functions and calls of one file to a graph."""
    try:
        table = marshal.loads(data)
    except (EOFError, ValueError, TypeError) as error:
        raise UnreadableError("it is truncated or no pstats file") from error
    if not isinstance(table, dict):
        raise UnreadableError("it holds no table of functions")
    for label, row in table.items():
        _check(label, row)
        called = graph[_key(label)]
        called.line = label[1]
        called.add(label[1], float(row[2]))
        for caller, edge in row[4].items():
            graph[_key(caller)].add_call(_key(label), float(edge[3]))


def _check(label: object, row: object) -> None:
    is_label = isinstance(label, tuple) and len(label) == 3
    is_row = isinstance(row, tuple) and len(row) == 5 and isinstance(row[4], dict)
    if not (is_label and is_row):
        raise UnreadableError("its table is not that of pstats")


def _key(label: _Label) -> FunctionKey:
    file, _, function = label
    return function, "" if file == "~" else file


def written(profile: Profile) -> bytes:
    """Return a profile as a pstats file; the number of calls is unknown and given as 1."""
    own: dict[_Label, float] = {}
    total: dict[_Label, float] = {}
    edges: dict[_Label, dict[_Label, list[float]]] = {}
    first = _definitions(profile)
    for stack in profile.stacks:
        labels = [(frame.file or "~", first[frame.key], frame.function) for frame in stack.frames]
        own[labels[-1]] = own.get(labels[-1], 0.0) + stack.weight
        for label in set(labels):
            total[label] = total.get(label, 0.0) + stack.weight
        for position, (caller, callee) in enumerate(pairwise(labels)):
            if caller in labels[position + 1 :]:
                continue  # recursion counts once
            edge = edges.setdefault(callee, {}).setdefault(caller, [0.0, 0.0])
            edge[0] += stack.weight if position + 2 == len(labels) else 0.0
            edge[1] += stack.weight
    table: dict[_Label, Any] = {}
    for label, weight in total.items():
        callers = {at: (1, 1, spent[0], spent[1]) for at, spent in edges.get(label, {}).items()}
        table[label] = (1, 1, own.get(label, 0.0), weight, callers)
    return marshal.dumps(table)


def _definitions(profile: Profile) -> dict[FunctionKey, int]:
    """Return one line for each function: the smallest that was seen."""
    lines: dict[FunctionKey, int] = {}
    for stack in profile.stacks:
        for frame in stack.frames:
            lines[frame.key] = min(lines.get(frame.key, frame.line), frame.line)
    return lines
