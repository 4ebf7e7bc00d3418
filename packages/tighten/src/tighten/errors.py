"""Every way in which tighten itself refuses or fails; the text is what the user reads.

::

    TightenError                 exit code
    ├── StudyError               2  the study file, an argument or a variable is wrong
    ├── BindingError             2  a parameter cannot be read or written at its place
    ├── TrialError               1  a build, gate or benchmark failed; data for the ledger
    ├── BaselineError            3  the project as it stands fails, so nothing can be compared
    └── StateError               2  disk, lock, journal or ledger: what tighten keeps for itself

A message says what was wrong, the value, what was allowed, and the remedy. An interrupt is
Python's own ``KeyboardInterrupt`` (exit code 130).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BaselineError",
    "BindingError",
    "FailureKind",
    "StateError",
    "StudyError",
    "TightenError",
    "TrialError",
]


class FailureKind(StrEnum):
    """What went wrong in a trial; recorded in the ledger under this word."""

    EDIT = "edit"
    BUILD = "build"
    GATE = "gate"
    CRASH = "crash"
    TIMEOUT = "timeout"
    RESULT = "result"  # no result file, wrong format, missing case or metric
    METRIC = "metric"  # a value that is not finite, or not positive


class TightenError(Exception):
    """Base of all errors that tighten raises on purpose."""

    exit_code = 2


class StudyError(TightenError):
    """The study file, a command line argument or an environment variable is wrong."""


class BindingError(TightenError):
    """A parameter cannot be read or written at the place that the study names.

    Parameters
    ----------
    message
        What was wrong, the value, what was allowed, and the remedy.
    parameter
        Name of the parameter.
    """

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class TrialError(TightenError):
    """A trial failed in an expected way; the loop records it and goes on.

    Parameters
    ----------
    message
        One line for tables.
    kind
        The step and manner of failure.
    log
        Full output of the command, if a command was run.
    tail
        Last lines of that output.
    """

    exit_code = 1

    def __init__(
        self, message: str, *, kind: FailureKind, log: Path | None = None, tail: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.log = log
        self.tail = tail


class BaselineError(TightenError):
    """The project as it stands does not build, pass its gates, or give its metrics."""

    exit_code = 3


class StateError(TightenError):
    """The disk, a lock, the journal or the ledger stands in the way; nothing was lost."""
