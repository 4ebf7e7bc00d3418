"""What the process environment asks for: threads, task size, streaming and the table cache.

The names are those of the published program.  Requested and effective values are both kept, so a
run records why it used the threads it did.  Limitation: caps on OpenMP and BLAS only act on
libraries that are imported after :func:`apply_thread_limit`.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from marsdisk.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

__all__ = ["Execution", "apply_thread_limit", "execution", "streaming_enabled"]

CAPPED_LIBRARIES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""Thread counts that CELL_THREAD_LIMIT caps."""

THREAD_LIMITS = ("CELL_THREAD_LIMIT", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
"""Environment limits on the threads over cells."""

RECORDED = (
    "MARSDISK_CELL_JOBS",
    "MARSDISK_CELL_CHUNK_SIZE",
    "MARSDISK_DISABLE_NUMBA",
    "MARSDISK_DISABLE_TABLE_CACHE",
    "FORCE_STREAMING_OFF",
    "IO_STREAMING",
    "CELL_THREAD_LIMIT",
    *CAPPED_LIBRARIES,
)


@dataclass(frozen=True, slots=True)
class Execution:
    """Threads, task size and table cache: what was asked for and what a run uses."""

    threads: int
    threads_requested: int | None
    threads_source: str
    chunk_cells: int
    cores: int
    table_cache: bool
    environment: dict[str, str]

    def record(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def _integer(environ: Mapping[str, str], name: str, least: int) -> int | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        rule = f"must be a whole number of at least {least}"
        raise ConfigurationError((Problem(f"environment {name}", text, rule, f"unset {name}"),))
    return value


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() not in {"", "0", "off", "false", "no"}


def apply_thread_limit(environ: MutableMapping[str, str]) -> None:
    """Cap the thread counts of numerical libraries at CELL_THREAD_LIMIT, in place.

    Raises
    ------
    ConfigurationError
        If the limit is not a positive whole number.
    """
    limit = _integer(environ, "CELL_THREAD_LIMIT", 1)
    if limit is None:
        return
    for name in CAPPED_LIBRARIES:
        current = _integer(environ, name, 1)
        environ[name] = str(limit if current is None else min(limit, current))


def available_cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def execution(
    n_cells: int,
    *,
    threads: int | None,
    configured: int | None,
    chunk_cells: int = 0,
    environ: Mapping[str, str] | None = None,
) -> Execution:
    """Return how a run executes.

    Parameters
    ----------
    n_cells : int
        Cells of the run; more threads than cells are never used.
    threads : int, optional
        Wish of the command line; wins over the rest.
    configured : int, optional
        ``parallel.threads``; used when MARSDISK_CELL_JOBS is not set either.
    chunk_cells : int
        ``parallel.chunk_cells``; MARSDISK_CELL_CHUNK_SIZE wins.
    environ : mapping, optional
        Process environment by default.

    Returns
    -------
    Execution

    Raises
    ------
    ConfigurationError
        If a variable is not a whole number in its range.
    """
    environ = os.environ if environ is None else environ
    wishes = (
        ("--threads", threads),
        ("MARSDISK_CELL_JOBS", _integer(environ, "MARSDISK_CELL_JOBS", 1)),
        ("parallel.threads", configured),
    )
    source, requested = next((w for w in wishes if w[1] is not None), ("automatic", None))
    cores = available_cores()
    limits = [_integer(environ, name, 1) for name in THREAD_LIMITS]
    caps = [cores, n_cells, *(limit for limit in limits if limit is not None)]
    chunk = _integer(environ, "MARSDISK_CELL_CHUNK_SIZE", 0)
    return Execution(
        threads=min(caps if requested is None else [requested, *caps]),
        threads_requested=requested,
        threads_source=source,
        chunk_cells=chunk_cells if chunk is None else chunk,
        cores=cores,
        table_cache=not _is_set(environ, "MARSDISK_DISABLE_TABLE_CACHE"),
        environment={name: environ[name] for name in RECORDED if name in environ},
    )


def streaming_enabled(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether rows leave memory during the run (off: one write at the end)."""
    environ = os.environ if environ is None else environ
    if _is_set(environ, "FORCE_STREAMING_OFF"):
        return False
    return "IO_STREAMING" not in environ or _is_set(environ, "IO_STREAMING")
