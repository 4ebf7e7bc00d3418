"""A peer in its own environment: reads commands, one JSON object a line, and answers in kind.

``{"load": FILE}`` takes spots, strikes, times, rates, volatilities and call prices, (6, n);
``{"price": LOOPS}`` and ``{"implied": LOOPS}`` answer seconds per call;
``{"values": FILE}`` writes what was priced last. Needs NumPy and the peer alone.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Sides = dict[str, Callable[[], Any]]


def quantforge_sides(rows: Any) -> Sides:
    """Return what the published quantforge computes."""
    model = importlib.import_module("quantforge").black_scholes
    s, k, t, r, sigma, prices = rows
    is_calls = np.full(len(s), fill_value=True)
    return {
        "price": lambda: model.call_price_batch(s, k, t, r, sigma),
        "implied": lambda: model.implied_volatility_batch(prices, s, k, t, r, is_calls),
    }


def vollib_sides(rows: Any) -> Sides:
    """Return what py_vollib_vectorized computes."""
    vollib = importlib.import_module("py_vollib_vectorized")
    s, k, t, r, sigma, prices = rows
    flags = np.full(len(s), "c")
    return {
        "price": lambda: vollib.vectorized_black_scholes(
            flags, s, k, t, r, sigma, return_as="numpy"
        ),
        "implied": lambda: vollib.vectorized_implied_volatility(
            prices, s, k, t, r, flags, return_as="numpy", on_error="ignore"
        ),
    }


PEERS = {"quantforge": quantforge_sides, "py_vollib_vectorized": vollib_sides}


def main() -> None:
    """Answer commands until the input ends."""
    make = PEERS[sys.argv[1]]
    sides: Sides = {}
    last = None
    for line in sys.stdin:
        ((name, value),) = json.loads(line).items()
        answer = 0.0
        if name == "load":
            sides = make(np.load(value))
        elif name == "values":
            np.save(value, np.asarray(last, dtype=float).ravel())
        else:
            start = time.perf_counter()
            for _ in range(value):
                last = sides[name]()
            answer = (time.perf_counter() - start) / value
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
