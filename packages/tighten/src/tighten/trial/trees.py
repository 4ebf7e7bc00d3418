"""Copies of the project, two or the field of a race, each with its artifacts and build caches.

All are brought up to date with the project when the workplace opens, so that a file which the
user changes during a study cannot make two candidates differ. After that a trial costs its edits
and an incremental build, and the user's tree is not even read.

A slot says on disk what it holds. It is marked as holding nothing before anything in it changes,
so a crash leaves it to be built again; after a crash of the machine it is copied afresh, because
its files may be damaged.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tighten.codehash import CodeHash
from tighten.errors import FailureKind, TrialError
from tighten.files import (
    make_state_directory,
    overwrite_file,
    replace_file,
    storage_errors,
)
from tighten.parameters import configuration_key
from tighten.trial.files import project_files
from tighten.trial.journal import recover
from tighten.trial.lock import DirectoryLock
from tighten.trial.mirror import Mirror
from tighten.trial.workplace import Built, Site, Slot, proved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tighten.parameters import Configuration
    from tighten.runner import Runner

__all__ = ["Trees"]

RECENT = 4  # configurations whose edits are remembered
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Files that say how to build; CMake, Meson and Cargo see for themselves when theirs change.
RULES = re.compile(r"(GNUm|m|M)akefile.*|.*\.(mk|mak|sh)|setup\.(py|cfg)|pyproject\.toml")

# Some build tools obey the ignore files of all parent directories; the state directory ignores
# everything below it, and this line takes that back for the copies.
NOT_IGNORED = "!*\n"


class Trees:
    """A `Workplace` of copies under ``trees/`` of the state directory.

    Parameters
    ----------
    site
        The project and how it is built.
    runner
        Runs the build command.

    Raises
    ------
    StateError
        If another tighten works in the same state directory, or the disk refuses.
    """

    def __init__(self, site: Site, runner: Runner) -> None:
        self._site = site
        self._runner = runner
        make_state_directory(site.state)
        self._lock = DirectoryLock(site.state)
        self._recent: dict[str, tuple[Mapping[Path, bytes], str]] = {}
        try:
            recover(site.project, site.state)
            root = site.state / "trees"
            self._originals = root / "original"
            self._slots = {slot: _TreeSlot(root / slot, site.project) for slot in site.slots}
            self._hasher = CodeHash([place.root for place in self._slots.values()])
            with storage_errors(f"copying the project to {root}"):
                self._open(root)
        except BaseException:
            self._lock.release()
            raise

    def slot_for(self, configuration: Configuration, *, beside: Collection[Built] = ()) -> Slot:
        """Return the slot to build in; see `Workplace.slot_for`."""
        _, key = self._wanted(configuration)
        holding = (slot for slot, place in self._slots.items() if place.holds == key)
        taken = {built.slot for built in beside}
        return next(holding, None) or next(slot for slot in self._slots if slot not in taken)

    def build(self, slot: Slot, configuration: Configuration) -> Built:
        """Edit and build in ``slot``; see `Workplace.build`."""
        site, place = self._site, self._slots[slot]
        contents, key = self._wanted(configuration)
        log = site.log(slot, key)
        if place.holds != key:
            with storage_errors(f"editing the copy {place.tree}"):
                before = place.begin(site.told(configuration))
                place.mirror.write(contents)
            try:
                seconds, code = proved(
                    lambda: self._make(place, configuration, log), place.clean, before=before
                )
            except TrialError as error:
                if error.kind is FailureKind.BUILD:
                    place.end(Holding())  # it ended by itself, so its products are whole
                raise
            with storage_errors(f"writing {place.root}"):
                place.end(Holding(key=key, code_hash=code, build_seconds=seconds))
        return Built(
            configuration=configuration,
            tree=place.tree,
            artifacts=place.artifacts,
            caches=site.caches(configuration),
            code_hash=place.holding.code_hash,
            build_seconds=place.holding.build_seconds,
            log=log,
            slot=slot,
        )

    def activate(self, built: Built) -> None:
        """Do nothing: both trees can run at any time."""

    def close(self) -> None:
        """Keep the trees for the next run, and let others in."""
        with storage_errors(f"closing the trees in {self._site.state}"):
            for place in self._slots.values():
                place.close()
        self._site.forget_caches()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _make(self, place: _TreeSlot, configuration: Configuration, log: Path) -> tuple[float, str]:
        """Return how long the build took [s], and the digest of what it made."""
        site, tree, artifacts = self._site, place.tree, place.artifacts
        seconds = site.run_build(
            self._runner, configuration, tree=tree, artifacts=artifacts, log=log
        )
        known = {*place.mirror.manifest, *place.strangers()}
        return seconds, site.code(self._hasher, tree, artifacts, known)

    def _open(self, root: Path) -> None:
        site = self._site
        root.mkdir(parents=True, exist_ok=True)
        site.forget_caches()
        (root / ".gitignore").write_text(NOT_IGNORED, encoding="ascii")
        files = project_files(
            site.project,
            include=site.build.include,
            exclude=site.build.exclude,
            leave_out=[site.state],
        )
        bound = site.bound_files
        shutil.rmtree(self._originals, ignore_errors=True)
        for path in bound:
            source, target = site.project / path, self._originals / path
            if source.is_file():  # else reading the binding says what is wrong
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
        for slot in set(Slot) - set(self._slots):
            shutil.rmtree(root / slot, ignore_errors=True)  # of an earlier study with larger races
        for place in self._slots.values():
            try:
                place.open(files, bound)
            except OSError:
                shutil.rmtree(place.root, ignore_errors=True)  # half a copy only fills the disk
                raise

    def _wanted(self, configuration: Configuration) -> tuple[Mapping[Path, bytes], str]:
        """Return the contents of the bound files, and the key of the build they give.

        A slot is asked about and built, for two configurations in turn, so the last few are kept.
        """
        name = configuration_key(configuration)
        if name not in self._recent:
            if len(self._recent) >= RECENT:
                self._recent.clear()
            self._recent[name] = self._edited(configuration)
        return self._recent[name]

    def _edited(self, configuration: Configuration) -> tuple[Mapping[Path, bytes], str]:
        edits = self._site.edits(configuration, self._originals)
        contents = {
            path: edits[path] if path in edits else (self._originals / path).read_bytes()
            for path in self._site.bound_files
        }
        return contents, self._site.key(configuration, contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The build that a slot holds; an empty key stands for none."""

    key: str = ""
    code_hash: str = ""
    build_seconds: float = 0.0


class _TreeSlot:
    """One copy with its artifacts, and on disk what they are.

    The file ``building`` says that a build began and never ended by itself. Whatever killed it may
    have left a product half written, and newer than its sources, so the slot starts anew. So it
    does for a build that is told something else than the last one (``told``), or whose rules the
    user changed, since few products depend on the rules that made them.

    What gates and launches leave in the tree is no product (``_strangers``): files that the last
    build did not leave there, until a build writes them.
    """

    def __init__(self, root: Path, project: Path) -> None:
        self.root = root
        self.tree = root / "tree"
        self.artifacts = root / "artifacts"
        self.holding = Holding()
        self._told = ""
        self._made: set[str] = set()
        self._strangers: dict[str, int] = {}  # with when they changed, before the build
        self.mirror = Mirror(project, self.tree, {})
        self._building = root / "building"

    @property
    def holds(self) -> str:
        return self.holding.key

    def open(self, files: Iterable[Path], bound: Iterable[Path]) -> None:
        """Take up what an earlier run left, as far as it can be trusted, and follow the project."""
        self._read()
        if not self.mirror.manifest and self.root.exists():
            shutil.rmtree(self.root)
        self.tree.mkdir(parents=True, exist_ok=True)
        self.artifacts.mkdir(exist_ok=True)
        held, self.holding = self.holding, Holding()
        self._write_state(is_open=True)
        before = dict(self.mirror.manifest)
        changed = self.mirror.follow(files, bound)
        if any(RULES.fullmatch(Path(name).name) for name in changed):
            self._told = ""
        if before != self.mirror.manifest:
            replace_file(self._manifest, json.dumps(self.mirror.manifest).encode())
        if not changed:
            self.holding = held
            self._write_state(is_open=True)

    def begin(self, told: str) -> str:
        """Say on disk that what the slot holds is about to change.

        Return the digest of the product that the build starts from, empty if from none.
        """
        before = self.holding.code_hash
        is_anew = self._building.exists() or told != self._told
        self.holding = Holding()
        names = (self._added() - self._made) | set(self._strangers)
        self._strangers = {name: _changed_at(self.tree / name) for name in names}
        self._building.touch()
        if is_anew:
            self.clean()
            self._told = told
        return "" if is_anew else before

    def strangers(self) -> set[str]:
        """Return what lies in the tree and comes neither from the project nor from builds."""
        known = self._strangers.items()
        return {name for name, at in known if 0 < at == _changed_at(self.tree / name)}

    def _added(self) -> set[str]:
        """Return the files of the tree that do not come from the project."""
        return {name for name in _files(self.tree) if name not in self.mirror.manifest}

    def end(self, holding: Holding) -> None:
        """Say on disk what the slot holds after a build that ended by itself."""
        strangers = self.strangers()
        self._strangers = dict.fromkeys(strangers, 0)
        self._made = self._added() - strangers
        self.holding = holding
        self._write_state(is_open=True)
        self._building.unlink()

    def clean(self) -> None:
        """Remove all that builds have put into the slot."""
        for path in sorted(self.tree.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self.tree).as_posix() not in self.mirror.manifest:
                path.unlink()
        shutil.rmtree(self.artifacts)
        self.artifacts.mkdir()

    def close(self) -> None:
        """Say on disk that nobody is at work in the slot."""
        if self.root.exists():
            self._write_state(is_open=False)

    @property
    def _state(self) -> Path:
        return self.root / "slot.json"

    @property
    def _manifest(self) -> Path:
        return self.root / "manifest.json"

    def _read(self) -> None:
        if self._building.exists():
            return
        try:
            state = json.loads(self._state.read_bytes())
            if state["is_open"] and state["boot"] != _boot():
                return
            self.mirror.manifest = json.loads(self._manifest.read_bytes())
            self.holding = Holding(**state["holding"])
            self._told = state["told"]
            self._made = set(state["made"])
            self._strangers = dict.fromkeys(state["strangers"], 0)
        except (OSError, ValueError, KeyError, TypeError):
            self.mirror.manifest = {}  # a slot that does not know what it holds starts anew
            self.holding = Holding()

    def _write_state(self, *, is_open: bool) -> None:
        state = {
            "holding": asdict(self.holding),
            "told": self._told,
            "made": sorted(self._made),
            "strangers": sorted(self._strangers),
            "is_open": is_open,
            "boot": _boot(),
        }
        overwrite_file(self._state, json.dumps(state).encode())  # a torn one is not believed


def _changed_at(path: Path) -> int:
    """Return when anything about a file changed [ns]; 0 if it is not there."""
    try:
        return path.lstat().st_ctime_ns
    except FileNotFoundError:
        return 0


def _files(tree: Path) -> Iterator[str]:
    """Yield each file below a directory, relative to it."""
    pending = [(str(tree), "")]
    while pending:
        directory, prefix = pending.pop()
        with os.scandir(directory) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    yield f"{prefix}{entry.name}"


@functools.cache
def _boot() -> str:
    """Return what names this start of the machine; empty where nothing does."""
    return BOOT_ID.read_text(encoding="ascii").strip() if BOOT_ID.exists() else ""
