"""All configurations that a study may try.

A space is the product of the parameters' domains, less what the constraints exclude, and with
inactive parameters (``when`` is false) held at their default, so that no two members differ only
in a value that has no effect. It is enumerated depth first and prunes a branch as soon as all
names of a violated constraint are known; nothing is stored, however large the space is.

Limits: counting stops at ``limit`` visited nodes; beyond it the size is unknown (None). A sample
is uniform over the values of each parameter, not over the members of a constrained space.
"""

from __future__ import annotations

from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.parameters.domain import Configuration, Value, configuration_key
from tighten.parameters.expression import CONSTANTS, FUNCTIONS, Expression

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Mapping

    from tighten.parameters.binding import Parameter

__all__ = ["Space"]

RESERVED = {"cpus", *CONSTANTS, *FUNCTIONS}
SAMPLE_ATTEMPTS = 1000


class Space:
    """The valid configurations of a set of parameters.

    Parameters
    ----------
    parameters
        In the order of the study; the first varies slowest in the grid.
    constraints
        Expressions by name; each must hold. They may use every parameter and ``cpus``.
    cpus
        Processors available, the value of ``cpus`` in expressions.
    default
        Values that inactive parameters take where a call gives none: usually the baseline.
        A parameter without a default takes the first value of its grid.
    limit
        Nodes to visit at most when counting, or when looking for one valid configuration.

    Raises
    ------
    StudyError
        If a name is used twice, reserved or no word, an expression has an unknown name, the
        conditions depend on each other in a circle, or the constraints exclude everything.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        constraints: Mapping[str, str] | None = None,
        *,
        cpus: int,
        default: Configuration | None = None,
        limit: int = 100_000,
    ) -> None:
        self.parameters: tuple[Parameter, ...] = tuple(parameters)
        self.cpus = cpus
        self._default: Configuration = dict(default or {})
        self._limit = limit
        self._by_name = _named(self.parameters)
        names = {*self._by_name, "cpus"}
        self._constraints = {
            name: _compiled(f"constraint {name}", text, names)
            for name, text in (constraints or {}).items()
        }
        self._conditions = {
            parameter.name: _compiled(f"parameter {parameter.name}, when", parameter.when, names)
            for parameter in self.parameters
            if parameter.when is not None
        }
        self._order = self._ordered()
        self._due = self._constraints_by_last_name()
        self._grids = {name: p.domain.grid() for name, p in self._by_name.items()}
        self._refuse_if_empty()

    def _ordered(self) -> tuple[str, ...]:
        """Return the names so that each follows those that its condition needs."""
        sorter = TopologicalSorter(
            {
                name: self._conditions[name].names & self._by_name.keys()
                if name in self._conditions
                else frozenset[str]()
                for name in self._by_name
            }
        )
        try:
            return tuple(sorter.static_order()) if self._conditions else tuple(self._by_name)
        except CycleError as error:
            circle = " -> ".join(error.args[1])
            raise StudyError(
                f"the conditions depend on each other in a circle: {circle}; "
                "remove one of these `when`"
            ) from error

    def _constraints_by_last_name(self) -> dict[str, list[Expression]]:
        """Return for each parameter the constraints that can be judged once it has a value."""
        rank = {name: index for index, name in enumerate(self._order)}
        due: dict[str, list[Expression]] = {name: [] for name in self._order}
        for name, constraint in self._constraints.items():
            used = constraint.names & rank.keys()
            if not used:
                raise StudyError(
                    f"constraint {name}: {constraint.text!r} uses no parameter; name one, "
                    "or remove the constraint"
                )
            due[max(used, key=rank.__getitem__)].append(constraint)
        return due

    def _refuse_if_empty(self) -> None:
        budget = _Budget(self._limit)
        if next(self._walk({}, 0, self._default, budget), None) is None and budget.left > 0:
            raise StudyError(
                "the constraints exclude every configuration: "
                + "; ".join(f"{name}: {c.text}" for name, c in self._constraints.items())
                + ". Relax a constraint, or widen a domain"
            )

    def violated(self, configuration: Configuration) -> tuple[str, ...]:
        """Return the names of the constraints that ``configuration`` breaks.

        A constraint over a parameter that the configuration leaves out cannot be judged and
        does not count.
        """
        values = {**configuration, "cpus": self.cpus}
        return tuple(
            name
            for name, constraint in self._constraints.items()
            if constraint.names <= values.keys() and not constraint.evaluate(values)
        )

    def is_valid(self, configuration: Configuration) -> bool:
        """Say whether every active value lies in its domain and every constraint holds."""
        if not configuration.keys() <= self._by_name.keys() or self.violated(configuration):
            return False
        return all(
            value in self._by_name[name].domain
            for name, value in configuration.items()
            if self._is_active(name, configuration)
        )

    def _is_active(self, name: str, values: Configuration) -> bool:
        condition = self._conditions.get(name)
        if condition is None:
            return True
        known = {**values, "cpus": self.cpus}
        return not condition.names <= known.keys() or bool(condition.evaluate(known))

    def canonical(
        self, configuration: Configuration, default: Configuration | None = None
    ) -> Configuration:
        """Return ``configuration`` with each inactive parameter at its default.

        Parameters
        ----------
        configuration
            Values by name.
        default
            Values for inactive parameters; the space's own default if None.

        Returns
        -------
        Configuration
            In the order of the parameters. An inactive parameter without a default takes the
            first value of its grid; an active one that is left out stays out.
        """
        fallback = self._default if default is None else default
        values: dict[str, Value] = {}
        for name in self._order:
            if not self._is_active(name, {**configuration, **values}):
                values[name] = fallback.get(name, self._grids[name][0])
            elif name in configuration:
                values[name] = configuration[name]
        return self._in_order(values)

    def _in_order(self, values: Configuration) -> Configuration:
        return {name: values[name] for name in self._by_name if name in values}

    def configurations(self, default: Configuration | None = None) -> Iterator[Configuration]:
        """Yield the grid: valid, canonical, each configuration once, in the order of the study."""
        fallback = self._default if default is None else default
        return self._walk({}, 0, fallback, _Budget(None))

    def _walk(
        self, values: dict[str, Value], depth: int, default: Configuration, budget: _Budget
    ) -> Iterator[Configuration]:
        if depth == len(self._order):
            yield self._in_order(values)
            return
        name = self._order[depth]
        for value in self._options(name, values, default):
            if not budget.spend():
                return
            values[name] = value
            known = {**values, "cpus": self.cpus}
            if all(constraint.evaluate(known) for constraint in self._due[name]):
                yield from self._walk(values, depth + 1, default, budget)
        values.pop(name, None)

    def _options(
        self, name: str, values: Configuration, default: Configuration
    ) -> tuple[Value, ...]:
        grid = self._grids[name]
        if self._is_active(name, values):
            return grid
        return (default.get(name, grid[0]),)

    @property
    def grids(self) -> Mapping[str, tuple[Value, ...]]:
        """The grid of each parameter, in the order of the study."""
        return self._grids

    @cached_property
    def size(self) -> int | None:
        """Number of configurations of the grid; None if it takes too long to count."""
        if not self._constraints and not self._conditions:
            product = 1
            for grid in self._grids.values():
                product *= len(grid)
            return product
        budget = _Budget(self._limit)
        count = sum(1 for _ in self._walk({}, 0, self._default, budget))
        return count if budget.left > 0 else None

    def neighbours(self, configuration: Configuration) -> list[Configuration]:
        """Return the valid configurations that differ in one step of one parameter."""
        found: dict[str, Configuration] = {configuration_key(configuration): configuration}
        start = len(found)
        for name, value in configuration.items():
            if not self._is_active(name, configuration):
                continue
            for other in self._by_name[name].domain.neighbours(value):
                candidate = self.canonical({**configuration, name: other})
                if self.is_valid(candidate):
                    found.setdefault(configuration_key(candidate), candidate)
        return list(found.values())[start:]

    def sample(
        self, rng: random.Random, configuration: Configuration | None = None
    ) -> Configuration:
        """Return a random valid configuration of the grid.

        Parameters
        ----------
        rng
            Source of randomness; the same state gives the same sample.
        configuration
            If given, one random parameter of it is drawn anew instead of all.

        Raises
        ------
        StudyError
            If a thousand draws violate the constraints.
        """
        for _ in range(SAMPLE_ATTEMPTS):
            drawn = {name: rng.choice(grid) for name, grid in self._grids.items()}
            if configuration is not None:
                one = rng.choice(list(drawn))
                drawn = {**configuration, one: drawn[one]}
            candidate = self.canonical(drawn)
            if self.is_valid(candidate):
                return candidate
        raise StudyError(
            f"{SAMPLE_ATTEMPTS} random configurations all violate the constraints; "
            'use strategy = "grid", or state the constraints as narrower domains'
        )


class _Budget:
    """Nodes that may still be visited; None for any number."""

    def __init__(self, nodes: int | None) -> None:
        self.left: float = float("inf") if nodes is None else nodes

    def spend(self) -> bool:
        self.left -= 1
        return self.left > 0


def _named(parameters: tuple[Parameter, ...]) -> dict[str, Parameter]:
    if not parameters:
        raise StudyError("the study has no parameter; add a [[parameter]] table")
    by_name: dict[str, Parameter] = {}
    for parameter in parameters:
        name = parameter.name
        if not name.isidentifier() or name in RESERVED:
            raise StudyError(
                f"{name!r} cannot name a parameter; allowed: a word of letters, digits and "
                f"underscores, other than {', '.join(sorted(RESERVED))}"
            )
        if name in by_name:
            raise StudyError(f"two parameters are named {name}; rename one of them")
        by_name[name] = parameter
    return by_name


def _compiled(where: str, text: str, names: set[str]) -> Expression:
    try:
        return Expression(text, names)
    except StudyError as error:
        raise StudyError(f"{where}: {error}") from error
