"""Constants of a project whose names look like tuning knobs, with values worth trying."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.errors import BindingError
from tighten.parameters.source import SourceConstant

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_FILE", "Knob", "find_knobs", "source_files"]

SUFFIXES = {".rs", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".py"}
SKIPPED = {
    "target", "build", "dist", "node_modules", "venv", "tests", "test", "benches", "benchmarks",
    "bench", "docs", "doc", "examples", "__pycache__", "site-packages", "third_party", "vendor",
    "extern", "external", "externals", "subprojects", "deps", "scripts", "tools", "ci",
}  # fmt: skip
VENDORED = ".cargo-checksum.json"  # Cargo puts it into each crate that it copies into a project
MAX_FILE = 1 << 20  # a larger source file was not written by hand
MAX_FILES = 2000
MAX_KNOBS = 4  # more make a space that a first study cannot search

# In the order of how likely a change makes the program faster and changes nothing else.
WORDS = (
    "THRESHOLD", "CUTOFF", "CHUNK", "BLOCK", "TILE", "UNROLL", "GRAIN", "BATCH", "PREFETCH",
    "STRIDE", "LANES", "BUFFER", "WORKERS", "THREADS", "JOBS",
)  # fmt: skip
PARALLEL_WORDS = {"WORKERS", "THREADS", "JOBS"}
_NAME = re.compile(rb"\b(?:[A-Z][A-Z0-9_]*|k[A-Z][A-Za-z0-9]*)\b")  # CHUNK_SIZE or kChunkSize
_WORD = re.compile(r"[A-Z][a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Knob:
    """A constant, where it is written, and the values to try; none for one up to the CPUs."""

    name: str
    file: Path  # relative to the project
    constant: str
    value: int
    values: tuple[int, ...]


def find_knobs(root: Path) -> list[Knob]:
    """Return up to four constants, the likeliest first; only what can be edited as it stands."""
    found = [knob for file in source_files(root) for knob in _knobs_in(root, file)]
    found.sort(key=lambda knob: (_rank(knob.constant), str(knob.file), knob.constant))
    return _with_distinct_names(found[:MAX_KNOBS])


def source_files(root: Path) -> Iterator[Path]:
    """Yield the source files of a project relative to it, without tests and build products."""
    count = 0
    for directory, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED and name[0] != ".")
        if VENDORED in files:
            below.clear()
            continue
        for name in sorted(files):
            path = Path(directory, name)
            if path.suffix in SUFFIXES and not re.match(r"(test_|conftest|bench_|build\.rs)", name):
                yield path.relative_to(root)
                count += 1
                if count == MAX_FILES:
                    return


def _knobs_in(root: Path, file: Path) -> Iterator[Knob]:
    try:
        text = (root / file).read_bytes()
    except OSError:
        return  # a dangling link, or a file that is not for us
    if len(text) > MAX_FILE:
        return
    for name in dict.fromkeys(match.decode() for match in _NAME.findall(text)):
        if _rank(name) == len(WORDS):
            continue
        binding = SourceConstant(parameter=name, file=file, name=name)
        try:
            value = binding.read(root).value
        except BindingError:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            values = tuple(one for one in _around(name, value) if _fits(binding, text, one))
            if len(values) > 1 or not _around(name, value):
                yield Knob(name, file, name, value, values)


def _rank(name: str) -> int:
    words = _words(name)
    return next((rank for rank, word in enumerate(WORDS) if word in words), len(WORDS))


def _words(name: str) -> set[str]:
    return {word.upper() for word in _WORD.findall(name)}


def _around(name: str, value: int) -> tuple[int, ...]:
    """Return the value with two smaller and two larger ones, a factor of two apart."""
    if PARALLEL_WORDS & _words(name):
        return ()
    around = (value // 4, value // 2, value, value * 2, value * 4)
    return tuple(sorted({one for one in around if one > 0}))


def _fits(binding: SourceConstant, text: bytes, value: int) -> bool:
    try:
        binding.splice(text, value)
    except BindingError:
        return False
    return True


def _with_distinct_names(knobs: list[Knob]) -> list[Knob]:
    """Give constants of one name in several files the files' names as well."""
    counts = Counter(knob.name for knob in knobs)
    return [
        knob
        if counts[knob.name] == 1
        else replace(knob, name=re.sub(r"\W", "_", f"{knob.file.with_suffix('')}_{knob.name}"))
        for knob in knobs
    ]
