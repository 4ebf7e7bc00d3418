"""Flame graphs for the browser: a fragment for another page, or a page of its own.

A fragment is plain HTML whose boxes are laid out by style, so that it is complete without
JavaScript: every box tells its numbers, and a table lists the dearest functions. The script adds
zooming and finding. A page that embeds fragments includes `STYLE` and `SCRIPT` once.

The root is at the top; the width of a box is its share of the whole. In a difference the width
is the mean of both sides, and colour says which is dearer: red after, blue before.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tighten.profile.categories import COMPUTE, LABELS, Categories
from tighten.profile.describe import amount, percent, place, source_line
from tighten.profile.tree import boxes, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.profile.difference import Change, Difference
    from tighten.profile.model import FunctionCost, Profile
    from tighten.profile.tree import Box

__all__ = ["SCRIPT", "STYLE", "difference_fragment", "difference_page", "fragment", "page"]

_TEMPLATES = resources.files("tighten.profile") / "templates"
STYLE = Markup((_TEMPLATES / "flame.css").read_text(encoding="utf-8"))
SCRIPT = Markup((_TEMPLATES / "flame.js").read_text(encoding="utf-8"))

_ROWS = 25  # functions in the table
_NARROW = 1.2  # % of the whole below which a box has no room for letters
_HINT = "Point at a box for its numbers; click it to see it alone, click it again to go back."
_NOTHING = 0.02  # relative change that counts as none


def fragment(
    profile: Profile, *, ident: str = "flame", categories: Categories | None = None
) -> Markup:
    """Return a profile as HTML: its categories, flame graph and dearest functions.

    Parameters
    ----------
    profile
        At least one stack.
    ident
        Value of the element's ``id``, unique in the page.
    categories
        Rules of the study; the built-in ones by default.
    """
    rules = categories or Categories()
    found = boxes(merged(profile, None, rules))
    shares, costs = rules.split(profile), profile.functions()
    drawn = [_drawn(box, _tone(box.category), _title(box, profile)) for box in found]
    return _rendered(
        ident=ident,
        key=[_entry(_tone(name), _share_text(name, shares[name], profile)) for name in shares],
        boxes=drawn,
        rows=1 + max(box.row for box in found),
        caption=f"The dearest of {len(costs)} functions; {source_line(profile)}",
        heads=_heads(("function", 0), ("itself", 0), ("", 1), ("with calls", 0), ("", 1)),
        table=[_cost_row(cost, profile) for cost in costs[:_ROWS]],
    )


def difference_fragment(
    difference: Difference, *, ident: str = "flame-difference", categories: Categories | None = None
) -> Markup:
    """Return the difference of two profiles as HTML; see `fragment`."""
    rules = categories or Categories()
    found = boxes(merged(difference.before, difference.after, rules))
    unit, whole = difference.before.unit, difference.before.total
    changes = [change for change in difference.changes() if change.own][:_ROWS]
    return _rendered(
        ident=ident,
        key=[
            _entry("cheap", "cheaper after", 80),
            _entry("same", "as before"),
            _entry("dear", "dearer after", 80),
        ],
        boxes=[_drawn(box, *_changed(box, unit)) for box in found],
        rows=1 + max(box.row for box in found),
        caption=f"What changed most, each function by itself; of {amount(whole, unit)} before. "
        "Pale rows: no more than counting samples explains.",
        heads=_heads(("function", 0), ("before", 1), ("after", 1), ("change", 0), ("of all", 0)),
        table=[_change_row(change, unit, whole) for change in changes],
    )


def page(profile: Profile, *, title: str, categories: Categories | None = None) -> str:
    """Return a self-contained page with a profile's flame graph."""
    about = [profile.provenance.command, source_line(profile)]
    return _page(title, about, fragment(profile, categories=categories))


def difference_page(
    difference: Difference, *, title: str, categories: Categories | None = None
) -> str:
    """Return a self-contained page with the flame graph of a difference."""
    before, after = difference.before, difference.after
    ratio = after.total / before.total - 1
    about = [
        f"before: {amount(before.total, before.unit)}, {source_line(before)}",
        f"after: {amount(after.total, after.unit)} ({ratio:+.1%}), {source_line(after)}",
    ]
    return _page(title, about, difference_fragment(difference, categories=categories))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("tighten.profile"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def _rendered(**context: Any) -> Markup:
    template = _environment().get_template("flame.html.j2")
    return Markup(template.render(hint=_HINT, **context))


def _page(title: str, about: Sequence[str], body: Markup) -> str:
    script_hash = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    template = _environment().get_template("flame_page.html.j2")
    return template.render(
        title=title,
        about=[line for line in about if line],
        fragment=body,
        style=STYLE,
        script=SCRIPT,
        script_hash=Markup(script_hash),
        version=metadata.version("tighten"),
    )


def _entry(tone: str, text: str, strength: int | None = None) -> dict[str, Any]:
    return {"tone": tone, "text": text, "strength": strength}


def _heads(*heads: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"text": text, "wide": bool(wide)} for text, wide in heads]


def _tone(category: str) -> str:
    return category if category in LABELS else "other"


def _share_text(category: str, weight: float, profile: Profile) -> str:
    share = percent(weight / profile.total)
    return f"{LABELS.get(category, category)} {share} ({amount(weight, profile.unit)})"


def _drawn(box: Box, tone: str, title: str, strength: int | None = None) -> dict[str, Any]:
    name = box.key[0] if box.row or box.above else "all"
    return {
        "tone": tone,
        "thin": " thin" if box.width < _NARROW else "",
        "x": f"{box.left:.4g}" if box.left < 10 else f"{box.left:.5g}",
        "w": f"{box.width:.4g}",
        "row": box.row,
        "strength": "" if strength is None else f";--s:{strength}",
        "title": title,
        "name": name,
    }


def _title(box: Box, profile: Profile) -> str:
    unit, whole = profile.unit, profile.total
    text = (
        f"{_path(box)}: {percent(box.weights[0] / whole)}, {amount(box.weights[0], unit)}; "
        f"itself {amount(box.own[0], unit)}"
    )
    label = LABELS.get(box.category, box.category)
    return text if box.category == COMPUTE else f"{text}; mostly {label}"


def _path(box: Box) -> str:
    names = [name for name, _ in box.above if name != "all"]
    through = f" (through {', '.join(names)})" if names else ""
    where = place(box.key[1])
    return f"{box.key[0]}{f' in {where}' if where else ''}{through}"


def _changed(box: Box, unit: str) -> tuple[str, str, int | None]:
    """Return tone, title and strength of a box of a difference."""
    before, after = box.weights
    relative = (after - before) / max(before, after)
    title = (
        f"{_path(box)}: {amount(before, unit)} before, {amount(after, unit)} after "
        f"({_relative(before, after)})"
    )
    if abs(relative) < _NOTHING:
        return "same", title, None
    strength = round(100 * min(1.0, 0.15 + abs(relative)))
    return ("dear" if relative > 0 else "cheap"), title, strength


def _relative(before: float, after: float) -> str:
    if not before:
        return "new"
    return "gone" if not after else f"{after / before - 1:+.0%}"


def _cost_row(cost: FunctionCost, profile: Profile) -> dict[str, Any]:
    unit, whole = profile.unit, profile.total
    line = cost.hottest_line
    return {
        "name": cost.function,
        "place": place(cost.file) + (f":{line}" if line else ""),
        "unsure": False,
        "cells": [
            percent(cost.own / whole),
            amount(cost.own, unit),
            percent(cost.total / whole),
            amount(cost.total, unit),
        ],
    }


def _change_row(change: Change, unit: str, whole: float) -> dict[str, Any]:
    return {
        "name": change.function,
        "place": place(change.file),
        "unsure": not change.is_certain,
        "cells": [
            amount(change.own_before, unit),
            amount(change.own_after, unit),
            _relative(change.own_before, change.own_after),
            f"{change.own / whole:+.1%}",
        ],
    }
