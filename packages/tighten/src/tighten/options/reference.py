"""The reference page of the study file, generated from the models that validate it.

``python -m tighten.options.reference docs/reference/study-file.md`` writes it.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

from tighten.options import schema
from tighten.options.keys import bare, entry, is_table, keys, label
from tighten.options.quantities import format_duration, format_size
from tighten.options.sources import SETTINGS
from tighten.samples import FORMATS
from tighten.search import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

__all__ = ["reference_page"]

INTRODUCTION = """\
# The study file

`tighten.toml` describes one study. `tighten init` writes one after looking at the project, and
`tighten check` validates it and shows what it would do. An unknown table or key is an error; all
faults of a file are told at once, each with its line.

Paths in `[study]` are relative to the study file, all others to the project. A duration is a
number and a unit (`90 s`, `30 min`, `1.5 h`, `1 d`), a size likewise (`16 MiB`, `500 kB`).
"""

COMMANDS = """\
## Commands

A command is one line, or several, for `/bin/sh`, run inside the trial's copy of the project.
Placeholders are filled in and quoted: `{trial}` is the copy, `{artifacts}` a directory that the
build may fill, `{result}` the file that a benchmark or a gate writes, `{python}` the interpreter,
`{cpus}` the number of CPUs, `{arguments}` the words of parameters with `argument` (without it, they
go to the end of the line). They work in `env` too. `{{name}}` stands for a literal `{name}`.
"""

OVERRIDES = """\
## Environment and command line

A value may come from four places; each wins over those before it: the default, the study file, an
environment variable, an option. `-o KEY=VALUE` sets any key, for example
`-o case.size_10000.target=0.95`: entries of `[[case]]`, `[[parameter]]` and `[[gate]]` go by their
names. `tighten check` shows where each value comes from. A path that a variable or an option gives
is relative to the current directory. An empty variable counts as unset.
"""


def reference_page() -> str:
    """Return the whole page as Markdown."""
    sections = [INTRODUCTION, COMMANDS, *_tables(), OVERRIDES, _settings()]
    return "\n".join(sections)


def _tables() -> Iterator[str]:
    for name, field in keys(schema.StudyFile).items():
        annotation = bare(field.annotation)
        if is_table(annotation):
            yield from _sections(f"[{name}]", annotation)
        elif is_table(inner := entry(annotation)):
            yield from _sections(f"[[{name}]]", inner)
        else:
            yield f"## [{name}]\n\n{field.description}\n"


def _sections(title: str, table: type[schema.Table]) -> Iterator[str]:
    """Yield the section of a table, then those of the tables inside it."""
    yield f"## {title}\n\n{_said(table)}\n\n{_grid(table)}"
    owner = title.strip("[]")
    for name, field in keys(table).items():
        inner = bare(field.annotation)
        if is_table(inner):
            yield f"### {owner}.{name}\n\n{_said(inner)}\n\n{_grid(inner)}"


def _said(table: type[schema.Table]) -> str:
    return (table.__doc__ or "").replace("``", "`")


def _grid(table: type[schema.Table]) -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    rows += [_row(name, field) for name, field in keys(table).items()]
    return "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    annotation = field.rebuild_annotation()
    kind = label(annotation).removeprefix("a ")
    meaning = (field.description or "") + _choices(name)
    cells = (f"`{name}`", kind, _default(field, kind), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _choices(name: str) -> str:
    """Return the words that a registry outside the models allows."""
    registry = {"format": FORMATS, "strategy": STRATEGIES}.get(name)
    return ": " + ", ".join(f"`{word}`" for word in registry) if registry else ""


def _default(field: FieldInfo, kind: str) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ([], {}):
        return "none"
    match kind:
        case "duration":
            return f"`{format_duration(value)}`"
        case "size":
            return f"`{format_size(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str | StrEnum) else f"`{value:g}`"


def _settings() -> str:
    rows = ["| key | variable | option |", "|---|---|---|"]
    for setting in SETTINGS:
        option = setting.option or f"-o {setting.key}="
        rows.append(f"| `{setting.key}` | `{setting.variable}` | `{option}` |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8")
