"""Which changes are at fault: minimal, found in few questions, never more than allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tighten.gates import culprits

NAMES = tuple("abcdefgh")


@given(
    changed=st.sets(st.sampled_from(NAMES), min_size=1).map(sorted),
    data=st.data(),
)
def test_the_set_fails_and_none_of_it_can_be_left_out(
    changed: list[str], data: st.DataObject
) -> None:
    guilty = set(data.draw(st.sets(st.sampled_from(changed), min_size=1)))
    asked: list[tuple[str, ...]] = []

    def fails(names: tuple[str, ...]) -> bool:
        asked.append(names)
        return guilty <= set(names)

    assert set(culprits(changed, fails, limit=1000)) == guilty
    assert len(asked) == len(set(asked))
    assert len(asked) <= len(changed) ** 2 + 3 * len(changed)


@given(single=st.sampled_from(NAMES))
def test_one_culprit_of_eight_is_found_by_halving(single: str) -> None:
    asked = []

    def fails(names: tuple[str, ...]) -> bool:
        asked.append(names)
        return single in names

    assert culprits(NAMES, fails, limit=16) == (single,)
    assert len(asked) <= 6


@given(limit=st.integers(0, 10))
def test_no_more_is_asked_than_allowed(limit: int) -> None:
    asked = []

    def fails(names: tuple[str, ...]) -> bool:
        asked.append(names)
        return {"a", "h"} <= set(names)

    assert {"a", "h"} <= set(culprits(NAMES, fails, limit=limit))
    assert len(asked) <= limit
