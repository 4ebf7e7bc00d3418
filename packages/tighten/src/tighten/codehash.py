"""A digest of what a build will execute, equal for two builds that cannot differ in speed.

Two configurations whose builds have the same digest are one program, so the parameter between
them is inert. The digest must therefore see everything that can change behaviour, and nothing
else:

- ELF files: every section that is loaded (code, constants, tables, relocations, dynamic symbols,
  needed libraries, the size of zeroed memory), without notes (the build-id) and without anything
  that is not loaded (debug information, comments, symbol tables).
- Object files and the members of static archives: the same, with their relocations by symbol
  name, because call targets are written only there.
- Python sources: the compiled code without file names, line numbers and comments.
- Anything else: its bytes.

Absolute paths of the build's own directories are replaced by a mark in all of them, so that two
slots of equal path length give equal digests.

Limits: a digest that differs proves nothing (a compiler may embed a line number); equal digests
are what counts. Digests of Python code compare within one interpreter version.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section, SymbolTableSection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["CodeHash", "code_hash", "is_code"]

ELF_MAGIC = b"\x7fELF"
ARCHIVE_MAGIC = b"!<arch>\n"
MEMBER_HEADER = 60  # bytes of a member's header in an archive, see ar(5)
NOT_CODE = frozenset({"lib.rmeta", "/", "//", "/SYM64/"})  # indexes and compiler metadata


def code_hash(paths: Iterable[Path], *, roots: Sequence[Path], remap: Sequence[Path] = ()) -> str:
    """Return the digest of the files at ``paths``; see `CodeHash.of`."""
    return CodeHash(remap).of(paths, roots=roots)


def is_code(path: Path) -> bool:
    """Whether the file is something that a machine loads: ELF, but not a lone object file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(18)
    except OSError:
        return False
    # e_type is the half word at 16; 2 is an executable, 3 a shared object, in either byte order.
    return head[:4] == ELF_MAGIC and head[16:18] in {b"\2\0", b"\3\0", b"\0\2", b"\0\3"}


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What changes when a file changes, short of its content."""

    size: int
    mtime: int
    ctime: int
    inode: int


class CodeHash:
    """Computes digests, and remembers those of files that have not changed since.

    Parameters
    ----------
    remap
        Directories whose absolute paths do not count where a build wrote them into its products.
    """

    def __init__(self, remap: Sequence[Path] = ()) -> None:
        places = dict.fromkeys(place for path in remap for place in (path, path.resolve()))
        self._remap = [os.fsencode(place) for place in places]
        self._known: dict[Path, tuple[_Stamp, str]] = {}
        self._by_content: dict[bytes, str] = {}

    def of(self, paths: Iterable[Path], *, roots: Sequence[Path]) -> str:
        """Return the digest of a set of files.

        Parameters
        ----------
        paths
            Files or directories (all files below count, but for byte code and packaging records).
        roots
            Names count relative to the first of these directories that holds the file.

        Returns
        -------
        str
            Hexadecimal digest of names and contents; the order of ``paths`` does not matter.
        """
        total = hashlib.sha256()
        files = {file for path in paths for file in _files(path)}
        for file in sorted(files):
            root = next((root for root in roots if file.is_relative_to(root)), file.parent)
            name = os.fsencode(file.relative_to(root))
            total.update(b"%s\0%s\n" % (name, self._file(file).encode()))
        return total.hexdigest()

    def _file(self, path: Path) -> str:
        status = path.stat()
        stamp = _Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        content = path.read_bytes()
        # Compiling is dear; a package that was installed anew has mostly the same content.
        key = hashlib.sha256(path.suffix.encode() + b"\0" + content).digest()
        if key not in self._by_content:
            self._by_content[key] = _digest(path.suffix, content, self._remap)
        self._known[path] = stamp, self._by_content[key]
        return self._by_content[key]


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if path.is_file():
            yield path
        return
    for child in sorted(path.iterdir()):
        is_record = child.name.endswith((".dist-info", ".egg-info")) or child.name == "__pycache__"
        if not is_record and not (child.is_symlink() and child.is_dir()):
            yield from _files(child)


def _digest(suffix: str, content: bytes, remap: Sequence[bytes]) -> str:
    hasher = hashlib.sha256()
    for part in _parts(suffix, content):
        counted = _without_paths(part, remap)
        hasher.update(len(counted).to_bytes(8, "little"))
        hasher.update(counted)
    return hasher.hexdigest()


def _without_paths(part: bytes, remap: Sequence[bytes]) -> bytes:
    for path in remap:
        # The mark keeps the length, so that nothing behind it moves.
        part = part.replace(path, b"\0" * len(path))
    return part


def _parts(suffix: str, content: bytes) -> Iterator[bytes]:
    """Yield what counts of a file."""
    if content.startswith(ELF_MAGIC):
        try:
            yield from list(_elf(content))
        except ELFError:
            yield content
    elif content.startswith(ARCHIVE_MAGIC):
        for name, member in _members(content):
            yield name
            yield from _parts("", member)
    elif suffix == ".py":
        yield from _python(content)
    else:
        yield content


def _elf(content: bytes) -> Iterator[bytes]:
    elf = ELFFile(io.BytesIO(content))
    yield f"{elf.header.e_type} {elf.header.e_machine} {elf.header.e_flags}".encode()
    for section in elf.iter_sections():
        kind = section["sh_type"]
        if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and kind != "SHT_NOTE":
            yield f"{section.name} {kind} {section['sh_flags']} {section['sh_size']}".encode()
            yield b"" if kind == "SHT_NOBITS" else section.data()
        elif isinstance(section, RelocationSection):
            yield from _relocations(elf, section)


def _relocations(elf: ELFFile, section: RelocationSection) -> Iterator[bytes]:
    """Yield the relocations of a loaded section in an object file, by name of their symbols."""
    target = elf.get_section(section["sh_info"])
    symbols = elf.get_section(section["sh_link"])
    if not target["sh_flags"] & SH_FLAGS.SHF_ALLOC or not isinstance(symbols, SymbolTableSection):
        return
    yield f"relocations of {target.name}".encode()
    for relocation in section.iter_relocations():
        symbol = symbols.get_symbol(relocation["r_info_sym"])
        addend = relocation["r_addend"] if relocation.is_RELA() else 0
        place = symbol["st_value"], symbol["st_shndx"]
        name = symbol.name or _section_name(elf, symbol["st_shndx"])
        kind = relocation["r_info_type"]
        yield f"{relocation['r_offset']} {kind} {name} {place} {addend}".encode()


def _section_name(elf: ELFFile, index: object) -> str:
    section: Section | None = elf.get_section(index) if isinstance(index, int) else None
    return section.name if section is not None else str(index)


def _members(archive: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the members of a static archive, without its indexes."""
    position = len(ARCHIVE_MAGIC)
    long_names = b""
    while position + MEMBER_HEADER <= len(archive):
        header = archive[position : position + MEMBER_HEADER]
        size = int(header[48:58])
        start = position + MEMBER_HEADER
        content = archive[start : start + size]
        position = start + size + size % 2
        name = header[:16].rstrip()
        if name == b"//":
            long_names = content
        elif name[:1] == b"/" and name[1:].isdigit():
            name = long_names[int(name[1:]) :].split(b"/\n", 1)[0]
        name = name.removesuffix(b"/") if len(name) > 2 else name
        if name.decode(errors="replace") not in NOT_CODE:
            yield name, content


def _python(source: bytes) -> Iterator[bytes]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, "<trial>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):  # a template, or another version's Python
        yield source
        return
    yield from _code(code)


def _code(code: CodeType) -> Iterator[bytes]:
    """Yield what a code object does, without where it was written."""
    yield code.co_code
    yield code.co_exceptiontable
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    yield repr((code.co_name, names, counts)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        else:
            yield _constant(constant).encode("utf-8", errors="backslashreplace")


def _constant(value: object) -> str:
    """Return a text that is equal for equal constants of equal type, whatever the hash seed."""
    if isinstance(value, tuple):
        return f"({', '.join(_constant(item) for item in value)})"
    if isinstance(value, frozenset):
        return f"frozenset({', '.join(sorted(_constant(item) for item in value))})"
    return f"{type(value).__name__} {value!r}"
