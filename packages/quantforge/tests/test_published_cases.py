"""Published values, each with its source and tolerance (published_cases.json).

Values of a named approximation are met by that method, under `method`; all others by the price.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from quantforge import american, black76, merton, methods

FILE = json.loads((Path(__file__).parent / "published_cases.json").read_text())
SIX_DIGITS = 1e-5


def compute(case: dict[str, Any]) -> float:
    given, is_call = case["inputs"], case["inputs"]["type"] == "call"
    if case["kind"] == "implied_vol":
        return black76.implied_volatility(
            given["price"], given["F"], given["K"], given["T"], given["r"], is_call=is_call
        )
    if case["kind"] == "black76":
        row = (given["F"], given["K"], given["T"], given["r"], given["sigma"])
        return black76.call_price(*row) if is_call else black76.put_price(*row)
    s, k, t, r, q, sigma = (given[name] for name in ("S", "K", "T", "r", "q", "sigma"))
    if "method" in case:
        method = getattr(methods, case["method"])
        if case["quantity"] == "exercise_boundary":
            return float(method(k, t, r, q, sigma, is_call))
        return float(method(s, k, t, r, q, sigma, is_call))
    if case["kind"].startswith("american"):
        price = american.call_price if is_call else american.put_price
        found = price(s, k, t, r, q, sigma, "high")
        if case["quantity"] == "early_exercise_premium":
            found -= merton.put_price(s, k, t, r, q, sigma)
        return found
    greeks = merton.greeks(s, k, t, r, q, sigma, is_call)
    return greeks[str(case["quantity"])]


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["id"])
def test_published_value(case: dict[str, Any]) -> None:
    found, tolerance = compute(case), case["tolerance"]
    if tolerance == "relative 2e-3":
        assert found == pytest.approx(case["value"], rel=2e-3)
    elif tolerance == "6 significant digits":
        assert found == pytest.approx(case["value"], rel=SIX_DIGITS, abs=1e-12)
    else:
        assert found == pytest.approx(case["value"], abs=tolerance)


def test_andersen_lake_offengenden_premium() -> None:
    # Andersen, Lake and Offengenden (2016), table 2: S = K = 100, r = q = 5 %, 25 %, one year.
    row = (100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
    premium = american.put_price(*row, "high") - merton.put_price(*row)
    assert premium == pytest.approx(0.1069527028, abs=1e-8)
