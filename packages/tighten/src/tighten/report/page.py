"""The self-contained HTML page of a study.

One file: style, script and pictures are inside, nothing is loaded, and a content security policy
in the page itself says so to the browser. Everything is readable without JavaScript; the script
only sorts and filters. All text of a study is escaped by the template engine.

Every trial has its row. The page stays small however long the study was, so the details of a
trial (evidence per case, patch, output) are included in order of interest until the page has
its size; it says how many were left out.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tighten.decision import Status
from tighten.profile import Difference, Profile, flame
from tighten.record import Examination, StrategyCosts
from tighten.report import numbers, page_rows, plots, quantity
from tighten.report import strategies as by_size
from tighten.report.effect_rows import Effects, effects_part
from tighten.report.summary import Mark, Summary, mark
from tighten.report.terminal import confirmation_line, time_line, trials_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.record import StudyRecord, TrialRecord

__all__ = ["Page"]

_FRAME = 400_000  # bytes of all but the table of trials, pictures included
_ROW = 290  # bytes of a row without its sentence
_SHORT = 28  # characters
_TONES = {
    Status.SUCCESS: "good",
    Status.PRIMARY_SUCCESS: "good",
    Status.BASELINE_FAILED: "bad",
    Status.REGRESSION: "bad",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its anchor and title, and its template."""

    anchor: str
    title: str

    @property
    def template(self) -> str:
        """File of the section's template."""
        return f"{self.anchor}.html.j2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Renders a study as one HTML file.

    Parameters
    ----------
    size_limit
        Bytes that the page may have; the rows of all trials are there in any case.
    control
        What `tighten doctor` found on the machine of the study, by its own benchmark.
    profiles
        Of the baseline, or what changed from there to the best values.
    strategies
        What each strategy costs at each size, of a study that looks for the borders between them.
    """

    size_limit: int = 4_500_000
    control: Examination | None = None
    profiles: Profile | Difference | None = None
    strategies: StrategyCosts | None = None

    def render(self, study: StudyRecord) -> str:
        """Return the page; it opens offline and without JavaScript."""
        summary = Summary(study)
        found = Effects.of(study)
        rows = [page_rows.trial_row(summary, trial) for trial in study.trials]
        taken = _FRAME + sum(_ROW + len(row["change"].encode()) for row in rows)
        details = _details(summary, self.size_limit - taken)
        context = {
            **_frame(summary),
            "flames": _flames(self.profiles),
            "hosts": page_rows.hosts(study),
            "control": page_rows.control_line(self.control),
            **_case_part(summary),
            **_value_part(summary),
            **_trial_part(summary, len(details)),
            "trials": rows,
            "details": details,
            **_method_part(summary),
            "sections": self._sections(summary, found),
            **_strategy_part(self.strategies),
            **effects_part(found, summary.interval_name),
            "numbers": numbers.fastest_by_policy(summary),
            "failures": page_rows.failures(summary),
            "failures_note": _failures_note(summary),
        }
        return _environment().get_template("page.html.j2").render(context) + "\n"

    def _sections(self, summary: Summary, found: Effects) -> list[Section]:
        measured = any(row.before is not None for row in summary.cases)
        shown = {
            "cases": ("Cases", measured),
            "values": ("Values", bool(summary.parameters)),
            "numbers": (numbers.TITLE, bool(numbers.fastest_by_policy(summary))),
            "strategies": ("What each strategy costs", self.strategies is not None),
            "convergence": ("How the search went", summary.searched > 0),
            "profiles": ("Where the time goes", self.profiles is not None),
            "effects": ("What each parameter did", bool(found.effects or found.inert)),
            "trials": ("All trials", bool(summary.study.trials)),
            "failures": ("Failures", bool(summary.failure_groups)),
            "method": ("How it was decided", True),
            "hosts": ("Hosts", bool(summary.study.hosts)),
            "machine": ("Machine", bool(summary.study.machine)),
        }
        sections = [Section(anchor, title) for anchor, (title, shows) in shown.items() if shows]
        if summary.study.status is Status.BASELINE_FAILED:
            sections.sort(key=lambda section: section.anchor != "failures")
        return sections


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tighten.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["fit"] = _fit
    return environment


def _fit(name: str) -> Markup:
    """Return the class of a name that is short enough to stay on one line."""
    return Markup(' class="fits"') if len(name) <= _SHORT else Markup("")


def _details(summary: Summary, room: int) -> Mapping[int, Markup]:
    """Return the details of the most interesting trials, as many as ``room`` bytes can hold."""
    macro: Any = _environment().get_template("parts.html.j2").module
    details: dict[int, Markup] = {}
    for trial in _by_interest(summary):
        html = macro.details(page_rows.trial_details(summary, trial))
        room -= len(html.encode())
        if room < 0:
            break
        details[trial.number] = html
    return details


def _source(name: str) -> str:
    environment = _environment()
    if environment.loader is None:
        raise AssertionError("the environment of the page has a loader")
    return environment.loader.get_source(environment, name)[0]


def _flames(profiles: Profile | Difference | None) -> list[tuple[str, Markup]]:
    """Return each flame graph with its title: before, after, and what changed."""
    if profiles is None:
        return []
    if isinstance(profiles, Profile):
        return [("The baseline", flame.fragment(profiles, ident="flame-before"))]
    return [
        ("The baseline", flame.fragment(profiles.before, ident="flame-before")),
        ("The best values", flame.fragment(profiles.after, ident="flame-after")),
        ("What changed", flame.difference_fragment(profiles)),
    ]


def _frame(summary: Summary) -> dict[str, object]:
    study = summary.study
    script = f"{_source('page.js')}\n{flame.SCRIPT}"
    digest = hashlib.sha256(script.encode()).digest()
    return {
        "summary": summary,
        "study": study,
        "title": quantity.clipped(study.name, 200),
        "project": quantity.clipped(study.project, 200),
        "status_word": (study.status.value if study.status else "running").replace("_", " "),
        "status_tone": _TONES.get(study.status, "neutral") if study.status else "neutral",
        "cards": page_rows.cards(summary),
        "style": Markup(_source("page.css")) + flame.STYLE,
        "script": Markup(script),
        "script_hash": base64.b64encode(digest).decode(),
        "version": metadata.version("tighten"),
        "machine": page_rows.machine_facts(study),
        "machine_groups": page_rows.machine_groups(study.machine),
    }


def _case_part(summary: Summary) -> dict[str, object]:
    if summary.is_confirmed:
        note = (
            "The winner, measured afresh against the baseline in pairs of launches. Before and "
            "after are medians over launches, gains and intervals over pairs: where launches vary "
            "much, one need not follow from the other."
        )
    elif any(row.confirmed for row in summary.cases):
        note = "The winner of the search, measured afresh against the baseline: not confirmed."
    else:
        note = (
            "As the search saw them. The best of many noisy results looks better than it is; "
            "nothing is confirmed yet."
        )
    drawn = any(row.before and row.after for row in summary.cases)
    sizes = (plots.WIDE, plots.NARROW) if drawn else ()
    return {
        "cases": [page_rows.case_row(row) for row in summary.cases],
        "cases_note": f"{note} {summary.targets[:1].upper()}{summary.targets[1:]}.",
        "case_plots": [Markup(plots.cases(summary, size)) for size in sizes],
    }


def _value_part(summary: Summary) -> dict[str, object]:
    best = summary.study.best
    kept = f"The values of trial {best}" if best else "The values the project has now"
    changed = sum(row.is_changed for row in summary.parameters)
    note = f"{kept}: {changed} of {quantity.count(len(summary.parameters), 'parameter')} changed."
    note = " ".join([note, *(f"{row.hint}." for row in summary.parameters if row.hint)])
    return {
        "parameters": summary.parameters,
        "values_note": note,
        "best_patch": page_rows.patch_lines(summary.best.patch if best and summary.best else ""),
    }


def _strategy_part(costs: StrategyCosts | None) -> dict[str, object]:
    if costs is None:
        return {}
    return {
        "strategy_names": [line.name for line in costs.lines],
        "strategy_rows": list(by_size.rows_over_cheapest(costs)),
        "strategy_plots": [
            Markup(plots.strategies(costs, size)) for size in (plots.WIDE, plots.NARROW)
        ],
        "strategy_borders": "; ".join(by_size.borders(costs)),
        "strategy_values": list(by_size.values(costs)),
    }


def _trial_part(summary: Summary, detailed: int) -> dict[str, object]:
    study = summary.study
    left_out = len(study.trials) - detailed
    notes = [f"Trials: {trials_line(summary)}.", f"Time: {time_line(summary)}."]
    if left_out:
        notes.append(
            f"To keep the page small, the details of {quantity.count(left_out, 'trial')} are "
            "left out; the JSON export has them."
        )
    words: dict[str, int] = {}
    for trial in study.trials:
        words[mark(trial).value] = words.get(mark(trial).value, 0) + 1
    sizes = (plots.WIDE, plots.NARROW) if summary.searched else ()
    return {
        "trials_notes": notes,
        "verdict_words": [(word.value, words[word]) for word in Mark if word in words],
        "convergence_plots": [Markup(plots.convergence(summary, size)) for size in sizes],
        "convergence_note": _convergence_note(summary),
    }


def _convergence_note(summary: Summary) -> str:
    note = (
        "Each trial was compared with the best before it; its speed-up over the baseline is the "
        "product along that chain. Failed trials stand at the lower edge."
    )
    if summary.searched > plots.WIDE.points:
        note += " Of many trials, each part shows the best, the median and the worst."
    if summary.study.confirmation is not None:
        note += " The last point is the fresh measurement of the winner, with its interval."
    return note


def _failures_note(summary: Summary) -> str:
    if summary.study.status is Status.BASELINE_FAILED:
        return "The project as it stands fails; mend this first."
    return (
        "A failed trial is never accepted; the study goes on without it. "
        "Equal failures are listed together."
    )


def _method_part(summary: Summary) -> dict[str, object]:
    verdict = summary.study.confirmation
    if verdict is None:
        return {"confirmation": None, "needed": None}
    line = confirmation_line(summary)
    return {
        "confirmation": {
            "line": line[:1].upper() + line[1:],
            "evidence": page_rows.evidence(summary, verdict),
        },
        "needed": quantity.e_value(1.0 / verdict.alpha),
    }


def _by_interest(summary: Summary) -> list[TrialRecord]:
    """Return all trials: best and baseline, accepted, one of each failure, then the fastest."""
    first_failures = {group[0].number for group in summary.failure_groups}

    def rank(trial: TrialRecord) -> tuple[int, float]:
        if trial.number in {0, summary.study.best}:
            return 0, 0.0
        if mark(trial) is Mark.ACCEPTED or trial.number in first_failures:
            return 1, -trial.number
        return 2, -summary.ratios.get(trial.number, 0.0)

    return sorted(summary.study.trials, key=rank)
