"""Time whole runs, the right-hand side, threads and start-up.

python -m benchmarks.marsdisk.speed [--quick] [--json FILE]

Every comparison is interleaved: one repetition of each variant in turn. SciPy's BDF solves the same
cell on the same compiled right-hand side with the same exact Jacobian.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.marsdisk.problems import baseline
from marsdisk.cache import TableCache
from marsdisk.checkpoint import initial_state
from marsdisk.excitation import CollisionTables
from marsdisk.kernels.cascade import collision_rate
from marsdisk.kernels.records import Pairs, State
from marsdisk.physics.constants import YEAR
from marsdisk.reference import CellProblem
from marsdisk.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.plan import RunPlan
    from marsdisk.snapshot import Snapshot

Row = dict[str, Any]
START = """
import time; begin = time.perf_counter()
from marsdisk.simulation import Simulation
from benchmarks.marsdisk.problems import baseline
imported = time.perf_counter()
for _ in Simulation(baseline(40, cells=1, years=1e-6, outputs=1)).snapshots(): pass
print(imported - begin, time.perf_counter() - begin)
"""


def figure(what: str, samples: list[float], unit: str = "", **limit: float) -> Row:
    """Return one number with the extremes of its samples."""
    value = statistics.median(samples)
    return {
        "what": what,
        "value": value,
        "low": min(samples),
        "high": max(samples),
        "unit": unit,
        "at_most": limit.get("at_most"),
        "at_least": limit.get("at_least"),
    }


def timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def finish(simulation: Simulation) -> Snapshot:
    *_, last = simulation.snapshots()
    return last


def first_pairs(plan: RunPlan, state: State) -> Pairs:
    """Return the pair tables of the first cell."""
    tables = CollisionTables(plan, TableCache(8))
    tables.refresh(state)
    return Pairs(*(array[0] for array in tables.stack))


def whole_runs(repeats: int, sizes: dict[int, float]) -> list[Row]:
    """Two years of 32 cells, one and two threads in turn."""
    rows = []
    for bins, limit in sizes.items():
        samples: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(repeats):
            for threads, times in samples.items():
                simulation = Simulation(baseline(bins, threads=threads))
                times.append(timed(lambda simulation=simulation: finish(simulation)))  # type: ignore[misc]
        last = finish(Simulation(baseline(bins, threads=2)))
        label = f"2 years, 32 cells x {bins} bins"
        ratios = [one / two for one, two in zip(samples[1], samples[2], strict=True)]
        rows += [
            figure(f"{label}, 2 threads", samples[2], "s", at_most=limit),
            figure(f"{label}, 1 thread", samples[1], "s"),
            figure(f"{label}, gain of 2 threads", ratios, "", at_least=1.7),
            figure(f"{label}, ledger", [float(np.abs(last.ledger_residual).max())], at_most=1e-12),
            figure(
                f"{label}, steps per cell and year",
                [float(last.steps.max() / (last.time / YEAR))],
                at_most=200.0,
            ),
        ]
    return rows


def right_hand_side(repeats: int) -> list[Row]:
    """Collision rate per pair of one cell, one thread, in the middle of a run."""
    rows = []
    for bins in (40, 80, 160, 200):
        problem = baseline(bins, cells=1, years=0.01, outputs=1)
        simulation = Simulation(problem)
        mass, grid = finish(simulation).mass[0], simulation.plan.grid
        pairs = first_pairs(simulation.plan, initial_state(simulation.plan, 1.0))
        number, scratch, out = mass / grid.mass, np.zeros(bins), np.zeros(bins + 1)
        count = bins * (bins + 1) // 2
        loops = max(1, 4_000_000 // count)

        def evaluate() -> None:
            for _ in range(loops):  # noqa: B023 - called in this turn of the loop
                collision_rate(mass, number, grid, pairs, scratch, out)  # noqa: B023

        evaluate()
        samples = [1e9 * timed(evaluate) / (loops * count) for _ in range(repeats)]
        rows.append(figure(f"right-hand side, {bins} bins, per pair", samples, "ns", at_most=2.0))
    return rows


def against_scipy(repeats: int) -> list[Row]:
    """One cell over 1e5 s at rtol 1e-3: our step loop against SciPy BDF."""
    span = 1e5
    problem = baseline(80, cells=1, years=span / YEAR, outputs=1)
    ours, theirs = [], []
    for _ in range(repeats):
        simulation = Simulation(problem)
        plan = simulation.plan
        state = initial_state(plan, 1.0)
        pairs = first_pairs(plan, state)
        cell = CellProblem(0, state, plan.grid, pairs, plan.cells, plan.drive)
        start = np.concatenate([state.mass[0], np.zeros(7)])
        scale = 1e-9 * start.sum()

        def solve() -> None:
            solve_ivp(
                cell.rate,  # noqa: B023
                (0.0, span),
                start,  # noqa: B023
                method="BDF",
                rtol=1e-3,
                atol=scale,  # noqa: B023
                jac=cell.jacobian,  # noqa: B023
            )

        theirs.append(timed(solve))
        ours.append(timed(lambda simulation=simulation: finish(simulation)))  # type: ignore[misc]
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return [figure("one cell x 80 bins, 1e5 s: SciPy BDF over marsdisk", ratios)]


def start_up(repeats: int) -> list[Row]:
    """Import and first result in a fresh process, with an empty and a filled kernel cache."""
    cold: list[float] = []
    warm: list[float] = []
    imported: list[float] = []
    with tempfile.TemporaryDirectory() as cache:
        environment = dict(os.environ) | {"NUMBA_CACHE_DIR": cache}
        for turn in range(repeats + 1):
            command = [sys.executable, "-c", START]
            text = subprocess.run(
                command, check=True, env=environment, capture_output=True, text=True
            ).stdout
            load, total = (float(part) for part in text.split())
            (warm if turn else cold).append(total)
            imported.append(load)
    return [
        figure("first start, kernels compiled", cold, "s", at_most=30.0),
        figure("later start, first result", warm, "s", at_most=2.0),
        figure("import", imported, "s"),
    ]


def measure(*, quick: bool) -> list[Row]:
    repeats = 1 if quick else 3
    sizes = {40: 3.0} if quick else {40: 3.0, 160: 30.0}
    finish(Simulation(baseline(40, cells=1, years=1e-4, outputs=1)))
    rows = whole_runs(repeats, sizes) + right_hand_side(repeats) + against_scipy(repeats)
    if not quick:
        rows += start_up(2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return [*rows, figure("peak memory of these measurements", [peak], "MB", at_most=300.0)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    rows = measure(quick=options.quick)
    for row in rows:
        limit = row["at_most"] if row["at_most"] is not None else row["at_least"]
        print(f"{row['what']:60s} {row['value']:10.3g} {row['unit']:3s} must {limit}")
    if options.json:
        options.json.write_text(json.dumps({"figures": rows}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
