"""Verdicts of several hosts taken together, against simulation."""

from __future__ import annotations

import math
import random

import pytest
from tighten.decision import Case, Goal, Outcome, PairTest, Policy, Verdict, multiplied

CASES = [Case(name="sort"), Case(name="load")]


def verdict(rng: random.Random, effect: float, *, noise: float = 0.02, pairs: int = 64) -> Verdict:
    policy = Policy(max_pairs=pairs)
    test = PairTest(CASES, policy, confirmation=1)
    while True:
        logs = {case.name: effect + rng.gauss(0, noise) for case in CASES}
        found = test.add({n: math.exp(x) for n, x in logs.items()}, dict.fromkeys(logs, 1.0))
        if found is not None:
            return found


def test_evidence_multiplies_and_effects_are_averaged() -> None:
    rng = random.Random(1)
    alone = [verdict(rng, -0.05) for _ in range(3)]
    together = multiplied(alone, CASES, Policy())
    assert together.outcome is Outcome.ACCEPT
    product = math.prod(v.objective.e_value for v in alone)
    assert together.objective.e_value == pytest.approx(product)
    assert together.pairs == sum(v.pairs for v in alone)
    widths = [v.objective.high - v.objective.low for v in alone]
    assert together.objective.high - together.objective.low < min(widths)
    assert together.objective.low < 1 - math.exp(-0.05) < together.objective.high
    assert multiplied(alone[:1], CASES, Policy()) is alone[0]


def test_hosts_that_decide_nothing_alone_may_decide_together() -> None:
    rng = random.Random(4)
    alone = [verdict(rng, -0.02, noise=0.03, pairs=16) for _ in range(8)]
    assert sum(v.outcome is Outcome.ACCEPT for v in alone) < 4
    assert multiplied(alone, CASES, Policy()).outcome is Outcome.ACCEPT


def test_equal_programs_are_rarely_accepted_by_many_hosts() -> None:
    rng = random.Random(2)
    accepted = 0
    for _ in range(200):
        alone = [verdict(rng, 0.0, pairs=16) for _ in range(3)]
        accepted += multiplied(alone, CASES, Policy()).outcome is Outcome.ACCEPT
    assert accepted <= 4  # 1 % allowed


def test_a_loss_on_one_host_is_not_averaged_away() -> None:
    rng = random.Random(3)
    alone = [verdict(rng, -0.05), verdict(rng, 0.10, noise=0.005)]
    together = multiplied(alone, CASES, Policy())
    assert together.outcome is not Outcome.ACCEPT
    assert together.objective.high - together.objective.low > 0.1


def test_a_metric_to_be_maximised_keeps_its_direction() -> None:
    case = [Case(name="rate", goal=Goal.MAXIMIZE)]
    alone = []
    for _ in range(2):
        test = PairTest(case, Policy(), confirmation=1)
        found = None
        while found is None:
            found = test.add({"rate": 1.2}, {"rate": 1.0})
        alone.append(found)
    together = multiplied(alone, case, Policy())
    assert together.objective.gain == pytest.approx(0.2)
    assert together.outcome is Outcome.ACCEPT
