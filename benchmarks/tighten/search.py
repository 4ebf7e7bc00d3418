"""How well the searches do on spaces in which every configuration was measured.

Run from the repository's root::

    python -m benchmarks.tighten.search                  # the score on five spaces
    python -m benchmarks.tighten.search --evaluations    # evaluations to within 5 % on cpu_matmul
    python -m benchmarks.tighten.search --json FILE      # the numbers, for machines

The score is 1 for a search that knows the optimum at once and 0 for random search: the share of the
distance from what random search reaches to the optimum that is covered, mean over the evaluations
up to those in which random search closes 95 % of the way from the median to the optimum.
Source: Willemsen et al. (2024), doi 10.1016/j.future.2024.05.021.

A study starts at a random configuration that works; finding it counts. Without noise every trial
is judged by the recorded time. With noise it is judged as in a study: a launch is five recorded
runs, condensed as the recorded time is (their mean, or the smallest), and candidate and incumbent
are launched in pairs until the pair test has decided. What counts is the true time of what was
measured best, whether or not its gain was large enough to be shown within the pairs of a trial.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tighten.decision import Case, Outcome, PairTest, Policy
from tighten.search import Told, strategy

from benchmarks.figures import Figure, concluded
from benchmarks.tighten.recorded_spaces import NAMES, RecordedSpace, recorded_space
from benchmarks.tighten.searchers import SEARCHERS, Searcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tighten.parameters import Configuration

    Judge = Callable[[Configuration, Configuration], Told]

CASES = (Case(name="run"),)
POLICY = Policy()
WITHIN = 0.05  # of the optimum
RACED = "cpu_matmul"  # the space of the evaluations

Curve = NDArray[np.float64]


def main() -> int:
    """Replay the searches and print what they reach; 1 if it is too little."""
    options = _options()
    figures = _evaluations(options) if options.evaluations else _scores(options)
    return concluded(figures, options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="How well the searches do on spaces that were measured completely.",
        epilog="example: python -m benchmarks.tighten.search --strategy genetic --seeds 3",
    )
    parser.add_argument(
        "--evaluations", action="store_true", help=f"to within 5 %% on {RACED}, beside other tools"
    )
    parser.add_argument("--strategy", default="portfolio", help="of tighten (default portfolio)")
    parser.add_argument("--seeds", type=int, default=5, help="studies of each (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON")
    return parser.parse_args()


def _scores(options: argparse.Namespace) -> list[Figure]:
    figures = []
    for noise in (False, True):
        words = "noise, judged by pairs" if noise else "no noise"
        scores = []
        for name in NAMES:
            recorded = recorded_space(name)
            curves = [
                _study(recorded, options.strategy, seed, noise=noise)
                for seed in range(options.seeds)
            ]
            scores.append(_score(recorded, curves))
            _progress(f"{words}, {name}: {scores[-1]:.3f}")
        figures.append(
            Figure(
                what=f"search score, {options.strategy}, mean of {len(NAMES)} spaces, {words}",
                value=statistics.fmean(scores),
                low=min(scores),
                high=max(scores),
                at_least=0.6 if options.strategy == "portfolio" else None,
            )
        )
    return figures


def _study(recorded: RecordedSpace, name: str, seed: int, *, noise: bool) -> Curve:
    """Return the true time of what was measured best after each evaluation of one study."""
    rng = random.Random(f"{seed} {recorded.name}")
    judge = _by_pairs(recorded, rng) if noise else _by_means(recorded)
    budget = recorded.random_evaluations(0.95)
    start, tried = _start(recorded, rng)
    curve = [float(recorded.worst_first[0])] * (tried - 1) + [recorded.time(start)]
    search = strategy(name, recorded.space, start, seed=seed)
    incumbent, its_level = start, 0.0  # logarithm of the speed-up, as far as is known
    best, best_level = start, 0.0
    while len(curve) < budget and (candidate := search.ask()) is not None:
        outcome = judge(candidate, incumbent)
        search.tell(candidate, outcome)
        level = -math.inf if outcome.gain is None else its_level - math.log1p(-outcome.gain)
        if level > best_level:
            best, best_level = candidate, level
        if outcome.accepted:
            incumbent, its_level = candidate, level
        curve.append(recorded.time(best))
    return np.array(curve + curve[-1:] * (budget - len(curve)))[:budget]


def _start(recorded: RecordedSpace, rng: random.Random) -> tuple[Configuration, int]:
    """Return a random configuration that works, and how many were drawn until then."""
    order = list(recorded.configurations)
    rng.shuffle(order)
    place = next(i for i, one in enumerate(order) if math.isfinite(recorded.time(one)))
    return order[place], place + 1


def _by_means(recorded: RecordedSpace) -> Judge:
    def judge(candidate: Configuration, incumbent: Configuration) -> Told:
        ours, theirs = recorded.time(candidate), recorded.time(incumbent)
        if math.isinf(ours):
            return Told(accepted=False, gain=None)
        return Told(accepted=ours < theirs, gain=1 - ours / theirs)

    return judge


def _by_pairs(recorded: RecordedSpace, rng: random.Random) -> Judge:
    def launched(configuration: Configuration) -> dict[str, float]:
        return {"run": recorded.launch(configuration, rng)}

    def judge(candidate: Configuration, incumbent: Configuration) -> Told:
        if math.isinf(recorded.time(candidate)):
            return Told(accepted=False, gain=None)
        test, verdict = PairTest(CASES, POLICY), None
        while verdict is None:
            verdict = test.add(launched(candidate), launched(incumbent))
        accepted = verdict.outcome is Outcome.ACCEPT
        return Told(accepted=accepted, gain=verdict.objective.gain)

    return judge


def _score(recorded: RecordedSpace, curves: Sequence[Curve]) -> float:
    """Return the performance score; see the module's docstring."""
    found = np.mean(curves, axis=0)
    evaluations = np.arange(1, len(found) + 1)
    by_chance, best = recorded.after_random(evaluations), recorded.worst_first[-1]
    counted = (evaluations >= recorded.random_evaluations(0.01)) & (by_chance > best * (1 + 1e-12))
    share = (by_chance[counted] - found[counted]) / (by_chance[counted] - best)
    return float(share.mean())


def _evaluations(options: argparse.Namespace) -> list[Figure]:
    """Return the mean evaluations of each searcher, seed by seed in turn."""
    recorded = recorded_space(RACED)
    counts: dict[str, list[int]] = {searcher.name: [] for searcher in SEARCHERS}
    for seed in range(options.seeds):
        for searcher in SEARCHERS:
            counts[searcher.name].append(_until_close(recorded, searcher, seed))
        _progress(f"seed {seed}: " + ", ".join(f"{n} {c[-1]}" for n, c in counts.items()))
    return [
        Figure(
            what=f"evaluations to within 5 % of the optimum, {RACED}, mean: {name}",
            value=statistics.fmean(found),
            low=min(found),
            high=max(found),
            at_most=30 if name == "tighten" else None,
        )
        for name, found in counts.items()
    ]


def _until_close(recorded: RecordedSpace, searcher: Searcher, seed: int) -> int:
    """Return after how many evaluations a searcher was within 5 % of the optimum."""
    goal = (1 + WITHIN) * recorded.worst_first[-1]
    start, _ = _start(recorded, random.Random(f"{seed} {recorded.name}"))
    tried = 1
    if recorded.time(start) <= goal:
        return tried
    for candidate in searcher.search(recorded, start, seed):
        tried += 1
        if recorded.time(candidate) <= goal:
            return tried
    return len(recorded.configurations)


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
