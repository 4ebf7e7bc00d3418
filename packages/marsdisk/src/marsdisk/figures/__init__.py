"""Pictures of a run: PNG and SVG files, and one HTML page that holds everything."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context

from marsdisk.errors import CheckpointError
from marsdisk.figures.drawing import PICTURES
from marsdisk.figures.history import read_history
from marsdisk.figures.page import write_page
from marsdisk.io.files import atomic_file, read_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PICTURES", "draw_run"]

STYLE: dict[Any, Any] = {
    "font.size": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # A fixed salt makes identical runs give identical files.
    "svg.hashsalt": "marsdisk",
}


def draw_run(directory: Path, names: Sequence[str] = ()) -> list[Path]:
    """Draw the pictures of a run and its page; return the files.

    Parameters
    ----------
    directory : pathlib.Path
        Run directory with a summary.
    names : sequence of str
        Pictures to draw; all of them, and the page, when empty.

    Raises
    ------
    CheckpointError
        If `directory` is not a finished or interrupted run.
    OutputError
        If a file cannot be written.
    """
    try:
        values = read_json(directory / "summary.json")
        record = read_json(directory / "run_config.json")
    except (OSError, ValueError) as error:
        detail = f"{directory} holds no run that can be drawn ({error})"
        raise CheckpointError(detail, "give the directory of a run, or resume it first") from error
    history = read_history(directory / "series")
    target = directory / "figures"
    target.mkdir(exist_ok=True)
    pictures, written = {}, []
    for name in names or PICTURES:
        draw, caption = PICTURES[name]
        with rc_context(STYLE):
            figure = draw(history)
            svg = io.BytesIO()
            figure.savefig(svg, format="svg", metadata={"Date": None}, dpi=150)
            for suffix in ("svg", "png"):
                path = target / f"{name}.{suffix}"
                with atomic_file(path) as stream:
                    if suffix == "svg":
                        stream.write(svg.getvalue())
                    else:
                        figure.savefig(stream, format="png", dpi=150)
                written.append(path)
        pictures[name] = (caption, svg.getvalue())
    if not names:
        write_page(directory / "report.html", values, record, pictures)
        written.append(directory / "report.html")
    return written
