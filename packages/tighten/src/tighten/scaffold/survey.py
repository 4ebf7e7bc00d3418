"""How a project is built, run and tested, as its own files say.

The first kind that recognises the project wins, so the more special kinds come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.scaffold.native_project import cargo_survey, cmake_survey, make_survey
from tighten.scaffold.python_project import python_survey, script_survey

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.scaffold.proposal import Survey

__all__ = ["survey"]


def survey(root: Path) -> Survey:
    """Return what the project at ``root`` is.

    Raises
    ------
    StudyError
        If nothing says how to run it.
    """
    for kind in (python_survey, cargo_survey, cmake_survey, make_survey, script_survey):
        if (found := kind(root)) is not None:
            return found
    raise StudyError(
        f"nothing in {root} says how to run the project: looked for pyproject.toml, setup.py, "
        "Cargo.toml, CMakeLists.txt, a Makefile that links a program, and a Python script with "
        'if __name__ == "__main__"; write tighten.toml by hand, as docs/guide/writing-a-study.md '
        "shows"
    )
