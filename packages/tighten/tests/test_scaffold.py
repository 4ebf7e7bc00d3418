"""`tighten init` looks at small real projects; the study that it writes runs as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tighten.errors import FailureKind, StudyError, TrialError
from tighten.gates import ExitCode, SameArrays
from tighten.gates.arrays import read_arrays
from tighten.options import Options, load, plan
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.document import ConfigKey
from tighten.parameters.domain import Choices, IntegerRange
from tighten.runner import Places, Subprocess, launch
from tighten.samples import launch_value
from tighten.scaffold import propose_study, write_study
from tighten.scaffold.benchmark_names import criterion_names, google_names

if TYPE_CHECKING:
    from collections.abc import Mapping

C_PROJECT = {
    "heat.c": """\
#include <stdio.h>
#define BLOCK_SIZE 64
#define N 4096
#define BUFFER_NAME "b"
static const unsigned char UNROLL = 100;
/* CHUNK 3 */
int main(void) {
    double sum = 0;
    for (int i = 0; i < N; i += BLOCK_SIZE)
        for (int j = i; j < i + BLOCK_SIZE && j < N; j++) sum += j;
    printf("%g %d\\n", sum, UNROLL > 0);
    return 0;
}
""",
    "Makefile": """\
CC ?= cc
PROG = heat
OBJ = heat.o

all: $(PROG)

%.o: %.c
\t$(CC) -O2 -c -o $@ $<

$(PROG): $(OBJ)
\t$(CC) -o $@ $(OBJ)

clean:
\trm -f $(PROG) $(OBJ)
""",
}

SCRIPT = {
    "sums.py": """\
CHUNK = 64

def total(count):
    return sum(sum(range(i, min(i + CHUNK, count))) for i in range(0, count, CHUNK))

if __name__ == "__main__":
    print(total(10_000))
""",
    "helpers.py": "BLOCK = 3\n",
    "broken.py": "def (",
}

PYTHON_PROJECT = {
    "pyproject.toml": '[project]\nname = "smooth-it"\nversion = "0.1"\n',
    "src/smooth_it/__init__.py": """\
CHUNK = 256
MAX_WORKERS = 2
PI = 3


def total(count):
    return sum(sum(range(i, min(i + CHUNK, count))) for i in range(0, count, CHUNK))
""",
    "tests/test_total.py": """\
import pytest

from smooth_it import total


@pytest.mark.parametrize("count", [100, 1000])
def test_speed(benchmark, count):
    assert benchmark(total, count) == sum(range(count))


def test_single(benchmark):
    benchmark(total, 10)


@pytest.mark.parametrize("count", list(range(2)))
def test_unreadable_ids(benchmark, count):
    benchmark(total, count)


def test_total():
    assert total(1000) == sum(range(1000))
""",
}

RUST_PROJECT = {
    "Cargo.toml": '[package]\nname = "tally"\nversion = "0.1.0"\nedition = "2021"\n',
    "src/main.rs": """\
/// Items of one task.
const CHUNK_SIZE: usize = 1 << 12;
const PARALLEL_THRESHOLD: usize = 30_000;

fn main() {
    let sum: usize = (0..PARALLEL_THRESHOLD).step_by(CHUNK_SIZE).sum();
    println!("{}", sum > 0);
}
""",
}

CRITERION = {
    "Cargo.toml": RUST_PROJECT["Cargo.toml"]
    + '\n[dev-dependencies]\ncriterion = "0.5"\n\n[[bench]]\nname = "sums"\nharness = false\n',
    "src/lib.rs": "pub const CHUNK_SIZE: usize = 4096;\n",
    "benches/sums.rs": 'fn f(c: &mut Criterion) { c.bench_function("sum of all", |b| b.iter(g)); }',
}


def project(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def proposed(root: Path) -> Options:
    write_study(root)
    options = load(root, environment={})
    plan(options)
    return options


def places_of(options: Options, scratch: Path) -> Places:
    return Places(
        trial=options.project,
        artifacts=scratch / "artifacts",
        result=scratch / "result",
        python=options.python,
        cpus=options.cpus,
    )


def run_everything(options: Options, scratch: Path) -> dict[str, float]:
    """Build, run the gates and one benchmark launch; return the value of each case."""
    runner, places = Subprocess(options.benchmark.conditions), places_of(options, scratch)
    log = scratch / "log"
    checks = [options.build.command, *(gate.command for gate in options.gates)]
    for command in filter(None, checks):
        runner.run(command, places, log=log, kind_on_failure=FailureKind.BUILD)
    measured = launch(
        runner, options.benchmark.command, places, format=options.benchmark.format, log=log
    )
    return {case.name: launch_value(measured, case) for case in options.cases}


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


class TestMake:
    def test_constants_that_can_be_edited_become_parameters(self, tmp_path: Path) -> None:
        options = proposed(project(tmp_path, C_PROJECT))
        domains = {parameter.name: parameter.domain for parameter in options.parameters}
        # 200 and 400 do not fit an unsigned char; the text, the comment and N are no knobs.
        assert domains == {
            "BLOCK_SIZE": Choices((16, 32, 64, 128, 256)),
            "UNROLL": Choices((25, 50, 100, 200)),
        }

    @pytest.mark.skipif(shutil.which("make") is None or shutil.which("cc") is None, reason="no cc")
    def test_study_runs_as_it_stands(self, tmp_path: Path, scratch: Path) -> None:
        options = proposed(project(tmp_path, C_PROJECT))
        assert isinstance(options.gates[0].rule, SameArrays)
        assert run_everything(options, scratch)["whole_program"] > 0

    def test_target_that_checks_becomes_the_gate(self, tmp_path: Path) -> None:
        files = C_PROJECT | {"Makefile": C_PROJECT["Makefile"] + "\ncheck: all\n\t./heat\n"}
        (gate,) = proposed(project(tmp_path, files)).gates
        assert (gate.command.template, gate.rule) == ("make check", ExitCode())


class TestPython:
    def test_study_runs_as_it_stands(self, tmp_path: Path, scratch: Path) -> None:
        options = proposed(project(tmp_path, PYTHON_PROJECT))
        assert {p.name: p.domain for p in options.parameters} == {
            "CHUNK": Choices((64, 128, 256, 512, 1024)),
            "MAX_WORKERS": IntegerRange(1, options.cpus, log=True),
        }
        values = run_everything(options, scratch)
        assert set(values) == {"test_speed[100]", "test_speed[1000]", "test_single"}
        assert all(value > 0 for value in values.values())

    def test_own_environment_is_used(self, tmp_path: Path) -> None:
        project(tmp_path, {**PYTHON_PROJECT, ".venv/bin/python": "#!/bin/sh\n"})
        (tmp_path / ".venv/bin/python").chmod(0o755)
        assert proposed(tmp_path).python == str(tmp_path / ".venv/bin/python")

    def test_compiled_package_is_installed_into_the_artifacts(self, tmp_path: Path) -> None:
        system = '\n[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
        pyproject = PYTHON_PROJECT["pyproject.toml"] + system
        rust = {"src/lib.rs": "pub const TILE: usize = 8;\n"}
        options = proposed(project(tmp_path, PYTHON_PROJECT | rust | {"pyproject.toml": pyproject}))
        assert options.build.command is not None
        assert "--target {artifacts} ." in options.build.command.template
        assert options.benchmark.command.env == {
            "PYTHONPATH": "{artifacts}",
            "PYTHONSAFEPATH": "1",
        }
        assert [parameter.name for parameter in options.parameters][:2] == ["CHUNK", "TILE"]

    def test_library_without_a_benchmark_gets_a_stand_in_that_runs(
        self, tmp_path: Path, scratch: Path
    ) -> None:
        files = {
            "setup.py": "from setuptools import setup\nsetup(name='Fast-Sums', version='1')\n",
            "docs/__init__.py": "",
            "fastsums/__init__.py": "CHUNK = 8\n",
        }
        options = proposed(project(tmp_path, files))
        assert options.name == "Fast-Sums"
        assert options.benchmark.command.template == '{python} -c "import fastsums"'
        assert [gate.name for gate in options.gates] == ["runs"]
        assert "A stand-in that times the import" in (tmp_path / "tighten.toml").read_text()
        assert run_everything(options, scratch)["whole_program"] > 0

    def test_tests_inside_a_compiled_package_are_those_that_were_built(
        self, tmp_path: Path
    ) -> None:
        files = {
            "setup.py": "setup(name='sums', ext_modules=[])",
            "sums/__init__.py": "CHUNK = 8\n",
            "sums/tests/test_sums.py": "def test_nothing(): pass\n",
        }
        options = proposed(project(tmp_path, files))
        (gate,) = options.gates
        assert gate.command.template.endswith(
            "--import-mode=append -p no:cacheprovider -x --pyargs sums"
        )
        assert gate.command.env == {"PYTHONPATH": "{artifacts}", "PYTHONSAFEPATH": "1"}
        assert options.benchmark.command.template == gate.command.template
        assert "A stand-in that times the tests" in (tmp_path / "tighten.toml").read_text()

    def test_tests_beside_the_package(self, tmp_path: Path) -> None:
        files = {"setup.py": "setup()", "a.py": "TILE = 4\n", "test_a.py": "def test_a(): pass\n"}
        (gate,) = proposed(project(tmp_path, files)).gates
        assert gate.command.template == "{python} -m pytest -q -p no:cacheprovider -x ."

    def test_name_in_setup_cfg(self, tmp_path: Path) -> None:
        files = {
            "setup.py": "setup()",
            "setup.cfg": "[metadata]\nname = sums\n",
            "a.py": "TILE = 4\n",
        }
        assert proposed(project(tmp_path, files)).name == "sums"


class TestScripts:
    def test_study_runs_as_it_stands(self, tmp_path: Path, scratch: Path) -> None:
        options = proposed(project(tmp_path, SCRIPT))
        assert options.benchmark.command.template == "{python} sums.py"
        assert {p.name for p in options.parameters} == {"CHUNK", "BLOCK"}
        assert isinstance(options.gates[0].rule, SameArrays)
        assert run_everything(options, scratch)["whole_program"] > 0

    def test_gate_compares_text_and_numbers_that_are_printed(
        self, tmp_path: Path, scratch: Path
    ) -> None:
        files = {"a.py": 'CHUNK = 8\nif __name__ == "__main__":\n    print("sum", -1.5e-3, 2)\n'}
        options = proposed(project(tmp_path, files))
        runner, places = Subprocess(options.benchmark.conditions), places_of(options, scratch)
        command, log = options.gates[0].command, scratch / "log"
        runner.run(command, places, log=log, kind_on_failure=FailureKind.GATE)
        found = read_arrays(scratch / "result")
        assert found["text"].tolist() == ["sum", "#", "#"]
        assert found["numbers"].tolist() == [-1.5e-3, 2.0]
        (tmp_path / "a.py").write_text("CHUNK = 8\n")
        with pytest.raises(TrialError, match="exit"):
            runner.run(command, places, log=log, kind_on_failure=FailureKind.GATE)
        assert "prints nothing that could be compared" in log.read_text()

    def test_script_that_sounds_like_a_benchmark_is_preferred(self, tmp_path: Path) -> None:
        files = SCRIPT | {"zero.py": "", "perf_sums.py": SCRIPT["sums.py"]}
        options = proposed(project(tmp_path, files))
        assert options.benchmark.command.template == "{python} perf_sums.py"

    def test_tests_become_the_gate_and_may_measure(self, tmp_path: Path) -> None:
        test = "from sums import total\n\ndef test_total(benchmark):\n    benchmark(total, 100)\n"
        options = proposed(project(tmp_path, SCRIPT | {"tests/test_sums.py": test}))
        assert options.benchmark.format == "pytest-benchmark"
        assert [case.name for case in options.cases] == ["test_total"]
        assert options.gates[0].rule == ExitCode()


class TestCargo:
    @pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
    def test_study_of_a_program_runs_as_it_stands(self, tmp_path: Path, scratch: Path) -> None:
        options = proposed(project(tmp_path, RUST_PROJECT))
        assert {p.name: p.domain for p in options.parameters} == {
            "PARALLEL_THRESHOLD": Choices((7500, 15000, 30000, 60000, 120000)),
            "CHUNK_SIZE": Choices((1024, 2048, 4096, 8192, 16384)),
            "lto": Choices((False, "thin", "fat")),
            "codegen_units": Choices((16, 1)),
        }
        assert run_everything(options, scratch)["whole_program"] > 0

    def test_criterion_is_used_where_there_is_one(self, tmp_path: Path) -> None:
        options = proposed(project(tmp_path, CRITERION))
        assert options.build.command is not None
        assert options.build.command.template == "cargo bench --bench sums --no-run"
        assert options.benchmark.command.template.startswith("cargo bench --bench sums -- --noplot")
        assert options.benchmark.command.env == {"CRITERION_HOME": "{result}"}
        assert [case.name for case in options.cases] == ["sum of all"]
        (gate,) = options.gates
        assert (gate.name, gate.command.template) == ("runs", "cargo test --release --quiet")

    def test_names_that_are_computed_get_a_stand_in(self, tmp_path: Path) -> None:
        computed = {"benches/sums.rs": "c.bench_function(&name(), |b| b.iter(g));"}
        options = proposed(project(tmp_path, CRITERION | computed))
        assert [case.name for case in options.cases] == ["sums"]
        text = (tmp_path / "tighten.toml").read_text()
        assert "`cargo bench --bench sums -- --list` lists them" in text

    def test_profile_of_cargo_is_tried(self, tmp_path: Path) -> None:
        profiles = (
            '[profile.release]\nlto = "off"\nopt-level = "s"\n[profile.bench]\nlto = "thin"\n'
        )
        cargo = RUST_PROJECT["Cargo.toml"] + profiles
        files = {"Cargo.toml": cargo, "src/main.rs": "use rayon::join;\nfn main() {}\n"}
        options = proposed(project(tmp_path, files))
        assert {p.name: p.domain for p in options.parameters} == {
            "codegen_units": Choices((16, 1)),
            "opt_level": Choices(("s", 3)),
            "threads": IntegerRange(1, options.cpus, log=True),
        }
        bindings = {p.name: p.binding for p in options.parameters}
        assert bindings["codegen_units"] == EnvironmentVariable(
            parameter="codegen_units",
            variable="CARGO_PROFILE_RELEASE_CODEGEN_UNITS",
            default=16,
        )
        assert bindings["opt_level"] == ConfigKey(
            parameter="opt_level",
            file=Path("Cargo.toml"),
            format="toml",
            key="profile.release.opt-level",
        )
        edited = bindings["opt_level"].edit(cargo.encode(), 3)
        assert b"\nopt-level = 3\n" in edited
        assert bindings["threads"] == EnvironmentVariable(
            parameter="threads", variable="RAYON_NUM_THREADS"
        )


class TestCMake:
    def test_program_and_tests_are_found(self, tmp_path: Path) -> None:
        files = {
            "CMakeLists.txt": "project(waves C)\n# add_executable(no no.c)\n"
            "add_executable(waves waves.c)\nenable_testing()\n",
            "waves.c": "enum { N = 3 };\nstatic const int TILE = 8;\n",
        }
        options = proposed(project(tmp_path, files))
        assert options.name == "waves"
        assert "build/waves" in options.benchmark.command.template
        assert options.gates[0].command.template == "ctest --test-dir build --output-on-failure"

    def test_google_benchmark_measures_and_another_program_is_compared(
        self, tmp_path: Path
    ) -> None:
        names = " ".join(f"BENCHMARK(b{number});\n" for number in range(10))
        files = {
            "CMakeLists.txt": "project(waves CXX)\nadd_executable(bench b.cpp)\n"
            "target_link_libraries(bench PRIVATE waves benchmark::benchmark)\n",
            "b.cpp": f"constexpr int kTileSize = 8;\n{names}",
        }
        options = proposed(project(tmp_path, files))
        assert options.benchmark.format == "google-benchmark"
        assert options.benchmark.command.template.startswith("build/bench --benchmark_rep")
        assert [case.name for case in options.cases] == [f"b{number}" for number in range(8)]
        assert "# Also there: b8, b9." in (tmp_path / "tighten.toml").read_text()
        assert [parameter.name for parameter in options.parameters] == ["kTileSize"]
        assert [gate.name for gate in options.gates] == ["runs"]
        (tmp_path / "tighten.toml").unlink()
        listing = files["CMakeLists.txt"] + "add_executable(waves main.cpp)\n"
        (gate,) = proposed(project(tmp_path, {"CMakeLists.txt": listing})).gates
        assert isinstance(gate.rule, SameArrays)
        assert "build/waves" in gate.command.template


CRITERION_SOURCES = {
    'c.bench_function("a b", |b| b.iter(f));': ["a b"],
    'c\n    .bench_function(\n        "a",\n        f);': ["a"],
    'let mut g = c.benchmark_group("G");\ng.bench_function("a", f);\nc.bench_function("b", f);': [
        "G/a",
        "b",
    ],
    'let mut g = c.benchmark_group("G");\nfor n in [64usize, 1_024] {\n'
    "g.bench_with_input(BenchmarkId::from_parameter(n), &n, f);": ["G/64", "G/1024"],
    "const SIZES: [usize; 2] = [8, 16];\nfor &size in SIZES.iter() {\n"
    'c.bench_with_input(criterion::BenchmarkId::new("tiled", size), &size, f);': [
        "tiled/8",
        "tiled/16",
    ],
    'for kind in ["x", "y"] { c.bench_function(kind, f);': ["x", "y"],
    'c.bench_function(&format!("{n}"), f);': [],
    'let mut g = c.benchmark_group(name);\ng.bench_function("a", f);': [],
    'for n in sizes() { c.bench_with_input(BenchmarkId::new("a", n), &n, f);': [],
    '// c.bench_function("old", f);\n': [],
}
GOOGLE_SOURCES = {  # what google-benchmark 1.7.1 lists
    "BENCHMARK(f);": ["f"],
    "BENCHMARK(f)->Arg(100)->Arg(7)->Unit(benchmark::kMicrosecond);": ["f/100", "f/7"],
    "BENCHMARK(f)->RangeMultiplier(4)->Range(3, 200)->UseRealTime()->Complexity();": [
        f"f/{n}/real_time" for n in (3, 4, 16, 64, 200)
    ],
    "BENCHMARK(f)->Range(8, 512);": ["f/8", "f/64", "f/512"],
    "BENCHMARK(f)->DenseRange(1, 7, 3);": ["f/1", "f/4", "f/7"],
    "BENCHMARK(f)->Args({1, 2})->Args({3,4});": ["f/1/2", "f/3/4"],
    "BENCHMARK_TEMPLATE(f, double);": ["f<double>"],
    'BENCHMARK(f)->Name("other")->Arg(5);': [],
    "BENCHMARK(f)->Arg(SIZE);": [],
    "BENCHMARK(f)->Threads(2);": [],
    "BENCHMARK_MAIN();": [],
}


@pytest.mark.parametrize(("text", "names"), CRITERION_SOURCES.items())
def test_names_of_criterion(text: str, names: list[str]) -> None:
    assert criterion_names(text) == names


@pytest.mark.parametrize(("text", "names"), GOOGLE_SOURCES.items())
def test_names_of_google_benchmark(text: str, names: list[str]) -> None:
    assert google_names(text) == names


def test_crates_that_cargo_copied_in_are_not_the_project_s(tmp_path: Path) -> None:
    files = {"third/.cargo-checksum.json": "{}", "third/src/lib.rs": "const CHUNK: u8 = 2;\n"}
    options = proposed(project(tmp_path, C_PROJECT | files))
    assert {parameter.name for parameter in options.parameters} == {"BLOCK_SIZE", "UNROLL"}


def test_same_name_in_two_files_gets_the_files_names(tmp_path: Path) -> None:
    files = C_PROJECT | {"a/x.c": "#define CHUNK 8\n", "b/x.c": "#define CHUNK 16\n"}
    names = [parameter.name for parameter in proposed(project(tmp_path, files)).parameters]
    assert names == ["a_x_CHUNK", "b_x_CHUNK", "BLOCK_SIZE", "UNROLL"]


def test_existing_study_is_never_overwritten(tmp_path: Path) -> None:
    project(tmp_path, C_PROJECT)
    (tmp_path / "tighten.toml").write_text("mine")
    with pytest.raises(StudyError, match="exists already; remove it first"):
        write_study(tmp_path)
    assert (tmp_path / "tighten.toml").read_text() == "mine"


def test_looking_changes_nothing(tmp_path: Path) -> None:
    project(tmp_path, C_PROJECT)
    propose_study(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile", "heat.c"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.c": "int main(void) { return 0; }\n"}, "looks like a tuning knob"),
        ({"a.c": "#define CHUNK 8\n"}, "says how to run the project"),
        ({"a.c": "#define CHUNK 8\n", "Makefile": "all:\n\techo\n"}, "says how to run the project"),
    ],
)
def test_project_that_offers_nothing_is_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        propose_study(project(tmp_path, files))


def test_missing_project(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="there is no directory"):
        propose_study(tmp_path / "nowhere")
