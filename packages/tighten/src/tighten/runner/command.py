"""What to run, where, and under which conditions; and the line that the shell gets.

Placeholders are ``{trial}`` ``{artifacts}`` ``{result}`` ``{python}`` ``{cpus}`` ``{arguments}``.
Each value is quoted for the place where it stands: bare, in double quotes, or in single quotes.
``${NAME}`` is the shell's own; ``{{name}}`` gives a literal ``{name}``; braces around anything
but a word, as in ``awk '{print $1}'``, are left alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from tighten.errors import FailureKind, StudyError

__all__ = [
    "PLACEHOLDERS",
    "Command",
    "Completed",
    "Conditions",
    "Places",
    "Runner",
    "environment_for",
    "shell_line",
]

PLACEHOLDERS = ("trial", "artifacts", "result", "python", "cpus", "arguments")

THREAD_VARIABLES = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

SCRUBBED = frozenset(
    {
        # These would let a trial load the user's own tree, or let two slots share one build.
        *("PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "CARGO_TARGET_DIR"),
        "NUMBA_CACHE_DIR",
        *("CARGO_BUILD_TARGET_DIR", "DESTDIR", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"),
        # These belong to a `make` that tighten itself was started from.
        *("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "CARGO_MAKEFLAGS"),
        # These belong to a `pytest` that tighten itself was started from; its plugins heed them.
        *("PYTEST_CURRENT_TEST", "PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER"),
        "PYTEST_XDIST_WORKER_COUNT",
        # These change how fast a Python process is.
        *("PYTHONASYNCIODEBUG", "PYTHONDEBUG", "PYTHONDEVMODE", "PYTHONDONTWRITEBYTECODE"),
        "PYTHONFAULTHANDLER",
        *("PYTHONINSPECT", "PYTHONMALLOC", "PYTHONPROFILEIMPORTTIME", "PYTHONSTARTUP"),
        *("PYTHONTRACEMALLOC", "PYTHONVERBOSE", "PYTHONWARNINGS", "COVERAGE_PROCESS_START"),
    }
)

_TOKEN = re.compile(
    r"""(?P<escape>\\.)                # the shell's, outside single quotes
      | (?P<quote>['"])
      | (?P<literal>\{\{\w+\}\})       # {{name}} stands for {name}
      | (?P<shell>\$\{[^}]*\})         # ${NAME}
      | \{(?P<name>[A-Za-z_]\w*)\}
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line of the study.

    Parameters
    ----------
    template
        Line for ``/bin/sh`` with placeholders; for `InProcess`, ``module:function``.
    timeout
        Seconds after which it is ended; counts from its start.
    env
        Variables to set; the values may hold placeholders.
    cwd
        Working directory inside the trial's tree.
    wrapper
        Program and arguments that run the shell, such as a profiler.
    """

    template: str
    timeout: float
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "."
    wrapper: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the placeholders of a command stand for in one trial.

    ``arguments`` and ``environment`` carry the trial's parameters; they win over the study's own
    variables. Arguments go to ``{arguments}``, or to the end of a line without it. ``caches`` is
    where the program may keep what it compiles while it runs.
    """

    trial: Path
    artifacts: Path
    result: Path
    python: str
    cpus: int
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    caches: Path | None = None

    def value(self, placeholder: str) -> str | tuple[str, ...]:
        """Return what ``{placeholder}`` stands for; a tuple is a list of shell words."""
        values: dict[str, str | tuple[str, ...]] = {
            "trial": str(self.trial),
            "artifacts": str(self.artifacts),
            "result": str(self.result),
            "python": self.python,
            "cpus": str(self.cpus),
            "arguments": self.arguments,
        }
        if placeholder not in values:
            allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise StudyError(
                f"unknown placeholder {{{placeholder}}}; allowed: {allowed}; "
                f"for literal braces write {{{{{placeholder}}}}}"
            )
        return values[placeholder]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What every process gets beside its command.

    Parameters
    ----------
    pin
        CPU numbers to stay on; None leaves the choice to the scheduler.
    nice
        Niceness to run with, -20 to 19; below the caller's it needs privileges.
    threads
        Value for the thread variables of OpenMP, BLAS, Rayon, Numba and others; None leaves them.
    hash_seed
        ``PYTHONHASHSEED``; None leaves string hashing random.
    environment
        Further variables to set.
    keep
        Names to take over from the caller although they are among those removed by default
        (`SCRUBBED`: what would change speed, or lead a trial into the user's own tree).
    log_limit
        Bytes of output to keep; the middle is left out beyond that.
    """

    pin: tuple[int, ...] | None = None
    nice: int = 0
    threads: int | None = None
    hash_seed: int | None = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    keep: frozenset[str] = frozenset()
    log_limit: int = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a successful run cost, and where its output is.

    ``wall`` is elapsed time, ``cpu`` user plus system time of the process and the children it
    waited for [s]; ``load`` is the one-minute load average at the start; ``tail`` is the last
    part of the output.
    """

    wall: float
    cpu: float
    involuntary_switches: int
    load: float
    log: Path
    tail: str = ""


class Runner(Protocol):
    """Runs a command of the study to its end."""

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        """Run ``command`` and return what it cost.

        Raises
        ------
        TrialError
            Of ``kind_on_failure`` if it fails, of kind ``timeout`` if it does not end.
        StudyError
            If the command cannot be put together.
        StateError
            If its log cannot be written.
        """
        ...


def shell_line(template: str, places: Places) -> str:
    """Return ``template`` with its placeholders filled in and quoted for the shell.

    Raises
    ------
    StudyError
        If a placeholder is unknown.

    Examples
    --------
    >>> here = Places(trial=Path("/a b"), artifacts=Path("/c"), result=Path("/r"), python="py",
    ...               cpus=2, arguments=("--jobs", "2"))
    >>> shell_line("{python} {trial}/x.py '{trial}' ${HOME} {{cpus}}", here)
    "py '/a b'/x.py '/a b' ${HOME} {cpus} --jobs 2"
    """
    parts = [
        part if isinstance(part, str) else _quoted(places.value(part.name), part.quote)
        for part in _parts(template)
    ]
    if places.arguments and "{arguments}" not in template.replace("{{arguments}}", ""):
        parts.append(f" {shlex.join(places.arguments)}")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Placeholder:
    """A placeholder, and the quotes it stands in."""

    name: str
    quote: str


@lru_cache(maxsize=64)
def _parts(template: str) -> tuple[str | _Placeholder, ...]:
    """Split a line into its own text and placeholders; the same few lines run again and again."""
    parts: list[str | _Placeholder] = []
    quote = ""
    end = 0
    for token in _TOKEN.finditer(template):
        parts.append(template[end : token.start()])
        end = token.end()
        text = token.group()
        if token["quote"]:
            quote = {"": text, text: ""}.get(quote, quote)
        elif token["escape"] and quote == "'":
            # A backslash means nothing in single quotes, so the quote after it ends them.
            text, end = text[0], end - 1
        elif token["literal"]:
            text = text[1:-1]
        parts.append(_Placeholder(token["name"], quote) if token["name"] else text)
    return (*parts, template[end:])


def _quoted(value: str | tuple[str, ...], quote: str) -> str:
    if not quote:
        return shlex.quote(value) if isinstance(value, str) else shlex.join(value)
    text = value if isinstance(value, str) else " ".join(value)
    if quote == "'":
        return text.replace("'", "'\"'\"'")
    return re.sub(r'([\\$"`])', r"\\\1", text)


def environment_for(
    command: Command, places: Places, conditions: Conditions, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of a run; later sources win.

    The order is: the caller's, less what is scrubbed; the conditions'; the command's; the
    trial's parameters.

    Numba takes machine code from its cache if the file of the function is unchanged, whatever
    became of the constants and variables that were compiled into it. So each configuration has a
    cache of its own.
    """
    removed = SCRUBBED - conditions.keep
    result = {name: value for name, value in inherited.items() if name not in removed}
    if places.caches is not None and "NUMBA_CACHE_DIR" in removed:
        result["NUMBA_CACHE_DIR"] = str(places.caches / "numba")
    if conditions.hash_seed is not None:
        result["PYTHONHASHSEED"] = str(conditions.hash_seed)
    if conditions.threads is not None:
        result.update(dict.fromkeys(THREAD_VARIABLES, str(conditions.threads)))
    result.update(conditions.environment)
    for name, value in command.env.items():
        result[name] = _filled(value, places)
    result.update(places.environment)
    return result


def _filled(text: str, places: Places) -> str:
    """Return a variable's value with its placeholders filled in; no shell reads it."""

    def fill(token: re.Match[str]) -> str:
        if token["literal"]:
            return token.group()[1:-1]
        if token["name"] is None:
            return token.group()
        value = places.value(token["name"])
        return value if isinstance(value, str) else " ".join(value)

    return _TOKEN.sub(fill, text)
