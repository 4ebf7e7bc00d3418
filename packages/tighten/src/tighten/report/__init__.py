"""Reports of a study: one renderer per format behind one protocol, and live progress.

Renderers are pure: a frozen `tighten.record.StudyRecord` in, a text out. Only `export` and
`update_document` write files, each of them whole or not at all. A format is imported when it is
first used, so that nobody waits for a plotting library who wants no picture.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tighten.report.campaign import Json, export, from_json, to_json
    from tighten.report.live import progress
    from tighten.report.markdown import MarkdownTable, guard_markdown, update_document
    from tighten.report.page import Page
    from tighten.report.renderer import Renderer
    from tighten.report.terminal import TerminalSummary

__all__ = [
    "Json",
    "MarkdownTable",
    "Page",
    "Renderer",
    "TerminalSummary",
    "export",
    "from_json",
    "guard_markdown",
    "progress",
    "to_json",
    "update_document",
]

_CAMPAIGN, _MARKDOWN = "tighten.report.campaign", "tighten.report.markdown"
_HOMES = {
    "Json": _CAMPAIGN,
    "MarkdownTable": _MARKDOWN,
    "Page": "tighten.report.page",
    "Renderer": "tighten.report.renderer",
    "TerminalSummary": "tighten.report.terminal",
    "export": _CAMPAIGN,
    "from_json": _CAMPAIGN,
    "guard_markdown": _MARKDOWN,
    "progress": "tighten.report.live",
    "to_json": _CAMPAIGN,
    "update_document": _MARKDOWN,
}


def __getattr__(name: str) -> object:
    """Import the module of a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    return found
