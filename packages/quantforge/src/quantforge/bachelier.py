"""Bachelier: European options on a forward that moves by amounts, not by percentages.

Source: Bachelier (1900). Forward and strike may have either sign, as interest rates and spreads do.
Conventions, options and errors are those of :mod:`quantforge.black_scholes`.

Parameters common to all
------------------------
f, forwards
    Forward, -1e75 to 1e75.
k, strikes
    Strike, -1e75 to 1e75.
t, times; r, rates
    As in Black-Scholes; the rate only discounts.
sigma, sigmas
    Volatility in units of the forward per root year, 0 to 1e75.

Delta, gamma, vanna, charm, speed and colour are with respect to the forward; theta and rho hold it
fixed, and dividend rho is zero. Prices and sensitivities are exact to about 2e-15 relative, implied
volatilities to what the price resolves (docs/validation/quantforge).
"""

from typing import Any, Unpack

from numpy.typing import ArrayLike

from quantforge._batch import ALL_GREEKS, FIRST_ORDER, Array, Options, evaluate, named

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

_SCALAR = ("f", "k", "t", "r", "sigma")
_NAMES = ("forwards", "strikes", "times", "rates", "sigmas")


def call_price(f: float, k: float, t: float, r: float, sigma: float) -> float:
    """Return the price of one call.

    Examples
    --------
    >>> round(call_price(0.01, -0.005, 2.0, 0.0, 0.006), 8)
    0.01513131
    """
    row, one = (f, k, t, r, sigma), Options(threads=1)
    return float(evaluate("bachelier_price", _SCALAR, row, one, is_call=True))


def put_price(f: float, k: float, t: float, r: float, sigma: float) -> float:
    """Return the price of one put."""
    row, one = (f, k, t, r, sigma), Options(threads=1)
    return float(evaluate("bachelier_price", _SCALAR, row, one, is_call=False))


def call_price_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    **options: Unpack[Options],
) -> Any:
    """Return the prices of calls in the broadcast shape."""
    arguments = (forwards, strikes, times, rates, sigmas)
    return evaluate("bachelier_price", _NAMES, arguments, options, is_call=True)


def put_price_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    **options: Unpack[Options],
) -> Any:
    """Return the prices of puts in the broadcast shape."""
    arguments = (forwards, strikes, times, rates, sigmas)
    return evaluate("bachelier_price", _NAMES, arguments, options, is_call=False)


def greeks(
    f: float, k: float, t: float, r: float, sigma: float, is_call: bool = True
) -> dict[str, float]:
    """Return price and every sensitivity of one option by name."""
    row, one = (f, k, t, r, sigma), Options(threads=1)
    result = evaluate("bachelier_all_greeks", _SCALAR, row, one, is_call=is_call)
    found: dict[str, float] = named(ALL_GREEKS, result, one)
    return found


def greeks_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price and every sensitivity, one array per name."""
    arguments = (forwards, strikes, times, rates, sigmas)
    result = evaluate("bachelier_all_greeks", _NAMES, arguments, options, is_call=is_calls)
    found: dict[str, Array] = named(ALL_GREEKS, result, options)
    return found


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
    arguments = (forwards, strikes, times, rates, sigmas)
    result = evaluate("bachelier_greeks", _NAMES, arguments, options, is_call=is_calls)
    found: dict[str, Array] = named(FIRST_ORDER, result, options)
    return found


def implied_volatility(
    price: float, f: float, k: float, t: float, r: float, is_call: bool = True
) -> float:
    """Return the normal volatility that gives `price`; 0 if the price cannot resolve any.

    Raises
    ------
    ValueError
        If `price` is below the discounted intrinsic value: no volatility gives it.

    Examples
    --------
    >>> round(implied_volatility(call_price(2.0, 3.0, 1.0, 0.01, 0.7), 2.0, 3.0, 1.0, 0.01), 12)
    0.7
    """
    names, row = ("price", *_SCALAR[:4]), (price, f, k, t, r)
    one = Options(threads=1)
    return float(evaluate("bachelier_implied_volatility", names, row, one, is_call=is_call))


def implied_volatility_batch(
    prices: ArrayLike,
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the normal volatilities that give `prices`."""
    names = ("prices", *_NAMES[:4])
    arguments = (prices, forwards, strikes, times, rates)
    return evaluate("bachelier_implied_volatility", names, arguments, options, is_call=is_calls)
