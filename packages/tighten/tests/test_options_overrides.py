"""Variables and options win over the study file, and every value says where it comes from."""

from __future__ import annotations

import contextlib
import json
import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tighten.errors import StudyError
from tighten.options import Options, load
from tighten.options.quantities import format_duration, format_size, parse_duration, parse_size
from tighten.options.sources import dotted, key_parts, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping

STUDY = """\
[study]
max_trials = 5
cpus = 2

[benchmark]
command = "./bench {result}"

[[case]]
name = "size_10000"
target = 1.5

[[case]]
name = "a.b c"

[[parameter]]
name = "jobs"
argument = "--jobs {value}"
default = 1
range = { low = 1, high = "{cpus}" }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("project") / "tighten.toml"
    path.write_text(STUDY)
    return path


def loaded(study: Path, overrides: Mapping[str, str], **environment: str) -> Options:
    return load(study, overrides=overrides, environment=environment)


def fault(study: Path, overrides: Mapping[str, str], **environment: str) -> str:
    with pytest.raises(StudyError) as caught:
        loaded(study, overrides, **environment)
    return str(caught.value).replace(f"{study.parent}/", "")


class TestPrecedence:
    def test_option_over_variable_over_file_over_default(self, study: Path) -> None:
        key = "study.max_trials"
        assert loaded(study, {}).limits.max_trials == 5
        assert loaded(study, {}, TIGHTEN_MAX_TRIALS="6").limits.max_trials == 6
        assert loaded(study, {key: "7"}, TIGHTEN_MAX_TRIALS="6").limits.max_trials == 7

    def test_source_of_each(self, study: Path) -> None:
        overrides = {"study.time_budget": "1 h", "case.size_10000.target": "2"}
        sources = loaded(study, overrides, TIGHTEN_SEED="3").sources
        assert sources["study.max_trials"] == "tighten.toml:2"
        assert sources["study.seed"] == "$TIGHTEN_SEED"
        assert sources["study.time_budget"] == "--time-budget"
        assert sources["case.size_10000.target"] == "--option case.size_10000.target"
        assert sources["decision.alpha"] == "default"

    def test_empty_variable_counts_as_unset(self, study: Path) -> None:
        assert loaded(study, {}, TIGHTEN_MAX_TRIALS="").limits.max_trials == 5


class TestValues:
    def test_value_takes_the_type_of_its_key(self, study: Path) -> None:
        options = loaded(
            study,
            {
                "study.name": "10",
                "study.time_budget": "90 s",
                "case.size_10000.goal": "maximize",
                "case.size_10000.primary": "true",
                "benchmark.env.OMP": "007",
                "machine.pin": "[0]",
                "convergence.stagnation.trials": "4",
                "parameter.jobs.default": "2",
                "parameter.jobs.range.high": "{cpus}",
                "constraints.few": "jobs <= 2",
            },
        )
        assert (options.name, options.limits.time_budget) == ("10", 90.0)
        assert (options.cases[0].goal, options.cases[0].primary) == ("maximize", True)
        assert options.benchmark.command.env == {"OMP": "007"}
        assert options.benchmark.conditions.pin == (0,)
        assert options.limits.stagnation_trials == 4
        assert options.parameters[0].binding.read(study.parent).value == 2
        assert options.constraints == {"few": "jobs <= 2"}

    def test_entry_whose_name_holds_dots_is_quoted(self, study: Path) -> None:
        assert loaded(study, {'case."a.b c".weight': "3"}).cases[1].weight == 3.0

    def test_paths_are_relative_to_where_they_were_written(
        self, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert loaded(study, {}).state == study.parent / ".tighten"
        assert loaded(study, {}, TIGHTEN_STATE="here").state == tmp_path / "here"
        assert loaded(study, {"study.state": "/srv/x"}).state == Path("/srv/x")


@pytest.mark.parametrize(
    ("overrides", "environment", "message"),
    [
        (
            {},
            {"TIGHTEN_MAX_TRIALS": "many"},
            '$TIGHTEN_MAX_TRIALS: study.max_trials = "many": must be a whole number, at least 1',
        ),
        (
            {"study.time_budget": "5"},
            {},
            (
                '--time-budget: study.time_budget = "5": must be a positive number with a unit '
                '(s, m, min, h, d), as in "90 s"'
            ),
        ),
        (
            {"search.strategy": "grids"},
            {},
            '--strategy: search.strategy = "grids": unknown strategy; did you mean `grid`?',
        ),
        (
            {"study.max_trails": "5"},
            {},
            "--option study.max_trails: unknown key `max_trails`; did you mean `max_trials`?",
        ),
        (
            {"case.size_1000.target": "5"},
            {},
            (
                "--option case.size_1000.target: there is no case `size_1000`; did you mean "
                "`size_10000`?"
            ),
        ),
        (
            {"study": "5"},
            {},
            "--option study: `study` is a table; set one key of it, as in study.name",
        ),
        (
            {"gate.x.rtol": "5"},
            {},
            "--option gate.x.rtol: there is no gate `x`; there are none",
        ),
    ],
)
def test_fault_names_the_variable_or_option(
    study: Path, overrides: dict[str, str], environment: dict[str, str], message: str
) -> None:
    assert fault(study, overrides, **environment) == message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    trials=st.integers(1, 10**9),
    target=st.floats(1e-300, 1e300),
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
)
def test_any_override_arrives_unchanged(study: Path, trials: int, target: float, text: str) -> None:
    options = loaded(
        study,
        {
            "study.max_trials": str(trials),
            "case.size_10000.target": repr(target),
            "case.size_10000.select": text,
        },
    )
    assert (options.limits.max_trials, options.cases[0].target) == (trials, target)
    assert options.cases[0].select == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=4))
def test_dotted_key_reads_back(parts: list[str]) -> None:
    assert key_parts(dotted(tuple(parts))) == tuple(parts)


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("90 s", 90.0), ("2 m", 120.0), ("30 min", 1800.0), ("1.5 h", 5400.0), ("1d", 86400.0)],
    )
    def test_is_a_number_and_a_unit(self, text: str, seconds: float) -> None:
        assert parse_duration(text) == seconds

    @pytest.mark.parametrize(
        "text",
        ["", "90", "s", "-1 s", "0 s", "1e3 s", "1 sec", "1 H", "1 h 5 min", "nan s", "1,5 h",
         "\N{ARABIC-INDIC DIGIT ONE} s", "1" * 400 + " s", ".5 h", "5. h"],
    )  # fmt: skip
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="must be a positive number with a unit"):
            parse_duration(text)

    @given(st.floats(1e-3, 1e8), st.sampled_from(["s", "m", "min", "h", "d"]))
    def test_scales_with_its_unit(self, amount: float, unit: str) -> None:
        one = parse_duration(f"1 {unit}")
        assert math.isclose(parse_duration(f"{amount:.6f} {unit}"), round(amount, 6) * one)

    @given(st.integers(1, 10**9))
    def test_formatted_one_reads_back(self, seconds: int) -> None:
        assert parse_duration(format_duration(seconds)) == seconds

    @given(st.text())
    def test_no_text_gives_anything_but_a_positive_number_or_an_error(self, text: str) -> None:
        with contextlib.suppress(ValueError):
            assert 0 < parse_duration(text) < math.inf


class TestSize:
    def test_units(self) -> None:
        assert [parse_size(text) for text in ("1 B", "1.5 kB", "16 MiB", "1 GiB")] == [
            1,
            1500,
            2**24,
            2**30,
        ]

    def test_part_of_a_byte_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"must be a whole number of bytes, not 0\.5"):
            parse_size("0.5 B")

    @given(st.integers(1, 2**50))
    def test_formatted_one_reads_back(self, size: int) -> None:
        assert parse_size(format_size(size)) == size


_KEYS = st.text("ab-_ .\"'é", min_size=1, max_size=5)
_VALUES = st.recursive(
    st.integers(0, 99) | st.text("x#[]=\"'", max_size=5) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{dotted((key,))} = {_inline(one)}" for key, one in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return "".join(["[\n", *(f"  {_inline(one)}, # [ = \n" for one in value), "]"])
    return json.dumps(value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=3), min_size=1, max_size=4))
def test_line_of_every_key_is_where_it_stands(
    tmp_path: Path, tables: list[dict[str, object]]
) -> None:
    blocks = [
        "".join(["[[entry]]\n", *(f"{dotted((k,))} = {_inline(v)}\n" for k, v in table.items())])
        for table in tables
    ]
    file = tmp_path / "any.toml"
    file.write_text("\n".join(blocks), encoding="utf-8")
    document = read_document(file)
    lines = file.read_text(encoding="utf-8").split("\n")
    assert document.values == tomllib.loads(file.read_text(encoding="utf-8"))
    for index, table in enumerate(tables):
        assert lines[document.lines["entry", index] - 1] == "[[entry]]"
        for key in table:
            line = lines[document.lines["entry", index, key] - 1]
            assert line.startswith(f"{dotted((key,))} = ")
