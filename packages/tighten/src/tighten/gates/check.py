"""One gate, run and judged.

The caller hands in how to execute a command for the configuration under test; this module knows
no processes. Every way in which a check can fail to be made ends in ``passed=False``.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from tighten.errors import StudyError, TrialError
from tighten.gates.spec import ExitCode, Gate, Invariant, SameArrays, Toggle, Tolerance
from tighten.parameters import Expression
from tighten.record import Distance, GateResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tighten.gates.arrays import Arrays
    from tighten.runner import Command

__all__ = ["Execute", "check"]


class Execute(Protocol):
    """Runs a gate's command for one configuration."""

    def __call__(self, command: Command, *, environment: Mapping[str, str]) -> Path | None:
        """Return the file that the command wrote to ``{result}``, None if it wrote none.

        Raises
        ------
        TrialError
            If the command fails, crashes or hangs.
        """


def check(
    gate: Gate, execute: Execute, reference: Path | None, *, is_final: bool = False
) -> GateResult:
    """Run one gate and judge it.

    Parameters
    ----------
    gate
        What to run and what to ask of it.
    execute
        Runs a command for the configuration under test.
    reference
        The baseline's result of this gate; only the rule `SameArrays` needs it.
    is_final
        Whether to run the winner's form of the command, if the gate has one.
    """
    start = time.perf_counter()
    command = gate.final_command if is_final and gate.final_command else gate.command
    try:
        judged = _judge(gate, command, execute, reference)
    except TrialError as error:
        judged = _Judged(complaint=_with_tail(error))
    except (ValueError, OSError, EOFError) as error:
        judged = _Judged(complaint=f"the result cannot be read: {error}")
    return GateResult(
        name=gate.name,
        passed=judged.complaint is None,
        detail=judged.complaint or judged.detail,
        seconds=time.perf_counter() - start,
        distance=judged.distance,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What is wrong, None for a pass; for a pass, its detail and how far the numbers moved."""

    complaint: str | None = None
    detail: str = ""
    distance: Distance | None = None


def _with_tail(error: TrialError) -> str:
    last = error.tail.strip().splitlines()
    return f"{error} ({last[-1]})" if last else str(error)


def _judge(gate: Gate, command: Command, execute: Execute, reference: Path | None) -> _Judged:
    match gate.rule:
        case ExitCode():
            execute(command, environment={})
            return _Judged(detail="exit code 0")
        case SameArrays(tolerance=tolerance):
            result = _written(execute(command, environment={}))
            if reference is None:
                return _Judged(detail="this result is the reference")
            return _compared(_read(result), _read(reference), tolerance)
        case Invariant(expression=text):
            return _invariant(text, _written(execute(command, environment={})))
        case Toggle(variable=variable, on=on, off=off, tolerance=tolerance):
            kept = _read(_written(execute(command, environment={variable: on})))
            other = _read(_written(execute(command, environment={variable: off})))
            return replace(_compared(kept, other, tolerance), distance=None)


def _written(result: Path | None) -> Path:
    if result is None:
        raise ValueError("the command wrote nothing to {result}")
    return result


# NumPy is slow to import, and most commands judge no array: it is imported when one is read.
def _read(path: Path) -> Arrays:
    from tighten.gates.arrays import read_arrays  # noqa: PLC0415

    return read_arrays(path)


def _compared(found: Arrays, reference: Arrays, tolerance: Tolerance) -> _Judged:
    from tighten.gates.arrays import disagreement, distance  # noqa: PLC0415

    complaint = disagreement(found, reference, tolerance)
    if complaint is not None:
        return _Judged(complaint=complaint)
    apart = distance(found, reference)
    if apart.bitwise:
        return _Judged(detail="every bit the same", distance=apart)
    detail = f"worst relative error {apart.relative:.2g}"
    if math.isfinite(apart.ulp):
        detail += f", {apart.ulp:.3g} units in the last place in {apart.output}"
    return _Judged(detail=detail, distance=apart)


def _invariant(text: str, result: Path) -> _Judged:
    scalars = {
        name.replace(".", "_"): array.item()
        for name, array in _read(result).items()
        if array.size == 1
    }
    expression = Expression(text)
    if missing := sorted(set(expression.names) - set(scalars)):
        known = ", ".join(sorted(scalars)) or "none"
        said = f"not in the result: {', '.join(missing)} (it holds: {known})"
        return _Judged(complaint=said)
    shown = ", ".join(f"{name} = {scalars[name]!r}" for name in sorted(expression.names))
    try:
        holds = expression.evaluate(scalars)
    except StudyError as error:
        return _Judged(complaint=f"{text} cannot be evaluated with {shown}: {error}")
    # A NaN compares false, so an invariant over a NaN fails; only True itself passes.
    if holds is True:
        return _Judged(detail=f"{text} with {shown}")
    return _Judged(complaint=f"{text} is false with {shown}")
