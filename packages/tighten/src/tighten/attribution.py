"""Which functions' cost moved when a parameter moved, over all trials of a run.

The cost of a function in a trial is its share of the steady state times the trial's time relative
to the baseline, as the pairs measured it: a profiler's own seconds depend on how busy the machine
was and on how long a benchmark chooses to run. Two trials say something about a parameter if they
differ in nothing else; of a parameter's pairs of values the one that moves a function most, in
terms of its error, is reported, at a level that allows for having looked at many.

Errors: counting of samples (binomial), and the interval of each verdict along the chain of
incumbents. Not included: that a launch under a profiler may behave differently.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING

from tighten.decision import Goal
from tighten.parameters import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tighten.decision import Case
    from tighten.profile import Profile
    from tighten.record import StudyRecord, TrialRecord

FunctionKey = tuple[str, str]
_Costs = dict[FunctionKey, tuple[float, float]]  # cost and its error

__all__ = ["Effect", "effects", "parameter_effect", "relative_times", "time_ratio"]

_LEVEL = 0.05  # of all statements about one parameter together


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What changing a parameter from one value to another did to one cost.

    ``cost`` 1.0 is the whole of the baseline's steady state. ``function`` and ``file`` are empty
    for the benchmark as a whole. ``low`` and ``high`` bound the change from ``before`` to
    ``after``, None where the parameter had no value; the trials are the two that were compared.
    """

    parameter: str
    function: str
    file: str
    before: Value | None
    after: Value | None
    change: float
    low: float
    high: float
    trials: tuple[int, int]

    @property
    def is_certain(self) -> bool:
        """Whether the interval excludes no change."""
        return self.low > 0 or self.high < 0


def relative_times(study: StudyRecord) -> dict[int, tuple[float, float]]:
    """Return the logarithm of each trial's time relative to the baseline, and its error.

    A metric to be maximised counts as the inverse of a time. Trials that were never judged, and
    those whose incumbent was not, are left out.
    """
    times = {0: (0.0, 0.0)}
    goal = _common_goal(study.cases)
    width = 2 * NormalDist().inv_cdf(0.5 + study.policy.confidence / 2)
    for trial in study.trials:
        if trial.identical_to in times:
            times[trial.number] = times[trial.identical_to]
        elif trial.verdict is not None and trial.incumbent in times:
            log, error = times[trial.incumbent]
            found = trial.verdict.objective
            low, high = _log(found.high, goal), _log(found.low, goal)
            if math.isfinite(low) and math.isfinite(high):
                own = (high - low) / width
                times[trial.number] = log + _log(found.gain, goal), math.hypot(error, own)
    return times


def _common_goal(cases: Sequence[Case]) -> Goal:
    goals = {case.goal for case in cases}
    return goals.pop() if len(goals) == 1 else Goal.MINIMIZE


def _log(gain: float, goal: Goal) -> float:
    """Return the logarithm of the ratio of times that a gain stands for."""
    ratio = 1 - gain if goal is Goal.MINIMIZE else 1 + gain
    if not 0 < ratio < math.inf:
        return math.nan
    return math.log(ratio) if goal is Goal.MINIMIZE else -math.log(ratio)


def time_ratio(study: StudyRecord, before: int, after: int) -> float | None:
    """Return the measured time of one trial divided by that of another, if both were judged."""
    times = relative_times(study)
    if before not in times or after not in times:
        return None
    return math.exp(times[after][0] - times[before][0])


def parameter_effect(study: StudyRecord, parameter: str) -> Effect | None:
    """Return the largest change of the whole benchmark that this parameter alone made.

    Trials need no profile for this. None if no two judged trials differ in it alone.
    """
    times = relative_times(study)
    costs = {
        number: {("", ""): (math.exp(log), math.exp(log) * error)}
        for number, (log, error) in times.items()
    }
    found = _largest(study, parameter, costs)
    return found[0] if found else None


def effects(
    study: StudyRecord, profiles: Mapping[int, Profile], parameter: str
) -> tuple[Effect, ...]:
    """Return what a parameter did to each function, the largest change first.

    Parameters
    ----------
    study
        A run.
    profiles
        Of the steady state, by trial.
    parameter
        Name.
    """
    times = relative_times(study)
    # Profilers name functions differently. A candidate may be too short for the one that served
    # the baseline, so the one that served most counts.
    tools = Counter(profiles[number].provenance.tool for number in sorted(profiles))
    tool = max(tools, key=lambda name: tools[name], default="")
    costs = {
        number: _costs(profile, *times[number])
        for number, profile in profiles.items()
        if number in times and profile.stacks and profile.provenance.tool == tool
    }
    found = _largest(study, parameter, costs)
    return tuple(sorted(found, key=lambda effect: -abs(effect.change)))


def _costs(profile: Profile, log: float, error: float) -> _Costs:
    """Return cost and error of each function by itself."""
    whole, samples = profile.total, profile.provenance.samples
    time = math.exp(log)
    costs: _Costs = {}
    for cost in profile.functions():
        share = cost.own / whole
        counted = math.sqrt((share * (1 - share) + 1 / samples) / samples) if samples else 0.0
        costs[cost.function, cost.file] = time * share, time * math.hypot(counted, share * error)
    return costs


def _largest(study: StudyRecord, parameter: str, costs: Mapping[int, _Costs]) -> list[Effect]:
    """Return, for each function, the clearest change that the parameter alone made."""
    pairs = list(_pairs(study, parameter, costs))
    functions = {key for number in costs for key in costs[number]}
    looks = max(1, len(pairs) * len(functions))
    sigmas = NormalDist().inv_cdf(1 - _LEVEL / (2 * looks))
    found = []
    for key in functions if pairs else ():
        compared = [_compared(parameter, key, pair, costs, sigmas) for pair in pairs]
        found.append(max(compared, key=_clearness))
    return found


def _clearness(effect: Effect) -> float:
    """Return the change in units of its error."""
    width = effect.high - effect.low
    return abs(effect.change) / width if width else math.inf if effect.change else 0.0


def _compared(
    parameter: str,
    key: FunctionKey,
    pair: tuple[TrialRecord, TrialRecord],
    costs: Mapping[int, _Costs],
    sigmas: float,
) -> Effect:
    a, b = pair
    before, error_before = costs[a.number].get(key, (0.0, 0.0))
    after, error_after = costs[b.number].get(key, (0.0, 0.0))
    change, error = after - before, math.hypot(error_before, error_after)
    return Effect(
        parameter=parameter,
        function=key[0],
        file=key[1],
        before=a.configuration.get(parameter),
        after=b.configuration.get(parameter),
        change=change,
        low=change - sigmas * error,
        high=change + sigmas * error,
        trials=(a.number, b.number),
    )


def _pairs(
    study: StudyRecord, parameter: str, costs: Mapping[int, object]
) -> Iterator[tuple[TrialRecord, TrialRecord]]:
    """Yield pairs of trials that differ in this parameter alone."""
    usable = [trial for trial in study.trials if trial.number in costs]
    for a, b in combinations(usable, 2):
        if b.changed_from(a) == [parameter]:
            yield a, b
