from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from tighten.decision import Status
from tighten.errors import StateError, StudyError
from tighten.report import MarkdownTable, update_document
from tighten.report.markdown import replace_between_markers

from . import records

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.record import StudyRecord

DOCUMENT = "# Speed\n\n<!-- tighten:t:begin -->\nold\n<!-- tighten:t:end -->\n\nend é\n"


def test_tables_have_the_same_number_of_cells_in_every_row(any_study: StudyRecord) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(MarkdownTable().render(any_study))
    for table in html.split("<table>")[1:]:
        rows = [row.count("<td") + row.count("<th>") for row in table.split("<tr>")[1:]]
        columns = table.split("</thead>")[0].count("<th ")
        assert columns in {4, 8}
        assert all(row in {0, columns} for row in rows)


def test_hostile_text_stays_text() -> None:
    text = MarkdownTable().render(records.hostile())
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text)
    assert "<script" not in html
    assert "<code>" not in html
    assert "<em>" not in html
    assert "\x1b" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_text_of_a_campaign(campaign: StudyRecord) -> None:
    text = MarkdownTable().render(campaign)
    assert (
        "| size_10000 | speedup_vs_numpy | 0.8312 | 0.9911 | +19.2 % | +18.6 to +19.8 % "
        "| 0.9500 | reached |" in text
    )
    assert "| PARALLEL_THRESHOLD_SMALL | 50000 | 10000 |" in text
    assert "- Measured: 2025-03-14" in text


def test_a_search_that_had_more_to_propose_says_why_it_ended(campaign: StudyRecord) -> None:
    short = replace(campaign, status=Status.TIME_BUDGET)
    line = next(line for line in MarkdownTable().render(short).splitlines() if "Trials: " in line)
    assert line.endswith("; the time budget is used up")
    assert "; " not in next(
        line for line in MarkdownTable().render(campaign).splitlines() if "Trials: " in line
    )


def test_only_the_part_between_the_markers_changes_and_twice_is_once(
    tmp_path: Path, campaign: StudyRecord
) -> None:
    path = tmp_path / "speed.md"
    path.write_text(DOCUMENT)
    content = MarkdownTable().render(campaign)
    assert update_document(path, "t", content)
    first = path.read_bytes()
    assert not update_document(path, "t", content)
    assert path.read_bytes() == first
    text = first.decode()
    assert text.startswith("# Speed\n\n<!-- tighten:t:begin -->\n**Confirmed")
    assert text.endswith("\n<!-- tighten:t:end -->\n\nend é\n")
    assert "old" not in text


def test_line_endings_survive(tmp_path: Path) -> None:
    path = tmp_path / "speed.md"
    path.write_bytes(DOCUMENT.replace("\n", "\r\n").encode())
    update_document(path, "t", "a\nb\n")
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") == 8


def test_another_name_is_another_place() -> None:
    with pytest.raises(StudyError, match="tighten:other:begin -->") as refusal:
        replace_between_markers(DOCUMENT, "other", "x", document="speed.md")
    assert "put these two lines" in str(refusal.value)


@pytest.mark.parametrize(
    ("document", "trouble"),
    [
        ("none at all", "is missing"),
        (DOCUMENT.replace("<!-- tighten:t:end -->", ""), "t:end --> is missing"),
        (DOCUMENT + DOCUMENT, "stands in lines 3, 10"),
        ("<!-- tighten:t:end -->\n<!-- tighten:t:begin -->\n", "exchange the two lines"),
    ],
)
def test_document_without_one_pair_of_markers_is_refused_and_unchanged(
    tmp_path: Path, document: str, trouble: str
) -> None:
    path = tmp_path / "speed.md"
    path.write_text(document)
    with pytest.raises(StudyError, match=trouble):
        update_document(path, "t", "new")
    assert path.read_text() == document


def test_marker_name_cannot_leave_the_comment() -> None:
    with pytest.raises(StudyError, match="letters, digits"):
        replace_between_markers(DOCUMENT, "t --> <b", "x", document="speed.md")


def test_missing_or_binary_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot read"):
        update_document(tmp_path / "none.md", "t", "x")
    (tmp_path / "bin.md").write_bytes(b"\xff\xfe")
    with pytest.raises(StudyError, match="UTF-8"):
        update_document(tmp_path / "bin.md", "t", "x")


def test_a_document_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "speed.md"
    path.write_text(DOCUMENT)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(StateError, match="Permission denied"):
        update_document(path, "t", "x")
    assert path.read_text() == DOCUMENT
