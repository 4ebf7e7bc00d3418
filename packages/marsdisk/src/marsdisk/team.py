"""The threads of a run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from marsdisk.kernels.records import new_scratch

if TYPE_CHECKING:
    from collections.abc import Callable

    from marsdisk.kernels.records import Scratch

__all__ = ["Team"]


class Team:
    """The calling thread and its helpers, each with scratch of its own; a context manager.

    `threads` in all (at least one), for cells of `n_bins` bins.
    """

    def __init__(self, threads: int, n_bins: int) -> None:
        self._scratch = [new_scratch(n_bins) for _ in range(max(threads, 1))]

    def __enter__(self) -> Team:
        self._helpers = ThreadPoolExecutor(max(len(self._scratch) - 1, 1))
        return self

    def __exit__(self, *_: object) -> None:
        self._helpers.shutdown()

    def run(self, task: Callable[[Scratch], None]) -> None:
        """Run `task` once on every thread; they share its work as `kernels.claims` tells."""
        own, *others = self._scratch
        helped = [self._helpers.submit(task, scratch) for scratch in others]
        task(own)
        for outcome in helped:
            outcome.result()
