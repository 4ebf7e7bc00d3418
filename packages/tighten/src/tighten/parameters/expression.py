"""Expressions of a study file: conditions, constraints and invariants.

An expression is Python's own syntax cut down to arithmetic, comparison, logic and a few functions.
It is checked once, when the study is read, and compiled; evaluating it a hundred thousand times
while a space is enumerated then costs about as much as a Python lambda. There is no access to
attributes, items, comprehensions or imports, and powers and shifts are bounded, so an expression
can neither reach outside nor hang.

A dotted name such as ``size_10000.time`` is one name, so that results can be addressed by case
and metric.
"""

from __future__ import annotations

import ast
import difflib
import math
from typing import TYPE_CHECKING, Any

from tighten.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import CodeType

__all__ = ["Expression"]

MAX_BITS = 4096  # no tuning parameter is larger; bounds the cost of one power or shift


def _power(base: float, exponent: float) -> Any:
    is_whole = isinstance(base, int) and isinstance(exponent, int)
    if is_whole and abs(exponent) * math.log2(abs(base) + 1) > MAX_BITS:
        raise OverflowError(f"{base} ** {exponent} has more than {MAX_BITS} bits")
    return base**exponent


def _shift_left(value: int, count: int) -> int:
    if count > MAX_BITS:
        raise OverflowError(f"{value} << {count} has more than {MAX_BITS} bits")
    return value << count


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "exp": math.exp,
    "floor": math.floor,
    "isfinite": math.isfinite,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}
CONSTANTS: Mapping[str, bool] = {"true": True, "false": False}
BOUNDED: Mapping[type[ast.operator], str] = {ast.Pow: "**", ast.LShift: "<<"}
ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.Invert, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.IfExp, ast.Call, ast.Name, ast.Load,
    ast.Constant, ast.Tuple, ast.List,
)  # fmt: skip
HINTS = {"&&": "and", "||": "or", "!": "not", "=": "=="}


class Expression:
    """A checked and compiled expression.

    Parameters
    ----------
    text
        For example ``cell_jobs * numba_threads <= cpus``. Operators: ``+ - * / // % **``,
        ``<< >> & | ^ ~``, comparisons, ``in``, ``and or not``, ``a if c else b``. Functions:
        abs, ceil, exp, floor, isfinite, log, log2, log10, max, min, round, sqrt.
        ``true`` and ``false`` are accepted beside ``True`` and ``False``.
    allowed
        The names that may occur; None allows any.

    Attributes
    ----------
    text : str
        The text as given.
    names : frozenset of str
        The names that occur, functions and constants left out.

    Raises
    ------
    StudyError
        If the text is no such expression, or holds a name that is not allowed.

    Examples
    --------
    >>> Expression("2 * jobs <= cpus", {"jobs", "cpus"}).evaluate({"jobs": 3, "cpus": 8})
    True
    """

    __slots__ = ("_code", "names", "text")

    def __init__(self, text: str, allowed: Collection[str] | None = None) -> None:
        self.text = text
        tree = _Restricted(text).visit(_parsed(text))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        self.names: frozenset[str] = frozenset(names - _GLOBALS.keys())
        if allowed is not None:
            _check_names(text, self.names, allowed)
        self._code: CodeType = compile(ast.fix_missing_locations(tree), "<expression>", "eval")

    def evaluate(self, values: Mapping[str, Any]) -> bool | float:
        """Return the value of the expression.

        Parameters
        ----------
        values
            A value for every name in ``names``; further names are ignored.

        Raises
        ------
        StudyError
            If a name has no value, or the operation is impossible (division by zero, a word
            compared with a number, a result that is neither number nor truth value).
        """
        try:
            result = eval(self._code, _GLOBALS, dict(values))
        except NameError as error:
            raise StudyError(f"{self.text!r}: {error.name} has no value here") from error
        except (ArithmeticError, TypeError, ValueError) as error:
            given = ", ".join(f"{name} = {values.get(name)!r}" for name in sorted(self.names))
            raise StudyError(f"{self.text!r} cannot be evaluated with {given}: {error}") from error
        if not isinstance(result, bool | int | float):
            raise StudyError(f"{self.text!r} gives {result!r}; a number or true/false is needed")
        return result

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


_GLOBALS: dict[str, Any] = {
    "__builtins__": {}, **FUNCTIONS, **CONSTANTS, "**": _power, "<<": _shift_left
}  # fmt: skip


def _parsed(text: str) -> ast.Expression:
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        hints = [f"{wrong!r} is written {right!r}" for wrong, right in HINTS.items()
                 if wrong in text.replace("==", "").replace("!=", "").replace("<=", "")
                 .replace(">=", "")]  # fmt: skip
        reason = "; ".join(hints) or getattr(error, "msg", str(error))
        raise StudyError(f"{text!r} is not an expression: {reason}") from error


class _Restricted(ast.NodeTransformer):
    """Refuse everything outside the subset; flatten dotted names; bound powers and shifts."""

    def __init__(self, text: str) -> None:
        self.text = text

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Attribute):
            return self._dotted(node)
        if not isinstance(node, ALLOWED):
            raise StudyError(
                f"{self.text!r}: {type(node).__name__.lower()} is not allowed here; allowed are "
                "arithmetic, comparisons, and/or/not, if/else, and " + ", ".join(FUNCTIONS)
            )
        return super().visit(node)

    def _dotted(self, node: ast.Attribute) -> ast.Name:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise StudyError(f"{self.text!r}: a dot may only join names, as in case.metric")
        return ast.Name(".".join((inner.id, *reversed(parts))), ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise StudyError(
                f"{self.text!r}: {ast.unparse(node)} is not allowed; functions: "
                + ", ".join(FUNCTIONS)
            )
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if not isinstance(node.value, bool | int | float | str):
            raise StudyError(f"{self.text!r}: {node.value!r} is not a number, a word or true/false")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        node.left, node.right = self.visit(node.left), self.visit(node.right)
        bounded = BOUNDED.get(type(node.op))
        if bounded is None:
            return node
        return ast.Call(ast.Name(bounded, ast.Load()), [node.left, node.right], [])


def _check_names(text: str, names: frozenset[str], allowed: Collection[str]) -> None:
    for name in sorted(names - set(allowed)):
        near = difflib.get_close_matches(name, allowed, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise StudyError(
            f"{text!r}: unknown name {name!r}; {hint}allowed: "
            + (", ".join(sorted(allowed)) or "none")
        )
