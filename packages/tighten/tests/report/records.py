"""Records as a real campaign leaves them, for the tests of every renderer.

The campaign tunes two constants of a Rust core over three array sizes; its values are made up in
the ranges that such a campaign sees.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tighten.decision import Case, Evidence, Goal, Outcome, Status, Verdict
from tighten.errors import FailureKind
from tighten.record import CaseSummary, Failure, GateResult, Role, StudyRecord, TrialRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

START = datetime(2025, 3, 14, 9, 26, 53, tzinfo=UTC)
CASES = tuple(
    Case(
        name=f"size_{size}",
        metric="speedup_vs_numpy",
        goal=Goal.MAXIMIZE,
        target=target,
        primary=size == 10_000,
    )
    for size, target in ((10_000, 0.95), (100_000, 1.1), (1_000_000, 1.4))
)
TIME_CASES = (Case(name="solve", target=0.040), Case(name="write_output"))
BEFORE = {
    "size_10000": 0.8312,
    "size_100000": 1.024,
    "size_1000000": 1.297,
    "solve": 0.04731,
    "write_output": 0.000812,
}
BASELINE = {"PARALLEL_THRESHOLD_SMALL": 50_000, "CHUNK_SIZE_L1": 1024}
PARAMETERS = (
    {
        "name": "PARALLEL_THRESHOLD_SMALL",
        "kind": "source",
        "place": "crates/quantforge-core/src/constants.rs:12:1",
        "domain": "5000, 8000, 10000, 15000, 20000, 25000, 30000, 50000",
        "baseline": 50_000,
    },
    {
        "name": "CHUNK_SIZE_L1",
        "kind": "source",
        "place": "crates/quantforge-core/src/constants.rs:18:1",
        "domain": "512, 1024, 2048, 4096",
        "baseline": 1024,
    },
)
MACHINE = {
    "cpu": "AMD EPYC 7763 64-Core Processor",
    "cores": 2,
    "architecture": "x86_64",
    "memory_bytes": 25_278_902_272,
    "kernel": "Linux 6.1.0-32-amd64",
    "load": [0.41, 0.35, 0.28],
    "steal_seconds": 12.7,
    "compilers": {"cc": "cc (Debian 12.2.0-14) 12.2.0", "rustc": "rustc 1.95.0"},
    "python": "CPython 3.11.7",
    "packages": {"numpy": "2.4.6", "scipy": "1.17.1", "rich": "15.0.0"},
    "host": "9f2c81d03b7e",
}
RUSTC_TAIL = """error[E0308]: mismatched types
  --> crates/quantforge-core/src/constants.rs:18:33
   |
18 | pub const CHUNK_SIZE_L1: usize = "4096";
   |                          -----   ^^^^^^ expected `usize`, found `&str`
   |                          |
   |                          expected because of the type of the constant
error: could not compile `quantforge-core` (lib) due to 1 previous error"""
HOSTILE = (
    '<script>alert(1)</script> & "q" | `tick` \x1b[31mred\x1b[0m \x1b]0;title\x07 \x00 '
    "Ünïcødé 測試 \u202ereversed ]]> --> {{ 7*7 }} \udcff \\|"
)


def time(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def evidence(case: Case | None, gain: float, *, pairs: int = 24, width: float = 0.006) -> Evidence:
    name = case.name if case else "objective"
    before = BEFORE.get(name, 1.0)
    sign = 1.0 if case is None or case.goal is Goal.MAXIMIZE else -1.0
    better = math.exp(min(600.0, pairs * min(30.0 * gain, 0.55))) if gain > 0.01 else 0.8
    return Evidence(
        case=name,
        pairs=pairs,
        e_value=better,
        e_not_worse=310.0 if gain > -0.02 else 0.02,
        e_worse=0.03 if gain > -0.02 else 480.0,
        gain=gain,
        low=gain - width,
        high=gain + width,
        spread=width * 2.1,
        candidate=before * (1.0 + sign * gain),
        incumbent=before,
    )


def verdict(
    outcome: Outcome,
    gain: float,
    *,
    cases: tuple[Case, ...] = CASES,
    pairs: int = 24,
    reruns: int = 1,
    reason: str = "",
) -> Verdict:
    spread = (1.3, 1.0, 0.7)
    reasons = {
        Outcome.ACCEPT: f"improves by {gain:.1%}, and every case is within its allowance",
        Outcome.REJECT: "a gain of 2 % or more has become implausible",
        Outcome.INCONCLUSIVE: "undecided after 64 pairs: the gain is not shown",
    }
    return Verdict(
        outcome=outcome,
        reason=reason or reasons[outcome],
        objective=evidence(None, gain, pairs=pairs),
        cases=tuple(
            evidence(case, gain * factor, pairs=pairs)
            for case, factor in zip(cases, spread, strict=False)
        ),
        pairs=pairs,
        reruns=reruns,
        alpha=0.01,
    )


def patch(old: int, new: int, name: str = "PARALLEL_THRESHOLD_SMALL") -> str:
    return (
        "--- a/crates/quantforge-core/src/constants.rs\n"
        "+++ b/crates/quantforge-core/src/constants.rs\n"
        "@@ -10,5 +10,5 @@\n"
        " /// Arrays shorter than this run on one thread.\n"
        f"-pub const {name}: usize = {old:_};\n"
        f"+pub const {name}: usize = {new:_};\n"
    )


def summaries(cases: tuple[Case, ...], factor: float = 1.0) -> tuple[CaseSummary, ...]:
    return tuple(
        CaseSummary(
            case=case.name,
            values=tuple(BEFORE[case.name] * factor * f for f in (0.99, 1.0, 1.01)),
            median=BEFORE[case.name] * factor,
            unit="s" if case.metric == "time" else "1",
        )
        for case in cases
    )


def trial(
    number: int,
    outcome: Outcome | None = None,
    gain: float = 0.0,
    *,
    incumbent: int | None = None,
    pairs: int = 24,
    role: Role = Role.SEARCH,
    cases: tuple[Case, ...] = CASES,
    values: Mapping[str, int] | None = None,
) -> TrialRecord:
    values = values or {}
    configuration = {**BASELINE, **values}
    measured = outcome is not None or role is Role.BASELINE
    gate = GateResult(name="same numbers", passed=True, detail="equal to 3e-16", seconds=0.4)
    return TrialRecord(
        number=number,
        role=role,
        configuration=configuration,
        started=time(0.7 * number),
        cases=summaries(cases, 1.0 + gain) if measured else (),
        verdict=verdict(outcome, gain, cases=cases, pairs=pairs) if outcome else None,
        gates=(gate,),
        incumbent=incumbent,
        code_hash=hashlib.sha256(str(number).encode()).hexdigest(),
        build_seconds=11.3,
        gate_seconds=0.4,
        benchmark_seconds=1.1 * pairs if outcome else 2.0,
        overhead_seconds=0.004,
        log=f"logs/trial-{number:03d}.log",
        patch="".join(patch(BASELINE[name], new, name) for name, new in values.items()),
    )


def failed(
    number: int, kind: FailureKind, message: str, tail: str, values: Mapping[str, int]
) -> TrialRecord:
    failure = Failure(kind=kind, message=message, tail=tail, log=f"logs/trial-{number:03d}.log")
    return replace(trial(number, incumbent=1, values=values), failure=failure)


def baseline(cases: tuple[Case, ...] = CASES) -> TrialRecord:
    return trial(0, role=Role.BASELINE, cases=cases)


def study(trials: tuple[TrialRecord, ...] = (), **facts: object) -> StudyRecord:
    record = StudyRecord(
        run=3,
        name="parallel-thresholds",
        study_file="tighten.toml",
        project="quantforge",
        started=time(0.0),
        finished=time(0.7 * len(trials) + 1.5),
        status=Status.SUCCESS,
        cases=CASES,
        parameters=PARAMETERS,
        machine=MACHINE,
        max_trials=12,
        trials=trials,
    )
    return replace(record, **facts)  # type: ignore[arg-type]


def campaign() -> StudyRecord:
    """Every kind of trial once: accepted, rejected, inconclusive, identical, four failures."""
    small = "PARALLEL_THRESHOLD_SMALL"
    timeout = failed(
        7,
        FailureKind.TIMEOUT,
        "the benchmark was ended after 120 s; its process group with it",
        "size 10000: 0.83\nsize 100000: 1.02\n",
        values={"CHUNK_SIZE_L1": 512},
    )
    gate = failed(
        8,
        FailureKind.GATE,
        "same numbers: worst element 4711 is 0.31415 instead of 0.31416 (relative 3.2e-5)",
        "",
        values={"CHUNK_SIZE_L1": 4096, small: 8000},
    )
    refused = GateResult(name="same numbers", passed=False, detail="rtol 1e-10", seconds=0.5)
    twin = replace(trial(5, incumbent=3, values={small: 20_000}), identical_to=2, cases=())
    trials = (
        baseline(),
        trial(1, Outcome.ACCEPT, 0.062, incumbent=0, pairs=14, values={small: 30_000}),
        trial(2, Outcome.REJECT, -0.004, incumbent=1, pairs=17, values={small: 25_000}),
        trial(3, Outcome.ACCEPT, 0.091, incumbent=1, pairs=11, values={small: 10_000}),
        failed(4, FailureKind.BUILD, "exit status 101", RUSTC_TAIL, values={"CHUNK_SIZE_L1": 4096}),
        twin,
        trial(6, Outcome.INCONCLUSIVE, 0.007, incumbent=3, pairs=64, values={small: 8000}),
        timeout,
        replace(gate, gates=(refused,)),
        failed(
            9,
            FailureKind.CRASH,
            "signal 11 (SIGSEGV)",
            "free(): invalid pointer\n",
            values={small: 5000},
        ),
        trial(10, Outcome.REJECT, -0.11, incumbent=3, pairs=8, values={"CHUNK_SIZE_L1": 512}),
    )
    return study(
        trials,
        best=3,
        confirmation=verdict(Outcome.ACCEPT, 0.148, pairs=13, reruns=2),
    )


def unconfirmed() -> StudyRecord:
    """A winner of the search that the fresh measurement did not find better."""
    weak = verdict(Outcome.INCONCLUSIVE, 0.004, pairs=64)
    return replace(campaign(), best=0, confirmation=weak, status=Status.MAX_TRIALS)


def interrupted() -> StudyRecord:
    whole = campaign()
    return replace(
        whole, trials=whole.trials[:4], confirmation=None, status=Status.INTERRUPTED, finished=None
    )


def baseline_failed() -> StudyRecord:
    broken = replace(
        baseline(),
        cases=(),
        failure=Failure(kind=FailureKind.BUILD, message="exit status 101", tail=RUSTC_TAIL),
    )
    return study((broken,), status=Status.BASELINE_FAILED)


def timed() -> StudyRecord:
    """A study that minimises times, without a target for one case."""
    trials = (
        baseline(TIME_CASES),
        trial(
            1, Outcome.ACCEPT, 0.21, incumbent=0, cases=TIME_CASES, values={"CHUNK_SIZE_L1": 2048}
        ),
    )
    trials = (trials[0], replace(trials[1], cases=summaries(TIME_CASES, 0.79)))
    confirmed = verdict(Outcome.ACCEPT, 0.204, cases=TIME_CASES)
    return study(trials, cases=TIME_CASES, best=1, confirmation=confirmed)


def hostile() -> StudyRecord:
    """Foreign text in every field that takes any."""
    bad = Case(name=HOSTILE, metric=HOSTILE, target=1.0)
    values = {HOSTILE: HOSTILE, "other": "x" * 3000}
    first = replace(
        baseline(),
        configuration={HOSTILE: 1, "other": 2},
        cases=(CaseSummary(case=HOSTILE, values=(1.0,), median=1.0, unit=HOSTILE),),
    )
    judged = verdict(Outcome.ACCEPT, 0.05, cases=(bad,), reason=HOSTILE)
    found = replace(judged, cases=(replace(judged.cases[0], incumbent=1.0, candidate=0.95),))
    second = replace(trial(1), configuration=values, verdict=found, incumbent=0, patch=HOSTILE)
    third = replace(
        trial(2),
        configuration=values,
        failure=Failure(kind=FailureKind.BUILD, message=HOSTILE, tail=HOSTILE * 50, log=HOSTILE),
        gates=(GateResult(name=HOSTILE, passed=False, detail=HOSTILE, seconds=math.nan),),
    )
    facts = ({"name": HOSTILE, "kind": HOSTILE, "place": HOSTILE, "domain": HOSTILE},)
    return study(
        (first, second, third),
        name=HOSTILE,
        study_file=HOSTILE,
        project=HOSTILE,
        cases=(bad,),
        parameters=(*facts, {"name": "other"}),
        machine={HOSTILE: HOSTILE, "cpu": HOSTILE, "packages": {HOSTILE: HOSTILE}},
        best=1,
        confirmation=found,
    )


def large(trials: int = 10_000, *, seed: int = 7) -> StudyRecord:
    """A long random search with failures and a slowly rising best."""
    draw = random.Random(seed)
    done = [baseline()]
    best, level = 0, 0.0
    for number in range(1, trials + 1):
        true = draw.gauss(-0.08, 0.05)
        values = {
            "PARALLEL_THRESHOLD_SMALL": draw.randrange(1000, 100_000, 500),
            "CHUNK_SIZE_L1": draw.choice((512, 1024, 2048, 4096)),
        }
        if draw.random() < 0.03:
            record = failed(number, FailureKind.BUILD, "exit status 101", RUSTC_TAIL, values)
            done.append(replace(record, incumbent=best))
            continue
        gain = true - level
        outcome = Outcome.ACCEPT if gain > 0.005 else Outcome.REJECT
        done.append(
            trial(number, outcome, gain, incumbent=best, pairs=draw.randint(8, 30), values=values)
        )
        if outcome is Outcome.ACCEPT:
            best, level = number, true
    return study(
        tuple(done),
        best=best,
        max_trials=trials,
        status=Status.MAX_TRIALS,
        confirmation=verdict(Outcome.ACCEPT, 0.148),
    )
