"""Time whole runs, the right-hand side, threads, memory, a sweep and start-up of marsdisk.

python -m benchmarks.marsdisk.speed [--quick] [--json FILE]

Every comparison is interleaved: one repetition of each variant in turn. SciPy's BDF solves the same
cell on the same compiled right-hand side with the same exact Jacobian.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from marsdisk.cache import TableCache
from marsdisk.checkpoint import initial_state
from marsdisk.config import Config
from marsdisk.excitation import CollisionTables
from marsdisk.kernels import cascade
from marsdisk.kernels.records import Grid, Pairs, State, new_gathered
from marsdisk.physics.constants import YEAR
from marsdisk.reference import CellProblem
from marsdisk.runs import RunRequest, execute
from marsdisk.simulation import Simulation
from scipy.integrate import solve_ivp

from benchmarks.figures import Figure, concluded, summarised
from benchmarks.marsdisk.problems import baseline

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.kernels.records import Gathered
    from marsdisk.plan import RunPlan
    from marsdisk.snapshot import Snapshot
    from marsdisk.typing import FloatArray

START = """
import time; begin = time.perf_counter()
from marsdisk.simulation import Simulation
from benchmarks.marsdisk.problems import baseline
imported = time.perf_counter()
for _ in Simulation(baseline(40, cells=1, years=1e-6, outputs=1)).snapshots(): pass
print(imported - begin, time.perf_counter() - begin)
"""
# Not `ru_maxrss`, which a process inherits from the one that started it.
MEMORY = """
import re, sys
from pathlib import Path
from marsdisk.cli import main
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\\s*(\\d+)", status)[1]) / 1024.0, file=sys.stderr)
"""
PAIRS = 4_000_000
"""Pairs per timed call of the right-hand side."""
DEFAULT_BINS = 160
"""Bins of the presets. With fewer, a run is over before two threads are worth much."""


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that `action` takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def finish(simulation: Simulation) -> Snapshot:
    """Integrate to the end without output and return the last state."""
    *_, last = simulation.snapshots()
    return last


def stack_of(plan: RunPlan, state: State) -> Pairs:
    """Return the pair tables of all cells."""
    tables = CollisionTables(plan, TableCache(plan.n_cells))
    tables.refresh(state)
    return tables.stack


def whole_runs(repeats: int, sizes: dict[int, float]) -> list[Figure]:
    """Two years of 32 cells to Parquet; without output with one and two threads in turn."""
    figures = []
    for bins, limit in sizes.items():
        written: list[float] = []
        shares: list[float] = []
        samples: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(repeats):
            values = _run_to_disk(bins)
            written.append(values["wall_time_s"])
            shares.append(100.0 * values["output_time_s"] / values["wall_time_s"])
            for threads, times in samples.items():
                simulation = Simulation(baseline(bins, threads=threads))
                times.append(timed(lambda simulation=simulation: finish(simulation)))  # type: ignore[misc]
        last = finish(Simulation(baseline(bins, threads=2)))
        label = f"2 years, 32 cells x {bins} bins"
        gains = [one / two for one, two in zip(samples[1], samples[2], strict=True)]
        per_year = last.steps / (last.time / YEAR)
        ledger = float(np.abs(last.ledger_residual).max())
        figures += [
            Figure(
                what=f"{label}, 2 threads, with output",
                unit="s",
                at_most=limit,
                **summarised(written),
            ),
            Figure(what=f"{label}, share of output", unit="%", at_most=20.0, **summarised(shares)),
            Figure(what=f"{label}, 2 threads", unit="s", **summarised(samples[2])),
            Figure(what=f"{label}, 1 thread", unit="s", **summarised(samples[1])),
            Figure(
                what=f"{label}, gain of 2 threads",
                unit="times",
                at_least=1.7 if bins == DEFAULT_BINS else None,
                **summarised(gains),
            ),
            Figure(what=f"{label}, largest ledger residual", value=ledger, at_most=1e-12),
            Figure(
                what=f"{label}, steps per cell and year, worst cell (median to worst)",
                value=float(per_year.max()),
                low=float(np.median(per_year)),
                high=float(per_year.max()),
                at_most=200.0,
            ),
        ]
    return figures


def _run_to_disk(bins: int) -> dict[str, Any]:
    """Run the baseline preset with its own output and return its summary."""
    config = Config.preset("baseline", (f"sizes.n_bins={bins}", "io.figures=false"))
    with tempfile.TemporaryDirectory() as directory:
        request = RunRequest(config, "speed", Path(directory) / "run", threads=2)
        return execute(request).summary


@numba.njit(nogil=True)
def _repeat_rate(
    times: int,
    mass: FloatArray,
    number: FloatArray,
    laws: tuple[Grid, Pairs, Gathered],
    out: FloatArray,
) -> None:
    grid, pairs, gathered = laws
    for _ in range(times):
        cascade.collision_rate(mass, number, grid, pairs, gathered, out)


def right_hand_side(repeats: int) -> list[Figure]:
    """Collision rate per pair of bins of one cell, one thread, in the middle of a run."""
    calls = {bins: _rate_call(bins) for bins in (40, 80, 160, 200)}
    samples: dict[int, list[float]] = {bins: [] for bins in calls}
    for _ in range(12 * repeats):
        for bins, call in calls.items():
            loops = PAIRS // (bins * (bins + 1) // 2)
            seconds = timed(lambda call=call, loops=loops: call(loops))  # type: ignore[misc]
            samples[bins].append(1e9 * seconds / (loops * bins * (bins + 1) // 2))
    return [
        Figure(
            what=f"right-hand side, {bins} bins, per pair",
            unit="ns",
            at_most=2.0,
            **summarised(times),
        )
        for bins, times in samples.items()
    ]


def _rate_call(bins: int) -> Callable[[int], None]:
    """Return a function that evaluates the collision rate so many times; it is compiled."""
    simulation = Simulation(baseline(bins, cells=1, years=0.01, outputs=1))
    mass, grid = finish(simulation).mass[0], simulation.plan.grid
    stack = stack_of(simulation.plan, initial_state(simulation.plan, 1.0))
    pairs = Pairs._make(array[0] for array in stack)
    arguments = (mass, mass / grid.mass, (grid, pairs, new_gathered(bins)), np.zeros(bins + 1))
    _repeat_rate(1, *arguments)
    return lambda times: _repeat_rate(times, *arguments)


def against_scipy(repeats: int) -> list[Figure]:
    """One cell over 1e5 s at rtol 1e-3: our step loop against SciPy BDF."""
    span = 1e5
    problem = baseline(80, cells=1, years=span / YEAR, outputs=1)
    ratios = []
    for _ in range(repeats):
        simulation = Simulation(problem)
        plan = simulation.plan
        state = initial_state(plan, 1.0)
        cell = CellProblem(0, state, plan.grid, stack_of(plan, state), plan.cells, plan.drive)
        start = np.concatenate([state.mass[0], np.zeros(7)])
        settings = {"rtol": 1e-3, "atol": 1e-9 * start.sum(), "jac": cell.jacobian}

        def solve() -> None:
            solve_ivp(cell.rate, (0.0, span), start, method="BDF", **settings)  # noqa: B023

        ours = timed(lambda simulation=simulation: finish(simulation))  # type: ignore[misc]
        ratios.append(timed(solve) / ours)
    what = "one cell x 80 bins, 1e5 s: time of SciPy BDF over ours"
    return [Figure(what=what, unit="times", **summarised(ratios))]


def start_up(repeats: int) -> list[Figure]:
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
        Figure(what="first start, kernels compiled", unit="s", at_most=30.0, **summarised(cold)),
        Figure(what="later start, first result", unit="s", at_most=2.0, **summarised(warm)),
        Figure(what="import", unit="s", **summarised(imported)),
    ]


def memory() -> list[Figure]:
    """Peak memory of the command line over two years with every bin of 1,000 outputs."""
    with tempfile.TemporaryDirectory() as directory:
        keys = ("numerics.outputs.n_outputs=1000", "io.figures=false", "sizes.n_bins=40")
        chosen = [f"--override={key}" for key in keys]
        command = [sys.executable, "-c", MEMORY, "run", "baseline", *chosen]
        done = subprocess.run(
            [*command, "--output", str(Path(directory) / "run")],
            check=True,
            capture_output=True,
            text=True,
        )
    peak = float(done.stderr.split()[-1])
    return [
        Figure(what="peak memory, 2 years, 1,000 outputs", value=peak, unit="MB", at_most=300.0)
    ]


def sweep() -> list[Figure]:
    """Time 40 runs of the command line on all cores, start included; scaled to 1,000."""
    keys = ("sizes.n_bins=40", "numerics.outputs.n_outputs=4")
    axes = ("radiation.TM_K=2500:6000:10", "supply.const.mu_orbit10pct=0.01:10:4:log")
    chosen = [f"--override={key}" for key in keys] + [f"--vary={axis}" for axis in axes]
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "marsdisk", "sweep", "baseline", *chosen]
        command += ["--output", str(Path(directory) / "grid")]
        seconds = timed(lambda: subprocess.run(command, check=True, capture_output=True))
    what = "sweep of 1,000 runs, 32 cells x 40 bins, 25 times one of 40 runs"
    return [Figure(what=what, value=25.0 * seconds / 60.0, unit="min", at_most=60.0)]


def measure(*, quick: bool) -> list[Figure]:
    """Return every number; `quick` leaves out what takes long."""
    repeats = 1 if quick else 5
    sizes = {40: 3.0} if quick else {40: 3.0, 160: 30.0}
    finish(Simulation(baseline(40, cells=1, years=1e-4, outputs=1)))
    figures = whole_runs(repeats, sizes) + right_hand_side(repeats) + against_scipy(repeats)
    return figures if quick else figures + memory() + sweep() + start_up(2)


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    figures = measure(quick=options.quick)
    return concluded(figures, options.json)


if __name__ == "__main__":
    sys.exit(main())
