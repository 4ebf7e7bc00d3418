"""Size -> strategy tables as values: which strategy serves a problem, by its size.

A table is a row of strategies, the first from size 0 on and each other from its border on. It is
written as one line of text, ``"sequential, 30000: shares, 200000: chunks"``, so that it can be
the value of a parameter as a number can; a table of one row forces one strategy at every size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tighten.errors import StudyError

if TYPE_CHECKING:
    from tighten.parameters.domain import Value

__all__ = ["StrategyTable", "Tables"]

_ROW = re.compile(r"(?:(\d[\d_]*)\s*:\s*)?(\w[\w.+-]*)")


@dataclass(frozen=True, slots=True)
class StrategyTable:
    """Rows ``(smallest size, strategy)``: the first from 0 on, the others ascending.

    Raises
    ------
    StudyError
        If the first row does not begin at 0, the sizes do not ascend, or two neighbouring rows
        have the same strategy.
    """

    rows: tuple[tuple[int, str], ...]

    def __post_init__(self) -> None:
        if not self.rows:
            raise StudyError("a table without rows serves no size")
        if self.rows[0][0] != 0:
            raise StudyError(f"the table {self} must begin with the strategy for size 0")
        for (lower, one), (upper, other) in pairwise(self.rows):
            if upper <= lower:
                raise StudyError(f"the table {self} goes from {lower} to {upper}; sizes ascend")
            if one == other:
                raise StudyError(f"the table {self} changes from {one} to itself; join the rows")

    def __str__(self) -> str:
        first, *others = self.rows
        return ", ".join([first[1], *(f"{size}: {name}" for size, name in others)])

    @classmethod
    def parse(cls, text: str) -> StrategyTable:
        """Return the table that a text spells.

        Examples
        --------
        >>> StrategyTable.parse("sequential, 30_000: shares").rows
        ((0, 'sequential'), (30000, 'shares'))
        """
        rows = []
        for index, part in enumerate(text.split(",")):
            found = _ROW.fullmatch(part.strip())
            if found is None or (index > 0 and found[1] is None):
                raise StudyError(
                    f"{part.strip()!r} is no row of a size -> strategy table; write for example "
                    '"sequential, 30000: shares"'
                )
            rows.append((int(found[1] or 0), found[2]))
        return cls(tuple(rows))

    def strategy_at(self, size: float) -> str:
        """Return the strategy that serves a size."""
        return next(name for smallest, name in reversed(self.rows) if size >= smallest)


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables over named strategies.

    The grid holds the tables of one row, which force one strategy each; the strategy
    ``cost-model`` proposes those with several.

    Raises
    ------
    StudyError
        If fewer than two strategies are named, or one of them is no word.
    """

    strategies: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.strategies) < 2:
            raise StudyError("a size -> strategy table needs at least two strategies")
        for name in self.strategies:
            if not re.fullmatch(r"[A-Za-z_][\w.+-]*", name, re.ASCII):
                raise StudyError(f"{name!r} cannot name a strategy; allowed: a word")

    def __contains__(self, value: object) -> bool:
        try:
            table = StrategyTable.parse(value) if isinstance(value, str) else None
        except StudyError:
            return False
        return table is not None and all(name in self.strategies for _, name in table.rows)

    def grid(self) -> tuple[Value, ...]:
        """Return the tables of one row, in the order of the study."""
        return self.strategies

    def neighbours(self, value: Value) -> tuple[Value, ...]:
        """Return every table of one row but ``value``."""
        return tuple(name for name in self.strategies if name != value)

    def normalise(self, value: Value) -> Value:
        """Return a table in its one spelling; anything else as it is."""
        return str(StrategyTable.parse(str(value))) if value in self else value

    def describe(self) -> str:
        """Return for example ``size -> strategy tables of sequential, shares``."""
        return f"size -> strategy tables of {', '.join(self.strategies)}"
