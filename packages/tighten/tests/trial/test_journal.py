"""The journal step by step, and the edits that the user asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tighten import files
from tighten.errors import StateError
from tighten.trial import restore, write_edits
from tighten.trial.journal import IN_PLACE, Journal, recover

if TYPE_CHECKING:
    from collections.abc import Callable

ONE, TWO = Path("one.h"), Path("sub/two.h")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / ONE).write_bytes(b"original one\r\n")
    (tree / TWO).write_bytes("\ufefforiginal zwölf\n".encode())
    (tree / TWO).chmod(0o640)
    return tree


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    return state


def opened(tree: Path, state: Path) -> Journal:
    return Journal(state / IN_PLACE, tree)


class TestJournal:
    def test_what_a_killed_run_left_is_put_back_by_the_next(self, tree: Path, state: Path) -> None:
        first = opened(tree, state)
        first.extend([ONE, TWO])
        first.write({ONE: b"edit 1", TWO: b"edit 1"})
        first.write({ONE: b"edit 2"})
        assert recover(tree, state) == (ONE, TWO)
        assert (tree / ONE).read_bytes() == b"original one\r\n"
        assert (tree / TWO).stat().st_mode & 0o7777 == 0o640
        assert not (state / IN_PLACE).exists()

    def test_good_backup_is_never_overwritten_by_a_second_start(
        self, tree: Path, state: Path
    ) -> None:
        first = opened(tree, state)
        first.extend([ONE])
        first.write({ONE: b"edit 1"})
        second = opened(tree, state)  # without recovering first, as other tools do
        second.extend([ONE])
        second.write({ONE: b"edit 2"})
        assert second.restore() == ((ONE,), ())
        assert (tree / ONE).read_bytes() == b"original one\r\n"

    @pytest.mark.parametrize("stop", range(1, 13))
    def test_stopped_at_every_step_of_the_disk(
        self, tree: Path, state: Path, stop: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Fail at the n-th replacement or flush of a file, and go on in a new process's place."""
        before = {path: (tree / path).read_bytes() for path in (ONE, TWO)}
        count = 0

        def counted(function: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **options: object) -> object:
                nonlocal count
                count += 1
                if count == stop:
                    raise KeyboardInterrupt
                return function(*args, **options)

            return call

        monkeypatch.setattr(os, "fsync", counted(os.fsync))
        monkeypatch.setattr(Path, "replace", counted(Path.replace))
        journal = opened(tree, state)

        def run() -> None:
            for _ in range(9):
                journal.extend([ONE, TWO])
                journal.write({ONE: b"edit", TWO: b"edit"})

        with pytest.raises(KeyboardInterrupt):
            run()
        monkeypatch.undo()
        recover(tree, state)
        assert {path: (tree / path).read_bytes() for path in (ONE, TWO)} == before
        assert sorted(path.name for path in tree.rglob("*")) == ["one.h", "sub", "two.h"]

    def test_file_that_somebody_else_changed_is_left_alone_and_reported(
        self, tree: Path, state: Path
    ) -> None:
        journal = opened(tree, state)
        journal.extend([ONE, TWO])
        journal.write({ONE: b"edit", TWO: b"edit"})
        (tree / ONE).write_bytes(b"the user's own")
        with pytest.raises(StateError, match=r"one\.h was changed .*tighten restore"):
            recover(tree, state)
        assert (tree / TWO).read_bytes() == b"edit"
        assert restore(tree, state) == ((TWO,), (ONE,))
        assert (tree / ONE).read_bytes() == b"the user's own"
        assert (state / "refused" / ONE).read_bytes() == b"original one\r\n"
        assert recover(tree, state) == ()

    def test_file_that_was_removed_is_reported(self, tree: Path, state: Path) -> None:
        journal = opened(tree, state)
        journal.extend([ONE])
        journal.write({ONE: b"edit"})
        (tree / ONE).unlink()
        assert restore(tree, state) == ((), (ONE,))
        assert not (tree / ONE).exists()

    def test_restored_file_is_newer_than_any_product_of_the_edit(
        self, tree: Path, state: Path
    ) -> None:
        journal = opened(tree, state)
        journal.extend([ONE])
        journal.write({ONE: b"edit"})
        (tree / "product").touch()
        journal.restore()
        assert (tree / ONE).stat().st_mtime_ns > (tree / "product").stat().st_mtime_ns

    def test_leftover_of_an_interrupted_write_is_removed(self, tree: Path, state: Path) -> None:
        journal = opened(tree, state)
        journal.extend([ONE])
        journal.write({ONE: b"edit"})
        files.temporary_name(tree / ONE).write_bytes(b"half")
        recover(tree, state)
        assert sorted(path.name for path in tree.iterdir()) == ["one.h", "sub"]

    def test_link_stays_a_link(self, tree: Path, state: Path) -> None:
        link = Path("link.h")
        (tree / link).symlink_to("sub/two.h")
        journal = opened(tree, state)
        journal.extend([link])
        journal.write({link: b"edit"})
        assert (tree / link).is_symlink()
        assert (tree / TWO).read_bytes() == b"edit"
        journal.restore()
        assert (tree / link).is_symlink()
        assert b"original" in (tree / TWO).read_bytes()

    def test_damaged_journal_says_where_the_originals_are(self, tree: Path, state: Path) -> None:
        journal = opened(tree, state)
        journal.extend([ONE])
        journal.write({ONE: b"edit"})
        (state / IN_PLACE / "journal.json").write_text("{", encoding="ascii")
        with pytest.raises(StateError, match="originals"):
            recover(tree, state)
        assert (tree / ONE).read_bytes() == b"edit"


class TestApplied:
    def test_set_twice_and_restore(self, tree: Path, state: Path) -> None:
        write_edits(tree, state, {ONE: b"first"})
        write_edits(tree, state, {ONE: b"second", TWO: b"second"})
        assert (tree / ONE).read_bytes() == b"second"
        assert restore(tree, state) == ((ONE, TWO), ())
        assert (tree / ONE).read_bytes() == b"original one\r\n"
        assert restore(tree, state) == ((), ())

    def test_what_the_user_wrote_in_between_is_the_new_original(
        self, tree: Path, state: Path
    ) -> None:
        write_edits(tree, state, {ONE: b"first"})
        (tree / ONE).write_bytes(b"the user's own")
        write_edits(tree, state, {ONE: b"second"})
        assert restore(tree, state) == ((ONE,), ())
        assert (tree / ONE).read_bytes() == b"the user's own"

    def test_a_new_file_goes_again_unless_somebody_else_wrote_it(
        self, tree: Path, state: Path
    ) -> None:
        new = Path("evidence.json")
        write_edits(tree, state, {new: b"ours"})
        assert restore(tree, state) == ((new,), ())
        assert not (tree / new).exists()
        write_edits(tree, state, {new: b"ours"})
        (tree / new).write_bytes(b"the user's own")
        assert restore(tree, state) == ((), (new,))
        assert (tree / new).read_bytes() == b"the user's own"
        write_edits(tree, state, {new: b"ours"})
        (tree / new).unlink()
        assert restore(tree, state) == ((), ((new,)))
        assert not (tree / new).exists()

    def test_mode_survives(self, tree: Path, state: Path) -> None:
        (tree / ONE).chmod(0o444)
        write_edits(tree, state, {ONE: b"edit"})
        assert (tree / ONE).stat().st_mode & 0o7777 == 0o444

    def test_nothing_to_restore(self, tree: Path, tmp_path: Path) -> None:
        assert restore(tree, tmp_path / "no-state") == ((), ())
        assert not (tmp_path / "no-state").exists()
