"""Worst errors of sensitivities, of the normal model and of American prices.

`python docs/validation/quantforge/model_errors.py` writes models.md beside this file. References:
60-digit arithmetic for closed forms, the accuracy "high" for American prices (itself checked
against published values in the tests).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import mpmath as mp  # type: ignore[import-untyped]
import numpy as np
from quantforge import _grid, american, bachelier, merton
from quantforge._batch import ALL_GREEKS, Array

ROWS = 300
AMERICAN_ROWS = 2_000
TINY = mp.mpf("1e-290")
Exact: TypeAlias = dict[str, tuple[Any, Any]]


def cdf(x: Any) -> Any:
    """Return the normal distribution."""
    return mp.erfc(-x / mp.sqrt(2)) / 2


def exact_merton(row: Array) -> Exact:
    """Return every result of a call s, k, t, r, q, sigma, and what its error counts against."""
    s, k, t, r, q, vol = (mp.mpf(float(x)) for x in row)
    v = vol * mp.sqrt(t)
    d1 = (mp.log(s / k) + (r - q) * t) / v + v / 2
    d2 = d1 - v
    density = s * mp.exp(-q * t - d1 * d1 / 2) / mp.sqrt(2 * mp.pi)
    spot, bond = s * mp.exp(-q * t) * cdf(d1), k * mp.exp(-r * t) * cdf(d2)
    vega, gamma, size = density * mp.sqrt(t), density / (s * s * v), abs(d1) + v
    decay, drift = density * vol / (2 * mp.sqrt(t)), (r - q) / v - d2 / (2 * t)
    drifts = abs(r - q) / v + size / (2 * t)
    price = spot - bond
    return {
        "price": (price, price),
        "delta": (spot / s, spot / s),
        "gamma": (gamma, gamma),
        "vega": (vega, vega),
        "theta": (q * spot - r * bond - decay, abs(q * spot) + abs(r * bond) + decay),
        "rho": (t * bond, t * bond),
        "dividend_rho": (-t * spot, t * spot),
        "vanna": (-density * d2 / (s * vol), density * size / (s * vol)),
        "volga": (vega * d1 * d2 / vol, vega * abs(d1) * size / vol),
        "charm": (q * spot / s - density / s * drift, abs(q * spot / s) + density / s * drifts),
        "speed": (-gamma / s * (d1 / v + 1), gamma / s * (abs(d1) / v + 1)),
        "colour": (
            gamma * (q + 1 / (2 * t) + d1 * drift),
            gamma * (abs(q) + 1 / (2 * t) + abs(d1) * drifts),
        ),
        "elasticity": (spot / price, spot / price),
    }


def exact_bachelier(row: Array) -> Exact:
    """Return every result of a call f, k, t, r, sigma, and what its error counts against."""
    f, k, t, r, sigma = (mp.mpf(float(x)) for x in row)
    v, discount = sigma * mp.sqrt(t), mp.exp(-r * t)
    d = (f - k) / v
    density, delta = discount * mp.exp(-d * d / 2) / mp.sqrt(2 * mp.pi), discount * cdf(d)
    price, decay = v * density + (f - k) * delta, density * sigma / (2 * mp.sqrt(t))
    turn = density * d / (2 * t)
    shape = density / v
    return {
        "price": (price, price),
        "delta": (delta, delta),
        "gamma": (shape, shape),
        "vega": (density * mp.sqrt(t), density * mp.sqrt(t)),
        "theta": (r * price - decay, abs(r * price) + decay),
        "rho": (-t * price, t * price),
        "vanna": (-density * d / sigma, density * abs(d) / sigma),
        "volga": (density * mp.sqrt(t) * d * d / sigma, density * mp.sqrt(t) * d * d / sigma),
        "charm": (r * delta + turn, abs(r * delta) + abs(turn)),
        "speed": (-density * d / v**2, density * abs(d) / v**2),
        "colour": (
            shape * (r + (1 - d * d) / (2 * t)),
            shape * (abs(r) + (1 + d * d) / (2 * t)),
        ),
        "elasticity": (delta * f / price, abs(delta * f / price)),
    }


def merton_rows(name: str) -> Array:
    """Return rows s, k, t, r, q, sigma of a region."""
    s, k, t, r, sigma = _grid.region(name, ROWS).arguments()
    q = np.random.default_rng(5).uniform(-0.02, 0.08, ROWS)
    return np.array([s * np.exp(q * t), k, t, r, q, sigma])


def bachelier_rows(low: float, high: float) -> Array:
    """Return rows f, k, t, r, sigma, the forward `low` to `high` deviations above the strike."""
    rng = np.random.default_rng(7)
    t, sigma = 10.0 ** rng.uniform(-4.0, 1.0, ROWS), 10.0 ** rng.uniform(-4.0, 2.0, ROWS)
    k = rng.uniform(-2.0, 2.0, ROWS) * sigma
    f = k + rng.uniform(low, high, ROWS) * sigma * np.sqrt(t)
    return np.array([f, k, t, rng.uniform(-0.05, 0.1, ROWS), sigma])


def worst(found: dict[str, Array], rows: Array, exact: Callable[[Array], Exact]) -> dict[str, Any]:
    """Return the largest relative error of each result."""
    errors: dict[str, Any] = dict.fromkeys(ALL_GREEKS, mp.mpf(0))
    with mp.workdps(60):
        for number, row in enumerate(rows.T):
            for label, (value, scale) in exact(row).items():
                if abs(value) > TINY:
                    error = abs(mp.mpf(float(found[label][number])) - value) / scale
                    errors[label] = max(errors[label], error)
    return errors


def sensitivity_lines() -> list[str]:
    """Return the table of errors of closed forms."""
    lines = [f"| region | {' | '.join(ALL_GREEKS)} |".replace("_", " ")]
    lines.append("|---|" + "---:|" * len(ALL_GREEKS))
    tables = {
        f"Merton, {name}": worst(merton.greeks_batch(*rows), rows, exact_merton)
        for name in _grid.REGIONS
        for rows in [merton_rows(name)]
    }
    for name, reach in {"market": (-3.0, 3.0), "deep": (-36.0, -5.0)}.items():
        rows = bachelier_rows(*reach)
        tables[f"Bachelier, {name}"] = worst(bachelier.greeks_batch(*rows), rows, exact_bachelier)
    for name, errors in tables.items():
        cells = " | ".join(f"{float(errors[label]):.1e}" for label in ALL_GREEKS)
        lines.append(f"| {name.replace('_', ' ')} | {cells} |")
    return lines


def american_lines() -> list[str]:
    """Return the table of errors of American prices, per strike of 100."""
    rng = np.random.default_rng(42)
    spans = {
        "one boundary": ((0.005, 0.10), (0.0, 0.10)),
        "two boundaries": ((-0.03, -0.005), (-0.08, -0.035)),
    }
    lines = ["| puts with | accuracy | root mean square | worst | where it is worst |"]
    lines.append("|---|---|---:|---:|---|")
    for name, (rates, yields) in spans.items():
        rows = AMERICAN_ROWS if name == "one boundary" else AMERICAN_ROWS // 40
        given = (
            100.0,
            rng.uniform(70.0, 140.0, rows),
            rng.uniform(0.05, 2.0, rows),
            rng.uniform(*rates, rows),
            rng.uniform(*yields, rows),
            rng.uniform(0.1, 0.6, rows),
        )
        exact = american.put_price_batch(*given, "high")
        for accuracy in ("fast", "accurate"):
            found = american.put_price_batch(*given, accuracy)  # type: ignore[arg-type]
            error = np.abs(found - exact) / given[1] * 100.0
            at = int(error.argmax())
            k, t, r, q, sigma = (float(np.asarray(x)[at]) for x in given[1:])
            point = f"K={k:.4g} T={t:.3g} r={r:.3g} q={q:.3g} sigma={sigma:.3g}"
            square = np.sqrt((error**2).mean())
            lines.append(f"| {name} | {accuracy} | {square:.1e} | {error.max():.1e} | {point} |")
    return lines


def main() -> None:
    """Write the page."""
    page = [
        "# Errors of sensitivities, of the normal model and of American prices",
        "",
        "Written by `python docs/validation/quantforge/model_errors.py`.",
        "",
        f"Calls, {ROWS} options per region, against mpmath with 60 digits; results that cross zero",
        "are measured by the sizes of their terms, those below 1e-290 left out.",
        "",
        *sensitivity_lines(),
        "",
        'American prices per strike of 100, S = 100, against the accuracy "high":',
        "",
        *american_lines(),
    ]
    path = Path(__file__).with_name("models.md")
    path.write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
