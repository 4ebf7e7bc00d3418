"""Projects in compiled languages: Cargo, CMake, make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tighten.scaffold.proposal import (
    GateProposal,
    Survey,
    same_output,
    section,
    timed,
    toml_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["cargo_survey", "cmake_survey", "make_survey"]


def cargo_survey(root: Path) -> Survey | None:
    """Return what a Rust crate builds and measures, None if it is none."""
    document = toml_table(root / "Cargo.toml")
    if not document:
        return None
    name = str(section(document, "package").get("name", root.name))
    gate = GateProposal(name="tests", command="cargo test --release --quiet")
    benches = _criterion_benches(root, document)
    if benches:
        targets = " ".join(f"--bench {bench}" for bench in benches)
        return Survey(
            name=name,
            found="a Rust crate with Criterion",
            build=f"cargo bench {targets} --no-run",
            benchmark=f"cargo bench {targets} -- --noplot",
            environment={"CRITERION_HOME": "{result}"},
            format="criterion",
            cases=tuple(_criterion_cases(root, benches)),
            gate=gate,
            advice="Criterion writes where CRITERION_HOME says.",
        )
    if not (root / "src/main.rs").is_file() and "bin" not in document:
        return None
    program = str(document.get("bin", [{}])[0].get("name", name))
    return Survey(
        name=name,
        found="a Rust program",
        build="cargo build --release",
        gate=gate if _has_rust_tests(root) else same_output(f"target/release/{program}"),
        **timed(f"target/release/{program}"),
    )


def _criterion_benches(root: Path, document: Mapping[str, Any]) -> list[str]:
    if "criterion" not in section(document, "dev-dependencies"):
        return []
    named = [str(bench["name"]) for bench in document.get("bench", []) if "name" in bench]
    return named or [path.stem for path in sorted(root.glob("benches/*.rs"))]


def _criterion_cases(root: Path, benches: list[str]) -> list[str]:
    texts = [path.read_text("utf-8", "replace") for path in sorted(root.glob("benches/*.rs"))]
    names = [name for text in texts for name in re.findall(r'bench_function\(\s*"([^"]+)"', text)]
    groups = [name for text in texts for name in re.findall(r'benchmark_group\(\s*"([^"]+)"', text)]
    prefix = f"{groups[0]}/" if len(groups) == 1 else ""
    return [prefix + name for name in dict.fromkeys(names)] or benches


def _has_rust_tests(root: Path) -> bool:
    files = [*root.glob("src/**/*.rs"), *root.glob("tests/*.rs")]
    return any("#[test]" in file.read_text("utf-8", "replace") for file in files)


def cmake_survey(root: Path) -> Survey | None:
    """Return what a CMake project builds and measures, None if it is none."""
    path = root / "CMakeLists.txt"
    if not path.is_file():
        return None
    text = re.sub(r"#.*", "", path.read_text("utf-8", "replace"))
    program = re.search(r"add_executable\s*\(\s*([\w.-]+)", text)
    if program is None:
        return None
    has_tests = re.search(r"enable_testing|include\s*\(\s*CTest", text)
    binary = f"build/{program[1]}"
    name = re.search(r"project\s*\(\s*([\w.-]+)", text)
    return Survey(
        name=name[1] if name else root.name,
        found="a CMake project",
        build="cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build -j {cpus}",
        gate=GateProposal(name="tests", command="ctest --test-dir build --output-on-failure")
        if has_tests
        else same_output(binary),
        **_native_benchmark(binary, is_google="benchmark::benchmark" in text),
    )


def _native_benchmark(binary: str, *, is_google: bool) -> dict[str, Any]:
    if not is_google:
        return timed(binary)
    return {
        "benchmark": f"{binary} --benchmark_repetitions=5 --benchmark_out={{result}} "
        "--benchmark_out_format=json",
        "format": "google-benchmark",
        "advice": "Give each benchmark that matters a [[case]], by its name in the result.",
    }


def make_survey(root: Path) -> Survey | None:
    """Return what a project with a Makefile builds and measures, None if it is none."""
    path = next((root / name for name in ("GNUmakefile", "Makefile", "makefile")
                 if (root / name).is_file()), None)  # fmt: skip
    if path is None:
        return None
    text = path.read_text("utf-8", "replace")
    program = _make_program(text)
    if program is None:
        return None
    target = next(
        (name for name in ("check", "test") if re.search(rf"^{name}\s*:", text, re.M)), ""
    )
    return Survey(
        name=root.name,
        found="a Makefile",
        build="make -j {cpus}",
        gate=GateProposal(name="tests", command=f"make {target}")
        if target
        else same_output(f"./{program}"),
        **timed(f"./{program}"),
    )


def _make_program(text: str) -> str | None:
    """Return the first program that a rule links: the rule's name, or what follows ``-o``."""
    variables = dict(re.findall(r"^(\w+)\s*[:?]?=\s*(.*?)\s*(?:#.*)?$", text, re.M))
    for rule in re.finditer(r"^([^\s:#=]+)\s*:(?!=)[^\n]*\n((?:\t[^\n]*\n?)+)", text, re.M):
        output = re.search(r"-o\s+(\S+)", rule[2])
        if output is None or re.search(r"\s-c\s", rule[2]):
            continue
        word = rule[1] if output[1] in {"$@", "$(@)"} else output[1]
        name = re.sub(r"\$[({](\w+)[)}]", lambda found: variables.get(found[1], ""), word)
        if name and "%" not in name and "$" not in name:
            return name
    return None
