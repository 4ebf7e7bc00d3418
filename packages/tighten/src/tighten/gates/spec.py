"""What a study asks of its gates: a command, a rule, and how far numbers may lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from tighten.runner import Command

__all__ = [
    "ExitCode",
    "Gate",
    "Invariant",
    "NanPolicy",
    "Rule",
    "SameArrays",
    "Toggle",
    "Tolerance",
]


class NanPolicy(StrEnum):
    """Whether a NaN may stand in a result at all."""

    EQUAL = "equal"  # NaN agrees with NaN at the same place, and with nothing else
    FORBID = "forbid"  # any NaN fails the gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far an element may lie from its reference.

    An element agrees if ``|value - reference| <= atol + rtol * |reference|``, or if it lies
    within ``ulp`` units in the last place. All zero, the default, asks for equal values;
    ``bitwise`` for equal types and bits, which tells -0.0 from 0.0. ``outputs`` holds the
    tolerances of single arrays by patterns of their names (``"mass*"``), the first that fits.
    """

    rtol: float = 0.0
    atol: float = 0.0
    ulp: int = 0
    nan: NanPolicy = NanPolicy.EQUAL
    bitwise: bool = False
    outputs: Mapping[str, Tolerance] = field(default_factory=dict)

    def of(self, output: str) -> Tolerance:
        """Return the tolerance of one array."""
        found = (one for name, one in self.outputs.items() if fnmatchcase(output, name))
        return next(found, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitCode:
    """The command must exit with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameArrays:
    """The arrays that the command writes to ``{result}`` must agree with the baseline's."""

    tolerance: Tolerance = Tolerance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """An expression over the scalars that the command writes to ``{result}`` must be true."""

    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle:
    """The command must write the same arrays with a switch on and with it off.

    ``variable`` is an environment variable; ``on`` and ``off`` are the two values it is given.
    """

    variable: str
    on: str = "1"
    off: str = "0"
    tolerance: Tolerance = Tolerance()


Rule = ExitCode | SameArrays | Invariant | Toggle


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One check: a command to run, and the rule that its outcome must obey.

    ``final_command`` is the form that the winner runs, usually on the full input;
    ``final_only`` leaves the gate out before each timing and keeps it for the winner.
    """

    name: str
    command: Command
    rule: Rule = ExitCode()
    final_command: Command | None = None
    final_only: bool = False
