"""JSON text for tighten's frozen records, and the same records back from that text.

The ledger stores what this module writes and exports hand it to other programs, so the text is
plain JSON: ASCII only (a log may hold bytes that are no characters; they survive as escapes) and
free of the ``NaN`` and ``Infinity`` that most readers refuse. A number that is not finite is
written as ``{"$float": "nan"}``, ``"inf"`` or ``"-inf"``.

Reading is strict: an unknown field, a missing field without default, or a value of another type
is an error that names the place. The one loss: inside a field of type ``Any`` a tuple comes back
as a list.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin

from cattrs import Converter, transform_error
from cattrs.cols import homogenous_tuple_structure_factory, mapping_structure_factory
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn
from cattrs.v import format_exception

from tighten.errors import StateError

__all__ = ["decode", "encode"]

_FLOAT = "$float"
_NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_SCALARS = frozenset({bool, int, float, str, types.NoneType})

Reader = Callable[[Any, Any], Any]
T = TypeVar("T")


def encode(record: object, *, indent: int | None = None) -> str:
    """Return a record as one line of JSON, or indented by ``indent`` spaces.

    Parameters
    ----------
    record
        A frozen dataclass of tighten, or any nest of plain values.

    Returns
    -------
    str
        ASCII text that `decode` turns into an equal record.
    """
    plain = _converter().unstructure(record)
    separators = (",", ":") if indent is None else None
    return json.dumps(plain, indent=indent, separators=separators, allow_nan=False)


def decode(kind: type[T], text: str | bytes) -> T:
    """Return the record of type ``kind`` that `encode` wrote as ``text``.

    Raises
    ------
    StateError
        If the text is no JSON, or not a ``kind`` down to its last field.
    """
    try:
        return _converter().structure(json.loads(text), kind)
    except BaseValidationError as error:
        trouble = "; ".join(transform_error(error, kind.__name__, _explain)[:3])
    except (ValueError, TypeError, KeyError) as error:
        trouble = str(error)
    raise StateError(
        f"stored {kind.__name__} cannot be read: {trouble}. "
        "It was written by another version of tighten, or damaged; "
        "use that version, or move the state directory away and start again."
    )


def _explain(error: BaseException, kind: type[Any] | None) -> str:
    return str(error) if type(error) is ValueError else format_exception(error, kind)


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(float, _write_float)
    converter.register_unstructure_hook_func(_is_any, partial(_write_any, converter))
    for scalar in (bool, int, float, str):
        converter.register_structure_hook(scalar, _scalar_reader(scalar))
    converter.register_structure_hook_func(_is_any, _read_any)
    for applies, make, shape in (
        (_is_scalar_union, _scalar_reader, object),
        (is_dataclass, partial(make_dict_structure_fn, converter=converter), dict),
        (_is_mapping, partial(_mapping_reader, converter=converter), dict),
        (_is_tuple, partial(_tuple_reader, converter=converter), list),
    ):
        converter.register_structure_hook_factory(applies, partial(_shaped, make, shape))
    return converter


def _is_any(kind: Any) -> bool:
    return kind is Any


def _is_scalar_union(kind: Any) -> bool:
    return get_origin(kind) in {Union, types.UnionType} and set(get_args(kind)) <= _SCALARS


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis


def _shaped(make: Callable[[Any], Reader], shape: type, kind: Any) -> Reader:
    """Return the reader that ``make`` builds for ``kind``, behind a check of the JSON type."""
    read = make(kind)

    def check_and_read(value: Any, target: Any) -> Any:
        if not isinstance(value, shape):
            word = "an object" if shape is dict else "a list"
            raise _mismatch(word, value)
        return read(value, target)

    return check_and_read


def _tuple_reader(kind: Any, *, converter: Converter) -> Reader:
    """Return a reader that takes plain scalars all at once: most of a long study is those."""
    read = homogenous_tuple_structure_factory(kind, converter=converter)
    plain = _plain_types(get_args(kind)[0])

    def read_all(value: Any, target: Any) -> Any:
        return tuple(value) if set(map(type, value)) <= plain else read(value, target)

    return read_all


def _mapping_reader(kind: Any, *, converter: Converter) -> Reader:
    read = mapping_structure_factory(kind, converter=converter)
    key, member = get_args(kind)
    plain = _plain_types(member) if key is str else frozenset()

    def read_all(value: Any, target: Any) -> Any:
        return dict(value) if set(map(type, value.values())) <= plain else read(value, target)

    return read_all


def _plain_types(kind: Any) -> frozenset[type]:
    """Return the types of JSON values that stand for themselves in a field of type ``kind``."""
    allowed = {kind} if kind in _SCALARS else set(get_args(kind))
    if not allowed <= _SCALARS:
        return frozenset()
    return frozenset(allowed | {int} if float in allowed else allowed)


def _scalar_reader(kind: Any) -> Reader:
    allowed = set(get_args(kind)) or {kind}
    accepted = allowed | {int} if float in allowed else allowed
    names = " or ".join(sorted(member.__name__ for member in allowed))

    def read(value: Any, target: Any) -> Any:
        if type(value) in accepted:
            is_enum = target is not kind and isinstance(target, type) and issubclass(target, Enum)
            return target(value) if is_enum else value
        if float in allowed and type(value) is dict:
            return _read_float(value)
        raise _mismatch(names, value)

    return read


def _mismatch(expected: str, value: object) -> ValueError:
    return ValueError(f"expected {expected}, found {value!r:.80}")


def _read_float(value: Mapping[str, Any]) -> float:
    if len(value) == 1 and value.get(_FLOAT) in _NONFINITE:
        return _NONFINITE[value[_FLOAT]]
    raise _mismatch("a number", value)


def _read_any(value: Any, _: Any = None) -> Any:
    if type(value) is dict:
        if _FLOAT in value:
            return _read_float(value)
        return {key: _read_any(item) for key, item in value.items()}
    if type(value) is list:
        return [_read_any(item) for item in value]
    return value


def _write_float(value: float) -> object:
    return float(value) if math.isfinite(value) else {_FLOAT: repr(float(value))}


def _write_any(converter: Converter, value: Any) -> Any:
    if isinstance(value, Mapping):
        if _FLOAT in value:
            raise ValueError(f"a mapping may not use the reserved key {_FLOAT!r}")
        return {str(key): _write_any(converter, item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_write_any(converter, item) for item in value]
    return converter.unstructure(value)
