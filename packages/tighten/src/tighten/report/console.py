"""Rich renderables as plain text of a given width."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console, Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

__all__ = ["rendered"]

_NARROWEST = 40  # columns


def rendered(parts: Iterable[RenderableType], *, width: int, colour: bool) -> str:
    """Return the parts below each other, without trailing blanks, ending with a newline."""
    console = Console(
        file=io.StringIO(),
        width=max(_NARROWEST, width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(Group(*parts))
    lines = (line.rstrip() for line in capture.get().splitlines())
    return "\n".join(lines).strip("\n") + "\n"
