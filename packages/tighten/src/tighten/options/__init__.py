"""One frozen, validated record of everything a study is told.

``tighten.toml``, the environment and the command line go in; `load` reports every fault of them
at once, each with its place, or returns `Options`. This package knows all defaults and the
source of each value. It does not know how anything runs.
"""

from __future__ import annotations

from tighten.options.effective import Benchmark, MarkdownTarget, Options, ReportTargets, Search
from tighten.options.load import STUDY_FILE, load
from tighten.options.plan import Plan, plan, readings, trials_left

__all__ = [
    "STUDY_FILE",
    "Benchmark",
    "MarkdownTarget",
    "Options",
    "Plan",
    "ReportTargets",
    "Search",
    "load",
    "plan",
    "readings",
    "trials_left",
]
