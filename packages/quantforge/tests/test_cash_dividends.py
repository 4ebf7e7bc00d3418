"""Cash dividends: both models and styles against the plain models and independent integrals."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from quantforge import american, black_scholes
from quantforge import cash_dividends as cash

ROW = (100.0, 100.0, 1.0, 0.06, 0.3)
DIVIDENDS = [(0.25, 3.0), (0.75, 4.0)]
MODELS: list[Any] = ["escrowed", "spot"]
STYLES: list[Any] = ["european", "american"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("is_call", [True, False])
def test_without_dividends_all_are_the_plain_option(model: Any, is_call: bool) -> None:
    strikes = np.array([80.0, 100.0, 125.0])
    row = (100.0, strikes, 1.0, 0.06, 0.3)
    price = cash.call_price_batch if is_call else cash.put_price_batch
    plain = black_scholes.call_price_batch if is_call else black_scholes.put_price_batch
    early = american.call_price_batch if is_call else american.put_price_batch
    for unpaid in ([], [(1.5, 10.0)]):
        np.testing.assert_allclose(price(*row, unpaid, model), plain(*row), atol=1e-5)
        found = price(*row, unpaid, model, "american")
        np.testing.assert_allclose(found, early(*row[:4], 0.0, 0.3, "high"), atol=5e-4)


def integral(is_call: bool) -> float:
    """Return the price on a spot that falls by `DIVIDENDS`, by two nested integrals."""
    spot, strike, time, rate, sigma = ROW
    nodes, weights = np.polynomial.legendre.leggauss(300)
    z, weights = 9.0 * nodes, 9.0 * weights * np.exp(-40.5 * nodes**2) / np.sqrt(2 * np.pi)
    (first, paid_first), (second, paid_second) = DIVIDENDS

    def moved(spots: NDArray[np.float64], years: float) -> NDArray[np.float64]:
        growth = (rate - 0.5 * sigma**2) * years + sigma * np.sqrt(years) * z
        return np.maximum(spots[..., None] * np.exp(growth), 1e-300)

    left, sign = time - second, 1.0 if is_call else -1.0
    late = np.maximum(moved(moved(np.array(spot), first) - paid_first, second - first), 1e-300)
    late = np.maximum(late - paid_second, 1e-12)
    deviation = sigma * np.sqrt(left)
    d1 = np.log(late / strike) / deviation + rate * left / deviation + deviation / 2
    bond = strike * np.exp(-rate * left) * ndtr(sign * (d1 - deviation))
    last = sign * (late * ndtr(sign * d1) - bond)
    return float(np.exp(-rate * second) * (last @ weights) @ weights)


@pytest.mark.parametrize("is_call", [True, False])
def test_a_falling_spot_matches_nested_integrals(is_call: bool) -> None:
    price = cash.call_price if is_call else cash.put_price
    assert price(*ROW, DIVIDENDS, "spot") == pytest.approx(integral(is_call), abs=5e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("is_call", [True, False])
def test_greeks_are_slopes_and_prices_invert(model: Any, style: Any, is_call: bool) -> None:
    given = (DIVIDENDS, model, style)
    price = cash.call_price if is_call else cash.put_price
    found = cash.greeks(*ROW, DIVIDENDS, is_call, model, style)
    assert found["price"] == pytest.approx(price(*ROW, *given), abs=1e-12)
    s, k, t, r, sigma = ROW

    def slope(up: float, down: float, step: float) -> float:
        return (up - down) / (2 * step)

    delta = slope(price(s + 1, k, t, r, sigma, *given), price(s - 1, k, t, r, sigma, *given), 1.0)
    assert found["delta"] == pytest.approx(delta, abs=2e-4)
    vega = slope(
        price(s, k, t, r, sigma + 0.01, *given), price(s, k, t, r, sigma - 0.01, *given), 0.01
    )
    assert found["vega"] == pytest.approx(vega, rel=2e-3)
    assert found["rho"] * (1 if is_call else -1) > 0.0
    implied = cash.implied_volatility(found["price"], s, k, t, r, DIVIDENDS, is_call, model, style)
    assert implied == pytest.approx(sigma, rel=1e-8)


def test_escrowed_greeks_follow_the_calendar() -> None:
    s, k, t, r, sigma = ROW
    found = cash.greeks(*ROW, DIVIDENDS)

    def later(years: float, label: str) -> float:
        nearer = [(time - years, amount) for time, amount in DIVIDENDS]
        return cash.greeks(s, k, t - years, r, sigma, nearer)[label]

    for label, rate in (("price", "theta"), ("delta", "charm"), ("gamma", "colour")):
        slope = (later(1e-4, label) - later(-1e-4, label)) / 2e-4
        assert found[rate] == pytest.approx(slope, rel=1e-5)


def test_parity_holds_on_a_falling_spot() -> None:
    strikes = np.linspace(70.0, 140.0, 8)
    row = (100.0, strikes, 1.0, 0.06, 0.3)
    calls = cash.call_price_batch(*row, DIVIDENDS, "spot")
    puts = cash.put_price_batch(*row, DIVIDENDS, "spot")
    value = sum(amount * np.exp(-0.06 * time) for time, amount in DIVIDENDS)
    np.testing.assert_allclose(calls - puts, 100.0 - value - strikes * np.exp(-0.06), atol=2e-5)


def test_exercise_before_the_last_dividend_pays() -> None:
    row = (120.0, 100.0, 0.5, 0.02, 0.1)
    paid = [(0.45, 8.0)]
    for model in MODELS:
        early = cash.call_price(*row, paid, model, "american")
        assert early > cash.call_price(*row, paid, model) + 1.0
        assert early >= 120.0 - 100.0 * np.exp(-0.02 * 0.45) - 1e-2


def test_bad_dividends_and_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="s is 5, but must exceed the present value"):
        cash.call_price(5.0, *ROW[1:], DIVIDENDS)
    for bad in ([(0.5, -1.0)], [(-0.5, 1.0)], [(float("nan"), 1.0)], [(0.0, 1.0)]):
        with pytest.raises(ValueError, match=r"dividends\[0\] is .*, but must be"):
            cash.call_price(*ROW, bad)
    with pytest.raises(ValueError, match="model is 'forward'"):
        cash.call_price(*ROW, DIVIDENDS, "forward")  # type: ignore[arg-type]
    spots = np.array([100.0, 5.0])
    found, status = cash.put_price_batch(spots, *ROW[1:], DIVIDENDS, on_error="status")
    assert status.tolist() == [0, 1]
    assert np.isnan(found).tolist() == [False, True]
