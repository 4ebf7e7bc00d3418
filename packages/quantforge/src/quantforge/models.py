"""The models under one roof: `quantforge.models.black_scholes` and its siblings."""

from quantforge import (
    american,
    bachelier,
    black76,
    black_scholes,
    cash_dividends,
    garman_kohlhagen,
    merton,
)

__all__ = [
    "american",
    "bachelier",
    "black76",
    "black_scholes",
    "cash_dividends",
    "garman_kohlhagen",
    "merton",
]
