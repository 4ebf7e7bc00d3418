"""Studies of every kind, as fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import records

if TYPE_CHECKING:
    from tighten.record import StudyRecord

KINDS = {
    "campaign": records.campaign,
    "unconfirmed": records.unconfirmed,
    "interrupted": records.interrupted,
    "baseline failed": records.baseline_failed,
    "timed": records.timed,
    "hostile": records.hostile,
    "no trials": records.study,
}


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def any_study(request: pytest.FixtureRequest) -> StudyRecord:
    study: StudyRecord = request.param()
    return study


@pytest.fixture
def campaign() -> StudyRecord:
    return records.campaign()


@pytest.fixture(scope="session")
def large() -> StudyRecord:
    return records.large()
