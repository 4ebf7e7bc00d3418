"""Pictures of the report's page for the guide, made by headless Chromium.

    python benchmarks/tighten/report_pictures.py                     # the example of the guide
    python benchmarks/tighten/report_pictures.py --page report.html  # of a page that tune wrote

Needs the Python package playwright and a `chromium` on the path.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from tighten.report import Page

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packages" / "tighten" / "tests"))
records: Any = importlib.import_module("report.records")


SHOTS: dict[str, tuple[int, int, Any]] = {  # width, height, colours
    "report-page": (1200, 1500, "light"),
    "report-page-dark-narrow": (400, 1100, "dark"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--page", type=Path, help="an existing page; the example when left out")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="DIRECTORY")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        parser.error("no `chromium` on the path; on Debian: apt-get install chromium")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = options.page or Path(folder) / "page.html"
        if options.page is None:
            page.write_text(Page().render(records.campaign()), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (width, height, scheme) in SHOTS.items():
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            tab.goto(page.resolve().as_uri())
            path = options.out / f"{name}.png"
            tab.screenshot(path=path)
            print(path)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
