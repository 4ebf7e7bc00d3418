"""Dense solvers of the kernels against NumPy, called through the interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import numpy as np
from marsdisk.kernels.linear import factorise, solve_factorised, solve_positive

generator = np.random.default_rng(5)
for n in (1, 2, 3, 4, 5, 11, 16):
    matrix = generator.normal(size=(n, n)) * 10.0 ** generator.uniform(-6, 6, (n, 1))
    x = generator.normal(size=n)
    b = matrix @ x
    transposed, pivots = np.ascontiguousarray(matrix.T), np.zeros(n, np.int64)
    assert factorise(transposed, pivots)
    solve_factorised(transposed, pivots, b)
    assert np.allclose(b, x, rtol=1e-9), n
assert not factorise(np.zeros((5, 5)), np.zeros(5, np.int64))
assert not factorise(np.full((3, 3), np.nan), np.zeros(3, np.int64))

# A closed box over a time far beyond every flow: positive, and exact in the sum.
n = 12
flow = 10.0 ** generator.uniform(-20, 20, (n, n))
np.fill_diagonal(flow, 0.0)
b = 10.0 ** generator.uniform(-12, 0, n)
x = b.copy()
solve_positive(flow.copy(), np.ones(n), np.zeros(n), x)
assert (x > 0.0).all()
assert abs(x.sum() / b.sum() - 1.0) < 1e-14
"""

ABSURD_STEP = """
from dataclasses import replace
import numpy as np
from conftest import build_problem
from marsdisk.cache import TableCache
from marsdisk.checkpoint import initial_state
from marsdisk.excitation import CollisionTables
from marsdisk.kernels.records import Pairs, new_scratch
from marsdisk.kernels.single import positive_step
from marsdisk.parameters import Disk, SizeGrid
from marsdisk.plan import plan_run

problem = build_problem(disk=Disk(4e6, 5e6, 1), grid=SizeGrid(1e-7, 3.0, 16, 3270.0))
plan = plan_run(problem)
state = initial_state(plan, 1.0)
tables = CollisionTables(plan, TableCache(4))
tables.refresh(state)
pairs = Pairs._make(array[0] for array in tables.stack)
scratch = new_scratch(16)
flow, trial = scratch.later, scratch.trial
flow.colliding[0] = 1.0
mass = state.mass[0]
positive_step(
    mass, 0.0, 0.0, 1e14, plan.grid, pairs, plan.drive.injection, flow, scratch.work, trial
)
assert (trial.mass >= 0.0).all()
assert abs(trial.mass.sum() / mass.sum() - 1.0) < 1e-13
assert trial.increment.sum() == 0.0
assert trial.mass[0] > 0.9 * mass.sum()
"""


@pytest.mark.parametrize("program", [PROGRAM, ABSURD_STEP], ids=["solvers", "absurd step"])
def test_solvers(program: str) -> None:
    """As plain Python, which also shows that MARSDISK_DISABLE_NUMBA works."""
    environment = {"MARSDISK_DISABLE_NUMBA": "1", "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env=environment,
        timeout=120,
        cwd=Path(__file__).parent,
    )
