"""What follows from stacks: costs, call graphs, categories, differences."""

from __future__ import annotations

import pytest
from tighten.errors import StudyError
from tighten.profile import Categories, Difference, Profile
from tighten.profile.callgraph import CallGraph
from tighten.profile.model import Frame, Provenance, Stack, plain_function


def profile(*rows: tuple[str, float], samples: int = 0, unit: str = "s") -> Profile:
    """Return the profile of stacks written ``a;b;c``; a frame may be ``name@file``."""
    stacks = [
        Stack(tuple(Frame(*name.split("@")) for name in names.split(";")), weight)
        for names, weight in rows
    ]
    return Profile.of(stacks, unit=unit, provenance=Provenance(samples=samples))


def test_own_and_total_cost_count_recursion_once() -> None:
    costs = {c.function: c for c in profile(("a;b", 1.0), ("a;b;a", 2.0), ("a", 4.0)).functions()}
    assert (costs["a"].own, costs["a"].total) == (6.0, 7.0)
    assert (costs["b"].own, costs["b"].total) == (1.0, 3.0)


def test_two_builds_in_two_places_have_the_same_functions() -> None:
    a = profile(("f@/x/a/tree/kernel.py", 1.0)).relative_to("/x/a/tree", "/x/a/artifacts")
    b = profile(("f@/x/b/tree/kernel.py", 1.0)).relative_to("/x/b/tree", "/x/b/artifacts")
    assert a.functions()[0].file == b.functions()[0].file == "kernel.py"


def test_a_call_graph_divides_a_cost_among_callers() -> None:
    graph = CallGraph()
    graph["main", ""].add(1, 1.0)
    graph["main", ""].add_call(("slow", ""), 9.0)
    graph["main", ""].add_call(("fast", ""), 3.0)
    graph["slow", ""].add_call(("shared", ""), 9.0)
    graph["fast", ""].add_call(("shared", ""), 3.0)
    graph["shared", ""].add(7, 12.0)
    stacks = {tuple(f.function for f in s.frames): s.weight for s in graph.stacks()}
    assert stacks == {
        ("main",): pytest.approx(1.0),
        ("main", "slow", "shared"): pytest.approx(9.0),
        ("main", "fast", "shared"): pytest.approx(3.0),
    }


def test_mutual_recursion_keeps_every_own_cost() -> None:
    graph = CallGraph()
    graph["even", ""].add(1, 5.0)
    graph["odd", ""].add(2, 7.0)
    graph["even", ""].add_call(("odd", ""), 10.0)
    graph["odd", ""].add_call(("even", ""), 4.0)
    weights: dict[str, float] = {}
    for stack in graph.stacks():
        weights[stack.frames[-1].function] = (
            weights.get(stack.frames[-1].function, 0.0) + stack.weight
        )
    assert weights == {"even": pytest.approx(5.0), "odd": pytest.approx(7.0)}


@pytest.mark.parametrize(
    ("names", "category"),
    [
        ("main@a.py;inner@a.py", "compute"),
        ("main;<method 'read' of '_io.BufferedReader' objects>", "io"),
        ("main;write_table@/x/site-packages/pyarrow/parquet/core.py", "io"),
        ("main;compile@/x/site-packages/numba/core/dispatcher.py;helper@a.py", "compile"),
        ("_find_and_load@<frozen importlib._bootstrap>;read", "import"),
        ("main;gc_collect_main@libpython3.11.so", "gc"),
        ("main@a.py;take_gil", "gil"),
        ("main;<built-in method time.sleep>", "wait"),
        ("main;thread@a.py", "compute"),
    ],
)
def test_builtin_categories(names: str, category: str) -> None:
    (stack,) = profile((names, 1.0)).stacks
    assert Categories().of(stack) == category


def test_rules_of_the_study_win_and_may_name_their_own() -> None:
    rules = Categories({"tables": ["marsdisk.io*"], "warmup": ["warm_up"], "compute": ["read"]})
    found = profile(
        ("main;load@packages/marsdisk/src/marsdisk/io/series.py", 2.0),
        ("main;warm_up;step", 3.0),
        ("main;read", 4.0),
        ("main;step", 1.0),
    )
    assert rules.split(found) == {"compute": 5.0, "warmup": 3.0, "tables": 2.0}
    assert rules.steady(found).total == 7.0


def test_a_difference_tells_certain_changes_from_counting_noise() -> None:
    before = profile(("hot", 800.0), ("cold", 200.0), samples=1000)
    after = profile(("hot", 400.0), ("cold", 210.0), samples=610)
    changes = {c.function: c for c in Difference.of(before, after).changes()}
    assert changes["hot"].own == -400.0
    assert changes["hot"].is_certain
    assert not changes["cold"].is_certain


def test_a_measured_ratio_of_times_scales_the_second_profile() -> None:
    found = Difference.of(profile(("f", 2.0)), profile(("f", 5.0)), time_ratio=0.5)
    assert found.after.total == pytest.approx(1.0)


def test_units_that_differ_cannot_be_compared() -> None:
    with pytest.raises(StudyError, match="in s with one in instructions; take both with the same"):
        Difference.of(profile(("f", 1.0)), profile(("f", 1.0), unit="instructions"))


def test_code_without_a_name_is_part_of_its_caller() -> None:
    """What Numba or a JIT compiles has neither symbol nor file."""
    task, nobody = Frame("task", "run.py", 7), Frame(plain_function("0x7f12", "?"), "?")
    stacks = [Stack((task,), 1.0), Stack((task, nobody, nobody), 3.0), Stack((nobody,), 0.5)]
    profile = Profile.of(stacks)
    assert [(stack.frames, stack.weight) for stack in profile.stacks] == [
        ((task,), 4.0),
        ((nobody,), 0.5),
    ]
