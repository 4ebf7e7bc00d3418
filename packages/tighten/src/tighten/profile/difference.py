"""Two profiles side by side: which functions became cheaper, and which dearer.

A sampled weight is a count, so it carries a counting error; a change is called certain only if it
is larger than three times that of both sides together. Two profiles of a benchmark that runs for
a fixed time say nothing about speed by themselves; a measured ratio of times can be given then,
and the second profile is scaled to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tighten.errors import StudyError
from tighten.profile.model import Profile

__all__ = ["Change", "Difference"]

_SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Own and total cost of one function before and after, in the unit of the profiles."""

    function: str
    file: str
    own_before: float
    own_after: float
    total_before: float
    total_after: float
    error: float  # standard error of the change of the own cost

    @property
    def own(self) -> float:
        """Change of the own cost; below 0 it became cheaper."""
        return self.own_after - self.own_before

    @property
    def is_certain(self) -> bool:
        """Whether the change is larger than what counting explains."""
        return abs(self.own) > _SIGMAS * self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A profile before and a profile after, in one unit."""

    before: Profile
    after: Profile

    @classmethod
    def of(cls, before: Profile, after: Profile, *, time_ratio: float | None = None) -> Difference:
        """Return the difference of two profiles.

        Parameters
        ----------
        before, after
            Profiles of the same unit.
        time_ratio
            Measured time after, divided by the time before; without it the weights count as they
            are.

        Raises
        ------
        StudyError
            If one counts seconds and the other instructions, say.
        """
        if before.unit != after.unit and time_ratio is None:
            raise StudyError(
                f"cannot compare a profile in {before.unit} with one in {after.unit}; "
                "take both with the same --tool"
            )
        if time_ratio is not None:
            after = _scaled(after, time_ratio * before.total / after.total)
        return cls(before=before, after=after)

    def changes(self) -> tuple[Change, ...]:
        """Return the change of every function, the largest first."""
        before = {(c.function, c.file): c for c in self.before.functions()}
        after = {(c.function, c.file): c for c in self.after.functions()}
        changes = []
        for key in {**before, **after}:
            a, b = before.get(key), after.get(key)
            own_a, own_b = a.own if a else 0.0, b.own if b else 0.0
            changes.append(
                Change(
                    function=key[0],
                    file=key[1],
                    own_before=own_a,
                    own_after=own_b,
                    total_before=a.total if a else 0.0,
                    total_after=b.total if b else 0.0,
                    error=math.hypot(
                        counting_error(self.before, own_a), counting_error(self.after, own_b)
                    ),
                )
            )
        return tuple(sorted(changes, key=lambda change: (-abs(change.own), change.function)))


def counting_error(profile: Profile, weight: float) -> float:
    """Return the standard error of a weight from counting samples; 0 if nothing was sampled.

    Notes
    -----
    A weight of n samples has the error of sqrt(n + 1) samples: the 1 keeps a function that was
    not seen from counting as certainly absent.
    """
    samples = profile.provenance.samples
    if not samples:
        return 0.0
    quantum = profile.total / samples
    return math.sqrt(quantum * (weight + quantum))


def _scaled(profile: Profile, factor: float) -> Profile:
    stacks = tuple(replace(stack, weight=stack.weight * factor) for stack in profile.stacks)
    return replace(profile, stacks=stacks)
