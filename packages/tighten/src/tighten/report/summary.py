"""What a study's record says, derived once for every renderer: facts, figures and sentences.

Before and after come from the confirmation, which measured the winner afresh against the
baseline. Without one the page can only show what the search saw, which flatters the best of many
noisy results; each row says which of the two it is.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tighten.decision import Case, Evidence, Goal, Outcome, Status, objective_goal
from tighten.record import Role
from tighten.report import quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.decision import Verdict
    from tighten.parameters import Value
    from tighten.record import CaseSummary, StudyRecord, TrialRecord

__all__ = [
    "CaseRow",
    "Mark",
    "ParameterRow",
    "Summary",
    "chained_ratio",
    "change",
    "interval",
    "is_near_miss",
    "mark",
    "objective_goal",
    "reason",
    "shown",
    "speedup",
]

_STATUS = {
    Status.SUCCESS: "every target is reached",
    Status.PRIMARY_SUCCESS: "every primary target is reached",
    Status.MAX_TRIALS: "the largest number of trials was run",
    Status.TIME_BUDGET: "the time budget is used up",
    Status.STAGNATION: "the last trials brought no more gain",
    Status.REGRESSION: "a case became slower than it may",
    Status.EXHAUSTED: "every proposal has been tried",
    Status.UNREACHABLE: "its parameters act on too little of the time to reach the target",
    Status.INTERRUPTED: "`tighten resume` goes on from here",
    Status.BASELINE_FAILED: "the project as it stands fails, so nothing can be compared",
}
_RUNNING = "not finished; if nothing runs it any more, `tighten resume` goes on from here"


class Mark(StrEnum):
    """The one word that tells what became of a trial."""

    BASELINE = "baseline"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"
    IDENTICAL = "identical"
    UNJUDGED = "not judged"


_MARKS = {
    Outcome.ACCEPT: Mark.ACCEPTED,
    Outcome.REJECT: Mark.REJECTED,
    Outcome.INCONCLUSIVE: Mark.INCONCLUSIVE,
}


def mark(trial: TrialRecord) -> Mark:
    """Return what became of a trial."""
    if trial.failure is not None:
        return Mark.FAILED
    if trial.identical_to is not None:
        return Mark.IDENTICAL
    if trial.role is Role.BASELINE:
        return Mark.BASELINE
    if trial.verdict is None:
        return Mark.UNJUDGED
    return _MARKS[trial.verdict.outcome]


def reason(trial: TrialRecord) -> str:
    """Return the one line that says why a trial got its mark."""
    if trial.failure is not None:
        return f"{trial.failure.kind}: {trial.failure.message}"
    if trial.identical_to is not None:
        return f"the build has the same code as trial {trial.identical_to}; not measured again"
    if trial.verdict is not None:
        return trial.verdict.reason
    return "the project as it stands" if trial.role is Role.BASELINE else ""


def is_near_miss(trial: TrialRecord) -> bool:
    """Return whether a trial was surely faster as a whole and was not accepted all the same."""
    verdict = trial.verdict
    return (
        verdict is not None and verdict.outcome is not Outcome.ACCEPT and verdict.objective.low > 0
    )


def speedup(goal: Goal, gain: float) -> float:
    """Return how many times better: 0.5 less time, or 1.0 more of a rate, is 2."""
    if goal is Goal.MAXIMIZE:
        return 1.0 + gain
    return 1.0 / (1.0 - gain) if gain < 1.0 else math.inf


def change(trial: TrialRecord, baseline: TrialRecord) -> str:
    """Return the values that differ from the baseline's, as ``name=value``."""
    values = trial.configuration
    changed = [f"{name}={shown(values.get(name))}" for name in trial.changed_from(baseline)]
    return ", ".join(changed) or "no value changed"


def shown(value: Value | None) -> str:
    """Return a parameter's value as it is written in a configuration file."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quantity.clipped(value, 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case before and after, in its own metric; ``evidence`` compares the two.

    ``confirmed`` tells whether the evidence is the fresh measurement against the baseline.
    ``low`` and ``high`` bound ``after``; both are None where nothing was measured.
    """

    case: Case
    unit: str
    before: float | None
    after: float | None
    evidence: Evidence | None
    confirmed: bool

    @property
    def low(self) -> float | None:
        """Lower bound of ``after``."""
        return min(self._bounds) if self._bounds else None

    @property
    def high(self) -> float | None:
        """Upper bound of ``after``."""
        return max(self._bounds) if self._bounds else None

    @property
    def is_met(self) -> bool | None:
        """Whether the values that are kept reach the target; None without target or value."""
        kept = self.before if self.after is None else self.after
        if self.case.target is None or kept is None:
            return None
        return self.case.meets_target(kept)

    @property
    def result(self) -> str:
        """``reached`` or ``missed``; empty without target or value."""
        return {True: "reached", False: "missed", None: ""}[self.is_met]

    def text(self, number: float | None) -> str:
        """Return a value of this case, in the unit that suits ``before``."""
        if number is None:
            return quantity.MISSING
        return quantity.value(number, self.unit, like=self.before)

    @property
    def gain(self) -> str:
        """Gain in percent."""
        return quantity.percent(self.evidence.gain) if self.evidence else quantity.MISSING

    @property
    def interval(self) -> str:
        """Interval of the gain."""
        return interval(self.evidence) if self.evidence else quantity.MISSING

    @property
    def needed(self) -> float | None:
        """Speed-up over ``before`` that the target asks for."""
        if self.case.target is None or not self.before or not self.case.target > 0:
            return None
        quotient = self.case.target / self.before
        return quotient if self.case.goal is Goal.MAXIMIZE else 1.0 / quotient

    @property
    def _bounds(self) -> tuple[float, ...]:
        if self.evidence is None or self.before is None:
            return ()
        sign = 1.0 if self.case.goal is Goal.MAXIMIZE else -1.0
        bounds = [self.before * (1.0 + sign * g) for g in (self.evidence.low, self.evidence.high)]
        return tuple(bounds) if all(map(math.isfinite, bounds)) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """One parameter: where it is written, what it was, and what it should be."""

    name: str
    kind: str
    place: str
    domain: str
    before: str
    after: str
    end: str = ""  # "smallest" or "largest", of the values it may take, where the best is that

    @property
    def is_changed(self) -> bool:
        """Whether the best trial has another value than the baseline."""
        return self.before != self.after

    @property
    def hint(self) -> str:
        """What a change to the end of the allowed values suggests; empty for any other."""
        if not self.end or not self.is_changed:
            return ""
        beyond = {"smallest": "smaller", "largest": "larger"}[self.end]
        return f"{self.name}: {self.after} is the {self.end} value allowed; try {beyond} ones, too"


class Summary:
    """The facts of a study that every renderer tells.

    Parameters
    ----------
    study
        A finished, interrupted or running study; it may have no trial at all.
    """

    def __init__(self, study: StudyRecord) -> None:
        self.study = study
        self.by_number: Mapping[int, TrialRecord] = {t.number: t for t in study.trials}
        self.baseline = self.by_number.get(0)
        self.best = self.by_number.get(study.best)
        self.counts = Counter(mark(t) for t in study.trials if t.role is Role.SEARCH)
        self.ratios = _ratios(study, objective_goal(study.cases))
        self._longest = _longest_against_baseline(study)
        self.cases = tuple(self._case_row(case) for case in study.cases)
        self.parameters = tuple(self._parameter_row(facts) for facts in study.parameters)

    @property
    def searched(self) -> int:
        """Number of trials, without baseline and confirmation."""
        return self.counts.total()

    @property
    def status(self) -> str:
        """Why the study ended, in words."""
        return _STATUS[self.study.status] if self.study.status else _RUNNING

    @property
    def nearest_miss(self) -> TrialRecord | None:
        """The fastest trial that a case held back, where none was accepted."""
        missed = [trial for trial in self.study.trials if is_near_miss(trial)]
        if self.study.best != 0 or not missed:
            return None
        return max(missed, key=lambda trial: trial.verdict.objective.gain if trial.verdict else 0)

    @property
    def is_confirmed(self) -> bool:
        """Whether the fresh measurement found the winner better than the baseline."""
        verdict = self.study.confirmation
        return verdict is not None and verdict.outcome is Outcome.ACCEPT

    @property
    def seconds(self) -> float | None:
        """Duration from start to finish; None while it runs."""
        if self.study.finished is None:
            return None
        span = datetime.fromisoformat(self.study.finished) - datetime.fromisoformat(
            self.study.started
        )
        return span.total_seconds()

    @property
    def spent(self) -> Mapping[str, float]:
        """Seconds of all trials together, by what they were spent on."""
        trials = self.study.trials
        return {
            "build": math.fsum(t.build_seconds for t in trials),
            "gates": math.fsum(t.gate_seconds for t in trials),
            "benchmark": math.fsum(t.benchmark_seconds for t in trials),
            "tighten itself": math.fsum(t.overhead_seconds for t in trials),
        }

    @property
    def targets(self) -> str:
        """How many targets are reached, such as ``2 of 3 targets reached``."""
        verdicts = [row.is_met for row in self.cases if row.case.target is not None]
        if not verdicts:
            return "no targets set"
        if all(verdict is None for verdict in verdicts):
            return f"{quantity.count(len(verdicts), 'target')}, not measured"
        return f"{sum(map(bool, verdicts))} of {quantity.count(len(verdicts), 'target')} reached"

    @property
    def failure_groups(self) -> list[list[TrialRecord]]:
        """Failed trials, those with the same kind and message together, most frequent first."""
        groups: dict[tuple[str, str], list[TrialRecord]] = {}
        for trial in self.study.trials:
            if trial.failure is not None:
                key = (trial.failure.kind, trial.failure.message)
                groups.setdefault(key, []).append(trial)
        return sorted(groups.values(), key=len, reverse=True)

    def gain_of(self, trial: TrialRecord) -> tuple[str, str]:
        """Return a trial's gain over its incumbent, and its interval; empty when unmeasured."""
        if trial.verdict is None:
            return "", ""
        evidence = trial.verdict.objective
        return quantity.percent(evidence.gain), interval(evidence)

    @property
    def headline(self) -> str:
        """The result in one sentence."""
        study = self.study
        if self.baseline is not None and self.baseline.failure is not None:
            return f"The baseline failed, {quantity.clipped(reason(self.baseline), 300)}."
        if self.baseline is None:
            return "No trial has been run yet."
        if study.confirmation is not None:
            return self._confirmed(study.confirmation)
        if study.best == 0:
            return "No proposal was shown to be better than the values the project has now."
        ratio = self.ratios.get(study.best)
        gain = f", {quantity.ratio(ratio)} the baseline during the search" if ratio else ""
        return f"Trial {study.best} is the best so far{gain}; it is not confirmed yet."

    @property
    def interval_name(self) -> str:
        """What the intervals are called, such as ``90 % interval``."""
        return f"{100 * self.study.policy.confidence:g} % interval"

    def _confirmed(self, verdict: Verdict) -> str:
        evidence = verdict.objective
        figures = f"{quantity.percent(evidence.gain)}, {self.interval_name} {interval(evidence)}"
        if verdict.outcome is Outcome.ACCEPT:
            return f"Confirmed gain over the baseline: {figures}."
        return (
            f"The winner of the search was not confirmed ({figures}); "
            "keep the values the project has now."
        )

    def _case_row(self, case: Case) -> CaseRow:
        best = self.best if self.best is not self.baseline else None
        verdict = self.study.confirmation
        confirmed = _evidence(verdict, case.name)
        seen = confirmed
        if seen is None and best is not None and best.incumbent == 0:
            seen = _evidence(best.verdict, case.name)
        before, unit = self._before(case.name)
        after = _seen(best, case.name)
        return CaseRow(
            case=case,
            unit=unit or (after.unit if after else "s" if case.metric == "time" else "1"),
            before=seen.incumbent if seen else before,
            after=seen.candidate if seen else after.median if after else None,
            evidence=seen,
            confirmed=confirmed is not None,
        )

    def _before(self, case: str) -> tuple[float | None, str]:
        """Return the baseline's median and unit, from where it was launched most often.

        That is at the start, or in the comparison with a trial: a few launches at the start say
        little on a machine that changes its speed.
        """
        start = _seen(self.baseline, case)
        if start is None:
            return None, ""
        longest = _evidence(self._longest, case)
        if longest is None or longest.pairs <= len(start.values):
            return start.median, start.unit
        return longest.incumbent, start.unit

    def _parameter_row(self, facts: Mapping[str, object]) -> ParameterRow:
        name = str(facts.get("name", ""))
        before, after = (
            shown(trial.configuration.get(name)) if trial else "not set"
            for trial in (self.baseline, self.best)
        )
        return ParameterRow(
            name=quantity.clipped(name, 120),
            kind=quantity.clipped(facts.get("kind") or "", 20),
            place=quantity.clipped(facts.get("place") or "", 200),
            domain=quantity.clipped(facts.get("domain") or "", 200),
            before=before,
            after=after,
            end=_end(self.best.configuration.get(name) if self.best else None, facts.get("ends")),
        )


def _end(value: object, ends: object) -> str:
    """Return at which end of its values a parameter stands, by the ends that its run recorded."""
    if not isinstance(ends, list | tuple) or len(ends) != 2:  # older runs, values without order
        return ""
    return {ends[0]: "smallest", ends[1]: "largest"}.get(value, "")


def chained_ratio(trial: TrialRecord, ratios: Mapping[int, float], goal: Goal) -> float | None:
    """Return a trial's speed-up over the baseline, given those of the trials before it.

    It is the trial's own speed-up times its incumbent's; a trial with the same code as another
    has that one's. None for a trial without a measurement.
    """
    if trial.identical_to is not None:
        return ratios.get(trial.identical_to)
    if trial.verdict is None or trial.incumbent is None or trial.incumbent not in ratios:
        return None
    return speedup(goal, trial.verdict.objective.gain) * ratios[trial.incumbent]


def interval(evidence: Evidence) -> str:
    """Return the interval of a gain, such as ``+11.0 to +13.9 %``."""
    return quantity.interval(evidence.low, evidence.high)


def _evidence(verdict: Verdict | None, case: str) -> Evidence | None:
    if verdict is None:
        return None
    return next((evidence for evidence in verdict.cases if evidence.case == case), None)


def _longest_against_baseline(study: StudyRecord) -> Verdict | None:
    found = (trial.verdict for trial in study.trials if trial.verdict and trial.incumbent == 0)
    return max(found, key=lambda verdict: verdict.pairs, default=None)


def _seen(trial: TrialRecord | None, case: str) -> CaseSummary | None:
    if trial is None:
        return None
    return next((entry for entry in trial.cases if entry.case == case), None)


def _ratios(study: StudyRecord, goal: Goal) -> dict[int, float]:
    """Return the speed-up over the baseline of each measured trial."""
    ratios = {0: 1.0} if not (study.trials and study.trials[0].failure) else {}
    for trial in study.trials:
        ratio = chained_ratio(trial, ratios, goal)
        if ratio is not None:
            ratios[trial.number] = ratio
    return ratios
