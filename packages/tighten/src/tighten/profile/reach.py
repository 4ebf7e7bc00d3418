"""From a line of source to the loops and functions around it, and from a name to where it is used.

Files are read as syntax trees (Rust, C, C++, Python). A name is used by a function if it stands
in its body as a word of code; a module constant computed from the name carries its use on, to a
few steps. So it is known which functions a constant can act through, and, with the stacks of a
profile, which share of the time runs below them.

Limits: names, not data flow. A value that is handed on as an argument acts below the function
that hands it on, which the stacks cover; one that is kept in an object and read elsewhere is not
followed. Two constants of one name and language count as one, unless they are private to a file
or, in Python, the other file imports neither the module nor a package that passes it on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tighten.parameters.source import SUFFIXES
from tighten.parameters.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from tighten.parameters.literal import Language
    from tighten.profile.model import Frame, Profile

__all__ = ["Source", "Use", "share_below"]

_LARGEST = 2**20  # bytes of a file that is still read
_STEPS = 4
_FUNCTIONS = {"function_definition", "function_item", "lambda_expression"}
_LOOPS = {
    "for_statement", "while_statement", "do_statement", "for_range_loop", "for_expression",
    "while_expression", "loop_expression", "list_comprehension", "set_comprehension",
    "dictionary_comprehension", "generator_expression",
}  # fmt: skip
_NO_CODE = {"comment", "line_comment", "block_comment", "string_content", "string_literal",
            "escape_sequence", "raw_string_literal"}  # fmt: skip
_IMPORTS = {"import_statement", "import_from_statement", "use_declaration", "preproc_include"}
_IMPORTED = re.compile(rb"^[ \t]*(?:from|import)\b(?:[^\n(]|\([^)]*\))*", re.MULTILINE)
_CONSTANT = re.compile(rb"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b[A-Z]{3,}[A-Z0-9]*\b")
_PLAIN = {"lib", "mod", "main", "__init__"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A place where a name stands in code.

    ``function`` is the name of the innermost named function around it, "" at module level;
    ``loops`` are the first lines of the loops around it inside that function, outermost first.
    """

    file: str
    line: int
    function: str
    loops: tuple[int, ...] = ()


class Source:
    """The source files of a project.

    Parameters
    ----------
    root
        Directory of the project.
    files
        Relative to it; those in other languages are passed over.
    """

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        self._root = root
        self._files = sorted(file for file in files if _language(file) is not None)

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        texts = {}
        for file in self._files:
            path = self._root / file
            if path.is_file() and path.stat().st_size <= _LARGEST:
                texts[file.as_posix()] = path.read_bytes()
        return texts

    @cached_property
    def _imports(self) -> dict[str, bytes]:
        """The import statements of each file, in Python."""
        return {file: b"\n".join(_IMPORTED.findall(text)) for file, text in self._texts.items()}

    def uses(self, *names: str, texts: bool = False) -> tuple[Use, ...]:
        """Return where names are used by functions, directly or through module constants.

        Uses in tests come last.

        Parameters
        ----------
        names
            Identifiers; with ``texts`` also whole string literals, as of an environment variable.
        texts
            Whether a string literal that is the name counts as its use.
        """
        found: dict[Use, None] = {}
        everywhere = frozenset(self._texts)
        wanted, seen = dict.fromkeys(names, everywhere), set[str]()
        for _ in range(_STEPS):
            derived: dict[str, frozenset[str]] = {}
            for file, text in self._texts.items():
                here = {name for name, files in wanted.items() if file in files}
                for use, carries in self._in_file(file, text, here, texts=texts):
                    found[use] = None
                    name, files = carries
                    if name:
                        derived[name] = derived.get(name, frozenset()) | files
            seen |= wanted.keys()
            wanted = {name: files for name, files in derived.items() if name not in seen}
            if not wanted:
                break
        return tuple(sorted(found, key=lambda use: _is_test(use.file)))

    def _in_file(
        self, file: str, text: bytes, names: set[str], *, texts: bool
    ) -> Iterator[tuple[Use, tuple[str, frozenset[str]]]]:
        """Yield each use with the module constant that it defines, if any, and who can see that."""
        language = _language(Path(file))
        if not names or language is None:
            return
        word = rb"(?<![\w-])(?:%s)(?!\w)" % b"|".join(re.escape(n.encode()) for n in sorted(names))
        places = [match.span() for match in re.finditer(word, text)]
        if not places:
            return
        root = parse(text, language).root_node
        for start, end in places:
            node = root.descendant_for_byte_range(start, end)
            if node is None or not _is_code(node, text[start:end], texts=texts):
                continue
            target, is_private = _defined_by(node)
            if target in names:
                continue  # the definition itself
            if not target or _around(node, _FUNCTIONS):
                yield self._use(file, node), ("", frozenset())
            elif is_private:
                yield self._use(file, node), (target, frozenset([file]))
            else:
                yield self._use(file, node), (target, self._seeing(file, language))

    def _seeing(self, file: str, language: Language) -> frozenset[str]:
        """Return the files that can see the public names of a file: those of its language.

        A file of Python must also import the module, or a package around it that passes it on.
        """
        kin = {one for one in self._texts if _language(Path(one)) is language}
        if PurePosixPath(file).suffix != ".py":
            return frozenset(kin | {file})
        seeing, open_ends = {file}, [file]
        while open_ends:
            path = PurePosixPath(open_ends.pop())
            module = path.parent.name if path.stem == "__init__" else path.stem
            word = re.compile(rb"\b%s\b" % re.escape(module.encode()))
            found = {one for one in kin - seeing if word.search(self._imports[one])}
            seeing |= found
            around = {str(one / "__init__.py") for one in PurePosixPath(file).parents}
            open_ends += found & around
        return frozenset(seeing)

    def _use(self, file: str, node: Node) -> Use:
        function = next(iter(_around(node, _FUNCTIONS)), None)
        loops = [one for one in _around(node, _LOOPS) if function is None or _is_in(one, function)]
        return Use(
            file=file,
            line=node.start_point.row + 1,
            function=_name_of(function),
            loops=tuple(one.start_point.row + 1 for one in reversed(loops)),
        )

    def at(self, file: str, line: int) -> Use | None:
        """Return the function and the loops around a line; None if the file is not known."""
        text, language = self._texts.get(file), _language(Path(file))
        if text is None or language is None or line < 1:
            return None
        rows = text.split(b"\n")
        if line > len(rows):
            return None
        start = sum(len(row) + 1 for row in rows[: line - 1])
        indent = len(rows[line - 1]) - len(rows[line - 1].lstrip())
        node = parse(text, language).root_node.descendant_for_byte_range(
            start + indent, start + max(indent + 1, len(rows[line - 1].rstrip()))
        )
        if node is None:
            return None
        use = self._use(file, node.children[0] if node.type in _LOOPS and node.children else node)
        return Use(file=file, line=line, function=use.function, loops=use.loops)

    def constants(self, file: str, function: str) -> tuple[str, ...]:
        """Return the names in capitals that a function of a file uses, in order of first use."""
        text, language = self._texts.get(file), _language(Path(file))
        if text is None or language is None:
            return ()
        root = parse(text, language).root_node
        found: dict[str, None] = {}
        for match in _CONSTANT.finditer(text):
            node = root.descendant_for_byte_range(*match.span())
            if node is None or not _is_code(node, match.group(), texts=False):
                continue
            if _name_of(next(iter(_around(node, _FUNCTIONS)), None)) == function:
                found[match.group().decode()] = None
        return tuple(found)


def _language(file: Path) -> Language | None:
    return next((lang for lang, known in SUFFIXES.items() if file.suffix.lower() in known), None)


def _is_code(node: Node, word: bytes, *, texts: bool) -> bool:
    if node.type in _IMPORTS or _around(node, _IMPORTS):
        return False
    is_text = "string" in node.type or node.type in ("char_literal", "escape_sequence")
    if is_text:
        return texts and (node.text or b"").strip(b"\"'bru") == word
    return node.type not in _NO_CODE


def _around(node: Node, kinds: set[str]) -> list[Node]:
    """Return the nodes of some kinds around a node, innermost first."""
    found, outer = [], node.parent
    while outer is not None:
        if outer.type in kinds:
            found.append(outer)
        outer = outer.parent
    return found


def _is_in(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _name_of(function: Node | None) -> str:
    if function is None:
        return ""
    node = function.child_by_field_name("name") or function.child_by_field_name("declarator")
    while node is not None and (inner := node.child_by_field_name("declarator")) is not None:
        node = inner
    text = (node.text or b"").decode("utf-8", "replace") if node is not None else ""
    return re.split(r"::|\.", text)[-1].strip("*& ")


_DEFINITIONS = {
    "assignment": "left", "const_item": "name", "static_item": "name", "preproc_def": "name",
    "init_declarator": "declarator", "preproc_function_def": "name",
}  # fmt: skip


def _defined_by(node: Node) -> tuple[str, bool]:
    """Return the name that the definition around a node gives a value to, "" if there is none.

    The second value says that no other file can see it.
    """
    outer: Node | None = node
    while outer is not None and outer.type not in _FUNCTIONS:
        field = _DEFINITIONS.get(outer.type)
        target = outer.child_by_field_name(field) if field else None
        if target is not None:
            words: list[str] = re.findall(r"\w+", (target.text or b"").decode("utf-8", "replace"))
            name = words[-1] if words else ""
            return name, name.startswith("_") or _is_private(outer)
        outer = outer.parent
    return "", False


def _is_private(definition: Node) -> bool:
    """Whether a definition of Rust lacks `pub`."""
    if definition.type not in {"const_item", "static_item"}:
        return False
    return all(child.type != "visibility_modifier" for child in definition.children)


def _is_test(file: str) -> bool:
    """Whether a file holds tests, by its place or name."""
    path = PurePosixPath(file)
    return "tests" in path.parts or path.name.startswith("test_")


def share_below(profile: Profile, uses: Sequence[Use]) -> float | None:
    """Return the share of the time that runs in or below functions with these uses.

    0 if the uses are outside of functions: that code has run when the steady state begins. None
    if none of the functions is on any stack although there are some; they may be inlined.
    """
    inside = [use for use in uses if use.function]
    if not inside:
        return 0.0
    known: dict[Frame, bool] = {}

    def matches(frame: Frame) -> bool:
        if frame not in known:
            known[frame] = any(is_function(frame, use) for use in inside)
        return known[frame]

    below = sum(stack.weight for stack in profile.stacks if any(map(matches, stack.frames)))
    return below / profile.total if below else None


def is_function(frame: Frame, use: Use) -> bool:
    """Whether a frame is the function that a use stands in.

    A frame with a source file must be of that file; one of a shared object must name the module,
    because there is no file to tell functions of one name apart.
    """
    words = re.findall(r"[A-Za-z_]\w*", frame.function)
    if use.function not in words:
        return False
    if frame.file == use.file or frame.file.endswith("/" + use.file):
        return True
    if use.file.endswith("/" + frame.file) and "/" in frame.file:
        return True
    if _language(Path(frame.file)) is not None:
        return _shares_tail(frame.file, use.file)
    stem = PurePosixPath(use.file).stem
    return use.file.endswith((".c", ".h")) or stem in _PLAIN or stem in words


def _shares_tail(a: str, b: str) -> bool:
    """Whether two paths end in the same two parts: an installed copy of a source file."""
    return PurePosixPath(a).parts[-2:] == PurePosixPath(b).parts[-2:]
