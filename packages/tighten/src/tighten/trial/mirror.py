"""A copy of a project that follows it, for a build to work in.

The first copy keeps the files' modification times. Whatever is written later gets a new one, so
that a build system never takes an older product for up to date. Only files that changed in the
project are written again: what a build made or changed in the copy stays, whether or not version
control ignores it.

Symbolic links are copied as links. A link to an absolute place inside the project is turned to
the same place in the copy, and a relative link that leaves the project is made absolute.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.files import copy_file, overwrite_file, touch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Manifest", "Mirror"]

Manifest = dict[str, list[int]]  # path -> what `_stamp` said when it was copied


class Mirror:
    """The copy of ``project`` in the directory ``tree``.

    Parameters
    ----------
    project, tree
        Source and copy, both absolute.
    manifest
        What is in the copy; empty for one that does not exist yet.
    """

    def __init__(self, project: Path, tree: Path, manifest: Manifest) -> None:
        self._project = project
        self._tree = tree
        self.manifest = manifest

    def follow(self, files: Iterable[Path], bound: Iterable[Path]) -> set[str]:
        """Bring the copy up to date with ``files`` of the project.

        The contents of ``bound`` files are the business of `write`; when anything else changed
        they get a new modification time, so that what depends on them is built again.

        Returns
        -------
        set of str
            The names of what changed.
        """
        is_first = not self.manifest
        kept = {path.as_posix() for path in bound}
        present: Manifest = {}
        changed: set[str] = set()
        for path in files:
            name = path.as_posix()
            try:
                present[name] = _stamp(self._project / path)
            except FileNotFoundError:
                continue  # removed since it was listed
            if self._is_current(name, present[name]) or (
                name in kept and (self._tree / path).exists()
            ):
                continue
            if self._copy(path, is_first=is_first):
                changed.add(name)
        changed |= self._drop(set(self.manifest) - set(present))
        self.manifest = present
        if changed and not is_first:
            for path in bound:
                if (self._tree / path).exists():
                    touch(self._tree / path)
        return changed

    def write(self, contents: Mapping[Path, bytes]) -> None:
        """Give files of the copy these contents; those that have them already are not touched."""
        for path, content in contents.items():
            target = self._tree / path
            resolved = target.resolve()
            if not resolved.is_relative_to(self._tree.resolve()):
                # A link to a file outside: the copy gets a file of its own, the other stays.
                target.unlink(missing_ok=True)
                resolved = target
            if not resolved.is_file() or resolved.read_bytes() != content:
                resolved.parent.mkdir(parents=True, exist_ok=True)
                overwrite_file(resolved, content)

    def _is_current(self, name: str, stamp: list[int]) -> bool:
        return self.manifest.get(name) == stamp and os.path.lexists(self._tree / name)

    def _copy(self, path: Path, *, is_first: bool) -> bool:
        source, target = self._project / path, self._tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            return self._link(source, target)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif target.is_symlink():
            target.unlink()
        elif _is_same(source, target):
            return False
        else:
            # A read-only file cannot be opened for writing, and a running program is busy.
            target.unlink(missing_ok=True)
        copy_file(source, target)
        if not is_first:
            touch(target)
        return True

    def _link(self, source: Path, target: Path) -> bool:
        aim = self._aim(source)
        if target.is_symlink() and target.readlink() == aim:
            return False
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        target.symlink_to(aim)
        return True

    def _aim(self, link: Path) -> Path:
        """Return where the copy of a link must point."""
        aim = link.readlink()
        place = Path(os.path.normpath(link.parent / aim))
        if place.is_relative_to(self._project):
            return self._tree / place.relative_to(self._project) if aim.is_absolute() else aim
        return place

    def _drop(self, names: Iterable[str]) -> set[str]:
        dropped: set[str] = set()
        for name in names:
            target = self._tree / name
            if os.path.lexists(target) and not (target.is_dir() and not target.is_symlink()):
                target.unlink()
                dropped.add(name)
            for parent in target.relative_to(self._tree).parents:
                directory = self._tree / parent
                if parent == Path() or not directory.is_dir() or any(directory.iterdir()):
                    break
                directory.rmdir()
        return dropped


def _stamp(path: Path) -> list[int]:
    status = path.lstat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode]


def _is_same(source: Path, target: Path) -> bool:
    """Whether the copy has the source's content and mode already."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return False
    new = source.stat()
    if old.st_size != new.st_size or stat.S_IMODE(old.st_mode) != stat.S_IMODE(new.st_mode):
        return False
    return target.read_bytes() == source.read_bytes()
