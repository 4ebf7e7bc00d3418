"""Files that are either the old one or the new one, whatever happens while they are written.

Limits: the new content is a new file with the old one's mode; other hard links keep the old
content. A symbolic link is followed, so the file it points to is the one that changes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tighten.errors import StateError

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put ``content`` into the file ``path``, creating its directory when missing.

    Parameters
    ----------
    path
        The file to replace or create.
    content
        Text is written as UTF-8; characters that are no characters become ``?``.

    Raises
    ------
    StateError
        If it cannot be written; the old file, if any, is as it was.
    """
    data = content.encode("utf-8", errors="replace") if isinstance(content, str) else content
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data)
    except OSError as error:
        raise StateError(
            f"cannot write {path}: {error.strerror or error}. The old file, if any, is unchanged. "
            "Free space there or make the directory writable, or choose another place."
        ) from error


def _replace(target: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """Return the old file's mode, or what a new file gets under the process's umask."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
