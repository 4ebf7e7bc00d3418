"""No function is longer than a screen allows, unless ARCHITECTURE.md names it with a reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
LIMIT = 60
ALLOWED = re.compile(
    r"^\| `(?P<place>[\w/.-]+\.py):(?P<name>[\w.]+)` \| (?P<reason>[^|]*\S) \|$", re.M
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def body_lines(function: Function) -> int:
    """Return the lines from the first statement after the docstring to the end."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if has_docstring else function.body
    return 0 if not body else (function.end_lineno or 0) - body[0].lineno + 1


def long_functions() -> set[str]:
    """Return every function over the limit as ``path:qualified.name``."""
    return {
        f"{path.relative_to(ROOT).as_posix()}:{name}"
        for path in sorted(ROOT.glob("packages/*/src/**/*.py"))
        for name, function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if body_lines(function) > LIMIT
    }


def functions(node: ast.AST, prefix: str = "") -> list[tuple[str, Function]]:
    """Return all functions below a node with their qualified names."""
    found: list[tuple[str, Function]] = []
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, Function | ast.ClassDef):
            name = f"{prefix}{child.name}"
            if not isinstance(child, ast.ClassDef):
                found.append((name, child))
            name += "."
        found += functions(child, name)
    return found


def test_long_functions_are_those_that_the_architecture_names() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    allowed = {f"{match['place']}:{match['name']}" for match in ALLOWED.finditer(page)}
    assert long_functions() == allowed


def test_a_body_is_counted_without_its_docstring() -> None:
    text = 'def f():\n    """Say.\n\n    More.\n    """\n    a = 1\n    return a\n'
    ((name, function),) = functions(ast.parse(text))
    assert (name, body_lines(function)) == ("f", 2)


def test_methods_and_inner_functions_are_found() -> None:
    text = "class A:\n    def b(self):\n        def c():\n            pass\n        return c\n"
    assert [name for name, _ in functions(ast.parse(text))] == ["A.b", "A.b.c"]
