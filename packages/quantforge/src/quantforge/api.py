"""One friendly function for every price."""

from typing import Any, Literal, Unpack

from numpy.typing import ArrayLike

from quantforge._batch import Options, evaluate

__all__ = ["price"]

_NAMES = ("spot", "strike", "years", "rate", "dividend_yield", "volatility")


def price(
    spot: ArrayLike,
    strike: ArrayLike,
    *,
    years: ArrayLike,
    volatility: ArrayLike,
    rate: ArrayLike = 0.0,
    dividend_yield: ArrayLike = 0.0,
    is_call: ArrayLike = True,
    style: Literal["european", "american"] = "european",
    **options: Unpack[Options],
) -> Any:
    """Return option prices of any broadcastable numbers and arrays.

    Parameters
    ----------
    spot, strike : array_like
        Prices, 1e-75 to 1e75.
    years : array_like
        Time to expiry, >= 0 (European), 1e-6 to 200 (American).
    volatility : array_like
        Per root year, >= 0 (European), 1e-3 to 10 (American).
    rate, dividend_yield : array_like, optional
        Continuously compounded, per year; zero by default. With `dividend_yield` equal to `rate`
        the spot is a forward, with the foreign rate an exchange rate.
    is_call : array_like of bool, optional
        True for calls (default), False for puts, row by row if an array.
    style : {"european", "american"}
        When the option may be exercised.
    **options
        `out`, `on_error`, `threads`: see :mod:`quantforge.black_scholes`.

    Returns
    -------
    float or ndarray
        Prices in the broadcast shape; with ``on_error="status"`` a pair with the states.

    Raises
    ------
    ValueError
        If a row is outside its domain, naming row, argument, value and rule.

    Examples
    --------
    >>> round(price(100.0, 95.0, years=0.5, volatility=0.2, rate=0.03), 6)
    9.25109
    >>> price(100.0, [90.0, 110.0], years=1.0, volatility=0.2, is_call=[False, True]).round(4)
    array([3.5891, 4.292 ])
    """
    kernels = {"european": "price", "american": "american_accurate"}
    if style not in kernels:
        message = f'style is {style!r}, but must be "european" or "american"'
        raise ValueError(message)
    arguments = (spot, strike, years, rate, dividend_yield, volatility)
    return evaluate(kernels[style], _NAMES, arguments, options, is_call=is_call)
