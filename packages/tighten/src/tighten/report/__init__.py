"""Reports of a study: one renderer per format behind one protocol, and live progress.

Renderers are pure: a frozen `tighten.record.StudyRecord` in, a text out. Only `export` and
`update_document` write files, each of them whole or not at all.
"""

from __future__ import annotations

from tighten.report.export import Json, export, from_json, to_json
from tighten.report.markdown import MarkdownTable, update_document
from tighten.report.page import Page
from tighten.report.progress import progress
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
    "progress",
    "to_json",
    "update_document",
]
