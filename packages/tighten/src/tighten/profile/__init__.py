"""Where the time goes: profilers behind one model, differences, categories, flame graphs.

A `Profile` is what any profiler saw; `read_profile` takes it from a file in the formats of
other tools, `fragment` and `difference_fragment` draw it for a page that includes `STYLE` and
`SCRIPT` once (both in `tighten.profile.flame`). Nothing here knows what a benchmark is.
"""

from __future__ import annotations

from tighten.profile.categories import Categories
from tighten.profile.difference import Difference
from tighten.profile.formats import exported, read_profile
from tighten.profile.model import Profile
from tighten.profile.profilers import Sampling, Tool

__all__ = [
    "Categories",
    "Difference",
    "Profile",
    "Sampling",
    "Tool",
    "exported",
    "read_profile",
]
