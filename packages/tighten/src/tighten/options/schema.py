"""The tables and keys of ``tighten.toml``: type, default and meaning of each.

Pydantic guards this edge only: what leaves the package are plain frozen records. The reference
page is generated from these models, so a meaning is written once. Defaults that a leaf record
owns (`Policy`, `Case`, `Tolerance` ...) are taken from there; all others stand here.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from tighten.decision import Case, Goal, Limits, Policy
from tighten.options.gate_tables import GateTable, OutputTable
from tighten.options.parameter_tables import ParameterTable
from tighten.options.table import Table, pick
from tighten.options.value_types import (
    CategoryRules,
    Constraints,
    Count,
    Cpus,
    Duration,
    Environment,
    Format,
    Fraction,
    Function,
    HashSeed,
    Level,
    Magnitude,
    Natural,
    Niceness,
    Positive,
    Size,
    Starters,
    Step,
    Strategy,
    Text,
    Texts,
    Truth,
)
from tighten.profile import Sampling, Tool
from tighten.runner import Conditions
from tighten.samples import Statistic
from tighten.search import Sizing

__all__ = [
    "BenchmarkTable", "BuildTable", "CaseTable", "CommandTable", "ConvergenceTable",
    "DecisionTable", "GateTable", "MachineTable", "OutputTable", "ParameterTable", "ProfileTable",
    "ReportTable", "SearchTable", "StudyFile", "StudyTable", "Table",
]  # fmt: skip

CASE = Case(name="any")
CONDITIONS = Conditions()
LIMITS = Limits(max_trials=50)
POLICY = Policy()
SIZING = Sizing()
SAMPLING = Sampling()


class StudyTable(Table):
    """The study as a whole: its name, its budget, and the project it works on."""

    name: Text | None = Field(
        None, description="name in reports and in the ledger; without it, the project directory's"
    )
    project: Text = Field(
        ".", description="directory to copy, edit and build, relative to the study file"
    )
    state: Text = Field(
        ".tighten",
        description="directory for trees, ledger and logs, relative to the study file",
    )
    max_trials: Count = Field(
        LIMITS.max_trials,
        description="trials to run at most, not counting baseline and confirmation",
    )
    time_budget: Duration | None = Field(
        None, description="time after which no new trial starts; without it, no limit"
    )
    seed: Natural = Field(0, description="seed of the order of launches and of the search")
    culprit_builds: Natural = Field(
        16,
        description="builds to spend, each time a gate fails, on finding which parameters made "
        "it fail; 0 for none",
    )
    python: Text | None = Field(
        None, description="interpreter for `{python}`; without it, the one that runs tighten"
    )
    cpus: Count | None = Field(
        None, description="number for `{cpus}`; without it, what this process may use"
    )


class BuildTable(Table):
    """How the project is built after an edit; leave it out if there is nothing to build."""

    command: Text | None = Field(None, description="shell command that builds the project")
    timeout: Duration = Field(600.0, description="time after which a build counts as failed")
    env: Environment = Field(default_factory=dict, description="variables set for the command")
    cwd: Text = Field(".", description="directory of the command, inside the project")
    in_place: Truth = Field(
        default=False,
        description="edit and build in the project itself, and put it back afterwards",
    )
    outputs: Texts = Field(
        default_factory=list,
        description="files and directories that the build writes into the project, kept per "
        "configuration; only with `in_place`",
    )
    include: Texts = Field(
        default_factory=list,
        description="patterns of ignored files that a trial tree needs all the same",
    )
    exclude: Texts = Field(
        default_factory=list, description="patterns of files that a trial tree does not need"
    )

    @model_validator(mode="after")
    def _is_coherent(self) -> BuildTable:
        if self.outputs and not self.in_place:
            raise ValueError("`outputs` needs `in_place = true`; a trial tree keeps its own")
        if self.in_place and (self.include or self.exclude):
            raise ValueError("`in_place` copies nothing; remove `include` and `exclude`")
        is_elsewhere = self.command is None or "{artifacts}" in self.command
        if self.in_place and not self.outputs and not is_elsewhere:
            raise ValueError("`in_place` needs `outputs`, what the build writes into the project")
        return self


class BenchmarkTable(Table):
    """What is launched again and again, and how its result is read."""

    command: Text | None = Field(
        None, description="shell command that measures every case and writes `{result}`"
    )
    function: Function | None = Field(
        None, description="Python function to call in place of a command; returns the result"
    )
    format: Format = Field(
        "tighten", description="format of `{result}`, or `process` to time the command"
    )
    timeout: Duration = Field(600.0, description="time after which a launch counts as hung")
    env: Environment = Field(default_factory=dict, description="variables set for the command")
    cwd: Text = Field(".", description="directory of the command, inside the project")
    warmup_launches: Natural = Field(
        1, description="launches of a new build that are thrown away before it is measured"
    )
    launches: Count = Field(5, description="launches that show what the baseline, by itself, takes")

    @model_validator(mode="after")
    def _has_one_way(self) -> BenchmarkTable:
        if (self.command is None) == (self.function is None):
            raise ValueError("needs either `command` or `function`")
        if self.function and {"env", "cwd", "format"} & self.model_fields_set:
            raise ValueError("`env`, `cwd` and `format` belong to a `command`")
        return self


class MachineTable(Table):
    """The conditions under which every command of the study runs."""

    pin: Cpus | None = Field(
        None, description="numbers of the CPUs to stay on; without it, the scheduler chooses"
    )
    nice: Niceness = Field(CONDITIONS.nice, description="niceness; below 0 it needs privileges")
    threads: Count | None = Field(
        None,
        description="value for OMP_NUM_THREADS and the like (BLAS, Rayon, Numba); "
        "without it, they stay as they are",
    )
    hash_seed: HashSeed = Field(CONDITIONS.hash_seed, description="PYTHONHASHSEED")
    env: Environment = Field(default_factory=dict, description="variables set for every command")
    keep: Texts = Field(
        default_factory=list,
        description="variables to pass on although they are removed by default, as PYTHONPATH is",
    )
    patience: Duration | None = Field(
        None,
        description="time that a comparison waits, in all, for processors that a hypervisor gives "
        "to others; without it, pairs are taken as they come",
    )
    log_limit: Size = Field(
        CONDITIONS.log_limit, description="output to keep of each command, at most"
    )


class CaseTable(Table):
    """One benchmarked situation that the verdict looks at."""

    name: Text = Field(description="name of the case in reports")
    select: Text | None = Field(
        None, description="name of the benchmark in the result; without it, the case's name"
    )
    metric: Text = Field(CASE.metric, description="which number of the benchmark counts")
    goal: Goal = pick(CASE.goal, "which direction is better")
    target: Positive | None = Field(
        None, description="value to reach, in the metric's unit (seconds for `time`)"
    )
    primary: Truth = Field(
        default=False,
        description="reaching the targets of all primary cases is a success in itself",
    )
    max_regression: Fraction = Field(
        CASE.max_regression, description="relative loss beyond which a trial is rejected"
    )
    weight: Magnitude = Field(
        CASE.weight, description="share of the case in the objective; 0 guards it only"
    )
    statistic: Statistic = pick(
        CASE.statistic, "how the repetitions of one launch become one value"
    )
    size: Count | None = Field(
        CASE.size, description="size of the problem, for the strategy `cost-model`"
    )

    @model_validator(mode="after")
    def _is_reachable(self) -> CaseTable:
        if self.primary and self.target is None:
            raise ValueError("`primary = true` needs a `target` to reach")
        return self


class StagnationTable(Table):
    """When nothing gets better any more."""

    trials: Count = Field(description="trials in a row without progress that end the study")
    improvement: Fraction = Field(
        LIMITS.stagnation_improvement, description="relative gain that counts as progress"
    )


class ConvergenceTable(Table):
    """When the study ends before its budget is spent."""

    stagnation: StagnationTable | None = Field(
        None, description="end after some trials without progress; without it, never"
    )
    stop_on_success: Truth = Field(
        LIMITS.stop_on_success,
        description="end as soon as all targets, or all primary targets, are reached",
    )
    stop_on_regression: Truth = Field(
        LIMITS.stop_on_regression,
        description="end at the first trial that is slower with confidence",
    )
    stop_if_unreachable: Truth = Field(
        default=LIMITS.stop_if_unreachable,
        description="end after the baseline if its profile shows that the parameters act on too "
        "little of the time to reach the target of the study's one case",
    )


class DecisionTable(Table):
    """How sure a verdict must be."""

    alpha: Level = Field(
        POLICY.alpha, description="probability, over the whole study, of a false improvement"
    )
    min_gain: Fraction = Field(
        POLICY.min_gain, description="relative gain that an improvement must have for certain"
    )
    interest: Fraction = Field(
        POLICY.interest, description="relative gain below which a candidate is given up"
    )
    min_pairs: Count = Field(POLICY.min_pairs, description="pairs of launches at least")
    max_pairs: Count = Field(
        POLICY.max_pairs, description="pairs of launches after which a verdict is Inconclusive"
    )
    confidence: Level = Field(POLICY.confidence, description="confidence of reported intervals")


class RacingTable(Table):
    """Several configurations at once, each with its own build; one takes the pair test."""

    candidates: Starters = Field(16, description="configurations that start together")
    blocks: Count = Field(
        2, description="launches of each in the first rung; every further rung has twice as many"
    )


class SearchTable(Table):
    """Who proposes the next values."""

    strategy: Strategy | None = Field(
        None, description="strategy; without it, `grid`, or `portfolio` if that takes too long"
    )
    seed: Natural | None = Field(None, description="seed; without it, `study.seed`")
    racing: RacingTable | None = Field(
        None, description="let candidates race; without it, each takes the pair test by itself"
    )
    hysteresis: Fraction = Field(
        SIZING.hysteresis,
        description="saving for which a size -> strategy table changes to another strategy",
    )
    border_ratio: Step = Field(
        SIZING.border_ratio, description="least ratio of two borders of such a table"
    )


class ProfileTable(Table):
    """Profiles of baseline, winner and some trials, in launches that are not measured."""

    tool: Tool = pick(
        SAMPLING.tool, "profiler; `auto` takes the best that the machine permits, and says why"
    )
    every: Natural = Field(
        3, description="profile every n-th trial too; 0: the baseline and the winner only"
    )
    command: Text | None = Field(
        None, description="command to profile; without it, the benchmark's"
    )
    without_io: Text | None = Field(
        None,
        description="command for a second run that reads and writes nothing, profiled by itself",
    )
    rate: Count | None = Field(
        SAMPLING.rate,
        description="samples per second; without it 100, and fewer for a benchmark of more than "
        "two minutes",
    )
    native: Truth = Field(
        default=SAMPLING.native, description="see compiled functions below Python (py-spy)"
    )
    waiting: Truth = Field(
        default=SAMPLING.waiting,
        description="sample threads that wait too; shows waiting for the GIL (py-spy)",
    )
    categories: CategoryRules = Field(
        default_factory=dict,
        description="patterns of functions or modules by category, before the built-in ones: "
        "`import`, `compile`, `warmup` (all three are left out of the steady state), `io`, `gc`, "
        "`gil`, `wait`, or a name of your own",
    )


class MarkdownTable(Table):
    """A document whose part between two markers the report replaces."""

    file: Text = Field(description="Markdown file of the project")
    marker: Text = Field(description="name in the two markers around that part")


class ReportTable(Table):
    """Where the report goes beside the terminal."""

    markdown: MarkdownTable | None = Field(None, description="table in a document of the project")
    page: Text | None = Field(
        None, description="HTML page; without it, `report.html` in the state directory"
    )


CommandTable = BuildTable | BenchmarkTable | GateTable


class StudyFile(Table):
    """All tables of a study file."""

    study: StudyTable
    build: BuildTable
    benchmark: BenchmarkTable
    machine: MachineTable
    case: list[CaseTable]
    parameter: list[ParameterTable]
    constraints: Constraints = Field(
        description="Expressions over parameters and `cpus` by a name of your choice; each must "
        'hold, as in `not_oversubscribed = "jobs * threads <= cpus"`.'
    )
    gate: list[GateTable]
    convergence: ConvergenceTable
    decision: DecisionTable
    search: SearchTable
    profile: ProfileTable
    report: ReportTable
