"""Spaces: the grid, conditions, constraints, neighbours, samples, and refusals."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.errors import StudyError
from tighten.parameters import Parameter, Space, configuration_key
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices, Domain, Flag, IntegerRange


def parameter(name: str, domain: Domain, when: str | None = None) -> Parameter:
    binding = EnvironmentVariable(parameter=name, variable=name.upper())
    return Parameter(name=name, domain=domain, binding=binding, when=when)


def conditional_space(**options: Any) -> Space:
    parameters = [
        parameter("parallel", Flag()),
        parameter("jobs", IntegerRange(1, 4), when="parallel == true"),
        parameter("mode", Choices(("static", "dynamic")), when="jobs > 2"),
    ]
    return Space(parameters, **{"cpus": 8, **options})


def test_grid_order_is_that_of_the_study() -> None:
    space = Space([parameter("a", Choices((2, 1))), parameter("b", Flag())], cpus=1)
    grid = [tuple(c.values()) for c in space.configurations()]
    assert grid == [(2, False), (2, True), (1, False), (1, True)]
    assert space.size == 4


def test_inactive_parameters_take_their_default_once() -> None:
    space = conditional_space(default={"jobs": 2, "mode": "dynamic"})
    grid = list(space.configurations())
    assert grid[0] == {"parallel": False, "jobs": 2, "mode": "dynamic"}
    assert space.size == len(grid) == 1 + 2 + 2 * 2
    assert len({configuration_key(c) for c in grid}) == len(grid)
    assert all(space.is_valid(c) and space.canonical(c) == c for c in grid)


def test_a_condition_may_name_a_later_parameter() -> None:
    parameters = [
        parameter("jobs", IntegerRange(1, 3), when="parallel"),
        parameter("parallel", Flag()),
    ]
    space = Space(parameters, cpus=4)
    assert space.size == 4
    assert list(next(space.configurations())) == ["jobs", "parallel"]


def test_constraints_know_the_processors() -> None:
    parameters = [parameter("jobs", IntegerRange(1, 4)), parameter("threads", IntegerRange(1, 4))]
    space = Space(parameters, {"fits": "jobs * threads <= cpus"}, cpus=4)
    assert space.size == sum(a * b <= 4 for a, b in itertools.product(range(1, 5), repeat=2))
    assert space.violated({"jobs": 3, "threads": 2}) == ("fits",)
    assert not space.is_valid({"jobs": 3, "threads": 2})
    assert space.is_valid({"jobs": 2, "threads": 2})
    assert space.neighbours({"jobs": 2, "threads": 2}) == [
        {"jobs": 1, "threads": 2},
        {"jobs": 2, "threads": 1},
    ]


def test_a_value_that_is_left_out_is_not_judged() -> None:
    space = Space([parameter("a", Flag()), parameter("b", Flag())], {"one": "a or b"}, cpus=1)
    assert space.violated({"a": False}) == ()
    assert not space.is_valid({"a": 3})
    assert not space.is_valid({"zz": True})


def test_neighbours_of_a_conditional_space_are_canonical() -> None:
    space = conditional_space(default={"jobs": 1, "mode": "static"})
    found = space.neighbours({"parallel": True, "jobs": 3, "mode": "dynamic"})
    assert {"parallel": True, "jobs": 2, "mode": "static"} in found
    assert {"parallel": False, "jobs": 1, "mode": "static"} in found
    assert {"parallel": True, "jobs": 3, "mode": "static"} in found
    assert len(found) == 4


def test_the_size_of_a_large_space_is_unknown_but_cheap() -> None:
    parameters = [parameter(f"p{i}", IntegerRange(0, 99)) for i in range(6)]
    assert Space(parameters, cpus=1).size == 10**12
    assert Space(parameters, {"c": "p0 + p5 < 190"}, cpus=1, limit=1000).size is None


def test_pruning_reaches_a_narrow_space_in_a_large_product() -> None:
    parameters = [parameter(f"p{i}", IntegerRange(0, 99)) for i in range(6)]
    constraints = {f"c{i}": f"p{i} + p{i + 1} == 0" for i in range(5)}
    space = Space(parameters, constraints, cpus=1)
    assert space.size == 1


@pytest.mark.parametrize(
    ("parameters", "constraints", "message"),
    [
        ([], {}, "no parameter"),
        ([parameter("a", Flag()), parameter("a", Flag())], {}, "two parameters are named a"),
        ([parameter("cpus", Flag())], {}, "cannot name a parameter"),
        ([parameter("a-b", Flag())], {}, "cannot name a parameter"),
        ([parameter("a", Flag())], {"c": "b > 1"}, "constraint c: .*unknown name 'b'"),
        ([parameter("a", Flag())], {"c": "cpus > 1"}, "uses no parameter"),
        ([parameter("a", Flag(), when="b")], {}, "parameter a, when: .*unknown name"),
        ([parameter("a", IntegerRange(1, 9))], {"c": "a > 9"}, "exclude every .*a > 9"),
        (
            [parameter("a", Flag(), when="b"), parameter("b", Flag(), when="a")],
            {},
            "in a circle",
        ),
    ],
)  # fmt: skip
def test_impossible_spaces_are_refused(parameters: Any, constraints: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Space(parameters, constraints, cpus=1)


def test_samples_are_valid_and_repeatable() -> None:
    space = conditional_space(constraints={"even": "jobs % 2 == 0 or not parallel"})
    first = [space.sample(random.Random(7)) for _ in range(3)]
    assert first[0] == first[1] == first[2]
    drawn = {configuration_key(space.sample(random.Random(seed))) for seed in range(200)}
    assert drawn == {configuration_key(c) for c in space.configurations()}


def test_a_sample_beside_a_configuration_changes_one_parameter() -> None:
    space = Space([parameter(n, IntegerRange(1, 50)) for n in "abc"], cpus=1)
    start = {"a": 1, "b": 1, "c": 1}
    for seed in range(50):
        other = space.sample(random.Random(seed), start)
        assert sum(other[name] != start[name] for name in start) <= 1


@settings(max_examples=40, deadline=None, database=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 40), st.booleans())
def test_enumeration_equals_filtering_the_product(a: int, b: int, limit: int, flag: bool) -> None:
    parameters = [
        parameter("a", IntegerRange(1, a)),
        parameter("b", IntegerRange(1, b), when="a > 2"),
        parameter("f", Flag()),
    ]
    text = f"a * b < {limit} or f == {str(flag).lower()}"
    space = Space(parameters, {"c": text}, cpus=1, default={"b": 1})
    expected = {
        configuration_key(space.canonical({"a": x, "b": y, "f": f}))
        for x, y, f in itertools.product(range(1, a + 1), range(1, b + 1), (False, True))
        if (x * (y if x > 2 else 1) < limit or f == flag)
    }
    assert {configuration_key(c) for c in space.configurations()} == expected
    assert space.size == len(expected)
