"""What a study needs to know of a project, and the stand-ins where the project offers nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "GateProposal",
    "Survey",
    "no_check",
    "same_output",
    "section",
    "timed",
    "toml_table",
]

SAME_OUTPUT = """\
{python} - {result} PROGRAM <<'END'
import json, re, subprocess, sys
result, *program = sys.argv[1:]
text = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout
if not text.strip():
    sys.exit("the program prints nothing that could be compared")
number = r"[-+]?\\d+\\.?\\d*(?:[eE][-+]?\\d+)?"
numbers = [float(found) for found in re.findall(number, text)]
with open(result, "w") as file:
    json.dump({"text": re.sub(number, "#", text).split(), "numbers": numbers}, file)
END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateProposal:
    """A check that the project offers."""

    name: str
    command: str
    compares: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    advice: str = "Every candidate passes this before it is timed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a project is, and the commands that build, measure and check it."""

    name: str
    found: str
    benchmark: str
    gate: GateProposal
    build: str | None = None
    python: str | None = None
    format: str = "tighten"
    cases: tuple[str, ...] = ("whole_program",)
    case_advice: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""


def timed(program: str) -> dict[str, Any]:
    """Return what a survey says of a program whose launches are timed."""
    return {
        "benchmark": program,
        "format": "process",
        "advice": "Times whole launches. Better, if the program has one, is a benchmark\n"
        "# of its own that writes a result; see `format`.",
    }


def same_output(program: str) -> GateProposal:
    """Return a gate that compares what the program prints."""
    return GateProposal(
        name="same output",
        command=SAME_OUTPUT.replace("PROGRAM", program),
        compares=True,
        advice="No test was found: what the program prints must stay as the baseline printed it.\n"
        "# If its numbers may differ in the last digits, add `rtol`; if it prints times, leave\n"
        "# those out.",
    )


def no_check(command: str) -> GateProposal:
    """Return a gate for a project that offers no check: all it asks is that something runs."""
    return GateProposal(
        name="runs",
        command=command,
        advice="No test was found. This asks only whether the code runs, not whether its results\n"
        "# are still right: write a check before you trust what the study finds.",
    )


def toml_table(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds, nothing if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a table of a document, an empty one if there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}
