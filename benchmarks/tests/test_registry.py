"""What each benchmark's file means."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from benchmarks.registry import BENCHMARKS, named


def figures(name: str, *reports: Any) -> dict[str, Any]:
    (benchmark,) = named([name])
    return {figure.what: figure for figure in benchmark.read(reports)}


def session_row(**fields: Any) -> dict[str, Any]:
    row = {"rule": "tighten, trial", "kernel": "spin", "true_gain": 0.03, "sessions": 40}
    return {**row, "faster": 1.0, "slower": 0.0, "launches": 40.0, "spread": 10.0, **fields}


def test_names_are_unique_and_modules_exist() -> None:
    assert len({benchmark.name for benchmark in BENCHMARKS}) == len(BENCHMARKS)
    for benchmark in BENCHMARKS:
        assert importlib.util.find_spec(benchmark.module) is not None


def test_no_names_mean_all_and_order_is_kept() -> None:
    assert named([]) == list(BENCHMARKS)
    assert [one.name for one in named(["startup", "overhead", "startup"])] == [
        "startup",
        "overhead",
    ]


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'overhed'; there are overhead, startup"):
        named(["overhed"])


@pytest.mark.parametrize(("share", "reached"), [(0.0, True), (1 / 60, False)])
def test_one_false_accept_in_sixty_sessions_is_too_many(share: float, reached: bool) -> None:
    found = figures("equal", [session_row(true_gain=0.0, sessions=60, faster=share)])
    assert found["A/A, live: accepted, of 60"].is_reached is reached


@pytest.mark.parametrize(
    ("share", "launches", "reached"),
    [(0.95, 50.0, (True, True)), (0.925, 50.0, (False, True)), (1.0, 50.2, (True, False))],
)
def test_true_gain_must_be_found_often_and_soon(
    share: float, launches: float, reached: tuple[bool, bool]
) -> None:
    found = figures("faster", [session_row(faster=share, launches=launches)])
    assert tuple(figure.is_reached for figure in found.values()) == reached


def test_replay_judges_tighten_alone() -> None:
    rows = [
        session_row(rule=rule, kernel="I", true_gain=gain, faster=0.5)
        for rule in ("tighten, trial", "tighten, confirmation", "benchstat")
        for gain in (0.0, 0.03, -0.01)
    ]
    found = figures("replay", rows)
    judged = {what for what, figure in found.items() if figure.is_reached is not None}
    assert len(found) == 6
    assert judged == {
        "equal programs, kernel I, called faster: tighten, confirmation",
        "3 % faster, kernel I, called faster: tighten, trial",
    }


def test_prices_are_medians_over_processes() -> None:
    reports = [
        {"threads": 2, "batch": [{"size": 10_000, "speedup_vs_numpy": ratio}]}
        for ratio in (2.0, 3.5, 9.0)
    ]
    (figure,) = figures("prices", *reports).values()
    assert (figure.value, figure.low, figure.high) == (3.5, 2.0, 9.0)
    assert figure.at_least == 3.0


def test_edits_count_forms_and_time_what_a_study_does() -> None:
    timing = {"median_ms": 0.2, "low_ms": 0.1, "high_ms": 2.0}
    report = {
        "passed": 19,
        "total": 20,
        "timings_ms": [{"edits": name, **timing} for name in ("first", "again", "chained")],
    }
    forms, again, first = figures("edits", report).values()
    assert (forms.is_reached, again.is_reached, first.is_reached) == (False, True, None)
