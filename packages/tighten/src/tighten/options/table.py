"""What all tables of a study file have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

__all__ = ["Table", "pick"]


class Table(BaseModel):
    """A table of the study file: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def by_key(self) -> Iterator[tuple[str, Any]]:
        """Yield the keys of the file with their values."""
        for name, field in type(self).model_fields.items():
            yield field.alias or name, getattr(self, name)


def pick(default: StrEnum, meaning: str) -> Any:
    """Return a key that takes a word of an enumeration."""
    return Field(default, strict=False, description=meaning)
