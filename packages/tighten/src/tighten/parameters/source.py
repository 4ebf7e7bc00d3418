"""Named constants in source files of Rust, C, C++ and Python.

The file is read as a syntax tree, so a definition is a definition and never a comment, a text, a
longer name or a use. Every occurrence of the name is looked up in the tree; exactly one of them
must define it (within ``scope``, if one is given). None or several is an error that lists each.

An edit replaces the literal and nothing else; the changed expression is parsed and computed once
more before it is handed out, so what was written is known to read back as the value.

Limits: conditional compilation is not evaluated, so twins under ``#[cfg]`` or ``#ifdef`` are
several definitions. Files in UTF-16 or UTF-32 are refused; every other encoding survives because
only ASCII bytes are looked at (texts are read as UTF-8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tree_sitter import Node

from tighten.errors import BindingError, StudyError
from tighten.parameters.binding import Place, Reading, file_bytes
from tighten.parameters.constant import (
    Initialiser,
    evaluated,
    expression_in,
    hint_type,
    rewritten,
)
from tighten.parameters.literal import (
    Kind,
    Language,
    ValueType,
    declared_type,
    fitted,
    generic_type,
    kind_of,
)
from tighten.parameters.syntax import Splice, check_encoding, derive, parse, position, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tighten.parameters.domain import Value

__all__ = ["SourceConstant"]

SUFFIXES = {
    Language.RUST: (".rs",),
    Language.C: (".c", ".h", ".cl"),
    Language.CPP: (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp",
                   ".tpp", ".cu", ".cuh", ".hip"),
    Language.PYTHON: (".py", ".pyi"),
}  # fmt: skip
MAX_DEPTH = 16  # constants that refer to constants
LISTED_USES = 5


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of a name: the node of the name, the declared type, the initialiser."""

    name: Node
    scope: tuple[frozenset[str], ...]
    type_text: str = ""
    value: Initialiser | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConstant:
    """A binding to a named constant of a source file.

    Parameters
    ----------
    parameter
        Name of the parameter, for messages.
    file
        Source file, relative to the project.
    name
        Name of the constant.
    scope
        Where the definition lies, if the name alone is not unique: modules, types and functions
        around it, as in ``"gpu::Kernel"`` (Rust, C++) or ``"Solver.Options"`` (Python). The last
        parts are enough. ``""`` means the top level of the file. A Rust implementation can be
        named ``"<Kernel as Tuned>"``.
    language
        ``rust``, ``c``, ``cpp`` or ``python``; by the file's suffix if None.

    Raises
    ------
    StudyError
        If the language is not known, or the name is no identifier.
    """

    parameter: str
    file: Path
    name: str
    scope: str | None = None
    language: str | None = None
    kind: ClassVar[str] = "source"

    def __post_init__(self) -> None:
        allowed = ", ".join(SUFFIXES)
        if self.language is not None and self.language not in SUFFIXES:
            raise StudyError(
                f"parameter {self.parameter}: language {self.language!r} is not known; "
                f"allowed: {allowed}"
            )
        if self.language is None and not self._by_suffix():
            raise StudyError(
                f"parameter {self.parameter}: the suffix of {self.file} names no known language; "
                f"add language = one of {allowed}"
            )
        if not re.fullmatch(r"[A-Za-z_]\w*", self.name, re.ASCII):
            raise StudyError(
                f"parameter {self.parameter}: {self.name!r} is no name of a constant; "
                "allowed: letters, digits and underscores"
            )

    def _by_suffix(self) -> Language | None:
        suffix = self.file.suffix.lower()
        return next((lang for lang, known in SUFFIXES.items() if suffix in known), None)

    def _grammar(self, text: bytes) -> Language:
        """Return the language; a header that is no C but parses as C++ is C++."""
        language = Language(self.language) if self.language else self._by_suffix()
        if language is None:
            raise self._refusal("no known language; give one")
        is_header = self.language is None and self.file.suffix.lower() == ".h"
        if is_header and parse(text, "c").root_node.has_error:
            return language if parse(text, "cpp").root_node.has_error else Language.CPP
        return language

    def read(self, root: Path) -> Reading:
        """Return the value of the constant in the project at ``root``.

        Raises
        ------
        BindingError
            If the file or the definition cannot be found, or has no constant value.
        """
        text = file_bytes(root, self.file, parameter=self.parameter)
        definition, place = self._definition(text)
        value = self._value(text, definition, place)
        line, column = position(text, place.start)
        return Reading(
            value=value, place=Place(file=self.file, line=line, column=column, text=place.text)
        )

    def edit(self, text: bytes, value: Value) -> bytes:
        """Return ``text`` with ``value`` as the constant's value.

        Raises
        ------
        BindingError
            If the definition cannot be found, or the value does not fit its type.
        """
        splice = self.splice(text, value)
        edited = spliced(text, splice)
        derive(text, splice, edited, self._grammar(text))
        return edited

    def splice(self, text: bytes, value: Value) -> Splice:
        """Return the one replacement that writes ``value`` into ``text``."""
        definition, place = self._definition(text)
        present = self._value(text, definition, place)
        type_ = _type_of(definition, place, present)
        resolve = _Constants(text, place.language, 0).value_of
        try:
            if _may_change_kind(definition, place, value, present):
                type_ = generic_type(kind_of(value), place.language)
            wanted = fitted(value, type_)
            if repr(wanted) == repr(present):
                return Splice(place.start, place.start, b"")
            splice = rewritten(place, wanted, resolve)
            check_encoding(text, splice.replacement.decode())
        except ValueError as error:
            raise self._refusal(str(error), text, place.start) from error
        self._verify(text, place, splice, wanted, type_)
        return splice

    def _value(self, text: bytes, definition: Definition, place: Initialiser) -> Value:
        resolve = _Constants(text, place.language, 0).value_of
        try:
            value = evaluated(place, resolve)
            return _conformed(value, _type_of(definition, place, value))
        except ValueError as error:
            raise self._refusal(str(error), text, place.start) from error

    def _verify(
        self, text: bytes, place: Initialiser, splice: Splice, wanted: Value, type_: ValueType
    ) -> None:
        """Parse the changed initialiser alone and make sure that it has the wanted value."""
        inner = Splice(splice.start - place.start, splice.end - place.start, splice.replacement)
        changed = spliced(text[place.start : place.end], inner)
        parsed = expression_in(changed, place.language)
        resolve = _Constants(text, place.language, 0).value_of
        if parsed is None or _conformed(evaluated(parsed, resolve), type_) != wanted:
            raise self._refusal(
                f"{wanted!r} would be written as {changed.decode('utf-8', 'replace')}, which does "
                "not read back; write the constant as a plain literal",
                text,
                place.start,
            )

    def _definition(self, text: bytes) -> tuple[Definition, Initialiser]:
        """Return the one definition, or refuse with a list of what there is."""
        if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in text[:4]:
            raise self._refusal("it is in UTF-16 or UTF-32; save it as UTF-8")
        constants = _Constants(text, self._grammar(text), 0)
        found = constants.definitions(self.name)
        matching = [one for one in found if self.scope is None or _is_in(one, self.scope)]
        if len(matching) != 1:
            raise self._refusal(self._count_problem(text, constants, found, matching))
        definition = matching[0]
        if definition.value is None:
            raise self._refusal(definition.problem, text, definition.name.start_byte)
        return definition, definition.value

    def _count_problem(
        self,
        text: bytes,
        constants: _Constants,
        found: list[Definition],
        matching: list[Definition],
    ) -> str:
        if len(matching) > 1:
            places = "; ".join(self._listed(text, one) for one in matching)
            return (
                f"{len(matching)} definitions of {self.name}: {places}. "
                "Exactly one is allowed: name its scope, or give the constants different names"
            )
        if found:
            places = "; ".join(self._listed(text, one) for one in found)
            return f"no definition of {self.name} in scope {self.scope!r}, but {places}"
        uses = [
            f"{self._at(text, start)} ({_described(node)})"
            for start, node in constants.occurrences(self.name)
        ]
        more = f" and {len(uses) - LISTED_USES} more" if len(uses) > LISTED_USES else ""
        seen = f"; the name occurs at {', '.join(uses[:LISTED_USES])}{more}" if uses else ""
        return f"no definition of a constant {self.name}{seen}. Correct the name or the file"

    def _listed(self, text: bytes, definition: Definition) -> str:
        joint = "." if self._grammar(text) is Language.PYTHON else "::"
        scope = joint.join(min(names, key=len) for names in definition.scope)
        return f"{self._at(text, definition.name.start_byte)} ({scope or 'top level'})"

    def _at(self, text: bytes, offset: int) -> str:
        line, column = position(text, offset)
        return f"{self.file}:{line}:{column}"

    def _refusal(self, reason: str, text: bytes = b"", offset: int | None = None) -> BindingError:
        where = str(self.file) if offset is None else self._at(text, offset)
        return BindingError(
            f"parameter {self.parameter}: {self.name} in {where}: {reason}",
            parameter=self.parameter,
        )


def _may_change_kind(
    definition: Definition, place: Initialiser, value: Value, present: Value
) -> bool:
    """Say whether a text and a number may replace each other: where nothing declares a type."""
    is_dynamic = place.language is Language.PYTHON and not definition.type_text
    return is_dynamic and isinstance(value, str) != isinstance(present, str)


def _type_of(definition: Definition, place: Initialiser, value: Value) -> ValueType:
    """Return the declared type, else what the expression shows, else the kind of its value."""
    declared = declared_type(place.language, definition.type_text)
    if declared and declared.kind is Kind.INTEGER and isinstance(value, str):
        declared = None  # a C `char` that is initialised by a character
    shown = declared or hint_type(place)
    if shown is None and isinstance(value, str) and place.text.lstrip("(").startswith("'"):
        is_character = place.language is not Language.PYTHON
        shown = ValueType("char", Kind.CHARACTER) if is_character else None
    return shown or generic_type(kind_of(value), place.language)


def _conformed(value: Value, type_: ValueType) -> Value:
    """Return an evaluated value as its type holds it; ``!0`` of an unsigned type is its maximum."""
    if type_.kind is Kind.INTEGER and type_.low == 0 and isinstance(value, int) and value < 0:
        value += int(type_.high or 0) + 1
    return fitted(value, type_)


def _is_in(definition: Definition, scope: str) -> bool:
    wanted = [part for part in re.split(r"::|\.(?![^<]*>)", scope) if part] if scope else []
    if not wanted:
        return not definition.scope
    names = definition.scope[-len(wanted) :]
    return len(names) == len(wanted) and all(
        part in known for part, known in zip(wanted, names, strict=True)
    )


def _described(node: Node) -> str:
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


class _Constants:
    """The constants of one file, found by name."""

    def __init__(self, text: bytes, language: Language, depth: int) -> None:
        self._text = text
        self._language = language
        self._depth = depth
        self._root = parse(text, language).root_node

    def occurrences(self, name: str) -> Iterator[tuple[int, Node]]:
        """Yield byte and smallest node wherever the name stands as a whole word."""
        needle = name.encode()
        start = self._text.find(needle)
        while start >= 0:
            end = start + len(needle)
            around = self._text[max(start - 1, 0) : start] + self._text[end : end + 1]
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
        inner = _Constants(self._text, self._language, self._depth + 1)
        value = evaluated(found[0].value, inner.value_of)
        return _conformed(value, _type_of(found[0], found[0].value, value))

    def _c(self, node: Node) -> Definition | None:
        return _c_definition(node, self._language)


def _matches(definition: Definition, scope: list[str]) -> bool:
    relevant = [part for part in scope if part not in ("self", "Self", "super", "crate")]
    return _is_in(definition, "::".join(relevant)) if relevant else True


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
