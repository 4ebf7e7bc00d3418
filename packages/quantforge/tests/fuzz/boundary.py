"""Fuzz every batch function over hostile arguments: `python -m fuzz.boundary --seconds 600`.

Each case is made from (seed, number) alone, so that one that fails can be run again with
``--first NUMBER --cases 1``. What must hold:

- a call returns, or raises TypeError or ValueError with a text; never a panic, never a crash;
- results equal, bit for bit, those of plain copies of the arguments, row by row;
- a row with a number that is not finite is refused, a plain row is not, and no row spoils another;
- inputs and the memory around `out` are what they were.
"""

from __future__ import annotations

import argparse
import faulthandler
import inspect
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantforge import models

from .arrays import FORMS, UNREADABLE, guarded, reshaped

__all__ = ["BAD_OPTIONS", "NICE", "BoundaryError", "Function", "functions", "named", "run"]

Array = NDArray[Any]
Generate = Callable[[np.random.Generator, int], Array]

NICE: dict[str, tuple[float, float]] = {
    "spots": (80.0, 125.0),
    "forwards": (80.0, 125.0),
    "strikes": (80.0, 125.0),
    "times": (0.1, 2.0),
    "rates": (0.0, 0.08),
    "dividend_yields": (0.0, 0.05),
    "sigmas": (0.1, 0.6),
    "prices": (60.0, 67.0),
}
"""Ranges in which every function must compute (prices: where a volatility gives them)."""

HOSTILE = np.array(
    [np.nan, np.inf, -np.inf, -1.0, 0.0, -0.0, 5e-324, 1e-300, 1e-75, 1e75, 1e300, 1.8e308, -1e308]
)
OPTIONS = frozenset({"out", "on_error", "threads"})
THREADS = (None, None, 1, 2, 3, 10**6)
BAD_OPTIONS: tuple[dict[str, Any], ...] = (
    {"threads": 0},
    {"threads": -1},
    {"threads": 2**70},
    {"threads": 1.5},
    {"threads": "2"},
    {"on_error": "ignore"},
    {"on_error": 3},
    {"out": 3.0},
    {"out": [0.0]},
    {"out": ()},
    {"nonsense": 1},
)


class BoundaryError(AssertionError):
    """A case in which something that must hold does not."""


@dataclass(frozen=True)
class Function:
    """A batch function and the names of its arguments."""

    call: Callable[..., Any]
    name: str
    numbers: tuple[str, ...]
    has_flags: bool
    options: frozenset[str]

    @property
    def has_one_result(self) -> bool:
        """Whether it writes one array: `out` may be one."""
        return "greeks" not in self.name and "boundary" not in self.name


def functions() -> list[Function]:
    """Return every batch function that takes all options and whose arguments are all known."""
    found = []
    for model in models.__all__:
        module = getattr(models, model)
        for name in module.__all__:
            if not name.endswith("_batch"):
                continue
            call = getattr(module, name)
            parameters = inspect.signature(call).parameters
            numbers = tuple(one for one in parameters if one in NICE)
            kinds = {one.kind for one in parameters.values()}
            options = OPTIONS if inspect.Parameter.VAR_KEYWORD in kinds else OPTIONS & {*parameters}
            required = {one.name for one in parameters.values() if one.default is one.empty}
            if options == OPTIONS and required <= {*NICE, *options, "options"}:
                has_flags = "is_calls" in parameters
                found.append(Function(call, f"{model}.{name}", numbers, has_flags, options))
    return found


@dataclass
class Case:
    """One call: plain numbers, and the form in which they are handed over."""

    function: Function
    rng: np.random.Generator
    shape: tuple[int, ...] = ()
    columns: list[Array] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    flags: Any = True
    is_hostile: bool = False
    aliased: int | None = None
    """The input that shares memory with `out`."""

    @classmethod
    def make(cls, function: Function, rng: np.random.Generator) -> Case:
        """Draw a shape, numbers and forms."""
        case = cls(function, rng)
        rows = int(rng.choice([0, 1, 2, 7, 63, 64, 65, 127, 129, 300, 1000]))
        if "american" in function.name:
            rows = min(rows, 65)
        case.shape = _shape(rows, rng)
        case.is_hostile = "on_error" in function.options and bool(rng.uniform() < 0.5)
        for name in function.numbers:
            values = rng.uniform(*NICE[name], max(rows, 1))
            if case.is_hostile and rng.uniform() < 0.4:
                where = rng.uniform(size=values.size) < 0.1
                values[where] = rng.choice(HOSTILE, where.sum())
            column = reshaped(values, case.shape, rng)
            case.columns.append(column)
            case.given.append(_form(column, rng))
        if function.has_flags:
            flags = reshaped(rng.uniform(size=max(rows, 1)) < 0.5, case.shape, rng).astype(bool)
            case.flags = flags if flags.ndim else bool(flags)
        case.shape = np.broadcast_shapes(*(x.shape for x in case.columns), np.shape(case.flags))
        return case

    def arguments(self, columns: list[Any]) -> tuple[Any, ...]:
        """Return positional arguments."""
        return (*columns, self.flags) if self.function.has_flags else tuple(columns)

    def reference(self) -> tuple[dict[str, Array], Array]:
        """Return the results of contiguous copies, and the states of the rows."""
        full = [np.array(np.broadcast_to(x, self.shape), order="C") for x in self.columns]
        options = {"on_error": "status", "threads": 1}
        known = {key: value for key, value in options.items() if key in self.function.options}
        found = self.function.call(*self.arguments(full), **known)
        if "status" not in known.values():
            return named(found), np.zeros(self.shape, np.uint8)
        if isinstance(found, dict):
            status = found.pop("status")
            return named(found), np.asarray(status)
        return named(found[0]), np.asarray(found[1])


def _shape(rows: int, rng: np.random.Generator) -> tuple[int, ...]:
    if rows == 0:
        return ((0,), (3, 0), (0, 2, 2))[rng.integers(3)]
    if rows % 4 == 0 and rng.uniform() < 0.5:
        return (2, rows // 4, 2)
    if rng.uniform() < 0.2:
        return (1, rows, 1)
    return (rows,)


def _form(column: Array, rng: np.random.Generator) -> Any:
    if column.ndim == 0:
        return column if rng.uniform() < 0.3 else float(column)
    name = str(rng.choice(list(FORMS)))
    return FORMS[name](column, rng)


def named(found: Any) -> dict[str, Array]:
    results = found if isinstance(found, dict) else {"value": found}
    return {name: np.asarray(values) for name, values in results.items()}


def _same(found: Any, expected: Any) -> bool:
    return np.shape(found) == np.shape(expected) and np.array_equal(
        np.asarray(found, float), np.asarray(expected, float), equal_nan=True
    )


def _check(condition: bool, what: str) -> None:
    if not condition:
        raise BoundaryError(what)


def check_values(case: Case) -> None:
    """Call with hostile forms; compare with plain copies."""
    expected, status = case.reference()
    if "on_error" in case.function.options:
        finite = np.broadcast_to(True, case.shape)
        for column in case.columns:
            finite = finite & np.isfinite(column)
        _check(bool((status[~finite] != 0).all()), "a number that is not finite was computed")
        for values in expected.values():
            _check(bool(np.isnan(values[status != 0]).all()), "a refused row holds a number")
        if not case.is_hostile:
            _check(not status.any(), "a plain row was refused")
    before = [np.array(x, copy=True) if isinstance(x, np.ndarray) else x for x in case.given]
    _compare(case, expected, status)
    for position, (given, kept) in enumerate(zip(case.given, before, strict=True)):
        if isinstance(given, np.ndarray) and position != case.aliased:
            _check(_same(given, kept), "an input was changed")


def _compare(case: Case, expected: dict[str, Array], status: Array) -> None:
    rng, known = case.rng, case.function.options
    options: dict[str, Any] = {"threads": THREADS[rng.integers(len(THREADS))]}
    if "on_error" in known:
        options["on_error"] = str(rng.choice(["raise", "nan", "status"]))
    out, holder = None, None
    if "out" in known and case.function.has_one_result and rng.uniform() < 0.4:
        out, holder = _out(case)
        options["out"] = out
    try:
        found = case.function.call(*case.arguments(case.given), **options)
    except ValueError as error:
        text = str(error)
        is_due = bool(status.any()) and options.get("on_error") == "raise"
        _check(is_due, f"refused without a reason: {text}")
        row = int(np.flatnonzero(status.ravel())[0])
        # A single option has no rows to speak of.
        is_right = text.startswith(f"row {row}: ") if case.shape else not text.startswith("row ")
        _check(is_right, f"row {row} is the first bad one, not: {text}")
        return
    finally:
        if holder is not None:
            edges = np.concatenate([holder[:64], holder[-64:]])
            _check(bool((edges == -7.0).all()), "memory around out was written")
    if options.get("on_error") == "raise":
        _check(not status.any(), "a bad row was not refused")
    if options.get("on_error") == "status":
        states = found.pop("status") if isinstance(found, dict) else found[1]
        found = found if isinstance(found, dict) else found[0]
        _check(_same(states, status), "states differ")
    _check(out is None or found is out, "out was not returned")
    for name, values in named(found).items():
        _check(_same(values, expected[name]), f"{name} differs from that of plain copies")


def _out(case: Case) -> tuple[Array, Array | None]:
    """Return where results go: fresh, gapped, guarded, or memory that an input lies in."""
    choice = case.rng.integers(4)
    fresh = np.zeros(case.shape)
    if choice == 0 or not fresh.size:
        return fresh, None
    if choice == 1:
        return FORMS["gapped"](fresh, case.rng), None
    if choice == 2:
        return guarded(fresh)
    for position, column in enumerate(case.columns):
        if column.shape == case.shape:
            holder = np.zeros(2 * column.size)
            shift = int(case.rng.integers(column.size + 1))
            given = holder[: column.size].reshape(column.shape)
            given[...] = column
            case.given[position], case.aliased = given, position
            return holder[shift : shift + column.size].reshape(column.shape), None
    return fresh, None


def check_refusal(case: Case) -> None:
    """Call with one thing that cannot be: an error with a text, and nothing changed."""
    rng = case.rng
    options: dict[str, Any] = {}
    given = list(case.given)
    choice = rng.integers(3)
    if choice == 0:
        given[rng.integers(len(given))] = UNREADABLE[rng.integers(len(UNREADABLE))]()
    elif choice == 1:
        options = dict(BAD_OPTIONS[rng.integers(len(BAD_OPTIONS))])
        if not options.keys() <= case.function.options | {"nonsense"}:
            return
    else:
        odd = np.ones((*case.shape, 3)) if case.shape else np.ones(3)
        given[0], given[1] = odd, np.ones((*odd.shape[:-1], 2))
    try:
        case.function.call(*case.arguments(given), **options)
    except (TypeError, ValueError, OverflowError) as error:
        _check(len(str(error)) > 10, f"an error without a text: {error!r}")
        return
    raise BoundaryError(f"accepted: {[type(x).__name__ for x in given]}, {options}")


def cases(seed: int, first: int, only: str) -> Iterator[tuple[int, Case]]:
    """Yield numbered cases without end."""
    known = [function for function in functions() if only in function.name]
    number = first
    while True:
        rng = np.random.default_rng([seed, number])
        yield number, Case.make(known[rng.integers(len(known))], rng)
        number += 1


def run(
    seed: int,
    *,
    first: int = 0,
    seconds: float = math.inf,
    most: int | None = None,
    only: str = "",
) -> int:
    """Run cases until the time is over; return how many.

    Raises
    ------
    BoundaryError
        At the first thing that does not hold; a note names the case.
    """
    end = time.monotonic() + seconds
    for done, (number, case) in enumerate(cases(seed, first, only), start=1):
        check = check_values if case.rng.uniform() < 0.7 else check_refusal
        try:
            check(case)
        except BaseException as error:
            error.add_note(f"case {number} of seed {seed}: {case.function.name}, {check.__name__}")
            raise
        if done == most or time.monotonic() > end:
            return done
        if done % 1000 == 0 and sys.stderr.isatty():
            sys.stderr.write(f"\r{done} cases ")
    raise AssertionError


def main() -> int:
    """Run the command line."""
    faulthandler.enable()
    parser = argparse.ArgumentParser(prog="python -m fuzz.boundary", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=20260801)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, help="stop after so many")
    parser.add_argument("--only", default="", help="part of the functions' names")
    given = parser.parse_args()
    done = run(
        given.seed, first=given.first, seconds=given.seconds, most=given.cases, only=given.only
    )
    sys.stdout.write(f"{done} cases, nothing found\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
