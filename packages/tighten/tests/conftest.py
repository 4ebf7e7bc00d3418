"""What holds for every test of the package."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shell starts its background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The tests of profiling ask for a profiler by name; all others need not wait for one.
os.environ["TIGHTEN_PROFILE_TOOL"] = "none"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give headless Chromium, for pages that a person would open."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as driver:
        # The sandbox needs privileges that containers do not give.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
