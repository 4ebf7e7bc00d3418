from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from tighten.record import StrategyCosts, StrategyLine
from tighten.report import MarkdownTable, Page, plots
from tighten.report.tables import strategy_costs_text

if TYPE_CHECKING:
    from tighten.record import StudyRecord


def line(name: str, costs: dict[str, float]) -> StrategyLine:
    return StrategyLine(name=name, fixed=0.0, per_item=1.0, misfit=0.0, costs=costs)


def plain(text: str) -> str:
    return text.replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{EN DASH}", "-")


COSTS = StrategyCosts(
    run=1,
    unit="s",
    lines=(
        line("alone", {"1000": 1.0, "10000": 10.0, "1000000": 1000.0}),
        line("shares", {"1000": 4.0, "10000": 8.0, "1000000": 500.0}),
        line("chunks", {"10000": 12.0, "1000000": 480.0}),
    ),
    rows=((0, "alone"), (7000, "shares")),
    values={"SHARING": "alone, 7000: shares"},
    source=(),
    kept={"SHARING": "alone"},
    proof=(),
)


def test_table_names_the_cheapest_and_what_was_not_measured(campaign: StudyRecord) -> None:
    text = plain(MarkdownTable(strategies=COSTS).render(campaign))
    assert "| 1,000 | **1.000x** | 4.00x | - |" in text
    assert "| 10,000 | 1.250x | **1.000x** | 1.500x |" in text
    assert "| 1,000,000 | 2.08x | 1.042x | **1.000x** |" in text
    assert "- Borders by the fit: alone; from 7,000 on: shares" in text
    assert "- SHARING = alone, 7000: shares; the study keeps alone" in text
    html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert html.count("<strong>1.000x</strong>") == 3
    assert "strategy" not in MarkdownTable().render(campaign)


def test_long_names_are_numbered_on_the_terminal() -> None:
    short = strategy_costs_text(COSTS, width=80, colour=False)
    assert re.search(r"size +alone +shares +chunks", short)
    lines = tuple(replace(one, name=f"from THRESHOLD_{one.name} on") for one in COSTS.lines)
    long = strategy_costs_text(replace(COSTS, lines=lines), width=60, colour=False)
    assert "  2  from THRESHOLD_shares on\n" in long
    assert re.search(r"size +1 +2 +3", long)


def test_names_of_strategies_stay_text(campaign: StudyRecord) -> None:
    hostile = "<script>alert(1)</script>|x"
    lines = (replace(COSTS.lines[0], name=hostile), *COSTS.lines[1:])
    costs = replace(COSTS, lines=lines, rows=((0, hostile),))
    html = Page(strategies=costs).render(campaign)
    assert html.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;|x" in html
    table = MarkdownTable(strategies=costs).render(campaign)
    assert "<script" not in MarkdownIt("gfm-like", {"linkify": False}).render(table)


def test_page_shows_the_costs_only_of_a_study_that_has_strategies(campaign: StudyRecord) -> None:
    html = plain(Page(strategies=COSTS).render(campaign))
    part = html[html.index('<section id="strategies"') :].partition("</section>")[0]
    assert part.count("<svg") == 2
    assert '<td data-label="alone"><b>1.000x</b>' in part
    assert "By the fit: alone; from 7,000 on: shares." in part
    assert "SHARING = alone, 7000: shares; the study keeps alone" in part
    assert "strategies" not in Page().render(campaign)


@pytest.mark.parametrize("size", [plots.WIDE, plots.NARROW])
def test_picture_names_every_strategy_and_draws_each_border(size: plots.Size) -> None:
    svg = plots.strategies(COSTS, size)
    for name in ("alone", "shares", "chunks", "1,000,000"):
        assert f">{name}<" in svg
    assert "label-" not in svg
    without = plots.strategies(replace(COSTS, rows=COSTS.rows[:1]), size)
    dashed = "stroke-dasharray"
    assert svg.count(dashed) == without.count(dashed) + 1
    assert not re.search(r"#0[1-7]0[1-7]0[1-7]", svg)


def test_sizes_that_would_overlap_are_left_out_of_the_axis() -> None:
    sizes = ["1000", "1010", "1020", "1000000"]
    costs = replace(COSTS, lines=tuple(line(x, dict.fromkeys(sizes, 1.0)) for x in "ab"))
    svg = plots.strategies(costs, plots.NARROW)
    assert ">1,020<" in svg
    assert ">1,010<" not in svg
