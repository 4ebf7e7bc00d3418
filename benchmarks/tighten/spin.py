"""A benchmark of known cost: one warm-up and five timed repetitions of a loop of a given length.

The time is proportional to the number of rounds, so a program that is 3 % slower is the same
program with 3 % more rounds. The result is written in tighten's own format.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

REPETITIONS = 5


def spin(rounds: int) -> int:
    """Return the last number of a linear congruential generator (Knuth's MMIX constants)."""
    state = 1
    for _ in range(rounds):
        state = (6364136223846793005 * state + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return state


def main(rounds: int, result: Path) -> None:
    """Time the loop and write the result."""
    spin(rounds)
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        spin(rounds)
        times.append(time.perf_counter() - start)
    result.write_text(
        '{"schema": "tighten-result-1", "cases": {"spin": {"time": '
        f'{{"unit": "s", "values": {times}}}}}}}}}\n'
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
