"""Other tuners, asked for a configuration and told its result, for the overhead benchmark.

Each keeps its trials in an SQLite file on the same disk as tighten's ledger, with the settings its
own documentation starts from. They come with the dependency group ``peers``.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["TUNERS", "Tuner", "available"]

Space = Mapping[str, tuple[int, int]]  # name -> smallest and largest value
Trial = Callable[[], object]  # one trial: ask, and tell a result


@dataclass(frozen=True, slots=True)
class Tuner:
    """A tuner by the name of its distribution, and how to open a study in a directory."""

    name: str
    open: Callable[[Space, Path], Trial]

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {version(self.name)}"


def available(asked: Sequence[Tuner]) -> tuple[list[Tuner], list[str]]:
    """Return the tuners that are installed, and the names of those that are not."""
    found = [tuner for tuner in asked if importlib.util.find_spec(tuner.name) is not None]
    return found, [tuner.name for tuner in asked if tuner not in found]


def _optuna(space: Space, directory: Path) -> Trial:
    optuna: Any = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=f"sqlite:///{directory / 'optuna.sqlite'}")

    def trial() -> None:
        asked = study.ask()
        for name, (low, high) in space.items():
            asked.suggest_int(name, low, high)
        study.tell(asked, 1.0)

    return trial


def _opentuner(space: Space, directory: Path) -> Trial:
    opentuner: Any = importlib.import_module("opentuner")
    api: Any = importlib.import_module("opentuner.api")
    models: Any = importlib.import_module("opentuner.resultsdb.models")
    interface: Any = importlib.import_module("opentuner.measurement.interface")
    main: Any = importlib.import_module("opentuner.tuningrunmain")
    main.init_logging = lambda: None  # it opens a log file in the working directory
    logging.getLogger("opentuner").setLevel(logging.ERROR)
    database = f"sqlite:///{directory / 'opentuner.sqlite'}"
    parser = argparse.ArgumentParser(parents=opentuner.argparsers())
    options = parser.parse_args(["--database", database, "--no-dups"])
    manipulator = opentuner.ConfigurationManipulator()
    for name, (low, high) in space.items():
        manipulator.add_parameter(opentuner.IntegerParameter(name, low, high))
    measured = interface.DefaultMeasurementInterface(
        args=options,
        manipulator=manipulator,
        project_name="overhead",
        program_name="overhead",
        program_version="1",
    )
    manager = api.TuningRunManager(measured, options)

    def trial() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the SQLAlchemy that it was not written for
            asked = manager.get_next_desired_result()
            if asked is None:
                raise RuntimeError("opentuner proposes nothing")
            manager.report_result(asked, models.Result(time=1.0))

    return trial


TUNERS = (Tuner("optuna", _optuna), Tuner("opentuner", _opentuner))
