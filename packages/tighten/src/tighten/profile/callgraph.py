"""Stacks from a call graph, for profilers that count calls instead of looking at stacks.

cProfile and callgrind say what each function costs by itself and what it costs when called from
each of its callers. A stack is then an estimate: the cost of a function is divided among its
callers' stacks in proportion, as gprof does. Own costs stay exact; where a function is called
from several places in different ways, how its callees' cost divides among these is not known.
A recursive call is not followed a second time, and paths below 1e-4 of the whole are cut; what
is lost so goes to the heaviest stack that ends in the same function.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tighten.profile.model import Frame, FunctionKey, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["CallGraph", "Called"]

_CUT = 1e-4  # share of the whole below which a path is not followed
_DEEPEST = 200


@dataclass(slots=True)
class Called:
    """One function of a call graph: own cost by line, and the cost of each function it calls."""

    own: dict[int, float] = field(default_factory=dict)
    calls: dict[FunctionKey, float] = field(default_factory=dict)
    line: int = 0  # of the definition, if known

    @property
    def own_total(self) -> float:
        """Cost of the function itself, of all its lines."""
        return sum(self.own.values())

    @property
    def total(self) -> float:
        """Cost of the function and of what it calls."""
        return self.own_total + sum(self.calls.values())

    def add(self, line: int, cost: float) -> None:
        """Count own cost at a line."""
        self.own[line] = self.own.get(line, 0.0) + cost

    def add_call(self, callee: FunctionKey, cost: float) -> None:
        """Count the cost of calls of another function."""
        self.calls[callee] = self.calls.get(callee, 0.0) + cost


class CallGraph:
    """Functions with their own costs and their calls."""

    def __init__(self) -> None:
        self.functions: dict[FunctionKey, Called] = {}

    def __getitem__(self, key: FunctionKey) -> Called:
        return self.functions.setdefault(key, Called())

    def stacks(self) -> list[Stack]:
        """Return stacks whose weights add up to the own cost of every function."""
        whole = sum(called.own_total for called in self.functions.values())
        found: dict[tuple[Frame, ...], float] = {}
        for key, weight in self._roots(cut=whole * _CUT).items():
            for frames, own in self._below(key, weight, whole * _CUT):
                found[frames] = found.get(frames, 0.0) + own
        _settle(found, self._owed(found))
        return [Stack(frames, weight) for frames, weight in found.items()]

    def _roots(self, *, cut: float) -> dict[FunctionKey, float]:
        """Return the functions that nobody calls, or that cost more than callers explain."""
        from_callers: dict[FunctionKey, float] = {}
        for caller, called in self.functions.items():
            for callee, cost in called.calls.items():
                if callee != caller:
                    from_callers[callee] = from_callers.get(callee, 0.0) + cost
        roots = {}
        for key, called in self.functions.items():
            unexplained = called.total - called.calls.get(key, 0.0) - from_callers.get(key, 0.0)
            if key not in from_callers or unexplained > max(cut, 0.01 * called.total):
                roots[key] = max(unexplained, 0.0)
        return roots

    def _below(
        self, root: FunctionKey, weight: float, cut: float
    ) -> Iterator[tuple[tuple[Frame, ...], float]]:
        """Yield the stacks below a root with their own weights."""
        pending: list[tuple[tuple[FunctionKey, ...], float]] = [((root,), weight)]
        while pending:
            path, weight = pending.pop()
            called = self.functions[path[-1]]
            if weight <= cut or not called.total:
                continue
            share = weight / (called.total - called.calls.get(path[-1], 0.0) or called.total)
            yield from self._ended(path, called, share)
            if len(path) < _DEEPEST:
                pending.extend(
                    ((*path, callee), share * cost)
                    for callee, cost in called.calls.items()
                    if callee not in path and callee in self.functions
                )

    def _ended(
        self, path: tuple[FunctionKey, ...], called: Called, share: float
    ) -> Iterator[tuple[tuple[Frame, ...], float]]:
        above = tuple(self._frame(key) for key in path[:-1])
        for line, own in called.own.items():
            yield (*above, Frame(*path[-1], line)), share * own

    def _frame(self, key: FunctionKey) -> Frame:
        return Frame(*key, self.functions[key].line)

    def _owed(self, found: Mapping[tuple[Frame, ...], float]) -> dict[Frame, float]:
        """Return what the stacks so far miss of each own cost, or have too much of it."""
        owed = {
            Frame(*key, line): cost
            for key, called in self.functions.items()
            for line, cost in called.own.items()
        }
        for frames, weight in found.items():
            owed[frames[-1]] -= weight
        return owed


def _settle(found: dict[tuple[Frame, ...], float], owed: Mapping[Frame, float]) -> None:
    """Make the own costs exact by scaling the stacks that end in each frame."""
    given = dict.fromkeys(owed, 0.0)
    for frames, weight in found.items():
        given[frames[-1]] += weight
    for frames in found:
        leaf = frames[-1]
        if given[leaf] > 0:
            found[frames] *= (given[leaf] + owed[leaf]) / given[leaf]
    for leaf, missing in owed.items():
        if not given[leaf] and missing > 0:
            found[(leaf,)] = missing
