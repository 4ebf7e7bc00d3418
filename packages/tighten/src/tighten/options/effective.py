"""The options of a study as the rest of the package reads them: complete, checked, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tighten.decision import Case, Limits, Policy
from tighten.gates import Gate
from tighten.parameters import Parameter, Space
from tighten.profile import Categories, Sampling
from tighten.runner import Command, Conditions
from tighten.trial import BuildSpec

__all__ = [
    "Benchmark",
    "MarkdownTarget",
    "Options",
    "Profiling",
    "Racing",
    "ReportTargets",
    "Search",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """How the cases are measured: by a command, or by a Python function.

    ``function`` is ``module:callable`` where a function is measured, and then the template of
    ``command`` as well. ``launches`` show what the baseline takes by itself. ``patience`` is how
    long a comparison waits, in all, for processors that a hypervisor gives to others [s].
    """

    command: Command
    function: str | None
    format: str
    warmup_launches: int
    launches: int
    patience: float
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Racing:
    """How many configurations race for the pair test, and blocks of the first rung."""

    candidates: int
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Who proposes the next values; the last two concern size -> strategy tables alone."""

    strategy: str
    seed: int
    hysteresis: float
    border_ratio: float
    racing: Racing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiling:
    """What is profiled: baseline and winner, every n-th trial; each in a launch of its own.

    ``command`` is None where the benchmark itself is profiled; ``without_io`` is a second run.
    """

    sampling: Sampling
    every: int
    command: Command | None
    without_io: Command | None
    categories: Categories


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownTarget:
    """A document of the project whose part between two markers the report replaces."""

    file: Path
    marker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTargets:
    """Where the report goes beside the terminal."""

    markdown: MarkdownTarget | None
    page: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All that a study is told. Paths are absolute, durations in seconds.

    ``sources`` maps the dotted key of every effective value to where it comes from: ``default``,
    ``file:line``, ``$VARIABLE`` or ``--option``. Entries of ``[[case]]``, ``[[parameter]]`` and
    ``[[gate]]`` go by their names, as in ``case.size_10000.target``.
    """

    name: str
    file: Path
    project: Path
    state: Path
    seed: int
    python: str
    cpus: int
    build: BuildSpec
    benchmark: Benchmark
    cases: tuple[Case, ...]
    parameters: tuple[Parameter, ...]
    constraints: Mapping[str, str]
    space: Space
    gates: tuple[Gate, ...]
    culprit_builds: int
    policy: Policy
    limits: Limits
    search: Search
    profiling: Profiling
    report: ReportTargets
    sources: Mapping[str, str]

    @property
    def builds(self) -> int:
        """How many builds are kept side by side: two, or a race and the incumbent."""
        racing = self.search.racing
        return 2 if racing is None else min(racing.candidates, self.limits.max_trials) + 1
