"""What the time went into: computing, or something that a tuner should see apart from it.

A category is a list of patterns for functions. A pattern is matched, with ``*`` and ``?`` as
wildcards, against the name of a function and against its module with the name, so that ``numba*``
means the package and ``*read_row_group*`` a function of that name. A study's own patterns win
over those built in, and it may add categories.

Import, JIT compilation and warm-up swallow all that happens below them (a file that is read in
order to import a module is import), and are left out of the steady state. Of the others, the
match nearest to the running function counts. What no pattern matches is computing.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tighten.profile.model import Frame, Profile, Stack

__all__ = ["COMPUTE", "DEFAULT_RULES", "LABELS", "PREPARATION", "Categories"]

COMPUTE = "compute"
PREPARATION = ("import", "compile", "warmup")
LABELS = {
    COMPUTE: "compute",
    "io": "input and output",
    "compile": "JIT compilation",
    "import": "import",
    "gc": "garbage collection",
    "gil": "waiting for the GIL",
    "wait": "waiting",
    "warmup": "warm-up",
}

DEFAULT_RULES: Mapping[str, tuple[str, ...]] = {
    "import": (
        "importlib._bootstrap*", "_find_and_load*", "zipimport*", "pkgutil*",
        "*built-in method builtins.__import__*", "*built-in method _imp.*", "import_find_and_load",
    ),
    "compile": (
        "numba*", "llvmlite*", "jax._src.compiler*", "jax._src.interpreters*", "torch._dynamo*",
        "torch._inductor*", "pytensor*", "LLVMPY_*",
    ),
    "gc": ("gc_collect*", "_PyGC_*", "*built-in method gc.collect*", "collect_generations"),
    "gil": (
        "take_gil*", "PyEval_RestoreThread", "PyEval_AcquireThread", "_PyEval_AcquireLock",
        "_PyThreadState_Attach",
    ),
    "wait": (
        "*built-in method time.sleep*", "*of '_thread.lock' objects*", "*select.select*",
        "*select.poll*", "*select.epoll*", "futex_*", "*futex*", "pthread_cond_*",
        "__pthread_cond_*", "pthread_join*", "clock_nanosleep*", "*posix.waitpid*", "sched_yield",
        "poll", "__poll", "epoll_wait",
    ),
    "io": (
        "*of '_io.*", "*built-in method _io.*", "*built-in method posix.*", "*'_socket.socket'*",
        "pyarrow.parquet*", "pyarrow.csv*", "pyarrow.feather*", "pyarrow.dataset*", "h5py*",
        "netCDF4*", "zarr*", "pandas.io*", "numpy.lib.npyio*", "numpy.lib._npyio*",
        "numpy.lib.format*", "numpy.lib._format*", "gzip*", "zipfile*", "lzma*", "bz2*", "shutil*",
        "sqlite3*", "socket*", "read", "__read", "write", "__write", "pread64", "pwrite64",
        "readv", "writev", "fsync", "fdatasync", "open64", "openat*", "fread", "fwrite",
        "ksys_read", "ksys_write", "vfs_*", "ext4_*", "blk_*",
    ),
}  # fmt: skip


class Categories:
    """Rules that give each stack one category.

    Parameters
    ----------
    rules
        The study's own patterns by category; they win over the built-in ones.
    """

    def __init__(self, rules: Mapping[str, Sequence[str]] | None = None) -> None:
        own = dict(rules or {})
        self._own = {name: _union(patterns) for name, patterns in own.items() if patterns}
        self._default = {name: _union(patterns) for name, patterns in DEFAULT_RULES.items()}
        self._known: dict[Frame, str | None] = {}

    def of(self, stack: Stack) -> str:
        """Return the category of a stack."""
        nearest = COMPUTE
        for frame in stack.frames:
            category = self._of_frame(frame)
            if category in PREPARATION or (category and nearest not in PREPARATION):
                nearest = category
        return nearest

    def split(self, profile: Profile) -> dict[str, float]:
        """Return the weight by category, the largest first; compute is always there."""
        weights = {COMPUTE: 0.0}
        for stack in profile.stacks:
            category = self.of(stack)
            weights[category] = weights.get(category, 0.0) + stack.weight
        return dict(sorted(weights.items(), key=lambda item: -item[1]))

    def steady(self, profile: Profile) -> Profile:
        """Return the profile without import, JIT compilation and warm-up."""
        return profile.kept(lambda stack: self.of(stack) not in PREPARATION)

    def _of_frame(self, frame: Frame) -> str | None:
        if frame not in self._known:
            names = _names(frame)
            self._known[frame] = _first(self._own, names) or _first(self._default, names)
        return self._known[frame]


def label(category: str) -> str:
    """Return what people call a category."""
    return LABELS.get(category, category)


def _union(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns))


def _first(rules: Mapping[str, re.Pattern[str]], names: Sequence[str]) -> str | None:
    for category, pattern in rules.items():
        if any(pattern.match(name) for name in names):
            return category
    return None


def _names(frame: Frame) -> list[str]:
    """Return the names under which a pattern may know a frame."""
    function = frame.function
    return [function, *(f"{module}.{function}" for module in _modules(frame.file))]


@cache
def _modules(file: str) -> tuple[str, ...]:
    """Return the dotted names that a source file may have as a module.

    >>> _modules("/x/site-packages/numba/core/dispatcher.py")
    ('numba.core.dispatcher',)
    >>> _modules("packages/marsdisk/src/marsdisk/io/series.py")[-3]
    'marsdisk.io.series'
    """
    if file.startswith("<frozen "):
        return (file[len("<frozen ") : -1],)
    stem = re.sub(r"(/__init__)?(\.[\w-]+)*\.(py|pyx|so|rs|c|cc|cpp)(\.\d+)*$", "", file)
    installed = re.split(r".*/(?:site-packages|dist-packages|python3\.\d+t?)/", stem)
    if len(installed) > 1:
        return (installed[-1].replace("/", "."),)
    parts = [part for part in stem.split("/") if part]
    parts = parts[-4:] if file.startswith("/") else parts
    return tuple(".".join(parts[start:]) for start in range(len(parts)))
