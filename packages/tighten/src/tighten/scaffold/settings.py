"""Flags of the build and numbers of threads that a project's speed is likely to depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tighten.scaffold.knobs import source_files
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
RELEASE_UNITS, HIGHEST_LEVEL = 16, 3  # what Cargo takes without `codegen-units` and `opt-level`


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable of the environment, and the values to try; none for one up to the CPUs."""

    name: str
    variable: str
    default: str | int | None
    values: tuple[str | int, ...]
    note: str


def find_settings(root: Path) -> list[Setting]:
    """Return what the files of a project say can be set without changing a source."""
    return [*_cargo_profile(root), *_threads(root)]


def _cargo_profile(root: Path) -> Iterator[Setting]:
    """Yield the keys of Cargo's release profile; one that `[profile.bench]` sets is decided."""
    document = toml_table(root / "Cargo.toml")
    if not document:
        return
    profiles = section(document, "profile")
    present, decided = section(profiles, "release"), section(profiles, "bench")
    lto = _lto(present.get("lto", False))
    units = present.get("codegen-units", RELEASE_UNITS)
    level = present.get("opt-level", HIGHEST_LEVEL)
    found: dict[str, tuple[Any, list[Any]]] = {
        "lto": (lto, [*dict.fromkeys([lto, "false", "thin", "fat"])]),
        "codegen-units": (units, sorted({units, 1, RELEASE_UNITS})),
    }
    if level != HIGHEST_LEVEL:
        found["opt-level"] = (str(level), [str(level), str(HIGHEST_LEVEL)])
    for key, (default, values) in found.items():
        name = key.replace("-", "_")
        note = f"`{key}` under [profile.release] of Cargo.toml"
        if key not in decided:
            yield Setting(
                name, f"CARGO_PROFILE_RELEASE_{name.upper()}", default, tuple(values), note
            )


def _lto(value: object) -> str:
    return {True: "fat", False: "false"}[value] if isinstance(value, bool) else str(value)


def _threads(root: Path) -> Iterator[Setting]:
    texts = [(root / file).read_bytes() for file in source_files(root) if (root / file).is_file()]
    for sign, variable in THREADS:
        if any(sign in text for text in texts):
            yield Setting("threads", variable, None, (), "all processors if it is not set")
            return
