"""The speedscope file format: JSON with shared frames and one profile for each thread.

It is how tighten stores a profile, and what py-spy writes. What speedscope has no place for goes
under the key ``tighten``, which its viewer ignores. Source: the JSON schema of speedscope 1.x
(``file-format-spec.ts``), both of its kinds of profile, sampled and evented.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tighten.profile.formats import UnreadableError
from tighten.profile.model import Frame, Profile, Provenance, Stack, StackOrigin, plain_function

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_written_so", "read", "written"]

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_NO_FUNCTION = re.compile(r"(?:process|thread) \(?\d+\)?:")  # py-spy's roots
_WAITS = re.compile(r"(__)?pthread_cond_(timed)?wait|futex.*|\[libc.*")
_SECONDS = {"seconds": 1.0, "milliseconds": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9}


def is_written_so(data: bytes) -> bool:
    """Whether a file looks like speedscope's."""
    start = data[:4096].lstrip()
    return start.startswith(b"{") and (b"speedscope" in start or b'"profiles"' in data)


def read(data: bytes) -> Profile:
    """Return the profile; threads keep their names, equal stacks are merged."""
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is truncated or no JSON (line {error.lineno})") from error
    if not isinstance(document, dict) or "shared" not in document:
        raise UnreadableError("it has no shared frames")
    frames = [_frame(entry) for entry in document["shared"]["frames"]]
    samples, unit, stacks = 0, "s", list[Stack]()
    for one in document["profiles"]:
        scale = _SECONDS.get(one.get("unit", "none"))
        unit = "s" if scale else str(document.get("tighten", {}).get("unit", "samples"))
        for stack in _stacks(one, frames, scale or 1.0):
            stacks.append(stack)
            samples += 1
    provenance = _provenance(document, samples)
    if provenance.tool == "py-spy":
        stacks = [replace(stack, frames=_with_gil(stack.frames)) for stack in stacks]
    return Profile.of(stacks, unit=unit, provenance=provenance)


def _frame(entry: dict[str, Any]) -> Frame:
    file = str(entry.get("file") or "")
    return Frame(plain_function(str(entry["name"]), file), file, int(entry.get("line") or 0))


def _stacks(one: dict[str, Any], frames: list[Frame], scale: float) -> Iterator[Stack]:
    thread = _thread(str(one.get("name", "")))
    if one["type"] == "sampled":
        if len(one["samples"]) != len(one["weights"]):
            raise UnreadableError("it has more samples than weights")
        for sample, weight in zip(one["samples"], one["weights"], strict=True):
            seen = (frames[index] for index in sample)
            kept = tuple(frame for frame in seen if not _NO_FUNCTION.match(frame.function))
            yield Stack(kept, float(weight) * scale, thread)
    elif one["type"] == "evented":
        yield from _evented(one, frames, scale, thread)
    else:
        raise UnreadableError(f"a profile in it is of the unknown type {one['type']!r}")


def _evented(
    one: dict[str, Any], frames: list[Frame], scale: float, thread: str
) -> Iterator[Stack]:
    open_frames: list[Frame] = []
    for event, following in pairwise(one["events"]):
        if event["type"] == "O":
            open_frames.append(frames[event["frame"]])
        else:
            open_frames.pop()
        spent = float(following["at"]) - float(event["at"])
        yield Stack(tuple(open_frames), spent * scale, thread)


def _thread(name: str) -> str:
    """Return what a viewer would call a thread; py-spy names process and number first.

    >>> _thread('Process 12 Thread 17 "side"'), _thread('Process 12 Thread 12 ""')
    ('side', 'main')
    """
    found = re.fullmatch(r'Process (\d+)(?: \S.*?)? Thread (\S+) "(.*)"', name)
    if found is None:
        return name
    if found[3] and found[3] != "MainThread":
        return found[3]
    return "main" if found[1] == found[2] or found[3] else f"thread {found[2]}"


def _provenance(document: dict[str, Any], samples: int) -> Provenance:
    kept = document.get("tighten", {}).get("provenance")
    if kept is not None:
        return Provenance(**{**kept, "stacks": StackOrigin(kept["stacks"])})
    tool = str(document.get("exporter") or "speedscope").partition("@")[0]
    return Provenance(tool=tool, samples=samples)


def written(profile: Profile) -> bytes:
    """Return a profile in speedscope's format; `read` gives it back without loss."""
    numbers: dict[Frame, int] = {}
    by_thread: dict[str, list[Stack]] = {thread: [] for thread in profile.threads}
    for stack in profile.stacks:
        by_thread[stack.thread].append(stack)
        for frame in stack.frames:
            numbers.setdefault(frame, len(numbers))
    frames = [{"name": frame.function, "file": frame.file, "line": frame.line} for frame in numbers]
    document = {
        "$schema": SCHEMA,
        "exporter": "tighten",
        "name": profile.provenance.command or "profile",
        "activeProfileIndex": 0,
        "shared": {"frames": frames},
        "profiles": [
            _sampled(name, stacks, numbers, profile.unit) for name, stacks in by_thread.items()
        ],
        "tighten": {"unit": profile.unit, "provenance": asdict(profile.provenance)},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _sampled(
    name: str, stacks: list[Stack], numbers: dict[Frame, int], unit: str
) -> dict[str, Any]:
    return {
        "type": "sampled",
        "name": name,
        "unit": "seconds" if unit == "s" else "none",
        "startValue": 0,
        "endValue": sum(stack.weight for stack in stacks),
        "samples": [[numbers[frame] for frame in stack.frames] for stack in stacks],
        "weights": [stack.weight for stack in stacks],
    }


def _with_gil(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Name the wait for the GIL: a condition variable that Python code itself waits for.

    An explicit lock is reached through a compiled function of its module, the interpreter's lock
    from between two instructions of a Python function.
    """
    cut = len(frames)
    while cut > 1 and _WAITS.fullmatch(frames[cut - 1].function):
        cut -= 1
    waits = any("cond" in frame.function for frame in frames[cut:])
    if waits and frames[cut - 1].file.endswith(".py"):
        return (*frames[:cut], Frame("take_gil", frames[-1].file))
    return frames
