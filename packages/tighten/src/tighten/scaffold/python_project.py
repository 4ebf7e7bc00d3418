"""Python projects: packages, pure or compiled, and scripts that nothing packages.

Measured by pytest-benchmark, or by running the package or the script. A library that offers
neither gets a stand-in that runs, with a comment that says so.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any

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
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["python_survey", "script_survey"]

COMPILING = {"maturin", "mesonpy", "scikit_build_core.build"}
OLD_NAMES = {  # where packages said their name before pyproject.toml
    "setup.cfg": r"^name\s*=\s*([\w.-]+)",
    "setup.py": r"""\bname\s*=\s*["']([\w.-]+)["']""",
}
NO_PACKAGES = {"tests", "test", "docs", "doc", "examples", "benchmarks", "bench"}
# Nothing but the build's products may be imported: not what lies in the present directory, and not
# what pytest puts before everything else.
ONLY_BUILT = {"PYTHONPATH": "{artifacts}", "PYTHONSAFEPATH": "1"}
STAND_IN = (
    "A stand-in that times {what}, for want of a benchmark: put a command here that runs\n"
    "# what you want to be fast."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """What runs the code of a project, as far as it offers something."""

    found: str
    package: str = ""  # to import
    program: str | None = None
    tests: str | None = None  # for pytest: a folder, or the package that has them
    environment: Mapping[str, str] = field(default_factory=dict)
    options: str = ""  # of pytest


def python_survey(root: Path) -> Survey | None:
    """Return what a Python project is, None if it is none."""
    document = toml_table(root / "pyproject.toml")
    if not document and not (root / "setup.py").is_file():
        return None
    backend = str(section(document, "build-system").get("build-backend", "setuptools"))
    is_compiled = backend in COMPILING or (
        (root / "setup.py").is_file()
        and "ext_modules" in (root / "setup.py").read_text("utf-8", "replace")
    )
    name = _name(root, document)
    folder = _package(root, name)
    package = folder.name if folder else re.sub(r"\W", "_", name)
    own_tests = folder is not None and _has_tests(folder)
    sources = "{trial}/src" if (root / "src").is_dir() else "{trial}"
    code = _Code(
        found=f"a Python package{f' built by {backend}' if is_compiled else ''}",
        package=package,
        program=f"{{python}} -m {package}"
        if folder and (folder / "__main__.py").is_file()
        else None,
        tests=_test_folder(root) or (f"--pyargs {package}" if own_tests else None),
        environment=ONLY_BUILT if is_compiled else {"PYTHONPATH": sources},
        options=" --import-mode=append" if is_compiled else "",
    )
    survey = _survey(root, code)
    return replace(survey, name=name, build=_pip_install() if is_compiled else None)


def script_survey(root: Path) -> Survey | None:
    """Return what a directory of Python scripts is, None if none of them runs."""
    scripts = [path for path in sorted(root.glob("*.py")) if _is_script(path)]
    if not scripts:
        return None
    likely = [path for path in scripts if re.match(r"bench|perf|main|run", path.name)]
    script = (likely or scripts)[0].name
    code = _Code(
        found=f"the Python script {script}",
        program=f"{{python}} {script}",
        tests=_test_folder(root),
        environment={"PYTHONPATH": "{trial}"},
    )
    return _survey(root, code)


def _survey(root: Path, code: _Code) -> Survey:
    """Return a project that is measured by the best that it offers."""
    cases, files = _pytest_benchmarks(root)
    pytest = f"{{python}} -m pytest -q{code.options} -p no:cacheprovider"
    skip = " --benchmark-skip" if cases else ""
    tests = f"{pytest} -x {code.tests}{skip}" if code.tests else None
    imports = f'{{python}} -c "import {code.package}"'
    if cases:
        options = "--benchmark-only --benchmark-max-time=0.2 --benchmark-json={result}"
        measured: dict[str, Any] = {
            "benchmark": f"{pytest} {' '.join(files)} {options}",
            "format": "pytest-benchmark",
            "cases": tuple(cases),
        }
    elif code.program:
        measured = timed(code.program)
    else:
        advice = STAND_IN.format(what="the tests" if tests else "the import")
        measured = timed(tests or imports) | {"advice": advice}
    if tests:
        gate = GateProposal(name="tests", command=tests)
    else:
        gate = same_output(code.program) if code.program else no_check(imports)
    return Survey(
        name=root.name,
        found=code.found + (" with pytest-benchmark" if cases else ""),
        python=_interpreter(root),
        environment=code.environment,
        gate=replace(gate, environment=code.environment),
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


def _name(root: Path, document: Mapping[str, Any]) -> str:
    """Return the project's name, wherever its age lets it be written."""
    poetry = section(section(document, "tool"), "poetry")
    name = section(document, "project").get("name") or poetry.get("name")
    for file, pattern in OLD_NAMES.items():
        if name is None and (root / file).is_file():
            found = re.search(pattern, (root / file).read_text("utf-8", "replace"), re.MULTILINE)
            name = found and found[1]
    return str(name or root.name)


def _package(root: Path, name: str) -> Path | None:
    """Return the folder of the package, best the one that is called like the project."""
    folders = [*_packages(root)]
    wanted = re.sub(r"\W", "", name).lower()
    alike = [folder for folder in folders if folder.name.replace("_", "").lower() == wanted]
    return next(iter(alike + folders), None)


def _packages(root: Path) -> Iterator[Path]:
    for base in (root / "src", root / "python", root):
        for path in sorted(base.glob("*/__init__.py")):
            if path.parent.name not in NO_PACKAGES:
                yield path.parent


def _test_folder(root: Path) -> str | None:
    """Return the folder with the tests, best one of their own; None if there are none."""
    folders = [name for name in ("tests", "test") if any((root / name).rglob("test_*.py"))]
    return next(iter(folders), "." if any(root.glob("test_*.py")) else None)


def _has_tests(package: Path) -> bool:
    return any(package.glob("**/test_*.py"))


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
