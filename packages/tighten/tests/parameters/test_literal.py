"""Literals: value, style, type; each style example was chosen by what a maintainer would write."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.parameters.literal import (
    Kind,
    Language,
    declared_type,
    fitted,
    literal_value,
    plain_literal,
    restyled,
    suffix_type,
)

C, CPP, JSON, PYTHON, RUST, TOML, YAML = (
    Language.C, Language.CPP, Language.JSON, Language.PYTHON, Language.RUST, Language.TOML,
    Language.YAML,
)  # fmt: skip
PROPERTY = settings(max_examples=120, deadline=None, database=None)

STYLES = [
    (RUST, "30_000", 30000, 8000, "8_000"),
    (RUST, "30_000", 30000, 1234567, "1_234_567"),
    (RUST, "30_000usize", 30000, 500, "500usize"),
    (RUST, "3_0000_u64", 30000, 123456789, "1_2345_6789_u64"),
    (RUST, "0x7530", 30000, 8000, "0x1f40"),
    (RUST, "0x00FF", 255, 256, "0x0100"),
    (RUST, "0xFF_FFu32", 65535, 4096, "0x10_00u32"),
    (RUST, "0b1010", 10, 5, "0b101"),
    (RUST, "0o17", 15, 8, "0o10"),
    (RUST, "3.0e4", 3e4, 2.5e5, "2.5e5"),
    (RUST, "3.0e4", 3e4, 2e4, "2.0e4"),
    (RUST, "1.5f32", 1.5, 2.0, "2.0f32"),
    (RUST, "30f64", 30.0, 2.5, "2.5f64"),
    (RUST, "30f64", 30.0, 2.0, "2f64"),
    (RUST, "1.", 1.0, 2.0, "2."),
    (RUST, "1_000.5", 1000.5, 123456.25, "123_456.25"),
    (RUST, "0.000_001", 1e-6, 0.00025, "0.000_25"),
    (RUST, "1.0", 1.0, 1e-20, "1.0e-20"),
    (RUST, "-1", -1, 5, "5"),
    (RUST, "- 1", -1, -5, "- 5"),
    (RUST, "5", 5, -1, "-1"),
    (RUST, "true", True, False, "false"),
    (RUST, '"a"', "a", 'b"\n', '"b\\"\\n"'),
    (C, "0755", 493, 8, "010"),
    (C, "0x1Fu", 31, 2, "0x2u"),
    (C, "10ULL", 10, 7, "7ULL"),
    (C, "3l", 3, 4, "4l"),
    (C, ".5f", 0.5, 0.25, ".25f"),
    (C, ".5f", 0.5, 1.5, "1.5f"),
    (C, "1e-03", 1e-3, 2e-5, "2e-05"),
    (C, "1.00", 1.0, 1.5, "1.50"),
    (C, "1.00", 1.0, 1.125, "1.125"),
    (C, "1E+6", 1e6, 2e7, "2E+7"),
    (C, "'a'", "a", "'", "'\\''"),
    (CPP, "1'000", 1000, 25000, "25'000"),
    (CPP, "0b1111'0000u", 240, 15, "0b1111u"),
    (PYTHON, "True", True, False, "False"),
    (PYTHON, "0X1F", 31, 255, "0XFF"),
    (PYTHON, "300e-6", 300e-6, 0.00025, "250e-6"),
    (PYTHON, "'a'", "a", "it's", "'it\\'s'"),
    (TOML, "+5", 5, 3, "+3"),
    (TOML, "+5", 5, -3, "-3"),
    (TOML, "'a'", "a", "b\\c", "'b\\c'"),
    (TOML, "'a'", "a", "it's", '"it\'s"'),
    (YAML, "'it''s'", "it's", "x'y", "'x''y'"),
    (JSON, '"\\u00e9\\/"', "é/", "日\n", '"日\\n"'),
    (JSON, "-1.5E3", -1500.0, 2.5, "2.5E0"),
]


@pytest.mark.parametrize(("language", "text", "value", "other", "expected"), STYLES)
def test_style_survives(
    language: Language, text: str, value: Any, other: Any, expected: str
) -> None:
    assert literal_value(text, language) == value
    assert restyled(text, other, language) == expected
    assert literal_value(expected, language) == other


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (RUST, 'r"raw"'), (RUST, 'b"x"'), (RUST, '"\\u{1F600}"'), (C, "0x1p3"), (C, "1_000"),
        (CPP, "12_km"), (PYTHON, "f'x'"), (PYTHON, "'''a'''"), (PYTHON, "3j"), (TOML, "inf"),
        (TOML, "2020-01-01"), (YAML, "plain words"), (JSON, "null"), (JSON, "1_000"),
        (RUST, "1e999"), (PYTHON, ""), (PYTHON, "."), (PYTHON, "-"),
    ],
)  # fmt: skip
def test_other_literals_are_refused(language: Language, text: str) -> None:
    with pytest.raises(ValueError, match=r"literal|escape|prefix|Expecting"):
        literal_value(text, language)


INTEGER_STYLES = {
    RUST: ["1_000", "1000usize", "0x00ff", "0XFF", "0b1_0000", "0o17", "-5", "12i64"],
    CPP: ["1'000", "1000u", "0xffULL", "0b1111'0000", "017", "-5"],
    PYTHON: ["1_000", "0xFF", "0b1", "0o7", "+5"],
    TOML: ["1_000", "0xff", "-5", "+5"],
}
REAL_STYLES = {
    RUST: ["1.0", "3.0e4", "1_000.5", "0.000_001", "2.", "1f64", "-1.5e-3", "1.00"],
    C: [".5", "1.f", "1e-03", "1E+6", "-2.5", "3.0L"],
    JSON: ["1.0", "1e5", "-2.5E-3"],
}


@PROPERTY
@given(
    st.integers(-(2**70), 2**70),
    st.sampled_from([(k, t) for k, v in INTEGER_STYLES.items() for t in v]),
)
def test_every_integer_survives_every_style(value: int, style: tuple[Language, str]) -> None:
    language, text = style
    assert literal_value(restyled(text, value, language), language) == value


@PROPERTY
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([(k, t) for k, v in REAL_STYLES.items() for t in v]),
)
def test_every_real_number_survives_every_style(value: float, style: tuple[Language, str]) -> None:
    language, text = style
    again = literal_value(restyled(text, value, language), language)
    assert again == value
    assert math.copysign(1.0, again) == math.copysign(1.0, value)


@PROPERTY
@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from("'\""),
    st.sampled_from(list(Language)),
)
def test_every_printable_text_survives_quoting(value: str, quote: str, language: Language) -> None:
    style = '"a"' if language is JSON else f"{quote}a{quote}"
    assert literal_value(restyled(style, value, language), language) == value


@PROPERTY
@given(st.sampled_from([row[:3] for row in STYLES]))
def test_the_same_value_gives_the_same_text(row: Any) -> None:
    language, text, value = row
    if "\\" not in text:
        assert restyled(text, value, language).lower() == text.lower()


def test_control_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="control characters"):
        restyled('"a"', "\x07", PYTHON)


@pytest.mark.parametrize(
    ("language", "text", "low", "high"),
    [
        (RUST, "u8", 0, 255),
        (RUST, "i128", -(2**127), 2**127 - 1),
        (RUST, "usize", 0, 2**64 - 1),
        (C, "unsigned", 0, 2**32 - 1),
        (C, "long unsigned int", 0, 2**64 - 1),
        (C, "short", -(2**15), 2**15 - 1),
        (C, "signed char", -128, 127),
        (CPP, "std::size_t", 0, 2**64 - 1),
        (CPP, "std::uint_fast16_t", 0, 2**16 - 1),
        (CPP, "const long long", -(2**63), 2**63 - 1),
    ],
)
def test_ranges_of_integer_types(language: Language, text: str, low: int, high: int) -> None:
    type_ = declared_type(language, text)
    assert type_ is not None
    assert (type_.kind, type_.low, type_.high) == (Kind.INTEGER, low, high)
    assert (fitted(low, type_), fitted(high, type_)) == (low, high)
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"from {low} to {high}"):
            fitted(value, type_)


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        (RUST, "bool", Kind.FLAG),
        (RUST, "&'static str", Kind.TEXT),
        (RUST, "char", Kind.CHARACTER),
        (RUST, "f32", Kind.REAL),
        (PYTHON, "Final[int]", Kind.INTEGER),
        (PYTHON, "'typing.Final[float]'", Kind.REAL),
        (PYTHON, "ClassVar[bool]", Kind.FLAG),
        (CPP, "long double", Kind.REAL),
    ],
)
def test_kinds_of_other_types(language: Language, text: str, kind: Kind) -> None:
    type_ = declared_type(language, text)
    assert type_ is not None
    assert type_.kind is kind


@pytest.mark.parametrize(
    ("language", "text"), [(RUST, "Duration"), (CPP, "auto"), (PYTHON, "Final"), (C, "my_t")]
)
def test_other_types_are_unknown(language: Language, text: str) -> None:
    assert declared_type(language, text) is None


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        ("usize", -1), ("usize", 1.5), ("usize", math.nan), ("usize", math.inf), ("usize", True),
        ("usize", "3"), ("f32", 1e39), ("f32", 1e-60), ("f64", math.inf), ("f64", 2**53 + 1),
        ("f64", 10**400), ("bool", 1), ("bool", "true"), ("char", "ab"), ("&str", 3),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(type_text: str, value: Any) -> None:
    type_ = declared_type(RUST, type_text)
    assert type_ is not None
    with pytest.raises(ValueError, match=r"does not fit .* allowed: .* Choose such values"):
        fitted(value, type_)


def test_numbers_become_what_the_type_holds() -> None:
    integer, real = declared_type(RUST, "u8"), declared_type(RUST, "f32")
    assert integer is not None
    assert real is not None
    assert repr(fitted(3.0, integer)) == "3"
    assert repr(fitted(3, real)) == "3.0"
    assert fitted(0.1, real) == 0.1


def test_suffixes_show_the_type() -> None:
    shown = [suffix_type(t, k) for t, k in (("1u8", RUST), ("1.0f32", RUST), ("1.f", C), ("1u", C))]
    found = [type_.name for type_ in shown if type_]
    assert found == ["u8", "f32", "float", "a literal with suffix u"]
    assert suffix_type("1.0L", C) is not None
    assert suffix_type("10", RUST) is None
    assert suffix_type('"a"', C) is None


def test_plain_literals() -> None:
    assert plain_literal(30000, RUST) == "30_000"
    assert plain_literal(9999, RUST) == "9999"
    assert plain_literal(30000, C) == "30000"
    assert plain_literal(0.25, C) == "0.25"
    assert plain_literal(2.0, YAML) == "2.0"
    assert plain_literal(True, PYTHON) == "True"  # the value of a literal
    assert plain_literal("a", JSON) == '"a"'
