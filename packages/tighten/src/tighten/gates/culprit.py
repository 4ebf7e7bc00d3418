"""Which of several changes is at fault: the smallest set of them that fails by itself.

Delta debugging over the changed parameters. Each question costs a build and a gate, so answers
are kept and the number of questions is bounded.

Source: Zeller, Hildebrandt (2002), "Simplifying and isolating failure-inducing input", IEEE
Transactions on Software Engineering 28(2), algorithm ddmin.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Fails", "culprits"]

Fails = Callable[[tuple[str, ...]], bool]
"""Whether the named changes, made alone, fail. What cannot be tried does not fail."""


def culprits(changed: Sequence[str], fails: Fails, *, limit: int) -> tuple[str, ...]:
    """Return a set of changes that fails although none of them can be left out.

    Parameters
    ----------
    changed
        All changes; together they fail.
    fails
        Asked about subsets, each at most once.
    limit
        Questions at most; when they are used up, the smallest failing set so far is returned.
    """
    asked: dict[tuple[str, ...], bool] = {}

    def answer(subset: tuple[str, ...]) -> bool:
        if subset not in asked and len(asked) < limit:
            asked[subset] = fails(subset)
        return asked.get(subset, False)

    failing, parts = tuple(changed), 2
    while len(failing) > 1:
        pieces = _split(failing, min(parts, len(failing)))
        rests = [tuple(one for one in failing if one not in piece) for piece in pieces]
        smaller = next((s for s in (*pieces, *rests) if len(s) < len(failing) and answer(s)), None)
        if smaller is not None:
            parts = 2 if smaller in pieces else max(parts - 1, 2)
            failing = smaller
        elif parts >= len(failing):
            break
        else:
            parts *= 2
    return failing


def _split(items: tuple[str, ...], parts: int) -> list[tuple[str, ...]]:
    """Return ``items`` in ``parts`` pieces of nearly equal length."""
    bounds = [round(index * len(items) / parts) for index in range(parts + 1)]
    return [items[low:high] for low, high in itertools.pairwise(bounds)]
