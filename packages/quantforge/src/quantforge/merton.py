"""Merton: European options on a spot with a continuous yield; with the foreign rate as yield, FX.

Source: Merton (1973); Garman and Kohlhagen (1983). Conventions, options and errors are those of
:mod:`quantforge.black_scholes`.

Parameters common to all
------------------------
s, spots
    Spot, 1e-75 to 1e75.
k, strikes; t, times; r, rates; sigma, sigmas
    As in Black-Scholes.
q, dividend_yields
    Continuous yield of the spot per year, or the foreign rate; ``q t`` within -170 to 170.
"""

from typing import Any, Unpack

from numpy.typing import ArrayLike

from quantforge import _european
from quantforge._batch import Array, Options
from quantforge._core import merton_call_price as call_price
from quantforge._core import merton_call_price_batch as call_price_batch
from quantforge._core import merton_put_price as put_price
from quantforge._core import merton_put_price_batch as put_price_batch

__all__ = [
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

_SCALAR = ("s", "k", "t", "r", "q", "sigma")
_NAMES = ("spots", "strikes", "times", "rates", "dividend_yields", "sigmas")


def greeks(
    s: float, k: float, t: float, r: float, q: float, sigma: float, is_call: bool = True
) -> dict[str, float]:
    """Return price and every sensitivity of one option by name."""
    return _european.greeks(_SCALAR, (s, k, t, r, q, sigma), is_call=is_call)


def greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    *,
    is_call: ArrayLike | None = None,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price and every sensitivity, one array per name.

    `is_call` is the name of `is_calls` in release 0.1.1.
    """
    arguments = (spots, strikes, times, rates, dividend_yields, sigmas)
    flags = _european.flags(is_calls, is_call)
    return _european.greeks_batch(_NAMES, arguments, flags, options)


def price_and_greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price, delta, gamma, vega, theta and rho, computed in one pass."""
    arguments = (spots, strikes, times, rates, dividend_yields, sigmas)
    return _european.first_order_batch(_NAMES, arguments, is_calls, options)


def implied_volatility(
    price: float, s: float, k: float, t: float, r: float, q: float, is_call: bool = True
) -> float:
    """Return the volatility that gives `price`; 0 if the price cannot resolve any."""
    names, row = ("price", *_SCALAR[:5]), (price, s, k, t, r, q)
    return _european.implied_volatility(names, row, is_call=is_call)


def implied_volatility_batch(
    prices: ArrayLike,
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the volatilities that give `prices`."""
    names = ("prices", "spots", "strikes", "times", "rates", "dividend_yields")
    arguments = (prices, spots, strikes, times, rates, dividend_yields)
    return _european.implied_volatility_batch(names, arguments, is_calls, options)
