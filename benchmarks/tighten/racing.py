"""How often a race picks the truly best of 16 candidates that are 1 % apart.

Run from the repository's root::

    python -m benchmarks.tighten.racing                  # replay of recorded launches, a minute
    python -m benchmarks.tighten.racing --json FILE      # the numbers, for machines

The noise is that of ``launches.csv.gz``, 1,600 launches of each of two kernels on a busy two-core
virtual machine, taken in the order in which they were recorded, so drift and autocorrelation are as
they were. A launch of candidate i is the next recorded one (minimum of five repetitions), 1 + i/100
times as long.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.decision import Race

from benchmarks.figures import Figure, concluded
from benchmarks.tighten.verdicts import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Pick = Callable[[Iterator[float], random.Random], int]

CANDIDATES = 16
STEP = 0.01  # from one candidate to the next
LAUNCHES = 128  # of a race


def main() -> int:
    """Replay the races and print how often the best won; 1 if not often enough."""
    options = _options()
    figures = [
        _figure(kernel, launches.min(axis=1).tolist(), rule, options)
        for kernel, launches in recorded().items()
        for rule in PICKS
    ]
    return concluded(figures, options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="How often a race picks the best of 16 candidates that are 1 % apart.",
        epilog="example: python -m benchmarks.tighten.racing --races 200",
    )
    parser.add_argument("--races", type=int, default=1000, help="per kernel (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of orders and starts (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON")
    return parser.parse_args()


def _figure(
    kernel: str, launches: Sequence[float], rule: str, options: argparse.Namespace
) -> Figure:
    rng = random.Random(f"{options.seed} {kernel} {rule}")
    won = 0
    for _ in range(options.races):
        start = rng.randrange(len(launches) - 2 * LAUNCHES)
        won += PICKS[rule](iter(launches[start:]), rng) == 0
    share = won / options.races
    error = 1.96 * math.sqrt(share * (1 - share) / options.races)
    return Figure(
        what=f"picks the best of {CANDIDATES}, 1 % apart, kernel {kernel}: {rule}",
        value=share,
        low=max(0.0, share - error),
        high=min(1.0, share + error),
        at_least=0.8 if rule == RACE else None,
    )


def _raced(stream: Iterator[float], rng: random.Random) -> int:
    race = Race(range(CANDIDATES))
    launches = 0
    while not race.is_over:
        order = list(race.running)
        rng.shuffle(order)
        launches += len(order)
        race.add({number: math.log(next(stream) * (1 + STEP * number)) for number in order})
    assert launches == LAUNCHES
    assert race.winner is not None
    return race.winner


def _one_each(stream: Iterator[float], rng: random.Random) -> int:
    return _in_a_row(stream, rng, times=1)


def _eight_each(stream: Iterator[float], rng: random.Random) -> int:
    return _in_a_row(stream, rng, times=LAUNCHES // CANDIDATES)


def _in_a_row(stream: Iterator[float], rng: random.Random, *, times: int) -> int:
    order = list(range(CANDIDATES))
    rng.shuffle(order)
    medians = {
        number: statistics.median(next(stream) for _ in range(times)) * (1 + STEP * number)
        for number in order
    }
    return min(medians, key=medians.__getitem__)


RACE = f"race, {LAUNCHES} launches"
PICKS: dict[str, Pick] = {
    RACE: _raced,
    "8 launches each in a row": _eight_each,
    "1 launch each": _one_each,
}


if __name__ == "__main__":
    raise SystemExit(main())
