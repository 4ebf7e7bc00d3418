"""The friendly price, and calls from many threads and processes."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from quantforge import (
    _grid,
    american,
    bachelier,
    black76,
    black_scholes,
    garman_kohlhagen,
    merton,
    price,
)


def test_price_is_every_model() -> None:
    plain = black_scholes.put_price(100.0, 95.0, 0.5, 0.03, 0.2)
    found = price(100.0, 95.0, years=0.5, volatility=0.2, rate=0.03, is_call=False)
    assert found == pytest.approx(plain, rel=1e-15)
    forward = price(100.0, 95.0, years=0.5, volatility=0.2, rate=0.03, dividend_yield=0.03)
    assert forward == black76.call_price(100.0, 95.0, 0.5, 0.03, 0.2)
    given = (100.0, 95.0)
    terms = {"years": 0.5, "volatility": 0.2, "rate": 0.03}
    assert price(*given, **terms, model="black76") == forward
    foreign = price(*given, **terms, dividend_yield=0.01, model="garman_kohlhagen")
    assert foreign == garman_kohlhagen.call_price(100.0, 95.0, 0.5, 0.03, 0.01, 0.2)
    normal = price(*given, years=0.5, volatility=20.0, rate=0.03, model="bachelier")
    assert normal == bachelier.call_price(100.0, 95.0, 0.5, 0.03, 20.0)
    early = price(
        100.0, 95.0, years=0.5, volatility=0.2, rate=0.03, is_call=False, style="american"
    )
    assert early == american.put_price(100.0, 95.0, 0.5, 0.03, 0.0, 0.2)


def test_sides_are_chosen_row_by_row() -> None:
    strikes, is_call = np.array([[90.0], [110.0]]), np.array([True, False, True])
    found = price(100.0, strikes, years=1.0, volatility=0.2, is_call=is_call)
    calls = black_scholes.call_price_batch(100.0, strikes, 1.0, 0.0, 0.2)
    puts = black_scholes.put_price_batch(100.0, strikes, 1.0, 0.0, 0.2)
    np.testing.assert_allclose(found, np.where(is_call, calls, puts), rtol=1e-14)


@pytest.mark.parametrize(
    "rate",
    [
        np.float64(1.0),
        1,
        [1],
        np.array(1.0),
        np.array([1.0]),
        np.array([[1.0]]),
        np.array([1.0], np.float32),
        np.array([[1.0, 0.5]])[:, :1],
    ],
    ids=repr,
)
def test_one_element_is_a_number_whatever_holds_it(rate: Any) -> None:
    spots = np.array([90.0, 100.0, 110.0])
    expected = merton.call_price_batch(spots, 100.0, 1.0, 1.0, 1.0, 0.2)
    found = merton.call_price_batch(spots, 100, np.array([1.0]), rate, rate, np.float64(0.2))
    assert found.shape == np.broadcast_shapes(spots.shape, np.shape(rate))
    np.testing.assert_array_equal(found.ravel(), expected)
    alone = merton.call_price_batch([90.0], 100, np.array([1.0]), rate, rate, np.float64(0.2))
    assert alone.shape == np.broadcast_shapes((1,), np.shape(rate))
    assert alone.item() == merton.call_price(90.0, 100.0, 1.0, 1.0, 1.0, 0.2)


def test_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="style is 'asian'"):
        price(1.0, 1.0, years=1.0, volatility=0.2, style="asian")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="model is 'heston'"):
        price(1.0, 1.0, years=1.0, volatility=0.2, model="heston")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='must be "european" in the model "bachelier"'):
        price(1.0, 1.0, years=1.0, volatility=0.2, style="american", model="bachelier")


def test_put_call_parity() -> None:
    for name in _grid.REGIONS:
        options = _grid.region(name, 500)
        s, k, t, r, sigma = options.arguments()
        calls = black_scholes.call_price_batch(s, k, t, r, sigma)
        puts = black_scholes.put_price_batch(s, k, t, r, sigma)
        bonds = k * np.exp(-r * t)
        error = np.abs((calls - puts) - (s - bonds)) / np.maximum(s, bonds)
        assert error.max() <= 4 * 2.0**-52


def test_prices_rise_with_volatility_and_fall_with_strike() -> None:
    sigmas = np.linspace(0.01, 2.0, 5_000)
    assert (np.diff(black_scholes.call_price_batch(100.0, 120.0, 1.0, 0.03, sigmas)) >= 0).all()
    strikes = np.linspace(10.0, 400.0, 5_000)
    assert (np.diff(black_scholes.call_price_batch(100.0, strikes, 1.0, 0.03, 0.3)) <= 0).all()


def test_threads_may_call_at_once() -> None:
    arguments = _grid.market(50_000, seed=9).arguments()
    expected = black_scholes.call_price_batch(*arguments)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: black_scholes.call_price_batch(*arguments), range(64)))
    for prices in found:
        np.testing.assert_array_equal(prices, expected)


def _total(rows: int) -> float:
    return float(black_scholes.call_price_batch(*_grid.market(rows, seed=10).arguments()).sum())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_makes_its_own_threads() -> None:
    expected = _total(300_000)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_total, (300_000,)).get(timeout=60) == expected
