"""The strategies by name; the one place to add another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.search.coordinate import coordinate_descent
from tighten.search.cost_model import cost_model
from tighten.search.grids import extended_grid, grid
from tighten.search.members import alone, genetic, local, tabu, tpe
from tighten.search.optuna_samplers import SAMPLERS, sampler
from tighten.search.portfolio import portfolio
from tighten.search.uniform import uniform
from tighten.search.walk import Propose, Sizing, Strategy, Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.parameters import Configuration, Space

__all__ = ["STRATEGIES", "default_strategy", "strategy"]

STRATEGIES: Mapping[str, Propose] = {
    "grid": grid,
    "extended-grid": extended_grid,
    "coordinate": coordinate_descent,
    "random": uniform,
    "cost-model": cost_model,
    "portfolio": portfolio,
    "local": alone(local),
    "genetic": alone(genetic),
    "tabu": alone(tabu),
    "tpe": alone(tpe),
    **{name: sampler(name) for name in SAMPLERS},
}


def strategy(
    name: str, space: Space, baseline: Configuration, *, seed: int, sizing: Sizing | None = None
) -> Strategy:
    """Return a new strategy.

    Parameters
    ----------
    name
        One of ``STRATEGIES``.
    space
        What may be tried.
    baseline
        Where the study starts; never proposed.
    seed
        Of its random numbers.
    sizing
        Sizes of the cases and what the baseline costs there; ``cost-model`` alone needs it.

    Raises
    ------
    StudyError
        If there is no strategy of that name.
    """
    if name not in STRATEGIES:
        raise StudyError(f"unknown search strategy {name!r}; known are {', '.join(STRATEGIES)}")
    return Walk(name, STRATEGIES[name], space, baseline, seed=seed, sizing=sizing)


def default_strategy(space: Space, *, max_trials: int) -> str:
    """Return ``grid`` if the trials suffice for all of it, else ``portfolio``."""
    return "grid" if space.size is not None and space.size <= max_trials else "portfolio"
