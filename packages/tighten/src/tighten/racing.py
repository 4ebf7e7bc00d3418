"""A race of builds on the bench: who leaves is told as soon as it leaves, with the evidence.

The incumbent runs in every block and cannot lose, so that each candidate that leaves was paired
with it in random order and gets an ordinary verdict: Reject, with gain and interval. Rungs and
blocks are `tighten.decision.Race`; this module only feeds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tighten.bench import Duel
from tighten.decision import PairTest, Race, objective_log
from tighten.errors import TrialError
from tighten.ledger import Pair
from tighten.samples import Launch, pair_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tighten.bench import Bench, Block
    from tighten.decision import Case
    from tighten.options import Options
    from tighten.trial import Built

__all__ = ["Left", "race"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A candidate that left a race.

    ``place`` is its position among the candidates; it has a ``duel`` with the incumbent, or a
    ``failure``.
    """

    place: int
    rung: int
    duel: Duel | None = None
    failure: TrialError | None = None


@dataclass(slots=True)
class _Runner:
    """A candidate in the race and what it has shown so far."""

    test: PairTest
    candidate: list[Mapping[str, float]] = field(default_factory=list)
    incumbent: list[Mapping[str, float]] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    seconds: float = 0.0
    latest: Launch | None = None


def race(
    bench: Bench,
    candidates: Sequence[Built],
    incumbent: Built,
    *,
    options: Options,
    announce: Callable[[str], None],
) -> Iterator[Left]:
    """Yield the candidates in the order in which they leave; the winner is the one that does not.

    Parameters
    ----------
    bench
        Launches the builds.
    candidates, incumbent
        What runs.
    options
        Of the study.
    announce
        Hears of each block in words.

    Raises
    ------
    TrialError
        If a launch of the incumbent fails.
    """
    racing, cases = options.search.racing, options.cases
    assert racing is not None
    runners = [_Runner(PairTest(cases, options.policy)) for _ in candidates]
    ready: list[int] = []
    bench.warm_up(incumbent)
    for place, built in enumerate(candidates):
        try:
            runners[place].seconds += bench.warm_up(built)
        except TrialError as error:
            yield Left(place=place, rung=0, failure=error)
        else:
            ready.append(place)
    course = Race(ready, blocks=racing.blocks)
    while not course.is_over:
        rung, running = course.rung, course.running
        announce(
            f"rung {rung}, {len(running)} candidates, {course.blocks_left} "
            f"block{'s' if course.blocks_left > 1 else ''} to go"
        )
        block = bench.block([*(candidates[place] for place in running), incumbent])
        costs, failures = _costs(block, running, runners, cases)
        out = course.add(costs)
        for place, failure in failures.items():
            yield Left(place=place, rung=rung, failure=failure)
        for place in out:
            yield Left(place=place, rung=rung, duel=_duel(bench, runners[place], rung))


def _costs(
    block: Block, running: Sequence[int], runners: Sequence[_Runner], cases: Sequence[Case]
) -> tuple[dict[int, float], dict[int, TrialError]]:
    """Return what each running candidate costs in this block, and who failed."""
    reference = len(running)
    if reference in block.failures:
        error = block.failures[reference]
        raise TrialError(
            f"the incumbent failed in a race: {error}",
            kind=error.kind,
            log=error.log,
            tail=error.tail,
        ) from error
    theirs = block.launches[reference]
    costs: dict[int, float] = {}
    failures: dict[int, TrialError] = {}
    for position, place in enumerate(running):
        if position in block.failures:
            failures[place] = block.failures[position]
            continue
        launch = block.launches[position]
        first = block.order.index(position) < block.order.index(reference)
        try:
            costs[place] = _take(runners[place], launch, theirs, cases, candidate_first=first)
        except TrialError as error:
            failures[place] = error
    return costs, failures


def _take(
    runner: _Runner, ours: Launch, theirs: Launch, cases: Sequence[Case], *, candidate_first: bool
) -> float:
    """Add a launch to what a candidate has shown; return its cost."""
    values = pair_values(ours, theirs, cases)
    runner.test.add(*values)
    runner.candidate.append(values[0])
    runner.incumbent.append(values[1])
    runner.pairs.append((candidate_first, json.dumps(values[0]), json.dumps(values[1])))
    runner.seconds += ours.wall
    runner.latest = ours
    return objective_log(values[0], cases)


def _duel(bench: Bench, runner: _Runner, rung: int) -> Duel:
    assert runner.latest is not None
    return Duel(
        verdict=runner.test.rejected(f"lost the race in rung {rung}"),
        candidate=bench.summaries(runner.candidate, runner.latest),
        incumbent=bench.summaries(runner.incumbent, runner.latest),
        pairs=tuple(runner.pairs),
        seconds=runner.seconds,
    )
