"""Size -> strategy tables as generated source: the region between two marker lines of a file.

The markers are comments, ``// tighten:NAME:begin`` and ``// tighten:NAME:end`` (``#`` in Python
and TOML). What lies between them belongs to tighten: it is written anew from the table and read
back row by row, so a formatter may lay it out differently but nothing else may be added to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tighten.errors import BindingError, StudyError
from tighten.parameters.binding import Place, Reading, file_bytes
from tighten.parameters.strategies import StrategyTable
from tighten.parameters.syntax import Splice, position, spliced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.parameters.domain import Value

__all__ = ["FORMS", "Form", "GeneratedTable", "form_of"]

_LINE = 60  # characters of a Rust array up to which rustfmt leaves it on one line
_WIDTH = 100  # characters of a line of Rust
_UNGROUPED = 10_000  # below it, digits need no separator


class Form(StrEnum):
    """What a table looks like in the file."""

    CONST = "const"  # Rust: const NAME: [(usize, TYPE); N] = [(0, A), (30_000, B)];
    MATCH = "match"  # Rust: const fn name(size: usize) -> TYPE { match size { ... } }
    PYTHON = "python"  # NAME = ((0, "a"), (30_000, "b"))
    TOML = "toml"  # NAME = [{ size = 0, strategy = "a" }, ...]


FORMS = tuple(form.value for form in Form)
_RUST = {Form.CONST, Form.MATCH}
_BY_SUFFIX = {".rs": Form.CONST, ".py": Form.PYTHON, ".toml": Form.TOML}

_CODE = r"(?P<code>(?:[^,()]|\([^()]*\))+?)"
_ROWS = {
    Form.CONST: rf"\(\s*(?P<size>\d[\d_]*)\s*,\s*{_CODE}\s*,?\s*\)",
    Form.PYTHON: rf"\(\s*(?P<size>\d[\d_]*)\s*,\s*{_CODE}\s*,?\s*\)",
    Form.MATCH: rf"(?:(?P<size>\d[\d_]*)\s*\.\.=\s*\d[\d_]*|_)\s*=>\s*{_CODE}\s*,?\s*(?=\n|\}})",
    Form.TOML: r"\{\s*size\s*=\s*(?P<size>\d[\d_]*)\s*,\s*strategy\s*=\s*(?P<code>\"[^\"]*\")\s*\}",
}


def form_of(file: str) -> Form | None:
    """Return the form that the suffix of a file stands for, None if it stands for none."""
    return _BY_SUFFIX.get(Path(file).suffix)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTable:
    """A binding to a size -> strategy table that tighten writes as source.

    Parameters
    ----------
    parameter
        Name of the parameter, and of the markers.
    file
        File, relative to the project.
    form
        What the table looks like there.
    name
        Name of the constant, of the function, or of the TOML key.
    codes
        Expression of the language for each strategy, by its name.
    type
        Type of these expressions; Rust alone needs it.
    """

    parameter: str
    file: Path
    form: Form
    name: str
    codes: Mapping[str, str] = field(hash=False)
    type: str = ""
    kind: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        if self.form in _RUST and not self.type:
            raise StudyError(
                f"parameter {self.parameter}: a Rust table needs the `type` of its strategies, "
                'as in type = "Strategy"'
            )
        if len(set(self.codes.values())) < len(self.codes):
            raise StudyError(
                f"parameter {self.parameter}: two strategies have the same code; "
                "they cannot be told apart in the file"
            )

    def read(self, root: Path) -> Reading:
        """Return the present table.

        Raises
        ------
        BindingError
            If the markers are missing, or what lies between them is no table of this form.
        """
        text = file_bytes(root, self.file, parameter=self.parameter)
        start, end = self._region(text)
        line, column = position(text, start)
        inside = text[start:end].decode("utf-8", "replace")
        place = Place(file=self.file, line=line, column=column, text=inside.strip())
        return Reading(value=str(self._table(inside, line)), place=place)

    def splice(self, text: bytes, value: Value) -> Splice:
        """Return the replacement of everything between the markers."""
        start, end = self._region(text)
        try:
            table = StrategyTable.parse(str(value))
        except StudyError as error:
            raise self._error(str(error)) from error
        if unknown := sorted({name for _, name in table.rows} - self.codes.keys()):
            raise self._error(f"{', '.join(unknown)} has no code; known: {', '.join(self.codes)}")
        newline = b"\r\n" if text[start:].startswith(b"\r\n") else b"\n"
        indent = self._indent(text, end)
        lines = [indent + line.encode() if line else b"" for line in self.source(table)]
        return Splice(start, end, newline.join([b"", *lines, indent]))

    def edit(self, text: bytes, value: Value) -> bytes:
        """Return ``text`` with the table written."""
        return spliced(text, self.splice(text, value))

    def source(self, table: StrategyTable) -> list[str]:
        """Return the table as lines of source."""
        rows = [(_grouped(size), self.codes[name]) for size, name in table.rows]
        match self.form:
            case Form.CONST:
                return _const(self.name, self.type, rows)
            case Form.MATCH:
                return _match(self.name, self.type, table, self.codes)
            case Form.PYTHON:
                return [f"{self.name} = (", *(f"    ({s}, {code})," for s, code in rows), ")"]
            case Form.TOML:
                inline = (f"    {{ size = {s}, strategy = {code} }}," for s, code in rows)
                return [f"{self.name} = [", *inline, "]"]

    def _region(self, text: bytes) -> tuple[int, int]:
        """Return where the content of the region starts and ends."""
        comment = "//" if self.form in _RUST else "#"
        begin, end = (f"{comment} tighten:{self.parameter}:{side}" for side in ("begin", "end"))
        for marker in (begin, end):
            if text.count(marker.encode()) != 1:
                count = text.count(marker.encode())
                raise self._error(
                    f"{self.file} has the line `{marker}` {count} times; put `{begin}` and "
                    f"`{end}` once each around the table that tighten shall write"
                )
        start, stop = text.index(begin.encode()) + len(begin), text.index(end.encode())
        if stop < start:
            raise self._error(f"{self.file}: `{end}` stands before `{begin}`; exchange them")
        return start, stop

    @staticmethod
    def _indent(text: bytes, end: int) -> bytes:
        line = text[text.rfind(b"\n", 0, end) + 1 : end]
        return line if not line.strip() else b""

    def _table(self, inside: str, line: int) -> StrategyTable:
        names = {_squeezed(code): name for name, code in self.codes.items()}
        rows = []
        for found in re.finditer(_ROWS[self.form], inside):
            size, code = found["size"], _squeezed(found["code"])
            if code not in names:
                raise self._error(
                    f"{self.file}:{line} has a row with {found['code']}, which is the code of no "
                    f"strategy; known: {', '.join(self.codes.values())}"
                )
            # The last arm of a match has no size of its own: it begins where the others end.
            rows.append((int(size) if size else _after(inside), names[code]))
        try:
            return StrategyTable(tuple(rows))
        except StudyError as error:
            example = "\n".join(self.source(StrategyTable(((0, next(iter(self.codes))),))))
            raise self._error(
                f"{self.file}:{line} holds no {self.form} table between its markers ({error}); "
                f"begin with:\n{example}"
            ) from error

    def _error(self, message: str) -> BindingError:
        return BindingError(f"parameter {self.parameter}: {message}", parameter=self.parameter)


def _const(name: str, type_: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return the array as rustfmt lays it out."""
    head = f"const {name}: [(usize, {type_}); {len(rows)}] ="
    cells = [f"({size}, {code})" for size, code in rows]
    whole = f"[{', '.join(cells)}];"
    if len(whole) > _LINE + len("[];"):
        return [f"{head} [", *(f"    {cell}," for cell in cells), "];"]
    return [f"{head} {whole}"] if len(f"{head} {whole}") <= _WIDTH else [head, f"    {whole}"]


def _match(name: str, type_: str, table: StrategyTable, codes: Mapping[str, str]) -> list[str]:
    borders = [size for size, _ in table.rows[1:]]
    lows = [_grouped(size) for size, _ in table.rows]
    arms = [
        f"        {low}..={_grouped(border - 1)} => {codes[strategy]},"
        for low, border, (_, strategy) in zip(lows, borders, table.rows, strict=False)
    ]
    last = f"        _ => {codes[table.rows[-1][1]]},"
    head = f"const fn {name}(size: usize) -> {type_} {{"
    return [head, "    match size {", *arms, last, "    }", "}"]


def _after(inside: str) -> int:
    """Return the size after the last range of a Rust match."""
    ends = re.findall(r"\.\.=\s*(\d[\d_]*)", inside)
    return int(ends[-1]) + 1 if ends else 0


def _grouped(number: int) -> str:
    return f"{number:_}" if number >= _UNGROUPED else str(number)


def _squeezed(code: str) -> str:
    return re.sub(r"[\s_]+|,(?=\s*\))", "", code)
