"""The summary that ends a study on a terminal.

Rich lays it out, so it fits any width from 60 columns up, needs no colour (words carry every
verdict), and is the same text when it goes to a file.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tighten.decision import Outcome, Status
from tighten.report import quantity
from tighten.report.numbers import TITLE as NUMBERS_TITLE
from tighten.report.numbers import fastest_by_policy
from tighten.report.summary import CaseRow, Mark, Summary, change, interval, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from tighten.decision import Verdict
    from tighten.record import StudyRecord

__all__ = ["TerminalSummary"]

_FAILURES = 5  # groups of equal failures that are listed
_TAIL = 12  # lines of output shown when the baseline fails
_GOOD = frozenset({Status.SUCCESS, Status.PRIMARY_SUCCESS})
_BAD = frozenset({Status.BASELINE_FAILED, Status.REGRESSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSummary:
    """Status, best values, cases, counts, confirmation, machine, and what to do next.

    Parameters
    ----------
    width
        Columns of the text.
    color
        Whether to write ANSI colours; the words are the same either way.
    page
        Path or address of the HTML page, named at the end.
    next_step
        What the reader can do now, such as ``tighten apply``; chosen from the record when None.
    """

    width: int = 80
    color: bool = False
    page: str | None = None
    next_step: str | None = None

    def render(self, study: StudyRecord) -> str:
        """Return the summary, at most ``width`` columns wide."""
        console = Console(
            file=io.StringIO(),
            width=max(40, self.width),
            force_terminal=self.color,
            color_system="standard" if self.color else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        with console.capture() as capture:
            console.print(Group(*self._sections(Summary(study))))
        lines = (line.rstrip() for line in capture.get().splitlines())
        return "\n".join(lines).strip("\n") + "\n"

    def _sections(self, summary: Summary) -> Iterator[RenderableType]:
        yield _title(summary)
        yield Text(summary.headline, style="bold")
        yield from _values(summary)
        yield from _cases(summary)
        yield from _numbers(summary)
        yield from _failures(summary)
        yield Text()
        yield _facts(summary, self.page, self.next_step or _next_step(summary))


def _title(summary: Summary) -> Text:
    study = summary.study
    status = study.status
    color = "green" if status in _GOOD else "red" if status in _BAD else "yellow"
    word = (status.value if status else "running").replace("_", " ")
    return Text.assemble(
        "\n",
        (quantity.clipped(study.name, 120), "bold"),
        f", run {study.run}: ",
        (word, f"bold {color}"),
        f" ({summary.status})",
    )


def _values(summary: Summary) -> Iterator[RenderableType]:
    changed = [row for row in summary.parameters if row.is_changed]
    if not changed:
        return
    table = _table(f"Best values (trial {summary.study.best})")
    table.add_column("parameter", overflow="fold", ratio=3)
    table.add_column("before", justify="right", overflow="fold", ratio=1)
    table.add_column("after", justify="right", overflow="fold", ratio=1)
    table.add_column("where", overflow="fold", ratio=3)
    for row in changed:
        table.add_row(Text(row.name), Text(row.before), Text(row.after, "bold"), Text(row.place))
    unchanged = len(summary.parameters) - len(changed)
    yield from (Text(), table)
    if unchanged:
        yield Padding(Text(f"{quantity.count(unchanged, 'other value')} as before", "dim"), (0, 2))
    for row in changed:
        if row.hint:
            yield Padding(Text(row.hint), (0, 2))


def _cases(summary: Summary) -> Iterator[RenderableType]:
    if not any(row.before is not None for row in summary.cases):
        return
    table = _table(cases_title(summary))
    table.add_column("case", overflow="fold", ratio=1)
    for column in ("before", "after", "gain", "interval"):
        table.add_column(column, justify="right", no_wrap=column != "interval")
    table.add_column("target")
    for row in summary.cases:
        table.add_row(*_case_cells(row))
    yield from (Text(), table)


def cases_title(summary: Summary) -> str:
    """Return what the case table shows: a confirmed winner, or less than that."""
    if summary.is_confirmed:
        return "Cases"
    if any(row.confirmed for row in summary.cases):
        return "Cases of the winner that was not confirmed"
    return "Cases, as the search saw them (not confirmed)"


def _case_cells(row: CaseRow) -> Iterator[Text]:
    name = quantity.clipped(row.case.name, 40)
    yield Text(f"{name} (primary)" if row.case.primary else name)
    for text in (row.text(row.before), row.text(row.after), row.gain, row.interval):
        yield Text(text)
    yield _target(row)


def _target(row: CaseRow) -> Text:
    if row.case.target is None:
        return Text("none", "dim")
    color = {"reached": "green", "missed": "red"}.get(row.result, "dim")
    return Text.assemble(f"{row.text(row.case.target)} ", (row.result or "not measured", color))


def _numbers(summary: Summary) -> Iterator[RenderableType]:
    rows = fastest_by_policy(summary)
    if not rows:
        return
    table = _table(NUMBERS_TITLE)
    table.add_column("numbers", overflow="fold", ratio=2)
    table.add_column("trial", justify="right")
    table.add_column("speed-up", justify="right", no_wrap=True)
    table.add_column("values", overflow="fold", ratio=3)
    for row in rows:
        cells = row.policy, str(row.trial.number), quantity.ratio(row.ratio), row.values
        table.add_row(*map(Text, cells))
    yield from (Text(), table)


def _failures(summary: Summary) -> Iterator[RenderableType]:
    groups = summary.failure_groups
    if not groups:
        return
    yield from (Text(), Text("Failures", "bold"))
    for group in groups[:_FAILURES]:
        failure = group[0].failure
        numbers = ", ".join(str(trial.number) for trial in group[:6])
        more = ", …" if len(group) > 6 else ""
        where = "baseline" if group[0].number == 0 else f"trial {numbers}{more}"
        yield Padding(Text(f"{where}: {quantity.clipped(reason(group[0]), 300)}"), (0, 0, 0, 2))
        if group[0].number == 0 and failure is not None:
            tail = quantity.printable(failure.tail).splitlines()[-_TAIL:]
            yield Padding(Text("\n".join(tail), "dim"), (0, 0, 0, 4))
    if len(groups) > _FAILURES:
        yield Padding(Text(f"and {len(groups) - _FAILURES} more kinds, on the page"), (0, 0, 0, 2))


def _facts(summary: Summary, page: str | None, next_step: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    facts = {
        "targets": summary.targets,
        "trials": trials_line(summary),
        "nearest": nearest_line(summary),
        "confirmation": confirmation_line(summary),
        "time": time_line(summary),
        "machine": machine_line(summary),
        "page": quantity.printable(page or ""),
        "next": quantity.printable(next_step),
    }
    for name, text in facts.items():
        if text:
            table.add_row(name, Text(text))
    return table


def trials_line(summary: Summary) -> str:
    """Return how many trials there were, and what became of them."""
    parts = [f"{summary.counts[mark]:,} {mark}" for mark in Mark if summary.counts[mark]]
    total = f"{summary.searched:,} of {summary.study.max_trials:,}"
    return f"{total}: {', '.join(parts)}" if parts else total


def nearest_line(summary: Summary) -> str:
    """Return which trial was faster as a whole and yet not accepted, and why; empty without one."""
    trial = summary.nearest_miss
    if trial is None or trial.verdict is None or summary.baseline is None:
        return ""
    values = quantity.clipped(change(trial, summary.baseline), 120)
    gain = quantity.percent(trial.verdict.objective.gain)
    return f"trial {trial.number}, {gain}, {values}: {quantity.clipped(reason(trial), 300)}"


def confirmation_line(summary: Summary) -> str:
    """Return what the fresh measurement of the winner against the baseline found."""
    verdict = summary.study.confirmation
    if verdict is None:
        return "" if summary.study.best == 0 else "not measured yet"
    evidence = verdict.objective
    words = {
        Outcome.ACCEPT: "confirmed",
        Outcome.REJECT: "not confirmed (rejected)",
        Outcome.INCONCLUSIVE: "not confirmed (inconclusive)",
    }
    spread = quantity.percent(evidence.spread, signed=False)
    return (
        f"{words[verdict.outcome]}: {quantity.percent(evidence.gain)}, {summary.interval_name} "
        f"{interval(evidence)}, E = {quantity.e_value(evidence.e_value)} "
        f"(needs {quantity.e_value(1.0 / verdict.alpha)}), "
        f"{quantity.count(verdict.pairs, 'pair')}, spread {spread}, {rerun_rate(verdict)}"
    )


def rerun_rate(verdict: Verdict) -> str:
    """Return how many pairs something disturbed, so that they were run again."""
    if not verdict.reruns:
        return "no pair run again"
    share = verdict.reruns / (verdict.pairs + verdict.reruns)
    pairs = quantity.count(verdict.reruns, "pair")
    return f"{pairs} run again ({quantity.percent(share, signed=False)})"


def time_line(summary: Summary) -> str:
    """Return how long the study took, and on what."""
    parts = [
        f"{quantity.duration(seconds)} {name}" for name, seconds in summary.spent.items() if seconds
    ]
    if summary.seconds is None:
        return ", ".join(parts)
    total = quantity.duration(summary.seconds)
    return f"{total}: {', '.join(parts)}" if parts else total


def machine_line(summary: Summary) -> str:
    """Return the machine in one line: processor, cores, kernel."""
    machine = summary.study.machine
    cores = machine.get("cores")
    facts = [
        machine.get("cpu"),
        cores and quantity.count(int(cores), "core"),
        machine.get("kernel"),
    ]
    return ", ".join(quantity.printable(fact) for fact in facts if fact)


def _next_step(summary: Summary) -> str:
    study = summary.study
    if study.status is Status.BASELINE_FAILED:
        return "mend the build, gate or benchmark named above, then `tighten tune`"
    if study.status in {None, Status.INTERRUPTED}:
        return "`tighten resume`"
    if summary.is_confirmed:
        return "`tighten apply` writes these values into the project"
    if study.best != 0 and study.confirmation is None:
        return "`tighten verify` measures the best trial afresh"
    if summary.nearest_miss is not None:
        return (
            "more pairs (`decision.max_pairs`) or more room (`max_regression`) for the case that "
            "held it back, if that is worth the gain"
        )
    return (
        "widen the domains in tighten.toml, or `tighten doctor` to see what this machine can tell"
    )


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
        pad_edge=False,
        collapse_padding=False,
    )
