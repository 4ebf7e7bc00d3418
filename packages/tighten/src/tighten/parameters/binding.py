"""Where the value of a parameter is written, and how it gets there.

Two kinds of place exist. A *file binding* is a pure function from bytes to bytes, so that a trial
tree, a diff and a dry run all use the same edit. The environment and the command line belong to
the process that is started, so these bindings only say what to add.

``edited_files``, ``environment`` and ``arguments`` turn a whole configuration into what a trial
needs: new file contents, variables and shell words.
"""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from tighten.errors import BindingError, StudyError
from tighten.parameters.domain import Configuration, Domain, Value
from tighten.parameters.syntax import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Argument",
    "Binding",
    "EnvironmentVariable",
    "FileBinding",
    "Parameter",
    "Place",
    "Reading",
    "arguments",
    "edited_files",
    "environment",
    "file_bytes",
    "word",
]

CHECKED_VALUES = 256  # a longer grid is checked at its ends only


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value is written: file relative to the project, line and column from 1, its text."""

    file: Path
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The present value of a parameter.

    ``value`` is None for a variable or an argument without a default: the program then uses its
    own. ``place`` is None where nothing is written in a file.
    """

    value: Value | None
    place: Place | None = None


@runtime_checkable
class Binding(Protocol):
    """A place where a parameter's value is written."""

    @property
    def kind(self) -> str:
        """One of ``source``, ``toml``, ``yaml``, ``json``, ``table``, ``env``, ``argument``."""
        ...

    def read(self, root: Path) -> Reading:
        """Return the present value in the project at ``root``; BindingError if there is none."""
        ...


@runtime_checkable
class FileBinding(Binding, Protocol):
    """A binding to a place in a file of the project."""

    def __hash__(self) -> int:
        """Tell bindings apart: frozen records do so by themselves."""
        ...

    @property
    def file(self) -> Path:
        """The file, relative to the project."""
        ...

    def splice(self, text: bytes, value: Value) -> Splice:
        """Return the one replacement that writes ``value`` into ``text``."""
        ...

    def edit(self, text: bytes, value: Value) -> bytes:
        """Return ``text`` with ``value`` written; all bytes outside the literal stay."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that may change: its name, its values, and where it is written.

    Parameters
    ----------
    name
        A word that expressions can use: letters, digits, underscores.
    domain
        The allowed values.
    binding
        The place where the value is written.
    when
        Expression over the other parameters; where it is false the parameter keeps its default.
    threshold
        Whether the value is a size from which on another strategy serves a problem.
    """

    name: str
    domain: Domain
    binding: Binding
    when: str | None = None
    threshold: bool = False

    def read(self, root: Path) -> Reading:
        """Return the present value, spelled as the domain spells it."""
        reading = self.binding.read(root)
        if reading.value is None:
            return reading
        return Reading(value=self.domain.normalise(reading.value), place=reading.place)

    def check(self, root: Path) -> Reading:
        """Return the present value after making sure that the domain's values can be written.

        Nothing is changed. Grids of up to 256 values are tried in full, longer ones at both ends.

        Raises
        ------
        BindingError
            If the place cannot be read, or a value does not fit it.
        """
        reading = self.read(root)
        if isinstance(self.binding, FileBinding):
            text = file_bytes(root, self.binding.file, parameter=self.name)
            grid = self.domain.grid()
            for value in grid if len(grid) <= CHECKED_VALUES else (grid[0], grid[-1]):
                self.binding.splice(text, value)
        return reading


def word(value: Value) -> str:
    """Return ``value`` as environment variables and command lines carry it.

    Booleans become ``true`` and ``false``, whole numbers decimal, real numbers the shortest text
    that reads back as the same number.

    Examples
    --------
    >>> word(True), word(30000), word(0.1), word("dynamic")
    ('true', '30000', '0.1', 'dynamic')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentVariable:
    """A variable in the environment of the build, the gates and the benchmark.

    ``default`` is the value that counts as present; None leaves the variable unset in the
    baseline. The caller's own environment is not read, so that a study does not depend on it.
    """

    parameter: str
    variable: str
    default: Value | None = None
    kind: ClassVar[str] = "env"

    def __post_init__(self) -> None:
        if not self.variable or set(self.variable) & set("=\0"):
            raise StudyError(
                f"parameter {self.parameter}: {self.variable!r} cannot name an environment "
                "variable; allowed: a word without '='"
            )

    def read(self, root: Path) -> Reading:  # noqa: ARG002  # one signature for all bindings
        """Return the default."""
        return Reading(value=self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Words added to the command line of the benchmark.

    ``template`` is split as a shell would split it, then ``{value}`` is filled in:
    ``"--jobs {value}"`` gives two words, ``"--jobs={value}"`` one. ``default`` None leaves the
    words out of the baseline's command.
    """

    parameter: str
    template: str
    default: Value | None = None
    kind: ClassVar[str] = "argument"

    def __post_init__(self) -> None:
        if "{value}" not in self.template:
            raise StudyError(
                f"parameter {self.parameter}: the argument {self.template!r} has no {{value}}; "
                'write for example "--jobs {value}"'
            )
        try:
            shlex.split(self.template)
        except ValueError as error:
            raise StudyError(
                f"parameter {self.parameter}: the argument {self.template!r} cannot be split "
                f"into words ({error}); close the quotes"
            ) from error

    def read(self, root: Path) -> Reading:  # noqa: ARG002  # one signature for all bindings
        """Return the default."""
        return Reading(value=self.default)

    def words(self, value: Value) -> list[str]:
        """Return the words that carry ``value``."""
        return [part.replace("{value}", word(value)) for part in shlex.split(self.template)]


def file_bytes(root: Path, file: Path, *, parameter: str) -> bytes:
    """Return the content of a file of the project.

    Raises
    ------
    BindingError
        If the file lies outside the project, is missing, or cannot be read.
    """
    if file.is_absolute() or ".." in file.parts:
        raise BindingError(
            f"parameter {parameter}: {file} lies outside the project; name a file below it, "
            "relative to the project",
            parameter=parameter,
        )
    try:
        return (root / file).read_bytes()
    except FileNotFoundError as error:
        remedy = "correct the path; it is relative to the project"
        message = f"parameter {parameter}: there is no file {file}; {remedy}"
        raise BindingError(message, parameter=parameter) from error
    except OSError as error:
        message = f"parameter {parameter}: cannot read {file}: {error.strerror or error}"
        raise BindingError(message, parameter=parameter) from error


def edited_files(
    parameters: Iterable[Parameter], configuration: Configuration, root: Path
) -> dict[Path, bytes]:
    """Return the files that differ when ``configuration`` is written.

    Parameters
    ----------
    parameters
        The study's parameters; those that the configuration leaves out stay as they are.
    configuration
        Values by name.
    root
        The project, which is only read.

    Returns
    -------
    dict[Path, bytes]
        New content by path relative to the project; files that do not change are left out.

    Raises
    ------
    BindingError
        If a place cannot be found, a value does not fit, or two parameters share one place.
    """
    contents: dict[Path, bytes] = {}
    splices: dict[Path, list[tuple[Splice, str]]] = {}
    for parameter in parameters:
        binding = parameter.binding
        if not isinstance(binding, FileBinding) or parameter.name not in configuration:
            continue
        if binding.file not in contents:
            contents[binding.file] = file_bytes(root, binding.file, parameter=parameter.name)
        splice = _splice(binding, contents[binding.file], configuration[parameter.name])
        splices.setdefault(binding.file, []).append((splice, parameter.name))
    edited = {file: _combined(contents[file], parts, file) for file, parts in splices.items()}
    return {file: text for file, text in edited.items() if text != contents[file]}


@lru_cache(maxsize=128, typed=True)  # typed, because 1, 1.0 and True are written differently
def _splice(binding: FileBinding, text: bytes, value: Value) -> Splice:
    """Return a binding's replacement; a trial asks for each of its own three times."""
    return binding.splice(text, value)


def _combined(text: bytes, parts: list[tuple[Splice, str]], file: Path) -> bytes:
    """Apply replacements from the last to the first, so that offsets stay true."""
    ordered = sorted(parts, key=lambda part: part[0].start, reverse=True)
    for (later, name), (earlier, other) in itertools.pairwise(ordered):
        if earlier.end > later.start:
            raise BindingError(
                f"parameters {other} and {name} are written at the same place in {file}; "
                "a place takes one parameter: remove one of them",
                parameter=name,
            )
    for splice, _ in ordered:
        text = spliced(text, splice)
    return text


def environment(parameters: Iterable[Parameter], configuration: Configuration) -> dict[str, str]:
    """Return the variables that ``configuration`` sets, by name of the variable."""
    return {
        parameter.binding.variable: word(configuration[parameter.name])
        for parameter in parameters
        if isinstance(parameter.binding, EnvironmentVariable) and parameter.name in configuration
    }


def arguments(parameters: Iterable[Parameter], configuration: Configuration) -> list[str]:
    """Return the words that ``configuration`` adds to a command, unquoted, in study order."""
    return [
        text
        for parameter in parameters
        if isinstance(parameter.binding, Argument) and parameter.name in configuration
        for text in parameter.binding.words(configuration[parameter.name])
    ]
