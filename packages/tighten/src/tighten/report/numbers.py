"""The fastest configuration for each bound on how far numbers may move.

Gates say how far a trial's numbers lie from the baseline's. A user who must keep every bit wants
another configuration than one who can spare the last digits; this table shows both what they get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.record import Distance, Role, TrialRecord
from tighten.report import quantity
from tighten.report.summary import change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tighten.report.summary import Summary

__all__ = ["TITLE", "PolicyRow", "fastest_by_policy"]

TITLE = "Fastest by how far numbers may move"

_LADDER: tuple[tuple[str, Callable[[Distance], bool]], ...] = (
    ("every bit the same", lambda apart: apart.bitwise),
    ("equal values", lambda apart: apart.ulp == 0),
    ("within 4 units in the last place", lambda apart: apart.ulp <= 4),
    ("within 64 units in the last place", lambda apart: apart.ulp <= 64),
    ("within 1e-12 relative", lambda apart: apart.relative <= 1e-12),
    ("within 1e-9 relative", lambda apart: apart.relative <= 1e-9),
    ("whatever the gates allow", lambda _: True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A bound, the fastest trial within it, its changed values and speed-up over the baseline."""

    policy: str
    trial: TrialRecord
    values: str
    ratio: float

    @property
    def gain(self) -> str:
        """The speed-up as the page shows it."""
        return quantity.ratio(self.ratio)


def fastest_by_policy(summary: Summary) -> tuple[PolicyRow, ...]:
    """Return one row for each bound that allows a faster trial than the bound before it.

    Empty if no gate compared numbers, or if all trials kept every bit. Trials that were shown to
    lose too much somewhere, or that failed, do not count.
    """
    kept = [trial for trial in summary.study.trials if _counts(trial)]
    apart = {trial.number: _distance(trial) for trial in kept}
    if all(one is None or one.bitwise for one in apart.values()):
        return ()
    return tuple(_rows(summary, kept, apart))


def _rows(
    summary: Summary, kept: list[TrialRecord], apart: dict[int, Distance | None]
) -> Iterator[PolicyRow]:
    shown: int | None = None
    for policy, allows in _LADDER:
        within = [t for t in kept if (one := apart[t.number]) is not None and allows(one)]
        best = max(within, key=lambda trial: summary.ratios.get(trial.number, 0.0), default=None)
        if best is None or best.number == shown:
            continue
        shown = best.number
        values = change(best, summary.study.trials[0]) or "the values the project has now"
        yield PolicyRow(policy=policy, trial=best, values=values, ratio=summary.ratios[best.number])


def _counts(trial: TrialRecord) -> bool:
    if trial.failure is not None or trial.role is Role.CONFIRMATION:
        return False
    return trial.role is Role.BASELINE or (
        trial.verdict is not None and not trial.verdict.regressed
    )


def _distance(trial: TrialRecord) -> Distance | None:
    """Return the largest distance of a trial's gates; the baseline is at none."""
    if trial.role is Role.BASELINE:
        return Distance(bitwise=True, ulp=0.0, relative=0.0)
    found = [gate.distance for gate in trial.gates if gate.distance is not None]
    if not found:
        return None
    return Distance(
        bitwise=all(one.bitwise for one in found),
        ulp=max(one.ulp for one in found),
        relative=max(one.relative for one in found),
    )
