"""Which files belong to a project, and whether they are still the same.

With git, a project is its tracked files and those that are neither tracked nor ignored; without
it, everything but version control, caches and tighten's own directory.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.files import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["changed_since", "file_hashes", "project_files", "project_hash", "read_at_run_time"]

NOT_PROJECT = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr", "CVS", "_darcs", ".jj"),
        *(".tighten", ".venv", ".tox", ".nox", "node_modules", "__pycache__"),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints"),
    }
)
COMPILED = frozenset(
    {
        *(".c", ".h", ".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".inl", ".ipp"),
        *(".rs", ".f", ".F", ".f77", ".f90", ".F90", ".f95", ".s", ".S", ".zig", ".go", ".d"),
        *(".pyx", ".pxd", ".cu", ".cuh"),
    }
)
DOCUMENTS = frozenset({".md", ".rst", ".html", ".svg", ".png", ".pdf"})


def project_files(
    project: Path,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    leave_out: Iterable[Path] = (),
) -> list[Path]:
    """Return the files and symbolic links of a project, relative to it and sorted.

    Parameters
    ----------
    project
        Root of the project.
    include
        Patterns (as of `pathlib.Path.glob`) of ignored files that belong to it all the same.
    exclude
        Patterns of files that do not; a pattern that matches a directory means all below it.
    leave_out
        Directories that never belong to it, such as a state directory inside.
    """
    found = set(_listed_by_git(project) or _walked(project))
    for pattern in include:
        for match in project.glob(pattern):
            found |= set(_below(match, project))
    hidden = [path.relative_to(project) for path in leave_out if path.is_relative_to(project)]
    patterns = tuple(exclude)
    return sorted(
        path
        for path in found
        if not any(path.is_relative_to(directory) for directory in hidden)
        and not NOT_PROJECT.intersection(path.parts[:-1])
        and not _matches(path, patterns)
    )


def read_at_run_time(files: Iterable[Path], *, is_built: bool) -> list[Path]:
    """Return the files that a run may depend on: no documents, and no sources of a compiler.

    Where a build command makes products of them (``is_built``), those are what runs.
    """
    unread = DOCUMENTS | (COMPILED if is_built else frozenset())
    return [path for path in files if path.suffix not in unread]


def file_hashes(project: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name relative to the project."""
    return {path.as_posix(): digest((project / path).read_bytes()) for path in files}


def changed_since(project: Path, recorded: Mapping[str, str]) -> list[Path]:
    """Return the files that are gone or differ from what `file_hashes` recorded."""
    return [
        Path(name)
        for name, old in recorded.items()
        if not (project / name).is_file() or digest((project / name).read_bytes()) != old
    ]


def project_hash(
    project: Path, files: Iterable[Path], *, replaced: Mapping[Path, bytes] | None = None
) -> str:
    """Return a digest of names, kinds, executable bits and contents of a project's files.

    ``replaced`` gives contents to count in place of those on disk; with the bound files as one
    fixed configuration writes them, the digest does not depend on the parameters' values.
    """
    contents = replaced or {}
    total = hashlib.sha256()
    for path in sorted(files):
        status = (project / path).lstat()
        if stat.S_ISLNK(status.st_mode):
            kind, content = "link", os.fsencode((project / path).readlink())
        else:
            kind = "program" if status.st_mode & stat.S_IXUSR else "file"
            content = contents[path] if path in contents else (project / path).read_bytes()
        total.update(
            f"{path.as_posix()}\0{kind}\0{digest(content)}\n".encode("utf-8", "surrogateescape")
        )
    return total.hexdigest()


def _listed_by_git(project: Path) -> list[Path]:
    """Return what git considers part of the project; empty if git does not know it."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=project,
            env=environment,
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    names = {os.fsdecode(name) for name in listing.split(b"\0") if name}
    return [file for name in names for file in _present(project, Path(name))]


def _present(project: Path, path: Path) -> Iterator[Path]:
    """Yield the path if it is a file, or the files of a nested repository that it is."""
    place = project / path
    if place.is_symlink() or place.is_file():
        yield path
    elif place.is_dir():
        for inner in _listed_by_git(place) or _walked(place):
            yield path / inner


def _walked(project: Path) -> Iterator[Path]:
    for child in project.iterdir():
        yield from _below(child, project)


def _below(place: Path, project: Path) -> Iterator[Path]:
    """Yield regular files and links at or below ``place``, which may be any kind of file."""
    mode = place.lstat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
        yield place.relative_to(project)
    elif stat.S_ISDIR(mode) and place.name not in NOT_PROJECT:
        for child in place.iterdir():
            yield from _below(child, project)


def _matches(path: Path, patterns: Iterable[str]) -> bool:
    names = [path.as_posix(), *(parent.as_posix() for parent in path.parents)]
    return any(
        fnmatch.fnmatchcase(name, pattern.rstrip("/")) for pattern in patterns for name in names
    )
