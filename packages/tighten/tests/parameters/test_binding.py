"""Parameters, the environment, the command line, and edits of whole files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tighten.errors import BindingError, StudyError
from tighten.parameters import (
    Binding,
    Configuration,
    Domain,
    Parameter,
    arguments,
    edited_files,
    environment,
)
from tighten.parameters.binding import Argument, EnvironmentVariable, FileBinding, word
from tighten.parameters.document import ConfigKey
from tighten.parameters.domain import Choices, Flag, FloatRange, IntegerRange
from tighten.parameters.source import SourceConstant


def in_source(
    name: str, domain: Domain | None = None, *, constant: str = "", file: str = "a.rs"
) -> Parameter:
    binding = SourceConstant(parameter=name, file=Path(file), name=constant or name)
    return Parameter(name=name, domain=domain or IntegerRange(0, 10), binding=binding)


def test_words_for_processes() -> None:
    assert [word(v) for v in (True, False, 3, -0.5, 1e-9, "a b")] == [
        "true", "false", "3", "-0.5", "1e-09", "a b",
    ]  # fmt: skip


def test_environment_and_arguments_carry_a_configuration() -> None:
    jobs = EnvironmentVariable(parameter="jobs", variable="JOBS", default=2)
    mode = Argument(parameter="mode", template="--mode {value} -v")
    rate = Argument(parameter="rate", template="'--rate={value} x'", default=0.5)
    parameters = [
        Parameter(name="jobs", domain=IntegerRange(1, 8), binding=jobs),
        Parameter(name="mode", domain=Choices(("fast", "two words")), binding=mode),
        Parameter(name="rate", domain=FloatRange(0.0, 1.0), binding=rate),
    ]
    configuration: Configuration = {"jobs": 4, "mode": "two words", "rate": 0.25}
    assert environment(parameters, configuration) == {"JOBS": "4"}
    assert arguments(parameters, configuration) == ["--mode", "two words", "-v", "--rate=0.25 x"]
    assert environment(parameters, {}) == {}
    assert arguments(parameters, {"rate": 1.0}) == ["--rate=1.0 x"]
    assert edited_files(parameters, configuration, Path("nowhere")) == {}


def test_reading_a_process_binding_gives_its_default(tmp_path: Path) -> None:
    binding = EnvironmentVariable(parameter="jobs", variable="JOBS", default=2.0)
    reading = Parameter(name="jobs", domain=IntegerRange(1, 8), binding=binding).read(tmp_path)
    assert reading.value == 2
    assert isinstance(reading.value, int)
    assert reading.place is None
    assert Argument(parameter="x", template="-x {value}").read(tmp_path).value is None


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Argument(parameter="x", template="--jobs"), "has no {value}"),
        (lambda: Argument(parameter="x", template="'--jobs {value}"), "cannot be split"),
        (lambda: EnvironmentVariable(parameter="x", variable="A=B"), "environment variable"),
        (lambda: EnvironmentVariable(parameter="x", variable=""), "environment variable"),
    ],
)
def test_malformed_process_bindings_are_refused(build: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        build()


def test_bindings_satisfy_the_protocol() -> None:
    config = ConfigKey(parameter="k", file=Path("a.toml"), format="toml", key="k")
    assert isinstance(config, FileBinding)
    assert isinstance(in_source("A").binding, FileBinding)
    variable = EnvironmentVariable(parameter="x", variable="X")
    assert isinstance(variable, Binding)
    assert not isinstance(variable, FileBinding)
    assert [b.kind for b in (config, in_source("A").binding, variable)] == ["toml", "source", "env"]


def test_several_parameters_of_one_file_are_written_together(tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_bytes(b"const A: u8 = 1;\r\nconst B: u32 = 20_000; const C: u8 = 3;")
    (tmp_path / "b.rs").write_bytes(b"const D: u8 = 1;")
    parameters = [in_source("C"), in_source("B"), in_source("A"), in_source("D", file="b.rs")]
    files = edited_files(parameters, {"A": 100, "B": 7_500_000, "C": 3, "D": 1}, tmp_path)
    expected = b"const A: u8 = 100;\r\nconst B: u32 = 7_500_000; const C: u8 = 3;"
    assert files == {Path("a.rs"): expected}


def test_two_parameters_at_one_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_bytes(b"const A: u8 = 1;")
    parameters = [in_source("one", constant="A"), in_source("two", constant="A")]
    with pytest.raises(BindingError, match="same place"):
        edited_files(parameters, {"one": 2, "two": 3}, tmp_path)


@pytest.mark.parametrize(
    ("file", "message"),
    [("/etc/x.rs", "outside"), ("../x.rs", "outside"), ("no.rs", "there is no file no.rs")],
)
def test_files_must_be_in_the_project(tmp_path: Path, file: str, message: str) -> None:
    with pytest.raises(BindingError, match=message) as caught:
        in_source("A", file=file).read(tmp_path)
    assert caught.value.parameter == "A"


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.rs").mkdir()
    with pytest.raises(BindingError, match=r"cannot read a\.rs"):
        in_source("A").read(tmp_path)


def test_check_tries_the_whole_domain_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.rs"
    file.write_bytes(b"const A: u8 = 1;")
    assert in_source("A", IntegerRange(0, 255)).check(tmp_path).value == 1
    with pytest.raises(BindingError, match="256 does not fit u8"):
        in_source("A", IntegerRange(0, 256)).check(tmp_path)
    with pytest.raises(BindingError, match="3000 does not fit u8"):
        in_source("A", IntegerRange(0, 3000)).check(tmp_path)
    with pytest.raises(BindingError, match="false does not fit u8"):
        in_source("A", Flag()).check(tmp_path)
    assert file.read_bytes() == b"const A: u8 = 1;"
