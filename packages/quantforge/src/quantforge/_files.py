"""Files that are written in one step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when the block ends without an error.

    Raises
    ------
    OSError
        If it cannot be written; `path` is as it was then, and nothing lies beside it.
    """
    partial = path.parent / f"{path.name}.partial"
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
