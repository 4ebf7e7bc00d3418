"""One gate, run and judged.

The caller hands in how to execute a command for the configuration under test; this module knows
no processes. Every way in which a check can fail to be made ends in ``passed=False``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from tighten.errors import StudyError, TrialError
from tighten.gates.spec import ExitCode, Gate, Invariant, SameArrays, Toggle, Tolerance
from tighten.parameters import Expression
from tighten.record import GateResult

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
        complaint, detail = _judge(gate, command, execute, reference)
    except TrialError as error:
        complaint, detail = _with_tail(error), ""
    except (ValueError, OSError, EOFError) as error:
        complaint, detail = f"the result cannot be read: {error}", ""
    return GateResult(
        name=gate.name,
        passed=complaint is None,
        detail=complaint or detail,
        seconds=time.perf_counter() - start,
    )


def _with_tail(error: TrialError) -> str:
    last = error.tail.strip().splitlines()
    return f"{error} ({last[-1]})" if last else str(error)


def _judge(
    gate: Gate, command: Command, execute: Execute, reference: Path | None
) -> tuple[str | None, str]:
    """Return the complaint, None for a pass, and the detail of a pass."""
    match gate.rule:
        case ExitCode():
            execute(command, environment={})
            return None, "exit code 0"
        case SameArrays(tolerance=tolerance):
            result = _written(execute(command, environment={}))
            if reference is None:
                return None, "this result is the reference"
            return _compared(_read(result), _read(reference), tolerance)
        case Invariant(expression=text):
            return _invariant(text, _written(execute(command, environment={})))
        case Toggle(variable=variable, on=on, off=off, tolerance=tolerance):
            kept = _read(_written(execute(command, environment={variable: on})))
            other = _read(_written(execute(command, environment={variable: off})))
            return _compared(kept, other, tolerance)


def _written(result: Path | None) -> Path:
    if result is None:
        raise ValueError("the command wrote nothing to {result}")
    return result


# NumPy is slow to import, and most commands judge no array: it is imported when one is read.
def _read(path: Path) -> Arrays:
    from tighten.gates.arrays import read_arrays  # noqa: PLC0415

    return read_arrays(path)


def _compared(found: Arrays, reference: Arrays, tolerance: Tolerance) -> tuple[str | None, str]:
    from tighten.gates.arrays import disagreement, worst_error  # noqa: PLC0415

    complaint = disagreement(found, reference, tolerance)
    if complaint is not None:
        return complaint, ""
    return None, f"worst relative error {worst_error(found, reference):.2g}"


def _invariant(text: str, result: Path) -> tuple[str | None, str]:
    scalars = {
        name.replace(".", "_"): array.item()
        for name, array in _read(result).items()
        if array.size == 1
    }
    expression = Expression(text)
    if missing := sorted(set(expression.names) - set(scalars)):
        known = ", ".join(sorted(scalars)) or "none"
        return f"not in the result: {', '.join(missing)} (it holds: {known})", ""
    shown = ", ".join(f"{name} = {scalars[name]!r}" for name in sorted(expression.names))
    try:
        holds = expression.evaluate(scalars)
    except StudyError as error:
        return f"{text} cannot be evaluated with {shown}: {error}", ""
    # A NaN compares false, so an invariant over a NaN fails; only True itself passes.
    if holds is True:
        return None, f"{text} with {shown}"
    return f"{text} is false with {shown}", ""
