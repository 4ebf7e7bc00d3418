"""The end of a message about an unknown word."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: the nearest one, or all of them."""
    known = list(known)
    if close := difflib.get_close_matches(word, known, n=1, cutoff=0.6):
        return f"; did you mean `{close[0]}`?"
    return f"; allowed: {', '.join(known)}" if known else "; there are none"
