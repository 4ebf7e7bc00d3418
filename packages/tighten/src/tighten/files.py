"""Writing to disk: whole or not at all, with one wording for what can go wrong.

A file that is replaced is either the old one or the new one, whatever happens meanwhile. Copies
are never hard links: a build that writes a file in place would reach the user's own. Where the
file system can, a copy shares its blocks until one side is written (a reflink).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import hashlib
import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from tighten.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "BASELINE_FILE",
    "EVIDENCE_FILE",
    "copy_file",
    "digest",
    "make_state_directory",
    "replace_file",
    "storage_errors",
    "sync_directory",
    "temporary_name",
    "touch",
    "write_atomically",
]

# What tighten keeps in a project, beside the study file.
BASELINE_FILE = "tighten-baseline.json"
EVIDENCE_FILE = "tighten-evidence.json"

FICLONE = 0x40049409  # ioctl of <linux/fs.h>: share the blocks of another file
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
NO_REFLINK = frozenset(
    {errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.ETXTBSY}
)


@contextlib.contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Turn what the disk refuses into a `StateError` with a remedy.

    Parameters
    ----------
    doing
        What was being done and where, as in ``"copying the project to /x"``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            remedy = "free some space there, or choose another disk with --state DIR"
        elif error.errno in FORBIDDEN:
            remedy = "make it writable, or choose another place with --state DIR"
        else:
            remedy = "see whether the file system is sound"
        name = f" ({error.filename})" if error.filename else ""
        raise StateError(f"{doing} failed: {error.strerror or error}{name}; {remedy}") from error


def make_state_directory(state: Path) -> None:
    """Create tighten's own directory; version control does not see it.

    Raises
    ------
    StateError
        If it cannot be created or written.
    """
    with storage_errors(f"creating the state directory {state}"):
        if not state.exists():
            state.mkdir(parents=True)
            sync_directory(state.parent)
        marker = state / ".gitignore"
        if not marker.exists():
            marker.write_text("*\n", encoding="ascii")


def digest(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def copy_file(source: Path, target: Path) -> None:
    """Copy content, mode and modification time of a regular file, sharing blocks if possible."""
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), FICLONE, reading.fileno())
        except OSError as error:
            if error.errno not in NO_REFLINK:
                raise
            shutil.copyfile(source, target)
    shutil.copystat(source, target)


def replace_file(
    target: Path, content: bytes, *, mode: int | None = None, durable: bool = False
) -> None:
    """Put ``content`` into ``target`` in one step, with a modification time of now.

    The time is taken from the fine clock: the coarse one, which the kernel uses, could give a
    source that is edited right after a build the same time as the build's products.

    Parameters
    ----------
    target
        A regular file or a name that is free; its other attributes are kept.
    content
        The new content.
    mode
        Permission bits; None keeps those of the old file.
    durable
        Whether it must survive a power cut from the moment this returns.
    """
    temporary = temporary_name(target)
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        if target.exists():
            shutil.copystat(target, temporary)
            _keep_owner(target, temporary)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        touch(temporary)
        temporary.replace(target)
        _forget_bytecode(target)
        if durable:
            sync_directory(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def overwrite_file(target: Path, content: bytes) -> None:
    """Put ``content`` into a file of tighten's own, in place if it exists.

    Who is killed meanwhile leaves a mixture, so the caller must have said on disk that the file
    cannot be trusted. In return it costs a tenth of `replace_file`, whose new file many file
    systems send to the disk at once. The modification time is now by the fine clock, too.
    """
    try:
        with target.open("r+b") as stream:
            stream.write(content)
            stream.truncate()
    except (FileNotFoundError, PermissionError):
        replace_file(target, content)
        return
    touch(target)
    _forget_bytecode(target)


def _forget_bytecode(source: Path) -> None:
    """Remove Python's compiled form of a source that was replaced.

    Python tells a stale one by size and whole seconds: two values of equal length within one
    second would look the same to it.
    """
    if source.suffix == ".py":
        for compiled in source.parent.glob(f"__pycache__/{glob.escape(source.stem)}.*.pyc"):
            compiled.unlink(missing_ok=True)


def _keep_owner(target: Path, temporary: Path) -> None:
    status = target.stat()
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.chown(temporary, status.st_uid, status.st_gid)


def temporary_name(target: Path) -> Path:
    """Return the one name under which a new content waits, so that a leftover can be found."""
    return target.with_name(f".{target.name[:200]}.tighten-new")


def touch(path: Path) -> None:
    """Set the modification time to now, by the fine clock."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))


def sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Put ``content`` into the file ``path``, creating its directory when missing.

    Parameters
    ----------
    path
        The file to replace or create; a symbolic link is followed.
    content
        Text is written as UTF-8; characters that are no characters become ``?``.
    durable
        Whether it must survive a power cut from the moment this returns.

    Raises
    ------
    StateError
        If it cannot be written; the old file, if any, is as it was.
    """
    data = content.encode("utf-8", errors="replace") if isinstance(content, str) else content
    target = path.resolve()
    with storage_errors(f"writing {path} (the old file, if any, is unchanged)"):
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data, durable=durable)
