"""The one shape that all formats share: a study's record in, a text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tighten.record import StudyRecord

__all__ = ["Renderer"]


class Renderer(Protocol):
    """Turns a study's record into text; pure, so that it can be tested and run again."""

    def render(self, study: StudyRecord) -> str:
        """Return the whole text, which ends with a newline."""
        ...
