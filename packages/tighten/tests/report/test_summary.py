from __future__ import annotations

from dataclasses import replace

import pytest
from tighten.decision import Goal, Outcome, Status
from tighten.report.summary import Mark, Summary, change, mark, reason, speedup

from . import records


def test_marks_of_a_campaign() -> None:
    summary = Summary(records.campaign())
    assert [mark(trial).value for trial in summary.study.trials] == [
        "baseline",
        "accepted",
        "rejected",
        "accepted",
        "failed",
        "identical",
        "inconclusive",
        "failed",
        "failed",
        "failed",
        "rejected",
    ]
    assert summary.counts[Mark.FAILED] == 4
    assert summary.searched == 10


def test_speedup_is_the_product_along_the_chain_of_incumbents() -> None:
    ratios = Summary(records.campaign()).ratios
    assert ratios[0] == 1.0
    assert ratios[1] == pytest.approx(1.062)
    assert ratios[3] == pytest.approx(1.062 * 1.091)
    assert ratios[2] == ratios[5]  # the same code
    assert 4 not in ratios
    assert 7 not in ratios


def test_less_time_and_a_higher_rate_are_the_same_speedup() -> None:
    assert speedup(Goal.MINIMIZE, 0.5) == 2.0
    assert speedup(Goal.MAXIMIZE, 1.0) == 2.0
    assert speedup(Goal.MINIMIZE, -1.0) == 0.5
    assert speedup(Goal.MINIMIZE, 1.0) == float("inf")


def test_cases_come_from_the_confirmation_not_from_the_search() -> None:
    row = Summary(records.timed()).cases[0]
    assert row.confirmed
    assert row.before == pytest.approx(0.04731)
    assert row.after == pytest.approx(0.04731 * (1 - 0.204 * 1.3))
    assert row.low is not None
    assert row.high is not None
    assert row.low < (row.after or 0.0) < row.high
    assert row.is_met
    assert row.needed == pytest.approx(0.04731 / 0.040)


@pytest.mark.parametrize(("pairs", "before"), [(24, 0.9), (2, 0.8312)])
def test_before_comes_from_where_the_baseline_was_launched_most_often(
    pairs: int, before: float
) -> None:
    first = records.baseline()
    rejected = records.trial(1, Outcome.REJECT, -0.01, incumbent=0, pairs=pairs)
    assert rejected.verdict
    seen = tuple(replace(case, incumbent=0.9) for case in rejected.verdict.cases)
    rejected = replace(rejected, verdict=replace(rejected.verdict, cases=seen))
    row = Summary(records.study((first, rejected), best=0)).cases[0]
    assert row.before == pytest.approx(before)
    assert row.after is None


def test_target_of_a_rate_needs_more_not_less() -> None:
    row = Summary(records.campaign()).cases[0]
    assert row.needed == pytest.approx(0.95 / 0.8312)


def test_without_confirmation_nothing_is_called_confirmed() -> None:
    summary = Summary(records.interrupted())
    assert not summary.is_confirmed
    assert not any(row.confirmed for row in summary.cases)
    assert "not confirmed yet" in summary.headline


@pytest.mark.parametrize(
    ("ends", "hint"),
    [
        ((10_000, 50_000), "10000 is the smallest value allowed; try smaller ones, too"),
        ((5_000, 10_000), "10000 is the largest value allowed; try larger ones, too"),
        ((5_000, 50_000), None),
        (None, None),
    ],
)
def test_changed_value_at_an_end_asks_for_what_lies_beyond(
    ends: tuple[int, int] | None, hint: str | None
) -> None:
    record = records.campaign()
    facts = tuple({**one, "ends": ends} for one in record.parameters)
    small, chunk = Summary(replace(record, parameters=facts)).parameters
    assert (small.name, small.after) == ("PARALLEL_THRESHOLD_SMALL", "10000")
    assert small.hint == (f"{small.name}: {hint}" if hint else "")
    assert chunk.hint == ""


def test_winner_that_was_not_confirmed_is_not_recommended() -> None:
    summary = Summary(records.unconfirmed())
    assert "not confirmed" in summary.headline
    assert "keep the values the project has now" in summary.headline
    assert not any(row.is_changed for row in summary.parameters)


def test_every_status_is_explained() -> None:
    texts = {Summary(replace(records.campaign(), status=s)).status for s in (*Status, None)}
    assert len(texts) == len(Status) + 1


def test_change_names_only_what_differs_also_in_type() -> None:
    base = records.baseline()
    assert change(base, base) == "no value changed"
    same = replace(base, configuration={**base.configuration, "CHUNK_SIZE_L1": 1024.0})
    assert change(same, base) == "CHUNK_SIZE_L1=1024.0"


def test_equal_failures_are_grouped_most_frequent_first() -> None:
    twice = replace(records.campaign().trials[4], number=11)
    study = replace(records.campaign(), trials=(*records.campaign().trials, twice))
    groups = Summary(study).failure_groups
    assert [len(group) for group in groups] == [2, 1, 1, 1]
    assert reason(groups[0][0]) == "build: exit status 101"


def test_failed_baseline_is_the_headline() -> None:
    summary = Summary(records.baseline_failed())
    assert summary.headline == "The baseline failed, build: exit status 101."
    assert summary.ratios == {}
    assert summary.targets == "3 targets, not measured"
