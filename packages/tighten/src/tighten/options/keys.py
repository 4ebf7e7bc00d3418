"""What the models say of a key: its type, what it allows, and the keys beside it."""

from __future__ import annotations

from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from tighten.options.schema import StudyFile, Table
from tighten.options.value_types import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic.fields import FieldInfo

__all__ = ["bare", "entry", "is_table", "keys", "keys_at", "label", "type_at"]


def type_at(path: Sequence[str | int]) -> Any:
    """Return the type of the value at a path of the file, None if there is no such key."""
    annotation: Any = StudyFile
    for part in path:
        annotation = _inner(bare(annotation), part)
        if annotation is None:
            return None
    return annotation


def bare(annotation: Any) -> Any:
    """Return the annotation without its metadata and without None."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        kept = [one for one in get_args(annotation) if one is not NoneType]
        return bare(kept[0]) if len(kept) == 1 else annotation
    return annotation


def _inner(owner: Any, part: str | int) -> Any:
    if get_origin(owner) is list:
        return get_args(owner)[0]
    if get_origin(owner) is dict:
        return get_args(owner)[1]
    if is_table(owner):
        field = keys(owner).get(str(part))
        return field.rebuild_annotation() if field else None
    return None


def is_table(annotation: Any) -> TypeGuard[type[Table]]:
    """Whether a type is a table with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, Table)


def keys(table: type[Table]) -> dict[str, FieldInfo]:
    """Return the fields of a table by the names that they have in the file."""
    return {field.alias or name: field for name, field in table.model_fields.items()}


def keys_at(path: Sequence[str | int]) -> dict[str, FieldInfo]:
    """Return the keys that the table at a path may have; none if any name will do."""
    annotation = bare(type_at(path))
    return keys(annotation) if is_table(annotation) else {}


def entry(annotation: Any) -> Any:
    """Return the type of the entries of a list, None if the type is no list."""
    return get_args(annotation)[0] if get_origin(annotation) is list else None


def label(annotation: Any) -> str:
    """Return what a type allows, as a phrase: ``a whole number, at least 1``."""
    if get_origin(annotation) is Annotated:
        base, *metadata = get_args(annotation)
        return next((str(one) for one in metadata if isinstance(one, Label)), None) or label(base)
    if get_origin(annotation) in {Union, UnionType}:
        return label(next(one for one in get_args(annotation) if one is not NoneType))
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{word}"' for word in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f'"{word}"' for word in annotation)
    return "a table"
