"""The models under one roof: `quantforge.models.black_scholes` and its siblings."""

from quantforge import american, black76, black_scholes, merton

__all__ = ["american", "black76", "black_scholes", "merton"]
