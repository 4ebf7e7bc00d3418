"""The loop over a fake benchmark whose answers are known: what it proposes, keeps and reports."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from tighten import bench
from tighten.bench import Bench
from tighten.decision import Outcome, Status
from tighten.errors import BaselineError, FailureKind, TrialError
from tighten.events import Notice, Step, StepStarted, StudyDone, TrialDone
from tighten.ledger import Ledger
from tighten.machine import ProcessorTime
from tighten.provenance import new_record, run_key
from tighten.record import Role
from tighten.runner import Fake
from tighten.session import Session
from tighten.study import Study
from tighten.trial import Site, open_workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from tighten.events import Event
    from tighten.record import StudyRecord
    from tighten.runner import Places

STUDY = """
[study]
name = "fake"
max_trials = {max_trials}
[benchmark]
command = "measure {{result}}"
launches = 3
warmup_launches = 1
[[case]]
name = "run"
{target}
[[parameter]]
name = "size"
env = "SIZE"
default = 4
values = [1, 2, 4, 8]
[convergence]
{convergence}
[search]
{search}
[machine]
{machine}
"""

TIMES = {"1": 1.3, "2": 0.7, "4": 1.0, "8": 0.9}


def by_size(places: Places) -> Mapping[str, Any]:
    """Answer with the time of the size that the environment carries, and a little noise."""
    by_size.calls += 1  # type: ignore[attr-defined]
    noise = 1.0 + 0.001 * (by_size.calls % 3)  # type: ignore[attr-defined]
    return {"run": {"time": TIMES[places.environment["SIZE"]] * noise}}


by_size.calls = 0  # type: ignore[attr-defined]


class Processors:
    """A host that takes given shares of the processors, one for each pair; nobody really waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, shares: Iterator[float]) -> None:
        self.pauses: list[float] = []
        self._shares = shares
        self._seen = ProcessorTime()
        self._is_before_a_pair = True
        monkeypatch.setattr(bench, "processor_time", self._look)
        monkeypatch.setattr(bench, "sleep", self.pauses.append)

    def _look(self) -> ProcessorTime:
        if not self._is_before_a_pair:
            share = next(self._shares)
            self._seen += ProcessorTime(used=1.0 - share, stolen=share)
        self._is_before_a_pair = not self._is_before_a_pair
        return self._seen


class Loop:
    """A session over a fake runner on a real ledger and real trees."""

    def __init__(self, root: Path, answer: Callable[[Places], Any], **study: object) -> None:
        root.mkdir(exist_ok=True)
        (root / "program.py").write_text("print()\n")
        empty = dict.fromkeys(("target", "convergence", "search", "machine"), "")
        chosen = {"max_trials": 10, **empty, **study}
        (root / "tighten.toml").write_text(STUDY.format(**chosen))
        self.study = Study.load(root)
        self.events: list[Event] = []
        self.runner = Fake(answer)

    def run(self, *, resume: bool = False) -> StudyRecord:
        options = self.study.options
        site = Site(
            project=options.project,
            state=options.state,
            parameters=options.parameters,
            build=options.build,
            builds=options.builds,
        )
        ledger = Ledger(options.state / "ledger.sqlite")
        listener = self.events.append
        try:
            with open_workplace(site, self.runner) as workplace:
                bench = Bench(options, runner=self.runner, workplace=workplace, listener=listener)
                session = Session(options, bench=bench, ledger=ledger, listener=listener)
                if resume:
                    return session.resume(ledger.study())
                return session.start(new_record(options), run_key(options))
        finally:
            ledger.close()


def test_the_best_value_wins_and_is_confirmed(tmp_path: Path) -> None:
    loop = Loop(tmp_path, by_size)
    record = loop.run()
    assert record.status is Status.EXHAUSTED
    assert record.trials[record.best].configuration == {"size": 2}
    assert record.confirmation is not None
    assert record.confirmation.outcome is Outcome.ACCEPT
    assert record.confirmation.objective.gain == pytest.approx(0.3, abs=0.01)
    assert [trial.role for trial in record.trials] == [
        Role.BASELINE,
        Role.SEARCH,
        Role.SEARCH,
        Role.SEARCH,
        Role.CONFIRMATION,
    ]


def test_events_tell_the_story_in_order(tmp_path: Path) -> None:
    loop = Loop(tmp_path, by_size, max_trials=1)
    loop.run()
    steps = [e.step for e in loop.events if isinstance(e, StepStarted) and e.trial == 1]
    assert steps == [Step.BUILD, Step.VERIFY, Step.MEASURE]
    assert sum(isinstance(event, TrialDone) for event in loop.events) >= 2
    assert isinstance(loop.events[-1], StudyDone)


def test_targets_that_are_met_end_the_study(tmp_path: Path) -> None:
    record = Loop(tmp_path, by_size, target="target = 0.75").run()
    assert record.status is Status.SUCCESS
    again = Loop(
        tmp_path / "on", by_size, target="target = 1.1", convergence="stop_on_success = false"
    ).run()
    assert again.status is Status.EXHAUSTED


def test_a_failing_baseline_ends_it_with_exit_code_3(tmp_path: Path) -> None:
    def fails(places: Places) -> Mapping[str, Any]:
        raise TrialError("it crashed", kind=FailureKind.CRASH, tail="last words")

    with pytest.raises(BaselineError, match=r"it crashed(.|\n)*last words") as caught:
        Loop(tmp_path, fails).run()
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("stolen", [0.02, 0.4])
def test_a_verdict_says_when_the_hypervisor_took_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stolen: float
) -> None:
    Processors(monkeypatch, itertools.repeat(stolen))
    verdict = Loop(tmp_path, by_size, max_trials=1).run().trials[1].verdict
    assert verdict is not None
    assert ("the hypervisor took 40 % of the processors" in verdict.reason) is (stolen == 0.4)
    assert verdict.reruns == 0


def test_a_patient_study_waits_for_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three looks at a busy host, then a quiet one: the pairs that count all come after."""
    processors = Processors(monkeypatch, itertools.chain([0.4] * 3, itertools.repeat(0.02)))
    loop = Loop(tmp_path, by_size, max_trials=1, machine='patience = "10 min"')
    verdict = loop.run().trials[1].verdict
    assert verdict is not None
    assert verdict.reruns == 3
    assert "hypervisor" not in verdict.reason
    assert processors.pauses == sorted(processors.pauses)
    assert len(processors.pauses) == 3
    said = [event.message for event in loop.events if isinstance(event, Notice)]
    assert sum("takes 40 % of the processors" in message for message in said) == 1


def test_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processors = Processors(monkeypatch, itertools.repeat(0.4))
    loop = Loop(tmp_path, by_size, max_trials=1, machine='patience = "10 min"')
    verdict = loop.run().trials[1].verdict
    assert verdict is not None
    assert verdict.outcome is Outcome.REJECT
    assert "the hypervisor took 40 % of the processors" in verdict.reason
    assert 570.0 <= sum(processors.pauses) <= 660.0
    assert max(processors.pauses) == 60.0


def test_a_failing_incumbent_is_not_blamed_on_the_candidate(tmp_path: Path) -> None:
    count = 0

    def breaks_later(places: Places) -> Mapping[str, Any]:
        nonlocal count
        count += 1
        if count > 6 and places.environment["SIZE"] == "4":
            raise TrialError("it crashed", kind=FailureKind.CRASH)
        return by_size(places)

    record = Loop(tmp_path, breaks_later, max_trials=1).run()
    failure = record.trials[1].failure
    assert failure is not None
    assert "the incumbent failed beside this candidate" in failure.message


def test_the_same_program_is_not_measured_twice(tmp_path: Path) -> None:
    """A constant that reaches nothing builds the same code: the parameter is inert."""

    def builds(places: Places) -> Mapping[str, Any]:
        places.artifacts.mkdir(parents=True, exist_ok=True)
        (places.artifacts / "program").write_text("same")
        return {"run": {"time": 1.0}}

    loop = Loop(tmp_path, builds)
    study = tmp_path / "tighten.toml"
    bound = study.read_text().replace('env = "SIZE"\ndefault = 4', 'source = "settings.h"')
    study.write_text(bound + '\n[build]\ncommand = "make install {artifacts}"\n')
    (tmp_path / "settings.h").write_text("#define size 4\n")
    loop.study = Study.load(tmp_path)
    record = loop.run()
    assert [trial.identical_to for trial in record.trials] == [None, 0, 0, 0]
    assert all(trial.verdict is None for trial in record.trials)
    assert record.best == 0


def test_an_interrupt_is_recorded_and_resumed_without_repeating(tmp_path: Path) -> None:
    stop_at = 12

    def interrupted(places: Places) -> Mapping[str, Any]:
        if len(loop.runner.calls) == stop_at:
            raise KeyboardInterrupt
        return by_size(places)

    loop = Loop(tmp_path, interrupted)
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    assert loop.study.record().status is Status.INTERRUPTED
    loop.runner = Fake(by_size)
    record = loop.run(resume=True)
    assert record.status is Status.EXHAUSTED
    tried = [t.configuration["size"] for t in record.trials if t.role is Role.SEARCH]
    assert sorted(tried) == [1, 2, 8]
    assert record.trials[record.best].configuration == {"size": 2}


def test_a_finished_run_is_not_confirmed_again(tmp_path: Path) -> None:
    loop = Loop(tmp_path, by_size)
    first = loop.run()
    again = loop.run(resume=True)
    assert len(again.trials) == len(first.trials)
    assert again.best == first.best
    assert again.confirmation == first.confirmation


def test_a_winner_that_fails_its_fresh_measurement_is_not_kept(tmp_path: Path) -> None:
    def only_in_search(places: Places) -> Mapping[str, Any]:
        done = [event for event in loop.events if isinstance(event, StepStarted)]
        if done and done[-1].step is Step.CONFIRM:
            return {"run": {"time": 1.0 + 0.001 * (len(loop.runner.calls) % 5)}}
        return by_size(places)

    loop = Loop(tmp_path, only_in_search)
    record = loop.run()
    assert record.confirmation is not None
    assert record.confirmation.outcome is not Outcome.ACCEPT
    assert record.best == 0


RACE = "racing = { candidates = 3, blocks = 1 }"


def test_a_race_tests_its_winner_and_records_its_losers(tmp_path: Path) -> None:
    record = Loop(tmp_path, by_size, search=RACE).run()
    search = [trial for trial in record.trials if trial.role is Role.SEARCH]
    assert {trial.configuration["size"] for trial in search} == {1, 2, 8}
    assert all(trial.race is not None and trial.race.field == 3 for trial in search)
    losers, winner = search[:-1], search[-1]
    assert winner.configuration == {"size": 2}
    assert [trial.race.rung for trial in search if trial.race] == [1, 1, -1]
    for loser in losers:
        assert loser.verdict is not None
        assert loser.verdict.outcome is Outcome.REJECT
        assert loser.verdict.pairs == 1
        assert "lost the race in rung 1" in loser.verdict.reason
        gain = 1 - TIMES[str(loser.configuration["size"])]
        assert loser.verdict.objective.gain == pytest.approx(gain, abs=0.01)
    assert winner.verdict is not None
    assert winner.verdict.outcome is Outcome.ACCEPT
    assert winner.verdict.pairs >= 8
    assert record.trials[record.best].configuration == {"size": 2}


def test_what_fails_in_a_race_leaves_it_alone(tmp_path: Path) -> None:
    def eight_crashes(places: Places) -> Mapping[str, Any]:
        if places.environment["SIZE"] == "8":
            raise TrialError("it crashed", kind=FailureKind.CRASH)
        return by_size(places)

    record = Loop(tmp_path, eight_crashes, search=RACE).run()
    failed = [trial for trial in record.trials if trial.failure]
    assert [trial.configuration["size"] for trial in failed] == [8]
    assert record.trials[record.best].configuration == {"size": 2}


def test_a_race_that_was_killed_goes_on_with_who_was_left(tmp_path: Path) -> None:
    def killed(places: Places) -> Mapping[str, Any]:
        if any(isinstance(e, TrialDone) and e.record.number == 1 for e in loop.events):
            raise KeyboardInterrupt
        return by_size(places)

    race = "racing = { candidates = 3, blocks = 2 }"
    loop = Loop(tmp_path, killed, search=race)
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    done = [t.configuration["size"] for t in loop.study.record().trials if t.role is Role.SEARCH]
    assert 1 <= len(done) < 3
    loop.runner = Fake(by_size)
    record = loop.run(resume=True)
    search = [trial for trial in record.trials if trial.role is Role.SEARCH]
    assert sorted(trial.configuration["size"] for trial in search) == [1, 2, 8]
    assert {trial.race.number for trial in search if trial.race} == {1}
    assert record.trials[record.best].configuration == {"size": 2}
