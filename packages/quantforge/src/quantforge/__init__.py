"""Option pricing for many options at once.

Exact to the last digits, as fast as the processor allows, honest about bad input.
"""

from quantforge import (
    american,
    bachelier,
    black76,
    black_scholes,
    cash_dividends,
    garman_kohlhagen,
    merton,
    methods,
    models,
    ufunc,
)
from quantforge._core import __version__
from quantforge.api import price

__all__ = [
    "__version__",
    "american",
    "bachelier",
    "black76",
    "black_scholes",
    "cash_dividends",
    "garman_kohlhagen",
    "merton",
    "methods",
    "models",
    "price",
    "ufunc",
]
