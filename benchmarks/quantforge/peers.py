"""quantforge against its peers: `python -m benchmarks.quantforge.peers --json FILE`.

The same call options, priced by every peer turn and turn about in random order, at five sizes; then
implied volatilities of the same options. NumPy, Numba, JAX and QuantLib share this process;
py_vollib_vectorized and the published quantforge 0.1.1 live in environments of their own and
compute only while they are asked. Every peer is called as its documents say, with the threads it
takes by itself; before it is timed, its prices are compared with ours.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from quantforge import _grid, black_scholes
from quantforge.bench import numpy_call_price
from scipy.special import ndtr

from benchmarks.figures import Figure, concluded, summarised
from benchmarks.quantforge.environments import PUBLISHED, VOLLIB, MissingPeerError, Worker
from benchmarks.quantforge.peer_report import OURS, OURS_ALONE, notes

__all__ = ["main"]

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
IMPLIED_SIZE = 10_000
ROUNDS = 51
TURN_SECONDS = 1e-3
SEED = 20260801
LEAST = {100: 20.0, 1_000: 9.0, 10_000: 6.0, 100_000: 6.0, 1_000_000: 8.0}
"""What the ratio to quantforge 0.1.1 must be, by size."""
SIMILAR = 1e-6  # per strike; the peers' own errors stay far below

Array: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = Array  # (6, n): spots, strikes, times, rates, volatilities, call prices
Timer: TypeAlias = Callable[[int], float]  # loops -> seconds per call


@dataclass(frozen=True, slots=True)
class Side:
    """One peer, ready for given rows."""

    seconds: Timer
    values: Callable[[], Array]


Make: TypeAlias = Callable[[Rows], Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """How a peer prices, and the most options that it is asked for at once."""

    name: str
    price: Make
    implied: Make | None = None
    most: int = SIZES[-1]


def _here(call: Callable[[], Any]) -> Side:
    """Return a side that computes in this process."""

    def seconds(loops: int) -> float:
        start = time.perf_counter()
        for _ in range(loops):
            call()
        return (time.perf_counter() - start) / loops

    return Side(seconds, lambda: np.asarray(call(), dtype=float).ravel())


def _quantforge(name: str, threads: int | None) -> Peer:
    def price(rows: Rows) -> Side:
        s, k, t, r, sigma, _ = rows
        return _here(lambda: black_scholes.call_price_batch(s, k, t, r, sigma, threads=threads))

    def implied(rows: Rows) -> Side:
        s, k, t, r, _, prices = rows
        batch = black_scholes.implied_volatility_batch
        return _here(lambda: batch(prices, s, k, t, r, threads=threads))

    return Peer(name=name, price=price, implied=implied)


def _numpy() -> Peer:
    def price(rows: Rows) -> Side:
        return _here(partial(numpy_call_price, ndtr, *rows[:5]))

    return Peer(name="NumPy, scipy.special.ndtr", price=price)


def _numba() -> Peer:
    import math  # noqa: PLC0415 - names that the compiled function closes over

    import numba  # noqa: PLC0415 - a peer that may be missing

    def price_all(rows: Rows, out: Array) -> None:
        root = math.sqrt(0.5)
        for i in range(out.size):
            s, k, t, r, sigma = rows[0, i], rows[1, i], rows[2, i], rows[3, i], rows[4, i]
            v = sigma * math.sqrt(t)
            d1 = (math.log(s / k) + r * t) / v + 0.5 * v
            bond = k * math.exp(-r * t)
            out[i] = 0.5 * (s * math.erfc(-root * d1) - bond * math.erfc(-root * (d1 - v)))

    compiled: Any = numba.njit(price_all)

    def call(rows: Rows) -> Array:
        out = np.empty(rows.shape[1])
        compiled(rows, out)
        return out

    return Peer(name=f"Numba {numba.__version__}", price=lambda rows: _here(lambda: call(rows)))


def _jax() -> Peer:
    import jax  # noqa: PLC0415 - a peer that may be missing

    configuration: Any = jax.config
    configuration.update("jax_enable_x64", True)  # noqa: FBT003 - the library's own signature
    normal = jax.scipy.special.ndtr

    def price(s: Any, k: Any, t: Any, r: Any, sigma: Any) -> Any:
        v = sigma * jax.numpy.sqrt(t)
        d1 = (jax.numpy.log(s / k) + r * t) / v + 0.5 * v
        return s * normal(d1) - k * jax.numpy.exp(-r * t) * normal(d1 - v)

    compiled: Any = jax.jit(price)

    def side(rows: Rows) -> Side:
        given = [jax.device_put(row) for row in rows[:5]]
        return _here(lambda: compiled(*given).block_until_ready())

    return Peer(name=f"JAX {jax.__version__}, CPU", price=side)


def _quantlib() -> Peer:
    import QuantLib  # noqa: PLC0415 - a peer that may be missing

    formula, implied, call = (
        QuantLib.blackFormula,
        QuantLib.blackFormulaImpliedStdDev,
        QuantLib.Option.Call,
    )

    def price(rows: Rows) -> Side:
        s, k, t, r, sigma, _ = rows
        discounts = np.exp(-r * t)
        given = [x.tolist() for x in (k, s / discounts, sigma * np.sqrt(t), discounts)]
        return _here(lambda: [formula(call, *row) for row in zip(*given, strict=True)])

    def volatility(rows: Rows) -> Side:
        s, k, t, r, _, prices = rows
        discounts, roots = np.exp(-r * t), np.sqrt(t)
        given = [x.tolist() for x in (k, s / discounts, prices, discounts)]

        def volatilities() -> Array:
            found = np.array([implied(call, *row) for row in zip(*given, strict=True)])
            return np.asarray(found / roots, dtype=np.float64)

        return _here(volatilities)

    name = f"QuantLib {QuantLib.__version__}, a loop"
    return Peer(name=name, price=price, implied=volatility, most=10_000)


@dataclass
class _Apart:
    """A peer in its own environment; one process serves all sizes."""

    worker: Worker
    loaded: list[int] = field(default_factory=list)

    def make(self, what: str) -> Make:
        """Return what makes a side that asks the process for `what`."""

        def side(rows: Rows) -> Side:
            self.worker.load(rows)

            def values() -> Array:
                self.worker.seconds(what, 1)
                return self.worker.values()

            return Side(lambda loops: self.worker.seconds(what, loops), values)

        return side


def _published() -> Peer:
    apart = _Apart(Worker(PUBLISHED))
    return Peer(
        name="quantforge 0.1.1 (PyPI)", price=apart.make("price"), implied=apart.make("implied")
    )


def _vollib() -> Peer:
    apart = _Apart(Worker(VOLLIB))
    return Peer(
        name="py_vollib_vectorized 0.1.1",
        price=apart.make("price"),
        implied=apart.make("implied"),
        most=100_000,
    )


_OTHERS: tuple[tuple[str, Callable[[], Peer]], ...] = (
    ("NumPy", _numpy),
    ("Numba", _numba),
    ("JAX", _jax),
    ("QuantLib", _quantlib),
    ("quantforge 0.1.1", _published),
    ("py_vollib_vectorized", _vollib),
)
_NO_REFERENCE = (
    '"Let\'s Be Rational" in C: no package that is kept up builds it; lets_be_rational 1.1 is '
    "Python, and compiled by Numba it is what py_vollib_vectorized runs"
)


def available() -> tuple[list[Peer], list[str]]:
    """Return the peers that can be had, and why the others cannot."""
    peers = [_quantforge(OURS, None), _quantforge(OURS_ALONE, 1)]
    missing = [_NO_REFERENCE]
    for name, make in _OTHERS:
        try:
            peers.append(make())
        except (ImportError, MissingPeerError) as error:
            missing.append(f"{name}: {error}")
    return peers, missing


def rows_of(size: int) -> Rows:
    """Return options as they are quoted, with their call prices, (6, n).

    All lie within three deviations of the forward, so that each price tells its volatility.
    """
    arguments = np.array(_grid.market(2 * size, SEED).arguments())
    s, k, t, r, sigma = arguments
    chosen = np.abs(np.log(s / k) + r * t) < 3.0 * sigma * np.sqrt(t)
    chosen = np.flatnonzero(chosen)[:size]
    quoted = np.ascontiguousarray(arguments[:, chosen])
    return np.array([*quoted, black_scholes.call_price_batch(*quoted)])


def turns(sides: Mapping[str, Side], rounds: int) -> dict[str, list[float]]:
    """Return the seconds per call of each side in each round."""
    loops = {}
    for name, side in sides.items():
        side.seconds(1)
        loops[name] = max(1, round(TURN_SECONDS / side.seconds(1)))
    samples: dict[str, list[float]] = {name: [] for name in sides}
    rng = np.random.default_rng(SEED)
    for _ in range(rounds):
        for name in rng.permutation(list(sides)):
            samples[name].append(sides[name].seconds(loops[name]))
    return samples


def _error(what: str, rows: Rows, values: Array) -> float:
    """Return the largest error of prices, or of the prices of volatilities, per strike."""
    prices = values
    if what == "implied":
        s, k, t, r = rows[:4]
        prices = black_scholes.call_price_batch(s, k, t, r, values, on_error="nan")
    return float(np.max(np.abs(prices - rows[5]) / rows[1]))


def _comparable(
    peers: Sequence[Peer], rows: Rows, what: str
) -> tuple[dict[str, Side], dict[str, str]]:
    """Return the sides that compute the same as ours, and what the others do."""
    sides, wrong = {}, {}
    for peer in peers:
        make = peer.price if what == "price" else peer.implied
        if make is None or peer.most < rows.shape[1]:
            continue
        try:
            side = make(rows)
            error = _error(what, rows, side.values())
        except (MissingPeerError, RuntimeError) as trouble:  # QuantLib raises the latter
            wrong[peer.name] = str(trouble)
            continue
        if error <= SIMILAR:
            sides[peer.name] = side
        else:
            wrong[peer.name] = f"off by {error:.1e} per strike"
    return sides, wrong


def measure(sizes: Sequence[int], rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Return the figures, and as facts the nanoseconds per option and who is missing."""
    peers, missing = available()
    figures: list[Figure] = []
    nanoseconds: dict[str, dict[str, Any]] = {}
    tasks = [("price", size) for size in sizes] + [("implied", min(IMPLIED_SIZE, max(sizes)))]
    for what, size in tasks:
        sys.stderr.write(f"{what}, {size:,} options\n")
        sides, wrong = _comparable(peers, rows_of(size), what)
        missing += [f"{name}, {what}, {size:,} options: {why}" for name, why in wrong.items()]
        samples = turns(sides, rounds)
        scaled = {name: [1e9 * x / size for x in times] for name, times in samples.items()}
        nanoseconds[f"{what} {size}"] = {
            name: {"median": statistics.median(times), "min": min(times)}
            for name, times in scaled.items()
        }
        figures += _ratios(what, size, scaled)
    return figures, {"nanoseconds": nanoseconds, "missing": missing}


def _ratios(what: str, size: int, samples: Mapping[str, list[float]]) -> list[Figure]:
    kind = {"price": "call prices", "implied": "implied volatilities"}[what]
    return [
        Figure(
            what=f"{kind}, {size:,} options, against {name}",
            unit="times",
            at_least=LEAST.get(size) if what == "price" and "PyPI" in name else None,
            **summarised([x / y for x, y in zip(times, samples[OURS], strict=True)]),
        )
        for name, times in samples.items()
        if name not in {OURS, OURS_ALONE}
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; return 1 if something misses what it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(argv)
    figures, facts = measure(options.sizes, options.rounds)
    return concluded(figures, options.json, notes=["", *notes([facts])], **facts)


if __name__ == "__main__":
    raise SystemExit(main())
