"""Domains: membership, grids, neighbours, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.errors import StudyError
from tighten.parameters.domain import (
    Choices,
    Flag,
    FloatRange,
    IntegerRange,
    configuration_key,
    ends,
)

PROPERTY = settings(max_examples=60, deadline=None, database=None)


def test_configuration_key_ignores_order_and_keeps_kinds_apart() -> None:
    assert configuration_key({"a": 1, "b": "x"}) == configuration_key({"b": "x", "a": 1})
    keys = {configuration_key({"a": value}) for value in (1, 1.0, True, "1")}
    assert len(keys) == 4


def test_choices_of_numbers_step_by_size_and_keep_the_listed_order() -> None:
    domain = Choices((30000, 5000, 8000))
    assert domain.grid() == (30000, 5000, 8000)
    assert domain.neighbours(8000) == (5000, 30000)
    assert domain.neighbours(5000) == (8000,)
    assert domain.neighbours(9000) == (8000, 30000)
    assert domain.describe() == "one of 30000, 5000, 8000"


def test_choices_with_a_word_have_no_order() -> None:
    assert Choices(("auto", 2, 4)).neighbours(2) == ("auto", 4)


def test_membership_keeps_kinds_apart() -> None:
    domain = Choices((1, 2))
    assert 1.0 in domain
    assert True not in domain
    assert "1" not in domain
    assert domain.normalise(1.0) == 1
    assert isinstance(domain.normalise(1.0), int)
    assert 1 not in Flag()
    assert True not in IntegerRange(0, 3)
    assert True not in FloatRange(0.0, 3.0)


def test_ends_are_those_of_three_numbers_or_more() -> None:
    assert ends(Choices((8, 32, 16))) == (8, 32)
    assert ends(IntegerRange(1, 64, log=True)) == (1, 64)
    assert ends(FloatRange(0.5, 2.0, step=0.5)) == (0.5, 2.0)
    for domain in (Choices((1, 2)), Choices((1, 2, "auto")), Choices(("a", "b", "c")), Flag()):
        assert ends(domain) is None


def test_flag() -> None:
    assert Flag().grid() == (False, True)
    assert Flag().neighbours(True) == (False,)  # the value of a flag


@pytest.mark.parametrize(
    ("domain", "grid"),
    [
        (IntegerRange(1, 4), (1, 2, 3, 4)),
        (IntegerRange(10, 35, step=10), (10, 20, 30)),
        (IntegerRange(1, 100, log=True), (1, 2, 4, 8, 16, 32, 64, 100)),
        (IntegerRange(5, 500, step=10, log=True), (5, 50, 500)),
        (IntegerRange(-2, 0), (-2, -1, 0)),
        (FloatRange(0.1, 0.5, step=0.1), (0.1, 0.2, 0.3, 0.4, 0.5)),
        (FloatRange(0.0, 1.0, steps=5), (0.0, 0.25, 0.5, 0.75, 1.0)),
        (FloatRange(1e-4, 1e-1, steps=4, log=True), (1e-4, 1e-3, 1e-2, 1e-1)),
        (FloatRange(1.0, 10.0, step=2.0, log=True), (1.0, 2.0, 4.0, 8.0)),
        (FloatRange(2.0, 2.0), (2.0,)),
    ],
)
def test_grids(domain: IntegerRange | FloatRange, grid: tuple[float, ...]) -> None:
    assert domain.grid() == grid
    assert all(value in domain for value in grid)


def test_ranges_contain_what_a_search_may_refine_to() -> None:
    assert 3 in IntegerRange(1, 64, log=True)
    assert 15 not in IntegerRange(10, 35, step=10)
    assert 0.123 in FloatRange(0.0, 1.0)
    assert not FloatRange(0.0, 1.0).__contains__(math.nan)
    assert IntegerRange(1, 64, log=True).neighbours(3) == (2, 4)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Choices(()), "at least one value"),
        (lambda: Choices((1, 2, 1.0)), "listed twice"),
        (lambda: Choices((float("inf"),)), "not finite"),
        (lambda: IntegerRange(5, 4), "is empty"),
        (lambda: IntegerRange(0, 8, log=True), "no logarithm"),
        (lambda: IntegerRange(0, 8, step=0), "goes nowhere"),
        (lambda: IntegerRange(1, 8, step=1, log=True), "at least 2"),
        (lambda: IntegerRange(0, 10**9), "at most 100000"),
        (lambda: IntegerRange(0.5, 2), "not a whole number"),  # type: ignore[arg-type]
        (lambda: FloatRange(0.0, float("inf")), "not a finite number"),
        (lambda: FloatRange(0.0, 1.0, steps=3, step=0.1), "not both"),
        (lambda: FloatRange(0.0, 1.0, steps=1), "at least 2"),
        (lambda: FloatRange(0.0, 1.0, step=-0.1), "goes nowhere"),
        (lambda: FloatRange(0.0, 1.0, log=True), "no logarithm"),
    ],
)
def test_impossible_domains_are_refused(build: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        build()


@PROPERTY
@given(st.integers(-1000, 1000), st.integers(0, 500), st.integers(1, 7))
def test_neighbours_of_grid_points_are_grid_points(low: int, length: int, step: int) -> None:
    domain = IntegerRange(low, low + length, step=step)
    grid = domain.grid()
    for index, value in enumerate(grid):
        assert domain.neighbours(value) == grid[max(index - 1, 0) : index] + grid[index + 1 :][:1]


@PROPERTY
@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e3), st.integers(2, 40), st.booleans())
def test_float_grids_are_ordered_and_exact_at_both_ends(
    low: Any, factor: Any, steps: Any, log: Any
) -> None:
    high = low * factor
    grid = FloatRange(low, high, steps=steps, log=log).grid()
    assert (grid[0], grid[-1], len(grid)) == (low, high, steps)
    assert list(grid) == sorted(grid)
    assert all(low <= value <= high for value in grid)
