"""Expressions: what they compute, what they refuse, and that they cannot reach outside."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.errors import StudyError
from tighten.parameters.expression import Expression


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("jobs * threads <= cpus", True),
        ("parallel == true", True),
        ("not parallel or jobs > 3", False),
        ("mode in ('static', 'guided')", False),
        ("1 <= jobs < 3", True),
        ("abs(-2.5) + min(jobs, 7)", 4.5),
        ("log2(8) if parallel else 0", 3.0),
        ("2 ** 10 - (1 << 4)", 1008),
        ("size_10000.time * 2", 1.0),
        ("  jobs == 2\n", True),
    ],
)
def test_value(text: str, value: float) -> None:
    values = {
        "jobs": 2, "threads": 4, "cpus": 8, "parallel": True, "mode": "dynamic",
        "size_10000.time": 0.5,
    }  # fmt: skip
    assert Expression(text).evaluate(values) == value


def test_names_leave_out_functions_and_constants() -> None:
    assert Expression("abs(a.b - c) < 1e-3 and d == true").names == {"a.b", "c", "d"}


@pytest.mark.parametrize(
    "text",
    [
        "().__class__", "jobs.__class__.__bases__[0]()", "__import__('os')", "[x for x in jobs]",
        "lambda: 1", "f'{jobs}'", "jobs[0]", "open('x')", "abs(x=1)", "b'x' == jobs", "(jobs := 3)",
        "print(jobs)", "exec('1')", "*jobs",
    ],
)  # fmt: skip
def test_what_reaches_outside_is_refused(text: str) -> None:
    with pytest.raises(StudyError, match=r"(?s)."):
        Expression(text, {"jobs"})


def test_dunder_chains_stay_names() -> None:
    with pytest.raises(StudyError, match="has no value here"):
        Expression("jobs.__class__").evaluate({"jobs": 3})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jobz < 3", "did you mean 'jobs'.*allowed: cpus, jobs"),
        ("jobs = 3", "'=' is written '=='"),
        ("jobs > 1 && cpus > 2", "'&&' is written 'and'"),
        ("", "not an expression"),
        ("jobs >", "not an expression"),
    ],
)
def test_mistakes_are_explained(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Expression(text, {"jobs", "cpus"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / jobs", "division by zero"),
        ("mode < 3", "mode = 'a'"),
        ("missing > 1", "missing has no value"),
        ("9 ** 9 ** 9 ** 9", "bits"),
        ("1 << 10 ** 9", "bits"),
        ("mode", "a number or true/false is needed"),
        ("sqrt(-1)", "cannot be evaluated"),
    ],
)
def test_impossible_operations_are_one_error(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Expression(text).evaluate({"jobs": 0, "mode": "a"})


@settings(max_examples=100, deadline=None, database=None)
@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["+", "-", "*", "<", "=="]))
def test_agrees_with_python(left: int, right: int, symbol: str) -> None:
    expected = eval(f"left {symbol} right", {"left": left, "right": right})
    assert Expression(f"a {symbol} b").evaluate({"a": left, "b": right}) == expected
