from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tighten.encoding import decode, encode
from tighten.errors import StateError


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    number: float
    count: int | None = None
    color: Color = Color.RED


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    values: Mapping[str, bool | int | float | str]
    leaves: tuple[Leaf, ...] = ()
    one: Leaf | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()


NUMBERS = st.floats(allow_nan=False)
LEAVES = st.builds(Leaf, number=NUMBERS, count=st.none() | st.integers())
FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ROOTS = st.builds(
    Root,
    values=st.dictionaries(st.text(), st.booleans() | st.integers() | NUMBERS | st.text()),
    leaves=st.lists(LEAVES, max_size=3).map(tuple),
    one=st.none() | LEAVES,
    facts=st.dictionaries(st.text(), FACTS, max_size=3),
    words=st.lists(st.text(st.characters(exclude_categories=())), max_size=3).map(tuple),
)


@given(ROOTS)
def test_reading_back_gives_the_same_record_and_types(root: Root) -> None:
    text = encode(root)
    again = decode(Root, text)
    assert again == root
    assert [type(v) for v in again.values.values()] == [type(v) for v in root.values.values()]
    assert text.isascii()
    assert encode(again) == text


def test_not_a_number_survives_and_the_text_is_standard_json() -> None:
    text = encode(Root(values={"x": math.nan}, facts={"a": [{"b": -math.inf}]}))
    json.loads(text, parse_constant=pytest.fail)
    again = decode(Root, text)
    assert math.isnan(float(again.values["x"]))
    assert again.facts == {"a": [{"b": -math.inf}]}


def test_one_is_not_true_is_not_one_point_zero() -> None:
    values = decode(Root, encode(Root(values={"a": 1, "b": 1.0, "c": True, "d": "1"}))).values
    assert [repr(value) for value in values.values()] == ["1", "1.0", "True", "'1'"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "line 1 column 2"),
        ("[]", "expected an object"),
        ("{}", "required field missing"),
        ('{"values": {}, "extra": 1}', "extra"),
        ('{"values": {"a": null}}', "@ Root.values['a']"),
        ('{"values": {}, "leaves": [{"number": 1}, {"number": "1"}]}', "@ Root.leaves[1].number"),
        ('{"values": {}, "leaves": "ab"}', "expected a list"),
        ('{"values": {}, "one": {"number": true}}', "expected float"),
        ('{"values": {}, "one": {"number": 1, "count": 1.5}}', "@ Root.one.count"),
        ('{"values": {}, "one": {"number": 1, "color": "blue"}}', "'blue' is not a valid Color"),
        ('{"values": {}, "one": {"number": {"$float": "1"}}}', "expected a number"),
    ],
)
def test_text_that_is_no_record_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(StateError) as refusal:
        decode(Root, text)
    assert place in str(refusal.value)
    assert "move the state directory away" in str(refusal.value)


def test_reserved_key_is_refused_rather_than_misread() -> None:
    with pytest.raises(ValueError, match="reserved key"):
        encode(Root(values={}, facts={"a": {"$float": "nan"}}))
