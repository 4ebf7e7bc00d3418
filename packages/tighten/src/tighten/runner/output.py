"""The output of a run, on its way from a pipe to a log of bounded size.

The first half of the limit is written as it comes; after that only the last half is remembered
and written at the end, with a line in between that says how much was left out.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections import deque
from typing import TYPE_CHECKING

from tighten.errors import StateError

if TYPE_CHECKING:
    import io
    from pathlib import Path

__all__ = ["BoundedLog", "OutputPipe"]

CHUNK = 1 << 16
PIPE_SIZE = 1 << 20  # so that a short burst of output never makes the command wait for us
TAIL_BYTES = 4096
TAIL_LINES = 20


class BoundedLog:
    """A log file of at most about ``limit`` bytes.

    Raises
    ------
    StateError
        If it cannot be written.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._room = limit // 2
        self._kept: deque[bytes] = deque()
        self._kept_size = 0
        self._kept_limit = limit - self._room
        self._left_out = 0
        self._tail = b""
        try:
            self._file = _opened(path)
        except OSError as error:
            raise _unwritable(path, error) from error

    def write(self, data: bytes) -> None:
        """Append output."""
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        head = data[: self._room]
        if head:
            self._room -= len(head)
            self._put(head)
        if len(head) < len(data):
            self._keep(data[len(head) :])

    def close(self) -> None:
        """Write what was kept for the end; safe to call twice."""
        if self._file.closed:
            return
        try:
            if self._left_out:
                self._put(b"\n[... %d bytes of output left out ...]\n" % self._left_out)
            for chunk in self._kept:
                self._put(chunk)
        finally:
            self._kept.clear()
            self._file.close()

    @property
    def tail(self) -> str:
        """The last lines of the output."""
        if not self._tail:
            return ""
        text = self._tail.decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-TAIL_LINES:])

    def _keep(self, data: bytes) -> None:
        self._kept.append(data)
        self._kept_size += len(data)
        while self._kept_size - len(self._kept[0]) >= self._kept_limit:
            dropped = len(self._kept.popleft())
            self._kept_size -= dropped
            self._left_out += dropped

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _opened(path: Path) -> io.FileIO:
    try:
        return path.open("wb", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb", buffering=0)


def _unwritable(path: Path, error: OSError) -> StateError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    remedy = "free some space there" if full else "make the directory writable"
    return StateError(
        f"cannot write the log {path}: {error.strerror}; {remedy}, or choose another place "
        "with --state DIR"
    )


class OutputPipe:
    """The pipe that a process writes its output to; this side never waits for it."""

    def __init__(self, log: BoundedLog) -> None:
        self.log = log
        self.read_end, self.write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.read_end, False)
        # A user's pipe quota may be used up; the usual size then does.
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.write_end, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def pump(self, limit: int = CHUNK) -> int:
        """Move at most ``limit`` bytes that are there to the log, and return how many."""
        moved = 0
        while moved < limit:
            try:
                data = os.read(self.read_end, CHUNK)
            except BlockingIOError:
                break
            if not data:
                break
            self.log.write(data)
            moved += len(data)
        return moved

    def started(self) -> None:
        """Give up our copy of the writing end; the process has its own."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def close(self) -> None:
        """Close both ends."""
        self.started()
        if self.read_end >= 0:
            os.close(self.read_end)
            self.read_end = -1
