"""Projects in compiled languages: Cargo, CMake, make."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tighten.scaffold.benchmark_names import criterion_names, google_names
from tighten.scaffold.knobs import MAX_FILE
from tighten.scaffold.proposal import (
    GateProposal,
    Survey,
    no_check,
    same_output,
    section,
    timed,
    toml_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

__all__ = ["cargo_survey", "cmake_survey", "make_survey"]

CPP = (".cc", ".cpp", ".cxx")
CRITERION_OPTIONS = "--noplot --warm-up-time 0.2 --measurement-time 0.5 --sample-size 10"


def cargo_survey(root: Path) -> Survey | None:
    """Return what a Rust crate builds and measures, None if it is none."""
    document = toml_table(root / "Cargo.toml")
    if not document:
        return None
    name = str(section(document, "package").get("name", root.name))
    has_tests = any("#[test]" in text for text in _sources(root, "src/**/*.rs", "tests/*.rs"))
    test = "cargo test --release --quiet"
    gate = GateProposal(name="tests", command=test) if has_tests else no_check(test)
    benches = _criterion_benches(root, document)
    if benches:
        targets = " ".join(f"--bench {bench}" for bench in benches)
        return Survey(
            name=name,
            found="a Rust crate with Criterion",
            build=f"cargo bench {targets} --no-run",
            benchmark=f"cargo bench {targets} -- {CRITERION_OPTIONS}",
            environment={"CRITERION_HOME": "{result}"},
            format="criterion",
            **_named(
                _sources(root, "benches/*.rs"),
                criterion_names,
                stand_in=benches[0],
                lister=f"cargo bench {targets} -- --list",
            ),
            gate=gate,
            advice="Criterion writes where CRITERION_HOME says. Many short launches tell more than"
            "\n# few long ones, so it takes few samples in each.",
        )
    if not (root / "src/main.rs").is_file() and "bin" not in document:
        return None
    program = str(document.get("bin", [{}])[0].get("name", name))
    return Survey(
        name=name,
        found="a Rust program",
        build="cargo build --release",
        gate=gate if has_tests else same_output(f"target/release/{program}"),
        **timed(f"target/release/{program}"),
    )


def _criterion_benches(root: Path, document: Mapping[str, Any]) -> list[str]:
    if "criterion" not in section(document, "dev-dependencies"):
        return []
    named = [str(bench["name"]) for bench in document.get("bench", []) if "name" in bench]
    return named or [path.stem for path in sorted(root.glob("benches/*.rs"))]


def _sources(root: Path, *patterns: str) -> list[str]:
    files = sorted({file for pattern in patterns for file in root.glob(pattern)})
    return [
        file.read_text("utf-8", "replace")
        for file in files
        if file.is_file() and file.stat().st_size <= MAX_FILE
    ]


def _named(
    texts: Iterable[str], names_in: Callable[[str], list[str]], *, stand_in: str, lister: str
) -> dict[str, Any]:
    """Return the cases that sources name, or one to be replaced and the command that lists them."""
    cases = tuple(dict.fromkeys(name for text in texts for name in names_in(text)))
    if cases:
        return {"cases": cases}
    return {
        "cases": (stand_in,),
        "case_advice": f"A stand-in: no name could be read. `{lister}` lists them.",
    }


def cmake_survey(root: Path) -> Survey | None:
    """Return what a CMake project builds and measures, None if it is none."""
    path = root / "CMakeLists.txt"
    if not path.is_file():
        return None
    text = re.sub(r"#.*", "", path.read_text("utf-8", "replace"))
    google = re.search(r"target_link_libraries\s*\(\s*([\w.-]+)[^)]*\bbenchmark::benchmark", text)
    programs = re.findall(r"add_executable\s*\(\s*([\w.-]+)", text)
    others = [program for program in programs if not google or program != google[1]]
    if not programs:
        return None
    has_tests = re.search(r"enable_testing|include\s*\(\s*CTest", text)
    name = re.search(r"project\s*\(\s*([\w.-]+)", text)
    if has_tests:
        gate = GateProposal(name="tests", command="ctest --test-dir build --output-on-failure")
    elif others:
        gate = same_output(f"build/{others[0]}")
    else:
        gate = no_check(f"build/{programs[0]} --benchmark_min_time=0.01")
    return Survey(
        name=name[1] if name else root.name,
        found="a CMake project" + (" with Google Benchmark" if google else ""),
        build="cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build -j {cpus}",
        gate=gate,
        **(
            _google_benchmark(root, f"build/{google[1]}") if google else timed(f"build/{others[0]}")
        ),
    )


def _google_benchmark(root: Path, binary: str) -> dict[str, Any]:
    return {
        "benchmark": f"{binary} --benchmark_repetitions=3 --benchmark_min_time=0.05 "
        "--benchmark_out={result} --benchmark_out_format=json",
        "format": "google-benchmark",
        **_named(
            _sources(root, *(below + end for below in ("*", "*/*", "*/*/*") for end in CPP)),
            google_names,
            stand_in=PurePath(binary).name,
            lister=f"{binary} --benchmark_list_tests",
        ),
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
