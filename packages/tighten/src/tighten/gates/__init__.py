"""Gates: the checks of correctness that a trial must pass before it is timed.

A gate runs a command in a built configuration and looks at its exit code, or at the result that
it wrote: against the baseline's result (`SameArrays`), against an expression (`Invariant`),
or against the same run with a switch thrown (`Toggle`). A check that cannot be made, for
example because a file is missing, is a failed gate and never a pass.
"""

from __future__ import annotations

from tighten.gates.check import Execute, check
from tighten.gates.culprit import culprits
from tighten.gates.spec import ExitCode, Gate, Invariant, NanPolicy, SameArrays, Toggle, Tolerance

__all__ = [
    "Execute",
    "ExitCode",
    "Gate",
    "Invariant",
    "NanPolicy",
    "SameArrays",
    "Toggle",
    "Tolerance",
    "check",
    "culprits",
]
