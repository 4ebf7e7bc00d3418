from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tighten.decision import Outcome, Status
from tighten.record import Role
from tighten.report import TerminalSummary

from . import records

if TYPE_CHECKING:
    from tighten.record import StudyRecord


def render(study: StudyRecord, *, width: int = 80) -> str:
    return TerminalSummary(width=width, page="report/page.html").render(study)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_fits_the_width_without_control_characters(any_study: StudyRecord, width: int) -> None:
    text = render(any_study, width=width)
    # A wide character takes two columns but counts as one: rich keeps to columns.
    assert max(len(line) for line in text.splitlines()) <= width
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert text.endswith("\n")


def test_tells_status_values_cases_confirmation_page_and_next_step(campaign: StudyRecord) -> None:
    text = render(campaign)
    for expected in (
        "success (every target is reached)",
        "Confirmed gain over the baseline: +14.8 %, 90 % interval +14.2 to +15.4 %.",
        "PARALLEL_THRESHOLD_SMALL   50000  10000",
        "size_10000 (primary)  0.8312  0.9911  +19.2 %  +18.6 to +19.8 %  0.9500 reached",
        "3 of 3 targets reached",
        "10 of 12: 2 accepted, 2 rejected, 1 inconclusive, 4 failed",
        "13 pairs, spread 1.3 %, 2 pairs run again (13.3 %)",
        "AMD EPYC 7763",
        "report/page.html",
        "`tighten apply`",
        "trial 9: crash: signal 11 (SIGSEGV)",
    ):
        assert expected in text, expected
    assert "E = 1,274 (needs 100)" in " ".join(text.split())


def test_trial_that_one_case_held_back_is_named() -> None:
    missed = records.trial(1, Outcome.INCONCLUSIVE, 0.2, incumbent=0, values={"CHUNK_SIZE_L1": 512})
    baseline = records.trial(0, role=Role.BASELINE)
    study = records.study((baseline, missed), best=0, status=Status.EXHAUSTED)
    text = " ".join(render(study).split())
    assert (
        "nearest trial 1, +20.0 %, CHUNK_SIZE_L1=512: "
        "undecided after 64 pairs: the gain is not shown" in text
    )
    assert "`max_regression`) for the case that held it back" in text
    unsure = records.trial(1, Outcome.INCONCLUSIVE, 0.0001, incumbent=0)
    assert "nearest" not in render(replace(study, trials=(baseline, unsure)))
    assert "nearest" not in render(replace(study, best=1))


def test_colour_adds_nothing_but_colour(any_study: StudyRecord) -> None:
    plain = TerminalSummary(color=False).render(any_study)
    colored = TerminalSummary(color=True).render(any_study)
    assert "\x1b[" not in plain
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_failed_baseline_shows_why() -> None:
    text = render(records.baseline_failed())
    assert "error[E0308]: mismatched types" in text
    assert "then `tighten tune`" in text
    assert "Cases" not in text


def test_unconfirmed_winner_is_not_to_be_applied() -> None:
    text = " ".join(render(records.unconfirmed()).split())
    assert "not confirmed (inconclusive)" in text
    assert "tighten apply" not in text


def test_interrupted_study_says_how_to_go_on() -> None:
    text = render(records.interrupted())
    assert "`tighten resume` goes on from here" in text
    assert "as the search saw them (not confirmed)" in text


def test_given_next_step_wins(campaign: StudyRecord) -> None:
    assert "read the page" in TerminalSummary(next_step="read the page").render(campaign)


def test_many_failures_are_summed_up(large: StudyRecord) -> None:
    text = render(large)
    assert len(text.splitlines()) < 60
    assert ", …: build: exit status 101" in text
