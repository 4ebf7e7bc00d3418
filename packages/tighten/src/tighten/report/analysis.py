"""The analysis of a run as text: what is furthest from its target, and what to tune next."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tighten.report import quantity
from tighten.report.summary import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tighten.analysis import Analysis, CaseGap, HotSpot, Reach
    from tighten.attribution import Effect

__all__ = ["analysis_text"]

_FUNCTIONS = 3  # changed functions of a parameter


def analysis_text(found: Analysis, *, width: int) -> str:
    """Return an analysis as text of at most ``width`` columns."""
    sampled = f"{found.tool}, {found.samples} samples" if found.samples else found.tool
    lines = [
        f"{found.study}, run {found.run}",
        _gap_line(found.case),
        _bound_line(found),
        "",
        f"Hot spots of the baseline's steady state ({sampled}):",
        *(line for spot in found.hot_spots for line in _spot(spot)),
        "",
        "Parameters, the most promising first (changes in % of the baseline's time):",
        *(line for reach in found.parameters for line in _reach(reach)),
    ]
    wrapped = (
        textwrap.wrap(line, width, subsequent_indent=_indent(line) + "  ") or [""] for line in lines
    )
    return "\n".join(line for block in wrapped for line in block) + "\n"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _gap_line(gap: CaseGap) -> str:
    value = quantity.value(gap.value, gap.unit)
    if gap.target is None or gap.needed is None:
        return f"case {gap.case}: {value}; no case has a target"
    if gap.needed <= 0:
        return f"every target is met; the closest is {gap.case}: {value}"
    target = quantity.value(gap.target, gap.unit)
    return f"furthest from its target: {gap.case}, {value}, {gap.needed:.1%} from {target}"


def _bound_line(found: Analysis) -> str:
    if found.best_possible is None:
        return "how much the parameters can gain together is not known: see below"
    text = f"the parameters act on at most {found.best_possible:.1%} of the time"
    if found.is_unreachable:
        return f"{text}: no choice of theirs can reach the target; look for other parameters"
    return text


def _spot(spot: HotSpot) -> Iterator[str]:
    error = f" ± {spot.error:.1%}" if spot.error else ""
    where = f" {spot.file}{f':{spot.line}' if spot.line else ''}" if spot.file else ""
    yield f"  {spot.share:6.1%}{error}  {spot.function}{where}"
    details = []
    if spot.loops:
        lines = ", ".join(map(str, spot.loops))
        details.append(f"in the loop of line {lines}" if len(spot.loops) == 1
                       else f"in the loops of lines {lines}")  # fmt: skip
    if spot.parameters:
        details.append(f"uses {', '.join(spot.parameters)}")
    if spot.from_above:
        details.append(f"called under {', '.join(spot.from_above)}")
    if spot.constants:
        details.append(f"constants that could be parameters: {', '.join(spot.constants)}")
    if details:
        yield f"          {'; '.join(details)}"


def _reach(reach: Reach) -> Iterator[str]:
    if reach.inert:
        yield f"  {reach.parameter}: inert; {reach.inert}"
        return
    limit = (
        "what it can save is not bounded by where it is read"
        if reach.share is None
        else f"can save at most {reach.share:.1%} of the time"
    )
    yield f"  {reach.parameter}: {limit}{_places(reach)}"
    if reach.effect is not None:
        clear = "" if reach.effect.is_certain else ", which is no clear change"
        yield f"    the whole: {_effect(reach.effect)}{clear}"
    else:
        yield "    no two judged trials differ in it alone, so its effect is not measured"
    for effect in reach.functions[:_FUNCTIONS]:
        yield f"    {effect.function}: {_effect(effect)}"


def _places(reach: Reach) -> str:
    inside = dict.fromkeys(f"{use.function} ({use.file}:{use.line})" for use in reach.uses
                           if use.function)  # fmt: skip
    if not inside:
        return "; where it is used is not known from names"
    shown = list(inside)[:3]
    more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
    return f"; used in {', '.join(shown)}{more}"


def _effect(effect: Effect) -> str:
    """Return a change in % of the baseline's time, with its interval."""
    low, high = (f"{bound:+.1%}" for bound in (effect.low, effect.high))
    values = f"from {shown(effect.before)} to {shown(effect.after)}"
    return f"{effect.change:+.1%} ({low} to {high}) {values}"
