"""What the bit-for-bit promises rest on: how kernels are compiled and cached."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import marsdisk.kernels
import numba
import numpy as np
import pytest
from marsdisk import first_start
from marsdisk.first_start import compiled_beside
from marsdisk.kernels import _jit, claims
from marsdisk.kernels.claims import claim
from marsdisk.kernels.records import Pairs, new_gathered
from marsdisk.kernels.single import collision_rate, flow_matrix
from marsdisk.parameters import Parameters
from marsdisk.simulation import Simulation
from marsdisk.typing import IntArray
from numba.core.caching import NullCache

RUN = """
import sys
from pathlib import Path
from typing import Any
from conftest import build_problem
from marsdisk.simulation import Simulation
*_, last = Simulation(build_problem()).snapshots()
Path(sys.argv[1]).write_bytes(last.mass.tobytes() + last.lost.tobytes())
"""


def test_no_kernel_calls_a_cached_function() -> None:
    """Machine code from the cache cannot be inlined, so rounding would depend on the cache."""
    dispatcher = type(numba.njit(lambda: 0))
    checked = 0
    for info in pkgutil.iter_modules(marsdisk.kernels.__path__):
        module = importlib.import_module(f"marsdisk.kernels.{info.name}")
        kernels = [f for f in vars(module).values() if isinstance(f, dispatcher)]
        for kernel in kernels:
            source = kernel.py_func
            used = [source.__globals__.get(name) for name in source.__code__.co_names]
            called = [f for f in used if isinstance(f, dispatcher) and f is not kernel]
            assert all(isinstance(f._cache, NullCache) for f in called), source.__name__
            checked += 1
    assert checked > 50


@pytest.mark.long
@pytest.mark.parametrize("lost", [{"advance"}, {"advance", "steps"}, {"observe", "steps"}])
def test_a_half_filled_cache_does_not_change_a_bit(tmp_path: Path, lost: set[str]) -> None:
    """As a kill during the first start leaves it: some functions cached, others not.

    What is missing is compiled here, or by the helper where the loop over the cells is missing.
    """
    assert _jit._DIRECTORY is not None
    here, cache = Path(__file__).parent, tmp_path / "cache"

    def state(name: str) -> bytes:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
        out = tmp_path / name
        subprocess.run([sys.executable, "-c", RUN, str(out)], check=True, env=environment, cwd=here)
        return out.read_bytes()

    shutil.copytree(_jit._DIRECTORY, cache / _jit._DIRECTORY.name)
    whole = state("whole")
    removed = [path for path in cache.rglob("*.nb?") if path.name.split(".")[0] in lost]
    assert {path.name.split(".")[0] for path in removed} == lost
    for path in removed:
        path.unlink()
    assert state("again") == whole


@numba.njit(nogil=True)
def _takes(claimed: IntArray, count: int, last: int, taken: IntArray) -> None:
    first = claim(claimed, count)
    while first < last:
        taken[first] += 1
        first = claim(claimed, count)


@pytest.mark.parametrize("take", [_takes, _takes.py_func], ids=["compiled", "interpreted"])
def test_threads_claim_every_cell_once(
    take: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if take is not _takes:
        monkeypatch.setitem(globals(), "claim", claims._interpreted)
    last, claimed = 20_001, np.zeros(1, np.int64)
    taken = [np.zeros(last, np.int64) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda own: take(claimed, 2, last, own), taken))
    np.testing.assert_array_equal(sum(taken), np.arange(last) % 2 == 0)


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Return the list of helpers that a first start begins; every start is a first one."""
    started: list[subprocess.Popen[bytes]] = []
    start = first_start._start
    monkeypatch.setattr(first_start, "is_cached", lambda _: False)
    monkeypatch.setattr(first_start, "available_cores", lambda: 2)

    def begun(calls: list[Any]) -> subprocess.Popen[bytes] | None:
        helper = start(calls)
        if helper is not None:
            started.append(helper)
        return helper

    monkeypatch.setattr(first_start, "_start", begun)
    return started


NOT_A_CALL = (collision_rate, (1.0, new_gathered(3)))


def test_a_helper_compiles_into_the_cache(
    helpers: list[subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    problem: Callable[[], Parameters],
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    simulation = Simulation(problem())
    pairs = Pairs(*(array[0] for array in simulation._tables.stack))
    mass = simulation._state.mass[0]
    gathered, out = new_gathered(mass.size), np.zeros((mass.size, mass.size + 1))
    call = (flow_matrix, (mass, simulation.plan.grid, pairs, gathered, out))
    with compiled_beside(collision_rate, [call]):
        pass
    assert [helper.returncode for helper in helpers] == [0]
    assert [path.name.split("-")[0] for path in tmp_path.rglob("*.nbi")] == ["single.flow_matrix"]


def test_a_helper_that_fails_or_is_not_needed_any_more_is_no_harm(
    helpers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with compiled_beside(collision_rate, [NOT_A_CALL]):
        pass
    assert helpers[0].returncode == 1
    with (
        pytest.raises(KeyboardInterrupt),
        compiled_beside(collision_rate, [NOT_A_CALL]),
    ):
        raise KeyboardInterrupt
    assert helpers[1].returncode is not None
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with compiled_beside(collision_rate, [NOT_A_CALL]):
        pass
    assert len(helpers) == 2
