"""American options: accuracy levels, symmetry, sensitivities, edges."""

from typing import Any

import numpy as np
import pytest
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


@pytest.mark.parametrize(
    ("r", "q"), [(0.05, -0.03), (0.02, 0.0), (-0.01, 0.02), (-0.01, -0.03), (0.03, 0.08)]
)
def test_rates_of_either_sign_agree_with_a_tree(r: float, q: float) -> None:
    row = (100.0, 105.0, 1.5, r, q, 0.2)
    tree = american.leisen_reimer(row, False, steps=2_001)
    assert american.put_price(*row) == pytest.approx(tree, abs=5e-3)
    mirrored = (105.0, 100.0, 1.5, q, r, 0.2)
    assert american.call_price(*mirrored) == pytest.approx(tree, abs=5e-3)


def test_trees_agree() -> None:
    fine = american.leisen_reimer(ROW, False, steps=1_001)
    assert american.cox_ross_rubinstein(ROW, False, steps=2_000) == pytest.approx(fine, abs=5e-3)
    with pytest.raises(ValueError, match="steps is 0"):
        american.leisen_reimer(ROW, False, steps=0)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(("name", "position"), [("delta", 0), ("vega", 5), ("rho", 3)])
def test_greeks_are_slopes(is_call: bool, name: str, position: int) -> None:
    price = american.call_price if is_call else american.put_price

    def at(shift: float) -> float:
        s, k, t, r, q, sigma = (x + shift * (i == position) for i, x in enumerate(ROW))
        return price(s, k, t, r, q, sigma, "high")

    step = 1e-3 * ROW[position]
    found = getattr(american.greeks(*ROW, is_call), name)
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


def test_impossible_prices_have_no_volatility() -> None:
    with pytest.raises(ValueError, match="price is 9, but no volatility"):
        american.implied_volatility(9.0, *ROW[:5], is_call=False)
    assert np.isnan(american.implied_volatility_batch(200.0, *ROW[:5], False))


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sigma is -0\.3, but must be"):
        american.put_price(*ROW[:5], -0.3)
    with pytest.raises(ValueError, match="accuracy is 'best'"):
        american.put_price(*ROW, "best")  # type: ignore[arg-type]
