"""A guard for continuous integration: has the project become slower than it was.

A baseline is a small file in the project. Wherever it names a commit that this repository has, the
commit is built beside the project and both run in pairs: that needs no quiet machine, and no
machine like the one the baseline was saved on. Without such a commit the launches stored in the
file are all there is. They were taken at another time, so a loss must exceed the case's allowance
by a tenth before it counts, and it is never compared across machines.

A loss counts when it is shown, not when it is seen; what was not shown is reported as such.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tighten.comparison import resolved, unchanged_revision
from tighten.decision import Aim, Case, Goal, Outcome
from tighten.encoding import decode, encode
from tighten.errors import BaselineError, StateError, StudyError, TrialError
from tighten.files import BASELINE_FILE, write_atomically
from tighten.ledger import now
from tighten.machine import fingerprint
from tighten.record import Baseline, CaseSummary, Change, Finding, GateResult, Method
from tighten.stats import shift
from tighten.study import keep_reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tighten.events import Listener
    from tighten.study import Study

__all__ = ["BASELINE_FILE", "check", "save"]

LAUNCHES = 20  # of a baseline, and of what is compared with it launch by launch
DRIFT = 0.10  # a machine's speed at two times differs by more than its launches show


def save(study: Study, path: Path, *, launches: int | None = None) -> Baseline:
    """Measure the project as it stands and write the baseline file.

    Raises
    ------
    BaselineError
        If the project does not build, pass its gates or give its metrics.
    """
    trial = study.measure(launches=launches or LAUNCHES)
    if trial.failure is not None:
        raise BaselineError(
            f"the project as it stands fails ({trial.failure.kind}): {trial.failure.message}"
        )
    baseline = Baseline(
        study=study.options.name,
        saved=now(),
        revision=unchanged_revision(study.options.project),
        configuration=trial.configuration,
        cases=trial.cases,
        machine=_machine(),
    )
    write_atomically(path, encode(baseline, indent=1) + "\n")
    return baseline


def read(path: Path) -> Baseline:
    """Return the baseline that `save` wrote.

    Raises
    ------
    StudyError
        If there is none, or the file is damaged or of another version.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise StudyError(
            f"there is no baseline {path}: `tighten guard --save` writes one, or name a revision "
            "with --against"
        ) from None
    except OSError as error:
        raise StudyError(f"cannot read the baseline {path}: {error.strerror}") from error
    try:
        return decode(Baseline, text)
    except StateError as error:
        raise StudyError(
            f"{path} is no baseline that this version of tighten can read; "
            "write a new one with `tighten guard --save`"
        ) from error


def check(
    study: Study,
    path: Path,
    *,
    against: str | None = None,
    gates: bool = True,
    listener: Listener = lambda _event: None,
) -> Finding:
    """Hold the project as it stands against its baseline, or against a revision.

    Parameters
    ----------
    study
        The study; its cases say what is measured, and how much each may lose.
    path
        The baseline file.
    against
        A revision to use in place of the baseline.
    gates
        Whether the results must equal those of the revision, as the study's gates say.
    listener
        Hears of each pair.

    Raises
    ------
    BaselineError
        If the revision does not build, pass its gates or run.
    TrialError
        If the project as it stands does not build or run.
    StudyError
        If there is nothing to compare with: no baseline, or one of another machine.
    """
    if against is None:
        baseline = read(path)
        known = baseline.revision and resolved(study.options.project, baseline.revision)
        if not known:
            return _by_samples(study, baseline)
        against = known
    return _in_pairs(study, against, gates=gates, listener=listener)


def _in_pairs(study: Study, against: str, *, gates: bool, listener: Listener) -> Finding:
    name = f"revision {against[:12]}"
    with study.side_by_side(against, "working", listener=listener) as (bench, old, new):
        results: tuple[GateResult, ...] = ()
        if gates:
            keep_reference(bench, old, name)
            results = bench.check(new, is_final=True)
        failed = [gate for gate in results if not gate.passed]
        if failed:
            reason = f"gate {failed[0].name!r} failed: {failed[0].detail}"
            return _finding(study, Method.PAIRS, name, (Outcome.REJECT, reason), gates=results)
        try:
            bench.measure(old, launches=1)
        except TrialError as error:
            raise BaselineError(f"{name} does not run ({error.kind}): {error}") from error
        duel = bench.duel(new, old, trial=0, aim=Aim.NO_LOSS)
    verdict = duel.verdict
    changes = tuple(
        _change(
            case,
            (theirs, ours),
            (found.gain, found.low, found.high),
            _outcome(
                within=found.e_not_worse >= 1 / verdict.alpha,
                beyond=found.e_worse >= len(study.options.cases) / verdict.alpha,
            ),
        )
        for case, theirs, ours, found in zip(
            study.options.cases, duel.incumbent, duel.candidate, verdict.cases, strict=True
        )
    )
    return _finding(
        study,
        Method.PAIRS,
        name,
        (verdict.outcome, verdict.reason),
        changes=changes,
        gates=results,
        verdict=verdict,
    )


def _by_samples(study: Study, baseline: Baseline) -> Finding:
    """Compare with the stored launches, which nothing but this machine could repeat."""
    _require_comparable(study, baseline)
    trial = study.measure(launches=len(baseline.cases[0].values))
    if trial.failure is not None:
        raise TrialError(trial.failure.message, kind=trial.failure.kind, tail=trial.failure.tail)
    stored = {summary.case: summary for summary in baseline.cases}
    tail = study.options.policy.alpha / len(study.options.cases)
    changes = tuple(
        _sampled(case, (stored[case.name], ours), tail)
        for case, ours in zip(study.options.cases, trial.cases, strict=True)
    )
    outcomes = {change.outcome for change in changes}
    order = (Outcome.REJECT, Outcome.INCONCLUSIVE, Outcome.ACCEPT)
    outcome = next(one for one in order if one in outcomes)
    reason = {
        Outcome.REJECT: f"a case lost more than its allowance and {DRIFT:.0%} for drift",
        Outcome.INCONCLUSIVE: "no loss was shown, and none can be ruled out",
        Outcome.ACCEPT: f"no case lost more than its allowance and {DRIFT:.0%} for drift",
    }[outcome]
    name = f"launches stored on {baseline.saved[:10]}"
    return _finding(
        study, Method.SAMPLES, name, (outcome, reason), changes=changes, gates=trial.gates
    )


def _require_comparable(study: Study, baseline: Baseline) -> None:
    remedy = (
        "give a revision to build beside the project with --against (in a shallow clone, fetch it "
        "first), or save a baseline here with `tighten guard --save`"
    )
    here, there = fingerprint(), baseline.machine
    facts = [name for name in ("cpu", "cores", "host") if here.get(name) != there.get(name)]
    if facts:
        was = ", ".join(f"{name} {there.get(name)}" for name in facts)
        raise StudyError(
            f"the baseline of {baseline.saved[:10]} is of another machine ({was}) and names no "
            f"commit that this repository has, so nothing can be compared: {remedy}"
        )
    missing = {case.name for case in study.options.cases} - {c.case for c in baseline.cases}
    if missing:
        raise StudyError(
            f"the baseline has no case {', '.join(map(repr, sorted(missing)))}: {remedy}"
        )


def _machine() -> Mapping[str, Any]:
    """Return the machine without its packages, which would fill a file that people review."""
    return {name: fact for name, fact in fingerprint().items() if name != "packages"}


def _sampled(case: Case, sides: tuple[CaseSummary, CaseSummary], tail: float) -> Change:
    """Return the change between two sets of launches of different times."""
    sign = 1 if case.goal is Goal.MINIMIZE else -1
    before, after = ([sign * math.log(value) for value in side.values] for side in sides)
    estimate, low, high = shift(before, after, tail)
    limit = sign * math.log1p(sign * case.max_regression) + math.log1p(DRIFT)
    outcome = _outcome(within=high <= limit, beyond=low > limit)
    return _change(
        case, sides, (_gain(sign, estimate), _gain(sign, high), _gain(sign, low)), outcome
    )


def _gain(sign: int, worse: float) -> float:
    """Return the relative gain of a log ratio that counts losses as positive."""
    return -sign * math.expm1(sign * worse) if math.isfinite(worse) else -worse


def _outcome(*, within: bool, beyond: bool) -> Outcome:
    if beyond:
        return Outcome.REJECT
    return Outcome.ACCEPT if within else Outcome.INCONCLUSIVE


def _change(
    case: Case,
    sides: tuple[CaseSummary, CaseSummary],
    gains: tuple[float, float, float],
    outcome: Outcome,
) -> Change:
    before, after = sides
    return Change(
        case=case.name,
        metric=case.metric,
        unit=after.unit,
        before=before.median,
        after=after.median,
        gain=gains[0],
        low=gains[1],
        high=gains[2],
        allowance=case.max_regression,
        outcome=outcome,
    )


def _finding(
    study: Study, method: Method, against: str, outcome: tuple[Outcome, str], **found: Any
) -> Finding:
    return Finding(
        study=study.options.name,
        date=now(),
        method=method,
        against=against,
        outcome=outcome[0],
        reason=outcome[1],
        changes=found.get("changes", ()),
        gates=found.get("gates", ()),
        machine=_machine(),
        verdict=found.get("verdict"),
    )
