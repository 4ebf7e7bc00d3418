"""Trials in the project itself: the user's files come back, whatever happens."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from tighten.errors import FailureKind, StateError, StudyError, TrialError
from tighten.runner import Command, Subprocess
from tighten.trial import InPlace, Slot, open_workplace, restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tighten.trial import Built, Site

BASE = {"BLOCK": 100, "UNUSED": 1, "level": 1}
IN_PLACE: dict[str, Any] = {"in_place": True, "outputs": ("prog", "*.o")}


@pytest.fixture
def place(site: Callable[..., Site]) -> Callable[..., Site]:
    return lambda project, **build: site(project, **{**IN_PLACE, **build})


def output(directory: Path) -> int:
    return int(subprocess.run([directory / "prog"], capture_output=True, check=True).stdout)


def run(workplace: InPlace, built: Built) -> int:
    workplace.activate(built)
    return output(built.tree)


class TestBuild:
    def test_both_slots_run_in_alternation_and_everything_comes_back(
        self, project: Path, place: Callable[..., Site], runner: Any, picture: Any
    ) -> None:
        before = picture(project)
        with InPlace(place(project), runner) as workplace:
            a = workplace.build(Slot.A, BASE)
            b = workplace.build(Slot.B, {**BASE, "BLOCK": 200})
            assert [run(workplace, built) for built in (a, b, a, a, b)] == [100, 200, 100, 100, 200]
            assert runner.runs == 2
            assert a.code_hash != b.code_hash
        assert picture(project) == before

    def test_a_build_system_agrees_with_what_was_activated(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        with InPlace(place(project), runner) as workplace:
            a = workplace.build(Slot.A, BASE)
            workplace.build(Slot.B, {**BASE, "BLOCK": 200})
            workplace.activate(a)
            made = subprocess.run(["make"], cwd=project, capture_output=True, check=True)
            assert b"up to date" in made.stdout
            assert output(project) == 100

    def test_the_next_candidate_is_built_from_any_state(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        rng = random.Random(7)
        with InPlace(place(project, outputs=("prog",)), runner) as workplace:
            built = {slot: (workplace.build(slot, BASE), 100) for slot in (Slot.A, Slot.B)}
            for _ in range(12):
                slot = rng.choice(list(built))
                if rng.random() < 0.5:
                    block = rng.choice((100, 200, 300))
                    built[slot] = workplace.build(slot, {**BASE, "BLOCK": block}), block
                one, block = built[slot]
                assert run(workplace, one) == block

    def test_inert_parameter_and_reuse(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        with InPlace(place(project), runner) as workplace:
            a = workplace.build(Slot.A, BASE)
            b = workplace.build(Slot.B, {**BASE, "UNUSED": 2})
            assert a.code_hash == b.code_hash
            assert workplace.slot_for({**BASE, "UNUSED": 2}, beside=[a]) is Slot.B
            workplace.build(Slot.B, {**BASE, "UNUSED": 2, "level": 2})
            assert runner.runs == 3  # what seemed inert was built once more from nothing

    def test_a_build_that_is_told_something_else_starts_from_nothing(
        self, leveled: Path, place: Callable[..., Site], runner: Any, picture: Any
    ) -> None:
        subprocess.run(["make", "-s", "CFLAGS=-DLEVEL=7"], cwd=leveled, check=True)
        before = picture(leveled)
        command = Command(template='make -s CFLAGS="-DLEVEL=$LEVEL"', timeout=60)
        with InPlace(place(leveled, command=command), runner) as workplace:
            a = workplace.build(Slot.A, BASE)
            b = workplace.build(Slot.B, {**BASE, "level": 2})
            assert [run(workplace, built) for built in (a, b, a)] == [100, 200, 100]
            b = workplace.build(Slot.B, {**BASE, "level": 2, "BLOCK": 300})
            assert run(workplace, b) == 600
        assert picture(leveled) == before

    def test_edit_that_the_build_system_overlooks(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        makefile = project / "Makefile"
        makefile.write_text(makefile.read_text().replace("kernel.c config.h", "kernel.c"))
        with InPlace(place(project), runner) as workplace:
            for block in (100, 200, 300):
                built = workplace.build(Slot.A, {**BASE, "BLOCK": block})
                assert run(workplace, built) == block

    def test_user_s_own_products_come_back_unchanged(
        self, project: Path, place: Callable[..., Site], runner: Any, picture: Any
    ) -> None:
        subprocess.run(["make", "-s"], cwd=project, check=True)
        before, made = picture(project), (project / "prog").stat().st_mtime_ns
        with InPlace(place(project), runner) as workplace:
            workplace.build(Slot.A, {**BASE, "BLOCK": 200})
            assert picture(project) != before
        assert picture(project) == before
        assert (project / "prog").stat().st_mtime_ns == made

    def test_mutated_products_that_nobody_named_are_out_of_date_afterwards(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        with InPlace(place(project, outputs=("no-such-product",)), runner) as workplace:
            workplace.build(Slot.A, {**BASE, "BLOCK": 200})
        assert output(project) == 200
        subprocess.run(["make", "-s"], cwd=project, check=True)
        assert output(project) == 100

    def test_compile_error(
        self, project: Path, place: Callable[..., Site], runner: Any, picture: Any
    ) -> None:
        kernel = project / "kernel.c"
        guard = '#include "config.h"\n#if BLOCK == 200\n#error no\n#endif\n'
        kernel.write_text(guard + "int kernel(void) { return BLOCK; }\n", encoding="ascii")
        before = picture(project)
        with InPlace(place(project), runner) as workplace:
            a = workplace.build(Slot.A, BASE)
            with pytest.raises(TrialError) as caught:
                workplace.build(Slot.B, {**BASE, "BLOCK": 200})
            assert caught.value.kind is FailureKind.BUILD
            assert run(workplace, a) == 100
            assert run(workplace, workplace.build(Slot.B, {**BASE, "BLOCK": 300})) == 300
        assert picture(project) == before

    def test_interrupt(
        self, project: Path, place: Callable[..., Site], picture: Any, runner: Any
    ) -> None:
        before = picture(project)

        def interrupted() -> None:
            with InPlace(place(project), runner) as workplace:
                workplace.build(Slot.A, {**BASE, "BLOCK": 200})
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert picture(project) == before

    def test_open_workplace_takes_the_kind_that_is_asked_for(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        with open_workplace(place(project), runner) as workplace:
            assert isinstance(workplace, InPlace)


class TestRefusal:
    def test_products_must_be_known(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        with pytest.raises(StudyError, match="`outputs`"):
            InPlace(place(project, outputs=()), runner)
        with pytest.raises(StudyError, match=r"'\.\./elsewhere' lies outside"):
            InPlace(place(project, outputs=("../elsewhere",)), runner)

    def test_second_run_on_the_project_is_refused_even_with_another_state(
        self, project: Path, site: Callable[..., Site], runner: Any, tmp_path: Path
    ) -> None:
        held = tmp_path / "held"

        def hold() -> None:
            with InPlace(site(project, state=tmp_path / "one", **IN_PLACE), Subprocess()):
                held.touch()
                signal.pause()

        child = os.fork()
        if child == 0:
            hold()
        try:
            while not held.exists():
                time.sleep(0.01)
            with pytest.raises(StateError, match="another tighten is at work"):
                InPlace(site(project, state=tmp_path / "two", **IN_PLACE), runner)
            with pytest.raises(StateError, match="another tighten is at work"):
                restore(project, tmp_path / "one")
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
        with InPlace(site(project, state=tmp_path / "one", **IN_PLACE), runner):
            pass

    def test_user_s_edit_during_the_run_is_not_overwritten(
        self, project: Path, place: Callable[..., Site], runner: Any
    ) -> None:
        workplace = InPlace(place(project), runner)
        workplace.build(Slot.A, {**BASE, "BLOCK": 200})
        (project / "config.h").write_text("#define BLOCK 7\n#define UNUSED 7\n", encoding="ascii")
        with pytest.raises(StateError, match=r"config\.h was changed by somebody else"):
            workplace.build(Slot.A, {**BASE, "BLOCK": 300})
        with pytest.raises(StateError, match=r"config\.h was changed .*refused"):
            workplace.close()
        assert (project / "config.h").read_text(encoding="ascii").startswith("#define BLOCK 7")
        kept = project / ".tighten" / "refused" / "config.h"
        assert kept.read_bytes().startswith(b"#define BLOCK 100")

    def test_read_only_project(
        self, project: Path, site: Callable[..., Site], runner: Any, mounted: Any, tmp_path: Path
    ) -> None:
        shown = mounted("--bind", source=str(project))
        remounted = subprocess.run(
            ["mount", "-o", "remount,ro,bind", shown], capture_output=True, check=False
        )
        if remounted.returncode:
            pytest.skip("read-only bind mounts are not permitted here")
        with pytest.raises(StateError, match=r"config\.h cannot be edited in place.*--state DIR"):
            InPlace(site(shown, state=tmp_path / "state", **IN_PLACE), runner)

    def test_full_disk(
        self, project: Path, site: Callable[..., Site], runner: Any, mounted: Any, picture: Any
    ) -> None:
        disk = mounted("-t", "tmpfs", "-o", "size=1m")
        copy = disk / "project"
        subprocess.run(["cp", "-a", project, copy], check=True)
        subprocess.run(["rm", "-rf", copy / ".git"], check=True)
        before = picture(copy)
        with InPlace(site(copy, **IN_PLACE), runner) as workplace:
            workplace.build(Slot.A, {**BASE, "BLOCK": 200})
            with pytest.raises(OSError, match="No space left"):
                (disk / "filler").write_bytes(bytes(2_000_000))
            with pytest.raises((StateError, TrialError)):
                workplace.build(Slot.B, {**BASE, "BLOCK": 300})
            (disk / "filler").unlink()
        assert picture(copy) == before


def run_until_killed(asked: Site) -> None:
    """Build, swap and finish again and again, for ever."""
    while True:
        with InPlace(asked, Subprocess()) as workplace:
            for step in range(3):
                block = (100, 200, 300)[step % 3]
                workplace.build(Slot.A if step % 2 else Slot.B, {**BASE, "BLOCK": block})
            workplace.activate(workplace.build(Slot.B, {**BASE, "BLOCK": 300}))


def survive_kills(count: int, project: Path, asked: Site, picture: Any, killed: Any) -> None:
    subprocess.run(["make", "-s"], cwd=project, check=True)
    before = picture(project)
    rng = random.Random(count)
    for number in range(count):
        killed(lambda: run_until_killed(asked), after=rng.random() ** 2 * 0.5)
        if number % 3:  # else the next run has to find and undo it by itself
            assert restore(project, asked.state)[1] == ()
            assert picture(project) == before
    restore(project, asked.state)
    assert picture(project) == before
    assert restore(project, asked.state) == ((), ())


def test_kill_at_random_moments(
    project: Path, place: Callable[..., Site], picture: Any, killed: Any
) -> None:
    survive_kills(12, project, place(project), picture, killed)


@pytest.mark.long
def test_kill_at_many_random_moments(
    project: Path, place: Callable[..., Site], picture: Any, killed: Any
) -> None:
    survive_kills(100, project, place(project), picture, killed)
