"""Trials in the project itself, for projects that cannot be copied.

The originals go to a journal on disk before the first edit. One tree serves all slots: a slot
keeps its edits in memory and its build products (``outputs``) in the state directory, and
`InPlace.activate` puts them into the tree. What is put there gets a new modification time, edits
before products, so that a build system agrees with what it finds.

`InPlace.close` puts everything back. If it is never reached, the next command or
`tighten restore` does it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Self

from tighten.codehash import CodeHash
from tighten.errors import StateError, StudyError
from tighten.files import make_state_directory, storage_errors
from tighten.trial.journal import IN_PLACE, REFUSED, Journal, recover
from tighten.trial.lock import DirectoryLock
from tighten.trial.outputs import Outputs
from tighten.trial.workplace import Built, Site, Slot, proved

if TYPE_CHECKING:
    from tighten.parameters import Configuration
    from tighten.runner import Runner

__all__ = ["InPlace"]


@dataclass(frozen=True, slots=True)
class _Holding:
    """The build that a slot or the project holds; an empty key stands for none."""

    key: str = ""
    told: str = ""
    contents: Mapping[Path, bytes] = field(default_factory=dict)
    code_hash: str = ""
    build_seconds: float = 0.0


class InPlace:
    """A `Workplace` in the project itself.

    Parameters
    ----------
    site
        The project and how it is built.
    runner
        Runs the build command.

    Raises
    ------
    StudyError
        If the build's products are neither ``outputs`` nor ``{artifacts}``, so that two builds
        cannot be kept side by side.
    StateError
        If another tighten works on the project, an earlier run cannot be undone, or the disk
        refuses.
    """

    def __init__(self, site: Site, runner: Runner) -> None:
        _require_products(site)
        self._site = site
        self._runner = runner
        self._root = site.state / "in-place-builds"
        self._builds: dict[Slot, _Holding] = {}
        # The user's own products are trusted, unless parameters tell the build something else.
        self._present = _Holding(told=site.told(None))
        self._hasher = CodeHash([*(self._root / slot for slot in site.slots), site.project])
        self._outputs = Outputs(site.project, site.build.outputs)
        make_state_directory(site.state)
        self._locks = [DirectoryLock(site.project)]
        try:
            self._locks.append(DirectoryLock(site.state))
            recover(site.project, site.state)
            self._journal = Journal(site.state / IN_PLACE, site.project)
            self._open()
        except BaseException:
            self._release()
            raise

    def slot_for(self, configuration: Configuration, *, beside: Collection[Built] = ()) -> Slot:
        """Return the slot to build in; see `Workplace.slot_for`."""
        _, key = self._wanted(configuration)
        holding = (slot for slot, build in self._builds.items() if build.key == key)
        taken = {built.slot for built in beside}
        return next(holding, None) or next(s for s in self._site.slots if s not in taken)

    def build(self, slot: Slot, configuration: Configuration) -> Built:
        """Edit and build for ``slot``; see `Workplace.build`."""
        contents, key = self._wanted(configuration)
        log = self._site.log(slot, key)
        if slot not in self._builds or self._builds[slot].key != key:
            told = self._site.told(configuration)
            before = self._begin(slot, told)
            self._write(contents)
            seconds, code = proved(
                lambda: self._make(slot, configuration, log),
                lambda: self._clean(slot),
                before=before,
            )
            with storage_errors(f"keeping the build in {self._root}"):
                self._outputs.keep(self._root / slot / "outputs")
            self._present = self._builds[slot] = _Holding(key, told, contents, code, seconds)
        holding = self._builds[slot]
        return Built(
            configuration=configuration,
            tree=self._site.project,
            artifacts=self._artifacts(slot),
            caches=self._site.caches(configuration),
            code_hash=holding.code_hash,
            build_seconds=holding.build_seconds,
            log=log,
            slot=slot,
        )

    def activate(self, built: Built) -> None:
        """Put the edits and products of ``built`` into the project, unless they are there."""
        holding = self._builds[built.slot]
        if self._present is holding:
            return
        self._present = _Holding()
        self._write(holding.contents)
        with storage_errors(f"changing the build in {self._site.project}"):
            self._outputs.put(self._root / built.slot / "outputs")
        self._present = holding

    def close(self) -> None:
        """Put the project back as it was, and let others in.

        Raises
        ------
        StateError
            If somebody else changed an edited file, which is then left alone.
        """
        refused: tuple[Path, ...] = ()
        try:
            if self._journal.is_open:
                _, refused = self._journal.restore()
            shutil.rmtree(self._root, ignore_errors=True)
            self._site.forget_caches()
        finally:
            self._release()
        if refused:
            raise StateError(
                f"{', '.join(map(str, refused))} was changed by somebody else while it was edited "
                f"in place, and is left as it is now; its original is in "
                f"{self._site.state / REFUSED}: merge the two by hand"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _open(self) -> None:
        self._site.forget_caches()
        with storage_errors(f"preparing {self._root}"):
            shutil.rmtree(self._root, ignore_errors=True)
        present = [path for path in self._site.bound_files if (self._site.project / path).is_file()]
        for path in present:
            if not os.access((self._site.project / path).resolve().parent, os.W_OK):
                raise StateError(
                    f"{path} cannot be edited in place: its directory is not writable; make it so, "
                    "or remove `in_place` and work in copies with --state DIR"
                )
        self._journal.extend(present, outputs=self._site.build.outputs)
        with storage_errors(f"preparing {self._root}"):
            for path in present:
                target = self._originals / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._journal.original(path))

    def _begin(self, slot: Slot, told: str) -> str:
        """Return the digest of the product that a build starts from, empty if from none."""
        before, self._present = self._present, _Holding()
        earlier = self._builds.pop(slot, before)  # whose artifacts are still there
        is_same = before.told == earlier.told == told
        if not is_same:
            self._clean(slot)
        self._present = _Holding(told=told)
        return before.code_hash if is_same else ""

    def _make(self, slot: Slot, configuration: Configuration, log: Path) -> tuple[float, str]:
        """Return how long the build took [s], and the digest of what it made."""
        site, tree, artifacts = self._site, self._site.project, self._artifacts(slot)
        seconds = site.run_build(
            self._runner, configuration, tree=tree, artifacts=artifacts, log=log
        )
        return seconds, site.code(self._hasher, tree, artifacts, ())

    def _clean(self, slot: Slot) -> None:
        """Remove what builds have made, as far as it is declared."""
        with storage_errors(f"removing the build in {self._site.project}"):
            self._outputs.remove()
            shutil.rmtree(self._artifacts(slot), ignore_errors=True)

    def _write(self, contents: Mapping[Path, bytes]) -> None:
        changed = {
            path: content for path, content in contents.items() if not self._holds(path, content)
        }
        if changed:
            self._journal.write(changed)

    def _holds(self, path: Path, content: bytes) -> bool:
        file = self._site.project / path
        return file.is_file() and file.read_bytes() == content

    def _wanted(self, configuration: Configuration) -> tuple[Mapping[Path, bytes], str]:
        """Return the contents of the bound files, and the key of the build they give."""
        edits = self._site.edits(configuration, self._originals)
        contents = {
            path: edits[path] if path in edits else (self._originals / path).read_bytes()
            for path in self._site.bound_files
        }
        return contents, self._site.key(configuration, contents)

    @property
    def _originals(self) -> Path:
        return self._root / "original"

    def _artifacts(self, slot: Slot) -> Path:
        return self._root / slot / "artifacts"

    def _release(self) -> None:
        for lock in self._locks:
            lock.release()


def _require_products(site: Site) -> None:
    command, outputs = site.build.command, site.build.outputs
    if command is not None and not outputs and "{artifacts}" not in command.template:
        raise StudyError(
            f"the build {command.template!r} works in place, and two builds must be kept apart: "
            "name what it writes in `outputs`, or let it write to {artifacts}"
        )
    for pattern in outputs:
        if PurePath(pattern).is_absolute() or ".." in PurePath(pattern).parts:
            raise StudyError(
                f"the output {pattern!r} lies outside the project; allowed: patterns of files "
                "and directories below it"
            )
