"""American options on a spot with a continuous yield.

Source: the early-exercise boundary of Andersen, Lake and Offengenden (2016), many options at once.
`accuracy` chooses nodes and iterations: ``"fast"`` (root mean square error about 1e-4 per strike of
100, worst seen 1.5e-3), ``"accurate"`` (2e-5 and 4e-4, the default), ``"high"`` (for reference
values, about 1e-8); the worst are puts whose yield is close to the rate. Rates and yields of either
sign are priced; an option with two exercise boundaries (a put with ``q < r < 0``, a call with
``r < q < 0``) is priced by a Leisen-Reimer tree of 801 steps.

Domains: spot and strike 1e-75 to 1e75, 1e-6 to 200 years, rate and yield -1 to 1, volatility 1e-3
to 10. Options and errors are those of :mod:`quantforge.black_scholes`.

The trees of Leisen and Reimer (1996) and of Cox, Ross and Rubinstein (1979) are here under their
own names, for comparison.
"""

from typing import Any, Literal, NamedTuple, TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike

from quantforge import _core
from quantforge._batch import Array, Options, evaluate, named

__all__ = [
    "Greeks",
    "call_price",
    "call_price_batch",
    "cox_ross_rubinstein",
    "exercise_boundary_batch",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
    "leisen_reimer",
    "put_price",
    "put_price_batch",
]

Accuracy: TypeAlias = Literal["fast", "accurate", "high"]

_NAMES = ("spots", "strikes", "times", "rates", "dividend_yields", "sigmas")
_SCALAR = ("s", "k", "t", "r", "q", "sigma")
_KERNEL = ("price", "delta", "gamma", "theta", "boundary")
_BUMP = 1e-3
_SIGMA, _RATE, _YIELD = 5, 3, 4
_LOWEST, _HIGHEST = 1e-3, 10.0
_MAX_STEPS = 60


class Greeks(NamedTuple):
    """Price and sensitivities of one option, in natural units and years."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    dividend_rho: float


def _kernel(accuracy: Accuracy) -> str:
    if accuracy not in ("fast", "accurate", "high"):
        message = f'accuracy is {accuracy!r}, but must be "fast", "accurate" or "high"'
        raise ValueError(message)
    return f"american_{accuracy}"


def call_price(
    s: float, k: float, t: float, r: float, q: float, sigma: float, accuracy: Accuracy = "accurate"
) -> float:
    """Return the price of an American call."""
    row, one = (s, k, t, r, q, sigma), Options(threads=1)
    return float(evaluate(_kernel(accuracy), _SCALAR, row, one, is_call=True))


def put_price(
    s: float, k: float, t: float, r: float, q: float, sigma: float, accuracy: Accuracy = "accurate"
) -> float:
    """Return the price of an American put.

    Examples
    --------
    >>> round(put_price(100.0, 100.0, 1.0, 0.05, 0.05, 0.25), 4)
    9.5694
    """
    row, one = (s, k, t, r, q, sigma), Options(threads=1)
    return float(evaluate(_kernel(accuracy), _SCALAR, row, one, is_call=False))


def call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    accuracy: Accuracy = "accurate",
    **options: Unpack[Options],
) -> Any:
    """Return the prices of American calls."""
    arguments = (spots, strikes, times, rates, dividend_yields, sigmas)
    return evaluate(_kernel(accuracy), _NAMES, arguments, options, is_call=True)


def put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    accuracy: Accuracy = "accurate",
    **options: Unpack[Options],
) -> Any:
    """Return the prices of American puts."""
    arguments = (spots, strikes, times, rates, dividend_yields, sigmas)
    return evaluate(_kernel(accuracy), _NAMES, arguments, options, is_call=False)


def greeks(
    s: float, k: float, t: float, r: float, q: float, sigma: float, is_call: bool = True
) -> Greeks:
    """Return price and sensitivities of one option."""
    found = greeks_batch(s, k, t, r, q, sigma, is_call, threads=1)
    return Greeks(**{name: float(found[name]) for name in Greeks._fields})


def greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    threads: int | None = None,
) -> dict[str, Array]:
    """Return price, delta, gamma, vega, theta, rho and dividend rho, one array per name.

    Notes
    -----
    Delta and gamma differentiate the premium integral, theta follows from the pricing equation;
    vega and both rhos are central differences of the price (steps: a thousandth of the volatility,
    0.001 of the rates), with an error of about 1e-3 relative. Where there are two exercise
    boundaries, delta, gamma and theta are NaN.
    """
    arguments = (spots, strikes, times, rates, dividend_yields, sigmas)
    options = Options(threads=threads)
    result = evaluate("american_greeks", _NAMES, arguments, options, is_call=is_calls)
    found: dict[str, Array] = named(_KERNEL, result, options)
    del found["boundary"]
    steps = {
        "vega": (_SIGMA, _BUMP * np.asarray(sigmas, dtype=float)),
        "rho": (_RATE, np.asarray(_BUMP)),
        "dividend_rho": (_YIELD, np.asarray(_BUMP)),
    }
    for name, (position, step) in steps.items():
        found[name] = _slope(arguments, is_calls, position, step, options)
    return found


def _slope(
    arguments: tuple[ArrayLike, ...],
    is_calls: ArrayLike,
    position: int,
    step: Array,
    options: Options,
) -> Any:
    centre = np.asarray(arguments[position], dtype=float)
    before, after = arguments[:position], arguments[position + 1 :]
    up, down = (
        evaluate("american_accurate", _NAMES, (*before, moved, *after), options, is_call=is_calls)
        for moved in (centre + step, centre - step)
    )
    return (up - down) / (2.0 * step)


def exercise_boundary_batch(
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    **options: Unpack[Options],
) -> Any:
    """Return the spot at which exercise is due today; NaN where it never is or where two are."""
    arguments = (strikes, strikes, times, rates, dividend_yields, sigmas)
    names = ("strikes", *_NAMES[1:])
    found = evaluate("american_greeks", names, arguments, options, is_call=is_calls)
    if options.get("on_error") == "status":
        values, status = found
        return values[-1], status
    return found[-1]


def implied_volatility(
    price: float, s: float, k: float, t: float, r: float, q: float, is_call: bool = True
) -> float:
    """Return the volatility that gives `price`, 1e-3 to 10.

    Raises
    ------
    ValueError
        If no volatility in that range gives `price`.
    """
    found = float(implied_volatility_batch(price, s, k, t, r, q, is_call))
    if np.isnan(found):
        message = f"price is {price:g}, but no volatility from 1e-3 to 10 gives it"
        raise ValueError(message)
    return found


def implied_volatility_batch(
    prices: ArrayLike,
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    is_calls: ArrayLike = True,
    threads: int | None = None,
) -> Array:
    """Return the volatilities that give `prices`; NaN where none from 1e-3 to 10 does.

    Notes
    -----
    Regula falsi with the Illinois weights in all rows at once, until the bracket is narrower than
    1e-10 of the volatility or the price is met to 1e-12 of the strike.
    """
    given = (prices, spots, strikes, times, rates, dividend_yields, is_calls)
    price, *five, calls = np.broadcast_arrays(*given)

    def miss(sigma: Array) -> Any:
        arguments = (*five, sigma)
        options = Options(threads=threads)
        return evaluate("american_accurate", _NAMES, arguments, options, is_call=calls) - price

    low, high = np.full(price.shape, _LOWEST), np.full(price.shape, _HIGHEST)
    below, above = miss(low), miss(high)
    has_root = (below <= 0.0) & (above >= 0.0)
    enough = 1e-12 * np.asarray(five[1], dtype=float)
    for _ in range(_MAX_STEPS):
        with np.errstate(divide="ignore", invalid="ignore"):
            sigma = (low * above - high * below) / (above - below)
        sigma = np.where((sigma > low) & (sigma < high), sigma, 0.5 * (low + high))
        now = miss(sigma)
        is_below = now <= 0.0
        above = np.where(is_below, 0.5 * above, now)
        below = np.where(is_below, now, 0.5 * below)
        low, high = np.where(is_below, sigma, low), np.where(is_below, high, sigma)
        if ((np.abs(now) <= enough) | (high - low <= 1e-10 * sigma) | ~has_root).all():
            break
    return np.where(has_root, sigma, np.nan)


def _checked_tree(method: str, row: tuple[float, ...], steps: int, *, is_call: bool) -> float:
    evaluate("american_fast", _SCALAR, row, Options(threads=1), is_call=is_call)
    if not 1 <= steps <= 20_000:
        message = f"steps is {steps}, but must be 1 to 20000"
        raise ValueError(message)
    return _core.american_tree(method, row, is_call, steps)


def leisen_reimer(
    row: tuple[float, float, float, float, float, float], is_call: bool, steps: int = 501
) -> float:
    """Return the price of (s, k, t, r, q, sigma) by the tree of Leisen and Reimer (1996)."""
    return _checked_tree("leisen_reimer", row, steps, is_call=is_call)


def cox_ross_rubinstein(
    row: tuple[float, float, float, float, float, float], is_call: bool, steps: int = 500
) -> float:
    """Return the price of (s, k, t, r, q, sigma) by the tree of Cox, Ross and Rubinstein (1979)."""
    return _checked_tree("cox_ross_rubinstein", row, steps, is_call=is_call)
