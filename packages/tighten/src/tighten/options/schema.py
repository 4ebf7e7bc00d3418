"""The tables and keys of ``tighten.toml``: type, default and meaning of each.

Pydantic guards this edge only: what leaves the package are plain frozen records. The reference
page is generated from these models, so a meaning is written once. Defaults that a leaf record
owns (`Policy`, `Case`, `Tolerance` ...) are taken from there; all others stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tighten.decision import Case, Goal, Limits, Policy
from tighten.gates import NanPolicy, Toggle, Tolerance
from tighten.options.value_types import (
    AnyText,
    Bound,
    CategoryRules,
    Constraints,
    Count,
    Cpus,
    Duration,
    Environment,
    EnvironmentText,
    Format,
    Fraction,
    Function,
    HashSeed,
    Level,
    Magnitude,
    Name,
    Natural,
    Niceness,
    Positive,
    Scalar,
    Size,
    Step,
    Strategy,
    Text,
    Texts,
    Truth,
    Values,
)
from tighten.profile import Sampling, Tool
from tighten.runner import Conditions
from tighten.samples import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

__all__ = [
    "BenchmarkTable", "BuildTable", "CaseTable", "CommandTable", "ConvergenceTable",
    "DecisionTable", "GateTable", "MachineTable", "ParameterTable", "ProfileTable", "ReportTable",
    "SearchTable", "StudyFile", "StudyTable", "Table",
]  # fmt: skip

CASE = Case(name="any")
CONDITIONS = Conditions()
LIMITS = Limits(max_trials=50)
POLICY = Policy()
SAMPLING = Sampling()
TOGGLE = Toggle(variable="any")
TOLERANCE = Tolerance()


class Table(BaseModel):
    """A table of the study file: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def by_key(self) -> Iterator[tuple[str, Any]]:
        """Yield the keys of the file with their values."""
        for name, field in type(self).model_fields.items():
            yield field.alias or name, getattr(self, name)


def _pick(default: StrEnum, meaning: str) -> Any:
    """Return a key that takes a word of an enumeration."""
    return Field(default, strict=False, description=meaning)


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
    goal: Goal = _pick(CASE.goal, "which direction is better")
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
    statistic: Statistic = _pick(
        CASE.statistic, "how the repetitions of one launch become one value"
    )

    @model_validator(mode="after")
    def _is_reachable(self) -> CaseTable:
        if self.primary and self.target is None:
            raise ValueError("`primary = true` needs a `target` to reach")
        return self


class RangeTable(Table):
    """Numbers from ``low`` to ``high``, both included."""

    low: Bound = Field(description="smallest value")
    high: Bound = Field(description="largest value")
    step: Step | None = Field(
        None,
        description="distance of two values (with `log`, their ratio); 1 (2) for whole numbers",
    )
    steps: Count | None = Field(None, description="number of values; for real numbers only")
    log: Truth = Field(default=False, description="spread the values evenly in the logarithm")

    @model_validator(mode="after")
    def _is_coherent(self) -> RangeTable:
        is_real = any(isinstance(one, float) for one in (self.low, self.high, self.step))
        if self.steps is not None and self.step is not None:
            raise ValueError("has `step` and `steps`; remove one of them")
        if self.steps is not None and not is_real:
            raise ValueError("`steps` is for real numbers: write low = 1.0, or give a `step`")
        return self


class ParameterTable(Table):
    """Something that may change: its values, and the one place where its value is written."""

    name: Name = Field(description="name in conditions, constraints and reports")
    source: Text | None = Field(
        None, description="source file (Rust, C, C++, Python) that defines the constant `name`"
    )
    constant: Text | None = Field(
        None, description="name of the constant in `source`, if it is another one"
    )
    scope: AnyText | None = Field(
        None,
        description="module, class or function around the constant, if the name is not unique; "
        '"" is the top level',
    )
    language: Text | None = Field(
        None, description="language of `source`, if its suffix does not tell"
    )
    toml: Text | None = Field(None, description="TOML file that holds the value at `key`")
    yaml: Text | None = Field(None, description="YAML file that holds the value at `key`")
    json_: Text | None = Field(
        None, alias="json", description="JSON file that holds the value at `key`"
    )
    key: Text | None = Field(None, description='dotted key in the file, as in "solver.block"')
    env: Text | None = Field(None, description="environment variable that carries the value")
    argument: Text | None = Field(
        None, description='words of the command line, as in "--jobs {value}"; see `{arguments}`'
    )
    default: Scalar | None = Field(
        None, description="value of `env` or `argument` in the project as it stands"
    )
    values: Values | None = Field(None, description="the values to try")
    range_: RangeTable | None = Field(
        None, alias="range", description="the values to try, as a range"
    )
    when: Text | None = Field(
        None, description='condition under which the parameter matters, as in "parallel == true"'
    )

    @model_validator(mode="after")
    def _is_coherent(self) -> ParameterTable:
        bindings = [name for name in BINDINGS if self.written(name)]
        if len(bindings) != 1:
            said = (
                f"has {' and '.join(f'`{name}`' for name in bindings)}"
                if bindings
                else "has no place"
            )
            raise ValueError(f"{said}; needs exactly one of {', '.join(BINDINGS)}")
        for name, allowed in COMPANIONS.items():
            if self.written(name) and bindings[0] not in allowed:
                raise ValueError(
                    f"`{name}` belongs to {' or '.join(allowed)}, not to {bindings[0]}"
                )
        if bindings[0] in {"toml", "yaml", "json"} and self.key is None:
            raise ValueError(f"`{bindings[0]}` needs `key`, the place of the value in the file")
        if (self.values is None) == (self.range_ is None):
            raise ValueError("needs either `values` or `range`")
        return self

    def written(self, key: str) -> bool:
        """Whether the study gives the key, by the name that it has in the file."""
        fields = type(self).model_fields
        return any((fields[name].alias or name) == key for name in self.model_fields_set)


BINDINGS = ("source", "toml", "yaml", "json", "env", "argument")
COMPANIONS = {
    "constant": ("source",),
    "scope": ("source",),
    "language": ("source",),
    "key": ("toml", "yaml", "json"),
    "default": ("env", "argument"),
}


class ToggleTable(Table):
    """A switch that must not change the numbers."""

    env: Text = Field(description="environment variable that is the switch")
    on: EnvironmentText = Field(TOGGLE.on, description="value that turns it on")
    off: EnvironmentText = Field(TOGGLE.off, description="value that turns it off")


class GateTable(Table):
    """A check of correctness: an exit code, equal arrays, an invariant, or a harmless switch."""

    name: Text = Field(description="name of the gate in reports")
    command: Text = Field(description="shell command; it fails the gate if it does not exit with 0")
    final_command: Text | None = Field(
        None, description="command for the winner in place of `command`, on the full input say"
    )
    final_only: Truth = Field(default=False, description="run the gate on the winner alone")
    timeout: Duration = Field(600.0, description="time after which the gate counts as failed")
    env: Environment = Field(default_factory=dict, description="variables set for the command")
    cwd: Text = Field(".", description="directory of the command, inside the project")
    compare: Literal["arrays"] | None = Field(
        None, description="compare the arrays in `{result}` with the baseline's"
    )
    invariant: Text | None = Field(
        None,
        description="expression over the numbers in `{result}` that must hold, "
        'as in "abs(mass_error) < 1e-12"',
    )
    toggle: ToggleTable | None = Field(
        None, description="run the command with a switch on and off and compare the arrays"
    )
    rtol: Magnitude = Field(TOLERANCE.rtol, description="relative tolerance")
    atol: Magnitude = Field(TOLERANCE.atol, description="absolute tolerance")
    ulp: Natural = Field(TOLERANCE.ulp, description="tolerance in units in the last place")
    nan: NanPolicy = _pick(TOLERANCE.nan, "whether NaN agrees with NaN, or fails the gate")

    @model_validator(mode="after")
    def _has_one_rule(self) -> GateTable:
        rules = [name for name in ("compare", "invariant", "toggle") if getattr(self, name)]
        if len(rules) > 1:
            raise ValueError(
                f"has {' and '.join(f'`{name}`' for name in rules)}; one gate, one rule"
            )
        tolerances = sorted({"rtol", "atol", "ulp", "nan"} & self.model_fields_set)
        if tolerances and rules not in (["compare"], ["toggle"]):
            raise ValueError(f"`{tolerances[0]}` needs `compare` or `toggle`")
        return self

    def reads_result(self) -> bool:
        """Whether the gate looks at what the command writes, not only at its exit code."""
        return any((self.compare, self.invariant, self.toggle))


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


class SearchTable(Table):
    """Who proposes the next values."""

    strategy: Strategy | None = Field(
        None, description="strategy; without it, `grid`, or `coordinate` if that takes too long"
    )
    seed: Natural | None = Field(None, description="seed; without it, `study.seed`")


class ProfileTable(Table):
    """Profiles of baseline, winner and some trials, in launches that are not measured."""

    tool: Tool = _pick(
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
    rate: Count = Field(SAMPLING.rate, description="samples per second")
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
