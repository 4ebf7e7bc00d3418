"""Stream a run's outputs to Parquet in parts, each one row group, each complete or absent.

A part is written from memory in one go and appears under its name only when it is whole, so a run
that is killed leaves a readable data set.  Parts end at checkpoints; a resumed run drops the parts
behind its checkpoint and writes them again, byte for byte.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from marsdisk.errors import OutputError
from marsdisk.io.columns import BIN_COLUMNS, CELL_COLUMNS, ENERGY_COLUMNS, Column, Frame, Previous
from marsdisk.io.files import atomic_file
from marsdisk.io.legacy import LEGACY_COLUMNS
from marsdisk.kernels import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from marsdisk.plan import RunPlan
    from marsdisk.snapshot import Snapshot
    from marsdisk.typing import FloatArray

Compression = Literal["zstd", "snappy", "none"]

__all__ = [
    "SeriesWriter",
    "arrow_array",
    "column_values",
    "columns_of_run",
    "drop_parts_after",
    "last_output",
    "list_values",
    "part_range",
    "read_part",
    "read_series",
    "schema",
]

ARROW_TYPES = {
    "double": pa.float64(),
    "int8": pa.int8(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
}


def columns_of_run(*, bins: bool, energy: bool, legacy: bool) -> tuple[Column, ...]:
    """Return the columns that a run writes."""
    return (
        *CELL_COLUMNS,
        *(ENERGY_COLUMNS if energy else ()),
        *(LEGACY_COLUMNS if legacy else ()),
        *(BIN_COLUMNS if bins else ()),
    )


def schema(columns: Sequence[Column], plan: RunPlan) -> pa.Schema:
    """Return the Arrow schema: unit and definition per column, size grid in the metadata."""
    fields = [
        pa.field(
            column.name,
            pa.list_(pa.float64(), plan.n_bins)
            if column.kind == "bins"
            else ARROW_TYPES[column.kind],
            metadata={"unit": column.unit, "definition": column.definition},
        )
        for column in columns
    ]
    metadata: dict[bytes | str, bytes | str] = {
        "units": json.dumps({column.name: column.unit for column in columns}),
        "definitions": json.dumps({column.name: column.definition for column in columns}),
        "size_edges_m": json.dumps([float(edge) for edge in plan.edges]),
        "size_centres_m": json.dumps([float(size) for size in plan.sizes]),
    }
    return pa.schema(fields, metadata=metadata)


class SeriesWriter:
    """Collects snapshots and writes a part whenever the buffer is full or `flush` is called."""

    def __init__(
        self,
        directory: Path,
        plan: RunPlan,
        columns: Sequence[Column],
        *,
        compression: Compression,
        buffer_bytes: float,
        previous: Previous | None = None,
    ) -> None:
        self._directory = directory
        self._plan = plan
        self._columns = tuple(columns)
        self._schema = schema(columns, plan)
        self._compression = compression
        self._buffer_bytes = buffer_bytes
        self._rows: list[dict[str, np.ndarray[Any, Any]]] = []
        self._indices: list[int] = []
        self._held = 0
        self._before = previous
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(directory, str(error), "choose another directory") from error

    def append(self, snapshot: Snapshot) -> None:
        """Add one output.

        Raises
        ------
        OutputError
            If the buffer was full and cannot be written.
        """
        here = Previous(snapshot.time, snapshot.lost)
        frame = Frame(self._plan, snapshot, self._before or here)
        row = {column.name: np.array(column.values(frame)) for column in self._columns}
        self._before = here
        self._rows.append(row)
        self._indices.append(snapshot.index)
        self._held += sum(values.nbytes for values in row.values())
        if self._held >= self._buffer_bytes:
            self.flush()

    def flush(self) -> None:
        """Write what is held as one part.

        Raises
        ------
        OutputError
            If the part cannot be written; it is kept in memory and nothing is left behind.
        """
        if not self._rows:
            return
        arrays = [
            self._arrow([row[column.name] for row in self._rows], field)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        path = self._directory / f"part-{self._indices[0]:07d}-{self._indices[-1]:07d}.parquet"
        with atomic_file(path) as stream:
            # Numbers hardly repeat: dictionaries would only cost time and space, and bounds of
            # whole spectra tell a reader nothing.
            pq.write_table(
                table,
                stream,
                compression=self._compression,
                row_group_size=table.num_rows,
                use_dictionary=False,
                write_statistics=[c.name for c in self._columns if c.kind != "bins"],
            )
        self._rows, self._indices, self._held = [], [], 0

    @staticmethod
    def _arrow(blocks: list[np.ndarray[Any, Any]], field: pa.Field[Any]) -> pa.Array[Any]:
        values = np.concatenate(blocks)
        if pa.types.is_fixed_size_list(field.type):
            flat = arrow_array(values.ravel(), field.type.value_type)
            lists = pa.FixedSizeListArray.from_arrays(flat, field.type.list_size)
            return cast("pa.Array[Any]", lists)
        return arrow_array(values, field.type)


def arrow_array(values: np.ndarray[Any, Any], kind: pa.DataType) -> pa.Array[Any]:
    """Return values as an array of `kind`, none of them missing.

    `pyarrow.array` would import pandas to ask whether they are a series: half a second and 40 MB.
    """
    held = np.ascontiguousarray(values.astype(kind.to_pandas_dtype(), casting="same_kind"))
    bits = np.packbits(held, bitorder="little") if held.dtype == bool else held
    buffers = [None, pa.py_buffer(bits)]
    return cast("pa.Array[Any]", pa.Array.from_buffers(kind, values.size, buffers))


def part_range(path: Path) -> tuple[int, int]:
    """Return the first and the last output of a part, from its name."""
    _, first, last = path.stem.split("-")
    return int(first), int(last)


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a Parquet file, or some of its columns, as a table.

    `pyarrow.parquet.read_table` would import pandas, for half a second.
    """
    with pq.ParquetFile(path) as file:
        return file.read(columns=columns)


def column_values(column: pa.ChunkedArray[Any]) -> np.ndarray[Any, Any]:
    """Return a column of numbers, none of them missing; `to_numpy` would import pandas."""
    return np.concatenate([np.from_dlpack(chunk) for chunk in column.chunks])


def drop_parts_after(directory: Path, output: int) -> None:
    """Remove the parts behind `output`, and what an interrupted write left."""
    for path in directory.glob(".*.partial"):
        path.unlink()
    for path in directory.glob("part-*.parquet"):
        if part_range(path)[0] > output:
            path.unlink()


def last_output(directory: Path) -> Previous | None:
    """Return where the last written output stands, or None if there is none."""
    paths = sorted(directory.glob("part-*.parquet"))
    if not paths:
        return None
    names = ["output", "time_s", *(f"lost_{channel}_kg_m2" for channel in CHANNELS)]
    columns = [column_values(column) for column in read_part(paths[-1], names).columns]
    last = columns[0] == columns[0][-1]
    return Previous(float(columns[1][-1]), np.column_stack([c[last] for c in columns[2:]]))


def list_values(column: pa.ChunkedArray[Any]) -> FloatArray:
    """Return the values of a column of lists, flat."""
    return np.concatenate([np.from_dlpack(pc.list_flatten(chunk)) for chunk in column.chunks])


def read_series(directory: Path) -> pa.Table:
    """Return all parts of a run as one table, in order.

    Raises
    ------
    OutputError
        If there are none.
    """
    paths = sorted(directory.glob("part-*.parquet"))
    if not paths:
        raise OutputError(directory, "holds no finished part", "run or resume first")
    return pa.concat_tables([read_part(path) for path in paths])
