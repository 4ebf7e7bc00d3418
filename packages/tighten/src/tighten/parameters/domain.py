"""The values a parameter may take.

A domain answers four questions: does it contain a value, which finite grid represents it, which
values are one step away, and how does it read in a sentence. Searches need nothing else, so a new
kind of domain needs no change in any search.

Limits: a grid holds at most ``MAX_GRID`` values; a range that would need more is refused, because
no study can measure that many and every grid is held in memory.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from tighten.errors import StudyError

__all__ = [
    "Choices",
    "Configuration",
    "Domain",
    "Flag",
    "FloatRange",
    "IntegerRange",
    "Value",
    "configuration_key",
    "ends",
]

Value = bool | int | float | str
Configuration = Mapping[str, Value]

MAX_GRID = 100_000

_KEY = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def configuration_key(configuration: Configuration) -> str:
    """Return a text that is equal for equal configurations and stable between runs.

    Parameters
    ----------
    configuration
        Values by parameter name, in any order.

    Returns
    -------
    str
        Canonical JSON, sorted by name; ``1``, ``1.0`` and ``true`` stay different.

    Examples
    --------
    >>> configuration_key({"b": 1.0, "a": True})
    '{"a":true,"b":1.0}'
    """
    return _KEY.encode(dict(configuration))


@runtime_checkable
class Domain(Protocol):
    """A set of values with a finite grid and a notion of neighbourhood."""

    def __contains__(self, value: object) -> bool:
        """Say whether ``value`` may be taken."""
        ...

    def grid(self) -> tuple[Value, ...]:
        """Return the finite representation, in the order in which a grid search visits it."""
        ...

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """Return the values one step away; all other values where there is no order."""
        ...

    def normalise(self, value: Value) -> Value:
        """Return ``value`` in the domain's own spelling (``1`` for ``1.0`` among integers)."""
        ...

    def describe(self) -> str:
        """Return the domain as a phrase for messages and reports."""
        ...


def ends(domain: Domain) -> tuple[float, float] | None:
    """Return the smallest and the largest of three numbers or more, else None."""
    values = domain.grid()
    numbers = [one for one in values if isinstance(one, int | float) and _is_number(one)]
    if len(values) < 3 or len(numbers) < len(values):
        return None
    return min(numbers), max(numbers)


def _is_number(value: object) -> bool:
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))


def _is_same(left: object, right: object) -> bool:
    """Compare as parameter values: ``1 == 1.0``, but ``1 != True`` and ``1 != "1"``."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _around(ordered: tuple[Value, ...], value: Value) -> tuple[Value, ...]:
    """Return the grid points next below and next above ``value``."""
    below = bisect_left(ordered, value)
    above = bisect_right(ordered, value)
    return ordered[max(below - 1, 0) : below] + ordered[above : above + 1]


@dataclass(frozen=True, slots=True)
class Choices:
    """Listed values: numbers, words, or both.

    Numbers keep the given order in the grid and have their nearest numbers as neighbours; as soon
    as one value is not a number, every other value is a neighbour.

    Raises
    ------
    StudyError
        If there is no value, a value is listed twice, or a number is not finite.
    """

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise StudyError("values = [] leaves nothing to choose from; list at least one value")
        for index, value in enumerate(self.values):
            if isinstance(value, float) and not math.isfinite(value):
                raise StudyError(f"the value {value} is not finite; list finite numbers only")
            if any(_is_same(value, other) for other in self.values[:index]):
                raise StudyError(f"the value {value!r} is listed twice; list each value once")

    def __contains__(self, value: object) -> bool:
        return any(_is_same(value, member) for member in self.values)

    def grid(self) -> tuple[Value, ...]:
        """Return the values as listed."""
        return self.values

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """Return the nearest smaller and larger number, or every other value."""
        if all(map(_is_number, (*self.values, value))):
            return _around(tuple(sorted(self.values)), value)
        return tuple(member for member in self.values if not _is_same(member, value))

    def normalise(self, value: Value) -> Value:
        """Return the listed value that equals ``value``, or ``value`` if none does."""
        return next((member for member in self.values if _is_same(member, value)), value)

    def describe(self) -> str:
        """Return for example ``one of 5000, 8000, 10000``."""
        return "one of " + ", ".join(json.dumps(v, ensure_ascii=False) for v in self.values)


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch: false or true."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, bool)

    def grid(self) -> tuple[Value, ...]:
        """Return false, then true."""
        return (False, True)

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """Return the other position."""
        return (not value,)

    def normalise(self, value: Value) -> Value:
        """Return ``value``."""
        return value

    def describe(self) -> str:
        """Return ``false or true``."""
        return "false or true"


@dataclass(frozen=True, slots=True)
class IntegerRange:
    """Whole numbers from ``low`` to ``high``, both included.

    Parameters
    ----------
    low, high
        Bounds, ``low <= high``; a logarithmic range needs ``low >= 1``.
    step
        Distance of neighbours (default 1); in a logarithmic range their ratio (default 2).
    log
        Whether steps multiply. A logarithmic range contains every whole number between its
        bounds, so that a search can refine between two grid points; a linear one only its grid.

    Raises
    ------
    StudyError
        If the range is empty, not whole, or its grid too long.
    """

    low: int
    high: int
    step: int | None = None
    log: bool = False

    def __post_init__(self) -> None:
        bounds: dict[str, object] = {"low": self.low, "high": self.high, "step": self._step}
        for bound, value in bounds.items():
            if not isinstance(value, int) or isinstance(value, bool):
                raise StudyError(
                    f"{bound} = {value!r} of an integer range is not a whole number; write one, or "
                    "give any bound a decimal point for a range of real numbers"
                )
        _check_bounds(self.low, self.high, log=self.log)
        least = 2 if self.log else 1
        if self._step < least:
            raise StudyError(f"step = {self._step} goes nowhere; allowed here: at least {least}")
        _check_length(1 if self.log else (self.high - self.low) // self._step + 1)

    @property
    def _step(self) -> int:
        return self.step if self.step is not None else (2 if self.log else 1)

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        if not self.low <= value <= self.high or value != int(value):
            return False
        return self.log or (int(value) - self.low) % self._step == 0

    def grid(self) -> tuple[Value, ...]:
        """Return the values from low to high; a logarithmic grid ends with ``high`` itself."""
        if not self.log:
            return tuple(range(self.low, self.high + 1, self._step))
        points = [self.low]
        while points[-1] * self._step <= self.high:
            points.append(points[-1] * self._step)
        return tuple(points) if points[-1] == self.high else (*points, self.high)

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """Return the grid points next below and above."""
        return _around(self.grid(), value)

    def normalise(self, value: Value) -> Value:
        """Return a whole number as ``int``."""
        return int(value) if value in self else value

    def describe(self) -> str:
        """Return for example ``whole numbers from 1 to 64, times 2``."""
        step = f", times {self._step}" if self.log else f", step {self._step}"
        return f"whole numbers from {self.low} to {self.high}{'' if step == ', step 1' else step}"


@dataclass(frozen=True, slots=True)
class FloatRange:
    """Real numbers from ``low`` to ``high``, both included.

    Parameters
    ----------
    low, high
        Finite bounds, ``low <= high``; a logarithmic range needs ``low > 0``.
    steps
        Number of grid points (default 10), spaced evenly, or by an even ratio with ``log``.
    step
        Distance of grid points, instead of ``steps``; with ``log`` their ratio.
    log
        Whether steps multiply.

    Raises
    ------
    StudyError
        If the range is empty, not finite, or its steps contradict each other.

    Notes
    -----
    Every real number between the bounds belongs to the domain; the grid only represents it. Grid
    points are computed in decimal, so that a range from 0.1 by 0.1 holds 0.3, not
    0.30000000000000004.
    """

    low: float
    high: float
    steps: int | None = None
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if not _is_number(value):
                raise StudyError(f"{name} = {value!r} is not a finite number; write one")
        _check_bounds(self.low, self.high, log=self.log)
        if self.steps is not None and self.step is not None:
            raise StudyError("a range has either step or steps, not both; remove one of them")
        if self.steps is not None and self.steps < 2:
            raise StudyError(f"steps = {self.steps} is no range; allowed: at least 2")
        least = 1.0 if self.log else 0.0
        if self.step is not None and not (_is_number(self.step) and self.step > least):
            raise StudyError(f"step = {self.step} goes nowhere; allowed here: more than {least:g}")
        _check_length(self._length())

    def _length(self) -> int:
        if self.low == self.high:
            return 1
        if self.step is None:
            return self.steps or 10
        if self.log:
            return int(math.log(self.high / self.low) / math.log(self.step) + 1e-9) + 1
        distance = Decimal(repr(self.high)) - Decimal(repr(self.low))
        return int(distance / Decimal(repr(self.step))) + 1

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and self.low <= value <= self.high  # type: ignore[operator]

    def grid(self) -> tuple[Value, ...]:
        """Return the grid points from low to high; the first and last point are exact."""
        length = self._length()
        inner = tuple(self._point(index, length) for index in range(1, length))
        points = (float(self.low), *inner)
        return (*points[:-1], float(self.high)) if self.step is None else points

    def _point(self, index: int, length: int) -> float:
        low, high = Decimal(repr(self.low)), Decimal(repr(self.high))
        if not self.log:
            step = Decimal(repr(self.step)) if self.step else (high - low) / (length - 1)
            return float(f"{low + index * step:.15g}")
        ratio = self.step or (self.high / self.low) ** (1 / (length - 1))
        return min(float(f"{self.low * ratio**index:.12g}"), float(self.high))

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """Return the grid points next below and above."""
        return _around(self.grid(), value)

    def normalise(self, value: Value) -> Value:
        """Return a number as ``float``."""
        return float(value) if _is_number(value) else value

    def describe(self) -> str:
        """Return for example ``real numbers from 0.1 to 0.9, 9 grid points``."""
        scale = " by ratio" if self.log else ""
        return (
            f"real numbers from {self.low!r} to {self.high!r}, {self._length()} grid points{scale}"
        )


def _check_bounds(low: float, high: float, *, log: bool) -> None:
    if low > high:
        raise StudyError(f"the range from {low} to {high} is empty; low must not exceed high")
    if log and low <= 0:
        raise StudyError(f"low = {low} has no logarithm; a range with log = true starts above 0")


def _check_length(length: int) -> None:
    if length > MAX_GRID:
        raise StudyError(
            f"the range has {length} grid points; allowed: at most {MAX_GRID}. "
            "Give a larger step, or log = true"
        )
