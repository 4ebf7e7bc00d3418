"""A profile as a page for the browser; see `tighten.profile.flame`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.profile.flame import page

if TYPE_CHECKING:
    from tighten.profile.model import Profile

__all__ = ["written"]


def written(profile: Profile) -> bytes:
    """Return the page of a profile."""
    return page(profile, title=profile.provenance.command or "profile").encode()
