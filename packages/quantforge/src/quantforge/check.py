"""Write the prices of a fixed, hard grid: `python -m quantforge.check --out FILE.npz`.

The grid covers every region of the formula and every way in which a batch is shared between
threads. Two builds compute the same library if their files agree; the arrays are named
`region/<name>/<side>` and `size/<rows>/<side>`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quantforge import _grid, black_scholes
from quantforge._files import replacing

__all__ = ["main", "prices"]

REGION_ROWS = 1_500
SIZES = (0, 1, 7, 100, 129, 1_000, 10_001, 29_999, 30_001, 100_003, 199_999, 200_001, 262_147)
SEED = 20260801


def prices() -> dict[str, NDArray[np.float64]]:
    """Return the prices of the grid by array name."""
    batches = {f"region/{name}": _grid.region(name, REGION_ROWS) for name in _grid.REGIONS}
    batches |= {f"size/{size}": _grid.market(size, SEED) for size in SIZES}
    found = {}
    for name, options in batches.items():
        found[f"{name}/call"] = black_scholes.call_price_batch(*options.arguments())
        found[f"{name}/put"] = black_scholes.put_price_batch(*options.arguments())
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 written, 1 not written, 2 bad usage."""
    parser = argparse.ArgumentParser(
        prog="python -m quantforge.check",
        description="Write the prices of a fixed, hard grid, to compare two builds.",
        epilog="example: python -m quantforge.check --out prices.npz",
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write, ends in .npz")
    path: Path = parser.parse_args(argv).out
    if path.suffix != ".npz":
        parser.error(f"--out is {str(path)!r}, but must end in .npz")
    try:
        with replacing(path) as file:
            np.savez(file, **prices())  # type: ignore[arg-type]
    except OSError as error:
        sys.stderr.write(f"quantforge.check: {path} cannot be written: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
