"""Constant expressions of Rust, C, C++ and Python: their value, and another value in their shape.

A maintainer who wrote ``1 << 14`` thinks in powers of two, one who wrote ``32 * 1024`` in
kibibytes. ``rewritten`` keeps such a shape as long as the new value has it: a shift changes its
count, a product its factor beside the unit. Where the shape cannot carry the value, a plain
literal takes its place, with the suffix the expression had.

Limits: only what the file itself says is known. A name is resolved if the file defines it once as
a constant; calls, arrays and structures have no value here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from tighten.parameters.literal import (
    Kind,
    Language,
    ValueType,
    declared_type,
    fitted,
    kind_of,
    literal_value,
    plain_literal,
    restyled,
    suffix_type,
)
from tighten.parameters.syntax import Splice, parse, walk

if TYPE_CHECKING:
    from tighten.parameters.domain import Value

__all__ = ["Initialiser", "Resolver", "evaluated", "expression_in", "hint_type", "rewritten"]

Resolver = Callable[[str], "Value"]

LITERALS = {
    "integer_literal", "float_literal", "boolean_literal", "string_literal", "char_literal",
    "number_literal", "integer", "float", "string", "true", "false",
}  # fmt: skip
NAMES = {"identifier", "scoped_identifier", "qualified_identifier", "attribute"}
UNARY = {"unary_expression", "unary_operator", "not_operator"}
BINARY = {"binary_expression", "binary_operator", "boolean_operator", "comparison_operator"}
WRAPPERS = {  # nodes that stand for one inner expression
    "parenthesized_expression", "type_cast_expression", "cast_expression",
    "compound_literal_expression", "initializer_list", "argument_list",
}  # fmt: skip
REFUSED = {
    "array_expression": "an array", "list": "a list", "tuple_expression": "a tuple",
    "tuple": "a tuple", "call_expression": "a call", "call": "a call", "dictionary": "a dictionary",
    "struct_expression": "a structure", "initializer_list": "a list of values",
    "macro_invocation": "a macro call", "concatenated_string": "a text in several pieces",
    "raw_string_literal": "a raw text", "conditional_expression": "a condition",
    "set": "a set", "expression_list": "several values", "reference_expression": "a reference",
    "block": "a block", "if_expression": "a condition", "lambda": "a function",
}  # fmt: skip
FRAMES = {  # a statement around an expression, to parse an expression alone
    Language.RUST: (b"const _: T = ", b";"),
    Language.C: (b"int _ = ", b"\n;"),
    Language.CPP: (b"int _ = ", b"\n;"),
    Language.PYTHON: (b"_ = ", b"\n"),
}
MAX_BITS = 4096


@dataclass(frozen=True, slots=True)
class Initialiser:
    """The expression that gives a constant its value.

    ``offset`` is what must be added to the node's positions to get positions in the file; it is
    not zero for macros, whose text is parsed apart.
    """

    node: Node
    language: Language
    offset: int = 0

    def within(self, node: Node) -> Initialiser:
        """Return the same place for a part of the expression."""
        return Initialiser(node, self.language, self.offset)

    @property
    def start(self) -> int:
        """First byte in the file."""
        return self.node.start_byte + self.offset

    @property
    def end(self) -> int:
        """Byte in the file after the last."""
        return self.node.end_byte + self.offset

    @property
    def text(self) -> str:
        """The expression as written."""
        return (self.node.text or b"").decode("utf-8", "replace")

    def replaced(self, replacement: str) -> Splice:
        """Return the replacement of the expression by another text."""
        return Splice(self.start, self.end, replacement.encode())


def expression_in(text: bytes, language: Language, start: int = 0) -> Initialiser | None:
    """Parse a text that holds one expression alone; None if it does not."""
    before, after = FRAMES[language]
    root = parse(before + text + after, language, keep=False).root_node
    if root.has_error:
        return None
    statements = [child for child in root.named_children if not child.is_extra]
    if len(statements) != 1:
        return None
    inner = next((n for n in walk(statements[0]) if n.child_by_field_name("value")
                  or n.child_by_field_name("right")), None)  # fmt: skip
    if inner is None:
        return None
    value = inner.child_by_field_name("value") or inner.child_by_field_name("right")
    return Initialiser(value, language, start - len(before)) if value else None


def _parts(node: Node) -> list[Node]:
    return [child for child in node.named_children if not child.is_extra]


def core(place: Initialiser) -> Initialiser:
    """Return the expression without parentheses, casts and braces around it."""
    node = place.node
    while inner := _wrapped(node):
        node = inner
    return place.within(node)


def _wrapped(node: Node) -> Node | None:
    if node.type in ("parenthesized_expression", "initializer_list", "argument_list"):
        parts = _parts(node)
        return parts[0] if len(parts) == 1 else None
    if node.type in WRAPPERS:
        return node.child_by_field_name("value")
    if node.type == "call_expression" and _is_cast(node):
        return node.child_by_field_name("arguments")
    return None


CAST_CALL = re.compile(rb"static_cast\s*<|(?:std::)?(?:u?int\w+_t|s?size_t|int|unsigned|long|float"
                       rb"|double|bool|char|short)$")  # fmt: skip


def _is_cast(node: Node) -> bool:
    function = node.child_by_field_name("function")
    return function is not None and CAST_CALL.match(function.text or b"") is not None


def _cast_type(node: Node, language: Language) -> ValueType | None:
    """Return the type that a cast gives to its operand."""
    target = node.child_by_field_name("type")
    if node.type == "call_expression":
        function = node.child_by_field_name("function")
        text = re.sub(r"static_cast\s*<(.*)>", r"\1", _text(function))
        return declared_type(language, text)
    return declared_type(language, _text(target)) if target else None


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node else ""


def hint_type(place: Initialiser) -> ValueType | None:
    """Return the type that the expression itself shows: by a cast, or by a literal's suffix."""
    for node in walk(place.node):
        found: ValueType | None = None
        if node.type in WRAPPERS or node.type == "call_expression":
            found = _cast_type(node, place.language)
        elif node.type in LITERALS:
            found = suffix_type(_text(node), place.language)
        if found:
            return found
    return None


def _is_signed_literal(node: Node) -> bool:
    """Say whether the node is a number with a minus in front, which counts as one literal."""
    parts = _parts(node)
    return (
        node.type in UNARY
        and len(parts) == 1
        and parts[0].type in LITERALS
        and (node.text or b"")[:1] == b"-"
        and (parts[0].text or b"")[:1].isdigit()
    )


def evaluated(place: Initialiser, resolve: Resolver) -> Value:
    """Return the value of a constant expression.

    Parameters
    ----------
    place
        The expression.
    resolve
        Gives the value of another constant of the file; raises ValueError if it cannot.

    Raises
    ------
    ValueError
        If the expression is not constant, not supported, or not finite.
    """
    try:
        value: Value = _evaluated(place.node, place.language, resolve)
    except (ArithmeticError, TypeError) as error:
        raise ValueError(f"{place.text} cannot be computed: {error}") from error
    return value


def _evaluated(node: Node, language: Language, resolve: Resolver) -> Any:
    if node.type in LITERALS or _is_signed_literal(node):
        return literal_value(_text(node), language)
    if inner := _wrapped(node):
        value = _evaluated(inner, language, resolve)
        type_ = _cast_type(node, language)
        return _converted(value, type_) if type_ else value
    if node.type in NAMES:
        return _named(_text(node), language, resolve)
    if node.type in UNARY:
        sign = (node.text or b"").decode("utf-8", "replace")
        return _unary(sign, _evaluated(_parts(node)[0], language, resolve))
    if node.type in BINARY:
        symbol = _text(
            node.child_by_field_name("operator") or node.child_by_field_name("operators")
        )
        operands = _parts(node)
        if symbol and len(operands) == 2:
            values = (_evaluated(side, language, resolve) for side in operands)
            return _binary(symbol, language)(*values)
    what = REFUSED.get(node.type, "no constant expression that can be read")
    raise ValueError(
        f"{_text(node)} is {what}; a parameter is one number, text or switch: "
        "give that value a constant of its own"
    )


def _named(name: str, language: Language, resolve: Resolver) -> Value:
    if language is Language.RUST and (limit := re.fullmatch(r"(\w+)::(MAX|MIN)", name)):
        type_ = declared_type(language, limit[1])
        if type_ and type_.low is not None and type_.high is not None:
            return type_.high if limit[2] == "MAX" else type_.low
    return resolve(name)


def _converted(value: Any, type_: ValueType) -> Any:
    """Return what a cast makes of a value; a cast that loses something is refused."""
    if type_.kind is Kind.INTEGER and not isinstance(value, str):
        value = int(value)
        if value < 0 and type_.low == 0:
            value += int(type_.high or 0) + 1
    elif type_.kind is Kind.REAL:
        value = float(value)
    return fitted(value, type_)


def _unary(text: str, value: Any) -> Any:
    if text.startswith("-"):
        return -value
    if text.startswith("+"):
        return +value
    if text.startswith("not") or (text.startswith("!") and isinstance(value, bool)):
        return not value
    if text.startswith(("~", "!")):
        return ~value
    raise ValueError(f"{text} is not a constant expression that can be read")


def _shifted(value: int, count: int) -> int:
    if count > MAX_BITS:
        raise ValueError(f"{value} << {count} has more than {MAX_BITS} bits")
    return value << count


def _raised(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and abs(exponent) * max(base.bit_length(), 1) > MAX_BITS:
        raise ValueError(f"{base} ** {exponent} has more than {MAX_BITS} bits")
    return base**exponent


def _quotient(left: Any, right: Any) -> Any:
    """Divide as C and Rust do: integers lose their fraction towards zero."""
    if isinstance(left, int) and isinstance(right, int):
        magnitude = abs(left) // abs(right)
        return magnitude if (left < 0) == (right < 0) else -magnitude
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    return left - right * _quotient(left, right) if isinstance(left, int) else left % right


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "<<": _shifted,
    ">>": operator.rshift, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "/": _quotient, "%": _remainder,
    "&&": lambda left, right: left and right, "||": lambda left, right: left or right,
}  # fmt: skip
PYTHON_OPERATORS = OPERATORS | {
    "/": operator.truediv, "//": operator.floordiv, "%": operator.mod, "**": _raised,
    "and": OPERATORS["&&"], "or": OPERATORS["||"],
}  # fmt: skip


def _binary(symbol: str, language: Language) -> Callable[[Any, Any], Any]:
    known = PYTHON_OPERATORS if language is Language.PYTHON else OPERATORS
    if symbol not in known:
        raise ValueError(f"the operator {symbol} cannot be read in a constant")
    return known[symbol]


def rewritten(place: Initialiser, value: Value, resolve: Resolver) -> Splice:
    """Return the replacement that gives the expression another value, in its own shape.

    Parameters
    ----------
    place
        The expression.
    value
        A value that fits the type of the place.
    resolve
        As for ``evaluated``.

    Returns
    -------
    Splice
        Replaces as little as possible: nothing if the value is the same, one literal of a shift
        or a product if its shape can carry the value, else all within parentheses and casts.
    """
    present = evaluated(place, resolve)
    if kind_of(present) == kind_of(value) and repr(present) == repr(value):
        return Splice(place.start, place.start, b"")
    inner = core(place)
    if inner.node.type in LITERALS or _is_signed_literal(inner.node):
        return inner.replaced(restyled(inner.text, value, inner.language))
    if isinstance(value, int) and not isinstance(value, bool):
        kept = _reshaped(inner, value, resolve)
        if kept:
            return kept
    return inner.replaced(_replacement(inner, value))


def _reshaped(place: Initialiser, value: int, resolve: Resolver) -> Splice | None:
    """Return the smallest change that keeps a shift a shift and a product a product."""
    node = place.node
    left, right = (node.child_by_field_name(side) for side in ("left", "right"))
    symbol = _text(node.child_by_field_name("operator"))
    if not left or not right or symbol not in ("<<", "*", "**") or value <= 0:
        return None
    first, second = place.within(left), place.within(right)
    if symbol != "*":
        count = _count(symbol, value, evaluated(first, resolve))
        return _literal_splice(core(second), count, resolve) if count is not None else None
    if _is_unit(first, resolve) and not _is_unit(second, resolve):
        first, second = second, first
    unit = evaluated(second, resolve)
    if not isinstance(unit, int) or unit <= 0 or value % unit:
        return None
    return _literal_splice(core(first), value // unit, resolve)


def _literal_splice(place: Initialiser, value: int, resolve: Resolver) -> Splice | None:
    if place.node.type in LITERALS:
        return place.replaced(restyled(place.text, value, place.language))
    return _reshaped(place, value, resolve)


def _count(symbol: str, value: int, base: Any) -> int | None:
    """Return k with ``value == base << k`` or ``value == base ** k``, None if there is none."""
    if not isinstance(base, int) or isinstance(base, bool) or base < 1:
        return None
    start, ratio = (base, 2) if symbol == "<<" else (1, base)
    count = 0
    while start < value and ratio > 1:
        start, count = start * ratio, count + 1
    return count if start == value else None


def _is_unit(place: Initialiser, resolve: Resolver) -> bool:
    """Say whether a factor names a unit: a constant, or a power of 1000 or 1024."""
    if core(place).node.type in NAMES:
        return True
    value = evaluated(place, resolve)
    return value in {base**power for base in (1000, 1024) for power in range(1, 5)}


def _replacement(place: Initialiser, value: Value) -> str:
    """Return a plain literal with the suffix and the separators of the expression."""
    literals = [_text(node) for node in walk(place.node) if node.type in LITERALS]
    model = next((text for text in literals if suffix_type(text, place.language)), None)
    wanted = plain_literal(value, place.language)
    if model is None or isinstance(value, str | bool):
        return wanted
    if isinstance(value, float) or isinstance(literal_value(model, place.language), float):
        return restyled(model, value, place.language)
    suffix = re.search(r"_*[A-Za-z]\w*$", re.sub(r"^0[xX][0-9a-fA-F_']*", "", model))
    return wanted + (suffix[0] if suffix else "")
