from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tighten.errors import StateError
from tighten.report import Json, export, from_json, to_json
from tighten.report.campaign import trial_file_name

from . import records

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.record import StudyRecord


def read(path: Path) -> Any:
    return json.loads(path.read_text(), parse_constant=pytest.fail)


def test_json_is_lossless(any_study: StudyRecord) -> None:
    again = from_json(to_json(any_study))
    assert to_json(again) == to_json(any_study)
    if any_study.name != records.HOSTILE:  # holds a NaN, which equals nothing
        assert again == any_study
    assert Json().render(any_study) == to_json(any_study) + "\n"


def test_one_line_per_trial(tmp_path: Path, any_study: StudyRecord) -> None:
    paths = export(any_study, tmp_path)
    lines = [json.loads(line) for line in paths[0].read_text().splitlines()]
    assert [line["iteration"] for line in lines] == [t.number for t in any_study.trials]
    for trial in any_study.trials:
        record = read(tmp_path / trial_file_name(trial, any_study.trials[0]))
        assert record["record"]["number"] == trial.number
    assert read(tmp_path / "latest.json")["batch"][0]["case"] == any_study.cases[0].name
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths)


def test_fields_of_a_line(tmp_path: Path, campaign: StudyRecord) -> None:
    export(campaign, tmp_path)
    lines = [json.loads(s) for s in (tmp_path / "iteration_summary.jsonl").read_text().splitlines()]
    third = lines[3]
    assert third["params"] == {"PARALLEL_THRESHOLD_SMALL": 10_000, "CHUNK_SIZE_L1": 1024}
    assert third["performance"]["size_10000"] == pytest.approx(0.8312 * 1.091)
    assert third["verdict"] == "accept"
    assert third["speedup"] == pytest.approx(1.062 * 1.091)
    assert third["build_time"] == 11.3
    assert third["timestamp"] == campaign.trials[3].started
    assert lines[4]["failure"] == "build"
    assert lines[4]["verdict"] is None


def test_file_names_are_the_campaigns(campaign: StudyRecord) -> None:
    base = campaign.trials[0]
    names = [trial_file_name(trial, base) for trial in campaign.trials]
    assert names[0] == "iter_000_baseline.json"
    assert names[9] == "iter_009_params_PT_SMALL_5000.json"
    assert names[8] == "iter_008_params_CHUNK_SIZE_L1_4096_PT_SMALL_8000.json"


def test_file_names_are_safe_short_and_distinct() -> None:
    study = records.hostile()
    names = [trial_file_name(trial, study.trials[0]) for trial in study.trials]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.isascii()
        assert len(name) < 120
        assert not set(name) & set("/\\ <>|'\"`\x00")
        assert ".." not in name


def test_latest_becomes_previous_and_their_difference(tmp_path: Path) -> None:
    export(records.campaign(), tmp_path)
    assert not (tmp_path / "previous.json").exists()
    first = read(tmp_path / "latest.json")
    assert first["batch"][0]["size"] == 10_000
    assert first["batch"][0]["speedup_vs_numpy"] == pytest.approx(0.8312 * (1 + 0.148 * 1.3))
    export(records.unconfirmed(), tmp_path)
    assert read(tmp_path / "previous.json") == first
    change = read(tmp_path / "difference.json")["batch"][0]["speedup_vs_numpy"]
    latest = read(tmp_path / "latest.json")["batch"][0]["speedup_vs_numpy"]
    assert change["latest"] == latest
    assert change["change"] == pytest.approx(latest - first["batch"][0]["speedup_vs_numpy"])


def test_exporting_twice_changes_nothing(tmp_path: Path) -> None:
    export(records.campaign(), tmp_path)
    export(records.unconfirmed(), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    export(records.unconfirmed(), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_foreign_latest_file_is_not_overwritten(tmp_path: Path, campaign: StudyRecord) -> None:
    (tmp_path / "latest.json").write_text('{"mine": 1}')
    with pytest.raises(StateError, match="is no result"):
        export(campaign, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]


def test_latest_of_a_plain_campaign_is_compared(tmp_path: Path, campaign: StudyRecord) -> None:
    old = {"batch": [{"size": 10000, "case": "size_10000", "speedup_vs_numpy": 0.8}, 3]}
    (tmp_path / "latest.json").write_text(json.dumps(old))
    export(campaign, tmp_path)
    change = read(tmp_path / "difference.json")["batch"][0]["speedup_vs_numpy"]
    assert change["previous"] == 0.8


def test_numbers_that_are_not_finite_become_null(tmp_path: Path, campaign: StudyRecord) -> None:
    verdict = campaign.trials[1].verdict
    assert verdict is not None
    few = replace(verdict.objective, low=float("-inf"), high=float("inf"), e_value=float("nan"))
    trial = replace(campaign.trials[1], verdict=replace(verdict, objective=few))
    export(replace(campaign, trials=(campaign.trials[0], trial)), tmp_path)
    line = json.loads((tmp_path / "iteration_summary.jsonl").read_text().splitlines()[1])
    assert line["gain_low"] is line["gain_high"] is line["e_value"] is None


def test_pandas_reads_the_summary(tmp_path: Path, campaign: StudyRecord) -> None:
    pandas = pytest.importorskip("pandas")
    export(campaign, tmp_path)
    frame = pandas.read_json(tmp_path / "iteration_summary.jsonl", lines=True)
    assert len(frame) == len(campaign.trials)
    assert frame.loc[3, "gain"] == pytest.approx(0.091)
    assert set(frame["result"]) >= {"accepted", "failed", "identical"}
