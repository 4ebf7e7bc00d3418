"""What to try next: strategies that propose configurations and learn from their verdicts.

A strategy is deterministic: the same seed and the same history give the same next proposal, so a
study that was killed goes on as if nothing had happened once its trials have been told again. No
configuration is proposed twice. Nothing here knows a clock, a process or a verdict's making.
"""

from __future__ import annotations

from tighten.search.optuna_samplers import missing_package
from tighten.search.registry import STRATEGIES, default_strategy, strategy
from tighten.search.walk import Sizing, Strategy, Told

__all__ = [
    "STRATEGIES",
    "Sizing",
    "Strategy",
    "Told",
    "default_strategy",
    "missing_package",
    "strategy",
]
