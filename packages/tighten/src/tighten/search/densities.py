"""Where good configurations lie, one parameter at a time: the densities behind TPE.

The best fifth of what is known counts as good, the rest and all failures as not. Each parameter has
two densities over its grid: a number spreads to its neighbours on the grid, a category to nothing,
and a uniform part keeps every value possible. Parameters are taken as independent, and the values
of a long one are taken together in cells of equal size.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tighten.parameters import Configuration, Value
    from tighten.search.axis import Axis

__all__ = ["Densities"]

_GOOD = 0.2  # share of the known that counts as good
_FEWEST = 4  # good ones, if there are as many
_WIDTH = 0.1  # of a number's spread, in lengths of the grid
_CELLS = 256  # of a grid, at most


class Densities:
    """Densities of the good and of the others.

    Parameters
    ----------
    lines
        The parameters' values.
    ranked, failed
        What is known: what works, the best first, and what does not.
    """

    def __init__(
        self,
        lines: Sequence[Axis],
        ranked: Sequence[Configuration],
        failed: Sequence[Configuration],
    ) -> None:
        count = min(len(ranked), max(_FEWEST, math.ceil(_GOOD * len(ranked))))
        self._lines = {axis.name: axis for axis in lines}
        self._good = {axis.name: _density(axis, ranked[:count]) for axis in lines}
        self._others = {axis.name: _density(axis, [*ranked[count:], *failed]) for axis in lines}

    def draw(self, rng: random.Random) -> Configuration:
        """Return a configuration from the density of the good; it may break constraints."""
        return {name: _value_in(self._lines[name], w, rng) for name, w in self._good.items()}

    def promise(self, configuration: Configuration) -> float:
        """Return the logarithm of how much likelier a configuration is among the good."""
        cells = {name: _cell(self._lines[name], value) for name, value in configuration.items()}
        return math.fsum(
            math.log(self._good[name][cell] / self._others[name][cell])
            for name, cell in cells.items()
            if cell is not None
        )


def _cells(axis: Axis) -> int:
    return min(len(axis.points), _CELLS)


def _cell(axis: Axis, value: object) -> int | None:
    """Return the cell of a value; None for a present value that is not on the grid."""
    place = axis.place(value)
    return None if place is None else place * _cells(axis) // len(axis.points)


def _value_in(axis: Axis, weights: Sequence[float], rng: random.Random) -> Value:
    """Return a value from a cell that is drawn by weight."""
    length, cells = len(axis.points), len(weights)
    (cell,) = rng.choices(range(cells), weights)
    first, end = (-(-edge * length // cells) for edge in (cell, cell + 1))
    return axis.points[first if end - first == 1 else rng.randrange(first, end)]


def _density(axis: Axis, members: Sequence[Configuration]) -> list[float]:
    """Return the share of each cell of the grid among ``members``, smoothed."""
    count = _cells(axis)
    found = (_cell(axis, member.get(axis.name)) for member in members)
    cells = np.array([cell for cell in found if cell is not None], dtype=np.intp)
    hits = np.bincount(cells, minlength=count)
    weights = 1.0 + count * (hits @ _bumps(count) if axis.is_ordered else hits)
    return [float(weight) for weight in weights / weights.sum()]


@cache
def _bumps(count: int) -> NDArray[np.float64]:
    """Return in each row how one member of a cell spreads over all cells, (count, count)."""
    cells = np.arange(count)
    apart = (cells - cells[:, None]) / max(1.0, _WIDTH * count)
    bumps = np.exp(-0.5 * apart**2)
    return np.asarray(bumps / bumps.sum(axis=1, keepdims=True))
