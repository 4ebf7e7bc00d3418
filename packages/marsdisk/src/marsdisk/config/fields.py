"""Build configuration sections whose keys carry unit, meaning and allowed range in one place.

Every key of the configuration is declared once, with :func:`key`; loading and the reference page
read that declaration.  Limitations: a section validates its own keys only, rules between sections
live in :mod:`marsdisk.config.root`.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["REQUIRED", "Section", "key"]

REQUIRED: Any = ...


class Section(BaseModel):
    """One frozen block of the configuration; unknown keys and silent type changes are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )


def key(default: Any, unit: str, meaning: str, **bounds: Any) -> Any:
    """Declare one key.

    Parameters
    ----------
    default : object
        Default value, or ``REQUIRED``.
    unit : str
        Unit of the value as written in the file; ``"1"`` for pure numbers, ``""`` for words.
    meaning : str
        One sentence for people.
    **bounds : object
        Pydantic constraints (``gt``, ``ge``, ``lt``, ``le``, ``min_length``, ``strict``).

    Returns
    -------
    pydantic.fields.FieldInfo
    """
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **bounds)
