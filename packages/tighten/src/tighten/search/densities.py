"""Where good configurations lie, one parameter at a time: the densities behind TPE.

The best fifth of what is known counts as good, the rest and all failures as not. Each parameter has
two densities over its grid: a number spreads to its neighbours on the grid, a category to nothing,
and a uniform part keeps every value possible. Parameters are taken as independent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tighten.search.axis import is_ordered, points

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from tighten.parameters import Configuration, Parameter, Space

__all__ = ["Densities"]

_GOOD = 0.2  # share of the known that counts as good
_FEWEST = 4  # good ones, if there are as many
_WIDTH = 0.1  # of a number's spread, in lengths of the grid


class Densities:
    """Densities of the good and of the others.

    Parameters
    ----------
    space
        Its parameters.
    ranked, failed
        What is known: what works, the best first, and what does not.
    """

    def __init__(
        self, space: Space, ranked: Sequence[Configuration], failed: Sequence[Configuration]
    ) -> None:
        count = min(len(ranked), max(_FEWEST, math.ceil(_GOOD * len(ranked))))
        self._grids = {p.name: points(p) for p in space.parameters}
        self._good = {p.name: _density(p, ranked[:count]) for p in space.parameters}
        self._others = {p.name: _density(p, [*ranked[count:], *failed]) for p in space.parameters}

    def draw(self, rng: random.Random) -> Configuration:
        """Return a configuration from the density of the good; it may break constraints."""
        return {name: rng.choices(grid, self._good[name])[0] for name, grid in self._grids.items()}

    def promise(self, configuration: Configuration) -> float:
        """Return the logarithm of how much likelier a configuration is among the good."""
        places = {name: self._grids[name].index(value) for name, value in configuration.items()}
        return math.fsum(
            math.log(self._good[name][place] / self._others[name][place])
            for name, place in places.items()
        )


def _density(parameter: Parameter, members: Sequence[Configuration]) -> list[float]:
    """Return the share of each value of the grid among ``members``, smoothed."""
    grid = points(parameter)
    weights = [1.0] * len(grid)
    scale = max(1.0, _WIDTH * len(grid)) if is_ordered(grid) else None
    for member in members:
        value = member.get(parameter.name)
        if value not in grid:
            continue  # a present value that is not on the grid
        place = grid.index(value)
        if scale is None:
            weights[place] += len(grid)
            continue
        bumps = [math.exp(-0.5 * ((i - place) / scale) ** 2) for i in range(len(grid))]
        total = math.fsum(bumps)
        weights = [w + len(grid) * b / total for w, b in zip(weights, bumps, strict=True)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]
