"""The page in a real browser: offline, wide and narrow, light and dark, with and without script."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tighten.report import Page

from . import records

if TYPE_CHECKING:
    from pathlib import Path

STUDIES = {
    "campaign": records.campaign,
    "hostile": records.hostile,
    "baseline failed": records.baseline_failed,
    "timed": records.timed,
}
CONTRAST = """() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((c) => {
      const x = c / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = luminance(getComputedStyle(document.body).backgroundColor);
  const texts = document.querySelectorAll("p, td, th, dt, dd, .mark, summary, a, figcaption");
  return Math.min(...Array.from(texts, (element) => {
    const front = luminance(getComputedStyle(element).color);
    return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
  }));
}"""

PLOTS = "Array.from(document.querySelectorAll('svg.plot'), (p) => p.getBoundingClientRect().width)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {}
    for name, build in STUDIES.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(Page().render(build()), encoding="utf-8")
    return paths


def opened(browser: Any, path: Path, **context: Any) -> tuple[Any, list[str]]:
    """Open a page offline; return it and the list that collects what must not happen."""
    tab = browser.new_context(offline=True, **context).new_page()
    troubles: list[str] = []
    tab.on("console", lambda message: troubles.append(message.text))
    tab.on("pageerror", lambda error: troubles.append(str(error)))

    def dismiss(dialog: Any) -> None:
        troubles.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", dismiss)
    tab.on(
        "request",
        lambda request: None if request.url == path.as_uri() else troubles.append(request.url),
    )
    tab.goto(path.as_uri())
    return tab, troubles


@pytest.mark.parametrize(
    ("width", "scheme", "script"),
    list(itertools.product((1200, 400), ("light", "dark"), (True, False))),
    ids=str,
)
def test_opens_offline_in_every_variant(
    browser: Any, pages: dict[str, Path], width: int, scheme: str, script: bool
) -> None:
    tab, troubles = opened(
        browser,
        pages["campaign"],
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=script,
    )
    assert not troubles
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator(".headline").is_visible()
    assert tab.locator(".controls").is_visible() is script
    assert tab.locator("#all-trials > tbody").count() == 11
    assert tab.evaluate(CONTRAST) >= 4.5
    widths = [w for w in tab.evaluate(PLOTS) if w > 0]
    assert len(widths) == 2
    assert max(widths) <= width
    tab.context.close()


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_every_kind_of_study_fits_a_narrow_screen(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    tab, troubles = opened(browser, pages[name], viewport={"width": 400, "height": 900})
    assert not troubles
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    assert tab.locator("#all-trials > tbody").count() == len(STUDIES[name]().trials)
    tab.context.close()


def test_dark_is_dark_and_light_is_light(browser: Any, pages: dict[str, Path]) -> None:
    colors = {}
    for scheme in ("light", "dark"):
        tab, _ = opened(browser, pages["campaign"], color_scheme=scheme)
        colors[scheme] = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.context.close()
    assert colors == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


def test_sorts_and_filters(browser: Any, pages: dict[str, Path]) -> None:
    tab, troubles = opened(browser, pages["campaign"])

    def numbers() -> list[int]:
        rows = "#all-trials > tbody:not([hidden]) > tr:first-child > th"
        return [int(text) for text in tab.locator(rows).all_inner_texts()]

    assert numbers() == list(range(11))
    tab.get_by_role("button", name="gain", exact=True).click()
    assert numbers()[:5] == [10, 2, 6, 1, 3]  # smallest gain first, unmeasured last
    tab.get_by_role("button", name="gain", exact=True).click()
    assert numbers()[:5] == [3, 1, 6, 2, 10]
    tab.get_by_role("button", name="trial", exact=True).click()
    assert numbers() == list(range(11))
    tab.locator("#verdict").select_option("failed")
    assert numbers() == [4, 7, 8, 9]
    assert tab.locator("#shown").inner_text() == "4 of 11 shown"
    tab.locator("#find").fill("chunk_size_l1 4096")
    assert numbers() == [4, 8]
    tab.locator("#verdict").select_option("")
    tab.locator("#find").fill("sigsegv")
    assert numbers() == [9]
    assert not troubles
    tab.context.close()


def test_pictures_zoom_and_come_back(browser: Any, pages: dict[str, Path]) -> None:
    tab, troubles = opened(browser, pages["campaign"], viewport={"width": 1200, "height": 900})
    plot = tab.locator("#convergence svg.plot.wide")
    whole = plot.get_attribute("viewBox").split()
    tab.locator("#convergence").get_by_role("button", name="zoom in").click()
    closer = plot.get_attribute("viewBox").split()
    assert float(closer[2]) == pytest.approx(float(whole[2]) / 1.5)
    plot.hover()
    tab.mouse.down()
    tab.mouse.move(0, 0)
    tab.mouse.up()
    assert float(plot.get_attribute("viewBox").split()[0]) > float(closer[0])
    tab.locator("#convergence").get_by_role("button", name="whole picture").click()
    assert [float(x) for x in plot.get_attribute("viewBox").split()] == [float(x) for x in whole]
    assert not troubles
    tab.context.close()


def test_effects_are_numbers_without_script_and_on_paper(
    browser: Any, pages: dict[str, Path]
) -> None:
    tab, _ = opened(
        browser,
        pages["campaign"],
        java_script_enabled=False,
        viewport={"width": 400, "height": 900},
    )
    rows = tab.locator("#effects table.effects").first.locator("tbody tr")
    assert rows.count() >= 2
    assert any(" to " in text for text in rows.all_inner_texts())
    tab.emulate_media(media="print")
    assert tab.locator("#effects").is_visible()
    tab.context.close()


def test_details_open_without_widening_the_page(browser: Any, pages: dict[str, Path]) -> None:
    tab, _ = opened(browser, pages["hostile"], viewport={"width": 400, "height": 900})
    tab.locator("#trial-1 summary").click()
    assert tab.locator("#trial-1 details pre.patch").is_visible()
    tab.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    assert tab.locator("#trial-1 > tr:first-child > td:nth-child(8)").bounding_box()["x"] < 400
    tab.context.close()


def test_prints(browser: Any, pages: dict[str, Path]) -> None:
    tab, _ = opened(browser, pages["campaign"], color_scheme="dark")
    tab.emulate_media(media="print")
    assert not tab.locator("nav").is_visible()
    assert not tab.locator(".controls").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.pdf().startswith(b"%PDF")
    tab.context.close()
