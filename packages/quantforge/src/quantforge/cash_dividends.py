"""Options on a spot that pays cash dividends at known dates.

`dividends` lists pairs (years until the spot goes ex, amount); all rows of a batch share it, and a
row takes part in those up to its expiry. Two models say what is lognormal:

``"escrowed"``
    The spot less the present value of the dividends until expiry. European prices and all
    sensitivities are the closed form of Black and Scholes (1973) at that spot, as exact.
``"spot"``
    The spot between dividends, which falls by each of them (Haug, Haug and Lewis 2003).

European prices on ``"spot"`` and all American prices come from finite differences (480 intervals by
320 steps, extrapolated): about 1e-6 (European) and 3e-4 (American) per strike of 100, 2 ms each.

Parameters common to all
------------------------
s, spots; k, strikes; t, times; r, rates; sigma, sigmas
    As in :mod:`quantforge.black_scholes`; with finite differences 1e-6 to 200 years and a
    volatility of 1e-3 to 10.
dividends : sequence of (float, float)
    Years > 0 and amounts >= 0, at most 1000 of them.
model : {"escrowed", "spot"}
    What is lognormal.
style : {"european", "american"}
    When the option may be exercised.

Options, errors and units are those of :mod:`quantforge.black_scholes`.
"""

from typing import Any, Literal, TypeAlias, Unpack

from numpy.typing import ArrayLike

from quantforge._batch import ALL_GREEKS, FIRST_ORDER, Array, Dividends, Options, evaluate, named

__all__ = [
    "call_price",
    "call_price_batch",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
    "put_price",
    "put_price_batch",
]

Model: TypeAlias = Literal["escrowed", "spot"]
Style: TypeAlias = Literal["european", "american"]

_SCALAR = ("s", "k", "t", "r", "sigma")
_NAMES = ("spots", "strikes", "times", "rates", "sigmas")


def _formula(model: Model, style: Style, result: str) -> str:
    for name, value, allowed in (
        ("model", model, ("escrowed", "spot")),
        ("style", style, ("european", "american")),
    ):
        if value not in allowed:
            message = f'{name} is {value!r}, but must be "{allowed[0]}" or "{allowed[1]}"'
            raise ValueError(message)
    return f"cash_{model}_{style}_{result}"


def _labels(model: Model, style: Style) -> tuple[str, ...]:
    return ALL_GREEKS if (model, style) == ("escrowed", "european") else FIRST_ORDER


def _one(formula: str, row: tuple[float, ...], dividends: Dividends, *, is_call: bool) -> float:
    options = Options(threads=1)
    return float(evaluate(formula, _SCALAR, row, options, is_call=is_call, dividends=dividends))


def call_price(
    s: float,
    k: float,
    t: float,
    r: float,
    sigma: float,
    dividends: Dividends,
    model: Model = "escrowed",
    style: Style = "european",
) -> float:
    """Return the price of one call.

    Examples
    --------
    >>> row = (100.0, 100.0, 1.0, 0.06, 0.3)
    >>> round(call_price(*row, [(0.25, 3.0), (0.75, 4.0)]), 4)
    10.7007
    >>> round(call_price(*row, [(0.25, 3.0), (0.75, 4.0)], "spot", "american"), 3)
    11.66
    """
    formula = _formula(model, style, "price")
    return _one(formula, (s, k, t, r, sigma), dividends, is_call=True)


def put_price(
    s: float,
    k: float,
    t: float,
    r: float,
    sigma: float,
    dividends: Dividends,
    model: Model = "escrowed",
    style: Style = "european",
) -> float:
    """Return the price of one put."""
    formula = _formula(model, style, "price")
    return _one(formula, (s, k, t, r, sigma), dividends, is_call=False)


def call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    dividends: Dividends,
    model: Model = "escrowed",
    style: Style = "european",
    **options: Unpack[Options],
) -> Any:
    """Return the prices of calls in the broadcast shape."""
    arguments = (spots, strikes, times, rates, sigmas)
    formula = _formula(model, style, "price")
    return evaluate(formula, _NAMES, arguments, options, is_call=True, dividends=dividends)


def put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    dividends: Dividends,
    model: Model = "escrowed",
    style: Style = "european",
    **options: Unpack[Options],
) -> Any:
    """Return the prices of puts in the broadcast shape."""
    arguments = (spots, strikes, times, rates, sigmas)
    formula = _formula(model, style, "price")
    return evaluate(formula, _NAMES, arguments, options, is_call=False, dividends=dividends)


def greeks(
    s: float,
    k: float,
    t: float,
    r: float,
    sigma: float,
    dividends: Dividends,
    is_call: bool = True,
    model: Model = "escrowed",
    style: Style = "european",
) -> dict[str, float]:
    """Return price and sensitivities of one option by name; see :func:`greeks_batch`."""
    row, one = (s, k, t, r, sigma), Options(threads=1)
    formula, labels = _formula(model, style, "greeks"), _labels(model, style)
    result = evaluate(formula, _SCALAR, row, one, is_call=is_call, dividends=dividends)
    found: dict[str, float] = named(labels, result, one)
    return found


def greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    dividends: Dividends,
    is_calls: ArrayLike = True,
    model: Model = "escrowed",
    style: Style = "european",
    **options: Unpack[Options],
) -> dict[str, Array]:
    """Return price and sensitivities, one array per name.

    Notes
    -----
    Every sensitivity of the other models for the closed form; price, delta, gamma, vega, theta and
    rho where finite differences are needed (relative error about 1e-4). Theta lets the dividends
    come closer, rho discounts them.
    """
    arguments = (spots, strikes, times, rates, sigmas)
    formula = _formula(model, style, "greeks")
    result = evaluate(formula, _NAMES, arguments, options, is_call=is_calls, dividends=dividends)
    found: dict[str, Array] = named(_labels(model, style), result, options)
    return found


def implied_volatility(
    price: float,
    s: float,
    k: float,
    t: float,
    r: float,
    dividends: Dividends,
    is_call: bool = True,
    model: Model = "escrowed",
    style: Style = "european",
) -> float:
    """Return the volatility that gives `price`."""
    formula = _formula(model, style, "implied_volatility")
    names, row = ("price", *_SCALAR[:4]), (price, s, k, t, r)
    one = Options(threads=1)
    return float(evaluate(formula, names, row, one, is_call=is_call, dividends=dividends))


def implied_volatility_batch(
    prices: ArrayLike,
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividends: Dividends,
    is_calls: ArrayLike = True,
    model: Model = "escrowed",
    style: Style = "european",
    **options: Unpack[Options],
) -> Any:
    """Return the volatilities that give `prices`."""
    formula = _formula(model, style, "implied_volatility")
    names, arguments = ("prices", *_NAMES[:4]), (prices, spots, strikes, times, rates)
    return evaluate(formula, names, arguments, options, is_call=is_calls, dividends=dividends)
