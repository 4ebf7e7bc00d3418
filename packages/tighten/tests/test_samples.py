"""Result formats, on files written by the tools themselves, and the number a pair takes from them.

The files under ``data/results`` come from pytest-benchmark 5.3, pyperf 2.10, hyperfine 1.15, asv
0.6, Google Benchmark 1.7 and Criterion 0.5, with the facts about the machine removed.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tighten.decision import Case, Goal
from tighten.errors import FailureKind, StudyError, TrialError
from tighten.pace import pace
from tighten.samples import (
    FORMATS,
    Disturbances,
    Launch,
    Metric,
    Statistic,
    launch_value,
    pair_values,
    read_result,
)

DATA = Path(__file__).parent / "data" / "results"


def launch(
    *values: float, wall: float = 1.0, cpu: float = 1.0, switches: int = 0, metric: str = "time"
) -> Launch:
    return Launch(
        result={"sort": {metric: Metric(values, "s" if metric == "time" else "1")}},
        wall=wall,
        cpu=cpu,
        involuntary_switches=switches,
        load=0.0,
        source=Path("result.json"),
    )


def test_tighten_format_with_its_shorthands(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(
        '{"schema": "tighten-result-1", "info": {"threads": 2}, "cases": {"size_10": {'
        '"time": {"unit": "s", "values": [0.5, 0.25]}, "speedup": 1.5, "rate": [3, 4],'
        '"bare": {"values": [1.0]}}, "size_20": {"time": 2}}}'
    )
    assert read_result(file, "tighten") == {
        "size_10": {
            "time": Metric((0.5, 0.25), "s"),
            "speedup": Metric((1.5,), "1"),
            "rate": Metric((3.0, 4.0), "1"),
            "bare": Metric((1.0,), "1"),
        },
        "size_20": {"time": Metric((2.0,), "s")},
    }


def test_speedup_table_takes_rows_of_one_size_as_repetitions(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    rows = [
        {"size": 10000, "speedup_vs_numpy": 0.93, "time": 0.5, "label": "a", "ok": True},
        {"size": 10000, "speedup_vs_numpy": 0.95, "time": 0.4},
        {"size": 1e6, "speedup_vs_numpy": 1.4},
    ]
    file.write_text(json.dumps({"batch": rows, "timestamp": "2025-01-01"}))
    assert read_result(file, "speedup-table") == {
        "size_10000": {
            "speedup_vs_numpy": Metric((0.93, 0.95), "1"),
            "time": Metric((0.5, 0.4), "s"),
        },
        "size_1000000": {"speedup_vs_numpy": Metric((1.4,), "1")},
    }


def test_pytest_benchmark_holds_every_timing_and_the_extra_numbers() -> None:
    result = read_result(DATA / "pytest-benchmark.json", "pytest-benchmark")
    assert list(result) == ["test_sum[10]", "test_sum[100]"]
    assert len(result["test_sum[10]"]["time"].values) == 4
    assert result["test_sum[100]"]["items"] == Metric((100.0,), "1")


def test_pytest_benchmark_uses_full_names_where_names_repeat(tmp_path: Path) -> None:
    rows = [
        {"name": "test_a", "fullname": f"{module}.py::test_a", "stats": {"data": [1.0]}}
        for module in ("x", "y")
    ]
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"benchmarks": rows}))
    assert list(read_result(file, "pytest-benchmark")) == ["x.py::test_a", "y.py::test_a"]


def test_pytest_benchmark_without_timings_is_refused(tmp_path: Path) -> None:
    row = {"name": "test_a", "fullname": "x.py::test_a", "stats": {"mean": 1.0}}
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"benchmarks": [row]}))
    with pytest.raises(TrialError, match=r"benchmarks\[0\]\.stats.*mean"):
        read_result(file, "pytest-benchmark")


def test_pyperf_joins_the_values_of_all_processes() -> None:
    result = read_result(DATA / "pyperf.json", "pyperf")
    assert result["sorted"]["time"].unit == "s"
    assert len(result["sorted"]["time"].values) == 6


def test_hyperfine_cases_are_names_of_commands() -> None:
    result = read_result(DATA / "hyperfine.json", "hyperfine")
    assert list(result) == ["sleep", "sleep 0.01"]
    assert result["sleep 0.01"]["time"].values[0] == pytest.approx(0.0116, rel=0.01)
    assert result["sleep 0.01"]["user"].unit == "s"


def test_hyperfine_run_with_another_exit_status_is_a_crash() -> None:
    with pytest.raises(TrialError, match=r"exit status 0 at results\[0\]\.exit_codes\[0\]") as info:
        read_result(DATA / "hyperfine-failing.json", "hyperfine")
    assert info.value.kind is FailureKind.CRASH


def test_asv_names_cases_by_parameters_and_leaves_out_what_failed() -> None:
    result = read_result(DATA / "asv.json", "asv")
    assert set(result) == {
        "b.Sort.time_sorted(10, 'a')",
        "b.Sort.time_sorted(10, 'b')",
        "b.Sort.time_sorted(100, 'a')",
        "b.peakmem_list",
        "b.time_plain",
        "b.track_size",
    }
    assert len(result["b.Sort.time_sorted(100, 'a')"]["time"].values) == 3
    assert result["b.track_size"] == {"track": Metric((42.0,), "1")}


def test_google_benchmark_collects_repetitions_and_falls_back_to_the_median() -> None:
    rows = json.loads((DATA / "google-benchmark.json").read_text())["benchmarks"]
    result = read_result(DATA / "google-benchmark.json", "google-benchmark")
    copied = [row for row in rows if row["run_type"] == "iteration"]
    copy = result[copied[0]["name"]]
    assert copy["time"].unit == "s"
    expected = [row["real_time"] * 1e-9 for row in copied]
    assert copy["time"].values == pytest.approx(expected, rel=1e-14)
    assert len(copy["bytes_per_second"].values) == 2
    median = next(
        row for row in rows if row["name"].startswith("BM_Sort") and "median" in row["name"]
    )
    expected = [median["real_time"] * 1e-3]
    assert result[median["run_name"]]["time"].values == pytest.approx(expected, rel=1e-14)


def test_google_benchmark_error_is_a_crash() -> None:
    with pytest.raises(TrialError, match="no input file") as info:
        read_result(DATA / "google-benchmark-failing.json", "google-benchmark")
    assert info.value.kind is FailureKind.CRASH


def test_criterion_divides_each_sample_by_its_iterations() -> None:
    result = read_result(DATA / "criterion", "criterion")
    assert set(result) == {"plain", "sum/1000"}
    sample = json.loads((DATA / "criterion/sum/1000/new/sample.json").read_text())
    expected = [t / n * 1e-9 for t, n in zip(sample["times"], sample["iters"], strict=True)]
    assert result["sum/1000"]["time"].values == pytest.approx(expected, rel=1e-15)


def test_criterion_without_samples_gives_its_own_median(tmp_path: Path) -> None:
    new = tmp_path / "group" / "new"
    new.mkdir(parents=True)
    (new / "estimates.json").write_text('{"median": {"point_estimate": 250.0}}')
    result = read_result(tmp_path, "criterion")
    assert result["group"]["time"].values == pytest.approx((2.5e-7,), rel=1e-15)


@pytest.mark.parametrize("format_", FORMATS)
def test_missing_file_names_the_file(tmp_path: Path, format_: str) -> None:
    with pytest.raises(TrialError, match=r"nothing-here") as info:
        read_result(tmp_path / "nothing-here", format_)
    assert info.value.kind is FailureKind.RESULT


def test_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"'xml'.*tighten, pytest-benchmark"):
        read_result(tmp_path, "xml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON: .*line 1, column 2"),
        ("[]", r"expected an object, found \[\]"),
        ("[" * 100_000, "nested too deeply|not JSON"),
        ("{}", "an object with 'schema'; it has nothing"),
        ('{"schema": "other"}', 'expected "tighten-result-1" at schema, found "other"'),
        ('{"schema": "tighten-result-1", "cases": {}}', "no case"),
        ('{"schema": "tighten-result-1", "cases": [1]}', "an object at cases"),
        ('{"schema": "tighten-result-1", "cases": {"a": {"time": "fast"}}}', r"cases\.a\.time"),
        ('{"schema": "tighten-result-1", "cases": {"a": {"time": true}}}', r"cases\.a\.time"),
        ('{"schema": "tighten-result-1", "cases": {"a": {"time": null}}}', r"cases\.a\.time"),
        ('{"schema": "tighten-result-1", "cases": {"a": {"time": []}}}', "at least one number"),
        (
            '{"schema": "tighten-result-1", "cases": {"a": {"time": [1, "x"]}}}',
            r'a number at cases\.a\.time\[1\], found "x"',
        ),
        (
            '{"schema": "tighten-result-1", "cases": {"a": {"t": {"unit": "ms", "values": [1]}}}}',
            'the unit "s" or "1"',
        ),
    ],
)
def test_wrong_result_says_where_and_what(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "result.json"
    file.write_text(text)
    with pytest.raises(TrialError, match=said) as info:
        read_result(file, "tighten")
    assert info.value.kind is FailureKind.RESULT
    assert "result.json" in str(info.value)


def test_result_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_bytes(b'{"a": "\xff\xfe"}')
    with pytest.raises(TrialError, match=r"not JSON|not UTF-8"):
        read_result(file, "tighten")


@pytest.mark.parametrize("columns", [[], ["result"], ["params", "other"]])
def test_an_asv_file_without_its_columns_is_refused(tmp_path: Path, columns: list[str]) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"result_columns": columns, "results": {"time_sort": [1, 2]}}))
    with pytest.raises(TrialError, match=r'"result" and "params" at results\.time_sort'):
        read_result(file, "asv")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
keys = st.sampled_from(["schema", "cases", "batch", "benchmarks", "results", "result_columns"])


@given(st.dictionaries(keys, json_values), st.sampled_from(sorted(set(FORMATS) - {"criterion"})))
def test_no_document_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, object], format_: str
) -> None:
    file = tmp_path_factory.mktemp("any") / "result.json"
    file.write_text(json.dumps(document))
    with suppress(TrialError):
        assert read_result(file, format_)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_value_that_is_no_measurement_names_file_case_metric_and_value(value: float) -> None:
    with pytest.raises(TrialError) as info:
        launch_value(launch(1.0, value), Case(name="sort"))
    assert info.value.kind is FailureKind.METRIC
    for part in ("result.json", "'time'", "'sort'", repr(value)):
        assert part in str(info.value)


def test_missing_case_and_metric_list_what_there_is() -> None:
    with pytest.raises(TrialError, match=r"no case 'merge' in the result, which has sort"):
        launch_value(launch(1.0), Case(name="merge"))
    with pytest.raises(TrialError, match=r"no metric 'speed' in the result, which has time"):
        launch_value(launch(1.0), Case(name="sort", metric="speed"))


def test_selected_name_may_differ_from_the_case() -> None:
    assert launch_value(launch(2.0), Case(name="short", select="sort")) == 2.0


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [(Statistic.AUTO, 1.0), (Statistic.MIN, 1.0), (Statistic.MEDIAN, 2.0), (Statistic.MEAN, 3.0)],
)
def test_statistic_condenses_the_repetitions(statistic: Statistic, expected: float) -> None:
    assert launch_value(launch(6.0, 1.0, 2.0), Case(name="sort", statistic=statistic)) == expected


def test_automatic_statistic_is_the_median_for_threads_and_other_metrics() -> None:
    case = Case(name="sort")
    assert launch_value(launch(6.0, 1.0, 2.0, cpu=1.5), case) == 2.0
    speed = Case(name="sort", metric="speed", goal=Goal.MAXIMIZE)
    assert launch_value(launch(6.0, 1.0, 2.0, metric="speed"), speed) == 2.0


def test_both_sides_of_a_pair_use_the_same_statistic() -> None:
    threaded, single = launch(6.0, 1.0, 2.0, cpu=1.5), launch(5.0, 3.0, 4.0)
    expected = ({"sort": 2.0}, {"sort": 4.0})
    assert pair_values(threaded, single, [Case(name="sort")]) == expected
    assert pair_values(single, threaded, [Case(name="sort")]) == expected[::-1]


def after(count: int, *, wall: float) -> Disturbances:
    memory = Disturbances()
    memory.hit(launch(1.0, wall=wall, switches=2) for _ in range(count))
    return memory


def test_launch_that_waited_and_was_preempted_is_contaminated() -> None:
    assert after(5, wall=1.05).hit([launch(1.0, wall=1.5, switches=9)])
    assert not after(5, wall=1.05).hit([launch(1.0, wall=1.5, switches=1)])
    assert not after(5, wall=1.05).hit([launch(1.0, wall=1.1, switches=9)])
    assert not Disturbances().hit([launch(1.0, wall=9.0, switches=9)])


def test_one_disturbed_launch_spoils_the_pair() -> None:
    usual, disturbed = launch(1.0, wall=1.05, switches=2), launch(1.0, wall=1.5, switches=9)
    assert after(5, wall=1.05).hit([usual, disturbed])
    assert after(5, wall=1.05).hit([disturbed, usual])


def test_a_processor_that_changes_its_speed_spoils_the_pair() -> None:
    pair = [launch(1.0), launch(1.0)]
    steady, other = [(1.0, 2.0), (1.05, 2.1), (1.0, 2.0)], [(1.0, 2.0), (1.0, 2.0), (1.0, 2.3)]
    memory = Disturbances()
    assert not memory.hit(pair, steady)
    assert memory.hit(pair, other)
    assert not memory.hit(pair, [(), (), ()])


def test_a_machine_that_is_never_steady_is_its_own_standard() -> None:
    pair = [launch(1.0), launch(1.0)]
    memory = Disturbances()
    swings = [memory.hit(pair, [(1.0,), (1.3,), (1.0,)]) for _ in range(5)]
    assert swings == [True, False, False, False, False]
    assert memory.hit(pair, [(1.0,), (1.4,), (1.0,)])


def test_the_pace_of_a_processor_is_taken_where_it_is_asked_for() -> None:
    usable = os.sched_getaffinity(0)
    seconds = pace(sorted(usable))
    assert len(seconds) == len(usable)
    assert all(0.0 < one < 1.0 for one in seconds)
    assert os.sched_getaffinity(0) == usable
    assert pace(()) == ()


def test_launch_that_always_waits_is_its_own_standard() -> None:
    assert not after(5, wall=5.0).hit([launch(1.0, wall=5.5, switches=9)])


def test_what_is_usual_is_said_by_the_last_launches_only() -> None:
    memory = after(5, wall=5.0)
    memory.hit(launch(1.0, wall=1.05, switches=2) for _ in range(64))
    assert memory.hit([launch(1.0, wall=1.5, switches=9)])
