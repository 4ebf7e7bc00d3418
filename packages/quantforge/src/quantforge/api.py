"""One friendly function for every price."""

from typing import Any, Literal, TypeAlias, Unpack

from numpy.typing import ArrayLike

from quantforge._batch import Options, evaluate

__all__ = ["price"]

_NAMES = ("spot", "strike", "years", "rate", "dividend_yield", "volatility")
_MODELS = ("black_scholes", "black76", "garman_kohlhagen", "bachelier")
_STYLES = ("european", "american")

Model: TypeAlias = Literal["black_scholes", "black76", "garman_kohlhagen", "bachelier"]


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
    model: Model = "black_scholes",
    **options: Unpack[Options],
) -> Any:
    """Return option prices of any broadcastable numbers and arrays.

    Parameters
    ----------
    spot, strike : array_like
        Prices, 1e-75 to 1e75; of either sign for Bachelier's model, from 0 if American.
    years : array_like
        Time to expiry, 0 to 1e4 (European) or 200 (American).
    volatility : array_like
        Per root year, 0 to 1e3 (European) or 10 (American).
    rate, dividend_yield : array_like, optional
        Continuously compounded, per year; zero by default.
    is_call : array_like of bool, optional
        True for calls (default), False for puts, row by row if an array.
    style : {"european", "american"}
        When the option may be exercised; Bachelier's model knows European options.
    model : {"black_scholes", "black76", "garman_kohlhagen", "bachelier"}
        What `spot` is: a price whose holder earns `dividend_yield` (default), a forward, an
        exchange rate whose foreign rate is `dividend_yield`, or a forward that moves by amounts,
        `volatility` per root year. Cash dividends are in :mod:`quantforge.cash_dividends`.
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
    >>> round(price(0.01, -0.005, years=2.0, volatility=0.006, model="bachelier"), 8)
    0.01513131
    """
    _check("style", style, _STYLES)
    _check("model", model, _MODELS)
    if model == "bachelier":
        return _bachelier((spot, strike, years, rate, volatility), style, options, is_call=is_call)
    growth = rate if model == "black76" else dividend_yield
    formula = "price" if style == "european" else "american_accurate"
    arguments = (spot, strike, years, rate, growth, volatility)
    return evaluate(formula, _NAMES, arguments, options, is_call=is_call)


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        choices = ", ".join(f'"{choice}"' for choice in allowed[:-1])
        message = f'{name} is {value!r}, but must be {choices} or "{allowed[-1]}"'
        raise ValueError(message)


def _bachelier(
    arguments: tuple[ArrayLike, ...], style: str, options: Options, *, is_call: ArrayLike
) -> Any:
    if style != "european":
        message = f'style is {style!r}, but must be "european" in the model "bachelier"'
        raise ValueError(message)
    names = ("spot", "strike", "years", "rate", "volatility")
    return evaluate("bachelier_price", names, arguments, options, is_call=is_call)
