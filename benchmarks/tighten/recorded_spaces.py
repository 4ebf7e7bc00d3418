"""Search spaces in which every configuration was measured, so that a search can be replayed.

Four of them are kernels on graphics cards from the public benchmark hub of the auto-tuning
community (spaces/README.md has source and licence); ``cpu_matmul`` is a matrix product in C on a
busy two-core virtual machine, with one parameter that changes nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tighten.parameters import Configuration, Parameter, Space, configuration_key
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["NAMES", "RecordedSpace", "recorded_space"]

HERE = Path(__file__).parent / "spaces"
NAMES: tuple[str, ...] = tuple(json.loads((HERE / "spaces.json").read_bytes()))

REPETITIONS = 5  # of a launch

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpace:
    """A space with the time of each configuration.

    ``times`` are the ``statistic`` of ``runs`` (mean or smallest), infinite for a configuration
    that failed; both in the order of the grid and in one unit of time per space. ``places`` are
    positions in that order by `configuration_key`.
    """

    name: str
    space: Space
    configurations: tuple[Configuration, ...]
    places: Mapping[str, int]
    times: Times
    runs: Times
    statistic: str

    def time(self, configuration: Configuration) -> float:
        """Return the recorded mean; infinite for what failed."""
        return float(self.times[self._place(configuration)])

    def launch(self, configuration: Configuration, rng: random.Random) -> float:
        """Return the statistic of a few recorded runs of what works, as one launch would."""
        runs = self.runs[self._place(configuration)].tolist()
        drawn = [rng.choice(runs) for _ in range(REPETITIONS)]
        return min(drawn) if self.statistic == "min" else fmean(drawn)

    def _place(self, configuration: Configuration) -> int:
        return self.places[configuration_key(configuration)]

    @property
    def worst_first(self) -> Times:
        """Times of all working configurations in falling order."""
        return np.sort(self.times[np.isfinite(self.times)])[::-1]

    def after_random(self, evaluations: NDArray[np.int64]) -> Times:
        """Return the best time to expect of so many random configurations, none drawn twice.

        Source: Willemsen et al. (2024), "A methodology for comparing optimization algorithms for
        auto-tuning", Future Generation Computer Systems 159, doi 10.1016/j.future.2024.05.021.
        """
        worst_first = self.worst_first
        n = len(worst_first)
        place = np.round(evaluations * (n + 1) / (evaluations + 1)).astype(int)
        return np.asarray(worst_first[np.minimum(n - 1, place)])

    def random_evaluations(self, share: float) -> int:
        """Return how many random evaluations close ``share`` of the way from median to optimum."""
        worst_first = self.worst_first
        best = float(worst_first[-1])
        target = best + (float(np.median(worst_first)) - best) * (1 - share)
        place = int(np.argmax(worst_first <= target))
        return max(2, math.ceil(place / (len(worst_first) + 1 - place)))


def recorded_space(name: str) -> RecordedSpace:
    """Return one of ``NAMES``."""
    facts = json.loads((HERE / "spaces.json").read_bytes())[name]
    space = Space(_parameters(facts["parameters"]), facts["constraints"], cpus=2)
    configurations = tuple(space.configurations())
    with np.load(HERE / f"{name}.npz") as recorded:
        times, runs = recorded["time"].astype(float), recorded["runs"].astype(float)
    return RecordedSpace(
        name=name,
        space=space,
        configurations=configurations,
        places={configuration_key(c): i for i, c in enumerate(configurations)},
        times=times,
        runs=runs,
        statistic=facts["statistic"],
    )


def _parameters(domains: Mapping[str, Sequence[int | str]]) -> list[Parameter]:
    return [
        Parameter(
            name=name,
            domain=Choices(tuple(values)),
            binding=EnvironmentVariable(parameter=name, variable=name.upper(), default=None),
        )
        for name, values in domains.items()
    ]
