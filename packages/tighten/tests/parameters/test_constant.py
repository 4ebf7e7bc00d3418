"""Constant expressions: their value in each language, and shapes that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tighten.parameters.constant import Initialiser, evaluated, expression_in, hint_type, rewritten
from tighten.parameters.literal import Language
from tighten.parameters.syntax import spliced

if TYPE_CHECKING:
    from tighten.parameters.domain import Value

C, CPP, PYTHON, RUST = Language.C, Language.CPP, Language.PYTHON, Language.RUST
KNOWN: dict[str, Value] = {"K": 1024, "Self::K": 1024, "HALF": 0.5}


def resolve(name: str) -> Value:
    if name in KNOWN:
        return KNOWN[name]
    raise ValueError(f"{name} is unknown")


def place(text: str, language: Language) -> Initialiser:
    found = expression_in(text.encode(), language)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        (RUST, "(1 << 4) - 1", 15),
        (RUST, "-7 / 2", -3),
        (RUST, "-7 % 2", -1),
        (RUST, "3 * Self::K as usize", 3072),
        (RUST, "u8::MAX", 255),
        (RUST, "i32::MIN", -(2**31)),
        (RUST, "!false && true", True),
        (RUST, "0xF0 | 0x0F ^ 0b1", 254),
        (RUST, "2.0 * HALF", 1.0),
        (C, "(size_t)-1", 2**64 - 1),
        (C, "(unsigned char)255 + 1", 256),
        (C, "010 + 1", 9),
        (C, "1 / 2 * 4", 0),
        (CPP, "static_cast<int>(2.9)", 2),
        (CPP, "std::size_t{4} << 2", 16),
        (CPP, "K >= 1024 || false", True),
        (PYTHON, "7 / 2", 3.5),
        (PYTHON, "-7 // 2", -4),
        (PYTHON, "-7 % 2", 1),
        (PYTHON, "2 ** 10 - 1", 1023),
        (PYTHON, "not True or K > 3", True),
        (PYTHON, "~0 & 0xFF", 255),
    ],
)
def test_value(language: Language, text: str, value: Value) -> None:
    result = evaluated(place(text, language), resolve)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("language", "text", "message"),
    [
        (RUST, "f(1)", "a call"),
        (RUST, "(1, 2)", "a tuple"),
        (RUST, "X + 1", "X is unknown"),
        (RUST, "1 / 0", "cannot be computed"),
        (RUST, "1 << 100000", "bits"),
        (RUST, "300 as u8", "does not fit u8"),
        (PYTHON, "9 ** 9 ** 9", "bits"),
        (PYTHON, "'a' + 1", "cannot be computed"),
        (PYTHON, "lambda: 1", "a function"),
        (PYTHON, "1 @ 2", "operator @"),
        (C, "a ? 1 : 2", "a condition"),
    ],
)
def test_what_has_no_value_is_refused(language: Language, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluated(place(text, language), resolve)


@pytest.mark.parametrize("text", ["", "1; 2", "1 2", "= 3"])
def test_what_is_no_expression_is_none(text: str) -> None:
    assert expression_in(text.encode(), C) is None


@pytest.mark.parametrize(
    ("language", "text", "value", "expected"),
    [
        (RUST, "1 << 14", 1 << 20, "1 << 20"),
        (RUST, "1 << 14", 1, "1 << 0"),
        (RUST, "1 << 14", 0, "0"),
        (RUST, "3 << 2", 48, "3 << 4"),
        (RUST, "1usize << 14", 30_000, "30_000usize"),
        (RUST, "16 * 1024 * 1024", 3 << 20, "3 * 1024 * 1024"),
        (RUST, "1024 * 16", 32 * 1024, "1024 * 32"),
        (RUST, "16 * K", 32 * 1024, "32 * K"),
        (RUST, "K * 16", 32 * 1024, "K * 32"),
        (RUST, "16 * K", 1000, "1000"),
        (RUST, "(16 * K) as u32", 2048, "(2 * K) as u32"),
        (RUST, "(16 * K) as u32", 1000, "(1000) as u32"),
        (RUST, "2.0 * HALF", 0.25, "0.25"),
        (C, "(1u << 4)", 30, "(30u)"),
        (C, "4 * 0x100", 512, "2 * 0x100"),
        (PYTHON, "10 ** 3", 100_000, "10 ** 5"),
        (PYTHON, "2 ** 3", 9, "9"),
    ],
)
def test_shapes_are_kept_while_they_can_carry_the_value(
    language: Any, text: Any, value: Any, expected: Any
) -> None:
    before = place(text, language)
    after = spliced(text.encode(), rewritten(before, value, resolve)).decode()
    assert after == expected
    assert evaluated(place(after, language), resolve) == value
    present = evaluated(before, resolve)
    assert spliced(text.encode(), rewritten(before, present, resolve)).decode() == text


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        (RUST, "1u16 << 2", "u16"),
        (RUST, "4 as u8", "u8"),
        (C, "((uint8_t)3)", "uint8_t"),
        (CPP, "static_cast<unsigned>(3)", "unsigned"),
        (CPP, "1.0f", "float"),
    ],
)
def test_the_expression_shows_its_type(language: Language, text: str, name: str) -> None:
    type_ = hint_type(place(text, language))
    assert type_ is not None
    assert type_.name == name


def test_a_plain_number_shows_no_type() -> None:
    assert hint_type(place("1 << 3", RUST)) is None
