"""Option pricing for many options at once.

Exact to the last digits, as fast as the processor allows, honest about bad input.
"""

from quantforge import black76, black_scholes, merton

__all__ = ["black76", "black_scholes", "merton"]
