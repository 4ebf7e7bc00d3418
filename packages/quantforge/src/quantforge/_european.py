"""What the European models share: six inputs, spot to volatility, and the kernels."""

from typing import Any, NamedTuple, TypeAlias

from numpy.typing import ArrayLike

from quantforge._batch import ALL_GREEKS, FIRST_ORDER, Array, Options, evaluate, named

__all__ = [
    "Greeks",
    "first_order_batch",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
]

Six: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike]
Names: TypeAlias = tuple[str, str, str, str, str, str]

SCALAR: Names = ("s", "k", "t", "r", "q", "sigma")
SCALAR_IMPLIED: Names = ("price", "s", "k", "t", "r", "q")


class Greeks(NamedTuple):
    """Price and sensitivities of one option, in natural units and years."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    dividend_rho: float
    vanna: float
    volga: float
    charm: float
    speed: float
    colour: float
    elasticity: float


def greeks(arguments: Six, *, is_call: bool, prefix: str = "") -> Greeks:
    """Return price and every sensitivity of one option."""
    formula = f"{prefix}all_greeks"
    return Greeks(*evaluate(formula, SCALAR, arguments, {"threads": 1}, is_call=is_call))


def greeks_batch(
    names: Names, arguments: Six, is_calls: ArrayLike, options: Options, prefix: str = ""
) -> dict[str, Array]:
    """Return price and every sensitivity by name."""
    result = evaluate(f"{prefix}all_greeks", names, arguments, options, is_call=is_calls)
    found: dict[str, Array] = named(ALL_GREEKS, result, options)
    return found


def first_order_batch(
    names: Names, arguments: Six, is_calls: ArrayLike, options: Options, prefix: str = ""
) -> dict[str, Array]:
    """Return price and first-order sensitivities by name."""
    result = evaluate(f"{prefix}greeks", names, arguments, options, is_call=is_calls)
    found: dict[str, Array] = named(FIRST_ORDER, result, options)
    return found


def implied_volatility(arguments: Six, *, is_call: bool) -> float:
    """Return the volatility that gives a price, spot, strike, time, rate and yield."""
    found = evaluate(
        "implied_volatility", SCALAR_IMPLIED, arguments, {"threads": 1}, is_call=is_call
    )
    return float(found)


def implied_volatility_batch(
    names: Names, arguments: Six, is_calls: ArrayLike, options: Options
) -> Any:
    """Return the volatilities that give the prices."""
    return evaluate("implied_volatility", names, arguments, options, is_call=is_calls)
