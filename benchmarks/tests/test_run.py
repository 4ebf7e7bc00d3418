"""The command that runs the benchmarks, on real ones in their quick form."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import registry, run
from benchmarks.documents import machine_line, write_documents
from benchmarks.figures import Figure, as_json
from benchmarks.registry import Benchmark

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = {
    "cpu": "Example 9000",
    "cores": 2,
    "memory_bytes": 8 * 2**30,
    "kernel": "Linux 6.1",
    "load": [0.25, 0.5, 0.75],
    "python": "CPython 3.11.7",
    "packages": {"numpy": "2.0.0"},
}


def report(value: float, **facts: Any) -> dict[str, Any]:
    figure = Figure(what="a | b", value=value, unit="ms", at_most=20.0)
    known = {"measured": "2026-08-01T10:00:00+00:00", "command": "python -m x", "processes": 1}
    return as_json([figure], **known, seconds=3.2, machine=MACHINE, **facts)


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with the two documents that two made-up entries need."""
    entries = tuple(Benchmark(name=name, module="x", document="some") for name in ("one", "two"))
    monkeypatch.setattr("benchmarks.documents.BENCHMARKS", entries)
    for file, names in (("README.md", ["summary"]), ("some.md", ["one", "two"])):
        markers = (
            f"<!-- tighten:bench-{n}:begin -->\n<!-- tighten:bench-{n}:end -->" for n in names
        )
        (tmp_path / file).write_text("# Title\n\n" + "\n\n".join(markers) + "\n")
    return tmp_path


def test_one_quick_benchmark_gives_a_table_and_a_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "numbers.json"
    assert run.main(["startup", "--quick", "--json", str(file)]) == 0
    out, err = capfd.readouterr()
    assert "processors" in out.splitlines()[0]
    assert "`tighten --help`, processor time" in out
    assert "python -m benchmarks.tighten.startup" in out
    assert "[1 of 1] startup" in err
    assert json.loads(file.read_text())["startup"]["figures"][0]["unit"] == "s"


def test_benchmark_that_fails_is_a_line_of_the_table_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Benchmark(name="broken", module="benchmarks.no_such_module")
    silent = Benchmark(name="silent", module="this")  # prints the Zen of Python, writes nothing
    for name in ("registry", "run"):
        monkeypatch.setattr(f"benchmarks.{name}.BENCHMARKS", (broken, silent))
    assert run.main(["--quick"]) == 1
    out = capfd.readouterr().out
    assert "broken  " in out
    assert "wrote no numbers" in out
    assert out.count("NO") == 2


def test_what_the_machine_cannot_run_is_no_pass_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "needs_more.py").write_text("raise SystemExit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name in ("registry", "run"):
        entries = (Benchmark(name="wide", module="needs_more"),)
        monkeypatch.setattr(f"benchmarks.{name}.BENCHMARKS", entries)
    assert (run.main(["--quick"]), run.main([])) == (0, 1)
    assert "this machine cannot run it; see its output" in capfd.readouterr().out


@pytest.mark.skipif(platform.machine() == "aarch64", reason="this processor has neon")
def test_comparison_with_instructions_that_the_processor_lacks_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (avx2,) = registry.named(["quantforge-avx2"])
    entry = replace(avx2, arguments=("--instruction-set", "neon"))
    for name in ("registry", "run"):
        monkeypatch.setattr(f"benchmarks.{name}.BENCHMARKS", (entry,))
    assert run.main([]) == 1
    out, err = capfd.readouterr()
    assert 'QUANTFORGE_ISA is "neon", but this processor offers' in err
    assert "not here" in out


def test_number_that_misses_gives_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    missed = Figure(what="x", value=1.0, at_least=2.0)
    edits = registry.named(["edits"])[0]
    entry = Benchmark(name="missed", module=edits.module, read=lambda _: [missed])
    for name in ("registry", "run"):
        monkeypatch.setattr(f"benchmarks.{name}.BENCHMARKS", (entry,))
    assert run.main([]) == 1


@pytest.mark.parametrize("words", [["overhed"], ["--quick", "--write"]])
def test_wrong_usage_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run.main(words)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_documents_hold_what_was_measured(documents: Path) -> None:
    changed = write_documents(documents, {"one": report(5.0)})
    text = (documents / "some.md").read_text()
    assert [path.name for path in changed] == ["measured.json", "some.md", "README.md"]
    assert "| a \\| b | 5 ms | ≤ 20 ms | yes |" in text
    assert "- Measured: 2026-08-01, in 3 s\n" in text
    assert "Example 9000, 2 processors; 8 GiB" in text
    assert "[one](some.md)" in (documents / "README.md").read_text()


def test_documents_say_when_the_processors_were_taken_away(documents: Path) -> None:
    write_documents(documents, {"one": report(5.0, stolen=0.41)})
    text = (documents / "some.md").read_text()
    assert "in 3 s; the hypervisor gave 41 % of the processor time to others\n" in text


def test_measuring_one_again_keeps_the_others(documents: Path) -> None:
    write_documents(documents, {"one": report(5.0), "two": report(6.0)})
    write_documents(documents, {"two": report(21.0)})
    summary = (documents / "README.md").read_text()
    assert "| a \\| b | 5 ms | ≤ 20 ms | yes | [one](some.md) |" in summary
    assert "| a \\| b | 21 ms | ≤ 20 ms | NO | [two](some.md) |" in summary
    assert "6 ms" not in (documents / "some.md").read_text()


def test_notes_and_pictures_stand_below_the_table(documents: Path) -> None:
    written = report(5.0, notes=["- Not compared: y."], picture="one.png")
    changed = write_documents(documents, {"one": written}, {"one.png": b"picture"})
    text = (documents / "some.md").read_text()
    assert "\n\n- Not compared: y.\n\n![python -m x](figures/one.png)\n" in text
    assert (documents / "figures" / "one.png").read_bytes() == b"picture"
    assert documents / "figures" / "one.png" in changed


def test_writing_nothing_new_changes_nothing(documents: Path) -> None:
    write_documents(documents, {"one": report(5.0)})
    assert write_documents(documents, {}) == []


def test_every_document_of_the_repository_has_its_markers() -> None:
    directory = run.ROOT / "docs" / "performance"
    for benchmark in registry.BENCHMARKS:
        text = (directory / f"{benchmark.document}.md").read_text()
        for side in ("begin", "end"):
            assert text.count(f"<!-- tighten:bench-{benchmark.name}:{side} -->") == 1


def test_machine_line_names_what_was_compared() -> None:
    assert machine_line(MACHINE) == (
        "Example 9000, 2 processors; 8 GiB; Linux 6.1; CPython 3.11.7; numpy 2.0.0; load 0.2 before"
    )
