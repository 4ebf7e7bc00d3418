"""American options on a spot with a continuous yield.

Source: the early-exercise boundary of Andersen, Lake and Offengenden (2016), many options at once.
`accuracy` chooses nodes and iterations: ``"fast"`` (root mean square error about 1e-4 per strike of
100, worst seen 1.5e-3), ``"accurate"`` (2e-5 and 4e-4, the default), ``"high"`` (for reference
values, about 1e-8); the worst are puts whose yield is close to the rate.

Rates and yields of either sign are priced. A put with ``q < r < 0`` and a call with ``r < q < 0``
have two exercise boundaries (Andersen and Lake 2021): exercise is due between them. Without
volatility, spot or strike the price is that of the best moment of exercise.

Domains: spot and strike 0 to 1e75, 0 to 200 years, rate and yield -1 to 1, volatility 0 to 10.
Options and errors are those of :mod:`quantforge.black_scholes`; other methods are in
:mod:`quantforge.methods`. `call_price_adaptive` and `put_price_adaptive`, names of release 0.1.1,
are `call_price` and `put_price`.
"""

from typing import Any, Literal, TypeAlias, Unpack

from numpy.typing import ArrayLike

from quantforge._batch import Array, Options, evaluate, named

__all__ = [
    "binomial_tree",
    "call_price",
    "call_price_adaptive",
    "call_price_batch",
    "exercise_boundaries_batch",
    "exercise_boundary",
    "exercise_boundary_batch",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
    "put_price",
    "put_price_adaptive",
    "put_price_batch",
]

Accuracy: TypeAlias = Literal["fast", "accurate", "high"]

_NAMES = ("spots", "strikes", "times", "rates", "dividend_yields", "sigmas")
_STRIKES = _NAMES[1:]
_SCALAR = ("s", "k", "t", "r", "q", "sigma")
_GREEKS = ("price", "delta", "gamma", "vega", "theta", "rho", "dividend_rho")


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


call_price_adaptive = call_price
put_price_adaptive = put_price


def binomial_tree(
    s: float,
    k: float,
    t: float,
    r: float,
    q: float,
    sigma: float,
    n_steps: int = 100,
    is_call: bool = True,
) -> float:
    """Return the price by the tree of Cox, Ross and Rubinstein; `n_steps` 1 to 20000.

    For comparison, and for callers of release 0.1.1; :func:`call_price` is exacter.
    :func:`quantforge.methods.cox_ross_rubinstein` prices many options.

    Examples
    --------
    >>> round(binomial_tree(100.0, 105.0, 1.0, 0.05, 0.02, 0.2, 500, is_call=False), 6)
    9.37785
    """
    names, row = (*_SCALAR, "n_steps"), (s, k, t, r, q, sigma, n_steps)
    one = Options(threads=1)
    return float(evaluate("cox_ross_rubinstein", names, row, one, is_call=is_call))


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
) -> dict[str, float]:
    """Return price and sensitivities of one option by name; see :func:`greeks_batch`."""
    row, one = (s, k, t, r, q, sigma), Options(threads=1)
    result = evaluate("american_greeks", _SCALAR, row, one, is_call=is_call)
    found: dict[str, float] = named(_GREEKS, result[: len(_GREEKS)], one)
    return found


def greeks_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    *,
    on_error: Literal["raise", "nan", "status"] | None = None,
    threads: int | None = None,
) -> dict[str, Array]:
    """Return price, delta, gamma, vega, theta, rho and dividend rho, one array per name.

    Notes
    -----
    Delta and gamma differentiate the premium integral, theta follows from the pricing equation;
    vega and both rhos are central differences of the price (steps: 1e-4 of the volatility, 1e-4 of
    the rates). All are as exact as the price of accuracy "accurate": about 1e-4 relative.
    """
    arguments = (spots, strikes, times, rates, dividend_yields, sigmas)
    options = Options(on_error=on_error, threads=threads)
    result = evaluate("american_greeks", _NAMES, arguments, options, is_call=is_calls)
    labels = (*_GREEKS, "boundary", "other_boundary")
    found: dict[str, Array] = named(labels, result, options)
    return {name: values for name, values in found.items() if not name.endswith("boundary")}


def exercise_boundary(
    k: float, t: float, r: float, q: float, sigma: float, is_call: bool = True
) -> float:
    """Return the spot next to the strike at which exercise is due today; NaN where it never is."""
    one = Options(threads=1)
    (near, _), _ = _boundaries(_SCALAR[1:], (k, t, r, q, sigma), is_call, one)
    return float(near)


def exercise_boundary_batch(
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    *,
    on_error: Literal["raise", "nan", "status"] | None = None,
    threads: int | None = None,
) -> Any:
    """Return the spot next to the strike at which exercise is due today; NaN where it never is.

    Examples
    --------
    >>> round(exercise_boundary_batch(110.0, 0.75, 0.05, 0.02, 0.3, is_calls=False), 2)
    75.05
    """
    arguments = (strikes, times, rates, dividend_yields, sigmas)
    options = Options(on_error=on_error, threads=threads)
    (near, _), status = _boundaries(_STRIKES, arguments, is_calls, options)
    return near if status is None else (near, status)


def exercise_boundaries_batch(
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    is_calls: ArrayLike = True,
    *,
    on_error: Literal["raise", "nan", "status"] | None = None,
    threads: int | None = None,
) -> Any:
    """Return the spots between which exercise is due today, the one next to the strike first.

    The second is NaN where there is one boundary, both are where exercise is never due.

    Examples
    --------
    >>> upper, lower = exercise_boundaries_batch(100.0, 1.0, -0.01, -0.03, 0.2, is_calls=False)
    >>> round(upper, 1), round(lower, 1)
    (71.5, 37.7)
    """
    arguments = (strikes, times, rates, dividend_yields, sigmas)
    options = Options(on_error=on_error, threads=threads)
    found, status = _boundaries(_STRIKES, arguments, is_calls, options)
    return found if status is None else (found, status)


def _boundaries(
    names: tuple[str, ...], arguments: tuple[ArrayLike, ...], is_calls: ArrayLike, options: Options
) -> tuple[tuple[Any, Any], Any]:
    """Return both boundaries, and the states if asked; the spot does not matter."""
    names, inputs = (names[0], *names), (arguments[0], *arguments)
    result = evaluate("american_greeks", names, inputs, options, is_call=is_calls)
    values, status = result if options.get("on_error") == "status" else (result, None)
    return tuple(values[-2:]), status


def implied_volatility(
    price: float,
    s: float,
    k: float,
    t: float,
    r: float,
    q: float,
    is_call: bool = True,
    initial_guess: float | None = None,  # noqa: ARG001
    tolerance: float | None = None,  # noqa: ARG001
    max_iterations: int | None = None,  # noqa: ARG001
) -> float:
    """Return the volatility that gives `price`, 1e-3 to 10; 0 if it is the immediate payoff.

    `initial_guess`, `tolerance` and `max_iterations` are accepted for callers of release 0.1.1 and
    change nothing: the search needs no guess and always ends, at the last digits.

    Raises
    ------
    ValueError
        If no volatility in that range gives `price`.
    """
    names, row = ("price", *_SCALAR[:5]), (price, s, k, t, r, q)
    one = Options(threads=1)
    return float(evaluate("american_implied_volatility", names, row, one, is_call=is_call))


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
    """Return the volatilities that give `prices`, 1e-3 to 10; 0 for the immediate payoff.

    Notes
    -----
    Regula falsi with the Illinois weights, until the bracket is narrower than 1e-11 of the
    volatility or the price is met to its last digits. States: 2 below the price at a volatility of
    1e-3, 3 above that at 10.
    """
    names = ("prices", *_NAMES[:5])
    arguments = (prices, spots, strikes, times, rates, dividend_yields)
    return evaluate("american_implied_volatility", names, arguments, options, is_call=is_calls)
