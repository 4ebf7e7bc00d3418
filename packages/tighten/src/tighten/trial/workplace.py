"""What a workplace is asked for, and what both kinds of it share.

A build is named by a key: the digest of the edited files and of the command that builds them. Two
configurations with the same key share a build, so parameters that live in the environment or on
the command line cost none. A build is told of those parameters only if its command names them (the
variable, or ``{arguments}``) or if compilers and build tools read the variable by themselves, and
only then are they part of the key.

Build systems redo what an edit touched, and few of them ask whether their flags are still the same
(make does not). So products are never shared between builds that were told something else, and a
build whose product stayed as it was is made once more from nothing (`proved`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self

from tighten.codehash import CodeHash, is_code
from tighten.errors import BindingError, FailureKind, TrialError
from tighten.files import digest, storage_errors
from tighten.parameters import (
    Configuration,
    Parameter,
    arguments,
    configuration_key,
    edited_files,
    environment,
)
from tighten.parameters.binding import FileBinding
from tighten.runner import Command, Places, Runner
from tighten.trial.files import COMPILED

__all__ = ["BuildSpec", "Built", "Site", "Slot", "Workplace", "proved"]

INTERMEDIATE = frozenset(
    {
        *(".o", ".obj", ".d", ".lo", ".la", ".rlib", ".rmeta", ".gch", ".pch", ".mod", ".dwo"),
        *(".gcda", ".gcno", ".log", ".stamp", ".timestamp", ".tmp", ".pyc", ".cmake", ".make"),
        *(".ninja", ".ninja_deps", ".ninja_log", ".tighten-new"),
    }
)

# What compilers and build tools take from the environment without being asked to.
READ_BY_BUILDS = re.compile(
    r"CC|CXX|CPP|FC|F77|LD|AR|AS|RUSTC|NVCC|CUDACXX|LIBS|LDLIBS"
    r"|(C|CXX|CPP|F|FC|FF|LD|MAKE|RUST|CUDA|ARCH|NVCC_APPEND_|NVCC_PREPEND_)FLAGS"
    r"|(CARGO|RUSTC|CMAKE|SKBUILD|MATURIN|PYO3|CYTHON|SETUPTOOLS)_\w+"
)


# A place for a build. Names of one length, so that paths in two slots differ in no length either.
Slot = StrEnum("Slot", "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """How a project is built after an edit.

    Parameters
    ----------
    command
        What builds it; None if there is nothing to build.
    in_place
        Whether to work in the project itself instead of in copies.
    outputs
        What the build writes into the project (patterns of files or directories), kept per slot
        in place.
    include, exclude
        Patterns of ignored files that a copy needs, and of files that it does not.
    """

    command: Command | None = None
    in_place: bool = False
    outputs: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A configuration that is built and can be run.

    ``code_hash`` is equal for builds that are the same program; ``build_seconds`` is the time of
    the build command, whenever it ran; ``caches`` is where it keeps what it compiles while it runs.
    """

    configuration: Configuration
    tree: Path
    artifacts: Path
    caches: Path
    code_hash: str
    build_seconds: float
    log: Path
    slot: Slot


class Workplace(Protocol):
    """Holds a few builds at a time; a context manager that closes itself."""

    def slot_for(self, configuration: Configuration, *, beside: Collection[Built] = ()) -> Slot:
        """Return the slot to build in: best where it is built already, else none of ``beside``.

        Raises
        ------
        TrialError
            Of kind ``edit`` if a value cannot be written.
        """
        ...

    def build(self, slot: Slot, configuration: Configuration) -> Built:
        """Edit and build in ``slot``; no work if that is what it holds.

        Raises
        ------
        TrialError
            Of kind ``edit``, ``build`` or ``timeout``.
        StateError
            If the disk refuses; the project's files are as they were.
        """
        ...

    def activate(self, built: Built) -> None:
        """Make ``built`` the one that runs; in trees both always can."""
        ...

    def close(self) -> None:
        """Leave the project as it was found; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A project, the parameters bound into it, and how it is built.

    ``project`` and ``state`` are absolute; ``python`` and ``cpus`` fill the placeholders.
    ``builds`` is how many are kept side by side: a pair, or the field of a race. ``tools`` are the
    compilers and their versions.
    """

    project: Path
    state: Path
    parameters: Sequence[Parameter]
    build: BuildSpec
    python: str = sys.executable
    cpus: int = 1
    builds: int = 2
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places for builds."""
        return tuple(Slot)[: self.builds]

    @property
    def bound_files(self) -> tuple[Path, ...]:
        """The files that parameters are written in, relative to the project."""
        bindings = (parameter.binding for parameter in self.parameters)
        return tuple(sorted({b.file for b in bindings if isinstance(b, FileBinding)}))

    def edits(self, configuration: Configuration, root: Path) -> dict[Path, bytes]:
        """Return the edited files over the originals at ``root``."""
        try:
            return edited_files(self.parameters, configuration, root)
        except BindingError as error:
            raise TrialError(str(error), kind=FailureKind.EDIT) from error

    def key(self, configuration: Configuration, contents: Mapping[Path, bytes]) -> str:
        """Return the name of the build that these contents of the bound files give."""
        files = sorted((path.as_posix(), digest(content)) for path, content in contents.items())
        return _digest([files, self.told(configuration)])

    def told(self, configuration: Configuration | None) -> str:
        """Return the digest of the build command, the compilers, and the parameters it is told of.

        Without a configuration, of the command alone: what a parameter that it is not told of
        leaves as it is.
        """
        command = self.build.command
        facts: list[object] = [self.python, sorted(self.tools.items())]
        if command is not None:
            facts += [command.template, sorted(command.env.items()), command.cwd]
        if configuration is not None:
            facts += [*self._arguments(configuration)]
            facts += sorted(self._environment(configuration).items())
        return _digest(facts)

    def run_build(
        self,
        runner: Runner,
        configuration: Configuration,
        *,
        tree: Path,
        artifacts: Path,
        log: Path,
    ) -> float:
        """Run the build command, if there is one, and return how long it took [s]."""
        with storage_errors(f"preparing the build in {artifacts}"):
            artifacts.mkdir(parents=True, exist_ok=True)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.touch()
        if self.build.command is None:
            return 0.0
        places = Places(
            trial=tree,
            artifacts=artifacts,
            result=artifacts.parent / "build-result",
            python=self.python,
            cpus=self.cpus,
            arguments=self._arguments(configuration),
            environment=self._environment(configuration),
            caches=self.caches(configuration),
        )
        started = time.monotonic()
        runner.run(self.build.command, places, log=log, kind_on_failure=FailureKind.BUILD)
        return time.monotonic() - started

    def caches(self, configuration: Configuration) -> Path:
        """Return where the programs of a configuration keep what they compile while they run.

        Not in the slot: parameters in the environment share a build, and what is compiled may have
        their values in it.
        """
        key = configuration_key(configuration)
        return self._caches / hashlib.sha256(key.encode()).hexdigest()

    def forget_caches(self) -> None:
        """Remove what programs compiled while they ran: the project may change from now on."""
        shutil.rmtree(self._caches, ignore_errors=True)

    @property
    def _caches(self) -> Path:
        return self.state / "caches"

    def log(self, slot: Slot, key: str) -> Path:
        """Return where the output of a build goes."""
        return self.state / "logs" / f"build-{key[:12]}-{slot}.log"

    def code(self, hasher: CodeHash, tree: Path, artifacts: Path, known: Iterable[str]) -> str:
        """Return the digest of what a build in ``tree`` will run.

        What the user declared as products counts: the outputs, else the artifacts. Without either
        everything that the build added to the tree counts, but for what only compilers read.
        ``known`` are the files that were there before.
        """
        paths = [tree / path for path in self.bound_files if self._is_read_at_run_time(path)]
        if self.build.outputs:
            paths += [match for pattern in self.build.outputs for match in tree.glob(pattern)]
        if any(artifacts.iterdir()):
            paths.append(artifacts)
        elif self.build.command is not None and not self.build.outputs:
            # Where a build leaves nothing that is known to run, only sources tell programs apart.
            paths += [*_products(tree, frozenset(known))] or [tree / p for p in self.bound_files]
        with storage_errors(f"reading the build in {tree}"):
            return hasher.of(paths, roots=(artifacts, tree))

    def _is_read_at_run_time(self, path: Path) -> bool:
        return self.build.command is None or path.suffix not in COMPILED

    def _environment(self, configuration: Configuration) -> dict[str, str]:
        if self.build.command is None:
            return {}
        words = set(re.findall(r"\w+", self.build.command.template))
        return {
            name: text
            for name, text in environment(self.parameters, configuration).items()
            if name in words or READ_BY_BUILDS.fullmatch(name)
        }

    def _arguments(self, configuration: Configuration) -> tuple[str, ...]:
        if self.build.command is None or "{arguments}" not in self.build.command.template:
            return ()
        return tuple(arguments(self.parameters, configuration))


def proved(
    build: Callable[[], tuple[float, str]], clean: Callable[[], None], *, before: str
) -> tuple[float, str]:
    """Build, and return how long it took [s] and the digest of the product.

    If the product is the one of ``before``, either the edit changes nothing, or the build system
    overlooked it. Building from nothing tells the two apart.
    """
    seconds, code = build()
    if code != before:
        return seconds, code
    clean()
    again, code = build()
    return seconds + again, code


def _digest(facts: object) -> str:
    return digest(json.dumps(facts).encode())


def _products(tree: Path, known: frozenset[str]) -> Iterator[Path]:
    """Yield what a build added to or changed in its tree and may be run or read later.

    In a directory that calls itself a cache (it holds a CACHEDIR.TAG, as Cargo's does) only what
    a machine loads counts; the rest is the build system's own book-keeping.
    """
    pending = [(str(tree), "", False)]
    while pending:
        directory, prefix, in_cache = pending.pop()
        with os.scandir(directory) as listing:
            children = sorted(listing, key=lambda child: child.name)
        in_cache = in_cache or any(child.name == "CACHEDIR.TAG" for child in children)
        for child in children:
            name = f"{prefix}{child.name}"
            if child.is_dir():
                if not child.is_symlink() and child.name not in {"CMakeFiles", "__pycache__"}:
                    pending.append((child.path, f"{name}/", in_cache))
            elif name in known:
                # Only a program that came with the project can have been built again.
                if (".so" in child.name or os.access(child.path, os.X_OK)) and is_code(
                    Path(child.path)
                ):
                    yield Path(child.path)
            elif in_cache:
                if is_code(Path(child.path)):
                    yield Path(child.path)
            elif Path(name).suffix not in INTERMEDIATE and not child.name.startswith("."):
                yield Path(child.path)
