"""Option pricing for many options at once.

Exact to the last digits, as fast as the processor allows, honest about bad input.
"""

from quantforge import black_scholes

__all__ = ["black_scholes"]
