"""Changes to the user's own files that can be undone after a crash, a kill or a power cut.

A journal holds the original of every file before its first edit, and the digest of every content
that tighten wrote, each on disk before the file is touched. So at any later moment a file is the
original, or one of those contents (and can be put back), or something that somebody else wrote
(and is left alone). Originals are stored under their digest and never overwritten.

Two journals exist in a state directory: ``in-place`` for a run that edits the project itself,
empty unless that run was killed; and ``applied`` for what the user asked to be written.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.errors import StateError
from tighten.files import (
    digest,
    make_state_directory,
    replace_file,
    storage_errors,
    sync_directory,
    temporary_name,
)
from tighten.runner import end_orphans
from tighten.trial.lock import alone
from tighten.trial.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["APPLIED", "IN_PLACE", "REFUSED", "Journal", "recover", "restore", "write_edits"]

IN_PLACE = "in-place"
APPLIED = "applied"
_NEW_FILE_MODE = 0o644
REFUSED = "refused"  # where the originals of files go that were not put back


@dataclass(frozen=True, slots=True)
class _Entry:
    """An original: the file it belongs to, its digest and its mode."""

    target: Path  # the file behind any symbolic link
    sha256: str  # empty if there was no file
    mode: int


class Journal:
    """The journal in one directory; opening it reads what an earlier process left.

    Parameters
    ----------
    directory
        Where the journal lives; created by `extend`.
    project
        Root that the paths of `extend` and `write` are relative to.

    Raises
    ------
    StateError
        If the journal cannot be read.
    """

    def __init__(self, directory: Path, project: Path) -> None:
        self._directory = directory
        self._project = project
        self._entries: dict[str, _Entry] = {}
        self._outputs: tuple[str, ...] = ()
        self._written: dict[str, set[str]] = {}
        if self._index.exists():
            self._read()

    @property
    def is_open(self) -> bool:
        """Whether there is anything to undo."""
        return bool(self._entries)

    def original(self, path: Path) -> bytes:
        """Return the content that ``path`` had before its first edit."""
        return self._backup(self._entries[path.as_posix()]).read_bytes()

    def extend(self, paths: Iterable[Path], *, outputs: Sequence[str] = ()) -> None:
        """Take the originals of ``paths``, and of what matches ``outputs``, to disk.

        A file that already has an entry keeps it while it holds the original or an edit of ours;
        if somebody else wrote it since, its present content is the new original.
        """
        with storage_errors(f"writing the journal {self._directory}"):
            self._directory.mkdir(parents=True, exist_ok=True)
            sync_directory(self._directory.parent)
            if not self._index.exists():
                self._log.unlink(missing_ok=True)
            for path in paths:
                self._take(path)
            if outputs and not self._outputs:
                self._outputs = tuple(outputs)
                Outputs(self._project, outputs).keep(self._directory / "outputs")
            self._write_index()

    def write(self, edits: Mapping[Path, bytes]) -> None:
        """Write new contents into files that have entries; each digest reaches the disk first.

        Raises
        ------
        StateError
            If somebody else wrote one of the files meanwhile; nothing is written then.
        """
        for path in edits:
            if not self._is_ours(path.as_posix(), self._entries[path.as_posix()]):
                raise StateError(
                    f"{path} was changed by somebody else while tighten was at work on it; it is "
                    "left as it is now. Start again when nobody else writes to the project"
                )
        with storage_errors(f"writing the journal {self._directory}"):
            lines = [f"{digest(content)} {path.as_posix()}\n" for path, content in edits.items()]
            with self._log.open("a", encoding="utf-8", errors="surrogateescape") as stream:
                stream.writelines(lines)
                stream.flush()
                os.fsync(stream.fileno())
        for path, content in edits.items():
            entry = self._entries[path.as_posix()]
            self._written.setdefault(path.as_posix(), set()).add(digest(content))
            with storage_errors(f"writing {path}"):
                replace_file(entry.target, content, mode=entry.mode, durable=True)

    def conflicts(self) -> list[tuple[Path, Path]]:
        """Return the files that somebody else changed or removed, with their originals' places."""
        return [
            (Path(name), self._backup(entry))
            for name, entry in self._entries.items()
            if not self._is_ours(name, entry)
        ]

    def restore(self) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Put back what is ours, keep the originals of the rest aside, and end the journal.

        Returns
        -------
        tuple of two tuples of Path
            The files that were put back, and those that were left alone.
        """
        restored, refused = [], []
        with storage_errors(f"restoring the project {self._project}"):
            for name, entry in self._entries.items():
                if (leftover := temporary_name(entry.target)).exists():
                    leftover.unlink()
                if not self._is_ours(name, entry):
                    self._set_aside(name, entry)
                    refused.append(Path(name))
                elif self._put_back(entry):
                    restored.append(Path(name))
            if self._outputs:
                outputs = Outputs(self._project, self._outputs)
                outputs.put_unchanged(self._directory / "outputs")
            self._end()
        return tuple(restored), tuple(refused)

    @property
    def _index(self) -> Path:
        return self._directory / "journal.json"

    @property
    def _log(self) -> Path:
        return self._directory / "edits.log"

    def _backup(self, entry: _Entry) -> Path:
        return self._directory / "originals" / entry.sha256

    def _take(self, path: Path) -> None:
        name = path.as_posix()
        known = self._entries.get(name)
        if known is not None and self._is_ours(name, known):
            return
        target = (self._project / path).resolve()
        entry = _Entry(target, "", _NEW_FILE_MODE)
        with contextlib.suppress(FileNotFoundError):
            content = target.read_bytes()
            entry = _Entry(target, digest(content), stat.S_IMODE(target.stat().st_mode))
            backup = self._backup(entry)
            backup.parent.mkdir(exist_ok=True)
            if not backup.exists():
                replace_file(backup, content, durable=True)
        self._entries[name] = entry
        self._written[name] = set()

    def _is_ours(self, name: str, entry: _Entry) -> bool:
        try:
            present = digest(entry.target.read_bytes())
        except FileNotFoundError:
            return not entry.sha256
        return present == entry.sha256 or present in self._written.get(name, ())

    def _put_back(self, entry: _Entry) -> bool:
        """Restore one file; its new modification time makes builds of the edit out of date."""
        if not entry.sha256:
            was_written = entry.target.exists()
            entry.target.unlink(missing_ok=True)
            return was_written
        content = self._backup(entry).read_bytes()
        if entry.target.read_bytes() == content:
            return False
        replace_file(entry.target, content, mode=entry.mode, durable=True)
        return True

    def _set_aside(self, name: str, entry: _Entry) -> None:
        if not entry.sha256:
            return
        place = self._directory.parent / REFUSED / name
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_file(place, self._backup(entry).read_bytes(), durable=True)

    def _write_index(self) -> None:
        document = {
            "files": {
                name: {"target": str(entry.target), "sha256": entry.sha256, "mode": entry.mode}
                for name, entry in self._entries.items()
            },
            "outputs": self._outputs,
        }
        replace_file(self._index, json.dumps(document, indent=1).encode(), durable=True)

    def _read(self) -> None:
        try:
            document = json.loads(self._index.read_bytes())
            for name, entry in document["files"].items():
                self._entries[name] = _Entry(Path(entry["target"]), entry["sha256"], entry["mode"])
            self._outputs = tuple(document["outputs"])
            for line in self._log.read_bytes().splitlines() if self._log.exists() else ():
                sha256, _, path = line.decode("utf-8", "surrogateescape").partition(" ")
                self._written.setdefault(path, set()).add(sha256)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(
                f"cannot read the journal {self._index}: {error}. The originals are in "
                f"{self._directory / 'originals'}; put them back by hand, then remove it"
            ) from error

    def _end(self) -> None:
        self._index.unlink(missing_ok=True)
        sync_directory(self._directory)
        shutil.rmtree(self._directory)
        self._entries.clear()
        self._written.clear()
        self._outputs = ()


def restore(project: Path, state: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Put back what `write_edits` or a killed in-place run changed.

    Parameters
    ----------
    project
        Root of the project.
    state
        tighten's directory.

    Returns
    -------
    tuple of two tuples of Path
        Files that were restored; files that were left alone because somebody else changed them
        since. The originals of those are kept in ``refused/`` of the state directory.

    Raises
    ------
    StateError
        If another tighten is at work there, or the disk refuses.
    """
    restored: list[Path] = []
    refused: list[Path] = []
    if not state.is_dir():
        return (), ()
    with alone(project, state):
        end_orphans(project, state)
        for name in (IN_PLACE, APPLIED):
            journal = Journal(state / name, project)
            if journal.is_open:
                put_back, left = journal.restore()
                restored += put_back
                refused += left
    return tuple(dict.fromkeys(restored)), tuple(dict.fromkeys(refused))


def recover(project: Path, state: Path) -> tuple[Path, ...]:
    """End and put back what a killed run left, before anything else is done.

    Raises
    ------
    StateError
        If somebody changed an edited file since; nothing is touched then.
    """
    end_orphans(project, state)
    journal = Journal(state / IN_PLACE, project)
    if not journal.is_open:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(state / IN_PLACE)  # killed before its first edit
        return ()
    if conflicts := journal.conflicts():
        path, original = conflicts[0]
        raise StateError(
            f"{path} was changed after an interrupted in-place run had edited it; its original is "
            f"{original}. Merge the two by hand, then run `tighten restore`, which leaves that "
            "file as it is"
        )
    return journal.restore()[0]


def write_edits(project: Path, state: Path, edits: Mapping[Path, bytes]) -> None:
    """Write new contents into files of the project, or new files; `restore` undoes it.

    Raises
    ------
    StateError
        If another tighten is at work there, or the disk refuses.
    """
    make_state_directory(state)
    with alone(project, state):
        recover(project, state)
        journal = Journal(state / APPLIED, project)
        journal.extend(edits)
        journal.write(edits)
