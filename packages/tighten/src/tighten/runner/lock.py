"""One measurement at a time on a machine, whoever takes it.

The lock is a file lock, so it is gone with the process that held it. Waiting for it is never part
of a measured time: time-outs and clocks start after it is held.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tighten.errors import StateError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["MeasuringLock"]


def machine_wide_path() -> Path:
    """Return a place that all users of this machine share, whatever their ``TMPDIR``."""
    shared = Path("/dev/shm")  # the one directory that is the machine's by definition
    return (shared if shared.is_dir() else Path(tempfile.gettempdir())) / "tighten-measuring.lock"


class MeasuringLock:
    """Machine-wide lock around a measurement; a context manager that may be entered again later.

    Parameters
    ----------
    path
        The lock's file; all who measure on this machine must agree on it.

    Attributes
    ----------
    waited
        Seconds that the last entry waited for others.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or machine_wide_path()
        self._descriptor: int | None = None
        self.waited = 0.0

    def __enter__(self) -> Self:
        """Wait until nobody else measures."""
        self._descriptor = descriptor = _opened(self._path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.waited = 0.0
        except BlockingIOError:
            started = time.monotonic()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.waited = time.monotonic() - started
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next one measure."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _opened(path: Path) -> int:
    """Return a descriptor of the lock file; reading suffices, so another user's file will do."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            return os.open(path, flags | os.O_CREAT, 0o644)
    except OSError as error:
        raise StateError(
            f"cannot open the measuring lock {path}: {error.strerror}; make it a file that "
            "everybody may read, or remove it"
        ) from error
