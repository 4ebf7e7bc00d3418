"""How every kernel is compiled: one pair of decorators, one cache policy.

Machine code is cached on disk so that a later start costs no compilation. Numba keys its cache by
the file of each function and misses changes in the functions it calls, so the directory carries a
fingerprint of all kernel sources: a new version never meets old code. Where no directory can be
written, kernels compile in memory. `MARSDISK_DISABLE_NUMBA=1` runs them as plain Python, for
debugging. Floating-point sums may be reordered for speed (`reassoc`), NaN and infinity keep
their meaning.

No kernel calls an entry. A cached entry comes back as machine code that cannot be inlined, so the
same source would give other rounding depending on what the cache held when a caller was compiled.
All others are inlined by force: a function that stayed one would exist twice in the process that
compiled it, alone and inside its entry, and the loader would take the first, which may round
differently.

No kernel allocates: scratch comes from the caller. Kernels then need no reference counts, which
for records of many arrays would be most of the code and most of the time to compile it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMPILED", "entry", "is_cached", "jit", "part", "separate"]

F = TypeVar("F")

COMPILED = os.environ.get("MARSDISK_DISABLE_NUMBA", "0") in {"", "0"}
_REORDER = {"reassoc", "nsz", "arcp", "contract"}
_NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _cache_directory() -> Path | None:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    base = os.environ.get("NUMBA_CACHE_DIR") or platformdirs.user_cache_path("marsdisk") / "kernels"
    directory = Path(base) / digest
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return directory if os.access(directory, os.W_OK) else None


_DIRECTORY = _cache_directory() if COMPILED else None


@contextlib.contextmanager
def _cache_location() -> Iterator[None]:
    config: Any = numba.config
    previous = config.CACHE_DIR
    config.CACHE_DIR = str(_DIRECTORY)
    try:
        yield
    finally:
        config.CACHE_DIR = previous


def _compile(function: F, *, cached: bool = False, **options: bool | str) -> F:
    if not COMPILED:
        return function
    settings: dict[str, Any] = {
        "error_model": "numpy",
        "fastmath": _REORDER,
        "_nrt": False,
        **options,
    }
    compiled: F
    if not cached or _DIRECTORY is None:
        compiled = numba.njit(**settings)(function)
    else:
        with _cache_location():
            compiled = numba.njit(cache=True, **settings)(function)
    return compiled


def jit(function: F) -> F:
    """Compile a function that only other kernels call."""
    return _compile(function, forceinline=True, **_NO_WRAPPERS)


def part(function: F) -> F:
    """Make a function a part of its only caller: it costs no compilation of its own.

    Every level of calls is otherwise optimised again with all that lies below it.
    """
    return _compile(function, inline="always")


def entry(function: F) -> F:
    """Compile a function that Python calls; it runs without the interpreter lock."""
    return _compile(function, cached=True, nogil=True, no_cfunc_wrapper=True)


def separate(function: F) -> F:
    """Compile a function that kernels call by its address; see `kernels.separate`."""
    return _compile(function, cached=True, **_NO_WRAPPERS)


def is_cached(kernel: Any) -> bool:
    """Whether machine code of an entry or a separate kernel, for whatever types, is on disk.

    True where nothing can be stored: there is nothing to wait for.
    """
    if _DIRECTORY is None:
        return True
    source = Path(kernel.py_func.__code__.co_filename).stem
    return any(_DIRECTORY.glob(f"*/{source}.{kernel.py_func.__name__}-*.nbi"))
