"""Named arrays out of result files, and the comparison of two sets of them.

The format is told by the file's first bytes (NumPy ``.npz`` and ``.npy``, Parquet, JSON, else
CSV), because a benchmark that was handed a path does not always keep its suffix. Reading is left
to NumPy and Arrow; nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tighten.gates.spec import NanPolicy, Tolerance
from tighten.record import Distance

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Arrays", "disagreement", "distance", "read_arrays", "worst_error"]

Arrays = Mapping[str, NDArray[Any]]


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return all arrays in a result file by name.

    JSON objects are flattened with dots (``a.b``); a list of numbers is one array.

    Raises
    ------
    ValueError
        If the file is none of the formats, is damaged, or holds Python objects.
    """
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"PK"):
        return _archived_arrays(path)
    if magic == b"\x93NUMPY":
        return {"array": np.load(path, allow_pickle=False)}
    if magic.startswith(b"PAR1"):
        import pyarrow.parquet as pq  # noqa: PLC0415  slow to import, rarely needed

        return _table_arrays(pq.read_table(path))
    if magic.lstrip()[:1] in {b"{", b"["}:
        return _json_arrays(json.loads(path.read_text()))
    import pyarrow.csv  # noqa: PLC0415  slow to import, rarely needed

    return _table_arrays(pyarrow.csv.read_csv(path))


def _archived_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except zipfile.BadZipFile as error:
        raise ValueError(f"damaged .npz: {error}") from error


def _table_arrays(table: Any) -> dict[str, NDArray[Any]]:
    return {
        name: table.column(name).combine_chunks().to_numpy(zero_copy_only=False)
        for name in table.column_names
    }


def _json_arrays(value: Any, name: str = "") -> dict[str, NDArray[Any]]:
    if isinstance(value, dict):
        found: dict[str, NDArray[Any]] = {}
        for key, inner in value.items():
            found |= _json_arrays(inner, f"{name}.{key}" if name else key)
        return found
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name or 'the list'}: rows of unequal length") from error
    if array.dtype == object:
        raise ValueError(f"{name or 'the list'}: neither numbers nor text")
    return {name or "array": array}


def disagreement(found: Arrays, reference: Arrays, tolerance: Tolerance) -> str | None:
    """Return what differs in one line, or None if all arrays agree within the tolerance."""
    if missing := sorted(set(reference) - set(found)):
        return f"missing from the result: {', '.join(missing)}"
    if extra := sorted(set(found) - set(reference)):
        return f"not in the reference: {', '.join(extra)}"
    if not reference:
        return "the reference holds no arrays"
    for name in reference:
        if said := _difference(name, found[name], reference[name], tolerance.of(name)):
            return said
    return None


def worst_error(found: Arrays, reference: Arrays) -> float:
    """Return the largest relative error over all real elements; 0.0 if there is none."""
    worst = 0.0
    for name, expected in reference.items():
        if not _is_numeric(expected):
            continue
        error = np.abs(_wide(found[name]) - _wide(expected))
        scale = np.abs(_wide(expected))
        relative = error / np.where(scale > 0, scale, 1)
        finite = relative[np.isfinite(relative)]
        worst = max(worst, float(finite.max(initial=0.0)))
    return worst


def distance(found: Arrays, reference: Arrays) -> Distance:
    """Return how far the real numbers of two results lie apart; both hold the same arrays."""
    names = [name for name, array in reference.items() if _is_numeric(array)]
    if all(_is_same(found[name], reference[name]) for name in names):
        return Distance(bitwise=True, ulp=0.0, relative=0.0, output=next(iter(names), ""))
    ulps = {name: _largest_ulps(found[name], reference[name]) for name in names}
    return Distance(
        bitwise=False,
        ulp=max(ulps.values(), default=0.0),
        relative=worst_error(found, reference),
        output=max(ulps, key=ulps.__getitem__, default=""),
    )


def _largest_ulps(found: NDArray[Any], reference: NDArray[Any]) -> float:
    if reference.dtype.kind != "f" or found.dtype.kind != "f":
        return 0.0 if np.array_equal(found, reference) else math.inf
    with np.errstate(invalid="ignore", over="ignore"):
        same = (found == reference) | (np.isnan(found) & np.isnan(reference))
        ulps = np.where(same, 0.0, _ulps(found, reference))
    return float(np.where(np.isnan(ulps), np.inf, ulps).max(initial=0.0))


def _is_same(found: NDArray[Any], reference: NDArray[Any]) -> bool:
    """Whether two arrays of one shape agree in type and in every bit."""
    return found.dtype == reference.dtype and found.tobytes() == reference.tobytes()


def _same_bits(found: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where two arrays of one type hold the same bytes."""
    if reference.size == 0:
        return np.ones(reference.shape, np.bool_)
    left, right = (
        np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(*array.shape, -1)
        for array in (found, reference)
    )
    same: NDArray[np.bool_] = (left == right).all(axis=-1)
    return same


def _is_numeric(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "biufc"


def _wide(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.longdouble)


def _difference(
    name: str, found: NDArray[Any], reference: NDArray[Any], tolerance: Tolerance
) -> str | None:
    if found.shape != reference.shape:
        return f"{name}: shape {found.shape}, reference {reference.shape}"
    if tolerance.bitwise and found.dtype != reference.dtype:
        return f"{name}: type {found.dtype}, reference {reference.dtype}"
    if found.dtype != reference.dtype and _is_numeric(found) != _is_numeric(reference):
        return f"{name}: type {found.dtype}, reference {reference.dtype}"
    if not _is_numeric(reference):
        return _first_unequal(name, found, reference)
    if tolerance.nan is NanPolicy.FORBID and bool(np.isnan(found).any()):
        index = _index(np.isnan(found))
        return f"{name}{_subscript(index)} is NaN, and this gate forbids NaN"
    if tolerance.bitwise:
        disagrees = ~_same_bits(found, reference)
    else:
        disagrees = ~_agrees(found, reference, tolerance)
    return _worst(name, found, reference, disagrees) if bool(disagrees.any()) else None


def _first_unequal(name: str, found: NDArray[Any], reference: NDArray[Any]) -> str | None:
    unequal = np.asarray(found != reference)
    if not bool(unequal.any()):
        return None
    index = _index(unequal)
    return (
        f"{name}{_subscript(index)}: {_shown(found[index])}, reference {_shown(reference[index])}"
    )


def _agrees(
    found: NDArray[Any], reference: NDArray[Any], tolerance: Tolerance
) -> NDArray[np.bool_]:
    if _is_same(found, reference):  # the usual case, and much the cheapest
        return np.ones(found.shape, np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        same = (found == reference) | (np.isnan(found) & np.isnan(reference))
        both_finite = np.isfinite(found) & np.isfinite(reference)
        bound = tolerance.atol + tolerance.rtol * np.abs(_wide(reference))
        near = np.abs(_wide(found) - _wide(reference)) <= bound
        agrees: NDArray[np.bool_] = same | (both_finite & near)
        if tolerance.ulp and reference.dtype.kind == "f":
            agrees |= both_finite & (_ulps(found, reference) <= tolerance.ulp)
    return agrees


def _ulps(found: NDArray[Any], reference: NDArray[Any]) -> NDArray[Any]:
    """Return the distance in units in the last place, measured at the reference."""
    spacing = np.spacing(np.abs(reference)).astype(np.longdouble)
    return np.asarray(np.abs(_wide(found) - _wide(reference)) / spacing)


def _worst(
    name: str, found: NDArray[Any], reference: NDArray[Any], disagrees: NDArray[np.bool_]
) -> str:
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where(disagrees, np.abs(_wide(found) - _wide(reference)), -1.0)
    error = np.where(disagrees & ~np.isfinite(error), math.inf, error)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
    scale = float(np.abs(reference[index]))
    relative = f", relative {float(error[index]) / scale:.3g}" if scale > 0 else ""
    return (
        f"{name}{_subscript(index)} = {_shown(found[index])}, "
        f"reference {_shown(reference[index])}: error {float(error[index]):.3g}{relative}; "
        f"{int(disagrees.sum())} of {disagrees.size} elements disagree"
    )


def _shown(element: Any) -> str:
    """Return an element as Python writes it, without NumPy's name for its type."""
    plain = element.item() if isinstance(element, np.generic) else element
    return repr(plain) if isinstance(plain, str | bytes | int | float | complex) else str(plain)


def _index(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _subscript(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
