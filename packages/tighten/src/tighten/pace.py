"""How fast the processors are just now: a fixed piece of work, timed on each of them.

On a shared machine a neighbour on the other half of a core slows a processor by a third, for
anything between a tenth of a second and minutes. The system counts none of it: the process is
never preempted and nothing is stolen. Work of known length shows it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["pace", "paced"]

_Result = TypeVar("_Result")
_ROUNDS = 1500  # a quarter of a millisecond
_TRIES = 3


def pace(cpus: Sequence[int]) -> tuple[float, ...]:
    """Return the seconds [s] of a fixed piece of work on each of ``cpus``: the best of three.

    The calling thread moves there and back; ``cpus`` must be among those that it may use.
    """
    before = os.sched_getaffinity(0)
    try:
        return tuple(min(_timed(cpu) for _ in range(_TRIES)) for cpu in cpus)
    finally:
        os.sched_setaffinity(0, before)


def paced(
    actions: Iterable[Callable[[], _Result]], cpus: Sequence[int]
) -> tuple[list[_Result], list[tuple[float, ...]]]:
    """Run actions in turn; return what they gave, and the paces before, between and after them."""
    if not cpus:
        return [action() for action in actions], []
    results, paces = [], [pace(cpus)]
    for action in actions:
        results.append(action())
        paces.append(pace(cpus))
    return results, paces


def _timed(cpu: int) -> float:
    os.sched_setaffinity(0, {cpu})
    state = 1
    started = time.perf_counter()
    for _ in range(_ROUNDS):
        state = (6364136223846793005 * state + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return time.perf_counter() - started
