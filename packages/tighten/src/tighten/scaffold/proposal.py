"""What a study needs to know of a project, and the stand-ins where the project offers nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "TIMED_ADVICE",
    "GateProposal",
    "Survey",
    "same_output",
    "section",
    "timed",
    "toml_table",
]

TIMED = """\
{python} - {result} PROGRAM {arguments} <<'END'
import json, subprocess, sys, time
result, *program = sys.argv[1:]
times = []
for _ in range(5):
    start = time.perf_counter()
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
    times.append(time.perf_counter() - start)
cases = {"whole_program": {"time": times}}
with open(result, "w") as file:
    json.dump({"schema": "tighten-result-1", "cases": cases}, file)
END
"""
TIMED_ADVICE = (
    "Times the whole program, five times per launch. Better, if the program has one, is a\n"
    "# benchmark of its own that writes JSON; see `format`."
)
SAME_OUTPUT = """\
{python} - {result} PROGRAM {arguments} <<'END'
import json, subprocess, sys
result, *program = sys.argv[1:]
done = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True)
with open(result, "w") as file:
    json.dump({"output": done.stdout.splitlines()}, file)
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
    environment: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""


def timed(program: str) -> str:
    """Return a command that times the program from start to end, five times."""
    return TIMED.replace("PROGRAM", program)


def same_output(program: str) -> GateProposal:
    """Return a gate that compares what the program prints."""
    return GateProposal(
        name="same output",
        command=SAME_OUTPUT.replace("PROGRAM", program),
        compares=True,
        advice="No test was found: what the program prints must stay as the baseline printed it.\n"
        "# If it prints numbers that may differ in the last digits, write them to {result} as\n"
        "# JSON, CSV or .npz and add `rtol`; if it prints times, leave those out.",
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
