"""What the European models share: six inputs, spot to volatility, and the kernels."""

from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from quantforge._batch import ALL_GREEKS, FIRST_ORDER, Array, Options, evaluate, named

__all__ = [
    "first_order_batch",
    "flags",
    "greeks",
    "greeks_batch",
    "implied_volatility",
    "implied_volatility_batch",
]

Six: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike, ArrayLike]
Names: TypeAlias = tuple[str, str, str, str, str, str]


def greeks(names: Names, arguments: Six, *, is_call: bool, prefix: str = "") -> dict[str, float]:
    """Return price and every sensitivity of one option by name."""
    one = Options(threads=1)
    result = evaluate(f"{prefix}all_greeks", names, arguments, one, is_call=is_call)
    found: dict[str, float] = named(ALL_GREEKS, result, one)
    return found


def flags(is_calls: Any, is_call: ArrayLike | None) -> Any:
    """Return the flags of a batch, which release 0.1.1 called `is_call`."""
    if is_call is None:
        return is_calls
    if is_calls is not True:
        message = "is_calls and is_call are two names of one argument; pass is_calls alone"
        raise TypeError(message)
    return is_call


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


def implied_volatility(names: Names, arguments: Six, *, is_call: bool) -> float:
    """Return the volatility that gives a price, spot, strike, time, rate and yield."""
    one = Options(threads=1)
    return float(evaluate("implied_volatility", names, arguments, one, is_call=is_call))


def implied_volatility_batch(
    names: Names, arguments: Six, is_calls: ArrayLike, options: Options
) -> Any:
    """Return the volatilities that give the prices."""
    return evaluate("implied_volatility", names, arguments, options, is_call=is_calls)
