"""Borders between strategies from measured costs: propose the crossings instead of searching them.

First each strategy is forced at every size, which one table of one row or a threshold at either
end of its domain does. From these costs the crossings follow, and are proposed as one table, or
as thresholds; what measuring them shows goes into the fit again, until the proposal stays the
same. Other parameters keep their incumbent values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.parameters.strategies import StrategyTable, Tables
from tighten.search.costs import CostCurve, borders, fitted, pooled

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tighten.parameters import Configuration, Parameter, Space, Value
    from tighten.search.walk import History, Sizing

__all__ = ["CostModel", "Fit", "cost_model"]

_ROUNDS = 4  # of measuring a proposal and fitting again


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What is known of the strategies: their curves, and the rows that follow from them."""

    curves: Mapping[str, CostCurve]
    rows: tuple[tuple[int, str], ...]


class CostModel:
    """The strategies that the parameters of a study choose between, and what they cost.

    Parameters
    ----------
    space
        Has either one parameter that is a size -> strategy table, or one or more thresholds:
        the k-th of them, in ascending order, parts the strategies ``k-1`` and ``k``.
    sizing
        How much a change of strategy must save, and how close borders may be.

    Raises
    ------
    StudyError
        If it has neither, or both.
    """

    def __init__(self, space: Space, sizing: Sizing) -> None:
        self._sizing = sizing
        self._tables = [p for p in space.parameters if isinstance(p.domain, Tables)]
        self._thresholds = [p for p in space.parameters if p.threshold]
        if len(self._tables) + bool(self._thresholds) != 1:
            raise StudyError(
                "the search strategy cost-model needs one parameter with `table`, or some with "
                f"`threshold = true`; the study has {len(self._tables)} and "
                f"{len(self._thresholds)}"
            )

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies; between thresholds they are ``below X`` and ``from X on``."""
        if self._tables:
            domain = self._tables[0].domain
            return tuple(map(str, domain.grid()))
        names = [parameter.name for parameter in self._thresholds]
        return (f"below {names[0]}", *(f"from {name} on" for name in names))

    def serving(self, configuration: Configuration, size: int) -> str:
        """Return the strategy that serves a size in a configuration."""
        if self._tables:
            text = str(configuration[self._tables[0].name])
            return StrategyTable.parse(text).strategy_at(size)
        reached = sum(size >= float(configuration[p.name]) for p in self._thresholds)
        return self.strategies[reached]

    def forced(self) -> list[Configuration]:
        """Return the values that force each strategy in turn, as far as the domains allow."""
        if self._tables:
            return [{self._tables[0].name: name} for name in self.strategies]
        ends = {p.name: sorted(p.domain.grid(), key=_number) for p in self._thresholds}
        return [
            {
                p.name: ends[p.name][0 if index < reached else -1]
                for index, p in enumerate(self._thresholds)
            }
            for reached in range(len(self._thresholds) + 1)
        ]

    def fit(self, history: History) -> Fit | None:
        """Return the fit of all costs so far; None while fewer than two strategies have any."""
        seen: dict[str, list[tuple[int, float]]] = {name: [] for name in self.strategies}
        for configuration, costs in history.costs():
            for size, cost in costs.items():
                seen[self.serving(configuration, size)].append((size, cost))
        curves = {name: fitted(pooled(found)) for name, found in seen.items() if found}
        if len(curves) < 2:
            return None
        rows = borders(
            curves,
            hysteresis=self._sizing.hysteresis,
            border_ratio=self._sizing.border_ratio,
            ascending=not self._tables,
        )
        return Fit(curves=curves, rows=rows)

    def proposals(self, fit: Fit) -> list[Configuration]:
        """Return the values that put the borders of a fit into effect, the best first."""
        if self._tables:
            return [{self._tables[0].name: str(StrategyTable(fit.rows))}]
        near = {p.name: self._nearest(index, p, fit) for index, p in enumerate(self._thresholds)}
        best: Configuration = {name: values[0] for name, values in near.items()}
        return [best, *({**best, name: v} for name, values in near.items() for v in values[1:])]

    def _nearest(self, index: int, threshold: Parameter, fit: Fit) -> list[Value]:
        """Return the values of a threshold next to its border, the nearest first."""
        later = self.strategies[index + 1 :]
        border = next((size for size, name in fit.rows if name in later), None)
        grid = sorted(threshold.domain.grid(), key=_number)
        if border is None:
            return grid[-1:]
        if border in threshold.domain:
            return [threshold.domain.normalise(border)]
        around = threshold.domain.neighbours(border)
        return sorted(around, key=lambda value: _distance(value, border))


def cost_model(space: Space, history: History, rng: random.Random) -> Iterator[Configuration]:
    """Propose each strategy by itself, then the borders where their costs cross."""
    del rng  # nothing here is left to chance
    model = CostModel(space, history.sizing)
    for values in model.forced():
        yield {**history.incumbent, **values}
    for _ in range(_ROUNDS):
        fit = model.fit(history)
        if fit is not None:
            for values in model.proposals(fit):
                yield {**history.incumbent, **values}


def _number(value: Value) -> float:
    return float(value)


def _distance(value: Value, border: float) -> float:
    number = _number(value)
    return max(number, border) / max(min(number, border), 1e-300)
