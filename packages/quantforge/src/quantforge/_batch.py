"""The one path from the documented functions to the compiled kernels."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantforge import _core

__all__ = ["ALL_GREEKS", "FIRST_ORDER", "Array", "Dividends", "Options", "evaluate", "named"]

Array: TypeAlias = NDArray[np.float64]
Dividends: TypeAlias = Sequence[tuple[float, float]]

FIRST_ORDER = ("price", "delta", "gamma", "vega", "theta", "rho")
ALL_GREEKS = (
    *FIRST_ORDER,
    "dividend_rho",
    "vanna",
    "volga",
    "charm",
    "speed",
    "colour",
    "elasticity",
)


class Options(TypedDict, total=False):
    """Keyword arguments of every batch function."""

    out: Any
    on_error: Literal["raise", "nan", "status"] | None
    threads: int | None


_OPTIONS = frozenset(Options.__annotations__)


def evaluate(
    formula: str,
    names: tuple[str, ...],
    arguments: tuple[ArrayLike, ...],
    options: Options,
    *,
    is_call: ArrayLike,
    dividends: Dividends | None = None,
) -> Any:
    """Return the result of a formula: an array or a tuple of arrays, with statuses if asked."""
    if options and not _OPTIONS.issuperset(options):
        raise _unexpected(names, options)
    return _core.evaluate(formula, names, arguments, is_call, dividends=dividends, **options)


def _unexpected(names: tuple[str, ...], options: Options) -> TypeError:
    word = next(word for word in options if word not in _OPTIONS)
    known = {*names, "is_calls", *_OPTIONS} - {word}
    near = get_close_matches(word, sorted(known), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    allowed = ", ".join(Options.__annotations__)
    return TypeError(f"unexpected keyword argument {word!r}{hint}; the options are {allowed}")


def named(labels: tuple[str, ...], result: Any, options: Options) -> Any:
    """Return results as a dict of arrays; with statuses under `status`."""
    if options.get("on_error") == "status":
        values, status = result
        return dict(zip(labels, values, strict=True)) | {"status": status}
    return dict(zip(labels, result, strict=True))
