"""The page's section on what each parameter did: cells and strips, ready for the template."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tighten.report import quantity
from tighten.report.effects import ParameterEffect, ValueEffect, effects, inert

if TYPE_CHECKING:
    from tighten.record import StudyRecord

__all__ = ["Effects", "effects_part"]

_OPEN = 6  # parameters whose values are shown at once
_WIDTH = 200.0  # units of a strip
_EDGE = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What the trials say about the parameters."""

    effects: tuple[ParameterEffect, ...]
    inert: Mapping[str, int]

    @classmethod
    def of(cls, study: StudyRecord) -> Effects:
        """Return the effects that a study's trials determine."""
        return cls(effects=effects(study), inert=inert(study))


@dataclass(frozen=True, slots=True)
class _Scale:
    """The common logarithmic scale of all strips."""

    low: float
    high: float

    def at(self, ratio: float) -> str:
        place = (math.log(ratio) - self.low) / (self.high - self.low or 1.0)
        return f"{_EDGE + (_WIDTH - 2 * _EDGE) * min(1.0, max(0.0, place)):.1f}"


def effects_part(found: Effects, interval_name: str) -> dict[str, object]:
    """Return what the section's template shows."""
    scale = _scale(found.effects)
    return {
        "effects_note": (
            "From all judged trials together: each value's speed-up over the present one, other "
            f"things equal, with its {interval_name}. The share says how much of the differences "
            "between tried values a parameter explains."
        ),
        "inert_parameters": [
            (quantity.clipped(name, 120), _inert(count)) for name, count in found.inert.items()
        ],
        "effects": [
            {
                "name": quantity.clipped(effect.name, 120),
                "share": _share(effect),
                "is_open": position < _OPEN,
                "rows": [_row(value, scale) for value in effect.values],
            }
            for position, effect in enumerate(found.effects)
        ],
    }


def _inert(count: int) -> str:
    changes = quantity.count(count, "change")
    return f"{changes} gave the very same code, and none is known to give another."


def _share(effect: ParameterEffect) -> str:
    low, share, high = (100 * s for s in (effect.share_low, effect.share, effect.share_high))
    return f"{share:.0f} % of the explained differences ({low:.0f} to {high:.0f} %)"


def _scale(found: tuple[ParameterEffect, ...]) -> _Scale:
    """Return a scale that holds every estimate, and intervals up to twice as far."""
    logs = [
        math.log(value.ratio) for effect in found for value in effect.values if value.ratio
    ] or [0.0]
    low, high = min(0.0, *logs), max(0.0, *logs)
    room = 0.5 * (high - low) or 0.01
    return _Scale(low - room, high + room)


def _row(value: ValueEffect, scale: _Scale) -> dict[str, object]:
    is_known = value.ratio is not None and not value.is_present
    ends = value.low, value.ratio or 1.0, value.high
    return {
        "label": quantity.clipped(value.label, 60),
        "trials": value.trials,
        "is_present": value.is_present,
        "ratio": "1" if value.is_present else _ratio(value.ratio),
        "interval": f"{_ratio(value.low)[:-1]} to {_ratio(value.high)}" if is_known else "",
        "strip": dict(
            zip(("low", "middle", "high", "zero"), map(scale.at, (*ends, 1.0)), strict=True)
        )
        if is_known
        else None,
    }


def _ratio(number: float | None) -> str:
    return "not determined" if number is None else quantity.ratio(number)
