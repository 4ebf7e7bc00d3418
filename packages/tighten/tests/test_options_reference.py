"""The reference page of the study file is what the models say."""

from __future__ import annotations

from pathlib import Path

from tighten.options import schema
from tighten.options.keys import bare, entry, is_table, keys
from tighten.options.reference import reference_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "study-file.md"


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), (
        "run `python -m tighten.options.reference docs/reference/study-file.md`"
    )


def test_every_key_has_a_meaning() -> None:
    tables = [one for one in vars(schema).values() if is_table(one) and one.model_fields]
    for table in tables:
        for name, field in keys(table).items():
            is_described = field.description or is_table(bare(field.annotation))
            assert is_described or entry(field.annotation), f"{table.__name__}.{name}"
