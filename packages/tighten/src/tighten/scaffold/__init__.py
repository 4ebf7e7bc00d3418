"""The first study file of a project: what `tighten init` writes after looking at it.

The text is a complete study that loads and runs as it stands, with a comment wherever the author
has to judge. Looking means reading: nothing of the project is run or built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.options import STUDY_FILE
from tighten.scaffold.knobs import find_knobs
from tighten.scaffold.settings import find_settings
from tighten.scaffold.survey import survey
from tighten.scaffold.text import study_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["propose_study", "write_study"]


def propose_study(project: Path) -> str:
    """Return the text of a study file for the project.

    Raises
    ------
    StudyError
        If the project is not there, nothing in it says how to build or run it, or nothing in it
        looks like a tuning knob.
    """
    if not project.is_dir():
        raise StudyError(f"there is no directory {project}; name the project to look at")
    root = project.resolve()
    knobs, settings = find_knobs(root), find_settings(root)
    if not knobs and not settings:
        raise StudyError(
            f"no constant in {root} looks like a tuning knob (a whole number named ..._THRESHOLD, "
            "CHUNK_..., kBlockSize, and so on), and there is no profile of Cargo and no sign of "
            "OpenMP, Rayon or Numba's threads; give a constant a name, or write the study by hand"
        )
    return study_text(survey(root), knobs, settings)


def write_study(project: Path) -> Path:
    """Write the proposed study file into the project and return its path.

    Raises
    ------
    StudyError
        As `propose_study`, and if there is a study file already.
    """
    text = propose_study(project)
    path = project / STUDY_FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        message = f"{path} exists already; remove it first, or look with `tighten init --print`"
        raise StudyError(message) from error
    except OSError as error:
        raise StudyError(f"cannot write {path}: {error.strerror}") from error
    return path
