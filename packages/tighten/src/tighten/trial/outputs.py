"""What an in-place build writes into the project, kept aside and put back as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.files import copy_file, touch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Outputs"]


class Outputs:
    """The files and directories of ``project`` that match ``patterns``."""

    def __init__(self, project: Path, patterns: Sequence[str]) -> None:
        self._project = project
        self.patterns = tuple(patterns)

    def keep(self, store: Path) -> None:
        """Copy what matches to ``store``, replacing what was there."""
        if store.exists():
            shutil.rmtree(store)
        store.mkdir(parents=True)
        for match in self._matches():
            _copy(match, store / match.relative_to(self._project))

    def put(self, store: Path) -> None:
        """Replace what matches by what is in ``store``, newer than everything else."""
        self.put_unchanged(store)
        for match in self._matches():
            for path in [match, *match.rglob("*")] if match.is_dir() else [match]:
                if not path.is_symlink():
                    touch(path)

    def remove(self) -> None:
        """Remove what matches."""
        for match in self._matches():
            if match.is_dir() and not match.is_symlink():
                shutil.rmtree(match)
            else:
                match.unlink(missing_ok=True)

    def put_unchanged(self, store: Path) -> None:
        """Replace what matches by what is in ``store``, with its modification times."""
        self.remove()
        for child in store.iterdir() if store.exists() else ():
            _copy(child, self._project / child.name)

    def _matches(self) -> Iterator[Path]:
        found = {match for pattern in self.patterns for match in self._project.glob(pattern)}
        # A match below another one is copied with it.
        yield from sorted(path for path in found if found.isdisjoint(path.parents))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(
            source,
            target,
            symlinks=True,
            dirs_exist_ok=True,
            copy_function=lambda old, new: copy_file(Path(old), Path(new)),
        )
    elif source.is_symlink():
        target.symlink_to(source.readlink())
    else:
        copy_file(source, target)
