"""Which profiler is chosen, and what a user hears of the others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from tighten.errors import StudyError
from tighten.profile import Sampling, Tool, profilers
from tighten.profile.profilers import Choice, choose, is_python
from tighten.profile.recording import Recording

DATA = Path(__file__).parents[1] / "data" / "profiles"


def permit(monkeypatch: pytest.MonkeyPatch, *tools: Tool, **obstacles: str) -> None:
    """Pretend that these profilers are installed, and that some are forbidden."""
    monkeypatch.setattr(profilers, "program", lambda t: str(t) if t in tools else None)
    trials = {tool: lambda: None for tool in Tool}
    trials |= {Tool[name]: lambda text=text: text for name, text in obstacles.items()}
    monkeypatch.setattr(profilers, "_TRIALS", trials)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("python3.12 bench.py", True),
        ("OMP_NUM_THREADS=2 exec /usr/bin/python -m x", True),
        ("cd build && ./bench", False),
        (f"'{sys.executable}' x", True),
        ("make; pytest -q", True),
        ("it's broken 'quoting", False),
    ],
)
def test_python_commands_are_recognised(line: str, *, answer: bool) -> None:
    assert is_python(line) is answer


def test_a_script_is_known_by_its_first_line(tmp_path: Path) -> None:
    script = tmp_path / "bench"
    script.write_text("#!/usr/bin/env python3\n")
    script.chmod(0o755)
    assert is_python(str(script))


def test_python_is_sampled_from_outside_if_permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    permit(monkeypatch, Tool.PYSPY, Tool.PERF)
    choice = choose(Tool.AUTO, "python x.py")
    assert choice.tool is Tool.PYSPY
    assert "because the command is a Python program" in choice.reason


def test_a_forbidden_profiler_says_what_it_needs_and_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    permit(monkeypatch, Tool.PYSPY, PYSPY="needs CAP_SYS_PTRACE")
    choice = choose(Tool.PYSPY, "python x.py")
    assert choice.tool is Tool.CPROFILE
    assert choice.refused == ("py-spy: needs CAP_SYS_PTRACE",)


def test_no_profiler_at_all_is_one_error_with_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    permit(monkeypatch)
    with pytest.raises(StudyError) as caught:
        choose(Tool.AUTO, "./bench")
    assert "perf: not installed; `apt install linux-perf`" in str(caught.value)
    assert "callgrind: not installed; `apt install valgrind`" in str(caught.value)


def test_a_python_profiler_is_refused_for_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    permit(monkeypatch, Tool.PYSPY, Tool.PERF)
    choice = choose(Tool.PYSPY, "./bench")
    assert choice.tool is Tool.PERF
    assert "starts no Python interpreter" in choice.refused[0]


@pytest.mark.parametrize(
    ("seconds", "rate"), [(None, 100), (0.5, 100), (120.0, 100), (600.0, 20), (7200.0, 10)]
)
def test_a_long_run_is_sampled_less_often(seconds: float | None, rate: int) -> None:
    assert Sampling().rate_of(seconds) == rate
    assert Sampling(rate=250).rate_of(seconds) == 250


@pytest.mark.parametrize(("seconds", "is_told"), [(12.0, False), (41.0, True)])
def test_a_profiler_that_was_in_the_way_says_so(
    tmp_path: Path, seconds: float, *, is_told: bool
) -> None:
    shutil.copy(DATA / "cprofile.pstats", tmp_path / "1.pstats")
    choice = Choice(tool=Tool.CPROFILE, reason="cprofile, as asked")
    recording = Recording(choice=choice, sampling=Sampling(), directory=tmp_path, expected=10.0)
    reason = recording.profile(seconds=seconds).provenance.reason
    assert ("the run took 4.1 times as long as without it" in reason) is is_told
    assert reason.startswith("cprofile, as asked")
