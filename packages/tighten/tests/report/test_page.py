from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tighten.decision import Outcome, Status
from tighten.record import Role
from tighten.report import Page, plots
from tighten.report.summary import Summary, mark

from . import records

if TYPE_CHECKING:
    from tighten.record import StudyRecord


class Outline(HTMLParser):
    """Collects what a page refers to, its ids, its visible text and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.handlers: list[str] = []
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = tag
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "xlink:href", "action", "data", "srcset", "poster"}:
                self.links.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in {"style", "script"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_refers_to_nothing_outside_itself(any_study: StudyRecord) -> None:
    html = Page().render(any_study)
    outline = Outline(html)
    assert all(link.startswith("#") for link in outline.links)
    targets = {link[1:] for link in outline.links}
    assert targets <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert not re.search(r"url\(\s*['\"]?(?!#)|@import", html)
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(outline.tags)


def test_foreign_text_is_text_everywhere() -> None:
    html = Page().render(records.hostile())
    outline = Outline(html)
    assert outline.tags.count("script") == 1
    assert not outline.handlers
    assert "<script>alert" not in html
    assert "{{ 7*7 }}" in outline.text  # not evaluated
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", html)
    html.encode("utf-8")


def test_every_number_is_there_without_javascript(any_study: StudyRecord) -> None:
    outline = Outline(Page().render(any_study))
    for trial in any_study.trials:
        assert f"trial-{trial.number}" in outline.ids
        assert mark(trial).value in outline.text


def test_shows_cases_values_evidence_patch_failures_machine(campaign: StudyRecord) -> None:
    text = Outline(Page().render(campaign)).text.replace("\N{NO-BREAK SPACE}", " ")
    for expected in (
        "Confirmed gain over the baseline: +14.8 %, 90 % interval +14.2 to +15.4 %.",
        "size_10000 primary speedup_vs_numpy 0.8312 0.9911",
        "at least 0.9500 reached",
        "PARALLEL_THRESHOLD_SMALL 50000 10000",
        "+pub const PARALLEL_THRESHOLD_SMALL: usize = 10_000;",
        "error[E0308]: mismatched types",
        "gate same numbers : failed, rtol 1e-10",
        "worst element 4711 is 0.31415 instead of 0.31416",
        "AMD EPYC 7763 64-Core Processor",
        "memory 23.5 GiB",
        "rustc 1.95.0",
        "E = 1,274 (needs 100)",
        "identical to 2",
        "failed (timeout)",
    ):
        assert expected in text, expected


def test_best_row_is_marked_and_linked(campaign: StudyRecord) -> None:
    assert '<tbody id="trial-3" class="best">' in Page().render(campaign)


def test_failed_baseline_comes_first() -> None:
    html = Page().render(records.baseline_failed())
    assert html.index('<section id="failures"') < html.index('<section id="values"')
    assert "mend this first" in html
    assert "<details open>" in html


@pytest.mark.parametrize("status", [*Status, None])
def test_every_status_has_its_word(campaign: StudyRecord, status: Status | None) -> None:
    html = Page().render(replace(campaign, status=status))
    word = status.value.replace("_", " ") if status else "running"
    assert f"<b>{word}</b>" in html


def test_same_record_same_page(campaign: StudyRecord) -> None:
    assert Page().render(campaign) == Page().render(campaign)


def test_policy_allows_this_script_only(campaign: StudyRecord) -> None:
    html = Page().render(campaign)
    assert html.startswith("<!doctype html>")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert "default-src 'none'" in policy.group(1)
    assert "script-src 'sha256-" in policy.group(1)


def test_ten_thousand_trials_stay_small(large: StudyRecord) -> None:
    html = Page().render(large)
    assert len(html.encode()) <= 5_000_000
    assert html.count("<tbody id=") == 10_001
    assert re.search(r"details of [\d,]+ trials are left out", html)
    kept = [large.trials[0], large.trials[large.best]]
    for trial in kept:
        row = html.index(f'id="trial-{trial.number}"')
        assert "<details>" in html[row : html.index("<tbody", row)]


def test_size_limit_keeps_every_row(campaign: StudyRecord) -> None:
    html = Page(size_limit=0).render(campaign)
    assert html.count("<tbody id=") == 11
    assert "details of 11 trials are left out" in html


def test_the_confirmation_is_drawn_once(campaign: StudyRecord) -> None:
    """Its trial is the winner measured again: no step of the search, no new best."""
    number = len(campaign.trials)
    again = records.trial(number, Outcome.ACCEPT, 0.05, incumbent=0, role=Role.CONFIRMATION)
    confirmed = replace(campaign, trials=(*campaign.trials, again))
    drawn = [plots.convergence(Summary(one), plots.WIDE) for one in (campaign, confirmed)]
    assert drawn[0] == drawn[1]
