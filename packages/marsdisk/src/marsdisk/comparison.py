"""Differences between two runs, column by column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from marsdisk.errors import CheckpointError
from marsdisk.io.series import list_values, read_series
from marsdisk.runs import series_directory

if TYPE_CHECKING:
    from pathlib import Path

    from marsdisk.typing import FloatArray

__all__ = ["compare_runs"]


def compare_runs(first: Path, second: Path) -> dict[str, float]:
    """Return the largest difference of each column over its largest value in `first`.

    Differences of columns that hold nothing but zero are absolute; infinity stands for a column
    that only one run has.

    Raises
    ------
    CheckpointError
        If the runs have different numbers of rows.
    OutputError
        If a directory holds no run.
    """
    a, b = (read_series(series_directory(path)) for path in (first, second))
    if a.num_rows != b.num_rows:
        detail = f"{first} has {a.num_rows} rows and {second} has {b.num_rows}"
        raise CheckpointError(detail, "compare runs with equal cells and outputs")
    names = [*a.column_names, *(name for name in b.column_names if name not in a.column_names)]
    return {
        name: _difference(a[name], b[name])
        if name in a.column_names and name in b.column_names
        else math.inf
        for name in names
    }


def _difference(first: pa.ChunkedArray[Any], second: pa.ChunkedArray[Any]) -> float:
    a, b = (_values(column) for column in (first, second))
    if a.size != b.size:
        return math.inf
    both_missing = np.isnan(a) & np.isnan(b)
    gap = np.where(both_missing | (a == b), 0.0, np.abs(a - b))
    if np.isnan(gap).any():
        return math.inf
    finite = np.abs(a[np.isfinite(a)])
    scale = float(finite.max(initial=0.0))
    return float(gap.max(initial=0.0) / (scale if scale > 0.0 else 1.0))


def _values(column: pa.ChunkedArray[Any]) -> FloatArray:
    if pa.types.is_fixed_size_list(column.type):
        return list_values(column)
    return np.asarray(column.to_numpy().astype(np.float64))
