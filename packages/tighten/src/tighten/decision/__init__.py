"""Verdicts on candidates: pure functions of what was measured.

``PairTest`` turns pairs of launches into Accept, Reject or Inconclusive. No clock, no file, no
process.
"""

from __future__ import annotations

from tighten.decision.model import (
    Aim,
    Case,
    Evidence,
    Goal,
    Limits,
    Outcome,
    Policy,
    Status,
    Verdict,
)
from tighten.decision.pairs import PairTest

__all__ = [
    "Aim",
    "Case",
    "Evidence",
    "Goal",
    "Limits",
    "Outcome",
    "PairTest",
    "Policy",
    "Status",
    "Verdict",
]
