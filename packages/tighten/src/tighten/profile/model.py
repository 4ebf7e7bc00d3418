"""One profile, whoever took it: stacks of frames with weights, and what follows from them.

A stack is the way from a thread's first function to the one that was running; its weight is the
time (or the number of instructions) spent exactly there. All else is a sum over stacks: what a
function costs by itself, what it costs with all it calls, how the time divides into categories.
Reading files, running profilers and drawing live elsewhere.

Limits: cProfile and callgrind count calls, not stacks; theirs are derived from the call graph
(see `tighten.profile.callgraph`) and `Provenance.stacks` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePosixPath

__all__ = ["Frame", "FunctionCost", "FunctionKey", "Profile", "Provenance", "Stack", "StackOrigin"]

FunctionKey = tuple[str, str]  # name, file

# A hash of the crate (Rust), then what the compiler adds to copies of a function.
_BUILD = re.compile(r"(::h[0-9a-f]{16})?(\.(constprop|isra|part|cold|llvm)(\.\d+)*)*$")


class StackOrigin(StrEnum):
    """Whether the stacks were seen, or put together from counts of calls."""

    SAMPLED = "sampled"
    CALL_GRAPH = "call graph"


@dataclass(frozen=True, slots=True)
class Frame:
    """A function on a stack.

    Parameters
    ----------
    function
        Name as the profiler gives it.
    file
        Source file or shared object; "" if not known.
    line
        Line that was running, or that defines the function if the profiler does not see lines
        (`Provenance.has_lines`); 0 if not known.
    """

    function: str
    file: str = ""
    line: int = 0

    @property
    def key(self) -> FunctionKey:
        """What tells functions apart; lines do not."""
        return self.function, self.file


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames from the first function to the running one, with the weight spent exactly there."""

    frames: tuple[Frame, ...]
    weight: float
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a profile comes from.

    Parameters
    ----------
    tool
        Name of the profiler, or of the format if nothing else is known.
    command
        What was run.
    reason
        Why this profiler was chosen.
    stacks
        Whether the stacks were seen or derived.
    has_lines
        Whether the lines of frames are those that were running.
    samples
        Number of samples; 0 for a profiler that counts instead.
    seconds
        Elapsed time of the profiled run [s]; 0 if not known.
    """

    tool: str = ""
    command: str = ""
    reason: str = ""
    stacks: StackOrigin = StackOrigin.SAMPLED
    has_lines: bool = True
    samples: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCost:
    """What one function costs.

    Parameters
    ----------
    own
        Weight spent in the function itself.
    total
        Weight spent in it and in all it calls; recursion counts once.
    lines
        Own weight by running line, where lines are known.
    """

    function: str
    file: str
    own: float
    total: float
    lines: Mapping[int, float] = field(default_factory=dict)

    @property
    def hottest_line(self) -> int:
        """Line with the largest own weight; 0 if none is known."""
        return max(self.lines, key=lambda line: (self.lines[line], -line), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Stacks with weights; equal stacks are merged.

    Parameters
    ----------
    stacks
        In order of falling weight.
    unit
        ``s``, or what else was counted, such as ``instructions``.
    provenance
        Where it comes from.
    """

    stacks: tuple[Stack, ...]
    unit: str = "s"
    provenance: Provenance = Provenance()

    @classmethod
    def of(
        cls, stacks: Iterable[Stack], *, unit: str = "s", provenance: Provenance | None = None
    ) -> Profile:
        """Return the profile of these stacks; those without weight are left out.

        Code without a name in no file, as a compiler makes it while the program runs, counts as
        part of the function that called it.
        """
        merged: dict[tuple[str, tuple[Frame, ...]], float] = {}
        for stack in stacks:
            if stack.weight > 0 and stack.frames:
                named = tuple(frame for frame in stack.frames if frame.function not in _NAMELESS)
                key = (stack.thread, named or stack.frames[:1])
                merged[key] = merged.get(key, 0.0) + stack.weight
        ordered = sorted(merged.items(), key=lambda item: -item[1])
        return cls(
            stacks=tuple(Stack(frames, weight, thread) for (thread, frames), weight in ordered),
            unit=unit,
            provenance=provenance or Provenance(),
        )

    @property
    def total(self) -> float:
        """Weight of all stacks."""
        return sum(stack.weight for stack in self.stacks)

    @property
    def threads(self) -> dict[str, float]:
        """Weight by thread, the largest first."""
        weights: dict[str, float] = {}
        for stack in self.stacks:
            weights[stack.thread] = weights.get(stack.thread, 0.0) + stack.weight
        return dict(sorted(weights.items(), key=lambda item: -item[1]))

    def functions(self) -> tuple[FunctionCost, ...]:
        """Return what each function costs, the dearest by itself first."""
        own: dict[FunctionKey, float] = {}
        total: dict[FunctionKey, float] = {}
        lines: dict[FunctionKey, dict[int, float]] = {}
        for stack in self.stacks:
            leaf = stack.frames[-1]
            own[leaf.key] = own.get(leaf.key, 0.0) + stack.weight
            if leaf.line:
                at = lines.setdefault(leaf.key, {})
                at[leaf.line] = at.get(leaf.line, 0.0) + stack.weight
            for key in {frame.key for frame in stack.frames}:
                total[key] = total.get(key, 0.0) + stack.weight
        costs = (
            FunctionCost(
                function=key[0],
                file=key[1],
                own=own.get(key, 0.0),
                total=total[key],
                lines=lines.get(key, {}),
            )
            for key in total
        )
        return tuple(sorted(costs, key=lambda cost: (-cost.own, -cost.total, cost.function)))

    def kept(self, keeps: Callable[[Stack], bool]) -> Profile:
        """Return the profile of the stacks for which ``keeps`` is true."""
        return replace(self, stacks=tuple(stack for stack in self.stacks if keeps(stack)))

    def renamed(self, rename: Callable[[Frame], Frame]) -> Profile:
        """Return the profile with every frame replaced."""
        known: dict[Frame, Frame] = {}

        def new(frame: Frame) -> Frame:
            if frame not in known:
                known[frame] = rename(frame)
            return known[frame]

        stacks = (
            Stack(tuple(map(new, stack.frames)), stack.weight, stack.thread)
            for stack in self.stacks
        )
        return Profile.of(stacks, unit=self.unit, provenance=self.provenance)

    def relative_to(self, *roots: str) -> Profile:
        """Return the profile with files below ``roots`` named relative to them.

        Two builds of a project lie in two places; this makes their functions the same ones.
        """
        below = [PurePosixPath(root) for root in roots]

        def rename(frame: Frame) -> Frame:
            path = PurePosixPath(frame.file)
            for root in below:
                if path.is_relative_to(root) and path != root:
                    return replace(frame, file=str(path.relative_to(root)))
            return frame

        return self.renamed(rename)


_NAMELESS = {"[?]", "[unknown]", "[[unknown]]"}  # as `plain_function` writes them


def plain_function(name: str, file: str) -> str:
    """Return a native function's name without what differs from build to build or run to run.

    >>> plain_function("inner.constprop.0", "a.out"), plain_function("0x7f3a12", "/lib/libc.so.6")
    ('inner', '[libc.so.6]')
    >>> plain_function("core::block::h0f3a5c7e9b1d2468.llvm.42", "lib.so")
    'core::block'
    """
    if re.fullmatch(r"0x[0-9a-f]+", name) or name in {"[unknown]", "???", ""}:
        return f"[{PurePosixPath(file).name or 'unknown'}]"
    return _BUILD.sub("", name)
