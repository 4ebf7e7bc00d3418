"""The answers of the smaller commands as text: plan, parameters, gates, comparisons, doctor.

Each function takes a record and returns text that fits the width, readable without colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from tighten.report import quantity
from tighten.report.console import rendered
from tighten.report.guarding import guard_basis, guard_headline, guard_rows
from tighten.report.strategies import strategy_costs_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from tighten.comparison import Comparison
    from tighten.decision import Case, Evidence
    from tighten.evidence import Standing
    from tighten.options import Plan
    from tighten.options.plan import PlannedParameter
    from tighten.record import (
        Baseline,
        CaseSummary,
        Examination,
        Finding,
        GateResult,
        StrategyCosts,
        TrialRecord,
    )

__all__ = [
    "baseline_text",
    "comparison_text",
    "doctor_text",
    "evidence_text",
    "gates_text",
    "guard_text",
    "parameters_text",
    "plan_text",
    "strategy_costs_text",
    "trial_text",
]


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def parameters_text(rows: Sequence[PlannedParameter], *, width: int, colour: bool) -> str:
    """Return one line per parameter: name, present value, place, domain."""
    return rendered([_parameters(rows)], width=width, colour=colour)


def _parameters(rows: Sequence[PlannedParameter]) -> Table:
    table = _table("parameter", "now", "place", "values", right=("now",))
    for row in rows:
        value = "(unset)" if row.value is None else str(row.value)
        table.add_row(row.name, value, row.place, row.domain)
    return table


def strategy_costs_text(costs: StrategyCosts, *, width: int, colour: bool) -> str:
    """Return costs by size and strategy, the borders, the generated source, and the proof."""
    return rendered(list(strategy_costs_parts(costs)), width=width, colour=colour)


def gates_text(gates: Sequence[GateResult], *, width: int, colour: bool) -> str:
    """Return one line per gate: passed or FAILED, its name, and by how much."""
    table = _table("gate", "outcome", "detail", "time", right=("time",))
    for gate in gates:
        outcome = Text("passed", "green") if gate.passed else Text("FAILED", "bold red")
        table.add_row(gate.name, outcome, Text(gate.detail), quantity.duration(gate.seconds))
    parts: list[RenderableType] = [table if gates else Text("the study has no gates")]
    return rendered(parts, width=width, colour=colour)


def trial_text(trial: TrialRecord, *, cases: Sequence[Case], width: int, colour: bool) -> str:
    """Return what one trial measured, case by case, against the targets."""
    if trial.failure is not None:
        failure = trial.failure
        said = f"failed ({failure.kind}): {failure.message}\n{failure.tail}".rstrip()
        return rendered([Text(said)], width=width, colour=colour)
    table = _table("case", "median", "range", "launches", "target", right=("median", "launches"))
    for case, row in zip(cases, trial.cases, strict=True):
        low, high = min(row.values), max(row.values)
        table.add_row(
            row.case,
            quantity.value(row.median, row.unit),
            f"{quantity.value(low, row.unit)} to {quantity.value(high, row.unit)}",
            str(len(row.values)),
            _target(case, row),
        )
    parts: list[RenderableType] = [table]
    if trial.gates:
        parts.append(Text("\ngates passed: " + ", ".join(gate.name for gate in trial.gates)))
    return rendered(parts, width=width, colour=colour)


def _target(case: Case, row: CaseSummary) -> str:
    if case.target is None:
        return ""
    outcome = "reached" if case.meets_target(row.median) else "not reached"
    return f"{quantity.value(case.target, row.unit)} {outcome}"


def comparison_text(comparison: Comparison, *, width: int, colour: bool) -> str:
    """Return both sides case by case, and the verdict with its evidence."""
    verdict = comparison.verdict
    table = _table("case", comparison.a, comparison.b, "gain of b", "interval")
    evidence = {} if verdict is None else {one.case: one for one in verdict.cases}
    for a, b in zip(comparison.cases_a, comparison.cases_b, strict=True):
        values = [quantity.value(side.median, side.unit) for side in (a, b)]
        table.add_row(a.case, *values, *_gain(evidence.get(a.case)))
    if verdict is None:
        said = "no verdict: numbers that were not measured side by side prove nothing"
    else:
        said = (
            f"{verdict.outcome.value}: {verdict.reason}\n{verdict.pairs} pairs, "
            f"{verdict.reruns} run again, E = {verdict.objective.e_value:.3g} "
            f"(needs {1 / verdict.alpha:.3g})"
        )
    return rendered([table, Text(f"\n{said}")], width=width, colour=colour)


def _gain(evidence: Evidence | None) -> tuple[str, str]:
    if evidence is None:
        return "", ""
    return quantity.percent(evidence.gain), quantity.interval(evidence.low, evidence.high)


def baseline_text(baseline: Baseline, *, width: int, colour: bool) -> str:
    """Return what a baseline holds, and what later checks can do with it."""
    table = _table("case", "median", "launches", right=("median", "launches"))
    for row in baseline.cases:
        table.add_row(row.case, quantity.value(row.median, row.unit), str(len(row.values)))
    later = (
        f"later versions are run in pairs with commit {baseline.revision[:12]}"
        if baseline.revision
        else "the project is no unchanged commit, so later versions can only be compared with "
        "these launches, on this machine; commit first for a sharper guard"
    )
    return rendered([table, Text(f"\n{later}")], width=width, colour=colour)


def guard_text(finding: Finding, *, width: int, colour: bool) -> str:
    """Return the guard's verdict with every case, and what it rests on."""
    table = _table("case", "before", "now", "gain", "interval", "allowed", "outcome")
    for row in guard_rows(finding):
        table.add_row(*row)
    parts: list[RenderableType] = [table] if finding.changes else []
    style = "bold red" if finding.is_regression else "bold"
    parts += [Text(f"\n{guard_headline(finding)}", style), Text(guard_basis(finding))]
    return rendered(parts, width=width, colour=colour)


def evidence_text(standings: Sequence[Standing], *, width: int, colour: bool) -> str:
    """Return each applied value with what it rests on, and whether it must be tested again."""
    table = _table("parameter", "value", "gain of its run", "E", "measured", "standing")
    for one in standings:
        found = one.evidence
        standing = Text("holds", "green") if one.holds else Text("test again", "bold red")
        gain = f"{quantity.percent(found.gain)} ({quantity.interval(found.low, found.high)})"
        e_value = quantity.e_value(found.e_value)
        table.add_row(found.parameter, str(found.value), gain, e_value, found.date[:10], standing)
    stale = [one for one in standings if not one.holds]
    said = [f"{one.evidence.parameter}: {'; '.join(one.reasons)}" for one in stale]
    closing = (
        "`tighten tune` tests them again on this machine"
        if stale
        else "every value rests on what is here"
    )
    return rendered([table, Text("\n" + "\n".join([*said, closing]))], width=width, colour=colour)


def doctor_text(found: Examination, *, width: int, colour: bool) -> str:
    """Return what this machine can see, and what to change."""
    visible = "none of those tried" if found.visible is None else f"{100 * found.visible:.3g} %"
    table = _table("A/A on this machine", "")
    machine = found.machine
    for name, value in (
        ("processor", f"{machine['cpu']}, {machine['cores']} usable cores"),
        ("sessions of a program against itself", str(found.sessions)),
        ("wrongly accepted", f"{found.accepted} of {found.sessions}"),
        ("pairs, run again", f"{found.pairs}, {found.reruns}"),
        ("time of a pair", quantity.duration(found.seconds_per_pair)),
        ("spread of the log ratio", f"{100 * found.spread:.2g} %"),
        ("smallest gain a minute finds", visible),
    ):
        table.add_row(name, value)
    advice = Text("\n" + "\n".join(f"- {line}" for line in found.advice))
    return rendered([table, advice], width=width, colour=colour)


def _first_line(command: str) -> str:
    """Return a command that fits into a table: a script by its first line and its length."""
    lines = command.strip().splitlines() or [""]
    return lines[0] if len(lines) == 1 else f"{lines[0]} … ({len(lines)} lines)"


def plan_text(plan: Plan, *, width: int, colour: bool) -> str:
    """Return what a study would do, before anything is built or run."""
    low, high = plan.launches
    size = "many" if plan.configurations is None else f"{plan.configurations:,}"
    facts = _table("study", plan.name)
    for name, value in (
        ("project", plan.project),
        ("build", _first_line(plan.build or "nothing to build")),
        ("benchmark", f"{_first_line(plan.benchmark)} ({plan.format})"),
        ("search", f"{plan.strategy}: {plan.trials} trials at most of {size} configurations"),
        ("launches", f"{low:,} to {high:,} of the benchmark"),
        ("state", plan.state),
        ("page", plan.page),
    ):
        facts.add_row(name, value)
    cases = _table("case", "metric", "goal", "target", "allowance")
    for case in plan.cases:
        target = "" if case.target is None else f"{case.target:g}"
        allowed = quantity.percent(case.max_regression, signed=False)
        cases.add_row(case.name, case.metric, case.goal.value, target, allowed)
    gates = _table("gate", "rule", "command")
    for gate in plan.gates:
        gates.add_row(gate.name, gate.rule, _first_line(gate.command))
    return rendered(
        [
            facts,
            Text(),
            _parameters(plan.parameters),
            Text(),
            cases,
            Text(),
            gates if plan.gates else Text("no gates"),
        ],
        width=width,
        colour=colour,
    )
