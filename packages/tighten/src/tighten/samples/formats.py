"""The result formats by name; the one place to add another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import FailureKind, StudyError, TrialError
from tighten.samples.native_tools import read_criterion, read_google_benchmark, read_hyperfine
from tighten.samples.python_tools import read_asv, read_pyperf, read_pytest_benchmark
from tighten.samples.tables import read_speedup_table, read_tighten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tighten.samples.launch import Result

__all__ = ["FORMATS", "PROCESS", "read_result"]

PROCESS = "process"  # the launch itself is the case; nothing is written


def _refuse_file(path: Path) -> Result:
    raise TrialError(
        f"{path}: the format {PROCESS!r} times a launch and has no result file",
        kind=FailureKind.RESULT,
    )


FORMATS: Mapping[str, Callable[[Path], Result]] = {
    "tighten": read_tighten,
    "pytest-benchmark": read_pytest_benchmark,
    "pyperf": read_pyperf,
    "hyperfine": read_hyperfine,
    "criterion": read_criterion,
    "google-benchmark": read_google_benchmark,
    "asv": read_asv,
    "speedup-table": read_speedup_table,
    PROCESS: _refuse_file,
}


def read_result(path: Path, format: str) -> Result:
    """Return all cases and metrics of a result.

    Parameters
    ----------
    path
        The result file; for ``criterion``, a directory.
    format
        One of ``FORMATS``.

    Raises
    ------
    StudyError
        If there is no such format.
    TrialError
        ``RESULT`` if the file is missing, not of this format, or empty; ``CRASH`` if the tool
        wrote down that the benchmark failed. Whether a value makes sense is asked only when it
        is used (``launch_value``), since a result may hold more than the study needs.
    """
    if format not in FORMATS:
        raise StudyError(f"unknown result format {format!r}; known are {', '.join(FORMATS)}")
    result = FORMATS[format](path)
    if not result:
        raise TrialError(f"{path}: the result has no case", kind=FailureKind.RESULT)
    return result
