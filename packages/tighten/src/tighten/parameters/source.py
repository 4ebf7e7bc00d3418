"""Named constants in source files of Rust, C, C++ and Python.

The file is read as a syntax tree, so a definition is a definition and never a comment, a text, a
longer name or a use. Every occurrence of the name is looked up in the tree; exactly one of them
must define it (within ``scope``, if one is given). None or several is an error that lists each.

An edit replaces the literal and nothing else; the changed expression is parsed and computed once
more before it is handed out, so what was written is known to read back as the value.

Limits: conditional compilation is not evaluated, so twins under ``#[cfg]`` or ``#ifdef`` are
several definitions, of which ``branch`` chooses one. Files in UTF-16 or UTF-32 are refused; every
other encoding survives because only ASCII bytes are looked at (texts are read as UTF-8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tighten.errors import BindingError, StudyError
from tighten.parameters.binding import Place, Reading, file_bytes
from tighten.parameters.branches import normal_branch
from tighten.parameters.constant import (
    Initialiser,
    evaluated,
    expression_in,
    rewritten,
)
from tighten.parameters.definition import (
    Constants,
    Definition,
    conformed,
    described,
    is_in,
    type_of,
)
from tighten.parameters.literal import (
    Language,
    ValueType,
    fitted,
    generic_type,
    kind_of,
)
from tighten.parameters.syntax import Splice, check_encoding, derive, parse, position, spliced

if TYPE_CHECKING:
    from tighten.parameters.domain import Value

__all__ = ["SourceConstant"]

SUFFIXES = {
    Language.RUST: (".rs",),
    Language.C: (".c", ".h", ".cl"),
    Language.CPP: (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp",
                   ".tpp", ".cu", ".cuh", ".hip"),
    Language.PYTHON: (".py", ".pyi"),
}  # fmt: skip
LISTED_USES = 5


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
    branch
        The line that opens the branch with the definition, if each branch has one: ``"#else"``,
        ``"#ifdef USE_MKL"``, ``'#[cfg(feature = "simd")]'``, ``"else:"`` (Python). One of several
        around it is enough; spaces and comments do not count.
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
    branch: str | None = None
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
        type_ = type_of(definition, place, present)
        resolve = Constants(text, place.language).value_of
        try:
            if _may_change_kind(definition, place, value, present):
                type_ = generic_type(kind_of(value), place.language)
            wanted = fitted(value, type_)
            if repr(wanted) == repr(present):
                return Splice(place.start, place.start, b"")
            splice = rewritten(place, wanted, resolve)
            check_encoding(text, splice.replacement.decode())
            self._verify(text, place, splice, wanted, type_)
        except ValueError as error:
            raise self._refusal(str(error), text, place.start) from error
        return splice

    def _value(self, text: bytes, definition: Definition, place: Initialiser) -> Value:
        resolve = Constants(text, place.language).value_of
        try:
            value = evaluated(place, resolve)
            return conformed(value, type_of(definition, place, value))
        except ValueError as error:
            raise self._refusal(str(error), text, place.start) from error

    def _verify(
        self, text: bytes, place: Initialiser, splice: Splice, wanted: Value, type_: ValueType
    ) -> None:
        """Parse the changed initialiser alone and make sure that it has the wanted value."""
        inner = Splice(splice.start - place.start, splice.end - place.start, splice.replacement)
        changed = spliced(text[place.start : place.end], inner)
        parsed = expression_in(changed, place.language)
        resolve = Constants(text, place.language).value_of
        if parsed is None or conformed(evaluated(parsed, resolve), type_) != wanted:
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
        constants = Constants(text, self._grammar(text))
        found = constants.definitions(self.name)
        matching = [one for one in found if self._is_meant(one)]
        if len(matching) != 1:
            raise self._refusal(self._count_problem(text, constants, found, matching))
        definition = matching[0]
        if definition.value is None:
            raise self._refusal(definition.problem, text, definition.name.start_byte)
        return definition, definition.value

    def _is_meant(self, definition: Definition) -> bool:
        is_in_scope = self.scope is None or is_in(definition, self.scope)
        return is_in_scope and (
            self.branch is None or normal_branch(self.branch) in definition.branches
        )

    def _count_problem(
        self,
        text: bytes,
        constants: Constants,
        found: list[Definition],
        matching: list[Definition],
    ) -> str:
        if len(matching) > 1:
            places = "; ".join(self._listed(text, one) for one in matching)
            return (
                f"{len(matching)} definitions of {self.name}: {places}. "
                "Exactly one is allowed: name its scope or its branch, or give the constants "
                "different names"
            )
        if found:
            places = "; ".join(self._listed(text, one) for one in found)
            wanted = {"scope": self.scope, "branch": self.branch}
            where = " and ".join(
                f"{key} {text!r}" for key, text in wanted.items() if text is not None
            )
            return f"no definition of {self.name} in {where}, but {places}"
        uses = [
            f"{self._at(text, start)} ({described(node)})"
            for start, node in constants.occurrences(self.name)
        ]
        more = f" and {len(uses) - LISTED_USES} more" if len(uses) > LISTED_USES else ""
        seen = f"; the name occurs at {', '.join(uses[:LISTED_USES])}{more}" if uses else ""
        return f"no definition of a constant {self.name}{seen}. Correct the name or the file"

    def _listed(self, text: bytes, definition: Definition) -> str:
        joint = "." if self._grammar(text) is Language.PYTHON else "::"
        scope = joint.join(min(names, key=len) for names in definition.scope)
        under = f" under {definition.branches[0]}" if definition.branches else ""
        return f"{self._at(text, definition.name.start_byte)} ({scope or 'top level'}{under})"

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
