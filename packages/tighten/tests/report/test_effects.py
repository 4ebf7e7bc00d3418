"""Effects of parameters, recovered from studies whose truth is known."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from tighten.attribution import parameter_effect
from tighten.decision import Case, Evidence, Outcome, Verdict
from tighten.record import Role, StudyRecord, TrialRecord
from tighten.report.effects import effects, inert

from . import records

TRUTH = {
    "threads": {1: 0.0, 2: -0.30, 4: -0.45},
    "chunk": {64: 0.0, 256: -0.05},
    "idle": {0: 0.0, 1: 0.0},
}


def log_time(configuration: dict[str, Any]) -> float:
    return sum(worth[configuration[name]] for name, worth in TRUTH.items())


def judged(
    number: int, ours: dict[str, Any], rival: TrialRecord, error: float, draw: random.Random
) -> TrialRecord:
    d = log_time(ours) - log_time(dict(rival.configuration)) + draw.gauss(0.0, error)
    low, gain, high = (-math.expm1(d + k * 1.645 * error) for k in (1, 0, -1))
    found = Evidence(
        case="run", pairs=20, e_value=1.0, e_not_worse=1.0, e_worse=1.0, gain=gain, low=low,
        high=high, spread=error, candidate=1.0, incumbent=1.0,
    )  # fmt: skip
    verdict = Verdict(
        outcome=Outcome.REJECT,
        reason="",
        objective=found,
        cases=(found,),
        pairs=20,
        reruns=0,
        alpha=0.01,
    )
    return TrialRecord(
        number=number, role=Role.SEARCH, configuration=ours, started="", verdict=verdict,
        incumbent=rival.number,
    )  # fmt: skip


def searched(trials: int, error: float = 0.01, seed: int = 1) -> StudyRecord:
    """Return a random search with a known truth; trial 0 has the first value of everything."""
    draw = random.Random(seed)
    start = {name: next(iter(worth)) for name, worth in TRUTH.items()}
    done = [
        TrialRecord(
            number=0, role=Role.BASELINE, configuration=start, started="", code_hash="start"
        )
    ]
    for number in range(1, trials + 1):
        ours = {name: draw.choice(list(worth)) for name, worth in TRUTH.items()}
        done.append(judged(number, ours, draw.choice(done), error, draw))
    return replace(records.study(), cases=(Case(name="run"),), trials=tuple(done))


def test_parameter_without_a_value_in_the_baseline_has_its_own_effect() -> None:
    study = searched(60)
    unset = replace(
        study.trials[0],
        configuration={k: v for k, v in study.trials[0].configuration.items() if k != "threads"},
    )
    found = effects(replace(study, trials=(unset, *study.trials[1:])))
    threads, chunk = (next(e for e in found if e.name == n) for n in ("threads", "chunk"))
    assert [value.label for value in threads.values] == ["not set", "1", "2", "4"]
    assert threads.share > 0.9
    assert chunk.values[1].ratio == pytest.approx(math.exp(0.05), abs=0.02)


def test_only_a_parameter_that_changed_alone_is_given_an_effect() -> None:
    draw = random.Random(5)
    start = TrialRecord(number=0, role=Role.BASELINE, configuration={"chunk": 64}, started="")
    alone = replace(start, number=1, configuration={"chunk": 64, "threads": 1})
    both = replace(start, number=2, configuration={"chunk": 256, "threads": 1})
    assert both.changed_from(start) == ["chunk", "threads"]
    assert start.changed_from(alone) == ["threads"]
    slow = {"threads": 1, "chunk": 64, "idle": 0}
    verdict = judged(1, {**slow, "threads": 4}, replace(start, configuration=slow), 0.01, draw)
    done = [replace(one, verdict=verdict.verdict, incumbent=0) for one in (alone, both)]
    study = replace(records.study(), cases=(Case(name="run"),), trials=(start, *done))
    threads, chunk = (parameter_effect(study, name) for name in ("threads", "chunk"))
    assert threads is not None
    assert (threads.before, threads.after, threads.trials) == (None, 1, (0, 1))
    assert chunk is not None
    assert chunk.trials == (1, 2)
    assert not chunk.is_certain


def test_many_values_beside_an_unset_one_are_grouped() -> None:
    draw = random.Random(3)
    start = TrialRecord(number=0, role=Role.BASELINE, configuration={}, started="")
    done = [start]
    for number in range(1, 41):
        ours = {"threads": 1, "chunk": 64, "idle": 0}
        trial = judged(number, ours, replace(start, configuration=ours), 0.01, draw)
        done.append(replace(trial, configuration={"threads": number}))
    (threads,) = effects(replace(records.study(), cases=(Case(name="run"),), trials=tuple(done)))
    labels = [value.label for value in threads.values]
    assert labels[:2] == ["not set", "1 to 5"]
    assert len(labels) == 9


def test_the_truth_lies_in_the_intervals_and_orders_the_parameters() -> None:
    covered = total = 0
    for seed in range(20):
        found = effects(searched(60, seed=seed))
        assert [effect.name for effect in found][:1] == ["threads"]
        for effect in found:
            for value, worth in zip(effect.values, TRUTH[effect.name].values(), strict=True):
                assert value.ratio is not None
                covered += value.low <= math.exp(-worth) <= value.high
                total += not value.is_present
                covered -= value.is_present
    assert covered / total > 0.8  # 90 % intervals, 80 estimates
    threads, chunk, idle = (next(e for e in found if e.name == n) for n in TRUTH)
    assert threads.share > 0.95
    assert chunk.share_low <= chunk.share <= 0.05
    assert idle.share < 0.001


def sure(verdict: Verdict) -> Verdict:
    """Return the verdict with an interval of one percent, whatever it had."""
    gain = verdict.objective.gain
    narrow = replace(verdict.objective, low=gain - 0.01, high=gain + 0.01)
    return replace(verdict, objective=narrow)


def test_disagreeing_trials_widen_the_intervals() -> None:
    study = searched(40)

    def width(record: StudyRecord) -> float:
        two = next(
            v for e in effects(record) if e.name == "threads" for v in e.values if v.label == "2"
        )
        return math.log(two.high / two.low)

    noisy = random.Random(3)
    spoiled = [
        judged(t.number, dict(t.configuration), study.trials[t.incumbent], 0.2, noisy)
        if t.incumbent is not None
        else t
        for t in study.trials
    ]
    claimed = [replace(t, verdict=sure(t.verdict)) if t.verdict else t for t in spoiled]
    assert width(replace(study, trials=tuple(claimed))) > 4 * width(study)


def test_what_no_trial_ties_to_the_present_value_has_no_estimate() -> None:
    draw = random.Random(2)
    start = {"threads": 1, "chunk": 64, "idle": 0}
    baseline = TrialRecord(number=0, role=Role.BASELINE, configuration=start, started="")
    lone = TrialRecord(
        number=1, role=Role.SEARCH, configuration={**start, "threads": 2}, started=""
    )
    other = judged(2, {**start, "threads": 4}, lone, 0.01, draw)
    study = replace(records.study(), cases=(Case(name="run"),), trials=(baseline, lone, other))
    (threads,) = effects(study)
    assert [value.ratio for value in threads.values] == [1.0, None, None]


def test_inert_parameters_are_told_from_active_ones() -> None:
    start = {"threads": 1, "chunk": 64, "idle": 0}
    trials = [
        TrialRecord(number=0, role=Role.BASELINE, configuration=start, started="", code_hash="a")
    ]
    for number, (change, code, twin) in enumerate(
        [
            ({"idle": 1}, "a", 0),
            ({"threads": 2}, "b", None),
            ({"threads": 1, "chunk": 256}, "a", 0),
        ],
        1,
    ):
        trials.append(
            TrialRecord(
                number=number, role=Role.SEARCH, configuration={**start, **change}, started="",
                code_hash=code, incumbent=0, identical_to=twin,
            )
        )  # fmt: skip
    study = replace(records.study(), trials=tuple(trials))
    assert inert(study) == {"idle": 1, "chunk": 1}
    active = replace(trials[3], number=4, code_hash="c", identical_to=None)
    assert inert(replace(study, trials=(*trials, active))) == {"idle": 1}


@pytest.mark.parametrize(
    "build", [records.campaign, records.hostile, records.study, records.baseline_failed]
)
def test_every_study_has_an_answer(build: Any) -> None:
    for effect in effects(build()):
        assert 0 <= effect.share_low <= effect.share_high <= 1
        assert sum(value.is_present for value in effect.values) == 1


def test_many_values_are_grouped() -> None:
    found = {effect.name: effect for effect in effects(records.large(400))}
    assert found
    assert all(len(effect.values) <= 12 for effect in found.values())
