"""Verdicts on candidates, and the end of a study: pure functions of what was measured.

``PairTest`` turns pairs of launches into Accept, Reject or Inconclusive; ``convergence`` says
after each trial whether, and why, the study is over. No clock, no file, no process.
"""

from __future__ import annotations

from tighten.decision.convergence import Limits, Status, convergence
from tighten.decision.model import Case, Evidence, Goal, Outcome, Policy, Verdict
from tighten.decision.pairs import PairTest

__all__ = [
    "Case",
    "Evidence",
    "Goal",
    "Limits",
    "Outcome",
    "PairTest",
    "Policy",
    "Status",
    "Verdict",
    "convergence",
]
