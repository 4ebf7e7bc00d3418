from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "__version__",
    "black76_call_price",
    "black76_call_price_batch",
    "black76_put_price",
    "black76_put_price_batch",
    "black_scholes_call_price",
    "black_scholes_call_price_batch",
    "black_scholes_put_price",
    "black_scholes_put_price_batch",
    "evaluate",
    "instruction_set",
    "merton_call_price",
    "merton_call_price_batch",
    "merton_put_price",
    "merton_put_price_batch",
    "thread_limit",
    "ufunc",
]

__version__: str

def ufunc(formula: str, doc: str) -> np.ufunc: ...
def instruction_set() -> str: ...
def thread_limit() -> int: ...
def black_scholes_call_price(s: float, k: float, t: float, r: float, sigma: float) -> float: ...
def black_scholes_put_price(s: float, k: float, t: float, r: float, sigma: float) -> float: ...
@overload
def black_scholes_call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["raise", "nan"] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]: ...
@overload
def black_scholes_call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["status"],
    threads: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
@overload
def black_scholes_put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["raise", "nan"] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]: ...
@overload
def black_scholes_put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["status"],
    threads: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
def merton_call_price(s: float, k: float, t: float, r: float, q: float, sigma: float) -> float: ...
def merton_put_price(s: float, k: float, t: float, r: float, q: float, sigma: float) -> float: ...
@overload
def merton_call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["raise", "nan"] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]: ...
@overload
def merton_call_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["status"],
    threads: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
@overload
def merton_put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["raise", "nan"] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]: ...
@overload
def merton_put_price_batch(
    spots: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    dividend_yields: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["status"],
    threads: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
def black76_call_price(f: float, k: float, t: float, r: float, sigma: float) -> float: ...
def black76_put_price(f: float, k: float, t: float, r: float, sigma: float) -> float: ...
@overload
def black76_call_price_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["raise", "nan"] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]: ...
@overload
def black76_call_price_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["status"],
    threads: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
@overload
def black76_put_price_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["raise", "nan"] | None = None,
    threads: int | None = None,
) -> NDArray[np.float64]: ...
@overload
def black76_put_price_batch(
    forwards: ArrayLike,
    strikes: ArrayLike,
    times: ArrayLike,
    rates: ArrayLike,
    sigmas: ArrayLike,
    *,
    out: NDArray[np.generic] | None = None,
    on_error: Literal["status"],
    threads: int | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]: ...
def evaluate(
    formula: str,
    names: tuple[str, ...],
    arguments: tuple[ArrayLike, ...],
    is_call: ArrayLike,
    *,
    dividends: Sequence[tuple[float, float]] | None = None,
    out: Any = None,
    on_error: Literal["raise", "nan", "status"] | None = None,
    threads: int | None = None,
) -> Any: ...
