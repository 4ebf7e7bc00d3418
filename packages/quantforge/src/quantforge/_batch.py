"""The one path from the documented functions to the compiled kernels."""

from collections.abc import Sequence
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
    return _core.evaluate(formula, names, arguments, is_call, dividends=dividends, **options)


def named(labels: tuple[str, ...], result: Any, options: Options) -> Any:
    """Return results as a dict of arrays; with statuses under `status`."""
    if options.get("on_error") == "status":
        values, status = result
        return dict(zip(labels, values, strict=True)) | {"status": status}
    return dict(zip(labels, result, strict=True))
