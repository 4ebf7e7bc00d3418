"""The table ``[[gate]]``: a check of correctness, and how far numbers may lie apart."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tighten.gates import NanPolicy, Toggle, Tolerance
from tighten.options.table import Table, pick
from tighten.options.value_types import (
    Duration,
    Environment,
    EnvironmentText,
    Magnitude,
    Natural,
    Text,
    Texts,
    Truth,
)

__all__ = ["GateTable", "OutputTable", "ToggleTable"]

TOGGLE = Toggle(variable="any")
TOLERANCE = Tolerance()


class ToggleTable(Table):
    """A switch that must not change the numbers."""

    env: Text = Field(description="environment variable that is the switch")
    on: EnvironmentText = Field(TOGGLE.on, description="value that turns it on")
    off: EnvironmentText = Field(TOGGLE.off, description="value that turns it off")


class OutputTable(Table):
    """How far one array may lie from its reference; the rest of the gate's is not inherited."""

    rtol: Magnitude = Field(TOLERANCE.rtol, description="relative tolerance")
    atol: Magnitude = Field(TOLERANCE.atol, description="absolute tolerance")
    ulp: Natural = Field(TOLERANCE.ulp, description="tolerance in units in the last place")
    nan: NanPolicy = pick(TOLERANCE.nan, "whether NaN agrees with NaN, or fails the gate")
    bitwise: Truth = Field(TOLERANCE.bitwise, description="the same type and bits")

    @model_validator(mode="after")
    def _is_coherent(self) -> OutputTable:
        _refuse_contradiction(self)
        return self


TOLERANCES = {"rtol", "atol", "ulp", "nan", "bitwise", "outputs"}


def _refuse_contradiction(table: OutputTable | GateTable) -> None:
    if table.bitwise and (table.rtol or table.atol or table.ulp):
        raise ValueError("`bitwise` leaves no room for `rtol`, `atol` or `ulp`; remove one of them")


class GateTable(Table):
    """A check of correctness: an exit code, equal arrays, an invariant, or a harmless switch."""

    name: Text = Field(description="name of the gate in reports")
    command: Text = Field(description="shell command; it fails the gate if it does not exit with 0")
    final_command: Text | None = Field(
        None, description="command for the winner in place of `command`, on the full input say"
    )
    final_only: Truth = Field(default=False, description="run the gate on the winner alone")
    timeout: Duration = Field(600.0, description="time after which the gate counts as failed")
    env: Environment = Field(default_factory=dict, description="variables set for the command")
    cwd: Text = Field(".", description="directory of the command, inside the project")
    compare: Literal["arrays"] | None = Field(
        None, description="compare the arrays in `{result}` with the baseline's"
    )
    invariant: Text | None = Field(
        None,
        description="expression over the numbers in `{result}` that must hold, "
        'as in "abs(mass_error) < 1e-12"',
    )
    toggle: ToggleTable | None = Field(
        None, description="run the command with a switch on and off and compare the arrays"
    )
    rtol: Magnitude = Field(TOLERANCE.rtol, description="relative tolerance")
    atol: Magnitude = Field(TOLERANCE.atol, description="absolute tolerance")
    ulp: Natural = Field(TOLERANCE.ulp, description="tolerance in units in the last place")
    nan: NanPolicy = pick(TOLERANCE.nan, "whether NaN agrees with NaN, or fails the gate")
    bitwise: Truth = Field(
        TOLERANCE.bitwise, description="ask for the same types and bits, which tells -0.0 from 0.0"
    )
    outputs: dict[str, OutputTable] = Field(
        default_factory=dict,
        description="tolerances of single arrays by patterns of their names, as in "
        '`outputs."price*" = { ulp = 2 }`, with any of `bitwise`, `rtol`, `atol`, `ulp`, `nan`; '
        "the first that fits counts",
    )
    held_out: Texts = Field(
        default_factory=list,
        description="commands on inputs that no trial of the search sees: the winner runs them "
        "under the rule of this gate",
    )

    @model_validator(mode="after")
    def _has_one_rule(self) -> GateTable:
        rules = [name for name in ("compare", "invariant", "toggle") if getattr(self, name)]
        if len(rules) > 1:
            raise ValueError(
                f"has {' and '.join(f'`{name}`' for name in rules)}; one gate, one rule"
            )
        tolerances = sorted(TOLERANCES & self.model_fields_set)
        if tolerances and rules not in (["compare"], ["toggle"]):
            raise ValueError(f"`{tolerances[0]}` needs `compare` or `toggle`")
        _refuse_contradiction(self)
        return self

    def reads_result(self) -> bool:
        """Whether the gate looks at what the command writes, not only at its exit code."""
        return any((self.compare, self.invariant, self.toggle))
