"""Races of numbers: who stays, who leaves, and in which block."""

from __future__ import annotations

import random

import pytest
from tighten.decision import Race


def run(race: Race, costs: list[float], noise: float, rng: random.Random) -> int:
    """Run a race to its end over a drifting machine; return the launches."""
    launches, drift = 0, 0.0
    while not race.is_over:
        drift += rng.gauss(0, 3 * noise)
        launches += len(race.running)
        race.add({n: costs[n] + drift + rng.gauss(0, noise) for n in race.running})
    return launches


def test_sixteen_take_128_launches_and_the_best_wins_without_noise() -> None:
    race = Race(range(16))
    assert run(race, [0.01 * n for n in range(16)], 0.0, random.Random(1)) == 128
    assert race.winner == 0
    assert race.places == tuple(range(1, 16))


def test_drift_that_hits_everybody_does_not_matter() -> None:
    rng = random.Random(2)
    won = 0
    for _ in range(100):
        race = Race(range(16))
        run(race, [0.02 * n for n in range(16)], 0.01, rng)
        won += race.winner == 0
    assert won >= 95


def test_half_of_the_field_leaves_after_the_last_block_of_a_rung() -> None:
    race = Race([4, 7, 9], blocks=2)
    assert race.add({4: 1.0, 7: 2.0, 9: 3.0}) == ()
    assert (race.rung, race.blocks_left) == (1, 1)
    assert race.add({4: 1.0, 7: 2.0, 9: 3.0}) == (9, 7)
    assert race.is_over
    assert race.winner == 4


def test_who_is_missing_from_a_block_is_out() -> None:
    race = Race(range(4), blocks=1)
    assert race.add({0: 2.0, 2: 1.0, 3: 3.0}) == (3, 0)
    assert race.winner == 2
    assert race.places == (0, 3)


def test_a_race_in_which_all_fail_has_no_winner() -> None:
    race = Race(range(4))
    race.add({})
    assert race.is_over
    assert race.winner is None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_small_fields_end(count: int) -> None:
    race = Race(range(count), blocks=1)
    run(race, [float(n) for n in range(count)], 0.0, random.Random(0))
    assert race.winner == 0
