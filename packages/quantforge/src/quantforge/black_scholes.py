"""Black-Scholes: European options on a spot without dividends.

Source: Black and Scholes (1973). Scalar functions take and return floats. Every ``*_batch``
function takes numbers and arrays of any shapes that broadcast together, reads them where they lie
(float64 and float32, any strides) and returns a new array or fills ``out``.

Parameters common to all
------------------------
s, spots
    Spot, 1e-75 to 1e75.
k, strikes
    Strike, 1e-75 to 1e75.
t, times
    Years to expiry, 0 to 1e4.
r, rates
    Continuously compounded rate per year; ``r t`` within -170 to 170.
sigma, sigmas
    Volatility per root year, 0 to 1e3.
out : ndarray, optional
    Where the results go: the broadcast shape, any dtype that float64 may be cast to; a tuple of
    arrays for functions with several results.
on_error : {"raise", "nan", "status"}
    What becomes of rows outside these ranges: an error that names row, value and rule (default);
    NaN; or NaN and a second array of states (0 computed, 1 bad input, 2 below the intrinsic value,
    3 above the upper bound).
threads : int, optional
    Most threads to use; by default what affinity, cgroup and ``QUANTFORGE_NUM_THREADS`` allow.

Greeks are in natural units: vega per 1.0 of volatility, theta, charm and colour per year of
calendar time, rho per 1.0 of rate.

`call_price_batch_no_validation` and `put_price_batch_no_validation`, names of release 0.1.1, are
`call_price_batch` and `put_price_batch`: to check a row costs nothing that could be saved.
"""

from typing import Any, Unpack

from numpy.typing import ArrayLike

from quantforge import _european
from quantforge._batch import Array, Options
from quantforge._core import black_scholes_call_price as call_price
from quantforge._core import black_scholes_call_price_batch as call_price_batch
from quantforge._core import black_scholes_put_price as put_price
from quantforge._core import black_scholes_put_price_batch as put_price_batch

__all__ = [
    "call_price",
    "call_price_batch",
    "call_price_batch_no_validation",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
    "price_and_greeks_batch",
    "put_price",
    "put_price_batch",
    "put_price_batch_no_validation",
]

_SCALAR = ("s", "k", "t", "r", "", "sigma")
_NAMES = ("spots", "strikes", "times", "rates", "", "sigmas")

call_price_batch_no_validation = call_price_batch
put_price_batch_no_validation = put_price_batch


def greeks(
    s: float,
    k: float,
    t: float,
    r: float,
    sigma: float,
    is_call: bool = True,
) -> dict[str, float]:
    """Return price and every sensitivity of one option by name.

    Examples
    --------
    >>> round(greeks(100.0, 100.0, 1.0, 0.05, 0.2)["delta"], 6)
    0.636831
    """
    return _european.greeks(_SCALAR, (s, k, t, r, 0.0, sigma), is_call=is_call)


def greeks_batch(
    spots: ArrayLike,
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
    arguments = (spots, strikes, times, rates, 0.0, sigmas)
    flags = _european.flags(is_calls, is_call)
    return _european.greeks_batch(_NAMES, arguments, flags, options)


def price_and_greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price, delta, gamma, vega, theta and rho, computed in one pass."""
    arguments = (spots, strikes, times, rates, 0.0, sigmas)
    return _european.first_order_batch(_NAMES, arguments, is_calls, options)


def implied_volatility(
    price: float,
    s: float,
    k: float,
    t: float,
    r: float,
    is_call: bool = True,
) -> float:
    """Return the volatility that gives `price`; 0 if the price cannot resolve any.

    Raises
    ------
    ValueError
        If no volatility gives `price`: it lies below the discounted intrinsic value or not below
        the discounted forward (strike for a put).

    Examples
    --------
    >>> round(implied_volatility(10.450583572185565, 100.0, 100.0, 1.0, 0.05), 12)
    0.2
    """
    names, row = ("price", *_SCALAR[:5]), (price, s, k, t, r, 0.0)
    return _european.implied_volatility(names, row, is_call=is_call)


def implied_volatility_batch(
    prices: ArrayLike,
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the volatilities that give `prices`; shapes, errors and options as for prices."""
    names = ("prices", "spots", "strikes", "times", "rates", "")
    arguments = (prices, spots, strikes, times, rates, 0.0)
    return _european.implied_volatility_batch(names, arguments, is_calls, options)
