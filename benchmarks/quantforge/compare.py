"""quantforge against the textbook formula in NumPy with `scipy.special.ndtr`.

    python -m benchmarks.quantforge.compare
    python -m benchmarks.quantforge.compare --instruction-set avx2
    python -m benchmarks.quantforge.compare --quick --json speed.json

Both sides run in one process, in random order, in at least 50 rounds; a number is the median over
the rounds of the ratio of two calls that were made one after the other, with the middle 90 %.
Prices are written into a given array. Where the formula has no counterpart in NumPy, the ratio says
how long it takes in units of NumPy's call price of the same 10,000 options. What must be reached
depends on the instruction set: four doubles at a time are not eight.

Exit status: 0 if everything is reached, 1 if something is not, 2 for wrong usage, 3 if the
processor lacks the instruction set.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from quantforge import _core, _grid, american, black_scholes
from quantforge.bench import numpy_call_price
from scipy.special import ndtr

from benchmarks.figures import UNABLE, Figure, concluded, summarised

if TYPE_CHECKING:
    from quantforge._batch import Array

SEED = 20260801
SIZE = 10_000
AMERICAN_SIZE = 256
Side = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds, and seconds per side in each."""

    rounds: int
    seconds: float


FULL, QUICK = Effort(51, 1e-3), Effort(5, 2e-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """Ratios to reach with one instruction set; what is not named need only be shown."""

    prices: dict[int, float]
    prices_on_two: dict[int, float]
    greeks: float | None
    implied: float


WIDE = Least(
    prices={100: 8.0, 1_000: 4.5, 10_000: 5.5, 100_000: 6.0, 1_000_000: 6.0},
    prices_on_two={100_000: 10.0, 1_000_000: 11.0},
    greeks=5.5,
    implied=33 / 16,
)
NARROW = Least(
    prices={10_000: 3.4, 100_000: 3.4, 1_000_000: 3.4},
    prices_on_two={},
    greeks=None,
    implied=33 / 27,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: what, rows per call of each side, the sides, and the least ratio."""

    what: str
    ours: Side
    theirs: Side
    ours_rows: int = 1
    theirs_rows: int = 1
    at_least: float | None = None


def numpy_greeks(s: Array, k: Array, t: Array, r: Array, sigma: Array) -> tuple[Array, ...]:
    """Return price, delta, gamma, vega, theta and rho of calls by the textbook formulas."""
    root = np.sqrt(t)
    deviation = sigma * root
    d1 = (np.log(s / k) + (r + 0.5 * sigma * sigma) * t) / deviation
    d2 = d1 - deviation
    delta, bond = ndtr(d1), k * np.exp(-r * t) * ndtr(d2)
    density = np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
    theta = -s * density * sigma / (2.0 * root) - r * bond
    return s * delta - bond, delta, density / (s * deviation), s * density * root, theta, t * bond


def price_row(size: int, threads: int, at_least: float | None) -> Row:
    """Return the price line of one size and number of threads."""
    (s, k, t, r, sigma), out = _grid.market(size, SEED).arguments(), np.empty(size)
    return Row(
        what=f"call prices, {size:,} options, {threads} thread{'s' * (threads > 1)}",
        ours=lambda: black_scholes.call_price_batch(s, k, t, r, sigma, out=out, threads=threads),
        theirs=lambda: numpy_call_price(ndtr, s, k, t, r, sigma),
        ours_rows=size,
        theirs_rows=size,
        at_least=at_least,
    )


def price_rows(least: Least) -> list[Row]:
    """Return the price lines of one and two threads, size by size.

    Both lines of a size follow each other: what NumPy's temporaries cost depends on the sizes that
    the allocator has met before. Nearly twice as much at 100,000 options before it met a million.
    """
    rows = []
    for size in WIDE.prices:
        rows.append(price_row(size, 1, least.prices.get(size)))
        if size in WIDE.prices_on_two and _core.thread_limit() > 1:
            rows.append(price_row(size, 2, least.prices_on_two.get(size)))
    return rows


def implied_row(least: float) -> Row:
    """Return the line of implied volatilities."""
    s, k, t, r, sigma = _grid.market(SIZE, SEED).arguments()
    prices = black_scholes.call_price_batch(s, k, t, r, sigma)
    return Row(
        what="implied volatility, in NumPy prices",
        ours=lambda: black_scholes.implied_volatility_batch(prices, s, k, t, r, threads=1),
        theirs=lambda: numpy_call_price(ndtr, s, k, t, r, sigma),
        ours_rows=SIZE,
        theirs_rows=SIZE,
        at_least=least,
    )


def american_row(accuracy: american.Accuracy, least: float) -> Row:
    """Return the line of American puts."""
    columns = _grid.market(SIZE, SEED).arguments()
    s, k, t, r, sigma = (column[:AMERICAN_SIZE] for column in columns)
    return Row(
        what=f"American puts, {accuracy}, in NumPy prices",
        ours=lambda: american.put_price_batch(s, k, t, r, 0.0, sigma, accuracy, threads=1),
        theirs=lambda: numpy_call_price(ndtr, *columns),
        ours_rows=AMERICAN_SIZE,
        theirs_rows=SIZE,
        at_least=least,
    )


def call_rows() -> list[Row]:
    """Return the lines of single options: what a call costs."""
    ones = [column[:1] for column in _grid.market(1, SEED).arguments()]
    scalars = [column[0] for column in ones]
    return [
        Row(
            what="one call of five floats",
            ours=partial(black_scholes.call_price, *map(float, scalars)),
            theirs=partial(numpy_call_price, ndtr, *scalars),
            at_least=1_000 / 150,
        ),
        Row(
            what="one call of five arrays of one",
            ours=partial(black_scholes.call_price_batch, *ones),
            theirs=partial(numpy_call_price, ndtr, *ones),
            at_least=6_500 / 400,
        ),
    ]


def rows() -> list[Row]:
    """Return every line, with what the instruction set in use must reach."""
    least = WIDE if _core.instruction_set() == "avx512" else NARROW
    s, k, t, r, sigma = _grid.market(SIZE, SEED).arguments()
    greeks = Row(
        what="price and five Greeks, 10,000 options, 1 thread",
        ours=lambda: black_scholes.price_and_greeks_batch(s, k, t, r, sigma, threads=1),
        theirs=lambda: numpy_greeks(s, k, t, r, sigma),
        ours_rows=SIZE,
        theirs_rows=SIZE,
        at_least=least.greeks,
    )
    return [
        *price_rows(least),
        greeks,
        implied_row(least.implied),
        american_row("fast", 33 / 2_000),
        american_row("accurate", 33 / 7_000),
        *call_rows(),
    ]


def per_row(side: Side, loops: int, count: int) -> float:
    """Return the seconds that one row of a call takes."""
    start = time.perf_counter()
    for _ in range(loops):
        side()
    return (time.perf_counter() - start) / (loops * count)


def measured(row: Row, effort: Effort) -> list[Figure]:
    """Return the ratio of one line and the nanoseconds behind it."""
    sides = {"ours": (row.ours, row.ours_rows), "theirs": (row.theirs, row.theirs_rows)}
    loops, samples = {}, {name: list[float]() for name in sides}
    for name, (side, count) in sides.items():
        side()
        loops[name] = max(1, round(effort.seconds / (per_row(side, 1, count) * count)))
    rng = np.random.default_rng(SEED)
    for _ in range(effort.rounds):
        for name in rng.permutation(list(sides)):
            side, count = sides[name]
            samples[name].append(per_row(side, loops[name], count))
    ratios = [b / a for a, b in zip(samples["ours"], samples["theirs"], strict=True)]
    times = [1e9 * sample for sample in samples["ours"]]
    return [
        Figure(what=row.what, unit="times", at_least=row.at_least, **summarised(ratios)),
        Figure(what=f"{row.what}: time per row", unit="ns", **summarised(times)),
    ]


def main() -> int:
    """Measure, print and write the numbers; 1 if one is not what it must be."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", maxsplit=1)[0],
        epilog="example: python -m benchmarks.quantforge.compare --quick",
    )
    parser.add_argument("--quick", action="store_true", help="few short rounds, to see it work")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument(
        "--instruction-set",
        choices=("avx512", "avx2", "neon", "scalar"),
        help="what to compute with (default: the best that the processor has)",
    )
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL
    if options.instruction_set:
        os.environ["QUANTFORGE_ISA"] = options.instruction_set
    try:
        chosen = rows()
    except ValueError as error:
        print(error, file=sys.stderr)
        return UNABLE
    figures = [figure for row in chosen for figure in measured(row, effort)]
    instruction_set = _core.instruction_set()
    return concluded(figures, options.json, instruction_set=instruction_set, rounds=effort.rounds)


if __name__ == "__main__":
    raise SystemExit(main())
