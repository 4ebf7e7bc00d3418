"""Flame graphs: what is in the page, and what a browser makes of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tighten.profile import Difference, Profile, read_profile
from tighten.profile.flame import difference_page, fragment, page
from tighten.profile.model import Frame, Stack

if TYPE_CHECKING:
    from playwright.sync_api import Page

DATA = Path(__file__).parents[1] / "data" / "profiles"


def recorded() -> Profile:
    return read_profile(DATA / "py-spy.speedscope.json")


def test_everything_is_there_without_a_script() -> None:
    text = fragment(recorded(), ident="before")
    assert 'id="before"' in text
    assert "waiting for the GIL 38.6 %" in text
    assert re.search(r'title="term in [^"]*: 29.8 %, 170 ms; itself 140 ms"', text)
    assert "<script" not in text


def test_foreign_names_are_escaped() -> None:
    hostile = Profile.of([Stack((Frame("<script>alert(1)</script>", '"><b>'),), 1.0)])
    text = page(hostile, title="<i>")
    assert "<script>alert" not in text
    assert "<i>" not in text


def test_widths_of_children_never_exceed_their_parent() -> None:
    text = fragment(read_profile(DATA / "cprofile.pstats"))
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r"--x:([\d.e-]+);--w:([\d.e-]+);--d:(\d+)", text)
    ]
    assert len(boxes) > 5
    for x, w, row in boxes:
        if row:
            assert any(
                a - 1e-2 <= x and x + w <= a + b + 1e-2 for a, b, above in boxes if above == row - 1
            )


def test_a_difference_says_which_way() -> None:
    before = Profile.of([Stack((Frame("main"), Frame("hot")), 8.0), Stack((Frame("main"),), 2.0)])
    after = Profile.of([Stack((Frame("main"), Frame("hot")), 4.0), Stack((Frame("main"),), 3.0)])
    text = difference_page(Difference.of(before, after), title="before and after")
    assert re.search(r'class="cheap"[^>]*title="hot: 8 s before, 4 s after \(-50%\)"', text)
    assert "(-30.0%)" in text


def test_a_large_profile_stays_a_small_page() -> None:
    stacks = [
        Stack(tuple(Frame(f"f{i % 7}_{depth}_{i}", "a.py") for depth in range(40)), 1.0)
        for i in range(300)
    ]
    assert len(fragment(Profile.of(stacks))) < 300_000


@pytest.fixture
def browser_page(browser: Any) -> Page:
    page: Page = browser.new_page()
    return page


def test_the_browser_zooms_finds_and_fits_a_phone(browser_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(recorded(), title="small.py"), encoding="utf-8")
    errors: list[str] = []
    browser_page.on("pageerror", lambda error: errors.append(str(error)))
    browser_page.on("console", lambda said: errors.append(said.text))
    browser_page.set_viewport_size({"width": 400, "height": 800})
    browser_page.goto(path.as_uri())
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 400
    box = browser_page.locator('.flame-graph > span[title^="clock_nanosleep"]').first
    before = box.bounding_box()
    box.click()
    after = box.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 5 * before["width"]
    browser_page.get_by_role("button", name="Whole graph").click()
    browser_page.get_by_label("find a function").fill("term")
    assert "29.8 %" in browser_page.locator(".flame-controls output").inner_text()
    assert errors == []
