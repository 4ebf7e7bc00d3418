"""Definitions of constants in a syntax tree, by name and scope.

Each language has one function that looks at an occurrence of the name and says whether it defines
a constant, and what stands against using it. Everything else that carries the name (uses, members
of other objects, local variables, comments, texts) is no definition.

Limits: conditional compilation is not evaluated, so each of two twins is a definition; they are
told apart by the lines that open their branches.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tree_sitter import Node

from tighten.parameters.branches import branches_of
from tighten.parameters.constant import Initialiser, evaluated, expression_in, hint_type
from tighten.parameters.literal import (
    Kind,
    Language,
    ValueType,
    declared_type,
    fitted,
    generic_type,
    kind_of,
)
from tighten.parameters.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tighten.parameters.domain import Value

__all__ = ["Constants", "Definition", "conformed", "described", "is_in", "type_of"]

MAX_DEPTH = 16  # constants that refer to constants


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of a name: the node of the name, the declared type, the initialiser."""

    name: Node
    scope: tuple[frozenset[str], ...]
    type_text: str = ""
    value: Initialiser | None = None
    problem: str = ""

    @property
    def branches(self) -> tuple[str, ...]:
        """The lines that open the branches around it, the innermost first."""
        return branches_of(self.name)


def type_of(definition: Definition, place: Initialiser, value: Value) -> ValueType:
    """Return the declared type, else what the expression shows, else the kind of its value."""
    declared = declared_type(place.language, definition.type_text)
    if declared and declared.kind is Kind.INTEGER and isinstance(value, str):
        declared = None  # a C `char` that is initialised by a character
    shown = declared or hint_type(place)
    if shown is None and isinstance(value, str) and place.text.lstrip("(").startswith("'"):
        is_character = place.language is not Language.PYTHON
        shown = ValueType("char", Kind.CHARACTER) if is_character else None
    return shown or generic_type(kind_of(value), place.language)


def conformed(value: Value, type_: ValueType) -> Value:
    """Return an evaluated value as its type holds it; ``!0`` of an unsigned type is its maximum."""
    if type_.kind is Kind.INTEGER and type_.low == 0 and isinstance(value, int) and value < 0:
        value += int(type_.high or 0) + 1
    return fitted(value, type_)


def is_in(definition: Definition, scope: str) -> bool:
    """Say whether the definition's scope ends with the parts of ``scope``; "" is the top level."""
    wanted = [part for part in re.split(r"::|\.(?![^<]*>)", scope) if part] if scope else []
    if not wanted:
        return not definition.scope
    names = definition.scope[-len(wanted) :]
    return len(names) == len(wanted) and all(
        part in known for part, known in zip(wanted, names, strict=True)
    )


def described(node: Node) -> str:
    """Return what an occurrence of the name is, in a word or two."""
    ancestor: Node | None = node
    words = {
        "comment": "comment", "string": "text", "preproc_arg": "macro", "preproc_call": "macro",
        "token": "macro", "macro": "macro", "parameter": "parameter", "raw": "text", "char": "text",
        "ERROR": "cannot be parsed", "function_definition": "local", "use": "import",
        "import": "import",
    }  # fmt: skip
    while ancestor is not None:
        for key, word in words.items():
            if key in ancestor.type:
                return word
        ancestor = ancestor.parent
    return "use"


class Constants:
    """The constants of one file, found by name."""

    def __init__(self, text: bytes, language: Language, depth: int = 0) -> None:
        self._text = text
        self._language = language
        self._depth = depth
        self._root = parse(text, language).root_node

    def occurrences(self, name: str) -> Iterator[tuple[int, Node]]:
        """Yield byte and smallest node wherever the name stands as a whole word."""
        needle = name.encode()
        first = len(BOM_UTF8) if self._text.startswith(BOM_UTF8) else 0
        start = self._text.find(needle)
        while start >= 0:
            end = start + len(needle)
            around = self._text[max(start - 1, first) : start] + self._text[end : end + 1]
            if not re.search(rb"[A-Za-z0-9_\x80-\xff]", around):
                node = self._root.descendant_for_byte_range(start, end)
                if node is not None:
                    yield start, node
            start = self._text.find(needle, end)

    def definitions(self, name: str) -> list[Definition]:
        """Return every definition of the name, with what stands against using it, if anything."""
        find = {Language.RUST: _rust, Language.PYTHON: _python}.get(self._language, self._c)
        nodes = (node for _, node in self.occurrences(name) if _text_of(node) == name)
        return [found for node in nodes if (found := find(node)) is not None]

    def value_of(self, name: str) -> Value:
        """Return the value of another constant that an expression refers to."""
        *scope, last = re.split(r"::|\.", name)
        found = [one for one in self.definitions(last) if _matches(one, scope)]
        if len(found) != 1 or found[0].value is None:
            count = "several definitions" if len(found) > 1 else "no constant definition"
            raise ValueError(f"the value depends on {name}, which has {count} in this file; "
                             "write a literal")  # fmt: skip
        if self._depth >= MAX_DEPTH:
            raise ValueError(f"the value depends on itself through {name}; write a literal")
        inner = Constants(self._text, self._language, self._depth + 1)
        value = evaluated(found[0].value, inner.value_of)
        return conformed(value, type_of(found[0], found[0].value, value))

    def _c(self, node: Node) -> Definition | None:
        return _c_definition(node, self._language)


def _matches(definition: Definition, scope: list[str]) -> bool:
    relevant = [part for part in scope if part not in ("self", "Self", "super", "crate")]
    return is_in(definition, "::".join(relevant)) if relevant else True


def _text_of(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _is_field(parent: Node, field: str, node: Node) -> bool:
    return parent.child_by_field_name(field) == node


def _ancestors(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _scope(node: Node) -> tuple[frozenset[str], ...]:
    """Return the names of what encloses a node, from the outside in."""
    parts: list[frozenset[str]] = []
    for ancestor in _ancestors(node):
        parts.extend(frozenset(names) for names in reversed(_scope_names(ancestor)))
    return tuple(reversed(parts))


def _scope_names(node: Node) -> list[set[str]]:
    """Return the parts of a scope that one node adds: none, one, or several for ``a::b``."""
    if node.type == "impl_item":
        type_ = _plain_type(node.child_by_field_name("type"))
        trait = _plain_type(node.child_by_field_name("trait"))
        return [{type_, f"<{type_} as {trait}>"} if trait else {type_}]
    if node.type == "function_definition" and node.child_by_field_name("declarator"):
        declarator = _text_of(node.child_by_field_name("declarator"))
        return [{part} for part in declarator.split("(")[0].strip("*& ").split("::")]
    if node.type in SCOPES:
        name = _text_of(node.child_by_field_name("name")).split("<")[0]
        return [{part} for part in name.split("::") if part]
    return []


SCOPES = {
    "mod_item", "trait_item", "function_item", "namespace_definition", "class_specifier",
    "struct_specifier", "union_specifier", "enum_specifier", "class_definition",
}  # fmt: skip


def _plain_type(node: Node | None) -> str:
    """Return the last part of a type without its generic arguments."""
    return _text_of(node).split("<")[0].split("::")[-1].strip()


def _rust(node: Node) -> Definition | None:
    item = node.parent
    if item is None or item.type not in ("const_item", "static_item"):
        return None
    if not _is_field(item, "name", node):
        return None
    value = item.child_by_field_name("value")
    type_text = _text_of(item.child_by_field_name("type"))
    return _found(node, type_text, value, Language.RUST, item)


def _found(
    name: Node, type_text: str, value: Node | None, language: Language, item: Node
) -> Definition:
    problem = "it is declared without a value" if value is None else ""
    if item.has_error:
        value, problem = None, "the definition cannot be parsed; correct its syntax"
    place = Initialiser(value, language) if value is not None else None
    return Definition(name, _scope(item), type_text, place, problem)


def _c_definition(node: Node, language: Language) -> Definition | None:
    parent = node.parent
    if parent is None:
        return None
    if parent.type in ("preproc_def", "preproc_function_def"):
        return _macro(node, parent, language) if _is_field(parent, "name", node) else None
    if parent.type == "enumerator" and _is_field(parent, "name", node):
        return _found(node, "", parent.child_by_field_name("value"), language, parent)
    return _declared(node, language)


def _macro(node: Node, item: Node, language: Language) -> Definition:
    argument = item.child_by_field_name("value")
    if item.type == "preproc_function_def":
        return Definition(node, (), problem="it is a macro with parameters; give the number a name")
    if argument is None:
        return Definition(node, (), problem="it is defined without a value")
    value = expression_in(argument.text or b"", language, argument.start_byte)
    problem = "" if value else f"{_text_of(argument).strip()} is no constant expression"
    return Definition(node, (), value=value, problem=problem)


def _declared(node: Node, language: Language) -> Definition | None:
    """Return the definition by a declarator; a declaration without a value defines nothing."""
    outer = node
    qualifiers: list[str] = []
    for ancestor in _ancestors(node):
        if ancestor.type == "qualified_identifier" and _is_field(ancestor, "name", outer):
            qualifiers.insert(0, _text_of(ancestor.child_by_field_name("scope")))
        elif not ancestor.type.endswith("declarator") or not _is_field(
            ancestor, "declarator", outer
        ):
            break
        outer = ancestor
    item = outer.parent
    if item is None or item.type not in ("declaration", "field_declaration"):
        return None
    value = outer.child_by_field_name("value") or item.child_by_field_name("default_value")
    if value is None or (outer == node and outer.type == "identifier"):
        return None
    return _checked_declaration(node, outer, item, value, language, qualifiers)


def _checked_declaration(  # the parts of one declaration
    node: Node, outer: Node, item: Node, value: Node, language: Language, qualifiers: list[str]
) -> Definition:
    shape = "".join(
        child.type for child in _ancestors(node) if child.start_byte >= outer.start_byte
    )
    words = {_text_of(child) for child in item.named_children if child.type == "type_qualifier"}
    type_node = item.child_by_field_name("type")
    words |= {_text_of(child) for child in (type_node.named_children if type_node else ())}
    type_text = _text_of(type_node)
    found = _found(node, type_text, value, language, item)
    scope = found.scope + tuple(frozenset({part}) for part in qualifiers)
    problem = found.problem
    if not words & {"const", "constexpr", "constinit"}:
        problem = "it is a variable; declare it const or constexpr, so that no code changes it"
    elif "array_declarator" in shape:
        problem = "it is an array; give the element a constant of its own"
    elif "pointer_declarator" in shape and "char" not in type_text:
        problem = "it is a pointer; a parameter is one number, text or switch"
    text = "" if "pointer_declarator" in shape else type_text
    return Definition(node, scope, text, None if problem else found.value, problem)


def _python(node: Node) -> Definition | None:
    """Return the binding of a name at module or class level; locals are other variables."""
    parent = node.parent
    if parent is None:
        return None
    if parent.type == "global_statement":
        return Definition(node, (), problem="a function assigns it; keep it constant")
    target = node
    while parent is not None and parent.type in PATTERNS:
        target, parent = parent, parent.parent
    if parent is None or any(a.type in LOCAL for a in _ancestors(node)):
        return None
    if not _rebinds(parent, target):
        return None
    if parent.type != "assignment" or target != node:
        return Definition(node, _scope(parent), problem="it is not assigned by itself, once")
    return _assigned(node, parent)


def _rebinds(parent: Node, target: Node) -> bool:
    if parent.type == "dotted_name":
        statement = parent.parent
        return (
            statement is not None
            and statement.type.startswith("import")
            and not _is_field(statement, "module_name", parent)
        )
    field = REBINDING.get(parent.type)
    return parent.type == "as_pattern_target" or (
        field is not None and _is_field(parent, field, target)
    )


PATTERNS = {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"}
LOCAL = {"function_definition", "lambda", "list_comprehension", "generator_expression",
         "set_comprehension", "dictionary_comprehension"}  # fmt: skip
REBINDING = {
    "assignment": "left", "augmented_assignment": "left", "for_statement": "left",
    "named_expression": "name", "aliased_import": "alias", "function_definition": "name",
    "class_definition": "name",
}  # fmt: skip


def _assigned(node: Node, assignment: Node) -> Definition | None:
    value = assignment.child_by_field_name("right")
    outer = assignment.parent
    if value is None:
        return None
    if value.type == "assignment" or (outer is not None and outer.type == "assignment"):
        problem = "one assignment gives several names their value; assign it by itself"
        return Definition(node, _scope(assignment), problem=problem)
    type_text = _text_of(assignment.child_by_field_name("type"))
    return _found(node, type_text, value, Language.PYTHON, assignment)
