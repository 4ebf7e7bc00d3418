from __future__ import annotations

import math

import pytest
from tighten.report import quantity

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (1.0, "s", "1.000 s"),
        (0.04731, "s", "47.31 ms"),
        (0.9999999, "s", "1.000 s"),
        (8.12e-4, "s", "812.0 µs"),
        (3.2e-9, "s", "3.200 ns"),
        (1e-12, "s", "0.001000 ns"),
        (0.0, "s", "0 s"),
        (123456.0, "s", "123,456 s"),
        (1.297, "1", "1.297"),
        (-0.5, "1", f"{MINUS}0.5000"),
        (1.5e9, "1", "1.500e9"),
        (12.0, "GB/s", "12.00 GB/s"),
        (math.nan, "s", "not a number"),
        (math.inf, "1", "infinite"),
    ],
)
def test_value(number: float, unit: str, text: str) -> None:
    assert quantity.value(number, unit) == text


def test_two_values_share_a_scale() -> None:
    assert quantity.value(0.95e-3, "s", like=1.1e-3) == "0.9500 ms"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.148, "+14.8 %"),
        (-0.004, f"{MINUS}0.4 %"),
        (0.0, "+0.0 %"),
        (0.0004, "+0.04 %"),
        (25.0, "+2,500 %"),
        (math.inf, "infinite"),
    ],
)
def test_percent(fraction: float, text: str) -> None:
    assert quantity.percent(fraction) == text


def test_interval() -> None:
    assert quantity.interval(-0.0008, 0.011) == f"{MINUS}0.1 to +1.1 %"
    assert quantity.interval(-math.inf, math.inf) == "too few pairs"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.004, "4 ms"),
        (0.31, "0.3 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.7, "1 h 00 min"),
        (11100.0, "3 h 05 min"),
        (90000.0, "1 d 01 h"),
        (0.0, "0.0 s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert quantity.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.8, "0.8"), (12.34, "12.3"), (2208.4, "2,208"), (1.23e25, "1.2e25"), (4e-5, "4.0e-5")],
)
def test_e_value(number: float, text: str) -> None:
    assert quantity.e_value(number) == text


def test_memory() -> None:
    assert quantity.memory(25_278_902_272) == "23.5 GiB"
    assert quantity.memory(17) == "17 B"


def test_foreign_text_loses_its_terminal_sequences() -> None:
    text = quantity.printable("a\x1b[31mb\x1b[0m\x1b]0;title\x07c\x00\u202ed\udcff\ne\tf")
    lost = "\N{REPLACEMENT CHARACTER}"
    assert text == f"abc{lost}{lost}d{lost}\ne\tf"


def test_clipped_text_is_one_line() -> None:
    assert quantity.clipped("a\nb  c", 10) == "a b c"
    assert quantity.clipped("x" * 50, 10) == "x" * 9 + "…"
