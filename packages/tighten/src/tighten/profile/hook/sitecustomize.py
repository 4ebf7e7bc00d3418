"""Starts cProfile in every Python process that finds this directory on its path.

Used for commands that tighten did not write: a variable is all that they need. Each process, and
each process that it forks, leaves one file. An own ``sitecustomize`` of the user still runs.
"""

import atexit
import contextlib
import cProfile
import itertools
import os
import sys
import threading

_DIRECTORY = os.environ.get("TIGHTEN_CPROFILE", "")
_numbers = itertools.count()
_running: list[cProfile.Profile] = []


def _start(*_: object) -> None:
    """Profile this thread from now on; as a thread's first event it replaces itself."""
    profile = cProfile.Profile()
    with contextlib.suppress(ValueError):  # since Python 3.12 one profiler sees all threads
        profile.enable()
        _running.append(profile)


def _dump() -> None:
    for profile in _running:
        profile.disable()
        name = f"{os.getpid()}-{next(_numbers)}.pstats"
        with contextlib.suppress(OSError, TypeError):  # TypeError: it saw no call at all
            profile.dump_stats(os.path.join(_DIRECTORY, name))  # noqa: PTH118
    _running.clear()


def _after_fork() -> None:
    _running.clear()
    _start()
    if "multiprocessing.util" in sys.modules:  # its children leave by os._exit
        sys.modules["multiprocessing.util"].Finalize(None, _dump, exitpriority=-100)


def _run_own() -> None:
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100
    ours = sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ImportError):
        __import__("sitecustomize")
    if ours is not None:
        sys.modules.setdefault("sitecustomize", ours)


_run_own()
if _DIRECTORY:
    atexit.register(_dump)
    os.register_at_fork(after_in_child=_after_fork)
    threading.setprofile(_start)
    _start()
