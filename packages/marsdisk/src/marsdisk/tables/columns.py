"""Read and check tables that users bring, CSV or Parquet, as columns of float64.

A CSV header may carry units, ``T_K`` or ``time [day]``; a unit that is not the expected one is
refused rather than converted silently.
"""

from __future__ import annotations

import csv
import importlib
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.errors import TableError
from marsdisk.typing import FloatArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["read_columns", "require_ascending", "require_rectangle"]

Columns = dict[str, FloatArray]


def read_columns(
    path: str | Path, columns: Mapping[str, str], *, optional: Sequence[str] = ()
) -> Columns:
    """Return the named columns of a table.

    Parameters
    ----------
    path : str or pathlib.Path
        File ending in ``.csv``, ``.txt``, ``.dat`` or ``.parquet``.
    columns : mapping of str to str
        Unit by column name; an empty unit accepts any header.
    optional : sequence of str
        Columns that may be missing.

    Returns
    -------
    dict of str to (n_rows,) float64
        Finite values, at least one row.

    Raises
    ------
    TableError
        If the file cannot be read, is empty, lacks a column, has another unit in its header, or
        holds something that is not a finite number.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        header, values = _read_parquet(path)
    else:
        header, values = _read_csv(path)
    found = _match(path, header, columns, optional)
    if not len(values):
        raise TableError(path, "holds a header but no rows", "add at least one row")
    return {name: np.ascontiguousarray(values[:, i]) for name, i in found.items()}


def _read_csv(path: Path) -> tuple[list[str], FloatArray]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.reader(stream) if row and not row[0].startswith("#")]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(path, f"cannot be read ({error})", "give a readable CSV file") from error
    if not rows:
        raise TableError(path, "is empty", "add a header line and at least one row")
    header = [name.strip() for name in rows[0]]
    body = [[_number(path, header, i, cell) for i, cell in enumerate(row)] for row in rows[1:]]
    widths = {len(row) for row in body} - {len(header)}
    if widths:
        raise TableError(path, f"a row has {widths.pop()} fields", f"the header has {len(header)}")
    return header, np.array(body, dtype=np.float64).reshape(len(body), len(header))


def _number(path: Path, header: Sequence[str], column: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        name = header[column] if column < len(header) else str(column)
        raise TableError(path, f"column {name} holds {text!r}", "write finite numbers only")
    return value


def _read_parquet(path: Path) -> tuple[list[str], FloatArray]:
    pa, pq = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))

    try:
        table = pq.read_table(path)
        columns = [np.asarray(column, dtype=np.float64) for column in table.columns]
    except (OSError, pa.ArrowException, ValueError) as error:
        raise TableError(
            path, f"cannot be read ({error})", "give a Parquet file of numbers"
        ) from error
    values = np.column_stack(columns) if columns else np.empty((0, 0))
    if not np.isfinite(values).all():
        raise TableError(path, "holds values that are not finite", "write finite numbers only")
    return list(table.column_names), values


def _match(
    path: Path, header: Sequence[str], columns: Mapping[str, str], optional: Sequence[str]
) -> dict[str, int]:
    names = [text.partition("[")[0].strip() for text in header]
    units = [text.partition("[")[2].rstrip("] ").strip() for text in header]
    found = {}
    for name, unit in columns.items():
        if name not in names:
            if name in optional:
                continue
            raise TableError(
                path, f"has no column {name}", f"columns found: {', '.join(header) or 'none'}"
            )
        index = names.index(name)
        if unit and units[index] and units[index] != unit:
            raise TableError(
                path,
                f"column {name} is in {units[index]}",
                f"convert it to {unit}",
            )
        found[name] = index
    return found


def require_ascending(path: str | Path, name: str, values: FloatArray) -> None:
    """Raise TableError unless `values` increase strictly."""
    bad = np.flatnonzero(np.diff(values) <= 0.0)
    if bad.size:
        row = int(bad[0])
        raise TableError(
            path,
            f"column {name} does not increase from row {row + 1} ({values[row]:g}) "
            f"to row {row + 2} ({values[row + 1]:g})",
            "sort the table and remove repeated rows",
        )


def require_rectangle(
    path: str | Path, first: FloatArray, second: FloatArray, value: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the axes and the (n_first, n_second) values of a table in long form.

    Raises
    ------
    TableError
        If a combination of the two axes is missing or appears twice.
    """
    rows, columns = np.unique(first), np.unique(second)
    order = np.lexsort((second, first))
    complete = (
        value.size == rows.size * columns.size
        and np.array_equal(first[order], np.repeat(rows, columns.size))
        and np.array_equal(second[order], np.tile(columns, rows.size))
    )
    if not complete:
        raise TableError(
            path,
            f"{value.size} rows do not fill the {rows.size} x {columns.size} grid of its two axes",
            "give every combination exactly once",
        )
    return rows, columns, np.ascontiguousarray(value[order].reshape(rows.size, columns.size))
