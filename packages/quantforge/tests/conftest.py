"""Black-Scholes in 60-digit arithmetic: the reference that accuracy tests compare with."""

from collections.abc import Callable

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
from numpy.typing import NDArray

from quantforge import _grid

Array = NDArray[np.float64]


def _cdf(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def _black_scholes(row: Array) -> tuple[float, float]:
    with mpmath.workdps(60):
        spot, strike, time, rate, vol = (mpmath.mpf(float(x)) for x in row)
        deviation = vol * mpmath.sqrt(time)
        d1 = (mpmath.log(spot / strike) + rate * time) / deviation + deviation / 2
        d2 = d1 - deviation
        bond = strike * mpmath.exp(-rate * time)
        call = spot * _cdf(d1) - bond * _cdf(d2)
        put = bond * _cdf(-d2) - spot * _cdf(-d1)
        return float(call), float(put)


@pytest.fixture(scope="session")
def exact_prices() -> Callable[[_grid.Options], Array]:
    """Return a function from options to their exact (call, put) prices, shape (2, n)."""

    def prices(options: _grid.Options) -> Array:
        return np.array([_black_scholes(row) for row in np.transpose(options.arguments())]).T

    return prices


@pytest.fixture(scope="session")
def relative_error() -> Callable[[Array, Array], Array]:
    """Return a function from (found, exact) to relative errors.

    Where both are below 1e-290 the error counts as zero: such prices have too few digits.
    """

    def error(found: Array, exact: Array) -> Array:
        tiny = (np.abs(exact) < 1e-290) & (np.abs(found) < 1e-290)
        return np.where(tiny, 0.0, np.abs(found - exact) / np.where(tiny, 1.0, np.abs(exact)))

    return error


def _greeks(row: Array) -> Array:
    """Return call and put Greeks of s, k, t, r, q, sigma by differentiating the formula exactly."""
    with mpmath.workdps(60):
        s, k, t, r, q, vol = (mpmath.mpf(float(x)) for x in row)
        v = vol * mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + (r - q) * t) / v + v / 2
        d2 = d1 - v
        density = mpmath.exp(-q * t - d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi)
        vega = s * density * mpmath.sqrt(t)
        decay = -s * density * vol / (2 * mpmath.sqrt(t))
        found = []
        for sign in (1, -1):
            spot = sign * s * mpmath.exp(-q * t) * _cdf(sign * d1)
            bond = sign * k * mpmath.exp(-r * t) * _cdf(sign * d2)
            theta = decay - r * bond + q * spot
            found.append(
                [spot - bond, spot / s, density / (s * v), vega, theta, t * bond, -t * spot]
            )
        return np.array(found, dtype=float)


@pytest.fixture(scope="session")
def exact_greeks() -> Callable[[Array], Array]:
    """Return a function from rows (n, 6) to (side, n, 7): price to dividend rho."""

    def greeks(rows: Array) -> Array:
        return np.array([_greeks(row) for row in rows]).transpose(1, 0, 2)

    return greeks
