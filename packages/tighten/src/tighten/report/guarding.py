"""What the guard says, in words and cells that the terminal and Markdown share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.decision import Outcome
from tighten.report import quantity

if TYPE_CHECKING:
    from tighten.record import Finding

__all__ = ["guard_basis", "guard_headline", "guard_rows"]

_HEADLINES = {
    Outcome.ACCEPT: "No regression",
    Outcome.REJECT: "Regression",
    Outcome.INCONCLUSIVE: "No regression shown",
}
_OUTCOMES = {
    Outcome.ACCEPT: "within",
    Outcome.REJECT: "BEYOND",
    Outcome.INCONCLUSIVE: "not shown",
}


def guard_headline(finding: Finding) -> str:
    """Return the finding in one line."""
    return f"{_HEADLINES[finding.outcome]} against {finding.against}: {finding.reason}"


def guard_basis(finding: Finding) -> str:
    """Return what the finding rests on, and what it cannot say."""
    verdict = finding.verdict
    if verdict is not None:
        return (
            f"Both versions ran in alternation on this machine: "
            f"{quantity.count(verdict.pairs, 'pair')}, {verdict.reruns} run again. At most "
            f"{quantity.percent(verdict.alpha, signed=False)} of checks report a loss wrongly."
        )
    if finding.changes:
        return (
            "The launches were not measured side by side: the machine may have changed its speed "
            "since, so small losses are not seen, and this is weaker evidence than pairs."
        )
    return "Nothing was timed."


def guard_rows(finding: Finding) -> list[tuple[str, ...]]:
    """Return the cells of each case: before, now, gain, interval, allowance, outcome."""
    return [
        (
            quantity.clipped(change.case, 60),
            quantity.value(change.before, change.unit),
            quantity.value(change.after, change.unit, like=change.before),
            quantity.percent(change.gain),
            quantity.interval(change.low, change.high),
            quantity.percent(-change.allowance),
            _OUTCOMES[change.outcome],
        )
        for change in finding.changes
    ]
