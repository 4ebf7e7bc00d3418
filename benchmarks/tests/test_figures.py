"""Numbers as people read them, and whether they are what they must be."""

from __future__ import annotations

import json

import pytest

from benchmarks.figures import Figure, aligned, as_json, cells, from_json, summarised


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Figure(what="x", value=12.3456, unit="ms"), "12.3 ms"),
        (Figure(what="x", value=0.04567, unit="s"), "0.0457 s"),
        (Figure(what="x", value=20), "20"),
        (Figure(what="x", value=100.0, unit="%"), "100 %"),
        (Figure(what="x", value=12345.6), "12,346"),
        (Figure(what="x", value=9.996), "10"),
        (Figure(what="x", value=0), "0"),
        (Figure(what="x", value=2.5e-6, unit="s"), "2.5e-06 s"),
        (Figure(what="x", value=3.21, low=3.0, high=3.5, unit="times"), "3.21 times (3 to 3.5)"),
    ],
)
def test_number_with_three_digits_that_count(figure: Figure, text: str) -> None:
    assert figure.measured == text


@pytest.mark.parametrize(
    ("limits", "reached", "must"),
    [
        ({"at_most": 20.0}, True, "≤ 20 ms"),
        ({"at_most": 19.9}, False, "≤ 19.9 ms"),
        ({"at_least": 20.0}, True, "≥ 20 ms"),
        ({"at_least": 20.1}, False, "≥ 20.1 ms"),
        ({}, None, ""),
    ],
)
def test_what_must_be_reached(limits: dict[str, float], reached: bool | None, must: str) -> None:
    figure = Figure(what="x", value=20.0, unit="ms", **limits)
    assert figure.is_reached is reached
    assert figure.must == must
    assert cells(figure)[3] == {True: "yes", False: "NO", None: ""}[reached]


def test_not_a_number_is_never_reached() -> None:
    assert Figure(what="x", value=float("nan"), at_most=1.0).is_reached is False
    assert Figure(what="x", value=float("nan"), at_least=1.0).is_reached is False


def test_spread_of_few_samples_is_their_extremes() -> None:
    assert summarised([3.0, 1.0, 2.0]) == {"value": 2.0, "low": 1.0, "high": 3.0}


def test_spread_of_many_samples_is_their_middle_nine_tenths() -> None:
    found = summarised([float(i) for i in range(101)])
    assert found == pytest.approx({"value": 50.0, "low": 5.0, "high": 95.0})


def test_figures_survive_json() -> None:
    figures = [Figure(what="a", value=1.0, low=0.5, high=2.0, unit="s", at_most=3.0)]
    report = json.loads(json.dumps(as_json(figures, trials=3)))
    assert report["trials"] == 3
    assert from_json(report) == figures


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    assert aligned([("a", "bb"), ("ccc", "d")]) == "a    bb\nccc  d"
