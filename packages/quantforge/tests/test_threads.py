"""Many Python threads at once: right numbers, no dead lock, the lock released."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from quantforge import _core, _grid, black_scholes

from fuzz import boundary


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run `work(number)` in threads that start together; raise what any of them raises."""
    gate = threading.Barrier(count)

    def start(number: int) -> None:
        gate.wait()
        work(number)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(start, number) for number in range(count)]:
            done.result(timeout=120)


def test_mixed_sizes_and_errors_from_sixteen_threads() -> None:
    sizes = (1, 100, 3_000, 31_000)
    batches = {size: _grid.market(size, seed=size).arguments() for size in sizes}
    expected = {size: black_scholes.call_price_batch(*batches[size]) for size in sizes}

    def work(number: int) -> None:
        size = sizes[number % len(sizes)]
        bad = batches[size][0].copy()
        bad[number % size] = np.nan
        for turn in range(6):
            threads = turn % 3 or None
            found = black_scholes.call_price_batch(*batches[size], threads=threads)
            np.testing.assert_array_equal(found, expected[size])
            with pytest.raises(ValueError, match=f"row {number % size}: spots is NaN"):
                black_scholes.call_price_batch(bad, *batches[size][1:], threads=threads)

    in_threads(16, work)


def test_every_function_from_eight_threads() -> None:
    known = boundary.functions()

    def work(number: int) -> None:
        for turn, function in enumerate(known):
            case = boundary.Case.make(function, np.random.default_rng([number, turn]))
            boundary.check_values(case)

    in_threads(8, work)


def test_one_out_for_each_thread() -> None:
    arguments = _grid.market(20_000, seed=3).arguments()
    expected = black_scholes.call_price_batch(*arguments)
    outs = np.zeros((8, 20_000))
    in_threads(8, lambda i: black_scholes.call_price_batch(*arguments, out=outs[i]))
    np.testing.assert_array_equal(outs, np.broadcast_to(expected, outs.shape))


def test_inputs_written_meanwhile_are_no_crash() -> None:
    arguments = [x.copy() for x in _grid.market(50_000, seed=4).arguments()]
    is_over = threading.Event()

    def disturb() -> None:
        rng = np.random.default_rng(0)
        while not is_over.is_set():
            arguments[0][rng.integers(50_000)] = rng.choice([100.0, np.nan, -1.0])

    writer = threading.Thread(target=disturb)
    writer.start()
    try:
        for _ in range(20):
            prices = black_scholes.call_price_batch(*arguments, on_error="nan")
            assert prices.shape == (50_000,)
    finally:
        is_over.set()
        writer.join()


def test_python_runs_while_a_batch_does() -> None:
    arguments = _grid.market(4_000_000, seed=5).arguments()

    def ticks_during_a_batch() -> int:
        ticks = 0
        is_over = threading.Event()

        def work() -> None:
            black_scholes.call_price_batch(*arguments, threads=1)
            is_over.set()

        worker = threading.Thread(target=work)
        worker.start()
        while not is_over.is_set():
            ticks += 1
            time.sleep(1e-4)
        worker.join()
        return ticks

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:  # a busy machine may give this thread no turn in a few of them
        assert any(ticks_during_a_batch() > 3 for _ in range(20))
    finally:
        sys.setswitchinterval(interval)


def test_module_says_that_it_needs_no_lock() -> None:
    # Free-threaded builds keep their lock off only for modules that say so (PEP 703).
    assert _core.thread_limit() >= 1
    is_free = hasattr(sys, "_is_gil_enabled") and "free-threading" in sys.version
    assert not (is_free and sys._is_gil_enabled())


def test_the_first_call_does_not_bind_later_ones() -> None:
    """The process may use four threads; that the first call asks for two changes nothing."""
    program = """
import pathlib
import time
import numpy as np
from quantforge import black_scholes
spots = np.full(100_000, 100.0)
black_scholes.call_price_batch(spots, 100.0, 1.0, 0.02, 0.2, threads=2)
end, count = time.monotonic() + 10.0, 0
while count < 3 and time.monotonic() < end:  # a thread gives itself its name when it first runs
    tasks = pathlib.Path("/proc/self/task").iterdir()
    count = sum((task / "comm").read_text().startswith("quantforge-") for task in tasks)
print(count)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "QUANTFORGE_NUM_THREADS": "4"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) == 3
