"""Write files so that a crash, a kill or a full disk leaves either the old file or the new one.

Limitation: files are handed to the operating system and not forced to the platters, so a power
failure may lose the newest ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import IO, TYPE_CHECKING, Any

from marsdisk.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["atomic_file", "read_json", "sha256_of", "write_json", "write_text"]

REMEDY = "free space or fix the permissions, then `marsdisk resume`; finished parts are readable"


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that replaces `path` when the block ends without an error.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing is left behind.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(path)
    except OSError as error:
        _discard(partial)
        raise OutputError(path, error.strerror or str(error), REMEDY) from error
    except BaseException:
        _discard(partial)
        raise


def _discard(partial: Path) -> None:
    # Where even this fails there was no file to begin with, and the first error tells why.
    with contextlib.suppress(OSError):
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically."""
    with atomic_file(path) as stream:
        stream.write(text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as JSON with sorted keys."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Return the value of a JSON file.

    Raises
    ------
    OSError, ValueError
        If it is missing or damaged.
    """
    return json.loads(path.read_text(encoding="utf-8"))


def sha256_of(path: Path) -> str:
    """Return the hexadecimal digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
