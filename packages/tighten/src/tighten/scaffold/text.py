"""The text of a study file from what was found in a project."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tighten.scaffold.knobs import Knob
    from tighten.scaffold.proposal import Survey
    from tighten.scaffold.settings import Setting

__all__ = ["study_text"]

MAX_CASES = 8  # each can veto a candidate, so more make a study that finds little
HEADER = """\
# A study for tighten: which values of the parameters below make the benchmark faster,
# with the gates as proof that nothing else changed. Found here: {found}.
#
#   tighten check     validate this file and show what it would do
#   tighten measure   build, run gates and benchmark once
#   tighten tune      search; your files stay as they are until `tighten apply`
"""
CASES = """\
# The verdict needs no target; give a case `target = ...` (seconds) to stop once it is reached.
# No case may lose more than max_regression = 0.02, the default.
"""


def study_text(survey: Survey, knobs: Sequence[Knob], settings: Sequence[Setting]) -> str:
    """Return the study file."""
    blocks = [
        HEADER.format(found=survey.found),
        _study(survey),
        *_build(survey),
        _benchmark(survey),
        *_cases(survey),
        CASES,
        *map(_parameter, knobs),
        *map(_setting, settings),
        _gate(survey),
        _table("[convergence]", {"stagnation": {"trials": 8, "improvement": 0.01}}),
    ]
    return "\n".join(blocks)


def _study(survey: Survey) -> str:
    values: dict[str, object] = {"name": survey.name, "max_trials": 20, "time_budget": "30 min"}
    if survey.python is not None:
        values["python"] = survey.python
    return _table("[study]", values)


def _build(survey: Survey) -> Iterable[str]:
    if survey.build is None:
        return
    yield _table("[build]", {"command": survey.build, "timeout": "10 min"})


def _benchmark(survey: Survey) -> str:
    values: dict[str, object] = {"command": survey.benchmark, "format": survey.format}
    if survey.environment:
        values["env"] = survey.environment
    note = f"# {survey.advice}\n" if survey.advice else ""
    return note + _table("[benchmark]", values | {"timeout": "5 min"})


def _cases(survey: Survey) -> Iterable[str]:
    note = f"# {survey.case_advice}\n" if survey.case_advice else ""
    for number, case in enumerate(survey.cases[:MAX_CASES]):
        yield ("" if number else note) + _table("[[case]]", {"name": case})
    if more := survey.cases[MAX_CASES:]:
        yield "".join(
            f"# {line}\n" for line in textwrap.wrap(f"Also there: {', '.join(more)}.", 88)
        )


def _parameter(knob: Knob) -> str:
    values: dict[str, object] = {"name": knob.name, "source": str(knob.file)}
    if knob.name != knob.constant:
        values["constant"] = knob.constant
    return _table("[[parameter]]", values | _domain(knob.values), note=f"now {knob.value}")


def _setting(setting: Setting) -> str:
    values = {"name": setting.name, **setting.place, **_domain(setting.values)}
    return _table("[[parameter]]", values, note=setting.note)


def _domain(values: Sequence[str | int]) -> dict[str, object]:
    """Return the values to try; without any, one up to the CPUs."""
    if values:
        return {"values": list(values)}
    return {"range": {"low": 1, "high": "{cpus}", "log": True}}


def _gate(survey: Survey) -> str:
    gate = survey.gate
    values: dict[str, object] = {"name": gate.name, "command": gate.command}
    if gate.environment:
        values["env"] = gate.environment
    if gate.compares:
        values["compare"] = "arrays"
    return f"# {gate.advice}\n" + _table("[[gate]]", values)


def _table(title: str, values: dict[str, object], *, note: str = "") -> str:
    head = f"{title}  # {note}" if note else title
    return "\n".join([head, *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def _toml(value: object) -> str:
    """Return a value in TOML; a JSON string is a basic string of TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, str) and "\n" in value:
        return f"'''\n{value}'''"
    return json.dumps(value)
