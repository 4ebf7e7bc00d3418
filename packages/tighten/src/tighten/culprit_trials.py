"""Trials that find which changed values make a gate fail: built and checked, never timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import TrialError
from tighten.gates import culprits

if TYPE_CHECKING:
    from collections.abc import Collection

    from tighten.bench import Bench
    from tighten.options import Options
    from tighten.parameters import Configuration
    from tighten.trial import Built

__all__ = ["CulpritTrials"]


class CulpritTrials:
    """Subsets of a change, laid over a configuration that passes, put to one gate.

    Parameters
    ----------
    options
        The study.
    bench
        Builds and checks.
    base
        A configuration that passes.
    kept
        Builds whose slots stay as they are.
    gate
        Name of the gate that failed.
    """

    def __init__(
        self,
        options: Options,
        bench: Bench,
        base: Configuration,
        kept: Collection[Built],
        gate: str,
    ) -> None:
        self._options = options
        self._bench = bench
        self._base, self._kept, self._gate = base, kept, gate
        self.builds = 0

    def culprits(self, changed: Configuration) -> Configuration:
        """Return the fewest of the changed values that make the gate fail by themselves.

        Empty if all of them together do not make it fail again: the failure came by chance.
        """
        if not self._options.culprit_builds:
            return changed
        if not self._fails(changed):
            return {}
        guilty = culprits(
            tuple(changed),
            lambda names: self._fails({name: changed[name] for name in names}),
            limit=self._options.culprit_builds,
        )
        return {name: changed[name] for name in guilty}

    def _fails(self, values: Configuration) -> bool:
        """Whether the gate fails with these values; what is no valid configuration does not."""
        configuration = {**self._base, **values}
        if not self._options.space.is_valid(configuration):
            return False
        self.builds += 1
        try:
            built = self._bench.build(configuration, beside=self._kept)
            found = self._bench.check(built)
        except TrialError:
            return False
        return bool(found) and not found[-1].passed and found[-1].name == self._gate
