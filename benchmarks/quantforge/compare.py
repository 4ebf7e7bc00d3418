"""Measure quantforge against NumPy with `scipy.special.ndtr` in one interleaved run.

`python benchmarks/quantforge/compare.py --out benchmarks/quantforge/RESULTS.md` prints the table
and writes it. Each side runs in turn, in random order, at least 50 rounds; the table states the
ratio of medians and the 10th to 90th percentile of the ratios round by round.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from quantforge import _core, _grid, american, black_scholes
from quantforge._batch import Array
from quantforge.bench import numpy_call_price
from scipy.special import ndtr

ROUNDS = 51
ROUND_SECONDS = 2e-4
SEED = 20260801
Side = Callable[[], object]


def numpy_greeks(options: _grid.Options) -> tuple[Array, ...]:
    """Return price, delta, gamma, vega, theta and rho of calls by the textbook formulas."""
    s, k, t, r, sigma = options.arguments()
    root = np.sqrt(t)
    deviation = sigma * root
    d1 = (np.log(s / k) + (r + 0.5 * sigma * sigma) * t) / deviation
    d2 = d1 - deviation
    delta, bond = ndtr(d1), k * np.exp(-r * t) * ndtr(d2)
    density = np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
    theta = -s * density * sigma / (2.0 * root) - r * bond
    return s * delta - bond, delta, density / (s * deviation), s * density * root, theta, t * bond


def interleave(sides: dict[str, Side]) -> dict[str, list[float]]:
    """Return seconds per call of each side, round by round."""
    loops, samples = {}, {name: list[float]() for name in sides}
    for name, side in sides.items():
        side()
        start = time.perf_counter()
        side()
        loops[name] = max(1, round(ROUND_SECONDS / (time.perf_counter() - start)))
    rng = np.random.default_rng(SEED)
    for _ in range(ROUNDS):
        for name in rng.permutation(list(sides)):
            start = time.perf_counter()
            for _ in range(loops[name]):
                sides[name]()
            samples[name].append((time.perf_counter() - start) / loops[name])
    return samples


def row(label: str, rows: int, ours: Side, theirs: Side) -> dict[str, Any]:
    """Return one line of the table: nanoseconds per option and the ratio with its spread."""
    samples = interleave({"ours": ours, "theirs": theirs})
    mine, other = (np.array(samples[name]) / rows * 1e9 for name in ("ours", "theirs"))
    low, high = np.percentile(other / mine, [10, 90])
    return {
        "label": label,
        "ours": float(np.median(mine)),
        "theirs": float(np.median(other)),
        "ratio": float(np.median(other) / np.median(mine)),
        "low": float(low),
        "high": float(high),
    }


def price_row(size: int, threads: int) -> dict[str, Any]:
    """Return the price line of one size and number of threads."""
    options = _grid.market(size, SEED)
    arguments = options.arguments()
    return row(
        f"call price, {_core.instruction_set()}, {threads} thread(s), n = {size}",
        size,
        lambda: black_scholes.call_price_batch(*arguments, threads=threads),
        lambda: numpy_call_price(options, ndtr),
    )


def price_rows(sizes: tuple[int, ...], threads: int) -> list[dict[str, Any]]:
    """Return price lines for one number of threads."""
    return [price_row(size, threads) for size in sizes]


def other_rows() -> list[dict[str, Any]]:
    """Return lines of the other kernels, all on one thread, against NumPy prices or Greeks."""
    size = 10_000
    options = _grid.market(size, SEED)
    arguments = options.arguments()
    prices = black_scholes.call_price_batch(*arguments)
    s, k, t, r, sigma = arguments
    one = (s[:1], k[:1], t[:1], r[:1], sigma[:1])
    single = _grid.Options(*one)
    scalars = _grid.Options(*(np.float64(x[0]) for x in one))  # type: ignore[arg-type]
    f0, f1, f2, f3, f4 = (float(x[0]) for x in one)

    return [
        row(
            "price and 5 Greeks, n = 10000 (NumPy: the same)",
            size,
            lambda: black_scholes.price_and_greeks_batch(*arguments, threads=1),
            lambda: numpy_greeks(options),
        ),
        row(
            "implied volatility, n = 10000 (NumPy: one price)",
            size,
            lambda: black_scholes.implied_volatility_batch(prices, s, k, t, r, threads=1),
            lambda: numpy_call_price(options, ndtr),
        ),
        row(
            "American put, fast, n = 10000 (NumPy: one European price)",
            size,
            lambda: american.put_price_batch(s, k, t, r, 0.0, sigma, "fast", threads=1),
            lambda: numpy_call_price(options, ndtr),
        ),
        row(
            "American put, accurate, n = 10000 (NumPy: one European price)",
            size,
            lambda: american.put_price_batch(s, k, t, r, 0.0, sigma, threads=1),
            lambda: numpy_call_price(options, ndtr),
        ),
        row(
            "one call, five floats",
            1,
            lambda: black_scholes.call_price(f0, f1, f2, f3, f4),
            lambda: numpy_call_price(scalars, ndtr),
        ),
        row(
            "one call, five arrays of one",
            1,
            lambda: black_scholes.call_price_batch(*one),
            lambda: numpy_call_price(single, ndtr),
        ),
    ]


def in_subprocess(instruction_set: str) -> list[dict[str, Any]]:
    """Return the price lines of a lesser instruction set."""
    command = [sys.executable, __file__, "--rows-of", instruction_set]
    environment = os.environ | {"QUANTFORGE_ISA": instruction_set}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def render(lines: list[dict[str, Any]]) -> str:
    """Return the Markdown page."""
    table = [
        "| what | quantforge [ns] | NumPy [ns] | ratio of medians | 10 % to 90 % |",
        "|---|---:|---:|---:|---:|",
    ]
    table += [
        f"| {x['label']} | {x['ours']:.1f} | {x['theirs']:.1f} | {x['ratio']:.2f} "
        f"| {x['low']:.2f} to {x['high']:.2f} |"
        for x in lines
    ]
    machine = (
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    head = f"""# quantforge against NumPy and scipy.special.ndtr

Written by `python benchmarks/quantforge/compare.py --out benchmarks/quantforge/RESULTS.md`: both
sides in one process, in random order, {ROUNDS} rounds, medians in nanoseconds per option.
Machine: {machine}, NumPy {np.__version__}.

"""
    return head + "\n".join(table) + "\n"


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="Markdown file to write")
    parser.add_argument("--rows-of", help="print price lines of this process as JSON and stop")
    arguments = parser.parse_args()
    if arguments.rows_of:
        sys.stdout.write(json.dumps(price_rows((10_000, 100_000), 1)))
        return
    lines = price_rows((100, 1_000, 10_000, 100_000, 1_000_000), 1)
    if _core.thread_limit() > 1:
        lines += price_rows((100_000, 1_000_000), 2)
    lines += in_subprocess("avx2") if _core.instruction_set() == "avx512" else []
    lines += other_rows()
    page = render(lines)
    sys.stdout.write(page)
    if arguments.out:
        arguments.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
