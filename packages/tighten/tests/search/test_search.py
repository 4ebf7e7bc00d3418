"""Strategies over small spaces: nothing twice, nothing invalid, the same again after a crash."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.errors import StudyError
from tighten.parameters import Configuration, Parameter, Space, Value, configuration_key
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices, Domain, Flag, FloatRange, IntegerRange
from tighten.search import STRATEGIES, Strategy, Told, default_strategy, strategy
from tighten.search.axis import axes
from tighten.search.densities import Densities
from tighten.search.members import local, tabu
from tighten.search.walk import History

# The cost model needs a space of its own kind; see test_cost_model.
GENERAL = [name for name in STRATEGIES if name != "cost-model" and not name.startswith("optuna:")]
Cost = Callable[[Configuration], float | None]


def space(
    domains: Mapping[str, Domain],
    constraints: Mapping[str, str] | None = None,
    when: Mapping[str, str] | None = None,
) -> Space:
    parameters = [
        Parameter(
            name=name,
            domain=domain,
            binding=EnvironmentVariable(parameter=name, variable=name.upper(), default=None),
            when=(when or {}).get(name),
        )
        for name, domain in domains.items()
    ]
    return Space(parameters, constraints, cpus=4)


MIXED = space(
    {
        "parallel": Flag(),
        "threads": IntegerRange(1, 8),
        "chunk": IntegerRange(16, 256, log=True),
        "layout": Choices(("row", "column", "tiled")),
    },
    constraints={"fits": "threads * chunk <= 256"},
    when={"threads": "parallel"},
)
START: Configuration = {"parallel": False, "threads": 1, "chunk": 16, "layout": "row"}


def cost(configuration: Configuration) -> float | None:
    """Return a time with its optimum at four threads, chunk 64, tiled; column layout crashes."""
    if configuration["layout"] == "column":
        return None
    threads = float(configuration["threads"]) if configuration["parallel"] else 1.0
    chunk = math.log2(float(configuration["chunk"]))
    layout = {"row": 1.0, "tiled": 0.8}[str(configuration["layout"])]
    return layout * (1 + abs(threads - 4)) * (1 + 0.2 * (chunk - 6) ** 2)


def drive(
    search: Strategy, measure: Cost, start: Configuration, limit: int = 10_000
) -> tuple[list[tuple[Configuration, Told]], Configuration]:
    """Run the loop without noise: every real gain is accepted."""
    best, told = start, []
    for _ in range(limit):
        configuration = search.ask()
        if configuration is None:
            break
        outcome = judge(measure, configuration, best)
        search.tell(configuration, outcome)
        told.append((configuration, outcome))
        if outcome.accepted:
            best = configuration
    return told, best


def judge(measure: Cost, configuration: Configuration, best: Configuration) -> Told:
    value, incumbent = measure(configuration), measure(best)
    assert incumbent is not None
    if value is None:
        return Told(accepted=False, gain=None)
    return Told(accepted=value < incumbent, gain=1 - value / incumbent)


@pytest.mark.parametrize("name", GENERAL)
def test_nothing_is_proposed_twice_and_everything_is_valid(name: str) -> None:
    told, _ = drive(strategy(name, MIXED, START, seed=1), cost, START, limit=60)
    keys = [configuration_key(configuration) for configuration, _ in told]
    assert len(set(keys)) == len(keys) > 0
    assert configuration_key(START) not in keys
    assert all(MIXED.is_valid(configuration) for configuration, _ in told)
    canonical = [configuration_key(MIXED.canonical(c, START)) for c, _ in told]
    assert canonical == keys


@pytest.mark.parametrize("name", ["grid", "random", "extended-grid"])
def test_exhaustive_strategies_see_the_whole_grid_and_then_end(name: str) -> None:
    search = strategy(name, MIXED, START, seed=1)
    told, best = drive(search, cost, START)
    grid = {configuration_key(c) for c in MIXED.configurations(START)}
    assert grid - {configuration_key(START)} <= {configuration_key(c) for c, _ in told}
    assert search.ask() is None
    assert cost(best) == pytest.approx(0.8)


def test_coordinate_descent_finds_the_optimum_with_few_trials() -> None:
    told, best = drive(strategy("coordinate", MIXED, START, seed=1), cost, START)
    assert cost(best) == pytest.approx(0.8)
    assert len(told) < (MIXED.size or 0) / 3


@pytest.mark.parametrize("name", GENERAL)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), killed_after=st.integers(0, 20))
def test_history_told_again_leads_to_the_same_proposals(
    name: str, seed: int, killed_after: int
) -> None:
    whole, _ = drive(strategy(name, MIXED, START, seed=seed), cost, START, limit=25)
    resumed = strategy(name, MIXED, START, seed=seed)
    for configuration, outcome in whole[:killed_after]:
        resumed.tell(configuration, outcome)
    for configuration, outcome in whole[killed_after:]:
        assert resumed.ask() == configuration
        resumed.tell(configuration, outcome)


@pytest.mark.parametrize("name", GENERAL)
def test_trial_that_was_asked_but_never_told_is_asked_again(name: str) -> None:
    first = strategy(name, MIXED, START, seed=3)
    told = [first.ask() for _ in range(2)]
    outcome = Told(accepted=False, gain=-0.1)
    assert told[0] is not None
    again = strategy(name, MIXED, START, seed=3)
    again.tell(told[0], outcome)
    assert again.ask() is not None


def test_foreign_trial_costs_no_proposal() -> None:
    line = space({"a": IntegerRange(1, 5)})
    search = strategy("grid", line, {"a": 1}, seed=0)
    search.tell({"a": 4}, Told(accepted=False, gain=0.0))
    proposals: list[Value] = []
    while (configuration := search.ask()) is not None:
        proposals.append(configuration["a"])
    assert proposals == [2, 3, 5]


@pytest.mark.parametrize("name", ["random", "coordinate"])
def test_seed_decides(name: str) -> None:
    def order(seed: int) -> list[str]:
        told, _ = drive(strategy(name, MIXED, START, seed=seed), cost, START)
        return [configuration_key(c) for c, _ in told]

    assert order(1) == order(1)
    if name == "random":
        assert order(1) != order(2)


def test_coordinate_descent_looks_closer_around_the_best_number() -> None:
    line = space({"threshold": IntegerRange(0, 100)})

    def measure(configuration: Configuration) -> float:
        return 1 + (float(configuration["threshold"]) - 37) ** 2

    told, best = drive(
        strategy("coordinate", line, {"threshold": 0}, seed=1), measure, {"threshold": 0}
    )
    assert best == {"threshold": 37}
    assert len(told) < 25


def test_inert_parameter_is_left_after_the_first_look() -> None:
    line = space({"idle": IntegerRange(0, 100), "other": Flag()})
    search = strategy("coordinate", line, {"idle": 0, "other": False}, seed=1)
    tried = 0
    while (configuration := search.ask()) is not None:
        inert = configuration["idle"] != 0
        twin = {"idle": 0, "other": False} if inert else None
        search.tell(
            configuration,
            Told(accepted=False, gain=None if inert else -0.5, same_as=twin),
        )
        tried += inert
    assert tried == 4


def test_failures_everywhere_end_the_search_at_the_baseline() -> None:
    told, best = drive(
        strategy("coordinate", MIXED, START, seed=1),
        lambda c: 1.0 if c == START else None,
        START,
    )
    assert best == START
    assert len(told) < 40


def test_baseline_outside_the_listed_values_is_a_fine_start() -> None:
    line = space({"block": Choices((8, 16, 32))})
    told, best = drive(
        strategy("coordinate", line, {"block": 13}, seed=1),
        lambda c: abs(float(c["block"]) - 16) + 1,
        {"block": 13},
    )
    assert best == {"block": 16}
    assert len(told) == 3


def test_extended_grid_refines_ranges_around_the_best() -> None:
    plane = space(
        {"x": FloatRange(0.0, 1.0, steps=3), "y": IntegerRange(1, 1024, step=32, log=True)}
    )
    start: Configuration = {"x": 0.0, "y": 1}

    def measure(configuration: Configuration) -> float:
        x, y = float(configuration["x"]), math.log2(float(configuration["y"]))
        return 1 + (x - 0.7) ** 2 + (y - 7.5) ** 2

    grid_told, grid_best = drive(strategy("grid", plane, start, seed=0), measure, start)
    told, best = drive(strategy("extended-grid", plane, start, seed=0), measure, start)
    assert len(told) > len(grid_told)
    assert measure(best) < 0.6 * measure(grid_best)
    assert all(plane.is_valid(c) for c, _ in told)


def test_listed_values_cannot_be_refined() -> None:
    line = space({"a": Choices((1, 2, 4))})
    told, _ = drive(
        strategy("extended-grid", line, {"a": 1}, seed=0), lambda c: float(c["a"]), {"a": 1}
    )
    assert [c["a"] for c, _ in told] == [2, 4]


def test_random_search_of_a_space_too_large_to_list_repeats_nothing() -> None:
    large = space({f"p{i}": IntegerRange(0, 99) for i in range(6)})
    start: Configuration = {f"p{i}": 0 for i in range(6)}
    told, _ = drive(strategy("random", large, start, seed=1), lambda _: 1.0, start, limit=200)
    assert len({configuration_key(c) for c, _ in told}) == 200


LONG = space({"a": IntegerRange(1, 100_000), "b": FloatRange(0.5, 25_000.0, step=0.5)})


@pytest.mark.parametrize("member", [local, tabu])
def test_of_long_lines_a_choice_of_neighbours_is_offered(member: Any) -> None:
    centre: Configuration = {"a": 500, "b": 7.25}  # the second is no point of its grid
    batch = next(member(LONG, History(LONG, centre), random.Random(1)))
    assert len(batch) <= 256 + 25
    changed_a = {c["a"] for c in batch if c["b"] == 7.25}
    changed_b = {c["b"] for c in batch if c["a"] == 500}
    assert {499, 501, 498, 502} <= changed_a
    assert {7.0, 7.5} <= changed_b
    for values, top in ((changed_a, 100_000), (changed_b, 25_000.0)):
        assert 80 < len(values) <= 129
        assert min(map(float, values)) < 0.03 * top < 0.9 * top < max(map(float, values))
    assert all(c["a"] in LONG.grids["a"] for c in batch)


def test_of_short_lines_all_neighbours_are_offered() -> None:
    short = space({"a": IntegerRange(1, 200), "word": Choices(tuple("xyz"))})
    (batch,) = [next(tabu(short, History(short, {"a": 1, "word": "x"}), random.Random(1)))]
    assert len(batch) == 199 + 2


def test_densities_of_a_long_line_find_where_the_good_are() -> None:
    lines, rng = axes(LONG), random.Random(1)
    good = [{"a": 60_000 + i, "b": 100.0} for i in range(4)]
    others = [{"a": 1000 * i, "b": 24_000.0} for i in range(1, 40)]
    densities = Densities(lines, good + others[:12], others[12:])
    drawn = [densities.draw(rng) for _ in range(400)]
    assert all(c["a"] in LONG.grids["a"] and c["b"] in LONG.grids["b"] for c in drawn)
    assert len({c["a"] for c in drawn}) > 300  # within the cells, too
    assert statistics.median(float(c["a"]) for c in drawn) == pytest.approx(60_000, rel=0.2)
    assert densities.promise(good[0]) > 0 > densities.promise(others[0])


def test_unknown_strategy_lists_the_known_ones() -> None:
    with pytest.raises(StudyError, match="'annealing'; known are grid, extended-grid"):
        strategy("annealing", MIXED, START, seed=0)


def test_default_is_the_grid_if_the_trials_suffice() -> None:
    line = space({"a": IntegerRange(1, 10)})
    assert default_strategy(line, max_trials=10) == "grid"
    assert default_strategy(line, max_trials=9) == "portfolio"
