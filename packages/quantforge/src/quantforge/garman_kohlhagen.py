"""Garman-Kohlhagen: European options on an exchange rate.

Source: Garman and Kohlhagen (1983): the foreign currency earns its own rate, as a share earns a
yield in :mod:`quantforge.merton`. Conventions, options, errors and accuracy are those of
:mod:`quantforge.black_scholes`.

Parameters common to all
------------------------
s, spots
    Price of one unit of foreign currency in domestic currency, 1e-75 to 1e75.
k, strikes; t, times; sigma, sigmas
    As in Black-Scholes, the strike in domestic currency.
rd, domestic_rates
    Continuously compounded rate per year of the currency in which prices are given.
rf, foreign_rates
    The same of the currency that is bought or sold; both times years within -170 to 170.

Delta is per unit of foreign currency, rho by the domestic and dividend rho by the foreign rate.
"""

from typing import Any, Unpack

from numpy.typing import ArrayLike

from quantforge import _european
from quantforge._batch import Array, Options, evaluate

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

_SCALAR = ("s", "k", "t", "rd", "rf", "sigma")
_NAMES = ("spots", "strikes", "times", "domestic_rates", "foreign_rates", "sigmas")


def call_price(s: float, k: float, t: float, rd: float, rf: float, sigma: float) -> float:
    """Return the price of one call on a unit of foreign currency.

    Examples
    --------
    >>> round(call_price(1.56, 1.6, 0.5, 0.06, 0.08, 0.12), 4)  # Haug (2007), p. 6
    0.0291
    """
    row, one = (s, k, t, rd, rf, sigma), Options(threads=1)
    return float(evaluate("price", _SCALAR, row, one, is_call=True))


def put_price(s: float, k: float, t: float, rd: float, rf: float, sigma: float) -> float:
    """Return the price of one put on a unit of foreign currency."""
    row, one = (s, k, t, rd, rf, sigma), Options(threads=1)
    return float(evaluate("price", _SCALAR, row, one, is_call=False))


def call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    domestic_rates: ArrayLike,
    foreign_rates: ArrayLike,
    sigmas: ArrayLike,
    **options: Unpack[Options],
) -> Any:
    """Return the prices of calls in the broadcast shape."""
    arguments = (spots, strikes, times, domestic_rates, foreign_rates, sigmas)
    return evaluate("price", _NAMES, arguments, options, is_call=True)


def put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    domestic_rates: ArrayLike,
    foreign_rates: ArrayLike,
    sigmas: ArrayLike,
    **options: Unpack[Options],
) -> Any:
    """Return the prices of puts in the broadcast shape."""
    arguments = (spots, strikes, times, domestic_rates, foreign_rates, sigmas)
    return evaluate("price", _NAMES, arguments, options, is_call=False)


def greeks(
    s: float, k: float, t: float, rd: float, rf: float, sigma: float, is_call: bool = True
) -> dict[str, float]:
    """Return price and every sensitivity of one option by name."""
    return _european.greeks(_SCALAR, (s, k, t, rd, rf, sigma), is_call=is_call)


def greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    domestic_rates: ArrayLike,
    foreign_rates: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price and every sensitivity, one array per name."""
    arguments = (spots, strikes, times, domestic_rates, foreign_rates, sigmas)
    return _european.greeks_batch(_NAMES, arguments, is_calls, options)


def price_and_greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    domestic_rates: ArrayLike,
    foreign_rates: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price, delta, gamma, vega, theta and rho, computed in one pass."""
    arguments = (spots, strikes, times, domestic_rates, foreign_rates, sigmas)
    return _european.first_order_batch(_NAMES, arguments, is_calls, options)


def implied_volatility(
    price: float, s: float, k: float, t: float, rd: float, rf: float, is_call: bool = True
) -> float:
    """Return the volatility that gives `price`; 0 if the price cannot resolve any."""
    names, row = ("price", *_SCALAR[:5]), (price, s, k, t, rd, rf)
    return _european.implied_volatility(names, row, is_call=is_call)


def implied_volatility_batch(
    prices: ArrayLike,
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    domestic_rates: ArrayLike,
    foreign_rates: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the volatilities that give `prices`."""
    arguments = (prices, spots, strikes, times, domestic_rates, foreign_rates)
    names = ("prices", "spots", "strikes", "times", "domestic_rates", "foreign_rates")
    return _european.implied_volatility_batch(names, arguments, is_calls, options)
