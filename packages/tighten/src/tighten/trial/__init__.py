"""Where trials are edited and built, so that the user's files stay as they are.

`Trees` works in two copies of the project; `InPlace` in the project itself, under a journal that
puts it back whatever happens. Both are a `Workplace`. ``restore`` and ``write_edits`` are the two
ways to change the user's own files, and each leaves a journal that can be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.trial.files import (
    changed_since,
    file_hashes,
    project_files,
    project_hash,
    read_at_run_time,
)
from tighten.trial.in_place import InPlace
from tighten.trial.journal import restore, write_edits
from tighten.trial.lock import alone
from tighten.trial.trees import Trees
from tighten.trial.workplace import BuildSpec, Built, Site, Slot, Workplace

if TYPE_CHECKING:
    from tighten.runner import Runner

__all__ = [
    "BuildSpec",
    "Built",
    "InPlace",
    "Site",
    "Slot",
    "Trees",
    "Workplace",
    "alone",
    "changed_since",
    "file_hashes",
    "open_workplace",
    "project_files",
    "project_hash",
    "read_at_run_time",
    "restore",
    "write_edits",
]


def open_workplace(site: Site, runner: Runner) -> Workplace:
    """Return the kind of workplace that the study asks for; close it when done."""
    return InPlace(site, runner) if site.build.in_place else Trees(site, runner)
