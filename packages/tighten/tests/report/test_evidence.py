"""What applied values rest on: written, carried over, and held against another machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tighten.errors import StudyError
from tighten.evidence import ValueEvidence, added, read, standings

from . import records

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.record import StudyRecord


def write(path: Path, study: StudyRecord, *, start: str, code: str) -> tuple[ValueEvidence, ...]:
    file = added(path, study, start=start, code=code)
    path.write_bytes(file.content)
    return file.values


def present(study: StudyRecord) -> dict[str, Any]:
    return dict(study.trials[study.best].configuration)


def test_changed_values_are_written_with_what_they_rest_on(tmp_path: Path) -> None:
    study = records.campaign()
    values = write(tmp_path / "e.json", study, start="old", code="new")
    assert read(tmp_path / "e.json") == values
    before, after = study.trials[0].configuration, present(study)
    assert {one.parameter for one in values} == {k for k in after if after[k] != before[k]}
    assert study.confirmation is not None
    assert {(one.e_value, one.pairs, one.code_hash) for one in values} == {
        (study.confirmation.objective.e_value, study.confirmation.pairs, "new")
    }
    found = standings(values, present=present(study), machine=study.machine, code_hash="new")
    assert all(one.holds for one in found)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"machine": {"cpu": "Another CPU"}}, "the processor is another one"),
        ({"machine": {"compilers": {"cc": "cc 99"}}}, "is cc 99"),
        ({"code_hash": "edited"}, "the code is another one"),
        ({"present": {}}, "no longer has this parameter"),
    ],
)
def test_what_changed_is_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    study = replace(records.campaign(), machine={"cpu": "A CPU", "compilers": {"cc": "cc 12"}})
    values = write(tmp_path / "e.json", study, start="old", code="new")
    now: dict[str, Any] = {
        "present": present(study),
        "machine": {**study.machine, **change.pop("machine", {})},
        "code_hash": "new",
        **change,
    }
    for one in standings(values, **now):
        assert not one.holds
        assert any(reason in text for text in one.reasons)


@pytest.mark.parametrize(("start", "holds"), [("new", True), ("edited in between", False)])
def test_later_values_keep_earlier_evidence_only_over_unbroken_code(
    tmp_path: Path, start: str, holds: bool
) -> None:
    path = tmp_path / "e.json"
    first = records.campaign()
    old = write(path, first, start="old", code="new")[0]
    trials = [
        replace(trial, configuration={**trial.configuration, old.parameter: old.value})
        for trial in first.trials
    ]
    later = write(path, replace(first, trials=tuple(trials)), start=start, code="newest")
    kept = {one.parameter: one for one in later}[old.parameter]
    assert kept.e_value == old.e_value
    assert (kept.code_hash == "newest") is holds


def test_a_missing_or_damaged_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="tighten apply"):
        read(tmp_path / "e.json")
    (tmp_path / "e.json").write_text('{"values": 3}')
    with pytest.raises(StudyError, match="cannot be read"):
        read(tmp_path / "e.json")
