"""The names that users rely on."""

import doctest
from types import ModuleType

import pytest

import quantforge
from quantforge import (
    american,
    api,
    bachelier,
    black76,
    black_scholes,
    cash_dividends,
    garman_kohlhagen,
    merton,
    methods,
    ufunc,
)

MODEL = [
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


EXAMPLES = [
    american,
    api,
    bachelier,
    black_scholes,
    cash_dividends,
    garman_kohlhagen,
    methods,
    ufunc,
]


def test_package_exports() -> None:
    assert quantforge.__all__ == [
        "__version__",
        "american",
        "bachelier",
        "black76",
        "black_scholes",
        "cash_dividends",
        "garman_kohlhagen",
        "merton",
        "methods",
        "models",
        "price",
        "ufunc",
    ]


@pytest.mark.parametrize("module", [black_scholes, merton, black76, bachelier, garman_kohlhagen])
def test_models_export_the_same_names(module: ModuleType) -> None:
    assert [name for name in module.__all__ if not name.endswith("_no_validation")] == MODEL


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_run(module: ModuleType) -> None:
    failures, tests = doctest.testmod(module)
    assert (failures, tests > 0) == (0, True)


def test_models_are_the_modules() -> None:
    assert quantforge.models.black_scholes is black_scholes
    assert quantforge.models.american is american
    assert quantforge.models.bachelier is bachelier
    assert quantforge.models.garman_kohlhagen is garman_kohlhagen
