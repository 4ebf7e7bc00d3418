"""What to tune next: the case furthest from its target, its hot spots, and who can reach them.

Joins three things: the profile of the baseline (where the time goes), the source (which functions
a parameter can act through) and the trials (what it did). A parameter can save at most the time
that runs in or below the functions that use it; that bound is Amdahl's, and holds for what acts
through those functions. Where a parameter's functions are not known (they are inlined, or its
value travels by ways that names do not show), no bound is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from tighten.attribution import Effect, effects, parameter_effect
from tighten.decision import Goal
from tighten.errors import StateError, StudyError
from tighten.parameters.binding import Argument, EnvironmentVariable
from tighten.parameters.document import ConfigKey
from tighten.parameters.source import SourceConstant
from tighten.profile.describe import place
from tighten.profile.formats import read_profile
from tighten.profile.reach import Source, Use, is_function, share_below
from tighten.trial import project_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tighten.options import Options
    from tighten.parameters import Parameter
    from tighten.profile import Profile
    from tighten.profile.model import Frame
    from tighten.record import StudyRecord

__all__ = ["Analysis", "CaseGap", "HotSpot", "Reach", "analysis", "unreachable"]

_HOT_SPOTS = 8
_HOT = 0.02  # share of the steady state that makes a function a hot spot
_SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGap:
    """How far a case is from its target.

    ``needed`` is the gain that is still missing, as a fraction of the present time (or of the
    metric, if it is to be maximised); None without a target.
    """

    case: str
    value: float
    unit: str
    target: float | None
    needed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpot:
    """A function that takes much of the steady state by itself, and what acts on it.

    ``parameters`` are used in the function, ``from_above`` in functions that call it; ``loops``
    are first lines of the loops around its hottest line; ``constants`` are names in capitals in
    it that are no parameters yet.
    """

    function: str
    file: str
    line: int
    share: float
    error: float
    loops: tuple[int, ...]
    parameters: tuple[str, ...]
    from_above: tuple[str, ...]
    constants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What one parameter can do and what it did.

    ``share`` bounds what it can save, as a fraction of the time; None where that is not known: a
    constant acts where it is used, but what is read from outside may act anywhere.
    ``effect`` is what it did to the whole, ``functions`` what it did to single ones, clear
    changes only. ``inert`` says why it does nothing, "" if it may do something.
    """

    parameter: str
    uses: tuple[Use, ...]
    share: float | None
    effect: Effect | None
    functions: tuple[Effect, ...]
    inert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a run says about where to go on.

    ``best_possible`` bounds what all parameters together can save, None if it is not known;
    ``is_unreachable`` is true if that is certainly less than the target needs.
    """

    study: str
    run: int
    case: CaseGap
    hot_spots: tuple[HotSpot, ...]
    parameters: tuple[Reach, ...]
    best_possible: float | None
    is_unreachable: bool
    samples: int
    tool: str


def analysis(options: Options, study: StudyRecord) -> Analysis:
    """Return what a run says about where the time goes and who can change that.

    Raises
    ------
    StudyError
        If its baseline was not profiled.
    """
    profiles = _steady_profiles(options, study)
    if 0 not in profiles:
        raise StudyError(
            f"run {study.run} has no profile of its baseline, so hot spots are not known; set "
            '`tool = "auto"` in the table [profile] and run `tighten tune` again'
        )
    baseline = profiles[0]
    source = Source(options.project, project_files(options.project, leave_out=[options.state]))
    uses = {parameter.name: _uses(source, parameter) for parameter in options.parameters}
    acts_at = {
        parameter.name: _acts_at(parameter, uses[parameter.name])
        for parameter in options.parameters
    }
    reached = tuple(_reach(study, profiles, name, uses[name], acts_at[name]) for name in uses)
    gap = _furthest(study)
    best = _best_possible(baseline, acts_at)
    return Analysis(
        study=study.name,
        run=study.run,
        case=gap,
        hot_spots=_hot_spots(baseline, source, uses),
        parameters=tuple(sorted(reached, key=_interest)),
        best_possible=best,
        is_unreachable=_is_unreachable(study, gap, best),
        samples=baseline.provenance.samples,
        tool=baseline.provenance.tool,
    )


def unreachable(options: Options, study: StudyRecord) -> bool:
    """Whether no choice of the parameters can reach the target; False if that is not known."""
    try:
        return analysis(options, study).is_unreachable
    except StudyError:
        return False


def _steady_profiles(options: Options, study: StudyRecord) -> dict[int, Profile]:
    found = {}
    for trial in study.trials:
        name = trial.profiles.get("benchmark")
        path = None if name is None else options.state / name
        if path is not None and path.is_file():
            try:
                profile = options.profiling.categories.steady(read_profile(path))
            except (StudyError, StateError):
                continue
            if profile.stacks:
                found[trial.number] = profile
    return found


def _uses(source: Source, parameter: Parameter) -> tuple[Use, ...] | None:
    """Return where a parameter is used; None if names cannot tell."""
    binding = parameter.binding
    if isinstance(binding, SourceConstant):
        return source.uses(binding.name)
    if isinstance(binding, EnvironmentVariable):
        return source.uses(binding.variable, texts=True) or None
    if isinstance(binding, ConfigKey):
        return source.uses(binding.key.rpartition(".")[2], texts=True) or None
    if isinstance(binding, Argument):
        option = binding.template.split()[0].lstrip("-").partition("=")[0]
        return source.uses(option.replace("-", "_")) or None
    return None


def _acts_at(parameter: Parameter, uses: tuple[Use, ...] | None) -> tuple[Use, ...] | None:
    """Return the uses below which all of a parameter's effect lies; None if it may act anywhere.

    Variables, keys and arguments are read in one place, and what they decide acts in another.
    """
    return uses if isinstance(parameter.binding, SourceConstant) else None


def _reach(
    study: StudyRecord,
    profiles: Mapping[int, Profile],
    parameter: str,
    uses: tuple[Use, ...] | None,
    acts_at: tuple[Use, ...] | None,
) -> Reach:
    effect = parameter_effect(study, parameter)
    clear = tuple(one for one in effects(study, profiles, parameter) if one.is_certain)
    share = None if acts_at is None else share_below(profiles[0], acts_at)
    return Reach(
        parameter=parameter,
        uses=uses or (),
        share=share,
        effect=effect,
        functions=clear,
        inert=_inert(study, parameter, uses, share, effect),
    )


def _inert(
    study: StudyRecord,
    parameter: str,
    uses: tuple[Use, ...] | None,
    share: float | None,
    effect: Effect | None,
) -> str:
    """Return why a parameter does nothing, "" if it may do something."""
    if _always_identical(study, parameter):
        return "every value that was tried builds the same program"
    if effect is not None and effect.is_certain:
        return ""
    if uses == ():
        return "no code uses it"
    if share == 0:
        return "it is used only while modules are loaded, never in the steady state"
    limit = study.policy.interest
    if effect is not None and -limit <= effect.low and effect.high <= limit:
        return f"it changes the time by less than {limit:.0%}"
    return ""


def _always_identical(study: StudyRecord, parameter: str) -> bool:
    """Whether trials that differ in a parameter alone always had the same code."""
    same = []
    for a, b in combinations(study.trials, 2):
        if b.changed_from(a) == [parameter] and a.code_hash and b.code_hash:
            same.append(a.code_hash == b.code_hash)
    return bool(same) and all(same)


def _hot_spots(
    profile: Profile, source: Source, uses: Mapping[str, tuple[Use, ...] | None]
) -> tuple[HotSpot, ...]:
    whole, samples = profile.total, profile.provenance.samples
    spots: list[HotSpot] = []
    for cost in profile.functions():
        share = cost.own / whole
        if share < _HOT or len(spots) == _HOT_SPOTS:
            break
        around = source.at(cost.file, cost.hottest_line)
        named = around.function if around else ""
        inside, above = _acting(profile, (cost.function, cost.file), uses)
        spots.append(
            HotSpot(
                function=cost.function,
                file=place(cost.file),
                line=cost.hottest_line,
                share=share,
                error=math.sqrt(share * (1 - share) / samples) if samples else 0.0,
                loops=around.loops if around else (),
                parameters=inside,
                from_above=above,
                constants=tuple(
                    name for name in source.constants(cost.file, named) if name not in uses
                ),
            )
        )
    return tuple(spots)


def _acting(
    profile: Profile, key: tuple[str, str], uses: Mapping[str, tuple[Use, ...] | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parameters used in a function, and those used in functions above it."""
    stacks = [stack for stack in profile.stacks if stack.frames[-1].key == key]
    leaves = {stack.frames[-1] for stack in stacks}
    above = {frame for stack in stacks for frame in stack.frames[:-1]}
    inside = tuple(name for name, found in uses.items() if _any_in(leaves, found))
    outside = (name for name, found in uses.items() if _any_in(above, found))
    return inside, tuple(name for name in outside if name not in inside)


def _any_in(frames: Iterable[Frame], uses: tuple[Use, ...] | None) -> bool:
    return any(is_function(frame, use) for use in uses or () if use.function for frame in frames)


def _furthest(study: StudyRecord) -> CaseGap:
    """Return the case that misses its target by most, in the best trial so far."""
    best = study.trials[study.best] if study.best < len(study.trials) else study.trials[0]
    medians = {case.case: case for case in best.cases} or {
        case.case: case for case in study.trials[0].cases
    }
    gaps = []
    for case in study.cases:
        found = medians[case.name]
        needed = None
        if case.target is not None:
            ratio = case.target / found.median
            needed = 1 - ratio if case.goal is Goal.MINIMIZE else ratio - 1
        gaps.append(
            CaseGap(
                case=case.name,
                value=found.median,
                unit=found.unit,
                target=case.target,
                needed=needed,
            )
        )
    return max(gaps, key=lambda gap: -math.inf if gap.needed is None else gap.needed)


def _best_possible(profile: Profile, acts_at: Mapping[str, tuple[Use, ...] | None]) -> float | None:
    """Return the share of the time that some parameter can act on, with room for its error."""
    if None in acts_at.values():
        return None
    every = [use for found in acts_at.values() for use in found or ()]
    shares = [share_below(profile, found or ()) for found in acts_at.values()]
    share = share_below(profile, every)
    if share is None or None in shares:
        return None
    samples = profile.provenance.samples
    error = math.sqrt((share * (1 - share) + 1 / samples) / samples) if samples else 0.0
    return min(1.0, share + _SIGMAS * error)


def _is_unreachable(study: StudyRecord, gap: CaseGap, best: float | None) -> bool:
    """Whether the bound excludes the target; a profile of several cases bounds none of them."""
    if best is None or gap.target is None or len(study.cases) != 1:
        return False
    ratio = 1 - best  # of the baseline's time that must remain
    baseline = study.trials[0].cases[0].median
    case = study.cases[0]
    reachable = baseline * ratio if case.goal is Goal.MINIMIZE else baseline / max(ratio, 1e-12)
    return not case.meets_target(reachable)


def _interest(reach: Reach) -> tuple[bool, float]:
    """Sort by what a parameter did, then by what it could do; inert ones last."""
    done = abs(reach.effect.change) if reach.effect and reach.effect.is_certain else 0.0
    return bool(reach.inert), -(done or (1.0 if reach.share is None else reach.share) * 1e-3)
