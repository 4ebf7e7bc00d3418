"""Black-76: European options on a forward.

Source: Black (1976). Conventions, options and errors are those of :mod:`quantforge.black_scholes`.

Parameters common to all
------------------------
f, forwards
    Forward, 1e-75 to 1e75.
k, strikes; t, times; r, rates; sigma, sigmas
    As in Black-Scholes; the rate only discounts.

Delta, gamma, vanna, charm, speed and colour are with respect to the forward; theta and rho hold it
fixed, and dividend rho is zero.
"""

from typing import Any, Unpack

from numpy.typing import ArrayLike

from quantforge import _european
from quantforge._batch import Array, Options
from quantforge._core import black76_call_price as call_price
from quantforge._core import black76_call_price_batch as call_price_batch
from quantforge._core import black76_put_price as put_price
from quantforge._core import black76_put_price_batch as put_price_batch

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

_SCALAR = ("f", "k", "t", "r", "r", "sigma")
_NAMES = ("forwards", "strikes", "times", "rates", "rates", "sigmas")


def greeks(
    f: float, k: float, t: float, r: float, sigma: float, is_call: bool = True
) -> dict[str, float]:
    """Return price and every sensitivity of one option by name."""
    return _european.greeks(_SCALAR, (f, k, t, r, r, sigma), is_call=is_call, prefix="black76_")


def greeks_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    *,
    is_call: ArrayLike | None = None,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price and every sensitivity, one array per name.

    `is_call` is the name of `is_calls` in release 0.1.1.
    """
    arguments = (forwards, strikes, times, rates, rates, sigmas)
    flags = _european.flags(is_calls, is_call)
    return _european.greeks_batch(_NAMES, arguments, flags, options, "black76_")


def price_and_greeks_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price, delta, gamma, vega, theta and rho, computed in one pass."""
    arguments = (forwards, strikes, times, rates, rates, sigmas)
    return _european.first_order_batch(_NAMES, arguments, is_calls, options, "black76_")


def implied_volatility(
    price: float, f: float, k: float, t: float, r: float, is_call: bool = True
) -> float:
    """Return the volatility that gives `price`; 0 if the price cannot resolve any."""
    names, row = ("price", *_SCALAR[:5]), (price, f, k, t, r, r)
    return _european.implied_volatility(names, row, is_call=is_call)


def implied_volatility_batch(
    prices: ArrayLike,
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the volatilities that give `prices`."""
    names = ("prices", "forwards", "strikes", "times", "rates", "rates")
    arguments = (prices, forwards, strikes, times, rates, rates)
    return _european.implied_volatility_batch(names, arguments, is_calls, options)
