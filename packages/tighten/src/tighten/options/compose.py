"""From the tables of a study file to the records that the rest of the package works with.

Nothing is checked here beyond what the records check for themselves.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tighten.decision import Case, Limits, Policy
from tighten.gates import ExitCode, Gate, Invariant, SameArrays, Toggle, Tolerance
from tighten.options.effective import Benchmark, Profiling, Racing
from tighten.parameters import Parameter
from tighten.parameters.binding import Argument, EnvironmentVariable
from tighten.parameters.document import ConfigKey
from tighten.parameters.domain import Choices, Flag, FloatRange, IntegerRange
from tighten.parameters.generated import GeneratedTable, form_of
from tighten.parameters.source import SourceConstant
from tighten.parameters.strategies import Tables
from tighten.profile import Categories, Sampling
from tighten.runner import Command, Conditions
from tighten.samples import PROCESS
from tighten.trial import BuildSpec

if TYPE_CHECKING:
    from tighten.gates.spec import Rule
    from tighten.options import schema
    from tighten.parameters import Binding, Domain

__all__ = [
    "benchmark",
    "build_spec",
    "case",
    "conditions",
    "gates",
    "limits",
    "parameter",
    "policy",
    "profiling",
    "racing",
]


def _command(table: schema.CommandTable, template: str) -> Command:
    return Command(template=template, timeout=table.timeout, env=table.env, cwd=table.cwd)


def build_spec(table: schema.BuildTable) -> BuildSpec:
    """Return how the project is built."""
    return BuildSpec(
        command=_command(table, table.command) if table.command else None,
        in_place=table.in_place,
        outputs=tuple(table.outputs),
        include=tuple(table.include),
        exclude=tuple(table.exclude),
    )


def benchmark(table: schema.BenchmarkTable, machine: schema.MachineTable) -> Benchmark:
    """Return what is launched, and under which conditions."""
    return Benchmark(
        command=_command(table, table.command or table.function or ""),
        function=table.function,
        format=table.format,
        warmup_launches=table.warmup_launches,
        launches=table.launches,
        patience=machine.patience or 0.0,
        conditions=conditions(machine),
    )


def conditions(table: schema.MachineTable) -> Conditions:
    """Return the conditions of every command."""
    return Conditions(
        pin=None if table.pin is None else tuple(table.pin),
        nice=table.nice,
        threads=table.threads,
        hash_seed=table.hash_seed,
        environment=table.env,
        keep=frozenset(table.keep),
        log_limit=table.log_limit,
    )


def case(table: schema.CaseTable, *, format: str) -> Case:
    """Return one case; where a launch itself is timed, its result goes by one name."""
    own_name = PROCESS if format == PROCESS else table.name
    return Case(
        name=table.name,
        select=table.select or own_name,
        metric=table.metric,
        goal=table.goal,
        target=table.target,
        primary=table.primary,
        max_regression=table.max_regression,
        weight=table.weight,
        statistic=table.statistic,
        size=table.size,
    )


def parameter(table: schema.ParameterTable, *, cpus: int) -> Parameter:
    """Return one parameter; StudyError if its domain or its binding is impossible."""
    return Parameter(
        name=table.name,
        domain=_domain(table, cpus),
        binding=_binding(table),
        when=table.when,
        threshold=table.threshold,
    )


def _domain(table: schema.ParameterTable, cpus: int) -> Domain:
    values, bounds = table.values, table.range_
    if table.table is not None:
        return Tables(tuple(table.strategies))
    if bounds is None:
        is_flag = values is not None and sorted(map(repr, values)) == ["False", "True"]
        return Flag() if is_flag else Choices(tuple(values or ()))
    low, high = _number(bounds.low, cpus), _number(bounds.high, cpus)
    if isinstance(low, int) and isinstance(high, int) and not isinstance(bounds.step, float):
        return IntegerRange(low, high, step=bounds.step, log=bounds.log)
    return FloatRange(low, high, steps=bounds.steps, step=bounds.step, log=bounds.log)


def _number(bound: float | str, cpus: int) -> float:
    return cpus if isinstance(bound, str) else bound


def _binding(table: schema.ParameterTable) -> Binding:
    name, default = table.name, table.default
    if table.source is not None:
        return SourceConstant(
            parameter=name,
            file=Path(table.source),
            name=table.constant or name,
            scope=table.scope,
            branch=table.branch,
            language=table.language,
        )
    if table.table is not None:
        return _generated(table, table.table)
    if table.env is not None:
        return EnvironmentVariable(parameter=name, variable=table.env, default=default)
    if table.argument is not None:
        return Argument(parameter=name, template=table.argument, default=default)
    for format_, file in (("toml", table.toml), ("yaml", table.yaml), ("json", table.json_)):
        if file is not None:
            return ConfigKey(parameter=name, file=Path(file), format=format_, key=table.key or "")
    raise AssertionError


def _generated(table: schema.ParameterTable, file: str) -> GeneratedTable:
    form = table.form or form_of(file)
    assert form is not None  # the table of the study was refused otherwise
    return GeneratedTable(
        parameter=table.name,
        file=Path(file),
        form=form,
        name=table.constant or table.name,
        codes=table.strategies,
        type=table.type_ or "",
    )


def gates(table: schema.GateTable) -> tuple[Gate, ...]:
    """Return a gate, and one more for each of its held-out commands, which the winner runs."""
    first = _gate(table)
    held_out = (
        replace(
            first,
            name=f"{table.name}, held out {number}",
            command=_command(table, command),
            final_command=None,
            final_only=True,
        )
        for number, command in enumerate(table.held_out, 1)
    )
    return (first, *held_out)


def _gate(table: schema.GateTable) -> Gate:
    """Return one gate; which kind it is follows from the keys that it has."""
    final = table.final_command
    return Gate(
        name=table.name,
        command=_command(table, table.command),
        rule=_rule(table),
        final_command=None if final is None else _command(table, final),
        final_only=table.final_only,
    )


def _tolerance(table: schema.GateTable | schema.OutputTable) -> Tolerance:
    return Tolerance(
        rtol=table.rtol, atol=table.atol, ulp=table.ulp, nan=table.nan, bitwise=table.bitwise
    )


def _rule(table: schema.GateTable) -> Rule:
    outputs = {pattern: _tolerance(one) for pattern, one in table.outputs.items()}
    tolerance = replace(_tolerance(table), outputs=outputs)
    if table.compare is not None:
        return SameArrays(tolerance=tolerance)
    if table.invariant is not None:
        return Invariant(expression=table.invariant)
    if (switch := table.toggle) is not None:
        return Toggle(variable=switch.env, on=switch.on, off=switch.off, tolerance=tolerance)
    return ExitCode()


def policy(table: schema.DecisionTable) -> Policy:
    """Return how sure a verdict must be."""
    return Policy(
        alpha=table.alpha,
        min_gain=table.min_gain,
        interest=table.interest,
        min_pairs=table.min_pairs,
        max_pairs=table.max_pairs,
        confidence=table.confidence,
    )


def profiling(table: schema.ProfileTable, launched: schema.BenchmarkTable) -> Profiling:
    """Return what is profiled, and how closely."""
    own, apart = table.command, table.without_io
    return Profiling(
        sampling=Sampling(
            tool=table.tool, rate=table.rate, native=table.native, waiting=table.waiting
        ),
        every=table.every,
        command=None if own is None else _command(launched, own),
        without_io=None if apart is None else _command(launched, apart),
        categories=Categories(table.categories),
    )


def racing(table: schema.SearchTable) -> Racing | None:
    """Return how candidates race, if they do."""
    if table.racing is None:
        return None
    return Racing(candidates=table.racing.candidates, blocks=table.racing.blocks)


def limits(study: schema.StudyTable, table: schema.ConvergenceTable) -> Limits:
    """Return when the study ends."""
    stagnation = table.stagnation
    if stagnation is None:
        return Limits(
            max_trials=study.max_trials,
            time_budget=study.time_budget,
            stop_on_success=table.stop_on_success,
            stop_on_regression=table.stop_on_regression,
            stop_if_unreachable=table.stop_if_unreachable,
        )
    return Limits(
        max_trials=study.max_trials,
        time_budget=study.time_budget,
        stagnation_trials=stagnation.trials,
        stagnation_improvement=stagnation.improvement,
        stop_on_success=table.stop_on_success,
        stop_on_regression=table.stop_on_regression,
        stop_if_unreachable=table.stop_if_unreachable,
    )
