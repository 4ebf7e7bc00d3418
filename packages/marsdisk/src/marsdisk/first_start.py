"""The first start: kernels compile in two processes.

Numba compiles under one lock, so a thread would not help. The helper leaves its work in the cache
of compiled kernels; whatever befalls it, this process compiles what it does not find there.
"""

from __future__ import annotations

import contextlib
import importlib
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from marsdisk.environment import available_cores
from marsdisk.kernels._jit import COMPILED, is_cached
from marsdisk.kernels.separate import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from marsdisk.kernels.separate import Call

__all__ = ["compiled_beside"]


@contextlib.contextmanager
def compiled_beside(kernel: Any, calls: Sequence[Call]) -> Iterator[None]:
    """While the block compiles `kernel`, let a helper compile those of `calls`.

    Does nothing where `kernel` need not be compiled or no second processor is at hand. Waits for
    the helper at the end, and ends it if the block fails.
    """
    helper = None
    if COMPILED and not is_cached(kernel) and available_cores() > 1:
        helper = _start([call for call in calls if not is_cached(call[0])])
    try:
        yield
        if helper is not None:
            helper.wait()
    finally:
        if helper is not None:
            helper.kill()
            helper.wait()


def _start(calls: list[Call]) -> subprocess.Popen[bytes] | None:
    """Start a helper; None where no process can be started."""
    task = [(k.py_func.__module__, k.py_func.__name__, signature_of(given)) for k, given in calls]
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-P", "-m", __name__]
    try:
        helper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
    except OSError:
        return None
    with contextlib.suppress(BrokenPipeError), helper.stdin as pipe:  # type: ignore[union-attr]
        pipe.write(pickle.dumps(task))
    return helper


def _help() -> None:
    for module, name, signature in pickle.load(sys.stdin.buffer):
        getattr(importlib.import_module(module), name).compile(signature)


if __name__ == "__main__":
    _help()
