"""A study file becomes options, or one error that tells every fault with its place."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF8
from pathlib import Path

import pytest
from tighten.decision import Case, Goal, Limits, Policy
from tighten.errors import StudyError
from tighten.gates import ExitCode, Invariant, NanPolicy, SameArrays, Toggle, Tolerance
from tighten.options import Options, load
from tighten.parameters.binding import Argument, EnvironmentVariable
from tighten.parameters.document import ConfigKey
from tighten.parameters.domain import Choices, Flag, FloatRange, IntegerRange
from tighten.parameters.source import SourceConstant
from tighten.runner import Command, Conditions
from tighten.samples import Statistic

STUDY = """\
[study]
name = "demo"
cpus = 4

[build]
command = "make -j {cpus}"

[benchmark]
command = "./bench {result}"

[[case]]
name = "small"

[[parameter]]
name = "BLOCK"
source = "kernel.c"
values = [32, 64]

[[gate]]
name = "tests"
command = "make check"
"""

FULL = """\
[study]
name = "parallel-thresholds"
max_trials = 10
time_budget = "30 min"
seed = 7
cpus = 4

[build]
command = "uv pip install --target {artifacts} ."
timeout = "10 min"

[benchmark]
command = "{python} -m quantforge.bench --json {result} {arguments}"
env = { PYTHONPATH = "{artifacts}", REPEATS = 3 }
timeout = "2 min"
format = "speedup-table"
warmup_launches = 0

[machine]
pin = [0]
nice = 5
threads = 2
hash_seed = "random"
env = { LANG = "C" }
keep = ["PYTHONPATH"]
patience = "20 min"
log_limit = "1 MiB"

[[case]]
name = "size_10000"
select = "batch/10000"
metric = "speedup_vs_numpy"
goal = "maximize"
target = 0.95
primary = true
max_regression = 0.03
weight = 2
statistic = "median"

[[parameter]]
name = "block"
source = "kernel.c"
constant = "BLOCK"
scope = ""
language = "cpp"
values = [32, 64]

[[parameter]]
name = "parallel"
toml = "conf.toml"
key = "run.parallel"
values = [true, false]

[[parameter]]
name = "cell_jobs"
env = "CELL_JOBS"
default = 1
range = { low = 1, high = "{cpus}" }
when = "parallel == true"

[[parameter]]
name = "ratio"
argument = "--ratio {value}"
range = { low = 0.5, high = 2, steps = 4, log = true }

[constraints]
not_oversubscribed = "cell_jobs * 2 <= cpus"

[[gate]]
name = "same numbers"
command = "check {result}"
final_command = "check --full {result}"
compare = "arrays"
rtol = 1e-10
nan = "forbid"

[[gate]]
name = "mass"
command = "check {result}"
invariant = "abs(mass_error) < 1e-12"
final_only = true

[[gate]]
name = "cache"
command = "check {result}"
toggle = { env = "CACHE", on = "yes" }
ulp = 2

[convergence]
stagnation = { trials = 3, improvement = 0.02 }
stop_on_regression = true

[decision]
alpha = 0.05
interest = 0.01
max_pairs = 32
min_gain = 0.005

[search]
strategy = "random"

[report]
markdown = { file = "performance.md", marker = "thresholds" }
page = "page.html"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kernel.c").write_text("#define BLOCK 64\n")
    (tmp_path / "conf.toml").write_text("[run]\nparallel = true\n")
    (tmp_path / "performance.md").write_text("# Numbers\n")
    return tmp_path


def loaded(project: Path, text: str = STUDY) -> Options:
    (project / "tighten.toml").write_text(text)
    return load(project, environment={})


def fault(project: Path, text: str) -> str:
    """Return the error's text, without what depends on the machine."""
    with pytest.raises(StudyError) as caught:
        loaded(project, text)
    cpus = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
    said = str(caught.value).replace(f"{project}/tighten.toml", "tighten.toml")
    return said.replace(str(project), "PROJECT").replace(f"may use: {cpus}", "may use: CPUS")


class TestMeaning:
    def test_small_study_has_the_defaults_of_the_leaf_records(self, project: Path) -> None:
        options = loaded(project)
        assert options.policy == Policy()
        assert options.limits == Limits(max_trials=50)
        assert options.benchmark.conditions == Conditions()
        assert options.cases == (Case(name="small"),)
        assert options.python == sys.executable
        assert options.state == project / ".tighten"
        assert options.report.page == project / ".tighten" / "report.html"
        assert options.gates[0].rule == ExitCode()
        assert (options.project, options.file) == (project, project / "tighten.toml")

    def test_study_and_limits(self, project: Path) -> None:
        options = loaded(project, FULL)
        assert (options.name, options.seed, options.cpus) == ("parallel-thresholds", 7, 4)
        assert options.limits == Limits(
            max_trials=10,
            time_budget=1800.0,
            stagnation_trials=3,
            stagnation_improvement=0.02,
            stop_on_regression=True,
        )
        assert options.policy == Policy(alpha=0.05, interest=0.01, max_pairs=32, min_gain=0.005)
        assert (options.search.strategy, options.search.seed) == ("random", 7)

    def test_benchmark_and_machine(self, project: Path) -> None:
        benchmark = loaded(project, FULL).benchmark
        assert benchmark.command == Command(
            template="{python} -m quantforge.bench --json {result} {arguments}",
            timeout=120.0,
            env={"PYTHONPATH": "{artifacts}", "REPEATS": "3"},
        )
        assert (benchmark.format, benchmark.warmup_launches) == ("speedup-table", 0)
        assert benchmark.patience == 1200.0
        assert benchmark.conditions == Conditions(
            pin=(0,),
            nice=5,
            threads=2,
            hash_seed=None,
            environment={"LANG": "C"},
            keep=frozenset({"PYTHONPATH"}),
            log_limit=2**20,
        )

    def test_case(self, project: Path) -> None:
        assert loaded(project, FULL).cases == (
            Case(
                name="size_10000",
                select="batch/10000",
                metric="speedup_vs_numpy",
                goal=Goal.MAXIMIZE,
                target=0.95,
                primary=True,
                max_regression=0.03,
                weight=2.0,
                statistic=Statistic.MEDIAN,
            ),
        )

    def test_parameters(self, project: Path) -> None:
        block, parallel, jobs, ratio = loaded(project, FULL).parameters
        assert block.binding == SourceConstant(
            parameter="block", file=Path("kernel.c"), name="BLOCK", scope="", language="cpp"
        )
        assert block.domain == Choices((32, 64))
        assert parallel.binding == ConfigKey(
            parameter="parallel", file=Path("conf.toml"), format="toml", key="run.parallel"
        )
        assert parallel.domain == Flag()
        assert jobs.binding == EnvironmentVariable(
            parameter="cell_jobs", variable="CELL_JOBS", default=1
        )
        assert (jobs.domain, jobs.when) == (IntegerRange(1, 4), "parallel == true")
        assert ratio.binding == Argument(parameter="ratio", template="--ratio {value}")
        assert ratio.domain == FloatRange(0.5, 2, steps=4, log=True)

    def test_inactive_parameters_keep_the_present_value_of_the_project(self, project: Path) -> None:
        space = loaded(project, FULL).space
        inactive = space.canonical({"block": 32, "parallel": False, "cell_jobs": 2, "ratio": 1.0})
        assert inactive["cell_jobs"] == 1

    def test_gates(self, project: Path) -> None:
        numbers, mass, cache = loaded(project, FULL).gates
        assert numbers.rule == SameArrays(tolerance=Tolerance(rtol=1e-10, nan=NanPolicy.FORBID))
        assert numbers.final_command is not None
        assert numbers.final_command.template == "check --full {result}"
        assert mass.rule == Invariant(expression="abs(mass_error) < 1e-12")
        assert mass.final_only
        assert cache.rule == Toggle(variable="CACHE", on="yes", tolerance=Tolerance(ulp=2))

    def test_report(self, project: Path) -> None:
        report = loaded(project, FULL).report
        assert report.markdown is not None
        assert (report.markdown.file, report.markdown.marker) == (
            project / "performance.md",
            "thresholds",
        )
        assert report.page == project / "page.html"

    def test_strategy_follows_the_size_of_the_space(self, project: Path) -> None:
        assert loaded(project).search.strategy == "grid"
        small = STUDY.replace("cpus = 4", "cpus = 4\nmax_trials = 1")
        assert loaded(project, small).search.strategy == "portfolio"

    def test_study_may_lie_below_its_project(self, project: Path) -> None:
        below = project / "studies"
        below.mkdir()
        (below / "tighten.toml").write_text(STUDY.replace("cpus = 4", 'cpus = 4\nproject = ".."'))
        options = load(below / "tighten.toml", environment={})
        assert (options.project, options.state) == (project, below / ".tighten")

    def test_name_is_the_directorys_if_none_is_given(self, project: Path) -> None:
        assert loaded(project, STUDY.replace('name = "demo"\n', "")).name == project.name

    def test_function_in_place_of_a_command(self, project: Path) -> None:
        (project / "kernel.py").write_text("BLOCK = 64\n")
        text = STUDY.replace('command = "./bench {result}"', 'function = "kernel.bench:run"')
        benchmark = loaded(project, text.replace("kernel.c", "kernel.py")).benchmark
        assert benchmark.function == benchmark.command.template == "kernel.bench:run"

    def test_sources_tell_file_and_line_or_default(self, project: Path) -> None:
        sources = loaded(project).sources
        assert sources["study.name"] == "tighten.toml:2"
        assert sources["study.max_trials"] == "default"
        assert sources["parameter.BLOCK.values"] == "tighten.toml:17"
        assert sources["gate.tests.command"] == "tighten.toml:21"
        assert "parameter.BLOCK.yaml" not in sources


# What is changed in STUDY, and the one fault that it makes.
FAULTS = {
    "unknown table": (
        "[build]",
        "[gpu]\nevery = 3\n[build]",
        (
            "tighten.toml:5: gpu: unknown table; allowed: study, build, benchmark, "
            "machine, case, "
            "parameter, constraints, gate, convergence, decision, search, profile, report"
        ),
    ),
    "misspelt table": (
        "[build]",
        "[builds]",
        "tighten.toml:5: builds: unknown table; did you mean `build`?",
    ),
    "misspelt key": (
        "cpus = 4",
        "max_trails = 4",
        "tighten.toml:3: study.max_trails: unknown key; did you mean `max_trials`?",
    ),
    "key of another kind": (
        'name = "small"',
        'name = "small"\nxyz = 1',
        (
            "tighten.toml:13: case.small.xyz: unknown key; allowed: name, select, metric, goal, "
            "target, primary, max_regression, weight, statistic, size"
        ),
    ),
    "count": (
        "cpus = 4",
        "max_trials = 0",
        "tighten.toml:3: study.max_trials = 0: must be a whole number, at least 1",
    ),
    "truth is no number": (
        "cpus = 4",
        "cpus = true",
        "tighten.toml:3: study.cpus = true: must be a whole number, at least 1",
    ),
    "bare duration": (
        'command = "make -j {cpus}"',
        "timeout = 30",
        (
            "tighten.toml:6: build.timeout = 30: must be a positive number with a unit "
            '(s, m, min, h, d), as in "90 s"'
        ),
    ),
    "bare size": (
        "[[gate]]",
        "[machine]\nlog_limit = 1000\n[[gate]]",
        (
            "tighten.toml:20: machine.log_limit = 1000: must be a positive number with a unit "
            '(B, kB, MB, GB, KiB, MiB, GiB), as in "16 MiB"'
        ),
    ),
    "hash seed": (
        "[[gate]]",
        '[machine]\nhash_seed = "any"\n[[gate]]',
        (
            'tighten.toml:20: machine.hash_seed = "any": must be a whole number from 0 to '
            '4294967295, or "random"'
        ),
    ),
    "empty name": (
        'name = "small"',
        'name = ""',
        'tighten.toml:12: case."".name = "": must not be empty',
    ),
    "missing name": (
        'name = "small"',
        "weight = 1",
        "tighten.toml:11: case.1.name is missing: name of the case in reports",
    ),
    "word": (
        'name = "small"',
        'name = "small"\ngoal = "maximise"',
        'tighten.toml:13: case.small.goal = "maximise": must be "minimize" or "maximize"',
    ),
    "negative target": (
        'name = "small"',
        'name = "small"\ntarget = -1',
        "tighten.toml:13: case.small.target = -1: must be a number above 0",
    ),
    "primary without target": (
        'name = "small"',
        'name = "small"\nprimary = true',
        "tighten.toml:11: case.small: `primary = true` needs a `target` to reach",
    ),
    "all weights zero": (
        'name = "small"',
        'name = "small"\nweight = 0',
        "tighten.toml:13: case.small.weight: every weight is 0; give one case a weight above 0",
    ),
    "no case": (
        '[[case]]\nname = "small"\n',
        "",
        "tighten.toml: there is no [[case]]; name at least one benchmark of the result",
    ),
    "second case": (
        "[[parameter]]",
        '[[case]]\nname = "small"\n[[parameter]]',
        "tighten.toml:15: case.small.name: a second case of this name; rename one",
    ),
    "case is no list": (
        "[[case]]",
        "[case]",
        "tighten.toml:11: case: must be a list of tables, written [[case]]",
    ),
    "no parameter": (
        '[[parameter]]\nname = "BLOCK"\nsource = "kernel.c"\nvalues = [32, 64]\n',
        "",
        "tighten.toml: there is no [[parameter]]; name at least one thing that may change",
    ),
    "no place": (
        'source = "kernel.c"\n',
        "",
        (
            "tighten.toml:14: parameter.BLOCK: has no place; needs exactly one of source, "
            "toml, yaml, "
            "json, table, env, argument"
        ),
    ),
    "two places": (
        'source = "kernel.c"',
        'source = "kernel.c"\nenv = "BLOCK"',
        (
            "tighten.toml:14: parameter.BLOCK: has `source` and `env`; needs exactly one of "
            "source, "
            "toml, yaml, json, table, env, argument"
        ),
    ),
    "companion of another place": (
        'source = "kernel.c"',
        'source = "kernel.c"\nkey = "a"',
        "tighten.toml:14: parameter.BLOCK: `key` belongs to toml or yaml or json, not to source",
    ),
    "file without key": (
        'source = "kernel.c"',
        'json = "conf.json"',
        "tighten.toml:14: parameter.BLOCK: `json` needs `key`, the place of the value in the file",
    ),
    "no values": (
        "values = [32, 64]\n",
        "",
        "tighten.toml:14: parameter.BLOCK: needs either `values` or `range`",
    ),
    "value that is none": (
        "[32, 64]",
        "[32,\n [64]]",
        "tighten.toml:18: parameter.BLOCK.values.2 = [64]: must be a number, a text, true or false",
    ),
    "value listed twice": (
        "[32, 64]",
        "[32, 32]",
        "tighten.toml:14: parameter.BLOCK: the value 32 is listed twice; list each value once",
    ),
    "bound": (
        "values = [32, 64]",
        'range = { low = 1, high = "cpus" }',
        'tighten.toml:17: parameter.BLOCK.range.high = "cpus": must be a number or "{cpus}"',
    ),
    "steps of whole numbers": (
        "values = [32, 64]",
        "range = { low = 1, high = 4, steps = 2 }",
        (
            "tighten.toml:17: parameter.BLOCK.range: `steps` is for real numbers: write low "
            "= 1.0, or "
            "give a `step`"
        ),
    ),
    "empty range": (
        "values = [32, 64]",
        "range = { low = 9, high = 4 }",
        (
            "tighten.toml:14: parameter.BLOCK: the range from 9 to 4 is empty; low must not "
            "exceed high"
        ),
    ),
    "no identifier": (
        'name = "BLOCK"',
        'name = "block size"\nconstant = "BLOCK"',
        (
            'tighten.toml:15: parameter."block size".name = "block size": must be letters, digits '
            "and _, so that expressions can use it"
        ),
    ),
    "no such file": (
        "kernel.c",
        "core.c",
        'tighten.toml:16: parameter.BLOCK.source = "core.c": there is no such file in PROJECT',
    ),
    "file elsewhere": (
        "kernel.c",
        "../kernel.c",
        (
            'tighten.toml:16: parameter.BLOCK.source = "../kernel.c": must be a file inside the '
            "project, relative to it"
        ),
    ),
    "condition": (
        "values = [32, 64]",
        'values = [32, 64]\nwhen = "BLCK > 1"',
        (
            "tighten.toml:18: parameter.BLOCK.when: 'BLCK > 1': unknown name 'BLCK'; did you mean "
            "'BLOCK'? allowed: BLOCK, cpus"
        ),
    ),
    "constraint is no text": (
        "[[gate]]",
        "[constraints]\na = 3\n[[gate]]",
        'tighten.toml:20: constraints.a: must be an expression in quotes, as in "a * b <= cpus"',
    ),
    "constraint excludes everything": (
        "[[gate]]",
        '[constraints]\na = "BLOCK > 100"\n[[gate]]',
        (
            "tighten.toml: the constraints exclude every configuration: a: BLOCK > 100. Relax a "
            "constraint, or widen a domain"
        ),
    ),
    "no benchmark": (
        'command = "./bench {result}"\n',
        "",
        "tighten.toml:8: benchmark: needs either `command` or `function`",
    ),
    "no result": (
        "./bench {result}",
        "./bench {{result}}",
        "tighten.toml:9: benchmark.command: has no {result}, the file that it must write",
    ),
    "placeholder": (
        "make -j {cpus}",
        "make -C {artefacts}",
        (
            "tighten.toml:6: build.command: unknown placeholder {artefacts}; allowed: {trial}, "
            "{artifacts}, {result}, {python}, {cpus}, {arguments}; for literal braces write "
            "{{artefacts}}"
        ),
    ),
    "format": (
        "[[case]]",
        'format = "hyperfin"\n[[case]]',
        'tighten.toml:11: benchmark.format = "hyperfin": unknown format; did you mean `hyperfine`?',
    ),
    "compiled function": (
        'command = "./bench {result}"',
        'function = "bench:run"',
        (
            'tighten.toml:16: parameter.BLOCK.source = "kernel.c": a benchmark `function` '
            "does not see "
            "edits of compiled code; measure with a `command`"
        ),
    ),
    "function with variables": (
        'command = "./bench {result}"',
        'function = "bench:run"\nenv = { A = "1" }',
        "tighten.toml:8: benchmark: `env`, `cwd` and `format` belong to a `command`",
    ),
    "no function": (
        'command = "./bench {result}"',
        'function = "bench"',
        'tighten.toml:9: benchmark.function = "bench": must have the form "module:callable"',
    ),
    "directory elsewhere": (
        'command = "make -j {cpus}"',
        'command = "make"\ncwd = "/opt"',
        'tighten.toml:7: build.cwd = "/opt": must be a directory inside the project',
    ),
    "in place without outputs": (
        'command = "make -j {cpus}"',
        'command = "make"\nin_place = true',
        "tighten.toml:5: build: `in_place` needs `outputs`, what the build writes into the project",
    ),
    "outputs without in place": (
        'command = "make -j {cpus}"',
        'command = "make"\noutputs = ["a.out"]',
        "tighten.toml:5: build: `outputs` needs `in_place = true`; a trial tree keeps its own",
    ),
    "gate without result": (
        'command = "make check"',
        'command = "make check"\ncompare = "arrays"',
        "tighten.toml:21: gate.tests.command: has no {result}, the file that it must write",
    ),
    "two rules": (
        'command = "make check"',
        'command = "make check {result}"\ncompare = "arrays"\ninvariant = "a < 1"',
        "tighten.toml:19: gate.tests: has `compare` and `invariant`; one gate, one rule",
    ),
    "tolerance without comparison": (
        'command = "make check"',
        'command = "make check"\nrtol = 1e-9',
        "tighten.toml:19: gate.tests: `rtol` needs `compare` or `toggle`",
    ),
    "negative tolerance": (
        'command = "make check"',
        'command = "make check {result}"\ncompare = "arrays"\natol = -1.0',
        "tighten.toml:23: gate.tests.atol = -1.0: must be a number, at least 0",
    ),
    "invariant": (
        'command = "make check"',
        'command = "make check {result}"\ninvariant = "a <"',
        "tighten.toml:22: gate.tests.invariant: 'a <' is not an expression: invalid syntax",
    ),
    "toggle": (
        'command = "make check"',
        'command = "make check {result}"\ntoggle = { env = "A", of = "0" }',
        "tighten.toml:22: gate.tests.toggle.of: unknown key; did you mean `off`?",
    ),
    "never decided": (
        "[[gate]]",
        "[decision]\nmin_pairs = 2\nmax_pairs = 4\n[[gate]]",
        (
            "tighten.toml:21: decision.max_pairs = 4: too few to ever be sure at alpha = "
            "0.01; raise it"
        ),
    ),
    "pairs": (
        "[[gate]]",
        "[decision]\nmin_pairs = 100\n[[gate]]",
        "tighten.toml:20: decision.min_pairs = 100: must not exceed max_pairs, 64",
    ),
    "CPU": (
        "[[gate]]",
        "[machine]\npin = [4096]\n[[gate]]",
        "tighten.toml:20: machine.pin.1: CPU 4096 is not one of those this process may use: CPUS",
    ),
    "strategy": (
        "[[gate]]",
        '[search]\nstrategy = "grids"\n[[gate]]',
        'tighten.toml:20: search.strategy = "grids": unknown strategy; did you mean `grid`?',
    ),
    "no directory": (
        "cpus = 4",
        'project = "nowhere"',
        (
            "tighten.toml:3: study.project: there is no directory PROJECT/nowhere; it is where the "
            "code is"
        ),
    ),
    "no interpreter": (
        "cpus = 4",
        'python = "python0"',
        "tighten.toml:3: study.python = python0: no such program, or it cannot be run",
    ),
    "marker": (
        "[[gate]]",
        '[report]\nmarkdown = { file = "performance.md" }\n[[gate]]',
        (
            "tighten.toml:20: report.markdown.marker is missing: name in the two markers "
            "around that "
            "part"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_is_told_in_full(project: Path, old: str, new: str, message: str) -> None:
    assert old in STUDY
    assert fault(project, STUDY.replace(old, new, 1)) == message


def test_variable_that_two_places_set_is_refused(project: Path) -> None:
    text = STUDY.replace('source = "kernel.c"', 'env = "THREADS"')
    text += 'env = { THREADS = "1" }\n[[gate]]\nname = "on and off"\ncommand = "x {result}"\n'
    text += (
        'toggle = { env = "THREADS" }\n[[parameter]]\nname = "b"\nenv = "THREADS"\nvalues = [1]\n'
    )
    assert fault(project, text) == (
        "tighten.toml has 3 faults:\n"
        "  tighten.toml:22: gate.tests.env.THREADS: parameter BLOCK sets this variable; remove it\n"
        '  tighten.toml:26: gate."on and off".toggle.env: parameter BLOCK sets this variable; '
        "switch another one\n"
        '  tighten.toml:29: parameter.b.env = "THREADS": parameter BLOCK sets this variable as well'
    )


def test_function_in_this_process_cannot_be_pinned_or_given_arguments(project: Path) -> None:
    text = STUDY.replace('command = "./bench {result}"', 'function = "bench:run"')
    text = text.replace('source = "kernel.c"', 'argument = "--block {value}"')
    assert fault(project, text + "[machine]\nnice = 3\npin = [0]\n") == (
        "tighten.toml has 3 faults:\n"
        "  tighten.toml:16: parameter.BLOCK.argument: a benchmark `function` has no command line; "
        "use a `command`\n"
        "  tighten.toml:23: machine.nice: does not reach a benchmark `function`; use a `command`\n"
        "  tighten.toml:24: machine.pin: does not reach a benchmark `function`; use a `command`"
    )


def test_all_faults_are_told_at_once_in_the_order_of_the_lines(project: Path) -> None:
    text = STUDY.replace("cpus = 4", "max_trails = 4").replace("kernel.c", "core.c")
    text = text.replace("[[case]]", 'format = "pyper"\n[[case]]') + "[gpu]\nevery = 3\n"
    assert fault(project, text) == (
        "tighten.toml has 4 faults:\n"
        "  tighten.toml:3: study.max_trails: unknown key; did you mean `max_trials`?\n"
        '  tighten.toml:11: benchmark.format = "pyper": unknown format; did you mean `pyperf`?\n'
        '  tighten.toml:17: parameter.BLOCK.source = "core.c": there is no such file in PROJECT\n'
        "  tighten.toml:23: gpu: unknown table; allowed: study, build, benchmark, machine, "
        "case, parameter, constraints, gate, convergence, decision, search, profile, report"
    )


@pytest.mark.parametrize("kind", ["study", "build", "benchmark", "machine", "search", "report"])
def test_value_in_the_place_of_a_table_is_a_fault(project: Path, kind: str) -> None:
    said = f"tighten.toml:1: {kind} = 3: must be a table"
    assert said in fault(project, f"{kind} = 3\n")


def test_place_of_a_key_is_its_own_line_in_any_notation(project: Path) -> None:
    text = STUDY + "[convergence]\nstagnation = {\n}\n"
    assert fault(project, text).startswith("tighten.toml:23: not TOML")
    dotted = 'study."name" = "x"\nstudy.cpus = 0\n' + STUDY.partition("\n\n")[2]
    assert fault(project, dotted) == (
        "tighten.toml:2: study.cpus = 0: must be a whole number, at least 1"
    )
    inside = STUDY + '[[gate]]\nname = \'x\'\ncommand = """\nx\n"""\n[gate.env]\nA = 1.5\n'
    assert fault(project, inside) == "tighten.toml:28: gate.x.env.A = 1.5: must be a text"


class TestFile:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(
            StudyError, match=r"^there is no study file .*tighten.toml; `tighten init`"
        ):
            load(tmp_path, environment={})

    def test_not_toml(self, project: Path) -> None:
        said = fault(project, STUDY + "[[gate]\n")
        assert said.startswith("tighten.toml:22: not TOML: ")

    def test_byte_order_mark_and_line_ends_of_windows_are_no_fault(self, project: Path) -> None:
        text = (STUDY + "[gpu]\n").replace("\n", "\r\n").encode()
        (project / "tighten.toml").write_bytes(BOM_UTF8 + text)
        with pytest.raises(StudyError, match=r"tighten.toml:22: gpu: unknown table"):
            load(project, environment={})

    def test_not_utf8(self, project: Path) -> None:
        (project / "tighten.toml").write_bytes(b"# \xe9\n")
        with pytest.raises(StudyError, match=r"is not UTF-8 \(byte 2\); save it in that encoding"):
            load(project, environment={})

    def test_unreadable(self, tmp_path: Path) -> None:
        (tmp_path / "tighten.toml").mkdir()
        with pytest.raises(StudyError, match="cannot be read: Is a directory"):
            load(tmp_path, environment={})

    def test_directory_stands_for_the_file_in_it(self, project: Path) -> None:
        (project / "tighten.toml").write_text(STUDY)
        assert load(project, environment={}).file == project / "tighten.toml"
