"""What a study would do, as plain data for ``tighten check``; nothing is built or run.

The number of launches is a range, because a clear case is decided after few pairs and a close one
takes as many as the policy allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.decision import Case, Limits, Policy
from tighten.errors import BindingError, StudyError
from tighten.gates import ExitCode, Invariant, SameArrays, Toggle
from tighten.parameters import Configuration, Value
from tighten.parameters.binding import Argument, EnvironmentVariable
from tighten.parameters.strategies import Tables

if TYPE_CHECKING:
    from tighten.gates import Gate, Tolerance
    from tighten.gates.spec import Rule
    from tighten.options.effective import Options
    from tighten.parameters import Parameter, Reading

__all__ = ["Plan", "PlannedGate", "PlannedParameter", "plan", "readings", "trials_left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedParameter:
    """A parameter, its value in the project as it stands, and where that is written."""

    name: str
    kind: str
    place: str
    value: Value | None
    domain: str
    values: int  # points of its grid
    when: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGate:
    """A gate, and what it asks for in words."""

    name: str
    rule: str
    command: str
    final_command: str | None
    final_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would happen. Paths are texts, durations seconds.

    ``configurations`` is the size of the space, None if it takes too long to count; ``trials``
    how many of them there is a budget for; ``launches`` the fewest and most benchmark launches,
    baseline, trials and confirmation together.
    """

    name: str
    file: str
    project: str
    state: str
    build: str | None
    in_place: bool
    benchmark: str
    format: str
    parameters: tuple[PlannedParameter, ...]
    constraints: Mapping[str, str]
    cases: tuple[Case, ...]
    gates: tuple[PlannedGate, ...]
    strategy: str
    configurations: int | None
    trials: int
    launches: tuple[int, int]
    limits: Limits
    policy: Policy
    page: str
    markdown: str | None
    sources: Mapping[str, str]


def plan(options: Options) -> Plan:
    """Return what the study would do.

    Raises
    ------
    StudyError
        If the present value of a parameter cannot be read, or one of its values not be written.
    """
    present = readings(options)
    size = options.space.size
    baseline = {name: r.value for name, r in present.items() if r.value is not None}
    trials = trials_left(options, baseline)
    build, markdown = options.build.command, options.report.markdown
    return Plan(
        name=options.name,
        file=str(options.file),
        project=str(options.project),
        state=str(options.state),
        build=build.template if build else None,
        in_place=options.build.in_place,
        benchmark=options.benchmark.command.template,
        format=options.benchmark.format,
        parameters=tuple(_planned(one, present[one.name]) for one in options.parameters),
        constraints=options.constraints,
        cases=options.cases,
        gates=tuple(map(_planned_gate, options.gates)),
        strategy=options.search.strategy,
        configurations=size,
        trials=trials,
        launches=_launches(options, trials),
        limits=options.limits,
        policy=options.policy,
        page=str(options.report.page),
        markdown=f"{markdown.file} ({markdown.marker})" if markdown else None,
        sources=options.sources,
    )


def trials_left(options: Options, baseline: Configuration) -> int:
    """Return how many trials there can be, by the budget and by the space without the start."""
    size, budget = options.space.size, options.limits.max_trials
    has_tables = any(isinstance(one.domain, Tables) for one in options.parameters)
    if size is None or has_tables:  # tables are composed beyond their grid
        return budget
    return min(budget, size - options.space.is_valid(baseline))


def readings(options: Options) -> dict[str, Reading]:
    """Return the present value of each parameter, after a check that all its values fit there.

    Raises
    ------
    StudyError
        If a place cannot be read or a value does not fit it; all such parameters are told.
    """
    found: dict[str, Reading] = {}
    faults: list[str] = []
    for parameter in options.parameters:
        try:
            found[parameter.name] = parameter.check(options.project)
        except BindingError as error:
            written = options.sources[f"parameter.{parameter.name}.name"]
            faults.append(f"{written}: {error}")
    if faults:
        raise StudyError("\n".join(faults))
    return found


def _planned(parameter: Parameter, reading: Reading) -> PlannedParameter:
    binding = parameter.binding
    match binding:
        case EnvironmentVariable():
            place = f"${binding.variable}"
        case Argument():
            place = binding.template
        case _:
            place = str(reading.place)
    return PlannedParameter(
        name=parameter.name,
        kind=binding.kind,
        place=place,
        value=reading.value,
        domain=parameter.domain.describe(),
        values=len(parameter.domain.grid()),
        when=parameter.when,
    )


def _planned_gate(gate: Gate) -> PlannedGate:
    final = gate.final_command
    return PlannedGate(
        name=gate.name,
        rule=_rule(gate.rule),
        command=gate.command.template,
        final_command=final.template if final else None,
        final_only=gate.final_only,
    )


def _rule(rule: Rule) -> str:
    match rule:
        case ExitCode():
            return "exits with 0"
        case Invariant(expression=text):
            return text
        case SameArrays(tolerance=tolerance):
            return f"arrays equal the baseline's {_within(tolerance)}"
        case Toggle(variable=variable, on=on, off=off, tolerance=tolerance):
            return f"arrays with {variable}={on} equal those with {off} {_within(tolerance)}"


def _within(tolerance: Tolerance) -> str:
    limits = {"rtol": tolerance.rtol, "atol": tolerance.atol, "ulp": tolerance.ulp}
    said = [f"{name} {limit:g}" for name, limit in limits.items() if limit]
    rule = f"within {', '.join(said)}" if said else "exactly"
    rule = "to the bit" if tolerance.bitwise else rule
    outputs = [f"{name} {_within(one)}" for name, one in tolerance.outputs.items()]
    return "; ".join([rule, *outputs])


def _launches(options: Options, trials: int) -> tuple[int, int]:
    benchmark, policy = options.benchmark, options.policy
    baseline = benchmark.warmup_launches + benchmark.launches
    duels = trials + 1  # the confirmation is one more
    fewest, most = (
        baseline + 2 * duels * (benchmark.warmup_launches + pairs)
        for pairs in (policy.min_pairs, policy.max_pairs)
    )
    return fewest, most
