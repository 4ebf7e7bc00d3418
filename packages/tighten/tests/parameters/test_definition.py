"""Definitions: every occurrence is judged by what it is in the tree."""

from __future__ import annotations

import pytest
from tighten.parameters.definition import Constants, described, is_in
from tighten.parameters.literal import Language


def names(text: str, language: Language, name: str = "N") -> list[str]:
    found = Constants(text.encode(), language).definitions(name)
    return ["/".join("|".join(sorted(part)) for part in one.scope) for one in found]


def test_scopes_are_listed_from_the_outside_in() -> None:
    text = "mod a { impl<T> b::Q<T> { const N: u8 = 1; fn f() { const N: u8 = 2; } } }"
    assert names(text, Language.RUST) == ["a/Q", "a/Q/f"]
    text = "namespace a::b { struct S { void f() { const int N = 1; } }; }"
    assert names(text, Language.CPP) == ["a/b/S/f"]
    assert names("const int A::B::N = 1;", Language.CPP) == ["A/B"]
    assert names("class A:\n class B:\n  N = 1\n", Language.PYTHON) == ["A/B"]
    assert names("impl X for S { const N: u8 = 1; }", Language.RUST) == ["<S as X>|S"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.RUST, "fn f(N: u8) -> u8 { let N = 3; N }"),
        (Language.RUST, "struct S { N: u8 } enum E { N = 4 }"),
        (Language.C, "int f(const int N) { return N; } struct s { int N; };"),
        (Language.C, "void f(void) { for (int i = N; i < N; ++i) x[N] = N; }"),
        (Language.CPP, "template <int N = 4> struct S {}; extern const int N;"),
        (Language.PYTHON, "def f(N=3):\n  N = 4\n  return [N for N in x]\nf(N=3)\nself.N = 4\n"),
        (Language.PYTHON, "x = {'N': 3}\nN.y = 4\nN[0] = 1\n"),
    ],
)
def test_other_uses_of_a_name_are_no_definition(language: Language, text: str) -> None:
    assert names(text, language) == []


def test_longer_names_are_other_names() -> None:
    text = "const N1: u8 = 1; const XN: u8 = 2; const _N: u8 = 3; const ÉN: u8 = 4;"
    assert names(text, Language.RUST) == []
    assert not list(Constants(text.encode(), Language.RUST).occurrences("N"))


def test_scope_matching_takes_the_last_parts() -> None:
    (one,) = Constants(b"mod a { mod b { const N: u8 = 1; } }", Language.RUST).definitions("N")
    assert [is_in(one, scope) for scope in ("a::b", "b", "a", "", "c::a::b")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("// N", "comment"), ('const X: &str = "N";', "text"), ("m!(N);", "macro"),
        ("use a::N;", "import"), ("fn f() { N; }", "use"),
    ],
)  # fmt: skip
def test_occurrences_are_described(text: str, word: str) -> None:
    ((_, node),) = Constants(text.encode(), Language.RUST).occurrences("N")
    assert described(node) == word
