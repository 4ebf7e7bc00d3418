"""Implied volatility: round trips at the attainable accuracy, and refusals."""

import numpy as np
import pytest

from quantforge import black76, black_scholes, merton

EPSILON = 2.0**-52


@pytest.mark.parametrize(
    ("deviations", "moneyness"),
    [
        ((0.02, 1.0), (-3.5, 3.5)),
        ((5e-4, 8.0), (-8.0, 8.0)),
        ((1e-3, 2.0), (-36.0, -6.0)),
        ((1e-4, 6.0), (-1e-3, 1e-3)),
    ],
    ids=["market", "broad", "deep", "at the money"],
)
def test_round_trip(deviations: tuple[float, float], moneyness: tuple[float, float]) -> None:
    rng = np.random.default_rng(99)
    rows = 100_000
    times = 10.0 ** rng.uniform(-3.0, 1.0, rows)
    rates = rng.uniform(-0.03, 0.1, rows)
    strikes = 100.0 * np.exp(rng.uniform(-1.0, 1.0, rows))
    low, high = deviations
    deviation = low * (high / low) ** rng.uniform(size=rows)
    bonds = strikes * np.exp(-rates * times)
    spots = bonds * np.exp(rng.uniform(*moneyness, rows) * deviation)
    sigmas = deviation / np.sqrt(times)
    is_call = spots < bonds
    exact = black_scholes.price_and_greeks_batch(spots, strikes, times, rates, sigmas, is_call)
    price = exact["price"]
    found = black_scholes.implied_volatility_batch(price, spots, strikes, times, rates, is_call)
    resolved = (price > 1e-290) & (price < np.minimum(spots, bonds) * (1 - 1e-9))
    attainable = EPSILON * (1.0 + price / (exact["vega"] * sigmas))
    assert not np.isnan(found).any()
    assert (np.abs(found / sigmas - 1.0) / attainable)[resolved].max() <= 16.0


def test_published_value() -> None:
    # py_vollib, docstring of black.implied_volatility: sigma 0.2.
    found = black76.implied_volatility(5.581106724604812, 100.0, 100.0, 0.5, 0.02)
    assert found == pytest.approx(0.2, abs=1e-13)


def test_yield_is_inverted() -> None:
    price = merton.put_price(100.0, 120.0, 0.7, 0.03, 0.05, 0.35)
    found = merton.implied_volatility(price, 100.0, 120.0, 0.7, 0.03, 0.05, is_call=False)
    assert found == pytest.approx(0.35, rel=1e-14)


@pytest.mark.parametrize(
    ("price", "is_call", "status", "rule"),
    [
        (19.9, True, 2, "at least the discounted intrinsic"),
        (120.0, True, 3, "below the discounted forward"),
        (130.0, True, 3, "below the discounted forward"),
        (100.0, False, 3, "below the discounted strike"),
        (-1.0, False, 1, "must be >= 0"),
        (float("nan"), True, 1, "must be >= 0"),
    ],
)
def test_impossible_prices_are_told_apart(
    price: float, is_call: bool, status: int, rule: str
) -> None:
    prices = np.array([25.0 if is_call else 5.0, price])
    arguments = (prices, 120.0, 100.0, 1.0, 0.0)
    found, states = black_scholes.implied_volatility_batch(*arguments, is_call, on_error="status")
    assert states.tolist() == [0, status]
    assert np.isnan(found).tolist() == [False, True]
    with pytest.raises(ValueError, match=f"row 1: prices is .*{rule}"):
        black_scholes.implied_volatility_batch(*arguments, is_call)


def test_a_price_without_time_value_has_zero_volatility() -> None:
    assert black_scholes.implied_volatility(20.0, 120.0, 100.0, 1.0, 0.0) == 0.0
    assert black_scholes.implied_volatility(0.0, 80.0, 100.0, 1.0, 0.0) == 0.0


def test_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="t is 0, but must be positive"):
        black_scholes.implied_volatility(5.0, 100.0, 100.0, 0.0, 0.0)
