"""American options: accuracy levels, symmetry, sensitivities, edges."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quantforge import american, merton

ROW = (100.0, 110.0, 0.75, 0.05, 0.02, 0.3)


def quoted(rows: int) -> tuple[NDArray[np.float64], ...]:
    return quoted_with_sides(rows)[:6]


def quoted_with_sides(rows: int) -> tuple[NDArray[Any], ...]:
    rng = np.random.default_rng(42)
    times = rng.integers(20, 731, rows) / 365.0
    return (
        np.full(rows, 100.0),
        rng.uniform(70.0, 140.0, rows),
        times,
        rng.uniform(0.005, 0.10, rows),
        np.where(rng.random(rows) < 0.25, 0.0, rng.uniform(0.0, 0.10, rows)),
        rng.uniform(0.1, 0.6, rows),
        rng.random(rows) < 0.5,
    )


@pytest.mark.parametrize(
    ("accuracy", "typical", "worst"), [("fast", 1.5e-4, 2e-3), ("accurate", 3e-5, 6e-4)]
)
@pytest.mark.parametrize("price", [american.put_price_batch, american.call_price_batch])
def test_accuracy_levels(accuracy: Any, typical: float, worst: float, price: Any) -> None:
    rows = quoted(1_000)
    error = np.abs(price(*rows, accuracy) - price(*rows, "high")) / rows[1] * 100.0
    assert np.sqrt((error * error).mean()) <= typical
    assert error.max() <= worst


@pytest.mark.parametrize(("accuracy", "worst"), [("fast", 7e-4), ("accurate", 7e-5)])
def test_accuracy_on_a_chain_of_both_sides(accuracy: Any, worst: float) -> None:
    s, k, t, r, q, sigma, is_call = quoted_with_sides(240)

    def price(level: Any) -> Any:
        calls = american.call_price_batch(s, k, t, r, q, sigma, level)
        puts = american.put_price_batch(s, k, t, r, q, sigma, level)
        return np.where(is_call, calls, puts)

    error = np.abs(price(accuracy) - price("high")) / k * 100.0
    assert error.max() <= worst


def test_never_below_european_or_intrinsic() -> None:
    s, k, t, r, q, sigma = quoted(2_000)
    price = american.put_price_batch(s, k, t, r, q, sigma)
    assert (price >= merton.put_price_batch(s, k, t, r, q, sigma) - 1e-4).all()
    assert (price >= np.maximum(k - s, 0.0)).all()


def test_a_call_is_a_mirrored_put() -> None:
    s, k, t, r, q, sigma = ROW
    call = american.call_price(s, k, t, r, q, sigma)
    assert call == pytest.approx(american.put_price(k, s, t, q, r, sigma), rel=1e-14)


def test_a_call_without_dividends_is_european() -> None:
    call = american.call_price(100.0, 95.0, 1.0, 0.05, 0.0, 0.2)
    assert call == pytest.approx(merton.call_price(100.0, 95.0, 1.0, 0.05, 0.0, 0.2), rel=1e-13)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(
    ("name", "position"), [("delta", 0), ("vega", 5), ("rho", 3), ("dividend_rho", 4)]
)
def test_greeks_are_slopes(is_call: bool, name: str, position: int) -> None:
    price = american.call_price if is_call else american.put_price

    def at(shift: float) -> float:
        s, k, t, r, q, sigma = (x + shift * (i == position) for i, x in enumerate(ROW))
        return price(s, k, t, r, q, sigma, "high")

    step = 1e-3 * ROW[position]
    found = american.greeks(*ROW, is_call)[name]
    assert found == pytest.approx((at(step) - at(-step)) / (2 * step), rel=2e-3)


def test_gamma_is_the_slope_of_delta() -> None:
    spots = np.array([99.99, 100.0, 100.01])
    for is_call in (True, False):
        found = american.greeks_batch(spots, *ROW[1:], is_call)
        slope = (found["delta"][2] - found["delta"][0]) / 0.02
        assert found["gamma"][1] == pytest.approx(slope, rel=1e-5)


def test_exercise_is_due_below_the_boundary() -> None:
    edge = float(american.exercise_boundary_batch(110.0, 0.75, 0.05, 0.02, 0.3, False))
    assert american.put_price(edge * 0.999, *ROW[1:]) == pytest.approx(110.0 - edge * 0.999)
    assert american.put_price(edge * 1.01, *ROW[1:]) > 110.0 - edge * 1.01
    assert np.isnan(american.exercise_boundary_batch(110.0, 0.75, 0.05, 0.0, 0.3, True))


# Strike, years, rate, yield, volatility of puts that are exercised between two boundaries.
BETWEEN = (100.0, 1.0, -0.01, -0.03, 0.2)


def test_exercise_is_due_between_two_boundaries() -> None:
    upper, lower = american.exercise_boundaries_batch(*BETWEEN, False)
    spots = np.array([0.98 * lower, 1.01 * lower, 0.99 * upper, 1.02 * upper])
    found = american.greeks_batch(spots, *BETWEEN, False)
    held = found["price"] > 100.0 - spots + 1e-9
    assert held.tolist() == [True, False, False, True]
    np.testing.assert_allclose(found["delta"][1:3], -1.0, rtol=1e-10)
    assert (found["price"] >= merton.put_price_batch(spots, *BETWEEN)).all()
    mirrored = american.call_price_batch(100.0, spots, 1.0, -0.03, -0.01, 0.2)
    np.testing.assert_allclose(mirrored, found["price"], rtol=1e-14)
    calls = american.exercise_boundaries_batch(100.0, 1.0, -0.03, -0.01, 0.2, True)
    np.testing.assert_allclose(calls, (1e4 / upper, 1e4 / lower), rtol=1e-12)


def test_two_boundaries_meet_the_pricing_equation_and_invert() -> None:
    spots = np.array([30.0, 80.0, 95.0])
    found = american.greeks_batch(spots, *BETWEEN, False)
    up, down = (
        american.put_price_batch(spots, 100.0, 1.0 + h, -0.01, -0.03, 0.2) for h in (1e-4, -1e-4)
    )
    np.testing.assert_allclose(found["theta"], (down - up) / 2e-4, atol=2e-3)
    sigma = american.implied_volatility_batch(found["price"], spots, *BETWEEN[:4], False)
    np.testing.assert_allclose(sigma, 0.2, rtol=1e-6)


def test_limits() -> None:
    assert american.put_price(90.0, 100.0, 0.0, 0.05, 0.0, 0.2) == 10.0
    assert american.call_price(0.0, 100.0, 1.0, 0.05, 0.02, 0.2) == 0.0
    assert american.put_price(0.0, 100.0, 1.0, 0.05, 0.02, 0.2) == 100.0
    assert american.call_price(100.0, 0.0, 1.0, 0.05, 0.02, 0.2) == 100.0
    for sigma in (1e-10, 1e-6, 1e-4):
        assert american.put_price(90.0, 100.0, 1.0, 0.05, 0.02, sigma) == pytest.approx(10.0)
        assert american.call_price(90.0, 100.0, 1.0, 0.05, 0.02, sigma) < 1e-12


@given(
    spot=st.floats(50.0, 200.0),
    t=st.floats(0.02, 3.0),
    r=st.floats(-0.05, 0.1),
    q=st.floats(-0.05, 0.1),
    sigma=st.floats(0.05, 0.8),
    is_call=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_order(spot: float, t: float, r: float, q: float, sigma: float, is_call: bool) -> None:
    def at(s: float, t: float, sigma: float) -> float:
        price = american.call_price if is_call else american.put_price
        return price(s, 100.0, t, r, q, sigma)

    slack = 1e-2
    here = at(spot, t, sigma)
    european = (merton.call_price if is_call else merton.put_price)(spot, 100.0, t, r, q, sigma)
    assert here >= max((spot - 100.0) * (1 if is_call else -1), european - slack, 0.0)
    assert at(spot, 1.5 * t, sigma) >= here - slack
    assert at(spot, t, 1.2 * sigma) >= here - slack
    assert (at(spot * 1.05, t, sigma) - here) * (1 if is_call else -1) >= -slack


def test_implied_volatility_round_trip() -> None:
    s, k, t, r, q, sigma = quoted(200)
    for is_call in (True, False):
        price = (american.call_price_batch if is_call else american.put_price_batch)(
            s, k, t, r, q, sigma
        )
        found = american.implied_volatility_batch(price, s, k, t, r, q, is_call)
        payoff = np.maximum((s - k) if is_call else (k - s), 0.0)
        has_value = price > payoff + 1e-3
        np.testing.assert_allclose(found[has_value], sigma[has_value], rtol=1e-6)


@pytest.mark.parametrize(
    ("premium", "status", "rule"),
    [
        (9.0, 2, "must be at least the price at a volatility of 1e-3"),
        (109.99, 3, "must be at most the price at a volatility of 10"),
        (-1.0, 1, "must be >= 0"),
    ],
)
def test_impossible_prices_are_told_apart(premium: float, status: int, rule: str) -> None:
    with pytest.raises(ValueError, match=f"price is .*{rule}"):
        american.implied_volatility(premium, *ROW[:5], is_call=False)
    given = ([12.0, premium], *ROW[:5], False)
    found, states = american.implied_volatility_batch(*given, on_error="status")
    assert states.tolist() == [0, status]
    assert np.isnan(found).tolist() == [False, True]
    assert np.isnan(american.implied_volatility_batch(*given, on_error="nan")[1])


def test_the_immediate_payoff_has_no_volatility() -> None:
    assert american.implied_volatility(60.0, 50.0, *ROW[1:5], is_call=False) == 0.0


@pytest.mark.parametrize(
    ("r", "q", "sigma"),
    [(0.06, 0.01, 0.2), (-0.04, -0.06, 0.1), (-0.02, 0.0, 0.1)],
    ids=["one boundary", "two boundaries", "never due"],
)
def test_where_exercise_is_due_the_price_is_the_payoff(r: float, q: float, sigma: float) -> None:
    spots = np.round(np.random.default_rng(3).uniform(60.0, 170.0, 300), 2)
    for is_call in (True, False):
        rate, growth = (q, r) if is_call else (r, q)
        payoff = (spots - 100.0) * (1.0 if is_call else -1.0)
        found = american.greeks_batch(spots, 100.0, 0.7, rate, growth, sigma, is_call)
        price = american.call_price_batch if is_call else american.put_price_batch
        np.testing.assert_array_equal(price(spots, 100.0, 0.7, rate, growth, sigma), found["price"])
        assert (found["price"] >= payoff).all()
        boundaries = american.exercise_boundaries_batch(100.0, 0.7, rate, growth, sigma, is_call)
        near, far = (abs(np.log(edge / 100.0)) for edge in boundaries)
        depth = abs(np.log(spots / 100.0))
        due = (payoff > 0.0) & (depth > near) & ~(depth > far)
        assert due.any() == (q < r)
        np.testing.assert_array_equal(found["price"][due], payoff[due])
        np.testing.assert_array_equal(found["theta"][due], 0.0)


def test_bad_rows_spoil_no_other() -> None:
    sigmas = np.array([0.3, -0.1, 0.2])
    found = american.greeks_batch(*ROW[:5], sigmas, False, on_error="status")
    assert found["status"].tolist() == [0, 1, 0]
    assert all(np.isnan(values[1]) for name, values in found.items() if name != "status")
    with pytest.raises(ValueError, match="row 1: sigmas is"):
        american.greeks_batch(*ROW[:5], sigmas, False)
    price, states = american.put_price_batch(*ROW[:5], sigmas, on_error="status")
    assert states.tolist() == [0, 1, 0]
    np.testing.assert_allclose(price[[0, 2]], found["price"][[0, 2]], rtol=1e-14)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sigma is -0\.3, but must be"):
        american.put_price(*ROW[:5], -0.3)
    with pytest.raises(ValueError, match="accuracy is 'best'"):
        american.put_price(*ROW, "best")  # type: ignore[arg-type]
