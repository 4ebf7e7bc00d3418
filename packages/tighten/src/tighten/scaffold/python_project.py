"""Python projects: packages, pure or compiled, and scripts that nothing packages.

Measured by pytest-benchmark, or by running the package or the script.
"""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import replace
from itertools import product
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

__all__ = ["python_survey", "script_survey"]


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
    survey = _survey(
        root,
        found=f"a Python package{f' built by {backend}' if is_compiled else ''}",
        program=f"{{python}} -m {_package(root, document)}",
        sources="{artifacts}" if is_compiled else sources,
    )
    name = str(section(document, "project").get("name", root.name))
    return replace(survey, name=name, build=_pip_install() if is_compiled else None)


def script_survey(root: Path) -> Survey | None:
    """Return what a directory of Python scripts is, None if none of them runs."""
    scripts = [path for path in sorted(root.glob("*.py")) if _is_script(path)]
    if not scripts:
        return None
    likely = [path for path in scripts if re.match(r"bench|perf|main|run", path.name)]
    script = (likely or scripts)[0].name
    return _survey(
        root,
        found=f"the Python script {script}",
        program=f"{{python}} {script}",
        sources="{trial}",
    )


def _survey(root: Path, *, found: str, program: str, sources: str) -> Survey:
    """Return a project that is measured by pytest-benchmark if it can be, else by running it."""
    cases, files = _pytest_benchmarks(root)
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
        measured = timed(program)
    environment = {"PYTHONPATH": sources}
    gate = _pytest(root, skip_benchmarks=bool(cases)) or same_output(program)
    return Survey(
        name=root.name,
        found=found + (" with pytest-benchmark" if cases else ""),
        python=_interpreter(root),
        environment=environment,
        gate=replace(gate, environment=environment),
        **measured,
    )


def _is_script(path: Path) -> bool:
    """Return whether a file does something when it is run: it asks for its ``__name__``."""
    tree = _parsed(path)
    return tree is not None and any(
        isinstance(node, ast.If) and "'__name__'" in ast.dump(node.test) for node in tree.body
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
    tree = _parsed(path)
    return [
        case
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and "benchmark" in {argument.arg for argument in node.args.args}
        for case in _parametrized(node)
    ]


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


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
