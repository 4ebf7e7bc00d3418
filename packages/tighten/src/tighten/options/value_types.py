"""The types of the values in a study file, each with the phrase that says what it allows.

The phrase serves the messages of faults and the reference page alike.
"""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator, StringConstraints

from tighten.options.quantities import parse_duration, parse_size
from tighten.options.wording import nearest
from tighten.samples import FORMATS
from tighten.search import STRATEGIES, missing_package

__all__ = [
    "AnyText",
    "Bound",
    "CategoryRules",
    "Constraints",
    "Count",
    "Cpus",
    "Duration",
    "Environment",
    "EnvironmentText",
    "Format",
    "Fraction",
    "Function",
    "HashSeed",
    "Label",
    "Level",
    "Magnitude",
    "Name",
    "Natural",
    "Niceness",
    "Positive",
    "Scalar",
    "Size",
    "Starters",
    "Step",
    "Strategy",
    "Text",
    "Texts",
    "Truth",
    "Values",
]

CPUS = "{cpus}"


class Label(str):
    """How the reference page calls a type."""

    __slots__ = ()


def _format(value: object) -> object:
    if isinstance(value, str) and value not in FORMATS:
        raise ValueError(f"unknown format{nearest(value, FORMATS)}")
    return value


def _strategy(value: object) -> object:
    if isinstance(value, str) and value not in STRATEGIES:
        raise ValueError(f"unknown strategy{nearest(value, STRATEGIES)}")
    if isinstance(value, str) and (package := missing_package(value)) is not None:
        raise ValueError(
            f"needs the package {package}, which is not installed: "
            f"pip install 'tighten[optuna]' {package}"
        )
    return value


def _seconds(value: object) -> object:
    return parse_duration(value if isinstance(value, str) else "")


def _bytes(value: object) -> object:
    return parse_size(value if isinstance(value, str) else "")


def _hash_seed(value: object) -> int | None:
    if value == "random":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return value
    raise ValueError('must be a whole number from 0 to 4294967295, or "random"')


def _scalar(value: object) -> bool | int | float | str:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("must be a number, a text, true or false")


def _bound(value: object) -> int | float | str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value == CPUS or (is_number and math.isfinite(value)):  # type: ignore[arg-type]  # ruled out
        return value  # type: ignore[return-value]  # a number or the placeholder
    raise ValueError(f'must be a number or "{CPUS}"')


def _step(value: object) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return value
    raise ValueError("must be a number above 0")


def _environment_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _function(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", value):
        return value
    raise ValueError('must have the form "module:callable"')


def _identifier(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]\w*", value, re.ASCII):
        return value
    raise ValueError("must be letters, digits and _, so that expressions can use it")


Text = Annotated[str, StringConstraints(min_length=1), Label("a text")]
AnyText = Annotated[str, Label("a text")]
Name = Annotated[str, PlainValidator(_identifier), Label("a name")]
Format = Annotated[str, BeforeValidator(_format), Label("a format")]
Strategy = Annotated[str, BeforeValidator(_strategy), Label("a strategy")]
Function = Annotated[str, PlainValidator(_function), Label('a text "module:callable"')]
Duration = Annotated[float, BeforeValidator(_seconds), Label("a duration")]
Size = Annotated[int, BeforeValidator(_bytes), Label("a size")]
HashSeed = Annotated[int | None, PlainValidator(_hash_seed), Label('a whole number or "random"')]
Scalar = Annotated[bool | int | float | str, PlainValidator(_scalar), Label("a value")]
Bound = Annotated[int | float | str, PlainValidator(_bound), Label(f'a number or "{CPUS}"')]
Step = Annotated[int | float, PlainValidator(_step), Label("a number above 0")]
EnvironmentText = Annotated[str, BeforeValidator(_environment_text), Label("a text")]
Environment = Annotated[dict[str, EnvironmentText], Label("a table of texts")]
Truth = Annotated[bool, Label("true or false")]
Natural = Annotated[int, Field(ge=0), Label("a whole number, at least 0")]
Count = Annotated[int, Field(ge=1), Label("a whole number, at least 1")]
# Each has a slot, and the incumbent one more; slots are letters.
Starters = Annotated[int, Field(ge=2, le=25), Label("a whole number from 2 to 25")]
Niceness = Annotated[int, Field(ge=-20, le=19), Label("a whole number from -20 to 19")]
Number = Annotated[float, Field(allow_inf_nan=False), Label("a number")]
Magnitude = Annotated[float, Field(ge=0, allow_inf_nan=False), Label("a number, at least 0")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), Label("a number above 0")]
Fraction = Annotated[float, Field(ge=0, lt=1), Label("a number, 0 to below 1")]
Level = Annotated[float, Field(gt=0, lt=1), Label("a number between 0 and 1")]
Constraints = Annotated[dict[str, Text], Label("a table of expressions")]
Values = Annotated[list[Scalar], Label("a list of values")]
Cpus = Annotated[list[Natural], Label("a list of whole numbers")]
Texts = Annotated[list[Text], Label("a list of texts")]
CategoryRules = Annotated[dict[str, Texts], Label("a table of lists of texts")]
