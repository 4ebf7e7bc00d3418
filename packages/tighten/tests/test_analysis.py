"""What a run says about where to go on, over a fake benchmark and profiles that are known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tighten.bench import Bench
from tighten.decision import Status
from tighten.errors import StudyError
from tighten.events import Notice
from tighten.ledger import Ledger
from tighten.locating import Locator
from tighten.profile import Profile
from tighten.profile.formats import write
from tighten.profile.model import Frame, Provenance, Stack
from tighten.provenance import new_record, run_key
from tighten.report.analysis import analysis_text
from tighten.runner import Fake
from tighten.session import Session
from tighten.study import Study
from tighten.trial import Site, open_workplace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from tighten.events import Event
    from tighten.record import StudyRecord
    from tighten.runner import Places

SETTINGS = "BLOCK = 4\nMEMO = 16\nUNUSED = 1\n"
KERNEL = """\
from settings import BLOCK, MEMO

TABLE = [0] * MEMO


def blocked(n):
    for start in range(0, n, BLOCK):
        inner(start)


def inner(start):
    return start * SCALE_FACTOR
"""
STUDY = """\
[study]
name = "known"
[benchmark]
command = "measure {{result}}"
launches = 3
[[case]]
name = "run"
target = {target}
[[parameter]]
name = "BLOCK"
source = "settings.py"
values = [4, 8]
[[parameter]]
name = "MEMO"
source = "settings.py"
values = [16, 32]
[[parameter]]
name = "UNUSED"
source = "settings.py"
values = [1, 2]
[profile]
every = 1
[convergence]
stop_on_success = false
stop_if_unreachable = {stops}
"""
MAIN, IMPORT = (
    Frame("main", "program.py", 9),
    Frame("_find_and_load", "<frozen importlib._bootstrap>"),
)
BLOCKED, INNER = Frame("blocked", "kernel.py", 8), Frame("inner", "kernel.py", 12)


def value(places: Places, name: str) -> int:
    text = (places.trial / "settings.py").read_text()
    return int(re.findall(rf"{name} = (\d+)", text)[0])


def measured(places: Places) -> Mapping[str, Any]:
    """``inner`` takes 60 % of the time, and half as long with the other block."""
    return {"run": {"time": 0.4 + 0.6 * 4 / value(places, "BLOCK")}}


def tool_of(_name: str) -> str:
    """Return the profiler of a trial."""
    return "py-spy"


def located(locator: Locator, places: Places, name: str) -> dict[str, str]:
    """Store the profile that belongs to the values in the tree."""
    inner = 60.0 * 4 / value(places, "BLOCK")
    stacks = [
        Stack((MAIN, BLOCKED, INNER), inner),
        Stack((MAIN,), 40.0),
        Stack((IMPORT,), 50.0),
    ]
    told = Provenance(tool=tool_of(name), samples=round(90 + inner) * 100)
    file = f"profiles/{name}.speedscope.json"
    write(Profile.of(stacks, provenance=told), locator._options.state / file)
    return {"benchmark": file}


def run(
    root: Path, *, target: float, stops: str = "false", more: str = ""
) -> tuple[StudyRecord, Study, list[Event]]:
    """Tune the project and return the record, the study and what was told."""
    for name, text in (
        ("settings.py", SETTINGS),
        ("kernel.py", KERNEL),
        ("tighten.toml", STUDY.format(target=target, stops=stops) + more),
    ):
        (root / name).write_text(text)
    study = Study.load(root)
    events: list[Event] = []
    options, runner = study.options, Fake(measured)
    site = Site(
        project=options.project,
        state=options.state,
        parameters=options.parameters,
        build=options.build,
    )
    ledger = Ledger(options.state / "ledger.sqlite")
    try:
        with open_workplace(site, runner) as workplace:
            bench = Bench(options, runner=runner, workplace=workplace, listener=events.append)
            session = Session(options, bench=bench, ledger=ledger, listener=events.append)
            return session.start(new_record(study.options), run_key(study.options)), study, events
    finally:
        ledger.close()


@pytest.fixture
def profiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIGHTEN_PROFILE_TOOL", "py-spy")
    monkeypatch.setattr(Locator, "locate", located)


@pytest.mark.usefixtures("profiled")
def test_the_hot_spot_and_its_knob_are_named_and_planted_knobs_are_inert(tmp_path: Path) -> None:
    record, study, _ = run(tmp_path, target=0.5)
    assert all(trial.profiles for trial in record.trials if trial.identical_to is None)
    found = study.analyze()
    assert found.case.needed == pytest.approx(1 - 0.5 / 0.7, abs=0.01)
    spot = found.hot_spots[0]
    assert (spot.function, spot.line, spot.from_above) == ("inner", 12, ("BLOCK",))
    assert spot.constants == ("SCALE_FACTOR",)
    assert spot.share == pytest.approx(0.6, abs=0.01)  # of the steady state, import left out
    block, *others = found.parameters
    assert block.parameter == "BLOCK"
    assert block.share == pytest.approx(0.6, abs=0.01)
    assert block.effect is not None
    assert abs(block.effect.change) == pytest.approx(0.3, abs=0.02)
    assert [effect.function for effect in block.functions] == ["inner"]
    assert {one.parameter: one.inert for one in others} == {
        "MEMO": "it is used only while modules are loaded, never in the steady state",
        "UNUSED": "no code uses it",
    }
    text = analysis_text(found, width=80)
    assert "BLOCK: can save at most 60.0% of the time; used in blocked (kernel.py:7)" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.usefixtures("profiled")
def test_the_profiler_that_served_most_trials_tells_effects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A candidate may be too short for the one that served the baseline."""
    monkeypatch.setitem(
        globals(), "tool_of", lambda name: "py-spy" if "0000" in name else "cprofile"
    )
    _, study, _ = run(tmp_path, target=0.5)
    block, *_ = study.analyze().parameters
    assert [effect.function for effect in block.functions] == ["inner"]


@pytest.mark.usefixtures("profiled")
def test_a_target_beyond_the_bound_ends_the_study_if_asked(tmp_path: Path) -> None:
    record, study, _ = run(tmp_path, target=0.3, stops="true")
    assert record.status is Status.UNREACHABLE
    assert len(record.trials) == 1
    assert study.analyze().is_unreachable


@pytest.mark.usefixtures("profiled")
def test_a_target_within_the_bound_does_not(tmp_path: Path) -> None:
    record, study, _ = run(tmp_path, target=0.5, stops="true")
    assert record.status is Status.EXHAUSTED
    assert not study.analyze().is_unreachable


@pytest.mark.usefixtures("profiled")
def test_what_is_read_from_outside_has_no_bound(tmp_path: Path) -> None:
    """A number of threads is read once, while modules are loaded, and changes everything."""
    (tmp_path / "threads.py").write_text('import os\n\nTHREADS = int(os.environ["THREADS"])\n')
    threads = '[[parameter]]\nname = "threads"\nenv = "THREADS"\nvalues = [1, 2]\ndefault = 1\n'
    record, study, _ = run(tmp_path, target=0.3, stops="true", more=threads)
    assert record.status is not Status.UNREACHABLE
    found = study.analyze()
    assert found.best_possible is None
    by_name = {reach.parameter: reach for reach in found.parameters}
    assert by_name["threads"].share is None
    assert "while modules are loaded" not in by_name["threads"].inert
    assert by_name["BLOCK"].share is not None


def test_a_profiler_that_leaves_nothing_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIGHTEN_PROFILE_TOOL", "cprofile")
    record, study, events = run(tmp_path, target=0.5)
    assert record.trials[0].failure is None
    assert record.trials[0].profiles == {}
    notices = [event.message for event in events if isinstance(event, Notice)]
    assert any("no profile of trial 0" in message for message in notices)
    with pytest.raises(StudyError, match="has no profile of its baseline"):
        study.analyze()
