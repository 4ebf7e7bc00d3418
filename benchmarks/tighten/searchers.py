"""tighten's default search and those of other tools, on a space in which everything is known.

Each yields configurations that satisfy the constraints, none twice, and learns the recorded time
of each; what a tool proposes twice, or against a constraint, costs it nothing. The other tools come
with the dependency group ``peers``, run with their defaults, and are told of the same start.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tighten.parameters import Configuration, configuration_key
from tighten.search import Told, strategy

if TYPE_CHECKING:
    from benchmarks.tighten.recorded_spaces import RecordedSpace

__all__ = ["SEARCHERS", "Searcher"]

_FRUITLESS = 5000  # proposals in a row without anything new, after which a tool has given up

Search = Callable[["RecordedSpace", Configuration, int], Iterator[Configuration]]


@dataclass(frozen=True, slots=True)
class Searcher:
    """A search by name; ``search`` takes the space, the start and a seed."""

    name: str
    search: Search


def _tighten(name: str) -> Search:
    def search(recorded: RecordedSpace, start: Configuration, seed: int) -> Iterator[Configuration]:
        walk, best = strategy(name, recorded.space, start, seed=seed), recorded.time(start)
        while (candidate := walk.ask()) is not None:
            yield candidate
            time = recorded.time(candidate)
            walk.tell(candidate, Told(accepted=time < best, gain=1 - time / best))
            best = min(best, time)

    return search


def _optuna(recorded: RecordedSpace, start: Configuration, seed: int) -> Iterator[Configuration]:
    optuna: Any = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(start)
    grids = {p.name: p.domain.grid() for p in recorded.space.parameters}
    seen: set[str] = {configuration_key(start)}
    fruitless = 0
    while fruitless < _FRUITLESS:
        trial = study.ask()
        candidate = {name: trial.suggest_categorical(name, grid) for name, grid in grids.items()}
        if not recorded.space.is_valid(candidate):
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            fruitless += 1
            continue
        fruitless += 1
        if configuration_key(candidate) not in seen:
            seen.add(configuration_key(candidate))
            fruitless = 0
            yield candidate
        study.tell(trial, recorded.time(candidate))


def _opentuner(recorded: RecordedSpace, start: Configuration, seed: int) -> Iterator[Configuration]:
    random: Any = importlib.import_module("random")
    random.seed(seed)  # the tool takes its randomness from there
    models: Any = importlib.import_module("opentuner.resultsdb.models")
    seen: set[str] = {configuration_key(start)}
    fruitless = 0
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the SQLAlchemy that it was not written for
        manager = _manager(recorded, start, Path(directory))
        while fruitless < _FRUITLESS and (asked := manager.get_next_desired_result()) is not None:
            candidate = dict(asked.configuration.data)
            fruitless += 1
            if not recorded.space.is_valid(candidate):
                manager.report_result(asked, models.Result(state="ERROR", time=float("inf")))
                continue
            if configuration_key(candidate) not in seen:
                seen.add(configuration_key(candidate))
                fruitless = 0
                yield candidate
            manager.report_result(asked, models.Result(time=recorded.time(candidate)))


def _manager(recorded: RecordedSpace, start: Configuration, directory: Path) -> Any:
    opentuner: Any = importlib.import_module("opentuner")
    api: Any = importlib.import_module("opentuner.api")
    interface: Any = importlib.import_module("opentuner.measurement.interface")
    main: Any = importlib.import_module("opentuner.tuningrunmain")
    main.init_logging = lambda: None  # it opens a log file in the working directory
    logging.getLogger("opentuner").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(parents=opentuner.argparsers())
    database = f"sqlite:///{directory / 'opentuner.sqlite'}"
    options = parser.parse_args(["--database", database, "--no-dups"])
    manipulator = opentuner.ConfigurationManipulator()
    for parameter in recorded.space.parameters:
        manipulator.add_parameter(
            opentuner.EnumParameter(parameter.name, list(parameter.domain.grid()))
        )

    class Interface(interface.DefaultMeasurementInterface):  # type: ignore[misc]  # untyped
        def seed_configurations(self) -> list[Configuration]:
            return [start]

    measured = Interface(
        args=options,
        manipulator=manipulator,
        project_name="search",
        program_name="search",
        program_version="1",
    )
    return api.TuningRunManager(measured, options)


SEARCHERS: tuple[Searcher, ...] = (
    Searcher("tighten", _tighten("portfolio")),
    Searcher("random", _tighten("random")),
    *(
        Searcher(name, search)
        for name, package, search in (
            ("Optuna TPE", "optuna", _optuna),
            ("OpenTuner", "opentuner", _opentuner),
        )
        if importlib.util.find_spec(package) is not None
    ),
)
