"""All that one run started: marked, found again, and ended without remainder.

A run is a process group in a session of its own. For descendants that leave both, this process
is made their reaper, and every run carries a mark in its environment, so that nothing else is
ever touched. A tighten that is killed cannot end what it started; `end_orphans` does so at the
next start.

Limits: Linux (child subreaper). A descendant that left the group, lost its parent *and* cleared
its environment is not found.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
import os
import secrets
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MARK", "Adoption", "end_orphans", "end_run", "new_mark"]

MARK = "TIGHTEN_RUN"  # names the run in the environment of every process it starts
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
GRACE = 1.0  # seconds between asking a run to end and ending it
END_ATTEMPTS = 100


_session = secrets.token_hex(8)  # numbers of processes come again
_runs = itertools.count()


def new_mark() -> str:
    """Return a value of `MARK` for one run of this process."""
    return f"{os.getpid()}-{_session}-{next(_runs)}"


def end_run(mark: str, leader: int | None) -> None:
    """End every process of a run: ask first, and do not wait long for an answer."""
    ours = set() if leader is None else {leader}
    with _interrupts_held():
        for process in _members(mark):
            ours.add(process.pid)
            with contextlib.suppress(psutil.Error):
                process.terminate()
        deadline = time.monotonic() + GRACE
        while _reap(ours) and time.monotonic() < deadline:
            time.sleep(0.005)
        for _ in range(END_ATTEMPTS):
            members = _members(mark)
            if not _reap(ours) and not members:
                return
            for process in members:
                ours.add(process.pid)
                with contextlib.suppress(psutil.Error):
                    process.kill()
            time.sleep(0.005)


def end_orphans(*directories: Path) -> None:
    """End what runs of a killed tighten still do in ``directories``, which the caller has locked.

    Only processes that carry the mark of a run and work in one of the directories are meant; a
    daemon that went elsewhere is not.
    """
    places = [directory.resolve() for directory in directories]
    # What is ended may have started something meanwhile, hence until a look finds nothing.
    for _ in range(END_ATTEMPTS):
        orphans = [process for process in psutil.process_iter() if _is_orphan(process, places)]
        if not orphans:
            return
        for process in orphans:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(orphans, GRACE)


def _is_orphan(process: psutil.Process, places: Sequence[Path]) -> bool:
    with contextlib.suppress(psutil.Error):
        mark = process.environ().get(MARK, "")
        if mark and not mark.startswith(f"{os.getpid()}-"):
            return any(Path(process.cwd()).is_relative_to(place) for place in places)
    return False


def _members(mark: str) -> list[psutil.Process]:
    """Return the living processes of a run: our children with its mark, and all below them."""
    members = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.environ().get(MARK) == mark:
                members += [child, *child.children(recursive=True)]
    return [member for member in members if _is_alive(member)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _reap(ours: set[int]) -> bool:
    """Reap what has ended, and return whether any child of ours among them still runs."""
    running = False
    for number in tuple(ours):
        try:
            reaped, _ = os.waitpid(number, os.WNOHANG)
        except ChildProcessError:
            continue  # somebody else's child; it comes to us when its parent ends
        if reaped:
            ours.discard(number)
        else:
            running = True
    return running


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep a second Ctrl-C waiting until everything is ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Adoption:
    """Makes orphans below this process its children during a block, so that they can be found.

    Those that outlive the block are reaped when they have ended and another block is left.
    """

    __slots__ = ("_before", "_may_have_heirs")

    _living: ClassVar[set[int]] = set()  # adopted by earlier blocks

    def __enter__(self) -> Self:
        self._before = _children()
        self._may_have_heirs = True
        _set_subreaper(1)
        return self

    def reap_group(self, group: int) -> None:
        """Reap the members of a killed group that became our children."""
        self._may_have_heirs = _has_children()
        for _ in range(END_ATTEMPTS if self._may_have_heirs else 0):
            try:
                reaped, _ = os.waitpid(-group, os.WNOHANG)
            except ChildProcessError:
                return
            if not reaped:
                time.sleep(0.001)

    def __exit__(self, *failure: object) -> None:
        _set_subreaper(0)
        # Without a child there is no descendant at all: each has an ancestor that is our child.
        if self._may_have_heirs:
            new = _children() - self._before
            self._living.update(child for child in new if _is_from_a_run(child))
        for child in tuple(self._living):
            try:
                ended, _ = os.waitpid(child, os.WNOHANG)
            except ChildProcessError:
                ended = child
            if ended:
                self._living.discard(child)


def _set_subreaper(value: int) -> None:
    _libc().prctl(PR_SET_CHILD_SUBREAPER, value, 0, 0, 0)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _children() -> set[int]:
    numbers: set[int] = set()
    if not _has_children():
        return numbers
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that ended, or a kernel without the file
            numbers.update(map(int, (task / "children").read_text(encoding="ascii").split()))
    return numbers


def _has_children() -> bool:
    """Whether there is any child; one system call, where naming them takes a file per thread."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _is_from_a_run(child: int) -> bool:
    """Whether a child was adopted; one that we started ourselves is in our own session."""
    try:
        return os.getsid(child) != os.getsid(0)
    except ProcessLookupError:
        return False
