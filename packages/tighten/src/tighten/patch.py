"""What a configuration changes in the project's files, as people review it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tighten.parameters import edited_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tighten.parameters import Configuration, Parameter

__all__ = ["patch"]


def patch(parameters: Sequence[Parameter], configuration: Configuration, project: Path) -> str:
    """Return a unified diff from the project's files to those of the configuration.

    Parameters
    ----------
    parameters
        All parameters of the study.
    configuration
        A value for each.
    project
        Root of the project; its files are only read.

    Returns
    -------
    str
        Empty if no file changes (environment and arguments live in no file).
    """
    edits = edited_files(parameters, configuration, project)
    return "".join(
        _file_diff(str(path), (project / path).read_bytes(), content)
        for path, content in sorted(edits.items())
    )


def _file_diff(name: str, before: bytes, after: bytes) -> str:
    # Latin-1 maps every byte to a character and back, whatever the file's encoding is.
    lines = difflib.unified_diff(
        before.decode("latin-1").splitlines(keepends=True),
        after.decode("latin-1").splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return text.encode("latin-1").decode("utf-8", errors="replace")
