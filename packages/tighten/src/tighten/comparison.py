"""Two versions of a project side by side, whatever names them.

An operand is ``working`` (the project as it stands), ``baseline``, ``best`` or ``trial:N`` of a
recorded run, a git revision, or a result file. Versions that can be built are measured in pairs
and get a verdict; result files can only be set beside each other, which proves nothing.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.decision import Verdict
from tighten.errors import StudyError
from tighten.record import CaseSummary
from tighten.samples import Launch, launch_value, read_result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tighten.decision import Case

__all__ = ["Comparison", "extracted_revision", "file_summaries", "resolved", "unchanged_revision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two versions took; ``verdict`` judges ``b`` against ``a``, None for result files."""

    a: str
    b: str
    cases_a: tuple[CaseSummary, ...]
    cases_b: tuple[CaseSummary, ...]
    verdict: Verdict | None


def file_summaries(path: Path, form: str, cases: Sequence[Case]) -> tuple[CaseSummary, ...]:
    """Return each case of a result file in the study's format, its repetitions as values."""
    result = read_result(path, form)
    launch = Launch(result=result, wall=1, cpu=1, involuntary_switches=0, load=0, source=path)
    return tuple(
        CaseSummary(
            case=case.name,
            median=launch_value(launch, case),
            values=result[case.select][case.metric].values,
            unit=result[case.select][case.metric].unit,
        )
        for case in cases
    )


def extracted_revision(project: Path, revision: str, into: Path) -> Path:
    """Put the project's files as of a git revision below ``into``; return their directory.

    Raises
    ------
    StudyError
        If the project is in no git repository, or the revision is unknown.
    """
    name = resolved(project, revision)
    if name is None:
        raise StudyError(
            f"{revision!r} is neither working, baseline, best, trial:N, a result file, nor a git "
            f"revision of {project}"
        )
    target = into / name[:16]
    if target.is_dir():
        return target
    archive = _git(project, "archive", "--format=tar", name, ".")
    if archive is None:
        raise StudyError(f"git cannot archive {revision} of {project}; is it a shallow clone?")
    partial = into / f"{name[:16]}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(partial, filter="data")
    partial.rename(target)
    return target


def resolved(project: Path, revision: str) -> str | None:
    """Return the full hash of a revision; None if the project's repository has no such commit."""
    commit = _git(project, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return None if commit is None else commit.decode().strip()


def unchanged_revision(project: Path) -> str | None:
    """Return the commit that the project's files are, or None if they differ from it."""
    changes = _git(project, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return resolved(project, "HEAD") if changes == b"" else None


def _git(project: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", *words], cwd=project, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise StudyError("comparing revisions needs git on the PATH") from error
    return done.stdout if done.returncode == 0 else None
