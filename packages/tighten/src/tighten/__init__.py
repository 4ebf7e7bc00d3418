"""tighten makes numerical programs faster in a closed loop and proves that nothing else changed.

`Study` does everything that the command line does, without printing. Names are imported on first
use, so that ``import tighten`` and ``tighten --help`` stay quick.

Examples
--------
>>> from tighten import Study                                    # doctest: +SKIP
>>> record = Study.load("studies/quantforge").tune()             # doctest: +SKIP
>>> record.status, record.confirmation.objective.gain            # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tighten.decision import Case
    from tighten.errors import TightenError
    from tighten.parameters import Parameter
    from tighten.record import StudyRecord, TrialRecord
    from tighten.study import Study

__all__ = ["Case", "Parameter", "Study", "StudyRecord", "TightenError", "TrialRecord"]

_HOMES = {
    "Case": "tighten.decision",
    "Parameter": "tighten.parameters",
    "Study": "tighten.study",
    "StudyRecord": "tighten.record",
    "TightenError": "tighten.errors",
    "TrialRecord": "tighten.record",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tighten' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
