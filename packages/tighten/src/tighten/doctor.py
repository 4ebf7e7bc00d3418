"""What differences this machine can see: the same program measured against itself.

Every session is a full comparison of a build with itself, decided as any other. An accepted one
is a false accept. The differences that were found between equal programs are this machine's
noise; drawing from them with a known gain on top tells the smallest gain that a minute of
measuring would find.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tighten.decision import Case, Outcome, PairTest
from tighten.ledger import now
from tighten.machine import fingerprint, processor_time
from tighten.pace import pace
from tighten.record import Examination
from tighten.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tighten.bench import Duel
    from tighten.decision import Policy
    from tighten.events import Listener
    from tighten.machine import ProcessorTime

__all__ = ["examine", "visible_gain"]

MINUTE = 60.0  # s
POWER = 0.95
REPLAYS = 100
LADDER = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3)

_UNSTEADY = 0.1  # change of a processor's speed that is worth a word
_LOOKS, _BETWEEN = 40, 0.01  # s
_LOOKED_AT = 4  # processors

_BUILT_IN = """
[machine]
pin = [{cpu}]
[study]
name = "doctor"
[benchmark]
command = "{{python}} -c 'sum(i * i for i in range(200_000))'"
format = "process"
[[case]]
name = "sum of squares"
[[parameter]]
name = "nothing"
env = "TIGHTEN_DOCTOR"
default = 0
values = [0]
"""


def examine(
    study: Study | None, *, sessions: int, listener: Listener = lambda _event: None
) -> Examination:
    """Run A/A sessions of a study's benchmark, or of a small built-in program.

    Those of a study are kept for its reports.
    """
    if study is not None:
        pinned = study.options.benchmark.conditions.pin is not None
        found = _examined(study, sessions, listener, pinned=pinned)
        study.keep_control(found)
        return found
    with tempfile.TemporaryDirectory(prefix="tighten-doctor-") as directory:
        (Path(directory) / "tighten.toml").write_text(
            _BUILT_IN.format(cpu=max(os.sched_getaffinity(0)))
        )
        return _examined(Study.load(directory), sessions, listener, pinned=False)


def _examined(study: Study, sessions: int, listener: Listener, *, pinned: bool) -> Examination:
    """``pinned``: whether whoever asks has pinned the benchmark; the built-in one always is."""
    before = processor_time()
    duels = study.measure_against_itself(sessions, listener)
    differences = [value for duel in duels for value in _differences(duel)]
    pairs = sum(duel.verdict.pairs for duel in duels)
    reruns = sum(duel.verdict.reruns for duel in duels)
    processors = processor_time() - before
    seconds = sum(duel.seconds for duel in duels) / (pairs + reruns)
    facts = fingerprint()
    return Examination(
        study=study.options.name,
        machine=facts,
        sessions=sessions,
        accepted=sum(duel.verdict.outcome is Outcome.ACCEPT for duel in duels),
        pairs=pairs,
        reruns=reruns,
        seconds_per_pair=seconds,
        spread=median(duel.verdict.objective.spread for duel in duels),
        visible=visible_gain(differences, study.options.policy, pairs=int(MINUTE / seconds)),
        advice=_advice(facts, reruns / pairs, swing=_swing(), processors=processors, pinned=pinned),
        date=now(),
    )


def _differences(duel: Duel) -> list[float]:
    """Return the log ratios of the first case, pair by pair."""
    ours, theirs = duel.candidate[0].values, duel.incumbent[0].values
    return [math.log(a / b) for a, b in zip(ours, theirs, strict=True)]


def visible_gain(
    noise: Sequence[float], policy: Policy, *, pairs: int, seed: int = 0
) -> float | None:
    """Return the smallest gain on a ladder that ``pairs`` pairs find in 95 of 100 replays.

    Parameters
    ----------
    noise
        Log ratios between equal programs.
    policy
        How verdicts are reached.
    pairs
        How many pairs there is time for.
    seed
        Of the replays.
    """
    draw = random.Random(seed)
    for gain in LADDER:
        found = sum(_is_found(noise, gain, policy, pairs, draw) for _ in range(REPLAYS))
        if found >= POWER * REPLAYS:
            return gain
    return None


def _is_found(
    noise: Sequence[float], gain: float, policy: Policy, pairs: int, draw: random.Random
) -> bool:
    test = PairTest([Case(name="replay")], policy)
    for _ in range(pairs):
        sign = draw.choice((-1.0, 1.0))
        value = (1.0 - gain) * math.exp(sign * draw.choice(noise))
        verdict = test.add({"replay": value}, {"replay": 1.0})
        if verdict is not None:
            return verdict.outcome is Outcome.ACCEPT
    return False


def _swing() -> float:
    """Return by which share of its best speed a processor changed within half a second."""
    cpus = sorted(os.sched_getaffinity(0))[-_LOOKED_AT:]
    looks: list[tuple[float, ...]] = []
    for _ in range(_LOOKS):
        looks.append(pace(cpus))
        time.sleep(_BETWEEN)
    columns = zip(*looks, strict=True)
    return float(max(max(column) / min(column) for column in columns)) - 1.0


def _advice(
    facts: Mapping[str, Any],
    reruns: float,
    *,
    swing: float,
    processors: ProcessorTime,
    pinned: bool,
) -> tuple[str, ...]:
    found = []
    if facts.get("governor") not in {None, "performance"}:
        found.append(
            f"the CPU governor is {facts['governor']}: `cpupower frequency-set -g performance`"
        )
    if facts.get("turbo"):
        found.append("turbo is on: clock rates change with heat; switch it off to see less noise")
    if facts["load"][0] > 0.5 * facts["cores"]:
        found.append(
            f"the load is {facts['load'][0]:.1f} on {facts['cores']} cores: stop other work"
        )
    if processors.is_contended:
        found.append(
            f"the hypervisor took {processors.stolen_share:.0%} of the processors: measure "
            "when the host is quieter, let pairs wait for it with `[machine] patience`, or take a "
            "machine of its own"
        )
    if swing > _UNSTEADY and not pinned:
        found.append(
            f"a processor changed its speed by {swing:.0%} within half a second, as a neighbour on "
            "the same core makes it do: keep a benchmark of one thread on one with `[machine] pin`"
        )
    if reruns > 0.1 and not pinned:
        found.append(
            f"{reruns:.0%} of the pairs were disturbed: pin the benchmark with `[machine] pin`"
        )
    return tuple(found) or ("nothing stands out; more repetitions per launch lower the noise",)
