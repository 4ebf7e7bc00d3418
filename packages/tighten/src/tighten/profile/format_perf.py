"""The text that ``perf script`` prints: one block for each sample, the running function first.

Python frames that an interpreter run with ``-X perf`` names (``py::function:file``) become
frames of that file. Lines are not in the text; `tighten.profile.profilers` adds them where a
program has debug information. Weights are the periods of the samples for a clock [s], else
counts of the event.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tighten.profile.formats import UnreadableError
from tighten.profile.model import Frame, Profile, Provenance, Stack, plain_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["is_written_so", "read", "resolved"]

_HEAD = re.compile(
    r"(?P<thread>\S.*?)\s+(?P<pid>\d+)(?:/(?P<tid>\d+))?\s+(?:\[\d+\]\s+)?(?P<time>\d+\.\d+):"
    r"\s+(?:(?P<period>\d+)\s*)?(?:(?P<event>[\w.:/=,-]+?):[\w:]*\s*)?"
)
_FRAME = re.compile(
    r"\s+(?P<address>[0-9a-f]+) (?P<name>.+?)(?:\+0x[0-9a-f]+)? \((?P<file>[^()]*(?:\([^)]*\))?)\)"
)
_PYTHON = re.compile(r"py::(?P<function>.*?):(?P<file>[^:]*)")
_LOOKED_AT = 4096


def is_written_so(data: bytes) -> bool:
    """Whether a file looks like the output of perf script."""
    lines = data[:_LOOKED_AT].decode("utf-8", "replace").splitlines()
    written = [line for line in lines if line.strip() and not line.startswith("#")]
    return len(written) > 1 and bool(_HEAD.fullmatch(written[0]) and _FRAME.fullmatch(written[1]))


def read(data: bytes) -> Profile:
    """Return the profile."""
    return resolved(data, lambda _file, _address: None)


def resolved(data: bytes, place: Callable[[str, int], tuple[str, int] | None]) -> Profile:
    """Return the profile with lines.

    Parameters
    ----------
    data
        Output of ``perf script``.
    place
        Gets a shared object and an address in it, returns source file and line, or None.
    """
    stacks, events = [], set[str]()
    for head, lines in _blocks(data.decode("utf-8", "replace")):
        found = _HEAD.fullmatch(head)
        if found is None:
            raise UnreadableError(f"this line starts no sample: {head[:60]!r}")
        frames = [frame for line in lines for frame in _frames(line, place)]
        events.add(found["event"] or "")
        period = float(found["period"] or 1)
        stacks.append(Stack(tuple(reversed(frames)), period, found["thread"]))
    is_clock = all(event.endswith("clock") or not event for event in events)
    unit = "s" if is_clock and events else "events"
    scaled = (replace(s, weight=s.weight * 1e-9) for s in stacks) if unit == "s" else stacks
    return Profile.of(
        scaled,
        unit=unit,
        provenance=Provenance(tool="perf", samples=len(stacks), has_lines=False),
    )


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if line.strip() and line[0] != "#"]
        if lines:
            yield lines[0], lines[1:]


def _frames(line: str, place: Callable[[str, int], tuple[str, int] | None]) -> Iterator[Frame]:
    found = _FRAME.fullmatch(line)
    if found is None:
        raise UnreadableError(f"this line is no frame: {line.strip()[:60]!r}")
    name, file = found["name"], found["file"]
    if python := _PYTHON.fullmatch(name):
        yield Frame(python["function"], python["file"])
        return
    source, number = place(file, int(found["address"], 16)) or (file, 0)
    yield Frame(plain_function(name, file), source, number)
