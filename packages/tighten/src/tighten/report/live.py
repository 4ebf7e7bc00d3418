"""How a running study looks: a live display on a terminal, timestamped lines elsewhere.

Both are listeners of the same events, so a log file and a screen tell the same story. Finished
trials stay on the screen above the display. The time left is the mean time of the trials so far
times the trials to come, and never more than what is left of the time budget.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tighten.decision import Case
from tighten.events import (
    Event,
    Listener,
    Notice,
    PairMeasured,
    Step,
    StepStarted,
    StudyDone,
    StudyStarted,
    TrialDone,
)
from tighten.record import Role, TrialRecord
from tighten.report import quantity
from tighten.report.summary import (
    Mark,
    chained_ratio,
    change,
    interval,
    is_near_miss,
    mark,
    objective_goal,
    reason,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LiveDisplay", "PlainLog", "progress"]

_REPEAT = 60.0  # s between lines of a plain log about the same measurement
_STYLES = {Mark.ACCEPTED: "green", Mark.REJECTED: "red", Mark.FAILED: "red"}


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Listener]:
    """Give a listener that shows a study on ``stream`` (standard error by default).

    A terminal gets the live display; a file, a pipe or a terminal that cannot move its cursor
    gets the plain log.
    """
    target = sys.stderr if stream is None else stream
    console = Console(file=target, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield PlainLog(target)
        return
    with LiveDisplay(console) as display:
        yield display


@dataclass(slots=True)
class Course:
    """What the events say so far: where the study stands, and how long it may still take."""

    clock: Callable[[], float] = time.monotonic
    name: str = ""
    of: int = 0
    cases: tuple[Case, ...] = ()
    time_budget: float | None = None
    begun: float = 0.0
    finished: int = 0
    before: int = 0  # trials that an earlier, interrupted run left
    best: int = 0
    step: StepStarted | None = None
    step_begun: float = 0.0
    pair: PairMeasured | None = None
    baseline: TrialRecord | None = None
    best_record: TrialRecord | None = None
    ratios: dict[int, float] = field(default_factory=dict)

    def follow(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case StudyStarted():
                self.name, self.of, self.cases = event.name, event.max_trials, event.cases
                self.time_budget, self.begun = event.time_budget, self.clock()
                self.finished = self.before = event.done
            case StepStarted():
                self.step, self.step_begun, self.pair = event, self.clock(), None
            case PairMeasured():
                self.pair = event
            case TrialDone():
                self._take(event)
            case Notice() | StudyDone():
                pass

    def _take(self, event: TrialDone) -> None:
        trial = event.record
        if trial.role is Role.BASELINE:
            self.baseline, self.ratios[trial.number] = trial, 1.0
        elif trial.role is Role.SEARCH:
            self.finished += 1
        ratio = chained_ratio(trial, self.ratios, objective_goal(self.cases))
        if ratio is not None:
            self.ratios[trial.number] = ratio
        if event.best == trial.number:
            self.best, self.best_record = trial.number, trial

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time to the end of the search [s].

        None before the first trial, and after the last: what a confirmation takes is not known.
        """
        done = self.finished - self.before
        if done <= 0 or self.finished >= self.of:
            return None
        elapsed = self.clock() - self.begun
        left = elapsed / done * (self.of - self.finished)
        if self.time_budget is not None:
            left = min(left, max(0.0, self.time_budget - elapsed))
        return left

    @property
    def best_line(self) -> str:
        """The best so far, in words."""
        if self.best_record is None or self.best == 0 or self.baseline is None:
            return "the baseline"
        ratio = self.ratios.get(self.best)
        gain = f"{quantity.ratio(ratio)} the baseline, " if ratio is not None else ""
        return f"trial {self.best}, {gain}{_values(self.best_record, self.baseline)}"


def trial_name(trial: int, of: int, step: Step | None = None) -> str:
    """Return how a line calls a trial."""
    if step is Step.CONFIRM:
        return "confirmation"
    return "baseline" if trial == 0 else f"trial {trial} of {of}"


def trial_line(trial: TrialRecord, baseline: TrialRecord | None) -> str:
    """Return what became of a trial, without its number."""
    kind = mark(trial)
    seconds = trial.build_seconds + trial.gate_seconds + trial.benchmark_seconds
    parts = ["measured" if kind is Mark.BASELINE else kind.value]
    if trial.verdict is not None:
        found = trial.verdict.objective
        parts.append(f"{quantity.percent(found.gain)} ({interval(found)})")
        parts.append(quantity.count(trial.verdict.pairs, "pair"))
    elif kind in {Mark.FAILED, Mark.IDENTICAL}:
        parts.append(quantity.clipped(reason(trial), 160))
    parts.append(quantity.duration(seconds))
    if baseline is not None and trial.number != 0:
        parts.append(_values(trial, baseline))
    line = ", ".join(parts)
    return f"{line}: {quantity.clipped(reason(trial), 160)}" if is_near_miss(trial) else line


def _values(trial: TrialRecord, baseline: TrialRecord) -> str:
    return quantity.clipped(change(trial, baseline), 120)


def _pair_line(pair: PairMeasured) -> str:
    return (
        f"pair {pair.pairs} of at most {pair.limit}, gain {quantity.percent(pair.gain)}, "
        f"E = {quantity.e_value(pair.e_value)}"
    )


class PlainLog:
    """Writes one line with date and time per step, trial and notice.

    Parameters
    ----------
    stream
        Where the lines go; each is flushed.
    clock
        Monotonic seconds, for intervals.
    now
        The date and time that a line begins with.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._stream = stream
        self._now = now
        self._course = Course(clock=clock)
        self._last_pair = 0.0

    def __call__(self, event: Event) -> None:
        """Write what there is to say about an event."""
        self._course.follow(event)
        line = self._line(event)
        if line:
            stamp = self._now().isoformat(sep=" ", timespec="seconds")
            self._stream.write(f"{stamp}  {quantity.clipped(line, 400)}\n")
            self._stream.flush()

    def _line(self, event: Event) -> str:
        course, line = self._course, ""
        match event:
            case StudyStarted():
                found = f", {event.done} done before" if event.done else ""
                most = f"{event.max_trials} trial{'' if event.max_trials == 1 else 's'}"
                line = f"{event.name}, run {event.run}: up to {most}{found}"
            case StepStarted():
                self._last_pair = course.clock()
                detail = f": {event.detail}" if event.detail else ""
                line = f"{trial_name(event.trial, event.of, event.step)}, {event.step}{detail}"
            case PairMeasured() if course.clock() - self._last_pair >= _REPEAT:
                self._last_pair = course.clock()
                step = course.step.step if course.step else None
                line = f"{trial_name(event.trial, course.of, step)}, {_pair_line(event)}"
            case TrialDone():
                line = self._trial(event)
            case Notice():
                line = f"note: {event.message}"
            case StudyDone():
                line = f"ended: {event.record.status or 'not finished'}"
            case _:
                pass
        return line

    def _trial(self, event: TrialDone) -> str:
        course, step = self._course, _confirmation(event.record)
        name = trial_name(event.record.number, course.of, step)
        line = f"{name}: {trial_line(event.record, course.baseline)}"
        left = None if step is Step.CONFIRM else course.seconds_left
        return line if left is None else f"{line}; about {quantity.duration(left)} left"


def _confirmation(trial: TrialRecord) -> Step | None:
    return Step.CONFIRM if trial.role is Role.CONFIRMATION else None


class LiveDisplay:
    """Redraws three lines in place: the study, the present step, the best so far.

    Use it as a context manager, so that an error or an interrupt leaves a clean terminal.
    """

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._course = Course(clock=clock)
        self._live = Live(
            console=console,
            get_renderable=self.render,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> LiveDisplay:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take an event into account; what is final goes above the display."""
        self._course.follow(event)
        match event:
            case TrialDone():
                self._console.print(self._finished(event.record))
            case Notice():
                self._console.print(Text(f"note: {quantity.clipped(event.message, 400)}", "yellow"))
            case _:
                pass

    def render(self) -> Group:
        """Return the display as it is now."""
        course = self._course
        facts = Table.grid(padding=(0, 2))
        facts.add_column(no_wrap=True, style="dim")
        facts.add_column(overflow="ellipsis", no_wrap=True)
        if course.step is not None:
            facts.add_row(course.step.step.value, Text(self._step()))
        facts.add_row("best", Text(course.best_line))
        return Group(self._bar(), facts)

    def _bar(self) -> Table:
        course = self._course
        row = Table.grid(padding=(0, 2))
        left = course.seconds_left
        number = min(course.of, course.finished)
        row.add_row(
            Text(quantity.clipped(course.name, 30), "bold"),
            ProgressBar(total=max(1, course.of), completed=number, width=20),
            Text(f"{number} of {course.of} trials"),
            Text("" if left is None else f"about {quantity.duration(left)} left", "dim"),
        )
        return row

    def _step(self) -> str:
        course = self._course
        if course.step is None:
            return ""
        name = trial_name(course.step.trial, course.of, course.step.step)
        spent = quantity.duration(course.clock() - course.step_begun)
        what = _pair_line(course.pair) if course.pair else quantity.clipped(course.step.detail, 120)
        return ", ".join(part for part in (name, spent, what) if part)

    def _finished(self, trial: TrialRecord) -> Text:
        name = trial_name(trial.number, self._course.of, _confirmation(trial))
        kind = mark(trial)
        word, *rest = trial_line(trial, self._course.baseline).partition(",")
        return Text.assemble(f"{name}: ", (word, _STYLES.get(kind, "")), *rest)
