"""The one path from the documented functions to the compiled kernels."""

import itertools
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantforge import _core

__all__ = ["ALL_GREEKS", "FIRST_ORDER", "Array", "Options", "evaluate", "named"]

Array: TypeAlias = NDArray[np.float64]

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
    kernel: str,
    names: tuple[str, ...],
    arguments: tuple[ArrayLike, ...],
    options: Options,
    *,
    is_call: ArrayLike,
) -> Any:
    """Return the result of a kernel: an array or a tuple of arrays, with statuses if asked."""
    _refuse_shared(options.get("out"))
    return _core.evaluate(kernel, names, arguments, is_call, **options)


def _refuse_shared(out: Any) -> None:
    if isinstance(out, tuple):
        for first, second in itertools.combinations(out, 2):
            if np.may_share_memory(first, second):
                message = "two arrays of out share memory; each result needs its own"
                raise ValueError(message)


def named(labels: tuple[str, ...], result: Any, options: Options) -> Any:
    """Return results as a dict of arrays; with statuses under `status`."""
    if options.get("on_error") == "status":
        values, status = result
        return dict(zip(labels, values, strict=True)) | {"status": status}
    return dict(zip(labels, result, strict=True))
