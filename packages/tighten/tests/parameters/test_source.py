"""Constants of Rust, C, C++ and Python: edited without loss, or refused with a reason."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tighten.errors import BindingError, StudyError
from tighten.parameters.source import SourceConstant

PROPERTY = settings(max_examples=60, deadline=None, database=None)


def constant(file: str = "a.rs", name: str = "A", **options: Any) -> SourceConstant:
    return SourceConstant(parameter="p", file=Path(file), name=name, **options)


def value_in(tmp_path: Path, text: bytes, binding: SourceConstant) -> Any:
    (tmp_path / binding.file).write_bytes(text)
    return binding.read(tmp_path).value


def assert_edit(
    tmp_path: Path, binding: SourceConstant, text: Any, value: Any, expected: Any
) -> None:
    """Edit, compare, read back, and write the first value back into the first text."""
    before = text if isinstance(text, bytes) else text.encode()
    after = expected if isinstance(expected, bytes) else expected.encode()
    present = value_in(tmp_path, before, binding)
    assert binding.edit(before, value) == after
    assert value_in(tmp_path, after, binding) == value
    assert binding.edit(before, present) == before
    assert binding.edit(after, value) == after


RUST_FORMS = [
    ("pub const A: usize = 30_000;", 8000, "pub const A: usize = 8_000;"),
    ("const A: usize = 1 << 14;", 1 << 15, "const A: usize = 1 << 15;"),
    ("const A: usize = 1 << 14;", 30_000, "const A: usize = 30_000;"),
    ("const A: usize = 32 * 1024;", 64 * 1024, "const A: usize = 64 * 1024;"),
    ("const A: usize = 1024 * 32;", 64 * 1024, "const A: usize = 1024 * 64;"),
    ("const A: usize = 4 * 1024 * 1024;", 1 << 23, "const A: usize = 8 * 1024 * 1024;"),
    ("const A: usize = 30_000usize;", 8000, "const A: usize = 8_000usize;"),
    ("const A: usize = 0x7530;", 8000, "const A: usize = 0x1f40;"),
    ("const A: f64 = 3.0e4;", 8000.0, "const A: f64 = 8.0e3;"),
    ("const A: f64 = 3.0e4;", 8000, "const A: f64 = 8.0e3;"),
    ("const A: i32 = -1;", 5, "const A: i32 = 5;"),
    ("const A: i32 = 5;", -1, "const A: i32 = -1;"),
    ("const A: bool = true;", False, "const A: bool = false;"),
    ("static A: u8 = 3;", 255, "static A: u8 = 255;"),
    ("static mut A: u8 = 3;", 4, "static mut A: u8 = 4;"),
    ("pub(crate) const A: u8 = 3;", 4, "pub(crate) const A: u8 = 4;"),
    ("mod m { const A: u8 = 3; }", 4, "mod m { const A: u8 = 4; }"),
    ("impl G { const A: u8 = 3; }", 4, "impl G { const A: u8 = 4; }"),
    ("const\n  A\n  : u8\n  =\n  3\n;", 4, "const\n  A\n  : u8\n  =\n  4\n;"),
    ("#[allow(x)] /* A */\nconst A: u8 = 3; // A = 3", 4,
     "#[allow(x)] /* A */\nconst A: u8 = 4; // A = 3"),
    ("#[cfg(x)]\nconst A: u8 = 3;", 4, "#[cfg(x)]\nconst A: u8 = 4;"),
    ("const A: u8 = !0;", 4, "const A: u8 = 4;"),
    ("const A: usize = usize::MAX;", 5, "const A: usize = 5;"),
    ("const A: u64 = (1 << 4) as u64;", 32, "const A: u64 = (1 << 5) as u64;"),
    ("const K: usize = 1024; const A: usize = 3 * K;", 4096,
     "const K: usize = 1024; const A: usize = 4 * K;"),
    ("const A: &str = \"x\"; // \"x\"", 'a"b', 'const A: &str = "a\\"b"; // "x"'),
    ("const A: char = 'x';", "'", "const A: char = '\\'';"),
    ("const AA: u8 = 1; const A: u8 = 2; const A_: u8 = 3; fn f() -> u8 { A }", 9,
     "const AA: u8 = 1; const A: u8 = 9; const A_: u8 = 3; fn f() -> u8 { A }"),
    ("macro_rules! m { () => { const A: u8 = 1; } }\nconst A: u8 = 2;", 3,
     "macro_rules! m { () => { const A: u8 = 1; } }\nconst A: u8 = 3;"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "expected"), RUST_FORMS)
def test_rust_forms(tmp_path: Path, text: str, value: Any, expected: str) -> None:
    assert_edit(tmp_path, constant(), text, value, expected)


C_FORMS = [
    ("a.c", "#define N (1u << 4)\n", 32, "#define N (1u << 5)\n"),
    ("a.c", "#define N (1u << 4) // N\r\n", 30, "#define N (30u) // N\r\n"),
    ("a.c", "#  define N\t64 /* l */\n", -1, "#  define N\t-1 /* l */\n"),
    ("a.c", "#define M 4\n#define N M * 4\n", 32, "#define M 4\n#define N M * 8\n"),
    ("a.c", "#define N 1 \\\n + 2 // c\n", 7, "#define N 7 // c\n"),
    ("a.c", "#define N true\n", False, "#define N false\n"),
    ("a.c", "#define N \"aos\"\n", "soa", "#define N \"soa\"\n"),
    ("a.c", "static const int n = 3, N = 4;\n", 5, "static const int n = 3, N = 5;\n"),
    ("a.c", "extern const int N;\nconst int N = 4;", 32, "extern const int N;\nconst int N = 32;"),
    ("a.c", "enum { M, N = 4 };", 5, "enum { M, N = 5 };"),
    ("a.c", "const unsigned long long N = 7ull;", 2**64 - 1,
     "const unsigned long long N = 18446744073709551615ull;"),
    ("a.c", "const size_t N = (size_t)4 * 1024;", 7168, "const size_t N = (size_t)7 * 1024;"),
    ("a.c", "static double const N = 1.0/3.0;", 0.25, "static double const N = 0.25;"),
    ("a.c", "const char N = 'a';", "b", "const char N = 'b';"),
    ("a.c", "const char *const N = \"a\";", "b", "const char *const N = \"b\";"),
    ("a.c", "const double N = 1;", 2.5, "const double N = 2.5;"),
    ("a.h", "#pragma once\n#define N 3l\n", 4, "#pragma once\n#define N 4l\n"),
    ("a.h", "template<class T> struct S { static const int N = 4; };", 3,
     "template<class T> struct S { static const int N = 3; };"),
    ("a.cpp", "constexpr std::size_t N = 1'000;", 25000, "constexpr std::size_t N = 25'000;"),
    ("a.cpp", "inline constexpr auto N = 0b1010u;", 5, "inline constexpr auto N = 0b101u;"),
    ("a.cpp", "constexpr int N(3);", 4, "constexpr int N(4);"),
    ("a.cpp", "struct K { static constexpr unsigned N{3u}; };", 4,
     "struct K { static constexpr unsigned N{4u}; };"),
    ("a.cpp", "const int K::N = 3;", 4, "const int K::N = 4;"),
    ("a.cpp", "constexpr auto N = static_cast<std::uint8_t>(5);", 255,
     "constexpr auto N = static_cast<std::uint8_t>(255);"),
    ("a.cpp", "constexpr auto N = std::size_t{5};", 6, "constexpr auto N = std::size_t{6};"),
    ("a.cpp", "const float N = -1.5e3f;", 2500.0, "const float N = 2.5e3f;"),
    ("a.cu", "constexpr bool N = true;", False, "constexpr bool N = false;"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "value", "expected"), C_FORMS)
def test_c_and_cpp_forms(tmp_path: Path, file: str, text: str, value: Any, expected: str) -> None:
    assert_edit(tmp_path, constant(file, "N"), text, value, expected)


PYTHON_FORMS = [
    ("N = 30_000\n", 8000, "N = 8_000\n"),
    ("N: int = 3  # N = 3\n", 4, "N: int = 4  # N = 3\n"),
    ("N: Final = 3\n", 4, "N: Final = 4\n"),
    ("N: Final[float] = 3\n", 2.5, "N: Final[float] = 2.5\n"),
    ("class K:\n    N = -3\n", 4, "class K:\n    N = 4\n"),
    ("N = True", False, "N = False"),
    ("N = 0.5", 1, "N = 1.0"),
    ("N = 2 ** 10", 2048, "N = 2 ** 11"),
    ("N = (\n  4\n  * 1024  # c\n)\n", 8192, "N = (\n  8\n  * 1024  # c\n)\n"),
    ("M = 4\nN = M * 2\n", 16, "M = 4\nN = M * 4\n"),
    ("N = 'auto'", 3, "N = 3"),
    ("N = 3", "auto", 'N = "auto"'),
    (
        "def f(N=1):\n    N = 3\n    return N\nN = 4\nf(N=3)\nx.N = 5\n",
        7,
        "def f(N=1):\n    N = 3\n    return N\nN = 7\nf(N=3)\nx.N = 5\n",
    ),
    ('"""N = 1"""\nN = 4\nNN = 2\n', 7, '"""N = 1"""\nN = 7\nNN = 2\n'),
    ("if True:\n\tN = 4\n", 7, "if True:\n\tN = 7\n"),
]


@pytest.mark.parametrize(("text", "value", "expected"), PYTHON_FORMS)
def test_python_forms(tmp_path: Path, text: str, value: Any, expected: str) -> None:
    assert_edit(tmp_path, constant("a.py", "N"), text, value, expected)


C_BRANCHES = """\
#ifndef CONFIG_H
#  ifdef  USE_MKL  /* fast */
#    define A 1
#  elif X > 2
#    if Y
#      define A 2
#    else  // not Y
#      define A 3
#    endif
#  endif
namespace n { const int A = 4; }
#endif
"""
RUST_BRANCHES = """\
#[cfg(a)]
#[allow(unused)]
// why
const A: u8 = 1;
#[cfg( not(a) )] mod m { pub const A: u8 = 2; }
#[inline]
mod free { pub const A: u8 = 3; }
"""
PYTHON_BRANCHES = """\
try:
    A = 1
except ImportError:
    if os.name == "nt":  # there
        A = 2
    elif True:
        A = 3
    else:
        A = 4
"""
BRANCHES = [
    ("a.hpp", C_BRANCHES, "#ifdef USE_MKL", 1),
    ("a.hpp", C_BRANCHES, "#if Y", 2),
    ("a.hpp", C_BRANCHES, "# else", 3),
    ("a.rs", RUST_BRANCHES, "#[cfg(a)]", 1),
    ("a.rs", RUST_BRANCHES, "#[cfg( not(a) )]", 2),
    ("a.py", PYTHON_BRANCHES, "try:", 1),
    ("a.py", PYTHON_BRANCHES, 'if os.name == "nt":', 2),
    ("a.py", PYTHON_BRANCHES, "elif True:", 3),
    ("a.py", PYTHON_BRANCHES, "else:", 4),
]


@pytest.mark.parametrize(("file", "text", "branch", "value"), BRANCHES)
def test_branch_chooses_among_twins(
    tmp_path: Path, file: str, text: str, branch: str, value: int
) -> None:
    binding = SourceConstant(parameter="p", file=Path(file), name="A", branch=branch)
    (tmp_path / file).write_text(text)
    assert binding.read(tmp_path).value == value
    edited = binding.edit(text.encode(), 7).decode()
    changed = [new for old, new in zip(text, edited, strict=True) if old != new]
    assert changed == ["7"]


@pytest.mark.parametrize(
    ("branch", "message"),
    [
        (
            "#elif X > 2",
            r"2 definitions of A: a.hpp:6:15 \(top level under #if Y\); .* under #else",
        ),
        ("#ifdef FAST", r"no definition of A in branch '#ifdef FAST', but a.hpp:3:13"),
    ],
)
def test_branch_that_does_not_choose_one(tmp_path: Path, branch: str, message: str) -> None:
    binding = SourceConstant(parameter="p", file=Path("a.hpp"), name="A", branch=branch)
    (tmp_path / "a.hpp").write_text(C_BRANCHES)
    with pytest.raises(BindingError, match=message):
        binding.read(tmp_path)


REFUSED = [
    ("a.rs", "const A: [u8; 3] = [1, 2, 3];", "an array"),
    ("a.rs", "const A: Option<u8> = Some(3);", "a call"),
    ("a.rs", "const A: usize = f();", "a call"),
    ("a.rs", "const A: usize = B;", "depends on B, which has no constant"),
    ("a.rs", "const A: usize = A;", "depends on itself"),
    ("a.rs", "const A: &str = r\"x\";", "raw"),
    ("a.rs", "// const A: u8 = 3;", r"no definition .* a\.rs:1:10 \(comment\)"),
    ("a.rs", "const B: &str = \"const A: u8 = 3;\";", r"\(text\)"),
    ("a.rs", "lazy_static! { static ref A: u8 = 5; }", r"\(macro\)"),
    ("a.rs", "trait T { const A: u8; }", "without a value"),
    ("a.rs", "const A: u8 = 3 3;", "cannot be parsed"),
    ("a.rs", "fn main() {}", "Correct the name or the file"),
    ("a.rs", "#[cfg(x)]\nconst A: u8 = 3;\n#[cfg(y)]\n  const A: u8 = 4;",
     r"2 definitions of A: a\.rs:2:7 \(top level under #\[cfg\(x\)\]\); a\.rs:4:9 \(top level u"),
    ("a.rs", "mod a { const A: u8 = 1; } impl b::S<T> { const A: u8 = 1; }",
     r"a\.rs:1:15 \(a\); a\.rs:1:49 \(S\)"),
    ("a.c", "int A = 3;", "a variable"),
    ("a.c", "const int A[2] = {1, 2};", "an array"),
    ("a.c", "const int *const A = 0;", "a pointer"),
    ("a.c", "#define A(x) 3\n", "with parameters"),
    ("a.c", "#define A\n", "without a value"),
    ("a.c", "#define A if (x) y\n", "no constant expression"),
    ("a.c", "#define A {1, 2}\n", "a list of values"),
    ("a.c", "#define A sizeof(int)\n", "no constant expression"),
    ("a.c", "#ifdef X\n#define A 3\n#else\n#define A 4\n#endif\n", "2 definitions"),
    ("a.c", "const int A = 1 / 0;", "division|zero"),
    ("a.cpp", "extern const int A;", "no definition"),
    ("a.py", "A = 3\nA = 4\n", r"2 definitions of A: a\.py:1:1 .* a\.py:2:1"),
    ("a.py", "A = 4\nA += 1", "2 definitions"),
    ("a.py", "A = 4\nfor A in x: pass", "2 definitions"),
    ("a.py", "from x import A\nA = 4", "2 definitions"),
    ("a.py", "def f():\n  global A\n  A = 3\nA = 2\n", "2 definitions"),
    ("a.py", "A = B = 4", "several names"),
    ("a.py", "A, B = 4, 5", "by itself"),
    ("a.py", "A = [1]", "a list"),
    ("a.py", "A = 'a' 'b'", "several pieces"),
    ("a.py", "A: int\n", "no definition"),
    ("a.py", "def f():\n  A = 3\n", r"\(local\)"),
    ("a.py", "A = 1e999", "not a literal"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "message"), REFUSED)
def test_what_cannot_be_edited_is_refused(
    tmp_path: Path, file: Any, text: Any, message: Any
) -> None:
    binding = constant(file)
    (tmp_path / file).write_text(text)
    for act in (lambda: binding.read(tmp_path), lambda: binding.edit(text.encode(), 1)):
        with pytest.raises(BindingError, match=message) as caught:
            act()
        assert str(caught.value).startswith(f"parameter p: A in {file}")


MISFITS = [
    ("a.rs", "const A: usize = 3;", -1, "-1 does not fit usize; allowed: .* from 0 to 1844"),
    ("a.rs", "const A: u8 = 3;", 256, "from 0 to 255"),
    ("a.rs", "const A: i8 = 3;", -129, "from -128 to 127"),
    ("a.rs", "const A: usize = 3;", 1.5, "1.5 does not fit usize"),
    ("a.rs", "const A: f64 = 3.0;", float("inf"), "Infinity does not fit f64"),
    ("a.rs", "const A: f32 = 3.0;", float("nan"), "NaN does not fit f32"),
    ("a.rs", "const A: bool = true;", 1, "1 does not fit bool"),
    ("a.rs", "const A: Alias = 3u16;", 70000, "does not fit u16"),
    ("a.rs", "const A: Alias = 3;", 0.5, "0.5 does not fit"),
    ("a.rs", "const A: &str = \"a\";", 3, "3 does not fit &str"),
    ("a.c", "#define A 3u\n", -1, "-1 does not fit a literal with suffix u"),
    ("a.c", "#define A 3\n", 2**63, "does not fit an integer of 64 bits"),
    ("a.c", "#define A ((uint8_t)3)\n", 256, "does not fit uint8_t"),
    ("a.cpp", "constexpr unsigned char A = 3;", 256, "does not fit unsigned char"),
    ("a.cpp", "constexpr float A = 3.f;", 1e39, "does not fit float"),
    ("a.py", "A = 3", 0.5, "0.5 does not fit"),
    ("a.py", "A: bool = True", 1, "1 does not fit bool"),
    ("a.py", "A: int = 3", "x", "does not fit int"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "value", "message"), MISFITS)
def test_values_must_fit_the_type(file: str, text: str, value: Any, message: str) -> None:
    with pytest.raises(BindingError, match=message) as caught:
        constant(file).edit(text.encode(), value)
    assert "Choose such values, or change the definition" in str(caught.value)


SCOPED = [
    ("a.rs", "mod a { mod b { const A: u8 = 1; } const A: u8 = 2; } const A: u8 = 3;",
     {"a::b": 1, "b": 1, "a": 2, "": 3}),
    ("a.rs", ("impl X for S { const A: u8 = 1; } impl Y for S { const A: u8 = 2; }"
     "trait Y { const A: u8 = 3; } fn f() { const A: u8 = 4; }"),
     {"<S as X>": 1, "<S as Y>": 2, "Y": 3, "f": 4}),
    ("a.cpp", ("namespace a::b { class K { static const int A = 1; }; const int A = 2; }"
     "enum class E { A = 3 }; void f() { const int A = 4; }"),
     {"K": 1, "a::b::K": 1, "b": 2, "E": 3, "f": 4}),
    ("a.py", "A = 1\nclass K:\n  A = 2\n  class L:\n    A = 3\n",
     {"": 1, "K": 2, "K.L": 3, "L": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "scopes"), SCOPED)
def test_scope_selects_one_of_several(tmp_path: Path, file: Any, text: Any, scopes: Any) -> None:
    with pytest.raises(BindingError, match="definitions of A"):
        value_in(tmp_path, text.encode(), constant(file))
    for scope, value in scopes.items():
        binding = constant(file, scope=scope)
        assert value_in(tmp_path, text.encode(), binding) == value
        assert value_in(tmp_path, binding.edit(text.encode(), 9), binding) == 9
    with pytest.raises(BindingError, match=r"no definition of A in scope 'zz', but a\.\w+:1:"):
        constant(file, scope="zz").edit(text.encode(), 9)


FILES = [
    ("// é \r\nconst É: u8 = 1;\r\nconst A: u8 = 3; // 日本\r\n".encode(), 3, 15),
    ("\ufeffconst A: u8 = 3;\n".encode(), 1, 15),
    (b"// caf\xe9 \xff\nconst A: u8 = 3;", 2, 15),
    ("/* 日本 */ const A: u8 = 3;".encode(), 1, 24),
    (b"const A: u8 = 3;\r// old Mac\r", 1, 15),
]


@pytest.mark.parametrize(("text", "line", "column"), FILES)
def test_bytes_outside_the_literal_survive(
    tmp_path: Path, text: bytes, line: int, column: int
) -> None:
    binding = constant()
    (tmp_path / "a.rs").write_bytes(text)
    place = binding.read(tmp_path).place
    assert place is not None
    assert (place.line, place.column, place.text) == (line, column, "3")
    assert str(place) == f"a.rs:{line}:{column}"
    start = text.index(b"= 3") + 2
    assert binding.edit(text, 200) == text[:start] + b"200" + text[start + 1 :]


def test_a_byte_order_mark_stays_and_hides_nothing(tmp_path: Path) -> None:
    assert_edit(tmp_path, constant("a.py"), BOM_UTF8 + b"A = 3\n", 12, BOM_UTF8 + b"A = 12\n")


def test_foreign_encodings_are_not_mixed() -> None:
    with pytest.raises(BindingError, match="save the file as UTF-8"):
        constant().edit(b'// caf\xe9\nconst A: &str = "x";', "é")
    with pytest.raises(BindingError, match="UTF-16"):
        constant().edit("const A: u8 = 3;".encode("utf-16"), 4)


def large_file(literal: str) -> bytes:
    block = "pub const X{0}: usize = 1;\nfn f{0}(a: u32) -> u32 {{\n    let b = a * 2;\n    b\n}}\n"
    return "".join(block.format(i) for i in range(1000)).encode() + (
        f"pub const A: usize = {literal};\n".encode()
    )


def test_a_file_of_5000_lines_keeps_every_other_byte(tmp_path: Path) -> None:
    text = large_file("30_000")
    assert text.count(b"\n") == 5001
    for value in (8000, 123456, 7):
        edited = constant().edit(text, value)
        assert edited == large_file(f"{value:_}")
        assert value_in(tmp_path, edited, constant()) == value
    again = constant().edit(constant().edit(text, 8000), 30_000)
    assert again == text


@PROPERTY
@given(
    st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1),
    st.sampled_from(["", "\ufeff", "// é\r\n", "mod a { }\n"]),
    st.sampled_from(["", " // 7", "\r\n"]),
)  # fmt: skip
def test_editing_there_and_back_is_the_identity(
    first: Any, second: Any, before: Any, after: Any
) -> None:
    text = f"{before}const A: u64 = {first};{after}".encode()
    there = constant().edit(text, second)
    assert there == f"{before}const A: u64 = {second};{after}".encode()
    assert constant().edit(there, first) == text


@PROPERTY
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["1.0", "3.0e4", "-2.5", "1_000.0", "1.0f64", "0.5 * 4.0"]),
)
def test_real_numbers_read_back(value: float, style: str) -> None:
    text = constant().edit(f"const A: f64 = {style};".encode(), value)
    assert constant().edit(text, value) == text
    assert text.startswith(b"const A: f64 = ")
    assert text.endswith(b";")


@PROPERTY
@given(
    st.integers(1, 2**32 - 1),
    st.sampled_from(["1u << 4", "(4u)", "3 * 1024", "1024 * 3 * 2", "M * 2", "(1 << 10) - 1"]),
)
def test_expressions_take_every_value(value: int, style: str) -> None:
    text = constant("a.c").edit(f"#define M 8\n#define A {style}\nint x;\n".encode(), value)
    assert constant("a.c").edit(text, value) == text
    assert text.startswith(b"#define M 8\n#define A ")
    assert text.endswith(b"\nint x;\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"file": "a.f90"}, "names no known language; add language = one of rust, c, cpp, python"),
        ({"language": "fortran"}, "'fortran' is not known"),
        ({"name": "A B"}, "no name of a constant"),
    ],
)
def test_malformed_bindings_are_refused(options: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        constant(**options)


def test_the_language_can_be_given(tmp_path: Path) -> None:
    binding = constant("kernel.inc", "N", language="c")
    assert_edit(tmp_path, binding, "#define N 4\n", 5, "#define N 5\n")
