"""Optuna's samplers as strategies, such as ``optuna:tpe``.

Optuna is an optional extra and imported only when one of these is asked for. It sees the place of
a value along its parameter's line, as a whole number for numbers and as a category otherwise. What
a sampler proposes twice is answered from the history and not tried again; what breaks a constraint
or fails counts as the worst level known.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from typing import TYPE_CHECKING, Any

from tighten.errors import StudyError
from tighten.search.axis import is_ordered, points
from tighten.search.uniform import uniform

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tighten.parameters import Configuration, Space
    from tighten.search.walk import History, Propose

__all__ = ["SAMPLERS", "missing_package", "sampler"]

SAMPLERS = {
    "optuna:tpe": "TPESampler",
    "optuna:cmaes": "CmaEsSampler",
    "optuna:gp": "GPSampler",
    "optuna:random": "RandomSampler",
}
_NEEDS = {"optuna:cmaes": ("optuna", "cmaes"), "optuna:gp": ("optuna", "scipy", "torch")}
_OPTIONS: dict[str, dict[str, Any]] = {"optuna:cmaes": {"warn_independent_sampling": False}}
_KNOWN_IN_A_ROW = 50  # proposals without news, after which the rest is enumerated


def missing_package(name: str) -> str | None:
    """Return what has to be installed for a strategy, or None if it can run."""
    if name not in SAMPLERS:
        return None
    needed = _NEEDS.get(name, ("optuna",))
    return next((one for one in needed if importlib.util.find_spec(one) is None), None)


def sampler(name: str) -> Propose:
    """Return the strategy that asks one of ``SAMPLERS``."""

    def propose(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
        if (package := missing_package(name)) is not None:
            raise StudyError(
                f"the search strategy {name} needs the package {package}, which is not installed; "
                f"install it with `pip install 'tighten[optuna]' {package}`, or use another "
                "strategy, such as portfolio"
            )
        return _proposals(name, space, history, rng)

    return propose


def _proposals(
    name: str, space: Space, history: History, rng: random.Random
) -> Iterator[Configuration]:
    study = _Study(name, space, history, seed=rng.randrange(2**32))
    known = 0
    while known < _KNOWN_IN_A_ROW:
        trial, candidate = study.ask()
        known += 1
        if not history.is_asked(candidate):
            yield candidate
            if history.is_asked(candidate):
                known = 0
        study.tell(trial, candidate)
    yield from uniform(space, history, rng)


class _Study:
    """A study of Optuna over the places of values."""

    def __init__(self, name: str, space: Space, history: History, *, seed: int) -> None:
        self._optuna: Any = importlib.import_module("optuna")
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        self._history = history
        self._points = {parameter.name: points(parameter) for parameter in space.parameters}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
            sampler = getattr(self._optuna.samplers, SAMPLERS[name])(
                seed=seed, **_OPTIONS.get(name, {})
            )
        self._study = self._optuna.create_study(direction="maximize", sampler=sampler)
        self._distributions = {name: self._axis(values) for name, values in self._points.items()}
        self._open: list[tuple[Any, Configuration]] = []
        self._worst = 0.0

    def ask(self) -> tuple[Any, Configuration]:
        """Return what the sampler proposes, after it has heard what is known by now."""
        still_open, self._open = self._open, []
        for trial, candidate in still_open:
            self.tell(trial, candidate)
        trial = self._study.ask(self._distributions)
        return trial, {name: self._points[name][i] for name, i in trial.params.items()}

    def tell(self, trial: Any, candidate: Configuration) -> None:
        """Tell the sampler the level of its proposal, or later if nobody knows it yet."""
        level = self._history.level(candidate)
        if math.isfinite(level):
            self._worst = min(self._worst, level)
        elif self._history.is_pending(candidate):
            self._open.append((trial, candidate))
            return
        self._study.tell(trial, level if math.isfinite(level) else self._worst)

    def _axis(self, values: tuple[Any, ...]) -> Any:
        if is_ordered(values):
            return self._optuna.distributions.IntDistribution(0, len(values) - 1)
        return self._optuna.distributions.CategoricalDistribution(range(len(values)))
