"""Reading and writing profiles in the formats of other tools.

A profile is stored as a speedscope file, which other viewers open as it is. The format of a file
to read is found from its content, so a name or suffix may be anything. A file that is truncated,
empty or of another kind is one `StudyError` that names the file, what is wrong, and what can be
read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from tighten.errors import StudyError
from tighten.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.profile.model import Profile

__all__ = ["EXPORTS", "FORMATS", "SUFFIXES", "UnreadableError", "exported", "read_profile", "write"]

# The order is that of looking: formats with a signature first, plain text last.
FORMATS = ("pstats", "speedscope", "callgrind", "perf", "collapsed")
EXPORTS = ("html", "speedscope", "collapsed", "pstats", "pprof")
SUFFIXES = {
    "html": ".html",
    "speedscope": ".speedscope.json",
    "collapsed": ".collapsed.txt",
    "pstats": ".pstats",
    "pprof": ".pb.gz",
}


class UnreadableError(ValueError):
    """A file is of the format that is being read, but damaged."""


class Format(Protocol):
    """What the module of a format offers; those that are never written lack ``written``."""

    def is_written_so(self, data: bytes) -> bool:
        """Whether a file looks like this format."""
        ...

    def read(self, data: bytes) -> Profile:
        """Return the profile, or raise `UnreadableError` or ValueError."""
        ...


def _module(name: str) -> Format:
    module: Format = import_module(f"tighten.profile.format_{name}")
    return module


def read_profile(path: Path) -> Profile:
    """Return the profile in a file of any format that can be read.

    Raises
    ------
    StudyError
        If the file is missing, empty, truncated, or no profile.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(f"cannot read the profile {path}: {error.strerror}") from error
    allowed = f"can be read: {', '.join(FORMATS)}"
    if not data.strip():
        raise StudyError(f"{path} is empty, so it holds no profile; take it again ({allowed})")
    name = next((name for name in FORMATS if _module(name).is_written_so(data)), None)
    if name is None:
        raise StudyError(f"{path} is no profile in any known format; {allowed}")
    try:
        profile = _module(name).read(data)
    except (ValueError, KeyError, IndexError, TypeError, EOFError, OSError) as error:
        reason = str(error) if isinstance(error, UnreadableError) else "it is truncated or damaged"
        raise StudyError(
            f"{path} looks like a {name} profile but cannot be read: {reason}; take it again"
        ) from error
    if not profile.stacks:
        raise StudyError(
            f"{path} is a {name} profile without a single sample; let the program run longer, "
            "or sample more often"
        )
    return profile


def exported(profile: Profile, format: str) -> bytes:
    """Return a profile as a file of one of the `EXPORTS`."""
    written: bytes = import_module(f"tighten.profile.format_{format}").written(profile)
    return written


def write(profile: Profile, path: Path) -> None:
    """Store a profile, whole or not at all."""
    write_atomically(path, exported(profile, "speedscope"), durable=False)
