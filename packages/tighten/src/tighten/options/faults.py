"""Everything that is wrong with a study, collected and told at once.

A fault reads ``file:line: key = value: what is allowed``, so that an editor can jump to it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tighten.errors import BindingError, StudyError
from tighten.options.keys import keys_at, label, type_at
from tighten.options.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from tighten.options.sources import Document, KeyPath

__all__ = ["Faults"]

MAX_SHOWN = 60


class Faults:
    """The faults of one document, in the order of its lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[tuple[int, str]] = []

    def add(self, path: KeyPath, said: str, *, place: str | None = None) -> None:
        """Note what is wrong with the value at a path; ``said`` starts after the key's name."""
        document = self._document
        line = max((document.lines.get(path[:end], 0) for end in range(len(path) + 1)), default=0)
        where = f"{place or document.place(path)}: "
        self._found.append(
            (line, f"{where}{document.name_of(path)}{said}" if path else where + said)
        )

    def add_invalid(self, path: KeyPath, error: ValidationError) -> None:
        """Note all that Pydantic found in the table at a path."""
        for detail in error.errors(include_url=False):
            inside = tuple(part for part in detail["loc"] if part != "[key]")
            self.add((*path, *inside), self._said((*path, *inside), detail))

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """Note an error that a leaf record raises for the value at a path, and go on."""
        try:
            yield
        except (StudyError, BindingError) as error:
            self.add(path, f": {error}")

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raise one StudyError that tells all faults, if there are any."""
        lines = [said for _, said in sorted(self._found, key=lambda fault: fault[0])]
        if len(lines) == 1:
            raise StudyError(lines[0])
        if lines:
            head = f"{self._document.file.name} has {len(lines)} faults:"
            raise StudyError("\n  ".join([head, *lines]))

    def _said(self, path: KeyPath, detail: ErrorDetails) -> str:
        match detail["type"]:
            case "extra_forbidden":
                return f": unknown key{nearest(str(path[-1]), keys_at(path[:-1]))}"
            case "missing":
                field = keys_at(path[:-1])[str(path[-1])]
                return f" is missing: {field.description}"
            case "string_too_short":
                said = "must not be empty"
            case "value_error":
                said = str(detail["ctx"]["error"])
            case _:
                said = f"must be {label(type_at(path))}"
        if isinstance(detail["input"], dict) or said.startswith("`"):
            return f": {said}"
        return f" = {_shown(detail['input'])}: {said}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
