"""Time prices against NumPy: `python -m quantforge.bench --sizes 10000,100000 --json FILE`.

Both sides price the same calls in the same process, turn and turn about in random order; a sample
is the mean time of as many calls as fill a millisecond. NumPy computes the textbook formula with
`scipy.special.ndtr`.

The file holds
`{"schema": 1, "unit": "s", "version", "instruction_set", "threads", "seed", "numpy", "scipy",
"batch": [{"size", "speedup_vs_numpy", "quantforge": SIDE, "numpy": SIDE}]}` with
`SIDE = {"median", "min", "loops", "samples": [...]}`; `samples[i]` of both sides were taken
together, and `speedup_vs_numpy` is the ratio of the medians.
"""

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quantforge import _core, _grid, black_scholes
from quantforge._files import replacing

Array: TypeAlias = NDArray[np.float64]

__all__ = ["main", "measure", "work"]

SAMPLE_SECONDS = 1e-3
MIN_SAMPLES = 5
Side = Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """What to measure and how long."""

    sizes: tuple[int, ...]
    samples: int
    budget: float
    threads: int | None
    seed: int


def numpy_call_price(
    ndtr: Callable[[Array], Array], s: Array, k: Array, t: Array, r: Array, sigma: Array
) -> Array:
    """Return call prices by the textbook formula."""
    deviation = sigma * np.sqrt(t)
    d1 = (np.log(s / k) + (r + 0.5 * sigma * sigma) * t) / deviation
    d2 = d1 - deviation
    return s * ndtr(d1) - k * np.exp(-r * t) * ndtr(d2)


def _time(side: Side, loops: int) -> float:
    start = time.perf_counter()
    for _ in range(loops):
        side()
    return (time.perf_counter() - start) / loops


def _describe(samples: list[float], loops: int) -> dict[str, Any]:
    return {
        "median": statistics.median(samples),
        "min": min(samples),
        "loops": loops,
        "samples": samples,
    }


def _measure_size(size: int, plan: Plan, ndtr: Any) -> dict[str, Any]:
    options = _grid.market(size, plan.seed)
    (s, k, t, r, sigma), out = options.arguments(), np.empty(size)
    sides: dict[str, Side] = {
        "quantforge": lambda: black_scholes.call_price_batch(
            s, k, t, r, sigma, out=out, threads=plan.threads
        ),
        "numpy": lambda: numpy_call_price(ndtr, s, k, t, r, sigma),
    }
    loops, samples = {}, {}
    for name, side in sides.items():
        warm = min(_time(side, 1) for _ in range(3))
        loops[name] = max(1, round(SAMPLE_SECONDS / warm))
        samples[name] = list[float]()
    rng = np.random.default_rng([plan.seed, size])
    end = time.perf_counter() + plan.budget / len(plan.sizes)
    for taken in range(plan.samples):
        if taken >= MIN_SAMPLES and time.perf_counter() > end:
            break
        for name in rng.permutation(list(sides)):
            samples[name].append(_time(sides[name], loops[name]))
    found = {name: _describe(samples[name], loops[name]) for name in sides}
    speedup = found["numpy"]["median"] / found["quantforge"]["median"]
    return {"size": size, "speedup_vs_numpy": speedup, **found}


def measure(plan: Plan) -> dict[str, Any]:
    """Return the measurements of a plan in the layout of the file."""
    from scipy.special import ndtr  # noqa: PLC0415 - the extra `bench` is not needed for pricing

    batch = []
    for size in plan.sizes:
        if sys.stderr.isatty():
            sys.stderr.write(f"\rmeasuring {size} options ... ")
        batch.append(_measure_size(size, plan, ndtr))
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    return {
        "schema": 1,
        "unit": "s",
        "version": version("quantforge"),
        "instruction_set": _core.instruction_set(),
        "threads": min(plan.threads or _core.thread_limit(), _core.thread_limit()),
        "seed": plan.seed,
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "batch": batch,
    }


def work(plan: Plan, seconds: float) -> None:
    """Price the sizes of a plan in turn for `seconds`, without NumPy: work for a profiler."""
    batches = [_grid.market(size, plan.seed).arguments() for size in plan.sizes]
    outs = [np.empty(size) for size in plan.sizes]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for arguments, out in zip(batches, outs, strict=True):
            black_scholes.call_price_batch(*arguments, out=out, threads=plan.threads)


def _render(results: dict[str, Any]) -> str:
    lines = [f"{'options':>9}  {'quantforge':>12}  {'NumPy':>12}  {'speed-up':>8}   (median, ns)"]
    for row in results["batch"]:
        ours, theirs = (row[name]["median"] / row["size"] * 1e9 for name in ("quantforge", "numpy"))
        speedup = row["speedup_vs_numpy"]
        lines.append(f"{row['size']:>9}  {ours:>12.2f}  {theirs:>12.2f}  {speedup:>8.2f}")
    return "\n".join(lines) + "\n"


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part) for part in text.split(","))
    if any(size < 1 for size in sizes):
        raise ValueError
    return sizes


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _natural(text: str) -> int:
    if (number := int(text)) < 0:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    if not 0.0 < (number := float(text)) < math.inf:
        raise ValueError
    return number


_positive.__name__ = "whole number >= 1"
_natural.__name__ = "whole number >= 0"
_seconds.__name__ = "number of seconds > 0"
_sizes.__name__ = "list of whole numbers >= 1, separated by commas"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m quantforge.bench",
        description="Time call prices against NumPy and scipy.special.ndtr, interleaved.",
        epilog="example: python -m quantforge.bench --sizes 10000,1000000 --json prices.json",
    )
    add = parser.add_argument
    add("--sizes", type=_sizes, default=(10_000, 100_000, 1_000_000), help="options per batch")
    add("--json", type=Path, help="file for every sample, in seconds")
    add("--threads", type=_positive, help="most threads of quantforge (default: all allowed)")
    add("--samples", type=_positive, default=25, help="most samples per side (default: 25)")
    add("--budget", type=_seconds, default=2.5, help="seconds to aim at in all (default: 2.5)")
    add("--seed", type=_natural, default=20260801, help="seed of the options and of the order")
    add("--alone", type=_seconds, metavar="SECONDS", help="only price for so long, for a profiler")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 not possible, 2 bad usage."""
    arguments = _parser().parse_args(argv)
    target, alone = arguments.json, arguments.alone
    plan = Plan(**{field.name: getattr(arguments, field.name) for field in fields(Plan)})
    try:
        if alone is not None:
            work(plan, alone)
            return 0
        results = measure(plan)
        if target is not None:
            with replacing(target) as file:
                file.write((json.dumps(results, indent=1) + "\n").encode())
    except ModuleNotFoundError as error:
        sys.stderr.write(f"quantforge.bench: {error}; install quantforge[bench]\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"quantforge.bench: {target} cannot be written: {error.strerror}\n")
        return 1
    except MemoryError as error:
        sys.stderr.write(f"quantforge.bench: {error}; name smaller --sizes\n")
        return 1
    sys.stdout.write(_render(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
