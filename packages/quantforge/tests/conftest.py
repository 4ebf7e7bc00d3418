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


def _greeks(row: Array, sign: int) -> tuple[Array, Array]:
    """Return every result of s, k, t, r, q, sigma, and what its error counts against.

    Results that cross zero are measured by the sizes of their terms.
    """
    with mpmath.workdps(60):
        s, k, t, r, q, vol = (mpmath.mpf(float(x)) for x in row)
        v = vol * mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + (r - q) * t) / v + v / 2
        d2 = d1 - v
        density = s * mpmath.exp(-q * t - d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi)
        spot = sign * s * mpmath.exp(-q * t) * _cdf(sign * d1)
        bond = sign * k * mpmath.exp(-r * t) * _cdf(sign * d2)
        vega, gamma = density * mpmath.sqrt(t), density / (s * s * v)
        decay, size = density * vol / (2 * mpmath.sqrt(t)), abs(d1) + v
        drift = (r - q) / v - d2 / (2 * t)
        drifts = abs(r - q) / v + size / (2 * t)
        pairs = [
            (spot - bond, None),
            (spot / s, None),
            (gamma, None),
            (vega, None),
            (q * spot - r * bond - decay, abs(q * spot) + abs(r * bond) + decay),
            (t * bond, None),
            (-t * spot, None),
            (-density * d2 / (s * vol), density * size / (s * vol)),
            (vega * d1 * d2 / vol, vega * abs(d1) * size / vol),
            (q * spot / s - density / s * drift, abs(q * spot / s) + density / s * drifts),
            (-gamma / s * (d1 / v + 1), gamma / s * (abs(d1) / v + 1)),
            (gamma * (q + 1 / (2 * t) + d1 * drift), gamma * (abs(q) + 1 / t + abs(d1) * drifts)),
            (spot / (spot - bond), None),
        ]
        tiny = mpmath.mpf("1e-290")
        scales = [max(abs(value) if scale is None else scale, tiny) for value, scale in pairs]
        return np.array([x for x, _ in pairs], dtype=float), np.array(scales, dtype=float)


@pytest.fixture(scope="session")
def exact_greeks() -> Callable[[Array, bool], tuple[Array, Array]]:
    """Return a function from rows (n, 6) and a side to results (n, 13) and their scales."""

    def greeks(rows: Array, is_call: bool) -> tuple[Array, Array]:
        found = [_greeks(row, 1 if is_call else -1) for row in rows]
        return np.array([x for x, _ in found]), np.array([x for _, x in found])

    return greeks
