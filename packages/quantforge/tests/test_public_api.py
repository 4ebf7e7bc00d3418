"""The names that users rely on."""

import doctest
from types import ModuleType

import pytest

import quantforge
from quantforge import american, api, black76, black_scholes, merton, ufunc

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
    assert quantforge.__all__ == [
        "american",
        "black76",
        "black_scholes",
        "merton",
        "models",
        "price",
        "ufunc",
    ]


@pytest.mark.parametrize("module", [black_scholes, merton, black76])
def test_models_export_the_same_names(module: ModuleType) -> None:
    assert module.__all__ == MODEL


@pytest.mark.parametrize("module", [american, api, black_scholes, ufunc])
def test_examples_run(module: ModuleType) -> None:
    failures, tests = doctest.testmod(module)
    assert (failures, tests > 0) == (0, True)


def test_models_are_the_modules() -> None:
    assert quantforge.models.black_scholes is black_scholes
    assert quantforge.models.american is american
