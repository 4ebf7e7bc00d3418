"""The callgrind format: costs of lines and of calls, by function, with compressed names.

Source: "Callgrind Format Specification" of the Valgrind manual, version 1. The first event
(``Ir``, instructions) is the weight. Several files of one run, as callgrind writes them for
subprocesses, may be joined into one graph. Stacks are derived from the call graph.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tighten.profile.callgraph import CallGraph
from tighten.profile.formats import UnreadableError
from tighten.profile.model import (
    FunctionKey,
    Profile,
    Provenance,
    StackOrigin,
    plain_function,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["call_graph", "is_written_so", "profile_of", "read"]

_SPEC = re.compile(r"(?P<what>c?(?:fn|fl|fi|fe|ob)|cfl)=\s*(?:\((?P<id>\d+)\))?\s*(?P<name>.*)")
_KINDS = {"fn": "fn", "cfn": "fn", "ob": "ob", "cob": "ob"}  # all else names a file
_SIGNS = (b"# callgrind format", b"events:", b"positions:")


def is_written_so(data: bytes) -> bool:
    """Whether a file looks like callgrind's."""
    start = data[:4096]
    return start.startswith(_SIGNS[0]) or (
        _SIGNS[1] in start and re.search(rb"^fn=", data, re.M) is not None
    )


def read(data: bytes) -> Profile:
    """Return the profile; weights are counts of the first event, instructions as a rule."""
    graph = CallGraph()
    event = call_graph(data, graph)
    return profile_of(graph, event)


def profile_of(graph: CallGraph, event: str) -> Profile:
    """Return the profile of a graph that one or several files filled."""
    return Profile.of(
        graph.stacks(),
        unit={"Ir": "instructions"}.get(event, event),
        provenance=Provenance(tool="callgrind", stacks=StackOrigin.CALL_GRAPH),
    )


def call_graph(data: bytes, graph: CallGraph) -> str:
    """Add one file to a graph; return the name of the event that was counted."""
    return _Reader(graph).read(data.decode("utf-8", "replace"))


class _Reader:
    """Where the reader stands: the names that the next cost line belongs to."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._names: dict[tuple[str, str], str] = {}
        self._now: dict[str, str] = {}  # the last name given by each kind of line
        self._positions = 1
        self._line_at = 0
        self._event = ""
        self._last: list[int] = [0, 0]
        self._summary = 0.0
        self._seen = 0.0

    def read(self, text: str) -> str:
        is_call = False
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                is_call = self._line(line.strip(), is_call=is_call)
            except (ValueError, IndexError) as error:
                raise UnreadableError(
                    f"line {number} cannot be understood: {line[:60]!r}"
                ) from error
        if not self._event or not self._seen:
            raise UnreadableError("it holds no costs")
        if self._summary and self._seen < 0.99 * self._summary:
            raise UnreadableError(
                f"it is truncated: {self._seen:.0f} of {self._summary:.0f} {self._event} are there"
            )
        return self._event

    def _line(self, line: str, *, is_call: bool) -> bool:
        """Take in one line; return whether the next one has the cost of a call."""
        if not line or line.startswith("#"):
            return is_call
        if found := _SPEC.fullmatch(line):
            self._spec(found["what"], found["id"], found["name"])
            return False
        if line.startswith("calls="):
            return True
        if line[0].isdigit() or line[0] in "+-*":
            self._cost(line.split(), is_call=is_call)
            return False
        self._header(line)
        return False

    def _spec(self, what: str, number: str | None, name: str) -> None:
        kind = _KINDS.get(what, "fl")
        if number is not None:
            name = self._names.setdefault((kind, number), name)
        if what in ("fi", "fe"):
            self._now["at"] = name
        elif what == "fl":
            self._now["fl"] = self._now["at"] = name
        else:
            self._now[{"cfl": "cfi"}.get(what, what)] = name
        if what == "fn":
            self._now["at"] = self._now.get("fl", "")

    def _header(self, line: str) -> None:
        key, colon, value = line.partition(":")
        if not colon:
            raise ValueError(line)
        words = value.split()
        if key == "positions":
            self._positions, self._line_at = len(words), words.index("line")
            self._last = [0] * len(words)
        elif key == "events":
            self._event = words[0]
        elif key in ("summary", "totals"):
            self._summary = max(self._summary, float(words[0]))

    def _cost(self, words: Sequence[str], *, is_call: bool) -> None:
        for index in range(self._positions):
            self._last[index] = _position(words[index], self._last[index])
        cost = float(words[self._positions]) if len(words) > self._positions else 0.0
        function = self._graph[self._key("fn", "fl", "ob")]
        if is_call:
            function.add_call(self._callee(), cost)
        else:
            # The lines of inlined code belong to another file.
            is_own = self._now.get("at") == self._now.get("fl")
            function.add(self._last[self._line_at] if is_own else 0, cost)
            self._seen += cost

    def _callee(self) -> FunctionKey:
        key = self._key("cfn", "cfi", "cob")
        self._now.pop("cfi", None)
        self._now.pop("cob", None)
        return key

    def _key(self, function: str, file: str, binary: str) -> FunctionKey:
        source = self._now.get(file, self._now.get("fl", ""))
        where = source if source not in ("", "???") else self._now.get(binary, self._now["ob"])
        return plain_function(self._now[function].partition("'")[0], where), where


def _position(word: str, last: int) -> int:
    if word == "*":
        return last
    if word[0] in "+-":
        return last + int(word, 0)
    return int(word, 0)
