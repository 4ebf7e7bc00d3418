"""The benchmark of reports measures every report of a small study."""

from __future__ import annotations

from benchmarks.tighten.report_scale import LIMITS, measure


def test_every_report_of_a_small_study_is_made_and_timed() -> None:
    rows = {row.name: row for row in measure(trials=30, repeat=1)}
    assert set(LIMITS) < set(rows)
    assert rows["page"].size > 0
    assert rows["ledger to page"].size > 0
    assert all(min(row.seconds) > 0 for name, row in rows.items() if name != "import")
