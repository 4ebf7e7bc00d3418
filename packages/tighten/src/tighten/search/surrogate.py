"""What a configuration may be worth, guessed from those that were measured: a Gaussian process.

A configuration is a point: a number stands at its place along its parameter's values, from 0 to 1,
and two different categories are 1 apart. Levels that are close to each other in few parameters
resemble each other (Matérn 5/2): half of it parameter by parameter, because speed-ups often
multiply, and half all together. How fast each parameter matters is its length scale, chosen with
the noise by the likelihood of what was measured.

Poor levels are all alike: whatever is worse than the 32nd best counts as that, and so does what
failed, so that the model spends itself on where the best are.

Source: Rasmussen, Williams (2006), "Gaussian Processes for Machine Learning", chapters 2 and 5.
Limits: at most 64 points are looked at, so that a guess takes milliseconds however long a study is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tighten.search.axis import axes

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from tighten.parameters import Configuration, Space
    from tighten.search.axis import Axis
    from tighten.search.walk import History

__all__ = ["Surrogate"]

_POINTS = 64  # looked at
_DETAILED = 32  # of the best, whose levels count as they are
_SCALES = (1 / 16, 8.0)  # of a length scale
_NOISES = (1e-5, 1.0)  # variance of the noise over that of the levels
_PRIOR = 1.0  # weight of log(scale)^2, which holds length scales near 1
_SWEEPS = 2  # over all length scales, in each fit
_GROWTH = 1.4  # of the known, after which the scales are chosen again
_SQRT5 = math.sqrt(5.0)

Floats = NDArray[np.float64]


class Surrogate:
    """Guesses levels, and how much a configuration can be expected to gain over the best.

    Parameters
    ----------
    space
        Whose configurations are guessed.
    rng
        Chooses which of the poorer configurations to look at.
    """

    def __init__(self, space: Space, rng: random.Random) -> None:
        self._axes = [_Scale(axis) for axis in axes(space)]
        self._rng = rng
        self._scales = np.ones(len(self._axes))
        self._noise = 0.01
        self._next_choice = 0

    def learn(self, history: History) -> None:
        """Take in all that is known."""
        ranked = history.ranked()
        levels = [history.level(configuration) for configuration in ranked]
        least = levels[min(len(levels), _DETAILED) - 1]
        poor = [*history.failed(), *history.pending()]
        known = [*ranked, *poor]
        targets = np.array([max(level, least) for level in levels] + [least] * len(poor))
        looked_at = self._chosen(len(known))
        self._places = self._encoded([known[i] for i in looked_at])
        targets = targets[looked_at]
        self._mean, self._deviation = float(targets.mean()), float(targets.std()) or 1.0
        scaled = (targets - self._mean) / self._deviation
        distances = self._squares(self._places, self._places)
        if len(known) >= self._next_choice:
            self._next_choice = math.ceil(max(len(known) + 6, _GROWTH * len(known)))
            self._choose_scales(distances, scaled)
        self._inverse = np.linalg.inv(_factor(distances, self._scales, self._noise))
        white = self._inverse @ scaled
        self._weights = self._inverse.T @ white
        self._variance = max(float(white @ white) / len(scaled), 1e-12)
        self._best = float(targets.max())

    def promise(self, configurations: Sequence[Configuration]) -> Floats:
        """Return the expected gain of each over the best so far (expected improvement)."""
        means, deviations = self._guess(self._encoded(configurations))
        gains = (means - self._best) / deviations
        below = np.array([0.5 * math.erfc(-gain / math.sqrt(2)) for gain in gains])
        density = np.exp(-0.5 * gains**2) / math.sqrt(2 * math.pi)
        return np.asarray(deviations * (gains * below + density))

    def _chosen(self, count: int) -> list[int]:
        """Return which of the known to look at: the best half, and some of the rest."""
        if count <= _POINTS:
            return list(range(count))
        others = self._rng.sample(range(_DETAILED, count), _POINTS - _DETAILED)
        return [*range(_DETAILED), *others]

    def _encoded(self, configurations: Sequence[Configuration]) -> Floats:
        return np.array([[axis.place(c) for axis in self._axes] for c in configurations])

    def _squares(self, some: Floats, others: Floats) -> Floats:
        """Return the squared distance of each to each along every axis."""
        apart = np.abs(some[:, None, :] - others[None, :, :])
        categories = [not axis.is_number for axis in self._axes]
        apart[:, :, categories] = apart[:, :, categories] > 0
        return np.asarray(apart * apart)

    def _guess(self, places: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the level at each place."""
        kernel = _kernel(self._squares(places, self._places), self._scales)
        spread = 1 - ((kernel @ self._inverse.T) ** 2).sum(axis=1)
        deviations = self._deviation * np.sqrt(np.maximum(spread, 1e-9) * self._variance)
        return self._mean + self._deviation * (kernel @ self._weights), deviations

    def _choose_scales(self, distances: Floats, levels: Floats) -> None:
        """Improve length scales and noise one after the other, by factors."""
        best = _misfit(distances, levels, self._scales, self._noise)
        for _ in range(_SWEEPS):
            for axis in range(len(self._scales)):
                for factor in (0.5, 2.0):
                    scales = self._scales.copy()
                    scales[axis] = np.clip(scales[axis] * factor, *_SCALES)
                    misfit = _misfit(distances, levels, scales, self._noise)
                    if misfit < best:
                        best, self._scales = misfit, scales
            for factor in (0.1, 10.0):
                noise = min(max(self._noise * factor, _NOISES[0]), _NOISES[1])
                misfit = _misfit(distances, levels, self._scales, noise)
                if misfit < best:
                    best, self._noise = misfit, noise


class _Scale:
    """Where the values of a parameter stand."""

    def __init__(self, axis: Axis) -> None:
        self._axis = axis
        count = len(axis.points)
        self.is_number = axis.is_ordered and count > 2
        self._length = count - 1 if self.is_number else 1

    def place(self, configuration: Configuration) -> float:
        """Return the place; between two points of the grid if the value is."""
        value = configuration.get(self._axis.name)
        place = self._axis.place(value)
        if place is not None:
            return place / self._length
        if not self.is_number or not isinstance(value, int | float):
            return -1.0
        return self._axis.between(value) / self._length


def _kernel(squares: Floats, scales: Floats) -> Floats:
    """Return the covariance: the mean of Matérn 5/2 over all axes together and over each alone."""
    together = _matern(np.sqrt(squares @ scales**-2.0))
    alone = _matern(np.sqrt(squares) / scales).mean(axis=-1)
    return np.asarray((together + alone) / 2)


def _matern(distance: Floats) -> Floats:
    reach = _SQRT5 * distance
    return np.asarray((1 + reach + reach * reach / 3) * np.exp(-reach))


def _factor(squares: Floats, scales: Floats, noise: float) -> Floats:
    """Return the Cholesky factor of the covariance of what was measured."""
    covariance = _kernel(squares, scales)
    covariance[np.diag_indices(len(covariance))] += noise
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


def _misfit(squares: Floats, levels: Floats, scales: Floats, noise: float) -> float:
    """Return the negative logarithm of the likelihood, its amplitude at its best."""
    try:
        factor = _factor(squares, scales, noise)
    except np.linalg.LinAlgError:
        return math.inf
    white = np.linalg.solve(factor, levels)
    count = len(levels)
    amplitude = max(float(white @ white) / count, 1e-12)
    return float(
        0.5 * count * math.log(amplitude)
        + np.log(np.diag(factor)).sum()
        + _PRIOR * (np.log(scales) ** 2).sum()
    )
