"""Collapsed stacks: one line for each stack, frames joined by ``;``, then a space and a count.

Brendan Gregg's ``stackcollapse`` scripts, py-spy (``raw``), async-profiler and many others write
it. Frames as py-spy names them, ``function (file:line)``, are taken apart; ``process`` and
``thread`` frames at the root become the thread.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tighten.profile.formats import UnreadableError
from tighten.profile.model import Frame, Profile, Provenance, Stack, plain_function

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["is_written_so", "read", "written"]

_LINE = re.compile(r"(?P<stack>\S.*) (?P<count>\d+(?:\.\d+)?)")
_PLACED = re.compile(r"(?P<function>.*) \((?P<file>[^()]*?)(?::(?P<line>\d+))?\)")
_THREAD = re.compile(r"thread \((?P<number>[^)]*)\)(?:: (?P<name>.*))?")
_LOOKED_AT = 20


def is_written_so(data: bytes) -> bool:
    """Whether a file looks like collapsed stacks."""
    lines = _text(data).splitlines()[:_LOOKED_AT]
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines if line.strip())


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def read(data: bytes) -> Profile:
    """Return the profile; its unit is samples, because the format knows no other."""
    stacks = []
    for number, line in enumerate(_text(data).splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise UnreadableError(f"line {number} is no stack with a count")
        stacks.append(_stack(found["stack"].split(";"), float(found["count"])))
    count = round(sum(stack.weight for stack in stacks))
    return Profile.of(
        stacks, unit="samples", provenance=Provenance(tool="collapsed", samples=count)
    )


def _stack(names: Sequence[str], weight: float) -> Stack:
    thread = ""
    while names and (names[0].startswith("process ") or _THREAD.fullmatch(names[0])):
        if found := _THREAD.fullmatch(names[0]):
            thread = found["name"] or f"thread {found['number']}"
        names = names[1:]
    return Stack(tuple(_frame(name) for name in names), weight, thread)


def _frame(name: str) -> Frame:
    found = _PLACED.fullmatch(name)
    if found is None:
        return Frame(plain_function(name, ""))
    file = found["file"]
    return Frame(plain_function(found["function"], file), file, int(found["line"] or 0))


def written(profile: Profile) -> bytes:
    """Return a profile as collapsed stacks; weights become microseconds, or stay counts."""
    scale = 1e6 if profile.unit == "s" else 1.0
    lines = []
    for stack in profile.stacks:
        names = [_name(frame) for frame in stack.frames]
        thread = [f"thread ({stack.thread})"] if stack.thread else []
        lines.append(f"{';'.join(thread + names)} {round(stack.weight * scale)}\n")
    return "".join(lines).encode()


def _name(frame: Frame) -> str:
    function = frame.function.replace(";", ":")
    if not frame.file:
        return function
    line = f":{frame.line}" if frame.line else ""
    return f"{function} ({frame.file.replace(';', ':')}{line})"
