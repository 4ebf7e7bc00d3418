"""Columns of data frames and Arrow arrays: read as NumPy arrays, results given back in kind.

The binding asks `read` when an argument is neither a number, a list nor a plain NumPy array.
pandas, Polars and Arrow libraries are never imported for their own objects: whoever passes one has
done so. Only an object of yet another library that offers the Arrow interface is read through
PyArrow or nanoarrow, whichever is installed. Values are read where they lie; copies are made of
columns with missing values, in several chunks, or of booleans that are packed into bits.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["read"]

Mask: TypeAlias = NDArray[np.bool_]
Wrap: TypeAlias = Callable[[Any], Any]
Columns: TypeAlias = Sequence[tuple[str, Any]]
_PLAIN = (bool, int, float, list, tuple, np.ndarray, np.generic)
_FLAG = "is_call"
_BAD_INPUT = 1  # as in the states of a row


@dataclass(frozen=True)
class _Column:
    """Values of one column, NaN or False where they are missing."""

    values: NDArray[Any]
    missing: Mask | None = None


class _Library(Protocol):
    """What reads the columns of one call, given with their argument names."""

    def __init__(self, columns: Columns) -> None: ...

    def column(self, value: Any, *, is_flag: bool) -> _Column:
        """Return the values of a column."""

    def wrap(self, values: NDArray[Any]) -> Any:
        """Return results as a column."""


class _Pandas:
    """pandas Series: results carry the index, and the name that all inputs share."""

    def __init__(self, columns: Columns) -> None:
        first, column = columns[0]
        self._index = column.index
        for name, other in columns:
            if not other.index.equals(self._index):
                message = (
                    f"the index of {name} differs from that of {first}; "
                    f"align them first, or pass their to_numpy()"
                )
                raise ValueError(message)
        self._name = _shared_name(columns)

    def column(self, value: Any, *, is_flag: bool) -> _Column:
        if isinstance(value.dtype, np.dtype):
            return _Column(value.to_numpy())
        missing = value.isna().to_numpy()
        if is_flag:
            return _Column(value.fillna(value=False).to_numpy(dtype=bool), missing)
        return _Column(value.to_numpy(dtype="float64", na_value=np.nan))

    def wrap(self, values: NDArray[Any]) -> Any:
        if values.shape != self._index.shape:
            message = f"results of shape {values.shape} do not fit an index of {len(self._index)}"
            raise ValueError(message)
        return sys.modules["pandas"].Series(values, index=self._index, name=self._name, copy=False)


class _Polars:
    """Polars Series: results carry the name that all inputs share."""

    def __init__(self, columns: Columns) -> None:
        self._name = _shared_name(columns) or ""

    def column(self, value: Any, *, is_flag: bool) -> _Column:
        if value.dtype.is_decimal():
            value = value.cast(sys.modules["polars"].Float64)
        if not (value.dtype.is_numeric() or value.dtype == sys.modules["polars"].Boolean):
            message = f"a Polars Series of {value.dtype} holds no numbers"
            raise TypeError(message)
        missing = value.is_null().to_numpy() if value.null_count() else None
        filled = value.fill_null(value=False) if is_flag else value
        return _Column(filled.to_numpy(), missing)

    def wrap(self, values: NDArray[Any]) -> Any:
        return sys.modules["polars"].Series(self._name, values)


class _PyArrow:
    """PyArrow arrays: results are chunked if an input is."""

    def __init__(self, columns: Columns) -> None:
        self._arrow = importlib.import_module("pyarrow")
        self._is_chunked = any(isinstance(value, self._arrow.ChunkedArray) for _, value in columns)

    def column(self, value: Any, *, is_flag: bool) -> _Column:
        arrow = self._arrow
        if not isinstance(value, (arrow.Array, arrow.ChunkedArray)):
            convert = arrow.array if hasattr(value, "__arrow_c_array__") else arrow.chunked_array
            value = convert(value)
        if not _is_readable(value.type, arrow.types):
            message = f"an Arrow array of {value.type} holds no numbers"
            raise TypeError(message)
        if arrow.types.is_decimal(value.type) or arrow.types.is_null(value.type):
            value = value.cast(arrow.float64())
        if isinstance(value, arrow.ChunkedArray):
            value = value.chunk(0) if value.num_chunks == 1 else value.combine_chunks()
        missing = value.is_null().to_numpy(zero_copy_only=False) if value.null_count else None
        filled = value.fill_null(fill_value=False) if is_flag and value.null_count else value
        return _Column(filled.to_numpy(zero_copy_only=False), missing)

    def wrap(self, values: NDArray[Any]) -> Any:
        array = self._arrow.array(values)
        return self._arrow.chunked_array([array]) if self._is_chunked else array


class _Nanoarrow:
    """nanoarrow arrays."""

    def __init__(self, columns: Columns) -> None:  # noqa: ARG002 - as the others
        self._arrow = importlib.import_module("nanoarrow")
        self._separate = importlib.import_module("nanoarrow.visitor").nulls_separate()

    def column(self, value: Any, *, is_flag: bool) -> _Column:
        array = value if isinstance(value, self._arrow.Array) else self._arrow.Array(value)
        is_valid, data = array.to_pysequence(handle_nulls=self._separate)
        values = np.asarray(data)
        if array.schema.type == self._arrow.Type.BOOL:
            values = values.view(np.bool_)
        elif values.dtype.kind not in "fiu":
            message = f"an Arrow array of {array.schema.type.name.lower()} holds no numbers"
            raise TypeError(message)
        if is_valid is None:
            return _Column(values)
        missing = ~np.asarray(is_valid).view(np.bool_)
        return _Column(np.where(missing, False if is_flag else np.nan, values), missing)

    def wrap(self, values: NDArray[Any]) -> Any:
        return self._arrow.Array(self._arrow.c_array(values))


def _is_readable(kind: Any, types: ModuleType) -> bool:
    tests = (
        types.is_floating,
        types.is_integer,
        types.is_boolean,
        types.is_decimal,
        types.is_null,
    )
    return any(test(kind) for test in tests)


def _shared_name(columns: Columns) -> Any:
    names = {column.name for _, column in columns}
    return names.pop() if len(names) == 1 else None


def _is_loaded_type(value: object, module: str, names: tuple[str, ...]) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, tuple(getattr(loaded, name) for name in names))


_OWNERS: tuple[tuple[str, tuple[str, ...], type[_Library] | None], ...] = (
    ("pandas", ("DataFrame", "Index"), None),  # read as arrays
    ("pandas", ("Series",), _Pandas),
    ("polars", ("Series",), _Polars),
    ("pyarrow", ("Array", "ChunkedArray"), _PyArrow),
    ("nanoarrow", ("Array",), _Nanoarrow),
)


def _library(name: str, value: object) -> type[_Library] | None:
    """Return the library of a column; None if `value` is none."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        message = f"{name} has masked values; pass {name}.filled(numpy.nan)"
        raise TypeError(message)
    if isinstance(value, _PLAIN):
        return None
    for module, types, library in _OWNERS:
        if _is_loaded_type(value, module, types):
            return library
    if hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
        return _installed_reader(name)
    return None


def _installed_reader(name: str) -> type[_Library]:
    for module, library in (("pyarrow", _PyArrow), ("nanoarrow", _Nanoarrow)):
        if importlib.util.find_spec(module) is not None:
            return library
    message = (
        f"{name} offers Arrow data, which neither PyArrow nor nanoarrow is here to read; "
        "install quantforge[arrow]"
    )
    raise ModuleNotFoundError(message)


def read(
    names: tuple[str, ...],
    arguments: tuple[Any, ...],
    is_call: Any,
    on_error: Literal["raise", "nan", "status"] | None,
) -> tuple[tuple[Any, ...], Any, Wrap] | None:
    """Return the arguments as NumPy reads them, and what gives results back as columns.

    Returns None if no argument is a column.

    Raises
    ------
    TypeError
        If columns come from several libraries, hold no numbers, or meet arrays of several axes; if
        values of a masked array are masked.
    ValueError
        If indexes differ, or a value is missing while rows must not fail.
    """
    given = list(zip((*names, _FLAG), (*arguments, is_call), strict=True))
    libraries = [_library(name, value) for name, value in given]
    columns = [one for one, library in zip(given, libraries, strict=True) if library is not None]
    if not columns:
        return None
    library = _one_library(given, libraries)(columns)
    read_columns = [
        None if owner is None else _column(library, name, value)
        for (name, value), owner in zip(given, libraries, strict=True)
    ]
    if on_error in (None, "raise"):
        _refuse_missing(names, read_columns)
    *values, flags = (
        value if column is None else column.values
        for (_, value), column in zip(given, read_columns, strict=True)
    )
    side = read_columns[-1]
    spoiled = None if side is None else side.missing
    return tuple(values), flags, lambda result: _wrapped(library, result, spoiled)


def _one_library(
    given: Sequence[tuple[str, Any]], libraries: Sequence[type[_Library] | None]
) -> type[_Library]:
    owned = [(one, owner) for one, owner in zip(given, libraries, strict=True) if owner is not None]
    (first, value), library = owned[0]
    for (name, other), owner in owned:
        if owner is not library:
            kinds = [type(x).__module__.partition(".")[0] for x in (value, other)]
            message = (
                f"{first} comes from {kinds[0]} but {name} from {kinds[1]}; "
                "pass columns of one library"
            )
            raise TypeError(message)
    for name, other in given:
        if isinstance(other, np.ndarray) and other.ndim > 1:
            message = f"{name} has {other.ndim} axes, but columns such as {first} have one"
            raise TypeError(message)
    return library


def _column(library: _Library, name: str, value: Any) -> _Column:
    try:
        return library.column(value, is_flag=name == _FLAG)
    except (TypeError, ValueError) as error:
        message = f"{name} cannot be read as a column of real numbers: {error}"
        raise TypeError(message) from error


def _refuse_missing(names: tuple[str, ...], columns: Sequence[_Column | None]) -> None:
    for name, column in zip((*names, _FLAG), columns, strict=True):
        if column is not None and column.missing is not None and column.missing.any():
            row = int(column.missing.argmax())
            message = (
                f'row {row}: {name} is null, but must be a value; fill it, or pass on_error="nan" '
                'or "status"'
            )
            raise ValueError(message)


def _wrapped(library: _Library, result: Any, spoiled: Mask | None) -> Any:
    """Return results as columns; `spoiled` rows had no side and are refused here."""
    if isinstance(result, tuple):
        return tuple(_wrapped(library, part, spoiled) for part in result)
    if spoiled is not None:
        result[spoiled] = _BAD_INPUT if result.dtype == np.uint8 else np.nan
    return library.wrap(result)
