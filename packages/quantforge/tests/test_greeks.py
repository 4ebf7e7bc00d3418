"""Sensitivities: against 60-digit arithmetic, and against each other."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from quantforge import _batch, _grid, black76, black_scholes, garman_kohlhagen, merton

Exact = Callable[[NDArray[np.float64], bool], tuple[NDArray[np.float64], NDArray[np.float64]]]


def rows_of(name: str, rows: int) -> NDArray[np.float64]:
    s, k, t, r, sigma = _grid.region(name, rows).arguments()
    q = np.random.default_rng(5).uniform(-0.02, 0.08, rows)
    return np.array([s * np.exp(q * t), k, t, r, q, sigma]).T


def greeks_of(rows: NDArray[np.float64], is_call: bool) -> dict[str, NDArray[np.float64]]:
    s, k, t, r, q, sigma = rows.T
    return merton.greeks_batch(s, k, t, r, q, sigma, is_call)


@pytest.mark.parametrize("name", _grid.REGIONS)
@pytest.mark.parametrize("is_call", [True, False])
def test_all_match_sixty_digits(name: str, is_call: bool, exact_greeks: Exact) -> None:
    rows = rows_of(name, 100)
    found = greeks_of(rows, is_call)
    values, scales = exact_greeks(rows, is_call)
    for column, label in enumerate(_batch.ALL_GREEKS):
        error = np.abs(found[label] - values[:, column]) / scales[:, column]
        assert error.max() <= 4e-15, label


def test_models_agree_where_they_coincide() -> None:
    s, k, t, r, _, sigma = rows_of("market", 100).T
    plain = black_scholes.greeks_batch(s, k, t, r, sigma)
    for label, values in merton.greeks_batch(s, k, t, r, 0.0, sigma).items():
        np.testing.assert_array_equal(values, plain[label])
    forward = s * np.exp(r * t)
    on_forward = black76.call_price_batch(forward, k, t, r, sigma)
    np.testing.assert_allclose(on_forward, plain["price"], rtol=1e-11)
    foreign = garman_kohlhagen.greeks_batch(s, k, t, r, 0.01, sigma)
    for label, values in merton.greeks_batch(s, k, t, r, 0.01, sigma).items():
        np.testing.assert_array_equal(values, foreign[label])


def test_a_forward_is_held_when_the_rate_moves() -> None:
    f, k, t, r, _, sigma = rows_of("market", 50).T
    found = black76.greeks_batch(f, k, t, r, sigma)
    up, down = (black76.call_price_batch(f, k, t, r + h, sigma) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(found["rho"], (up - down) / 2e-5, rtol=1e-6)
    np.testing.assert_array_equal(found["rho"], -t * found["price"])
    assert not found["dividend_rho"].any()
    first = black76.price_and_greeks_batch(f, k, t, r, sigma)
    np.testing.assert_array_equal(first["rho"], found["rho"])


def test_one_pass_equals_all() -> None:
    arguments = _grid.market(150, seed=8).arguments()
    is_calls = np.arange(150) % 2 == 0
    everything = black_scholes.greeks_batch(*arguments, is_calls)
    first = black_scholes.price_and_greeks_batch(*arguments, is_calls)
    for label in _batch.FIRST_ORDER:
        np.testing.assert_array_equal(first[label], everything[label])


def test_default_is_a_call() -> None:
    call = black_scholes.call_price(100.0, 95.0, 0.5, 0.03, 0.2)
    found = black_scholes.greeks(100.0, 95.0, 0.5, 0.03, 0.2)
    assert found["price"] == pytest.approx(call, rel=1e-15)
    assert found["delta"] > 0.0
    assert merton.put_price(100.0, 95.0, 0.5, 0.03, 0.0, 0.2) == pytest.approx(
        black_scholes.put_price(100.0, 95.0, 0.5, 0.03, 0.2), rel=1e-15
    )


@pytest.mark.parametrize("t", [0.0, 1e-12, 1.0])
@pytest.mark.parametrize("sigma", [0.0, 1e-9])
def test_greeks_stay_finite_at_the_edges(t: float, sigma: float) -> None:
    for spot in (50.0, 100.0, 200.0):
        found = black_scholes.greeks(spot, 100.0, t, 0.0, sigma)
        assert all(
            np.isfinite(found[name]) for name in ("price", "delta", "gamma", "vega", "theta")
        )


def test_bad_rows_are_nan_in_every_array() -> None:
    spots = np.array([100.0, -1.0, 90.0])
    found = black_scholes.greeks_batch(spots, 100.0, 1.0, 0.03, 0.2, on_error="status")
    assert found["status"].tolist() == [0, 1, 0]
    for label in _batch.ALL_GREEKS:
        assert np.isnan(found[label]).tolist() == [False, True, False]


def test_each_result_needs_its_own_array() -> None:
    arguments = _grid.market(100, seed=11).arguments()
    expected = black_scholes.price_and_greeks_batch(*arguments)
    out = tuple(np.empty(100) for _ in range(6))
    found = black_scholes.price_and_greeks_batch(*arguments, out=out)
    assert found["gamma"] is out[2]
    np.testing.assert_array_equal(out[2], expected["gamma"])
    with pytest.raises(ValueError, match="two arrays of out share memory"):
        black_scholes.price_and_greeks_batch(*arguments, out=(out[0], *out[:5]))
