from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from tighten.decision import Outcome
from tighten.events import (
    Notice,
    PairMeasured,
    Step,
    StepStarted,
    StudyDone,
    StudyStarted,
    TrialDone,
)
from tighten.record import Role
from tighten.report.live import LiveDisplay, PlainLog, progress

from . import records

if TYPE_CHECKING:
    from tighten.events import Listener
    from tighten.record import StudyRecord


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def run(study: StudyRecord, say: Listener, clock: Clock, *, budget: float | None = None) -> None:
    """Emit what a session emits; each trial takes 30 s."""
    say(StudyStarted(name=study.name, run=3, max_trials=12, cases=study.cases, time_budget=budget))
    best = 0
    for trial in study.trials:
        for step in (Step.BUILD, Step.MEASURE):
            say(StepStarted(step=step, trial=trial.number, of=12, detail="A=1"))
            clock.seconds += 15.0
        say(PairMeasured(trial=trial.number, pairs=7, limit=64, gain=0.031, e_value=5.4))
        best = trial.number if trial.number in {1, 3} else best
        say(TrialDone(record=trial, best=best))


def plain(stream: io.StringIO, clock: Clock) -> PlainLog:
    return PlainLog(stream, clock=clock, now=lambda: datetime(2025, 3, 14, 9, 26, 53, tzinfo=UTC))


def test_trial_that_one_case_held_back_says_why() -> None:
    stream, clock = io.StringIO(), Clock()
    trials = (
        records.trial(0, role=Role.BASELINE),
        records.trial(1, Outcome.INCONCLUSIVE, 0.2, incumbent=0),
        records.trial(2, Outcome.INCONCLUSIVE, 0.0001, incumbent=0),
    )
    run(records.study(trials), plain(stream, clock), clock)
    held_back, unsure = (line for line in stream.getvalue().splitlines() if "inconclusive" in line)
    assert "no value changed: undecided after 64 pairs: the gain is not shown" in held_back
    assert "undecided" not in unsure


def test_plain_log_has_one_stamped_line_per_step_and_trial(campaign: StudyRecord) -> None:
    stream, clock = io.StringIO(), Clock()
    log = plain(stream, clock)
    run(campaign, log, clock)
    log(StudyDone(record=campaign))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1 + 3 * 11 + 1
    assert all(line.startswith("2025-03-14 09:26:53+00:00  ") for line in lines)
    text = stream.getvalue()
    assert "trial 4 of 12, build: A=1" in text
    assert "trial 4 of 12: failed, build: exit status 101, 14 s, CHUNK_SIZE_L1=4096" in text
    assert "trial 3 of 12: accepted, +9.1 % (+8.5 to +9.7 %), 11 pairs" in text
    assert lines[-1].endswith("ended: success")


def test_long_measurements_are_reported_once_a_minute() -> None:
    stream, clock = io.StringIO(), Clock()
    log = plain(stream, clock)
    log(StepStarted(step=Step.MEASURE, trial=2, of=12))
    for pair in range(1, 31):
        clock.seconds += 10.0
        log(PairMeasured(trial=2, pairs=pair, limit=64, gain=0.01, e_value=2.0))
    assert stream.getvalue().count("pair ") == 5


def test_pairs_of_a_confirmation_are_called_so() -> None:
    stream, clock = io.StringIO(), Clock()
    log = plain(stream, clock)
    log(StepStarted(step=Step.CONFIRM, trial=7, of=6))
    clock.seconds += 60.0
    log(PairMeasured(trial=7, pairs=9, limit=64, gain=0.01, e_value=2.0))
    assert "confirmation, pair 9 of at most 64" in stream.getvalue()
    assert "trial" not in stream.getvalue()


def test_nothing_is_left_after_the_last_trial(campaign: StudyRecord) -> None:
    stream, clock = io.StringIO(), Clock()
    log = plain(stream, clock)
    log(StudyStarted(name=campaign.name, run=1, max_trials=2, cases=campaign.cases))
    searched = [trial for trial in campaign.trials if trial.role is Role.SEARCH]
    for trial in searched[:2]:
        clock.seconds += 30.0
        log(TrialDone(record=trial, best=0))
    first, last = stream.getvalue().splitlines()[-2:]
    assert first.endswith("; about 30 s left")
    assert "left" not in last


def test_hostile_text_stays_on_its_line() -> None:
    stream, clock = io.StringIO(), Clock()
    log = plain(stream, clock)
    log(Notice(message=f"a\n{records.HOSTILE}"))
    run(records.hostile(), log, clock)
    lines = stream.getvalue().splitlines()
    assert "\x1b" not in stream.getvalue()
    assert len(lines) == 2 + 3 * 3


@pytest.mark.parametrize(("budget", "left"), [(None, "1 min 06 s"), (340.0, "10 s")])
def test_time_left_is_mean_times_trials_to_come_within_the_budget(
    campaign: StudyRecord, budget: float | None, left: str
) -> None:
    stream, clock = io.StringIO(), Clock()
    run(campaign, plain(stream, clock), clock, budget=budget)
    assert stream.getvalue().splitlines()[-1].endswith(f"; about {left} left")


def test_display_shows_step_trial_best_pairs_and_time_left(campaign: StudyRecord) -> None:
    clock = Clock()
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    display = LiveDisplay(console, clock=clock)
    run(campaign, display, clock)
    display(StepStarted(step=Step.MEASURE, trial=11, of=12, detail="B=2"))
    display(PairMeasured(trial=11, pairs=12, limit=64, gain=0.031, e_value=14.2))
    clock.seconds += 8.0
    with console.capture() as capture:
        console.print(display.render())
    text = capture.get()
    assert "10 of 12 trials" in text
    assert "left" in text
    assert "trial 11 of 12, 8.0 s, pair 12 of at most 64, gain +3.1 %, E = 14.2" in text
    assert "best     trial 3, 1.159" in text
    assert max(map(len, text.splitlines())) <= 80


def test_finished_trials_stay_on_the_screen(campaign: StudyRecord) -> None:
    stream, clock = io.StringIO(), Clock()
    console = Console(file=stream, width=200, force_terminal=True, color_system=None)
    with LiveDisplay(console, clock=clock) as display:
        run(campaign, display, clock)
        display(Notice(message="busy"))
    text = stream.getvalue()
    assert "baseline: measured, 2.4 s" in text or "baseline: measured, 14 s" in text
    assert "trial 6 of 12: inconclusive, +0.7 %" in text
    assert "note: busy" in text


def test_an_interrupt_leaves_the_cursor_visible() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True)
    with pytest.raises(KeyboardInterrupt), LiveDisplay(console):
        raise KeyboardInterrupt
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_a_file_gets_the_plain_log_and_resumed_trials_do_not_count_as_fast() -> None:
    stream = io.StringIO()
    with progress(stream) as say:
        assert isinstance(say, PlainLog)
        say(StudyStarted(name="s", run=1, max_trials=12, done=5))
    assert "5 done before" in stream.getvalue()
    assert "left" not in stream.getvalue()


def test_confirmation_is_called_so(campaign: StudyRecord) -> None:
    stream, clock = io.StringIO(), Clock()
    log = plain(stream, clock)
    log(StepStarted(step=Step.CONFIRM, trial=3, of=12))
    assert "confirmation, confirm" in stream.getvalue()
    assert campaign.best == 3
