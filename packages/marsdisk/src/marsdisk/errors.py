"""Everything that can go wrong, as one tree.

```text
MarsdiskError
├── ConfigurationError   problems: what the user asked for cannot be run
├── TableError           a table file cannot be read or makes no sense
├── IntegrationError     a cell could not be advanced
├── LedgerError          mass is not accounted for
├── CheckpointError      a checkpoint cannot be used
└── OutputError          a file cannot be written
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "CheckpointError",
    "ConfigurationError",
    "IntegrationError",
    "LedgerError",
    "MarsdiskError",
    "OutputError",
    "Problem",
    "TableError",
]


class MarsdiskError(Exception):
    """Base of all errors of this package."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration."""

    place: str
    value: object
    rule: str
    suggestion: str = ""

    def __str__(self) -> str:
        hint = f"; {self.suggestion}" if self.suggestion else ""
        return f"{self.place} = {self.value!r}: {self.rule}{hint}"


class ConfigurationError(MarsdiskError):
    """The configuration cannot be run; `problems` lists every reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class TableError(MarsdiskError):
    """A table at `path` cannot be used."""

    def __init__(self, path: Path | str, detail: str, remedy: str) -> None:
        self.path, self.detail, self.remedy = path, detail, remedy
        super().__init__(f"{path}: {detail}; {remedy}")


class IntegrationError(MarsdiskError):
    """Cell `cell` could not be advanced beyond `time` [s]; `step` [s] was the last tried."""

    def __init__(self, cell: int, time: float, step: float, detail: str) -> None:
        self.cell, self.time, self.step, self.detail = cell, time, step, detail
        super().__init__(
            f"cell {cell} stopped at t = {time:.6g} s with step {step:.3g} s: {detail}; "
            "loosen numerics.rtol or look at the inputs of this cell"
        )


class LedgerError(MarsdiskError):
    """Cell `cell` at `time` [s] holds `residual` (relative) more mass than its ledger explains."""

    def __init__(
        self,
        cell: int,
        time: float,
        residual: float,
        tolerance: float,
        channels: Mapping[str, float],
    ) -> None:
        self.cell, self.time, self.residual = cell, time, residual
        self.tolerance, self.channels = tolerance, dict(channels)
        parts = ", ".join(f"{name} {value:.17g}" for name, value in channels.items())
        super().__init__(
            f"mass ledger of cell {cell} at t = {time:.6g} s is off by {residual:.3g} "
            f"(allowed {tolerance:.3g}); kg m^-2: {parts}"
        )


class CheckpointError(MarsdiskError):
    """A checkpoint cannot be used."""

    def __init__(self, detail: str, remedy: str) -> None:
        self.detail, self.remedy = detail, remedy
        super().__init__(f"{detail}; {remedy}")


class OutputError(MarsdiskError):
    """A file at `path` cannot be written."""

    def __init__(self, path: Path | str, detail: str, remedy: str) -> None:
        self.path, self.detail, self.remedy = path, detail, remedy
        super().__init__(f"{path}: {detail}; {remedy}")
