"""Profiles in the formats of other tools: small files that the tools themselves wrote."""

from __future__ import annotations

import gzip
import json
import pstats
from pathlib import Path

import pytest
from tighten.errors import StudyError
from tighten.profile import Profile, exported, read_profile
from tighten.profile.model import Frame, Provenance, Stack, StackOrigin

DATA = Path(__file__).parents[1] / "data" / "profiles"
FILES = sorted(DATA.iterdir())


def named(file: str) -> Profile:
    return read_profile(DATA / file)


def own(profile: Profile, function: str) -> float:
    return sum(cost.own for cost in profile.functions() if cost.function == function)


def test_py_spy_speedscope_has_threads_lines_and_waiting_for_the_gil() -> None:
    profile = named("py-spy.speedscope.json")
    assert profile.provenance.tool == "py-spy"
    assert profile.provenance.samples == 57
    assert profile.total == pytest.approx(0.57)
    assert set(profile.threads) == {"main", "side"}
    term = next(cost for cost in profile.functions() if cost.function == "term")
    assert (term.file, term.hottest_line) == ("/project/small.py", 6)
    assert own(profile, "take_gil") == pytest.approx(0.22)


def test_py_spy_raw_takes_its_frames_apart() -> None:
    profile = named("py-spy.raw.txt")
    assert (profile.unit, profile.total) == ("samples", 40)
    assert own(profile, "term") == 17
    assert {frame.file for frame in profile.stacks[0].frames} == {"small.py", "threading.py"} or {
        frame.file for frame in profile.stacks[0].frames
    } == {"small.py"}


def test_pstats_keeps_every_own_time() -> None:
    path = DATA / "cprofile.pstats"
    profile = read_profile(path)
    table = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
    assert profile.provenance.stacks is StackOrigin.CALL_GRAPH
    expected = {(name, "" if file == "~" else file): 0.0 for file, _, name in table}
    for (file, _, name), row in table.items():
        expected[name, "" if file == "~" else file] += row[2]
    found = {(cost.function, cost.file): cost.own for cost in profile.functions()}
    assert sum(found.values()) == pytest.approx(sum(expected.values()), rel=1e-9)
    for key, seconds in expected.items():
        assert found.get(key, 0.0) == pytest.approx(seconds, rel=1e-6, abs=1e-9), key


def test_pstats_total_of_a_caller_covers_what_it_calls() -> None:
    totals = {cost.function: cost.total for cost in named("cprofile.pstats").functions()}
    table = pstats.Stats(str(DATA / "cprofile.pstats")).stats  # type: ignore[attr-defined]
    partial = next(row[3] for (_, _, name), row in table.items() if name == "partial")
    assert totals["partial"] == pytest.approx(partial, rel=0.02)


def test_perf_script_gives_seconds_and_plain_names() -> None:
    profile = named("perf.script.txt")
    assert (profile.unit, profile.provenance.samples) == ("s", 11)
    assert own(profile, "inner") == pytest.approx(11 / 49, rel=1e-6)  # 49 samples per second
    assert [frame.function for frame in profile.stacks[0].frames][-2:] == ["main", "inner"]


def test_callgrind_counts_add_up_to_its_own_summary() -> None:
    profile = named("callgrind.out")
    summary = next(
        line
        for line in (DATA / "callgrind.out").read_text().splitlines()
        if line.startswith(("summary:", "totals:"))
    )
    assert profile.unit == "instructions"
    assert profile.total == pytest.approx(float(summary.split()[1]), rel=1e-9)
    inner = next(cost for cost in profile.functions() if cost.function == "inner")
    assert (inner.file, inner.hottest_line) == ("/project/hot.c", 4)
    outer = next(cost for cost in profile.functions() if cost.function == "outer")
    assert outer.total == pytest.approx(inner.own + outer.own, rel=1e-6)


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_speedscope_and_back_loses_nothing(file: Path, tmp_path: Path) -> None:
    profile = read_profile(file)
    (tmp_path / "stored").write_bytes(exported(profile, "speedscope"))
    again = read_profile(tmp_path / "stored")
    assert again == profile


@pytest.mark.parametrize("form", ["collapsed", "pstats"])
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_own_cost_survives_other_formats(file: Path, form: str, tmp_path: Path) -> None:
    profile = read_profile(file)
    (tmp_path / "stored").write_bytes(exported(profile, form))
    again = read_profile(tmp_path / "stored")
    assert again.total / profile.total in (pytest.approx(1, rel=1e-3), pytest.approx(1e6, rel=1e-3))
    for a, b in zip(profile.functions()[:3], again.functions()[:3], strict=True):
        assert b.function == a.function
        assert b.own / again.total == pytest.approx(a.own / profile.total, abs=1e-3)


def fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """Decode a protocol buffer message one level deep, by the wire format's definition."""
    found: list[tuple[int, int | bytes]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            assert key & 7 == 2
            size = varint()
            found.append((key >> 3, message[at : at + size]))
            at += size
    return found


def test_pprof_holds_every_stack_with_its_functions() -> None:
    frames = (Frame("main", "a.c", 3), Frame("inner", "a.c", 7))
    profile = Profile.of([Stack(frames, 0.25), Stack(frames[:1], 0.5, "side")])
    message = fields(gzip.decompress(exported(profile, "pprof")))
    strings = [bytes(value).decode() for number, value in message if number == 6]  # type: ignore[arg-type]
    assert strings[0] == ""
    functions = {}
    for number, value in message:
        if number == 5:
            parts = dict(fields(value))  # type: ignore[arg-type]
            functions[parts[1]] = strings[int(parts[2])]
    locations = {}
    for number, value in message:
        if number == 4:
            parts = dict(fields(value))  # type: ignore[arg-type]
            line = dict(fields(parts[4]))  # type: ignore[arg-type]
            locations[parts[1]] = functions[line[1]], line[2]
    samples = [dict(fields(value)) for number, value in message if number == 2]  # type: ignore[arg-type]
    stacks = [[locations[one] for one in sample[1]] for sample in samples]  # type: ignore[union-attr]
    assert stacks == [[("main", 3)], [("inner", 7), ("main", 3)]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x7fELF\x02\x01", "is no profile in any known format"),
        (b"hello world\n", "is no profile in any known format"),
        ((DATA / "py-spy.speedscope.json").read_bytes()[:2000], "truncated or no JSON"),
        (b'{"profiles": [], "shared": {"frames": []}}', "without a single sample"),
        ((DATA / "cprofile.pstats").read_bytes()[:9000], "truncated or no pstats file"),
        ((DATA / "callgrind.out").read_bytes()[:6000], "line 655 cannot be understood"),
        ((DATA / "callgrind.out").read_bytes()[:5996] + b"\n", "it is truncated: "),
        (
            (DATA / "perf.script.txt").read_bytes()[:1500] + b"\n\xff\xfe garbage",
            "starts no sample",
        ),
        ((DATA / "py-spy.raw.txt").read_bytes() * 8 + b"half a li", "no stack with a count"),
        (json.dumps({"profiles": 3, "shared": {"frames": []}}).encode(), "damaged"),
    ],
)
def test_damaged_and_foreign_files_are_one_clear_error(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "profile"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        read_profile(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"cannot read the profile .*nowhere: No such file"):
        read_profile(tmp_path / "nowhere")


def test_evented_speedscope_weighs_by_time(tmp_path: Path) -> None:
    events = [("O", 0, 0), ("O", 1, 1), ("C", 1, 4), ("C", 0, 6)]
    document = {
        "shared": {"frames": [{"name": "a"}, {"name": "b"}]},
        "profiles": [
            {
                "type": "evented",
                "name": "x",
                "unit": "milliseconds",
                "events": [{"type": t, "frame": f, "at": at} for t, f, at in events],
            }
        ],
    }
    (tmp_path / "p").write_text(json.dumps(document))
    profile = read_profile(tmp_path / "p")
    assert {cost.function: cost.own for cost in profile.functions()} == {
        "a": pytest.approx(0.003),
        "b": pytest.approx(0.003),
    }


def test_provenance_is_stored(tmp_path: Path) -> None:
    told = Provenance(tool="perf", command="./x 3", reason="why", samples=4, seconds=1.5)
    profile = Profile.of([Stack((Frame("f"),), 1.0)], provenance=told)
    (tmp_path / "p").write_bytes(exported(profile, "speedscope"))
    assert read_profile(tmp_path / "p").provenance == told
