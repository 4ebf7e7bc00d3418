from __future__ import annotations

import subprocess
import sys

import pytest
from tighten import report


@pytest.mark.parametrize("name", report.__all__)
def test_every_public_name_is_there_and_callable(name: str) -> None:
    assert callable(getattr(report, name))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Pdf'"):
        _ = report.Pdf


def test_progress_and_summary_do_not_wait_for_plots() -> None:
    code = (
        "import sys; from tighten.report import TerminalSummary, export, progress;"
        "assert not {'matplotlib', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
