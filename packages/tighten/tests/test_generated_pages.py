"""The pages made from the code are what the code says now."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from tighten.cli import cli

GENERATOR = runpy.run_path(str(Path(__file__).parents[3] / "docs" / "generate.py"))


@pytest.mark.parametrize("page", GENERATOR["PAGES"], ids=lambda path: path.name)
def test_a_page_is_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == GENERATOR["PAGES"][page](), "run `make docs`"


def test_every_command_has_its_section() -> None:
    page = GENERATOR["cli_page"]()
    titles = [line for line in page.splitlines() if line.startswith("## ")]
    assert titles == ["## tighten", *(f"## tighten {name}" for name in sorted(cli.commands))]
    assert page.count("-h, --help") == len(titles)
