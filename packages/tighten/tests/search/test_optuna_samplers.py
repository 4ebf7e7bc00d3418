"""Optuna's samplers behind the same interface: nothing twice, failures bearable, a clear error."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest
from tighten.errors import StudyError
from tighten.parameters import Configuration, Parameter, Space, configuration_key
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices, IntegerRange
from tighten.search import Told, strategy

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    from tighten.parameters import Domain

DOMAINS: dict[str, Domain] = {
    "block": IntegerRange(1, 20),
    "layout": Choices(("row", "column", "tiled")),
}
SPACE = Space(
    [
        Parameter(
            name=name,
            domain=domain,
            binding=EnvironmentVariable(parameter=name, variable=name.upper(), default=None),
        )
        for name, domain in DOMAINS.items()
    ],
    {"odd": "block % 5 != 0"},
    cpus=2,
)
START: Configuration = {"block": 1, "layout": "row"}


def tried(name: str, count: int) -> list[Configuration]:
    search, found, best = strategy(name, SPACE, START, seed=3), [], 20.0
    while len(found) < count and (candidate := search.ask()) is not None:
        found.append(candidate)
        time = 1.0 + abs(float(candidate["block"]) - 12)
        failed = candidate["layout"] == "column"
        gain = None if failed else 1 - time / best
        search.tell(candidate, Told(accepted=not failed and time < best, gain=gain))
        best = best if failed else min(best, time)
    return found


@pytest.mark.parametrize("name", ["optuna:tpe", "optuna:cmaes", "optuna:random"])
def test_the_whole_space_is_seen_once(name: str) -> None:
    found = tried(name, 100)
    assert len(found) == 3 * 16 - 1
    assert len({configuration_key(one) for one in found}) == len(found)
    assert all(SPACE.is_valid(one) for one in found)


def test_the_seed_decides() -> None:
    assert tried("optuna:tpe", 15) == tried("optuna:tpe", 15)


def test_tpe_learns() -> None:
    later = tried("optuna:tpe", 20)[10:]
    assert sum(abs(float(one["block"]) - 12) <= 4 for one in later) >= 6


def test_what_is_missing_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def without_cmaes(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "cmaes" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_cmaes)
    with pytest.raises(StudyError, match=r"needs the package cmaes(.|\n)*tighten\[optuna\]"):
        strategy("optuna:cmaes", SPACE, START, seed=0)
