"""The normal model: 60-digit arithmetic, parity, limits, round trips, refusals."""

from collections.abc import Callable
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quantforge import bachelier, black76
from quantforge._batch import ALL_GREEKS, FIRST_ORDER

Array = NDArray[np.float64]
# Ranges of (F - K) / (sigma sqrt T) and powers of ten of sigma.
REGIONS = {"market": (-3.0, 3.0, -3.0, 2.0), "deep": (-36.0, -5.0, -4.0, 4.0)}
LARGE = st.floats(-1e4, 1e4)


def rows_of(name: str, rows: int) -> Array:
    low, high, small, large = REGIONS[name]
    rng = np.random.default_rng(7)
    times = 10.0 ** rng.uniform(-4.0, 1.0, rows)
    sigmas = 10.0 ** rng.uniform(small, large, rows)
    strikes = rng.uniform(-2.0, 2.0, rows) * sigmas
    forwards = strikes + rng.uniform(low, high, rows) * sigmas * np.sqrt(times)
    return np.array([forwards, strikes, times, rng.uniform(-0.05, 0.1, rows), sigmas])


def exact(row: Array, sign: int) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """Return every result of f, k, t, r, sigma, and what its error counts against."""
    f, k, t, r, sigma = (mp.mpf(float(x)) for x in row)
    v = sigma * mp.sqrt(t)
    d, discount = (f - k) / v, mp.exp(-r * t)
    density = discount * mp.exp(-d * d / 2) / mp.sqrt(2 * mp.pi)
    price = v * density + sign * (f - k) * discount * mp.erfc(-sign * d / mp.sqrt(2)) / 2
    delta = sign * discount * mp.erfc(-sign * d / mp.sqrt(2)) / 2
    decay = density * sigma / (2 * mp.sqrt(t))
    values = [
        price,
        delta,
        density / v,
        density * mp.sqrt(t),
        r * price - decay,
        -t * price,
        mp.mpf(0),
        -density * d / sigma,
        density * mp.sqrt(t) * d * d / sigma,
        r * delta + density * d / (2 * t),
        -density * d / v**2,
        density / v * (r + (1 - d * d) / (2 * t)),
        delta * f / price,
    ]
    scales = [abs(value) for value in values]
    scales[4] = abs(r * price) + decay
    scales[6] = mp.mpf(1)
    scales[9] = abs(r * delta) + abs(density * d / (2 * t))
    scales[11] = density / v * (abs(r) + (1 + d * d) / (2 * t))
    return values, scales


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("is_call", [True, False])
def test_results_match_sixty_digits(name: str, is_call: bool) -> None:
    rows = rows_of(name, 150)
    found = bachelier.greeks_batch(*rows, is_call)
    with mp.workdps(60):
        for number, row in enumerate(rows.T):
            values, scales = exact(row, 1 if is_call else -1)
            for label, value, scale in zip(ALL_GREEKS, values, scales, strict=True):
                if abs(value) < 1e-290 and label != "dividend_rho":
                    continue
                error = abs(mp.mpf(float(found[label][number])) - value) / scale
                assert error <= 4e-15, (label, row)


def test_all_functions_agree() -> None:
    rows = rows_of("market", 60)
    for is_call, one, many in (
        (True, bachelier.call_price, bachelier.call_price_batch),
        (False, bachelier.put_price, bachelier.put_price_batch),
    ):
        found = bachelier.greeks_batch(*rows, is_call)
        np.testing.assert_array_equal(many(*rows), found["price"])
        first = bachelier.price_and_greeks_batch(*rows, is_call)
        for label in FIRST_ORDER:
            np.testing.assert_array_equal(first[label], found[label])
        row = [float(x) for x in rows[:, 3]]
        assert one(*row) == pytest.approx(found["price"][3], rel=1e-15)
        assert bachelier.greeks(*row, is_call) == pytest.approx(
            {name: values[3] for name, values in found.items()}, rel=1e-14
        )


@given(f=LARGE, k=LARGE, t=st.floats(0.0, 30.0), r=st.floats(-0.1, 0.2), sigma=st.floats(0.0, 1e3))
@settings(max_examples=200, deadline=None)
def test_parity_and_bounds(f: float, k: float, t: float, r: float, sigma: float) -> None:
    call, put = bachelier.call_price(f, k, t, r, sigma), bachelier.put_price(f, k, t, r, sigma)
    forward = (f - k) * np.exp(-r * t)
    assert abs(call - put - forward) <= 4 * 2.0**-52 * max(call, put)
    assert call >= max(forward, 0.0) * (1 - 1e-15)
    assert bachelier.call_price(f, k, t, r, 1.5 * sigma) >= call * (1 - 1e-15)
    assert bachelier.put_price(-k, -f, t, r, sigma) == pytest.approx(put, rel=1e-15)


@pytest.mark.parametrize(("t", "sigma"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_without_deviation_the_payoff_is_left(t: float, sigma: float) -> None:
    assert bachelier.call_price(1.0, -2.0, t, 0.0, sigma) == 3.0
    assert bachelier.put_price(1.0, -2.0, t, 0.0, sigma) == 0.0
    assert bachelier.call_price(1.0, 1.0, t, 0.0, sigma) < 1e-100
    first = bachelier.price_and_greeks_batch(1.0, -2.0, t, 0.0, sigma)
    assert np.isfinite(list(first.values())).all()


@pytest.mark.parametrize("name", REGIONS)
def test_implied_volatility_round_trip(name: str) -> None:
    rows = rows_of(name, 50_000)
    is_call = rows[0] < rows[1]
    first = bachelier.price_and_greeks_batch(*rows, is_call)
    found = bachelier.implied_volatility_batch(first["price"], *rows[:4], is_call)
    resolved = first["price"] > 1e-290
    attainable = 2.0**-52 * (1.0 + first["price"] / np.maximum(first["vega"] * rows[4], 1e-300))
    assert not np.isnan(found).any()
    assert (np.abs(found / rows[4] - 1.0) / attainable)[resolved].max() <= 16.0


def test_impossible_premiums_are_refused() -> None:
    prices = np.array([3.5, 2.9, -1.0])
    found, status = bachelier.implied_volatility_batch(
        prices, 1.0, -2.0, 1.0, 0.0, on_error="status"
    )
    assert status.tolist() == [0, 2, 1]
    assert np.isnan(found).tolist() == [False, True, True]
    with pytest.raises(ValueError, match=r"price is 2\.9, but must be at least"):
        bachelier.implied_volatility(2.9, 1.0, -2.0, 1.0, 0.0)
    assert bachelier.implied_volatility(3.0, 1.0, -2.0, 1.0, 0.0) == 0.0
    with pytest.raises(ValueError, match="row 1: forwards is NaN"):
        bachelier.call_price_batch([1.0, np.nan], 1.0, 1.0, 0.0, 1.0)


def test_the_lognormal_model_comes_close_for_small_moves(
    relative_error: Callable[..., Any],
) -> None:
    strikes = np.linspace(99.9, 100.1, 21)
    normal = bachelier.call_price_batch(100.0, strikes, 0.01, 0.02, 1.0)
    lognormal = black76.call_price_batch(100.0, strikes, 0.01, 0.02, 0.01)
    assert relative_error(normal, lognormal).max() < 2e-3
