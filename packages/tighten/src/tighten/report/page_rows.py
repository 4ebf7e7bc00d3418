"""What the page's tables show: plain text, cell by cell, ready for the templates to escape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tighten.decision import Goal
from tighten.record import Role
from tighten.report import quantity
from tighten.report.summary import (
    Mark,
    change,
    interval,
    mark,
    objective_goal,
    reason,
    shown,
    speedup,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.decision import Evidence, Verdict
    from tighten.record import Examination, StudyRecord, TrialRecord
    from tighten.report.summary import CaseRow, Summary

__all__ = [
    "cards",
    "case_row",
    "control_line",
    "evidence",
    "failures",
    "hosts",
    "machine_facts",
    "machine_groups",
    "patch_lines",
    "trial_details",
    "trial_row",
]

_MARKS = {
    mark: Markup('<span class="mark {}">{}</span>').format(mark.replace(" ", "-"), mark.value)
    for mark in Mark
}
_CELL = Markup("<td>")  # its end tag is left out
_NUMBERS = 12  # trials that a group of failures names
_TEXT = 4000  # characters of a patch or of an output
_LINE = 300  # characters of one sentence
_MANY = 2000  # trials, from which on a row's sentence is shorter


@dataclass(frozen=True, slots=True)
class Card:
    """One of the figures at the top of the page."""

    name: str
    figure: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A line of a unified diff: ``add``, ``cut``, ``place`` or ``same``."""

    kind: str
    text: str


def cards(summary: Summary) -> list[Card]:
    """Return the figures that a reader looks for first."""
    reached = [row.is_met for row in summary.cases if row.is_met is not None]
    total = sum(row.case.target is not None for row in summary.cases)
    found = [_gain_card(summary)]
    if total:
        note = "" if reached else "not measured"
        found.append(Card("targets reached", f"{sum(reached)} of {total}", note))
    kept = summary.counts.most_common(2)
    note = ", ".join(f"{number:,} {word}" for word, number in kept)
    found.append(Card("trials", f"{summary.searched:,} of {summary.study.max_trials:,}", note))
    if summary.seconds is not None:
        bench = quantity.duration(summary.spent["benchmark"])
        found.append(Card("time", quantity.duration(summary.seconds), f"{bench} benchmark"))
    return found


def _gain_card(summary: Summary) -> Card:
    verdict = summary.study.confirmation
    if verdict is not None:
        name = "confirmed gain" if summary.is_confirmed else "gain, not confirmed"
        figure = quantity.percent(verdict.objective.gain)
        ratio = speedup(objective_goal(summary.study.cases), verdict.objective.gain)
        return Card(name, figure, f"{quantity.ratio(ratio)} the baseline")
    ratio_seen = summary.ratios.get(summary.study.best, 1.0)
    if summary.study.best == 0:
        return Card("gain", "none", "the baseline stays")
    return Card("best so far", quantity.ratio(ratio_seen), "not confirmed")


def case_row(row: CaseRow) -> dict[str, object]:
    """Return the cells of one case, all values in the unit that suits ``before``."""
    low, high = row.text(row.low), row.text(row.high)
    less_or_more = "at most" if row.case.goal is Goal.MINIMIZE else "at least"
    target = row.text(row.case.target)
    return {
        "name": quantity.clipped(row.case.name, 120),
        "primary": row.case.primary,
        "metric": quantity.clipped(row.case.metric, 120),
        "before": row.text(row.before),
        "after": row.text(row.after),
        "bounds": low if row.low is None else f"{_number(low, high)} to {high}",
        "gain": row.gain,
        "interval": row.interval,
        "target": target if row.case.target is None else f"{less_or_more} {target}",
        "tone": row.result or "none",
        "word": row.result or quantity.MISSING,
    }


def _number(low: str, high: str) -> str:
    """Return ``low`` without its unit where both bounds have the same."""
    number, _, unit = low.partition(" ")
    return number if high.endswith(f" {unit}") else low


def trial_row(summary: Summary, trial: TrialRecord) -> dict[str, Any]:
    """Return one trial: its cells as one piece, since there may be ten thousand, and its change."""
    gain, bounds = summary.gain_of(trial)
    ratio = summary.ratios.get(trial.number)
    verdict = trial.verdict
    cells = (
        _MARKS[mark(trial)] + _remark(trial),
        "" if trial.incumbent is None else str(trial.incumbent),
        gain,
        bounds,
        str(verdict.pairs) if verdict else "",
        quantity.e_value(verdict.objective.e_value) if verdict else "",
        quantity.ratio(ratio) if ratio is not None else "",
        f"{trial.build_seconds:.1f}",
        f"{trial.gate_seconds:.1f}",
        f"{trial.benchmark_seconds:.1f}",
    )
    return {
        "number": trial.number,
        "is_best": trial.number == summary.study.best,
        "cells": _CELL.join(cells),
        "change": _change(summary, trial),
    }


def _remark(trial: TrialRecord) -> str:
    if trial.failure is not None:
        return f" ({trial.failure.kind})"
    if trial.identical_to is not None:
        return f" to {trial.identical_to}"
    return " (confirmation)" if trial.role is Role.CONFIRMATION else ""


def _change(summary: Summary, trial: TrialRecord) -> str:
    values = "the project as it stands"
    if trial.number != 0 and summary.baseline is not None:
        room = _LINE if len(summary.by_number) <= _MANY else _LINE // 3
        values = quantity.clipped(change(trial, summary.baseline), room)
    if trial.failure is None:
        return values
    return f"{values}: {quantity.clipped(trial.failure.message, 100)}"


def trial_details(summary: Summary, trial: TrialRecord) -> dict[str, Any]:
    """Return what one trial's details show: evidence, values, gates, facts, patch, output."""
    failure = trial.failure
    facts = {
        "started": trial.started,
        "log": trial.log or (failure.log if failure else None),
        "code": trial.code_hash[:16],
        "tighten itself": quantity.duration(trial.overhead_seconds),
    }
    return {
        "reason": _sentence(quantity.clipped(reason(trial), 4 * _LINE)),
        "evidence": evidence(summary, trial.verdict) if trial.verdict else [],
        "settings": _settings(summary, trial),
        "gates": [
            {
                "name": quantity.clipped(gate.name, _LINE),
                "passed": gate.passed,
                "detail": quantity.clipped(gate.detail, 4 * _LINE),
                "seconds": quantity.duration(gate.seconds),
            }
            for gate in trial.gates
        ],
        "facts": [(name, quantity.clipped(fact, _LINE)) for name, fact in facts.items() if fact],
        "patch": patch_lines(trial.patch),
        "tail": _tail(failure.tail) if failure else "",
    }


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?", "…")) else ".")


def _settings(summary: Summary, trial: TrialRecord) -> list[tuple[str, str, bool]]:
    changed = trial.changed_from(summary.baseline) if summary.baseline else trial.configuration
    return [
        (quantity.clipped(name, 120), shown(value), name in changed)
        for name, value in trial.configuration.items()
    ]


def evidence(summary: Summary, verdict: Verdict) -> list[dict[str, str]]:
    """Return the rows of a verdict's evidence: the objective, then each case."""
    units = {row.case.name: row.unit for row in summary.cases}
    rows = [_evidence_row(verdict.objective, "objective", None)]
    if len(verdict.cases) == 1:
        rows = []
    return rows + [_evidence_row(e, e.case, units.get(e.case, "1")) for e in verdict.cases]


def _evidence_row(found: Evidence, name: str, unit: str | None) -> dict[str, str]:
    def cell(number: float) -> str:
        return "" if unit is None else quantity.value(number, unit, like=found.incumbent)

    return {
        "case": quantity.clipped(name, 120),
        "candidate": cell(found.candidate),
        "incumbent": cell(found.incumbent),
        "gain": quantity.percent(found.gain),
        "interval": interval(found),
        "better": quantity.e_value(found.e_value),
        "not_worse": quantity.e_value(found.e_not_worse),
        "worse": quantity.e_value(found.e_worse),
        "spread": quantity.percent(found.spread, signed=False),
    }


def failures(summary: Summary) -> list[dict[str, object]]:
    """Return the groups of equal failures, each with the output of its first trial."""
    groups: list[dict[str, object]] = []
    for group in summary.failure_groups:
        failure = group[0].failure
        if failure is not None:
            groups.append(
                {
                    "kind": failure.kind.value,
                    "count": len(group),
                    "trials": quantity.count(len(group), "trial"),
                    "message": quantity.clipped(failure.message, 4 * _LINE),
                    "numbers": [trial.number for trial in group[:_NUMBERS]],
                    "more": max(0, len(group) - _NUMBERS),
                    "tail": _tail(failure.tail),
                }
            )
    return groups


def _tail(text: str) -> str:
    clean = quantity.printable(text).strip("\n")
    return clean if len(clean) <= _TEXT else "…" + clean[-_TEXT:]


def patch_lines(patch: str) -> list[PatchLine]:
    """Return a unified diff line by line, cut at a length that nobody reads to the end."""
    clean = quantity.printable(patch).rstrip("\n")
    text = clean if len(clean) <= _TEXT else clean[:_TEXT] + "\n…"
    return [PatchLine(_patch_kind(line), line) for line in text.splitlines()]


def _patch_kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return {"+": "add", "-": "cut"}.get(line[:1], "same")


def machine_facts(study: StudyRecord) -> list[tuple[str, str]]:
    """Return the machine's single facts with their units, and when the study ran."""
    facts = [("started", study.started), ("finished", study.finished or "not finished")]
    for name, fact in study.machine.items():
        if isinstance(fact, dict):
            continue
        if name == "memory_bytes" and isinstance(fact, int):
            facts.append(("memory", quantity.memory(fact)))
        elif name == "steal_seconds" and isinstance(fact, int | float):
            facts.append(("steal time since boot", quantity.duration(fact)))
        elif name == "load" and isinstance(fact, list | tuple):
            facts.append(("load over 1, 5, 15 min", ", ".join(f"{x:.2f}" for x in fact)))
        else:
            facts.append((name, str(fact)))
    return [(quantity.clipped(n, 60), quantity.clipped(text, _LINE)) for n, text in facts]


def hosts(study: StudyRecord) -> list[dict[str, str]]:
    """Return each host of a run on a cluster: what it is, did, and found in the confirmation."""
    rows = []
    for key, machine in study.hosts.items():
        trials = [trial for trial in study.trials if trial.host == key]
        confirmed = [t.verdict for t in trials if t.role is Role.CONFIRMATION and t.verdict]
        found = confirmed[-1].objective if confirmed else None
        rows.append(
            {
                "key": quantity.clipped(key, 40),
                "cpu": quantity.clipped(machine.get("cpu", ""), 60),
                "cores": quantity.clipped(machine.get("cores", ""), 10),
                "trials": str(len(trials)),
                "gain": quantity.percent(found.gain) if found else quantity.MISSING,
                "interval": interval(found) if found else quantity.MISSING,
                "e_value": quantity.e_value(found.e_value) if found else quantity.MISSING,
                "pairs": str(found.pairs) if found else quantity.MISSING,
            }
        )
    return rows


def control_line(found: Examination | None) -> str:
    """Return the machine's record with equal programs, which should never differ."""
    if found is None:
        return "not taken; `tighten doctor STUDY` compares the benchmark with itself"
    visible = "none of those tried" if found.visible is None else quantity.percent(found.visible)
    return (
        f"{found.accepted} of {quantity.count(found.sessions, 'session')} of the program against "
        f"itself wrongly accepted, {quantity.count(found.pairs, 'pair')}, spread "
        f"{quantity.percent(found.spread, signed=False)}; smallest gain that a minute finds: "
        f"{visible} ({found.date[:10]})"
    )


def machine_groups(machine: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the facts that come as tables, such as compilers and packages."""
    return [
        (
            quantity.clipped(name, 60),
            [(quantity.clipped(k, 60), quantity.clipped(v, _LINE)) for k, v in group.items()],
        )
        for name, group in machine.items()
        if isinstance(group, dict) and group
    ]
