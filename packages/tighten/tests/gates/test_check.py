"""Gates as a whole: whatever cannot be checked fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tighten.errors import FailureKind, TrialError
from tighten.gates import ExitCode, Gate, Invariant, SameArrays, Toggle, Tolerance, check
from tighten.runner import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMAND = Command(template="true", timeout=1.0)


class Writes:
    """Executes by writing what it was given, one content after the other."""

    def __init__(self, directory: Path, *contents: str) -> None:
        self.directory, self.contents = directory, list(contents)
        self.environments: list[dict[str, str]] = []

    def __call__(self, command: Command, *, environment: Mapping[str, str]) -> Path:
        self.environments.append(dict(environment))
        path = self.directory / "result"
        path.write_text(self.contents.pop(0))
        return path


def fails(command: Command, *, environment: Mapping[str, str]) -> Path:
    raise TrialError("the gate exited with 3", kind=FailureKind.GATE, tail="why\nbecause\n")


def writes_nothing(command: Command, *, environment: Mapping[str, str]) -> None:
    return None


def gate(rule) -> Gate:
    return Gate(name="g", command=COMMAND, rule=rule)


def test_exit_code(tmp_path: Path) -> None:
    assert check(gate(ExitCode()), writes_nothing, None).passed
    failed = check(gate(ExitCode()), fails, None)
    assert not failed.passed
    assert failed.detail == "the gate exited with 3 (because)"


@pytest.mark.parametrize(
    "rule", [SameArrays(), Invariant(expression="x > 0"), Toggle(variable="T")]
)
def test_no_result_is_a_failure(rule) -> None:
    outcome = check(gate(rule), writes_nothing, None)
    assert not outcome.passed
    assert "wrote nothing" in outcome.detail


@pytest.mark.parametrize(
    "rule", [SameArrays(), Invariant(expression="x > 0"), Toggle(variable="T")]
)
@pytest.mark.parametrize("content", ["", "{", "PK\x03\x04 damaged", "a,b\n1,2,3\n"])
def test_a_damaged_result_is_a_failure(tmp_path: Path, rule, content: str) -> None:
    reference = tmp_path / "reference"
    reference.write_text('{"x": 1.0}')
    assert not check(gate(rule), Writes(tmp_path, content, content), reference).passed


def test_arrays_against_the_reference(tmp_path: Path) -> None:
    reference = tmp_path / "reference.npz"
    np.savez(reference, x=np.array([1.0, 2.0]))
    near = Writes(tmp_path, '{"x": [1.0, 2.0000001]}')
    rule = SameArrays(tolerance=Tolerance(rtol=1e-6))
    assert check(gate(rule), near, reference).passed
    far = Writes(tmp_path, '{"x": [1.0, 2.1]}')
    assert "x[1] = " in check(gate(rule), far, reference).detail


def test_toggle_compares_on_with_off(tmp_path: Path) -> None:
    rule = Toggle(variable="CACHE", on="1", off="0")
    same = Writes(tmp_path, '{"x": 1.0}', '{"x": 1.0}')
    assert check(gate(rule), same, None).passed
    assert same.environments == [{"CACHE": "1"}, {"CACHE": "0"}]
    other = Writes(tmp_path, '{"x": 1.0}', '{"x": 1.5}')
    assert not check(gate(rule), other, None).passed


@pytest.mark.parametrize(
    ("content", "passed", "detail"),
    [
        ('{"error": 1e-14}', True, "abs(error) < 1e-12 with error = 1e-14"),
        ('{"error": 1e-3}', False, "is false with error = 0.001"),
        ('{"error": NaN}', False, "is false with error = nan"),
        ('{"other": 1.0}', False, "not in the result: error (it holds: other)"),
        ('{"error": [1.0, 2.0]}', False, "not in the result: error"),
    ],
)
def test_invariant(tmp_path: Path, content: str, passed: bool, detail: str) -> None:
    outcome = check(
        gate(Invariant(expression="abs(error) < 1e-12")), Writes(tmp_path, content), None
    )
    assert outcome.passed is passed
    assert detail in outcome.detail


def test_the_winner_runs_the_final_command() -> None:
    seen = []

    def execute(command: Command, *, environment: Mapping[str, str]) -> None:
        seen.append(command.template)

    final = Command(template="full", timeout=1.0)
    both = Gate(name="g", command=COMMAND, final_command=final)
    check(both, execute, None)
    check(both, execute, None, is_final=True)
    assert seen == ["true", "full"]
