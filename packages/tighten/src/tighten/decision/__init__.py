"""Verdicts on candidates: pure functions of what was measured.

``PairTest`` turns pairs of launches into Accept, Reject or Inconclusive; ``Race`` picks the best of
many to be tested so. No clock, no file, no process.
"""

from __future__ import annotations

from tighten.decision.hosts import multiplied
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
    objective_goal,
)
from tighten.decision.pairs import PairTest, objective_log
from tighten.decision.race import Race

__all__ = [
    "Aim",
    "Case",
    "Evidence",
    "Goal",
    "Limits",
    "Outcome",
    "PairTest",
    "Policy",
    "Race",
    "Status",
    "Verdict",
    "multiplied",
    "objective_goal",
    "objective_log",
]
