"""Deterministic option grids: everyday markets and the corners where formulas break."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

__all__ = ["REGIONS", "Options", "market", "region"]

REGIONS = (
    "market",
    "deep_otm",
    "tiny_time",
    "tiny_sigma",
    "huge_sigma",
    "negative_rate",
    "deep_itm",
)


@dataclass(frozen=True)
class Options:
    """Inputs of a batch, one array per argument, all of one shape."""

    spots: Array
    strikes: Array
    times: Array
    rates: Array
    sigmas: Array

    def arguments(self) -> tuple[Array, Array, Array, Array, Array]:
        """Return the arrays in the order of the price functions."""
        return (self.spots, self.strikes, self.times, self.rates, self.sigmas)


def market(size: int, seed: int) -> Options:
    """Return `size` options as they are quoted: a week to two years, 10 to 60 % volatility."""
    rng = np.random.default_rng(seed)
    return Options(
        spots=rng.uniform(70.0, 140.0, size),
        strikes=rng.uniform(70.0, 140.0, size),
        times=rng.uniform(1 / 52, 2.0, size),
        rates=rng.uniform(-0.01, 0.08, size),
        sigmas=rng.uniform(0.1, 0.6, size),
    )


@dataclass(frozen=True)
class _Spread:
    """Ranges of a region; `time` and `sigma` may be powers of ten."""

    time: tuple[float, float]
    sigma: tuple[float, float]
    rate: tuple[float, float]
    moneyness: tuple[float, float]
    log_time: bool = False
    log_sigma: bool = False


_SPREADS = {
    "market": _Spread((1 / 52, 2.0), (0.1, 0.6), (-0.01, 0.08), (-1.5, 1.5)),
    "deep_otm": _Spread((0.02, 3.0), (0.05, 0.8), (-0.02, 0.08), (-36.5, -6.0)),
    "tiny_time": _Spread((-5.0, -2.0), (0.05, 1.0), (-0.02, 0.08), (-4.0, 4.0), log_time=True),
    "tiny_sigma": _Spread((0.02, 3.0), (-4.0, -1.7), (-0.02, 0.08), (-4.0, 4.0), log_sigma=True),
    "huge_sigma": _Spread((0.5, 20.0), (0.6, 2.7), (-0.02, 0.08), (-2.0, 2.0)),
    "negative_rate": _Spread((0.02, 10.0), (0.05, 0.8), (-0.1, -1e-4), (-3.0, 3.0)),
    "deep_itm": _Spread((0.02, 3.0), (0.05, 0.6), (-0.02, 0.08), (3.0, 10.0)),
}


def region(name: str, size: int, seed: int = 20260801) -> Options:
    """Return `size` options of a region; moneyness is in deviations of the log forward."""
    rng = np.random.default_rng([seed, REGIONS.index(name)])
    spread = _SPREADS[name]
    strikes = 100.0 * np.exp(rng.uniform(-1.0, 1.0, size))
    times = rng.uniform(*spread.time, size)
    times = 10.0**times if spread.log_time else times
    sigmas = rng.uniform(*spread.sigma, size)
    sigmas = 10.0**sigmas if spread.log_sigma else sigmas
    rates = rng.uniform(*spread.rate, size)
    log_forward = rng.uniform(*spread.moneyness, size) * sigmas * np.sqrt(times)
    spots = strikes * np.exp(log_forward - rates * times)
    return Options(spots, strikes, times, rates, sigmas)
