"""One tighten at a time on a project: a lock on a directory, gone with its process.

The directory itself is locked, so nothing is written and nothing can be left behind. Inside one
process the lock may be taken several times.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from tighten.errors import StateError
from tighten.files import storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DirectoryLock", "alone"]

HANDOVER = 1.0
"""How long [s] to try: a child of a killed tighten has its lock until it runs its own program."""

_held: dict[tuple[int, int], tuple[int, int]] = {}  # (device, inode) -> (descriptor, holders)


class DirectoryLock:
    """An exclusive lock on an existing directory, held from construction to `release`.

    Parameters
    ----------
    directory
        What to lock.

    Raises
    ------
    StateError
        If another process holds it.
    """

    def __init__(self, directory: Path) -> None:
        with storage_errors(f"locking {directory}"):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        self._key: tuple[int, int] | None = (status.st_dev, status.st_ino)
        if self._key in _held:
            os.close(descriptor)
            first, holders = _held[self._key]
            _held[self._key] = first, holders + 1
            return
        if not _locked(descriptor):
            os.close(descriptor)
            raise StateError(
                f"another tighten is at work on {directory}; wait until it is done, or end it"
            )
        _held[self._key] = descriptor, 1

    def release(self) -> None:
        """Let others in; safe to call twice."""
        if self._key is None:
            return
        descriptor, holders = _held.pop(self._key)
        if holders > 1:
            _held[self._key] = descriptor, holders - 1
        else:
            os.close(descriptor)
        self._key = None


def _locked(descriptor: int) -> bool:
    """Try to lock, for up to `HANDOVER`."""
    until = time.monotonic() + HANDOVER
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        else:
            return True


@contextlib.contextmanager
def alone(*directories: Path) -> Iterator[None]:
    """Hold the locks of ``directories`` during the block; StateError if one is taken."""
    with contextlib.ExitStack() as stack:
        for directory in directories:
            stack.callback(DirectoryLock(directory).release)
        yield
