"""The names that users rely on."""

import quantforge
from quantforge import black_scholes


def test_package_exports() -> None:
    assert quantforge.__all__ == ["black_scholes"]


def test_black_scholes_exports() -> None:
    assert black_scholes.__all__ == [
        "call_price",
        "call_price_batch",
        "put_price",
        "put_price_batch",
    ]
