"""Flags of the build and numbers of threads that a project's speed is likely to depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.scaffold.knobs import MAX_FILE, source_files
from tighten.scaffold.proposal import section, toml_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Setting", "find_settings"]

# What in a source shows that a library's threads are at work, and the variable that counts them.
THREADS = (
    (b"#pragma omp", "OMP_NUM_THREADS"),
    (b"use rayon", "RAYON_NUM_THREADS"),
    (b"prange(", "NUMBA_NUM_THREADS"),
)
# Keys of Cargo's release profile, what it takes without them, and what is worth trying.
PROFILE: tuple[tuple[str, str | int, tuple[str | int, ...]], ...] = (
    ("lto", False, (False, "thin", "fat")),
    ("codegen-units", 16, (1, 16)),
    ("opt-level", 3, (3,)),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that is set outside the sources, and the values to try; none: up to the CPUs.

    ``place`` is what a `[[parameter]]` says of it: a variable of the environment with the present
    value, or a key of a file.
    """

    name: str
    place: Mapping[str, object]
    values: tuple[str | int, ...]
    note: str


def find_settings(root: Path) -> list[Setting]:
    """Return what the files of a project say can be set without changing a source."""
    return [*_cargo_profile(root), *_threads(root)]


def _cargo_profile(root: Path) -> Iterator[Setting]:
    """Yield the keys of Cargo's release profile; one that `[profile.bench]` sets is decided.

    What the file says is tuned there, so that `apply` can write it; the rest by the variables that
    Cargo reads.
    """
    document = toml_table(root / "Cargo.toml")
    if not document:
        return
    profiles = section(document, "profile")
    present, decided = section(profiles, "release"), section(profiles, "bench")
    for key, usual, tried in PROFILE:
        name = key.replace("-", "_")
        values = tuple(dict.fromkeys([present.get(key, usual), *tried]))
        if key in decided or len(values) == 1:
            continue
        place: dict[str, object]
        if key in present:
            place = {"toml": "Cargo.toml", "key": f"profile.release.{key}"}
        else:
            variable = f"CARGO_PROFILE_RELEASE_{name.upper()}"
            place = {"env": variable, "default": usual}
        yield Setting(name, place, values, f"`{key}` under [profile.release] of Cargo.toml")


def _threads(root: Path) -> Iterator[Setting]:
    for sign, variable in THREADS:
        if any(sign in _text(root / file) for file in source_files(root)):
            yield Setting("threads", {"env": variable}, (), "all processors if it is not set")
            return


def _text(file: Path) -> bytes:
    is_written = file.is_file() and file.stat().st_size <= MAX_FILE
    return file.read_bytes() if is_written else b""
