"""The names that users rely on."""

import doctest

import pytest

import quantforge
from quantforge import black76, black_scholes, merton

MODEL = [
    "Greeks",
    "call_price",
    "call_price_batch",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
    "price_and_greeks_batch",
    "put_price",
    "put_price_batch",
]


def test_package_exports() -> None:
    assert quantforge.__all__ == ["black76", "black_scholes", "merton"]


@pytest.mark.parametrize("module", [black_scholes, merton, black76])
def test_models_export_the_same_names(module: object) -> None:
    assert module.__all__ == MODEL  # type: ignore[attr-defined]


def test_examples_run() -> None:
    failures, tests = doctest.testmod(black_scholes)
    assert (failures, tests > 0) == (0, True)
