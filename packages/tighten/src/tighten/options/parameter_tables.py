"""The table ``[[parameter]]``: something that may change, its values and its place."""

from __future__ import annotations

from pydantic import Field, model_validator

from tighten.options.table import Table
from tighten.options.value_types import (
    AnyText,
    Bound,
    Count,
    Environment,
    Name,
    Scalar,
    Step,
    Text,
    Truth,
    Values,
)
from tighten.parameters.generated import FORMS, Form, form_of

__all__ = ["ParameterTable", "RangeTable"]


class RangeTable(Table):
    """Numbers from ``low`` to ``high``, both included."""

    low: Bound = Field(description="smallest value")
    high: Bound = Field(description="largest value")
    step: Step | None = Field(
        None,
        description="distance of two values (with `log`, their ratio); 1 (2) for whole numbers",
    )
    steps: Count | None = Field(None, description="number of values; for real numbers only")
    log: Truth = Field(default=False, description="spread the values evenly in the logarithm")

    @model_validator(mode="after")
    def _is_coherent(self) -> RangeTable:
        is_real = any(isinstance(one, float) for one in (self.low, self.high, self.step))
        if self.steps is not None and self.step is not None:
            raise ValueError("has `step` and `steps`; remove one of them")
        if self.steps is not None and not is_real:
            raise ValueError("`steps` is for real numbers: write low = 1.0, or give a `step`")
        return self


class ParameterTable(Table):
    """Something that may change: its values, and the one place where its value is written."""

    name: Name = Field(description="name in conditions, constraints and reports")
    source: Text | None = Field(
        None, description="source file (Rust, C, C++, Python) that defines the constant `name`"
    )
    constant: Text | None = Field(
        None, description="name of the constant in `source` or `table`, if it is another one"
    )
    scope: AnyText | None = Field(
        None,
        description="module, class or function around the constant, if the name is not unique; "
        '"" is the top level',
    )
    branch: Text | None = Field(
        None,
        description="line that opens the branch with the constant, if several have one, as in "
        '"#else", "#ifdef USE_MKL", "else:"',
    )
    language: Text | None = Field(
        None, description="language of `source`, if its suffix does not tell"
    )
    toml: Text | None = Field(None, description="TOML file that holds the value at `key`")
    yaml: Text | None = Field(None, description="YAML file that holds the value at `key`")
    json_: Text | None = Field(
        None, alias="json", description="JSON file that holds the value at `key`"
    )
    key: Text | None = Field(None, description='dotted key in the file, as in "solver.block"')
    table: Text | None = Field(
        None,
        description="source file in which tighten writes a size -> strategy table between the "
        "comments `tighten:NAME:begin` and `tighten:NAME:end`",
    )
    form: Form | None = Field(
        None,
        strict=False,
        description="what the table looks like; without it, the file's suffix tells",
    )
    type_: Text | None = Field(
        None, alias="type", description="type of the strategies in a Rust table"
    )
    env: Text | None = Field(None, description="environment variable that carries the value")
    argument: Text | None = Field(
        None, description='words of the command line, as in "--jobs {value}"; see `{arguments}`'
    )
    default: Scalar | None = Field(
        None, description="value of `env` or `argument` in the project as it stands"
    )
    values: Values | None = Field(None, description="the values to try")
    range_: RangeTable | None = Field(
        None, alias="range", description="the values to try, as a range"
    )
    strategies: Environment = Field(
        default_factory=dict,
        description='the strategies of a `table`, each with its code, as in `{ serial = "Mode::'
        'Serial", shared = "Mode::Shared" }`',
    )
    threshold: Truth = Field(
        default=False,
        description="the value is the size from which on another strategy serves a problem; "
        "`cost-model` proposes it. Several thresholds stand in ascending order",
    )
    when: Text | None = Field(
        None, description='condition under which the parameter matters, as in "parallel == true"'
    )

    @model_validator(mode="after")
    def _is_coherent(self) -> ParameterTable:
        bindings = [name for name in BINDINGS if self.written(name)]
        if len(bindings) != 1:
            said = (
                f"has {' and '.join(f'`{name}`' for name in bindings)}"
                if bindings
                else "has no place"
            )
            raise ValueError(f"{said}; needs exactly one of {', '.join(BINDINGS)}")
        for name, allowed in COMPANIONS.items():
            if self.written(name) and bindings[0] not in allowed:
                raise ValueError(
                    f"`{name}` belongs to {' or '.join(allowed)}, not to {bindings[0]}"
                )
        if bindings[0] in {"toml", "yaml", "json"} and self.key is None:
            raise ValueError(f"`{bindings[0]}` needs `key`, the place of the value in the file")
        if bindings[0] == "table":
            self._require_strategies()
        elif (self.values is None) == (self.range_ is None):
            raise ValueError("needs either `values` or `range`")
        return self

    def _require_strategies(self) -> None:
        for name in ("values", "range", "threshold"):
            if self.written(name):
                raise ValueError(f"`{name}` does not go with `table`, whose values are tables")
        if len(self.strategies) < 2:
            raise ValueError("`table` needs `strategies`, at least two, each with its code")
        if self.form is None and form_of(self.table or "") is None:
            raise ValueError(f"`table` needs `form`, one of {', '.join(FORMS)}")

    def written(self, key: str) -> bool:
        """Whether the study gives the key, by the name that it has in the file."""
        fields = type(self).model_fields
        return any((fields[name].alias or name) == key for name in self.model_fields_set)


BINDINGS = ("source", "toml", "yaml", "json", "table", "env", "argument")
COMPANIONS = {
    "constant": ("source", "table"),
    "scope": ("source",),
    "branch": ("source",),
    "language": ("source",),
    "key": ("toml", "yaml", "json"),
    "form": ("table",),
    "type": ("table",),
    "strategies": ("table",),
    "default": ("env", "argument"),
}
