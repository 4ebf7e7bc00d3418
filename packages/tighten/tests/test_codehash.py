"""Real builds in two directories: equal programs agree, different ones do not."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tighten.codehash import CodeHash, code_hash, is_code

if TYPE_CHECKING:
    from pathlib import Path

C_SOURCE = """\
#include <assert.h>
#include <math.h>
#include <stdio.h>
#define BLOCK {block}
#define UNUSED {unused}
static double table[] = {{1.0, {entry}, 3.0}};
double f(double x) {{ return {function}(x); }}
int main(int argc, char **argv) {{
    assert(argc < 100 && __FILE__);
    double s = 0;
    for (int i = 0; i < BLOCK; i++) s += f(table[i % 3] * argc);
    printf("%g %s\\n", s, argv[0]);
    return 0;
}}
"""
CALL = "{ return %s(x); }"
VALUES = {"block": 100, "unused": 1, "entry": 2.0, "function": "sin"}


def built_c(directory: Path, *, flags: str = "-O2 -g", **values: object) -> Path:
    directory.mkdir(parents=True)
    source = directory / "main.c"
    source.write_text(C_SOURCE.format(**{**VALUES, **values}), encoding="ascii")
    # The absolute path of the source goes into the program by way of assert.
    subprocess.run(["cc", *flags.split(), "-o", directory / "prog", source, "-lm"], check=True)
    return directory


def hashed(directory: Path, name: str = "prog") -> str:
    return code_hash([directory / name], roots=[directory], remap=[directory])


class TestC:
    def test_two_directories_agree(self, tmp_path: Path) -> None:
        a, b = built_c(tmp_path / "a"), built_c(tmp_path / "b")
        assert (a / "prog").read_bytes() != (b / "prog").read_bytes()
        assert hashed(a) == hashed(b)

    def test_inert_constant_and_debug_information_do_not_count(self, tmp_path: Path) -> None:
        a = built_c(tmp_path / "a")
        assert hashed(a) == hashed(built_c(tmp_path / "b", unused=2))

    @pytest.mark.parametrize(
        "live",
        [
            {"block": 101},  # an immediate operand
            {"entry": 2.5},  # read-only or initialised data
            {"function": "cos"},  # only the name of an imported symbol
            {"flags": "-O2 -g -march=native -funroll-all-loops"},
        ],
    )
    def test_live_change_counts(self, tmp_path: Path, live: dict[str, str]) -> None:
        a = built_c(tmp_path / "a")
        assert hashed(a) != hashed(built_c(tmp_path / "b", **live))

    def test_size_of_zeroed_memory_counts(self, tmp_path: Path) -> None:
        hashes = []
        for name, size in (("a", 64), ("b", 128)):
            directory = tmp_path / name
            directory.mkdir()
            source = directory / "x.c"
            source.write_text(f"char buffer[{size}];\n", encoding="ascii")
            subprocess.run(["cc", "-shared", "-fPIC", "-o", directory / "prog", source], check=True)
            hashes.append(hashed(directory))
        assert hashes[0] != hashes[1]

    def test_archive_members(self, tmp_path: Path) -> None:
        def archive(name: str, function: str) -> str:
            directory = tmp_path / name
            directory.mkdir()
            for part, body in (
                ("a_member_with_a_rather_long_name", "double g(double x) { return x; }"),
                (
                    "user",
                    f"double {function}(double); double h(double x) {{ return {function}(x); }}",
                ),
            ):
                source = directory / f"{part}.c"
                source.write_text(body, encoding="ascii")
                subprocess.run(
                    ["cc", "-g", "-O1", "-c", "-o", directory / f"{part}.o", source], check=True
                )
            objects = sorted(directory.glob("*.o"))
            # U: with time stamps, which must not count.
            subprocess.run(["ar", "rcU", directory / "lib.a", *objects], check=True)
            return hashed(directory, "lib.a")

        assert archive("a", "sin") == archive("b", "sin")
        assert archive("c", "sin") != archive("d", "cos")


RUST_SOURCE = """\
pub const BLOCK: usize = {block};
pub const UNUSED: usize = {unused};
pub fn total(x: &[f64]) -> f64 {{
    x.chunks(BLOCK).map(|c| c.iter().sum::<f64>()).sum()
}}
"""
RUST_MAIN = """\
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
    println!("{} {}", x[n / 2], hashed::total(&x));
}
"""


@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs a Rust toolchain")
def test_rust(tmp_path: Path) -> None:
    def built(name: str, **values: int) -> str:
        tree = tmp_path / name / "tree"
        (tree / "src").mkdir(parents=True)
        manifest = '[package]\nname = "hashed"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n'
        (tree / "Cargo.toml").write_text(manifest, encoding="ascii")
        (tree / "src" / "main.rs").write_text(RUST_MAIN, encoding="ascii")
        source = RUST_SOURCE.format(**{"block": 64, "unused": 1, **values})
        (tree / "src" / "lib.rs").write_text(source, encoding="ascii")
        subprocess.run(
            ["cargo", "build", "--release", "--offline", "-q", "-j2"], cwd=tree, check=True
        )
        program = tree / "target" / "release" / "hashed"
        return code_hash([program], roots=[tree], remap=[tree.parent])

    reference = built("a")
    assert built("b") == reference
    assert built("c", unused=2) == reference
    assert built("d", block=128) != reference


class TestPython:
    def hashed(self, tmp_path: Path, source: str, name: str = "m.py") -> str:
        directory = tmp_path / str(len(list(tmp_path.iterdir())))
        directory.mkdir()
        (directory / name).write_text(source, encoding="utf-8")
        return hashed(directory, name)

    def test_comments_lines_and_literal_style_do_not_count(self, tmp_path: Path) -> None:
        one = self.hashed(tmp_path, "N = 16384\ndef f(x):\n    return x in {'a', 'b', 'c'}\n")
        two = self.hashed(
            tmp_path,
            "# note\n\nN = 1 << 14  # same\n\n\ndef f(x):\n    return x in {'a', 'b', 'c'}",
        )
        assert one == two

    @pytest.mark.parametrize(
        "other",
        ["N = 2\n", "N = 1.0\n", "N = True\n", "N = -1\n", "M = 1\n", "N = (1,)\n", "N = 1\nN\n"],
    )
    def test_constants_types_and_names_count(self, tmp_path: Path, other: str) -> None:
        assert self.hashed(tmp_path, "N = 1\n") != self.hashed(tmp_path, other)

    def test_default_arguments_and_nested_code_count(self, tmp_path: Path) -> None:
        template = "def f(n={}):\n    def g():\n        return {}\n    return g\n"
        hashes = {self.hashed(tmp_path, template.format(a, b)) for a, b in ((1, 2), (2, 2), (1, 3))}
        assert len(hashes) == 3

    def test_what_does_not_compile_counts_by_content(self, tmp_path: Path) -> None:
        assert self.hashed(tmp_path, "print 1\n") != self.hashed(tmp_path, "print 2\n")
        assert self.hashed(tmp_path, "print 1\n") == self.hashed(tmp_path, "print 1\n")


class TestFiles:
    def test_records_and_byte_code_do_not_count(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            package = tmp_path / name / "package"
            (package / "__pycache__").mkdir(parents=True)
            (package / "m.py").write_text("N = 1\n", encoding="ascii")
            (package / "__pycache__" / "m.pyc").write_text(name, encoding="ascii")
            (tmp_path / name / "p.dist-info").mkdir()
            (tmp_path / name / "p.dist-info" / "RECORD").write_text(name, encoding="ascii")
        a, b = (
            code_hash([tmp_path / name], roots=[tmp_path / name], remap=[]) for name in ("a", "b")
        )
        assert a == b

    def test_names_and_data_count(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("data", encoding="ascii")
        (tmp_path / "y").write_text("data", encoding="ascii")
        assert hashed(tmp_path, "x") != hashed(tmp_path, "y")
        before = hashed(tmp_path, "x")
        (tmp_path / "x").write_text("other", encoding="ascii")
        assert hashed(tmp_path, "x") != before

    def test_a_changed_file_is_read_again(self, tmp_path: Path) -> None:
        hasher = CodeHash()
        file = tmp_path / "m.py"
        seen = []
        for source in ("N = 1\n", "N = 1  # x\n", "N = 2\n"):
            file.write_text(source, encoding="ascii")
            seen.append(hasher.of([file], roots=[tmp_path]))
        assert seen[0] == seen[1] != seen[2]

    def test_broken_elf_counts_by_content(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "x").write_bytes(b"\x7fELF" + name.encode() * 100)
        assert hashed(tmp_path / "a", "x") != hashed(tmp_path / "b", "x")

    def test_is_code(self, tmp_path: Path) -> None:
        built_c(tmp_path / "c")
        subprocess.run(
            ["cc", "-c", "-o", tmp_path / "main.o", tmp_path / "c" / "main.c"], check=True
        )
        assert is_code(tmp_path / "c" / "prog")
        assert not is_code(tmp_path / "main.o")
        assert not is_code(tmp_path / "c" / "main.c")
        assert not is_code(tmp_path / "missing")
