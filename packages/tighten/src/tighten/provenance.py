"""What the measurements of a run depend on: the project, the study, the machine.

A run's record says what it was measured with. Whoever goes on with it, or writes its values into
the project, asks here whether that is still what stands there.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tighten.errors import StudyError
from tighten.files import BASELINE_FILE, EVIDENCE_FILE
from tighten.ledger import now
from tighten.machine import fingerprint, fingerprint_key
from tighten.options import plan
from tighten.parameters.binding import FileBinding
from tighten.parameters.domain import ends
from tighten.record import StudyRecord
from tighten.trial import (
    changed_since,
    file_hashes,
    project_files,
    project_hash,
    read_at_run_time,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tighten.ledger import RunKey
    from tighten.options import Options
    from tighten.options.plan import PlannedParameter

__all__ = [
    "file_of",
    "new_record",
    "require_same",
    "require_unchanged",
    "run_key",
    "sources",
]


def new_record(options: Options) -> StudyRecord:
    """Return the record of a run that has not begun."""
    return StudyRecord(
        run=0,
        name=options.name,
        study_file=str(options.file),
        project=str(options.project),
        started=now(),
        finished=None,
        status=None,
        cases=options.cases,
        parameters=tuple(_facts(options, parameter) for parameter in plan(options).parameters),
        machine=fingerprint(),
        max_trials=options.limits.max_trials,
        policy=options.policy,
        sources=sources(options, options.project),
    )


def run_key(options: Options) -> RunKey:
    """Return hashes of what recorded trials depend on: the project, the study, the machine."""
    asked = {
        "build": asdict(options.build),
        "benchmark": asdict(options.benchmark),
        "cases": [asdict(case) for case in options.cases],
        "gates": [asdict(gate) for gate in options.gates],
        "parameters": [asdict(parameter) for parameter in plan(options).parameters],
        "constraints": dict(options.constraints),
        "policy": asdict(options.policy),
        "search": asdict(options.search),
    }
    study = json.dumps(asked, sort_keys=True, default=sorted)
    files = _project_files(options, options.state, *_own_files(options))
    return (
        project_hash(options.project, files),
        hashlib.sha256(study.encode()).hexdigest(),
        fingerprint_key(fingerprint()),
    )


def require_same(options: Options, key: RunKey, run: int) -> None:
    """Raise StudyError if what the trials of a run depend on, by its ``key``, has changed."""
    parts = ("project's files", "study file", "machine")
    changed = [
        part for part, old, new in zip(parts, key, run_key(options), strict=True) if old != new
    ]
    if changed:
        raise StudyError(
            f"run {run} cannot go on: the {' and the '.join(changed)} changed since; "
            "its measurements say nothing about what is here now. Start anew with "
            "`tighten tune`"
        )


def require_unchanged(options: Options, record: StudyRecord) -> None:
    """Raise StudyError if a file that holds a parameter of a run was changed since."""
    for facts in record.parameters:
        for path in changed_since(options.project, facts["files"]):
            raise StudyError(
                f"{path} changed since run {record.run}; its values were not measured with "
                "this file. Run `tighten tune` again, or put the file back"
            )


def sources(options: Options, root: Path) -> str:
    """Return a hash of the files below ``root``, the project or a copy, that a run may read."""
    files = _project_files(options, options.state, options.file, *_own_files(options))
    return project_hash(root, read_at_run_time(files, is_built=options.build.command is not None))


def file_of(options: Options, name: str) -> Path | None:
    """Return the file that holds a parameter; None if it is written in none."""
    binding = {p.name: p.binding for p in options.parameters}[name]
    return binding.file if isinstance(binding, FileBinding) else None


def _facts(options: Options, planned: PlannedParameter) -> Mapping[str, Any]:
    """Return a parameter as the ledger keeps it.

    With it go its file's hash for `require_unchanged`, and the ends of its values for reports.
    """
    file = file_of(options, planned.name)
    hashes = {} if file is None else file_hashes(options.project, [file])
    domain = {p.name: p.domain for p in options.parameters}[planned.name]
    return {**asdict(planned), "files": hashes, "ends": ends(domain)}


def _project_files(options: Options, *leave_out: Path) -> list[Path]:
    return project_files(
        options.project,
        include=options.build.include,
        exclude=options.build.exclude,
        leave_out=leave_out,
    )


def _own_files(options: Options) -> list[Path]:
    """Return the files that tighten itself keeps beside the study file."""
    return [options.file.parent / name for name in (BASELINE_FILE, EVIDENCE_FILE)]
