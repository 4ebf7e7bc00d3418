"""Borders between strategies on synthetic costs whose crossings are known, with noise."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.errors import StudyError
from tighten.parameters import Configuration, Parameter, Space
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices, Domain, IntegerRange
from tighten.parameters.strategies import StrategyTable, Tables
from tighten.search import Sizing, Told, strategy
from tighten.search.cost_model import CostModel
from tighten.search.costs import borders, fitted

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
HYSTERESIS = 0.02
STRATEGIES = {"serial": (0.0, 5.0), "shares": (60e3, 2.6), "chunks": (150e3, 2.2)}  # ns, ns each


def parameter(name: str, domain: Domain, *, threshold: bool = False) -> Parameter:
    binding = EnvironmentVariable(parameter=name, variable=name, default=None)
    return Parameter(name=name, domain=domain, binding=binding, threshold=threshold)


def line(name: str, size: float) -> float:
    fixed, each = STRATEGIES[name]
    return fixed + each * size


@given(
    fixed=st.floats(0, 1e6),
    each=st.floats(1e-3, 1e2),
    spoilt=st.integers(0, len(SIZES) - 1),
    factor=st.floats(1, 10),
)
def test_one_spoilt_size_does_not_move_a_line(
    fixed: float, each: float, spoilt: int, factor: float
) -> None:
    costs = {size: fixed + each * size for size in SIZES}
    costs[SIZES[spoilt]] *= factor
    curve = fitted(costs)
    for size in SIZES:
        if size == SIZES[spoilt]:
            continue
        here = curve.fixed + curve.per_item * size
        # At an end of the range one point decides between two lines; inside it never does.
        if 1 < spoilt < len(SIZES) - 2:
            assert math.isclose(here, costs[size], rel_tol=1e-6)
        assert math.isclose(curve.at(size), costs[size], rel_tol=1e-6)


@given(
    lines=st.lists(
        st.tuples(st.floats(1, 1e6), st.floats(1e-2, 1e2)), min_size=2, max_size=4, unique=True
    ),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_at_every_size_the_table_costs_hardly_more_than_the_best(
    lines: list[tuple[float, float]], seed: int
) -> None:
    rng, noise = random.Random(seed), 0.01
    curves = {
        f"s{i}": fitted({n: (a + b * n) * math.exp(rng.gauss(0, noise)) for n in SIZES})
        for i, (a, b) in enumerate(lines)
    }
    rows = borders(curves, hysteresis=HYSTERESIS, border_ratio=1.0)
    table = StrategyTable(rows)
    for size in SIZES:
        cost = {f"s{i}": a + b * size for i, (a, b) in enumerate(lines)}
        # Both costs are known to within the noise (4 standard deviations of a difference), and
        # a border is rounded to two digits, which is worth at most 5 %.
        allowed = (1 + HYSTERESIS) * math.exp(4 * math.sqrt(2) * noise) * 1.05
        assert cost[table.strategy_at(size)] <= allowed * min(cost.values())


def test_a_strategy_that_saves_less_than_the_hysteresis_changes_nothing() -> None:
    curves = {"a": fitted({n: 5.0 * n for n in SIZES}), "b": fitted({n: 4.95 * n for n in SIZES})}
    curves["b"] = fitted({n: (5.05 if n < 1e5 else 4.95) * n for n in SIZES})
    assert borders(curves, hysteresis=0.02, border_ratio=1.5) == ((0, "a"),)
    assert len(borders(curves, hysteresis=0.001, border_ratio=1.5)) == 2


def test_a_tie_at_the_smallest_size_rules_out_no_strategy() -> None:
    # Chunks longer than the batch are the same as no chunks: which is cheaper there is noise.
    alone = {1_000: 1.00, 10_000: 10.0, 100_000: 100.0}
    chunks = {1_000: 0.98, 10_000: 14.0, 100_000: 60.0}
    curves = {"alone": fitted(alone), "chunks": fitted(chunks)}
    rows = borders(curves, hysteresis=0.02, border_ratio=1.5, ascending=True)
    assert [name for _, name in rows] == ["alone", "chunks"]
    assert 10_000 < rows[1][0] < 100_000


def test_a_row_between_borders_that_are_too_close_is_left_out() -> None:
    rates = {"a": (1.0, 3.0, 3.0), "b": (2.0, 1.0, 1.3), "c": (4.0, 2.0, 1.0)}
    sizes = (100, 120, 150)
    curves = {
        name: fitted({n: rate * n for n, rate in zip(sizes, found, strict=True)})
        for name, found in rates.items()
    }
    assert [name for _, name in borders(curves, hysteresis=0.01, border_ratio=1.0)] == list("abc")
    assert [name for _, name in borders(curves, hysteresis=0.01, border_ratio=2.0)] == ["a", "c"]


def drive(
    space: Space, start: Configuration, *, noise: float, seed: int = 0
) -> list[Configuration]:
    """Run the loop on noisy costs; return what was proposed, the incumbent last."""
    rng = random.Random(seed)

    def costs(configuration: Configuration) -> dict[int, float]:
        served = {n: CostModel(space, Sizing()).serving(configuration, n) for n in SIZES}
        names = dict(zip(CostModel(space, Sizing()).strategies, STRATEGIES, strict=False))
        return {n: line(names[name], n) for n, name in served.items()}

    search = strategy(
        "cost-model", space, start, seed=0, sizing=Sizing(costs=costs(start), hysteresis=HYSTERESIS)
    )
    best, asked = start, []
    while (candidate := search.ask()) is not None:
        asked.append(candidate)
        ours, theirs = costs(candidate), costs(best)
        logs = {n: math.log(ours[n] / theirs[n]) + rng.gauss(0, noise) for n in SIZES}
        gain = 1 - math.exp(math.fsum(logs.values()) / len(logs))
        accepted = gain > 0 and all(log < 0.05 for log in logs.values())
        ratios = {n: math.exp(log) for n, log in logs.items()}
        search.tell(candidate, Told(accepted=accepted, gain=gain, cost_ratios=ratios))
        best = candidate if accepted else best
    return [*asked, best]


@pytest.mark.parametrize("seed", range(5))
def test_the_table_of_three_strategies_is_found_in_few_trials(seed: int) -> None:
    space = Space([parameter("SHARING", Tables(tuple(STRATEGIES)))], cpus=2)
    *asked, best = drive(space, {"SHARING": "serial"}, noise=0.01, seed=seed)
    assert len(asked) <= 6
    table = StrategyTable.parse(str(best["SHARING"]))
    for size in SIZES:
        ideal = min(line(name, size) for name in STRATEGIES)
        assert line(table.strategy_at(size), size) <= 1.08 * ideal
    crossing = 60e3 / (5.0 - 2.6)
    assert table.rows[1][1] == "shares"
    assert crossing / 1.15 <= table.rows[1][0] <= crossing * 1.15


@pytest.mark.parametrize(
    "domain",
    [IntegerRange(1_000, 1_000_000, log=True), Choices((1_000, 10_000, 20_000, 30_000, 2_000_000))],
)
def test_a_threshold_is_proposed_next_to_the_crossing(domain: Domain) -> None:
    space = Space([parameter("THRESHOLD", domain, threshold=True)], cpus=2)
    *asked, best = drive(space, {"THRESHOLD": domain.grid()[-1]}, noise=0.005)
    assert len(asked) <= 5
    crossing = 60e3 / (5.0 - 2.6)  # 25,000
    assert crossing / 1.3 <= float(best["THRESHOLD"]) <= crossing * 1.3


def test_two_thresholds_stay_in_order() -> None:
    span = IntegerRange(1_000, 2_000_000, log=True)
    names = ("SMALL", "MEDIUM")
    space = Space(
        [parameter(name, span, threshold=True) for name in names], {"order": "SMALL <= MEDIUM"},
        cpus=2,
    )  # fmt: skip
    *_, best = drive(space, {"SMALL": 2_000_000, "MEDIUM": 2_000_000}, noise=0.005)
    small, medium = (float(best[name]) for name in names)
    assert 20_000 <= small <= 31_000
    assert 180_000 <= medium <= 320_000  # the crossing lies at 225,000


def test_the_cost_model_needs_something_to_choose_between() -> None:
    space = Space([parameter("JOBS", IntegerRange(1, 4))], cpus=2)
    with pytest.raises(StudyError, match="threshold = true"):
        CostModel(space, Sizing())
