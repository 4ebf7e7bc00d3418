"""A study as files for other programs: JSON, and the layout that tuning campaigns share.

=====================================  ========================================================
``iteration_summary.jsonl``            one line per trial, for ``pandas.read_json(lines=True)``
``iter_001_params_PT_SMALL_5000.json``  one file per trial: that line and the whole record
``latest.json``, ``previous.json``     the cases now, and of the export before: ``{"batch": [...]}``
``difference.json``                    latest against previous, case by case
``study.json``                         everything, lossless; `from_json` reads it back
=====================================  ========================================================

Each file is complete or absent; trial files of an earlier run stay beside the new ones, so give
each run its own directory where that matters. A number that is not finite is ``null``, except in
``study.json`` (see `tighten.encoding`).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any

from tighten.encoding import decode, encode
from tighten.errors import StateError
from tighten.files import write_atomically
from tighten.record import StudyRecord
from tighten.report.summary import Summary, mark, reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tighten.decision import Case
    from tighten.parameters import Configuration
    from tighten.record import TrialRecord
    from tighten.report.summary import CaseRow

__all__ = ["Json", "export", "from_json", "to_json", "trial_file_name"]

_SIZE = re.compile(r"(?:^|_)size_(\d+)$")
_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")
_WORD_LETTERS = 5  # longer words of a name are cut to their first letter
_NAME_LENGTH = 80  # characters of the values in a file name


class Json:
    """Renders a study as one JSON document that `from_json` reads back without loss."""

    def render(self, study: StudyRecord) -> str:
        """Return indented JSON."""
        return to_json(study) + "\n"


def to_json(study: StudyRecord) -> str:
    """Return the study with all its trials as indented JSON, without loss."""
    return encode(study, indent=1)


def from_json(text: str | bytes) -> StudyRecord:
    """Return the study that `to_json` wrote.

    Raises
    ------
    StateError
        If it is no such text.
    """
    return decode(StudyRecord, text)


def export(study: StudyRecord, directory: Path) -> tuple[Path, ...]:
    """Write a study's files into ``directory``; return them, the summary first.

    What ``latest.json`` held before becomes ``previous.json``, unless the numbers are the same.

    Raises
    ------
    StateError
        If a file cannot be written, or ``latest.json`` is not one that tighten wrote.
    """
    summary = Summary(study)
    lines = [trial_line(summary, trial) for trial in study.trials]
    texts = {
        "iteration_summary.jsonl": "".join(_dump(line) + "\n" for line in lines),
        "study.json": to_json(study) + "\n",
    }
    for trial, line in zip(study.trials, lines, strict=True):
        record = {**line, "record": json.loads(encode(trial))}
        texts[trial_file_name(trial, summary.baseline)] = _dump(record, indent=1) + "\n"
    texts |= _latest_files(summary, directory)
    paths = tuple(directory / name for name in texts)
    for path, text in zip(paths, texts.values(), strict=True):
        write_atomically(path, text, durable=False)
    return paths


def trial_line(summary: Summary, trial: TrialRecord) -> dict[str, Any]:
    """Return one trial as the flat line that ``iteration_summary.jsonl`` holds."""
    verdict = trial.verdict
    objective = verdict.objective if verdict else None
    return {
        "iteration": trial.number,
        "role": trial.role.value,
        "params": dict(trial.configuration),
        "performance": {entry.case: _finite(entry.median) for entry in trial.cases},
        "speedup": _finite(summary.ratios.get(trial.number)),
        "verdict": verdict.outcome.value if verdict else None,
        "result": mark(trial).value,
        "reason": reason(trial),
        "failure": trial.failure.kind.value if trial.failure else None,
        "gain": _finite(objective.gain) if objective else None,
        "gain_low": _finite(objective.low) if objective else None,
        "gain_high": _finite(objective.high) if objective else None,
        "e_value": _finite(objective.e_value) if objective else None,
        "pairs": verdict.pairs if verdict else 0,
        "incumbent": trial.incumbent,
        "identical_to": trial.identical_to,
        "build_time": trial.build_seconds,
        "gate_time": trial.gate_seconds,
        "bench_time": trial.benchmark_seconds,
        "overhead_time": trial.overhead_seconds,
        "timestamp": trial.started,
    }


def trial_file_name(trial: TrialRecord, baseline: TrialRecord | None) -> str:
    """Return the trial's file name: its number, and in short the values that it changed.

    Long words of a parameter's name shrink to their first letter (``PARALLEL_THRESHOLD_SMALL`` is
    ``PT_SMALL``). Only letters, digits and ``.+-_`` are used; a name that would be too long ends
    in a hash of all the values. The number alone keeps names distinct.
    """
    start = f"iter_{trial.number:03d}"
    if trial.number == 0:
        return f"{start}_baseline.json"
    changed = trial.configuration if baseline is None else trial.changed_from(baseline)
    values = {n: value for n, value in trial.configuration.items() if n in changed}
    text = "_".join(f"{_short(name)}_{_safe(value)}" for name, value in sorted(values.items()))
    if len(text) > _NAME_LENGTH:
        text = f"{text[: _NAME_LENGTH - 9]}_{_hash(values)}"
    return f"{start}_params_{text}.json" if text else f"{start}_params_unchanged.json"


def _short(name: str) -> str:
    """Return ``PT_SMALL`` for ``PARALLEL_THRESHOLD_SMALL``: initials, but short words whole."""
    parts: list[str] = []
    initials = ""
    for word in filter(None, _UNSAFE.sub("_", name).split("_")):
        if len(word) > _WORD_LETTERS:
            initials += word[0]
            continue
        parts += [initials, word] if initials else [word]
        initials = ""
    return "_".join([*parts, initials] if initials else parts) or "x"


def _safe(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _UNSAFE.sub("_", text).strip("_") or "x"


def _hash(values: Configuration) -> str:
    return hashlib.sha256(encode(dict(sorted(values.items()))).encode()).hexdigest()[:8]


def _latest_files(summary: Summary, directory: Path) -> dict[str, str]:
    latest = _batch(summary)
    before = _read_batch(directory / "latest.json")
    if before is not None and before.get("batch") == latest["batch"]:
        before = _read_batch(directory / "previous.json")
    files = {"latest.json": _dump(latest, indent=1) + "\n"}
    if before is not None:
        files["previous.json"] = _dump(before, indent=1) + "\n"
        difference = {"batch": _difference(latest["batch"], before["batch"])}
        files["difference.json"] = _dump(difference, indent=1) + "\n"
    return files


def _batch(summary: Summary) -> dict[str, Any]:
    study = summary.study
    return {
        "timestamp": study.finished or study.started,
        "study": study.name,
        "run": study.run,
        "trial": study.best,
        "confirmed": summary.is_confirmed,
        "params": dict(summary.best.configuration) if summary.best else {},
        "batch": [_case_line(row) for row in summary.cases],
    }


def _case_line(row: CaseRow) -> dict[str, Any]:
    """Return a case as a row of the campaign: ``size`` when its name says one, then its metric."""
    after = row.after if row.after is not None else row.before
    size = _SIZE.search(row.case.name)
    return {
        **({"size": int(size.group(1))} if size else {}),
        "case": row.case.name,
        row.case.metric: _finite(after),
        "baseline": _finite(row.before),
        "target": row.case.target,
        "reached": _reached(row.case, after),
    }


def _reached(case: Case, value: float | None) -> bool | None:
    return None if case.target is None or value is None else case.meets_target(value)


def _read_batch(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StateError(f"cannot read {path}: {error}. Move it away and export again.") from error
    if not isinstance(found, dict) or not isinstance(found.get("batch"), list):
        raise StateError(f'{path} is no result: {{"batch": [...]}} is needed. Move it away.')
    return found


def _difference(latest: list[dict[str, Any]], previous: list[Any]) -> list[dict[str, Any]]:
    """Return, for each case of ``latest``, its numbers minus those of ``previous``."""
    old = {row.get("case"): row for row in previous if isinstance(row, dict)}
    return [
        {
            "case": row["case"],
            **{
                name: _change(value, old.get(row["case"], {}).get(name))
                for name, value in row.items()
                if _is_number(value) and name not in {"size", "target"}
            },
        }
        for row in latest
    ]


def _change(value: float, before: object) -> dict[str, float | None]:
    if not isinstance(before, int | float) or isinstance(before, bool):
        return {"latest": value, "previous": None, "change": None, "relative": None}
    relative = (value - before) / before if before else None
    return {"latest": value, "previous": before, "change": value - before, "relative": relative}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _dump(value: Mapping[str, Any], *, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, allow_nan=False)
