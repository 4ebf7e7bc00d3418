"""Kept trees: derived trees equal fresh ones, and memory stays bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.parameters import syntax
from tighten.parameters.syntax import (
    Splice,
    check_encoding,
    derive,
    parse,
    position,
    spliced,
    walk,
)


def shape(text: bytes, *, keep: bool) -> list[tuple[str, int, int]]:
    root = parse(text, "rust", keep=keep).root_node
    return [(node.type, node.start_byte, node.end_byte) for node in walk(root)]


@settings(max_examples=30, deadline=None, database=None)
@given(st.data())
def test_a_derived_tree_equals_a_fresh_one(data: st.DataObject) -> None:
    text = (
        '// é\nconst A: u8 = 1;\nfn f() -> u8 { A + 日 }\n/* x */ const B: &str = "s";\n'.encode()
    )
    parse(text, "rust")
    for _ in range(3):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 6, len(text))))
        replacement = data.draw(
            st.sampled_from([b"", b"7", b"\n", b'"', b"/*", b"const C: u8 = 2;"])
        )
        splice = Splice(start, end, replacement)
        edited = spliced(text, splice)
        derive(text, splice, edited, "rust")
        assert shape(edited, keep=True) == shape(edited, keep=False)
        text = edited


def test_the_same_text_is_parsed_once_and_memory_is_bounded() -> None:
    text = b"const ONCE: u8 = 1;"
    assert parse(text, "rust") is parse(bytes(bytearray(text)), "rust")
    for number in range(3 * syntax.MAX_TREES):
        parse(b"const A: u32 = %d;" % number, "rust")
        parse(text, "rust")
    assert len(syntax._trees) <= syntax.MAX_TREES
    assert ("rust", text) in syntax._trees


def test_positions_count_characters_from_one() -> None:
    text = "\ufeffé = 1\r\n日本 = 2".encode()
    assert position(text, text.index(b"1")) == (1, 5)
    assert position(text, text.index(b"2")) == (2, 6)
    assert position(text, 3) == (1, 1)


def test_encodings_are_not_mixed() -> None:
    check_encoding(b"\xff", "ascii")
    check_encoding("é".encode(), "日")
    with pytest.raises(ValueError, match="save the file as UTF-8"):
        check_encoding(b"\xff", "é")
