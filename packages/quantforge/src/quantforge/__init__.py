"""Option pricing for many options at once.

Exact to the last digits, as fast as the processor allows, honest about bad input.
"""

from quantforge import american, black76, black_scholes, merton, models, ufunc
from quantforge.api import price

__all__ = ["american", "black76", "black_scholes", "merton", "models", "price", "ufunc"]
