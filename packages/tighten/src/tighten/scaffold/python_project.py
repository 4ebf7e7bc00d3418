"""Python projects: pure or compiled, measured by pytest-benchmark or by running the package."""

from __future__ import annotations

import ast
import shutil
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from tighten.scaffold.proposal import (
    TIMED_ADVICE,
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

__all__ = ["python_survey"]


def python_survey(root: Path) -> Survey | None:
    """Return what a Python project is, None if it is none."""
    document = toml_table(root / "pyproject.toml")
    if not document and not (root / "setup.py").is_file():
        return None
    backend = section(document, "build-system").get("build-backend", "")
    is_compiled = backend in {"maturin", "mesonpy", "scikit_build_core.build"} or (
        (root / "setup.py").is_file()
        and "ext_modules" in (root / "setup.py").read_text("utf-8", "replace")
    )
    sources = "{trial}/src" if (root / "src").is_dir() else "{trial}"
    cases, files = _pytest_benchmarks(root)
    package = _package(root, document)
    program = f"{{python}} -m {package}"
    if cases:
        targets = " ".join(files)
        benchmark = (
            f"{{python}} -m pytest -q -p no:cacheprovider {targets} "
            "--benchmark-only --benchmark-max-time=0.2 --benchmark-json={result}"
        )
        measured: dict[str, Any] = {
            "benchmark": benchmark,
            "format": "pytest-benchmark",
            "cases": tuple(cases),
        }
    else:
        measured = {"benchmark": timed(program), "advice": TIMED_ADVICE}
    environment = {"PYTHONPATH": "{artifacts}" if is_compiled else sources}
    gate = _pytest(root, skip_benchmarks=bool(cases)) or same_output(program)
    return Survey(
        name=str(section(document, "project").get("name", root.name)),
        found=f"a Python package{f' built by {backend}' if is_compiled else ''}"
        + (" with pytest-benchmark" if cases else ""),
        python=_interpreter(root),
        build=_pip_install() if is_compiled else None,
        environment=environment,
        gate=replace(gate, environment=environment),
        **measured,
    )


def _interpreter(root: Path) -> str | None:
    """Return the project's own interpreter, which has what the project needs."""
    found = (name for name in (".venv", "venv") if (root / name / "bin/python").is_file())
    return next((f"{name}/bin/python" for name in found), None)


def _pip_install() -> str:
    """Return the command that installs into the trial's own directory."""
    if shutil.which("uv"):
        return "uv pip install --quiet --no-deps --reinstall --target {artifacts} ."
    return "{python} -m pip install --quiet --no-deps --upgrade --target {artifacts} ."


def _package(root: Path, document: Mapping[str, Any]) -> str:
    name = str(section(document, "project").get("name", root.name)).replace("-", "_")
    runnable = [*root.glob("src/*/__main__.py"), *root.glob("*/__main__.py")]
    return runnable[0].parent.name if runnable else name


def _pytest(root: Path, *, skip_benchmarks: bool) -> GateProposal | None:
    folders = [name for name in ("tests", "test") if any((root / name).rglob("test_*.py"))]
    if not folders and not any(root.glob("test_*.py")):
        return None
    options = " --benchmark-skip" if skip_benchmarks else ""
    targets = f" {folders[0]}" if folders else ""
    command = f"{{python}} -m pytest -q -x -p no:cacheprovider{targets}{options}"
    return GateProposal(name="tests", command=command)


def _pytest_benchmarks(root: Path) -> tuple[list[str], list[str]]:
    """Return the names of the tests that take the fixture ``benchmark``, and their files."""
    cases: list[str] = []
    files: list[str] = []
    for folder in ("benchmarks", "bench", "tests", "test", "."):
        pattern = "*.py" if folder == "." else "**/*.py"
        for path in sorted((root / folder).glob(pattern)):
            found = _benchmark_tests(path) if path.name != "conftest.py" else []
            if found:
                cases += found
                files.append(str(path.relative_to(root)))
    return cases, files


def _benchmark_tests(path: Path) -> list[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    return [
        case
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and "benchmark" in {argument.arg for argument in node.args.args}
        for case in _parametrized(node)
    ]


def _parametrized(test: ast.FunctionDef) -> list[str]:
    """Return the names under which pytest runs a test; none if they cannot be told by reading."""
    lists: list[list[str]] = []
    for decorator in test.decorator_list:
        if "parametrize" not in ast.dump(decorator):
            continue
        try:
            values = ast.literal_eval(decorator.args[1])  # type: ignore[attr-defined]  # a call
        except (ValueError, AttributeError, IndexError):
            return []
        if not all(isinstance(value, bool | int | float | str) for value in values):
            return []
        lists.insert(0, [str(value) for value in values])
    ids = ["-".join(parts) for parts in product(*lists)]
    return [f"{test.name}[{id_}]" if id_ else test.name for id_ in ids]
