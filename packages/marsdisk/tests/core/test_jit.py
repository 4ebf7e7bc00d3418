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

import marsdisk.kernels
import numba
import numpy as np
import pytest
from marsdisk.kernels import _jit, claims
from marsdisk.kernels.claims import claim
from marsdisk.typing import IntArray
from numba.core.caching import NullCache

RUN = """
import sys
from pathlib import Path
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
def test_a_half_filled_cache_does_not_change_a_bit(tmp_path: Path) -> None:
    """As a kill during the first start leaves it: some functions cached, the driver not."""
    assert _jit._DIRECTORY is not None
    here, cache = Path(__file__).parent, tmp_path / "cache"

    def state(name: str) -> bytes:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
        out = tmp_path / name
        subprocess.run([sys.executable, "-c", RUN, str(out)], check=True, env=environment, cwd=here)
        return out.read_bytes()

    shutil.copytree(_jit._DIRECTORY, cache / _jit._DIRECTORY.name)
    whole = state("whole")
    removed = [path for path in cache.rglob("advance.*") if path.is_file()]
    assert removed
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
