"""Hostile forms of an array: every one holds the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORMS", "UNREADABLE", "guarded", "reshaped"]

Array: TypeAlias = NDArray[Any]
Form: TypeAlias = Callable[[Array, np.random.Generator], Any]


def _unaligned(values: Array, _: np.random.Generator) -> Array:
    raw = np.zeros(values.nbytes + 1, dtype=np.uint8)
    array = raw[1:].view(values.dtype).reshape(values.shape)
    array[...] = values
    return array


def _field(values: Array, _: np.random.Generator) -> Array:
    """Return a view with strides that are no multiple of the item size."""
    table = np.zeros(values.shape, dtype=[("before", "u1"), ("x", values.dtype), ("after", "u2")])
    table["x"] = values
    found: Array = table["x"]
    return found


def _gapped(values: Array, rng: np.random.Generator) -> Array:
    steps = rng.integers(1, 4, values.ndim)
    holder = np.full([n * s for n, s in zip(values.shape, steps, strict=True)], np.nan)
    holder = holder.astype(values.dtype)
    # The ellipsis makes a view even of an array without axes.
    view = holder[(..., *(slice(None, None, int(s)) for s in steps))]
    view[...] = values
    return view


def _reversed(values: Array, rng: np.random.Generator) -> Array:
    turns = tuple(slice(None, None, int(rng.choice([-1, 1]))) for _ in values.shape)
    return np.ascontiguousarray(values[turns])[turns]


def _shuffled_axes(values: Array, rng: np.random.Generator) -> Array:
    order = rng.permutation(values.ndim)
    return np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))


def _read_only(values: Array, _: np.random.Generator) -> Array:
    copy = values.copy()
    copy.flags.writeable = False
    return copy


class _Named(np.ndarray[Any, Any]):
    """A subclass, as libraries of units have."""


class _ArrayLike:
    """An object that only knows how to become an array."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return self._values if dtype is None else self._values.astype(dtype)


FORMS: dict[str, Form] = {
    "plain": lambda values, _: values.copy(),
    "fortran": lambda values, _: np.asfortranarray(values),
    "gapped": _gapped,
    "reversed": _reversed,
    "shuffled axes": _shuffled_axes,
    "unaligned": _unaligned,
    "field": _field,
    "big-endian": lambda values, _: values.astype(values.dtype.newbyteorder(">")),
    "read-only": _read_only,
    "long double": lambda values, _: values.astype(np.longdouble),
    "list": lambda values, _: values.tolist() if values.size else values,
    "subclass": lambda values, _: values.copy().view(_Named),
    "array-like": lambda values, _: _ArrayLike(values),
    "unmasked": lambda values, _: np.ma.MaskedArray(values),
}


class _Raising:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        message = "no array today"
        raise RuntimeError(message)


class _Liar:
    """Says that it is long and gives nothing."""

    def __len__(self) -> int:
        return 1 << 40

    def __getitem__(self, at: int) -> float:
        raise IndexError(at)


def _recursive() -> list[Any]:
    one: list[Any] = []
    one.append(one)
    return one


UNREADABLE: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: "100",
    lambda: b"100",
    lambda: ["a", "b"],
    lambda: [None],
    lambda: [1.0, [2.0]],
    lambda: 1j,
    lambda: np.array([1j]),
    lambda: np.array(["2026-01-01"], dtype="datetime64[D]"),
    lambda: np.array([object()]),
    lambda: np.zeros(2, dtype=[("x", "f8")]),
    lambda: {"a": 1.0},
    lambda: (x for x in (1.0, 2.0)),
    lambda: 10**400,
    lambda: [10**400],
    object,
    _Raising,
    _Liar,
    _recursive,
    lambda: np.ma.MaskedArray([1.0, 2.0], mask=[False, True]),
)


def reshaped(values: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return values of a shape that broadcasts to `shape`: some axes dropped or of length one."""
    keep = rng.uniform(size=len(shape)) < 0.7
    own = tuple(n if kept else 1 for n, kept in zip(shape, keep, strict=True))
    while own and own[0] == 1 and rng.uniform() < 0.5:
        own = own[1:]
    return np.resize(values, own) if 0 not in own else np.zeros(own)


def guarded(values: Array) -> tuple[Array, Array]:
    """Return a copy in the middle of a larger array, and that array."""
    holder = np.full(values.size + 128, -7.0)
    inner = holder[64:-64].reshape(values.shape)
    inner[...] = values
    return inner, holder
