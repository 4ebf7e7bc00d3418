"""Worst errors of European prices over seven regions, against 60-digit arithmetic.

`python docs/validation/quantforge/error_map.py` writes README.md beside this file: for each region
of 1500 options the largest relative error of quantforge and of the textbook formula with
`scipy.special.ndtr`, and where quantforge is worst.
"""

from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
from quantforge import _grid, black_scholes
from quantforge._batch import Array
from quantforge.bench import numpy_call_price
from scipy.special import ndtr

ROWS = 1_500
SMALLEST = 1e-290


def exact_calls(options: _grid.Options) -> Array:
    """Return call prices by the textbook formula in 60 digits."""

    def cdf(x: Any) -> Any:
        return mpmath.erfc(-x / mpmath.sqrt(2)) / 2

    def call(row: Array) -> float:
        s, k, t, r, sigma = (mpmath.mpf(float(x)) for x in row)
        deviation = sigma * mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + r * t) / deviation + deviation / 2
        return float(s * cdf(d1) - k * mpmath.exp(-r * t) * cdf(d1 - deviation))

    with mpmath.workdps(60):
        return np.array([call(row) for row in np.transpose(options.arguments())])


def relative_error(found: Array, exact: Array) -> Array:
    """Return the relative error; zero where the price is below 1e-290."""
    tiny = np.abs(exact) < SMALLEST
    return np.where(tiny, 0.0, np.abs(found - exact) / np.where(tiny, 1.0, np.abs(exact)))


def region_line(name: str) -> str:
    """Return the table line of one region."""
    options = _grid.region(name, ROWS)
    exact = exact_calls(options)
    prices = {
        "ours": black_scholes.call_price_batch(*options.arguments()),
        "textbook": numpy_call_price(options, ndtr),
    }
    errors = {side: relative_error(price, exact) for side, price in prices.items()}
    worst = int(errors["ours"].argmax())
    s, k, t, r, sigma = (float(x[worst]) for x in options.arguments())
    point = f"S={s:.6g} K={k:.6g} T={t:.3g} r={r:.3g} sigma={sigma:.3g}"
    ours, textbook = errors["ours"].max(), errors["textbook"].max()
    return f"| {name.replace('_', ' ')} | {ours:.1e} | {textbook:.1e} | {point} |"


def main() -> None:
    """Write the page."""
    lines = [region_line(name) for name in _grid.REGIONS]
    page = f"""# Errors of European prices

Written by `python docs/validation/quantforge/error_map.py`: largest relative error of call prices
against mpmath with 60 digits, {ROWS} options per region (`quantforge._grid.region`), prices below
{SMALLEST:g} left out.

| region | quantforge | NumPy, `scipy.special.ndtr` | where quantforge is worst |
|---|---:|---:|---|
"""
    page += "\n".join(lines) + "\n"
    Path(__file__).with_name("README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
