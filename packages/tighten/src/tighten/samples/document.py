"""A JSON document that knows where each of its values stands.

Adapters walk it and get, for every surprise, one error that names the file, the place, what was
found and what was expected.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.errors import FailureKind, TrialError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Node", "read_json"]

_CHUNK = 1 << 20  # bytes
_SHOWN = 60  # characters of an unexpected value in a message


@dataclass(slots=True)  # not frozen: a launch makes a dozen of them
class Node:
    """One value of a document, with its file and its path inside it."""

    file: Path
    place: str
    value: object

    def __getitem__(self, key: str) -> Node:
        """Return the member ``key`` of an object."""
        members = self._members()
        if key not in members:
            raise self.error(f"an object with {key!r}; it has {', '.join(members) or 'nothing'}")
        return self._child(key, members[key])

    def get(self, key: str) -> Node | None:
        """Return the member ``key`` of an object, or None if it is missing or null."""
        value = self._members().get(key)
        return None if value is None else self._child(key, value)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield the names and members of an object."""
        for key, value in self._members().items():
            yield key, self._child(key, value)

    def elements(self) -> list[Node]:
        """Return the elements of a list."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        return [
            Node(self.file, f"{self.place}[{i}]", element) for i, element in enumerate(self.value)
        ]

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            raise self.error("a string")
        return self.value

    @property
    def is_number(self) -> bool:
        """Whether the value is a number; true and false are not."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)

    def number(self) -> float:
        """Return a number, which may be NaN or infinite."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise self.error("a number")
        try:
            return float(self.value)
        except OverflowError:
            return math.inf

    def numbers(self) -> tuple[float, ...]:
        """Return a list of at least one number."""
        values = tuple(element.number() for element in self.elements())
        if not values:
            raise self.error("at least one number")
        return values

    def error(self, expected: str, kind: FailureKind = FailureKind.RESULT) -> TrialError:
        """Return the error that says what was expected here."""
        found = json.dumps(self.value)
        shown = found if len(found) <= _SHOWN else found[:_SHOWN] + "..."
        place = f" at {self.place}" if self.place else ""
        return TrialError(f"{self.file}: expected {expected}{place}, found {shown}", kind=kind)

    def _members(self) -> Mapping[str, object]:
        if not isinstance(self.value, dict):
            raise self.error("an object")
        return self.value

    def _child(self, key: str, value: object) -> Node:
        return Node(self.file, f"{self.place}.{key}" if self.place else key, value)


def _content(file: Path) -> bytes:
    """Return what a file holds; a launch has one to read, and a stream costs more than reading."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(descriptor, _CHUNK), b""))
    finally:
        os.close(descriptor)


def read_json(file: Path) -> Node:
    """Return the document in ``file``.

    Raises
    ------
    TrialError
        ``RESULT`` if the file is missing, unreadable, not text or not JSON.
    """
    try:
        return Node(file, "", json.loads(_content(file)))
    except OSError as error:
        message = f"{file}: no readable result ({error.strerror})"
    except RecursionError:
        message = f"{file}: not a result: nested too deeply"
    except UnicodeDecodeError as error:
        message = f"{file}: not JSON: not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        message = f"{file}: not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
    raise TrialError(message, kind=FailureKind.RESULT)
