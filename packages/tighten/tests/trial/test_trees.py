"""Trial trees over a real C project: builds, reuse, crashes, full and read-only disks."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tighten.errors import FailureKind, StateError, TrialError
from tighten.parameters import Parameter
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices
from tighten.runner import Command, Subprocess
from tighten.trial import Slot, Trees, lock
from tighten.trial.lock import DirectoryLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tighten.trial import Built, Site

BASE = {"BLOCK": 100, "UNUSED": 1, "level": 1}


def output(built: Built) -> int:
    return int(subprocess.run([built.tree / "prog"], capture_output=True, check=True).stdout)


class TestBuild:
    def test_two_builds_live_side_by_side_and_the_project_is_untouched(
        self, project: Path, site: Callable[..., Site], runner: Any, picture: Any
    ) -> None:
        before = picture(project)
        with Trees(site(project), runner) as trees:
            a = trees.build(Slot.A, BASE)
            b = trees.build(Slot.B, {**BASE, "BLOCK": 200})
            assert (output(a), output(b)) == (100, 200)
            assert a.code_hash != b.code_hash
            assert (b.tree / "config.h").read_bytes() == (
                b"#define BLOCK 200 /* live */\r\n#define UNUSED 1\r\n"
            )
        assert picture(project) == before
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=project, capture_output=True, check=True
        )
        assert status.stdout == b""

    def test_a_product_that_a_killed_build_left_half_written_is_never_used(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        """Its time is newer than its sources', so make alone would take it for finished."""
        hang = "grep -q 'BLOCK 200' config.h && { echo half > kernel.o; sleep 60; }; make -s"
        slow = site(project, command=Command(template=hang, timeout=8))
        with Trees(slow, runner) as trees:
            trees.build(Slot.A, BASE)
            with pytest.raises(TrialError) as caught:
                trees.build(Slot.A, {**BASE, "BLOCK": 200})
            assert caught.value.kind is FailureKind.TIMEOUT
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 300})) == 300
            with pytest.raises(TrialError):
                trees.build(Slot.A, {**BASE, "BLOCK": 200})
        with Trees(site(project), runner) as trees:
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 200})) == 200

    def test_same_configuration_costs_nothing_even_in_the_next_run(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            first = trees.build(Slot.A, BASE)
            again = trees.build(Slot.A, {**BASE, "level": 2})
            assert runner.runs == 1
            assert again.code_hash == first.code_hash
            assert again.configuration["level"] == 2
        with Trees(site(project), runner) as trees:
            later = trees.build(Slot.A, BASE)
            assert runner.runs == 1
            assert (later.code_hash, later.build_seconds) == (first.code_hash, first.build_seconds)

    def test_back_to_the_original_is_really_rebuilt(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            seen = [output(trees.build(Slot.A, {**BASE, "BLOCK": n})) for n in (100, 200, 100, 300)]
        assert seen == [100, 200, 100, 300]

    def test_rebuild_is_incremental(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        command = Command(template="make", timeout=60)
        with Trees(site(project, command=command), runner) as trees:
            trees.build(Slot.A, BASE)
            built = trees.build(Slot.A, {**BASE, "BLOCK": 200})
            log = built.log.read_text(encoding="utf-8")
        assert "-c kernel.c" in log
        assert "-c main.c" not in log

    def test_inert_parameter_is_seen_across_slots(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            a = trees.build(Slot.A, BASE)
            b = trees.build(Slot.B, {**BASE, "UNUSED": 2})
        assert a.code_hash == b.code_hash

    def test_artifacts_are_per_slot(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        command = Command(template="make -s && cp prog {artifacts}/prog", timeout=60)
        with Trees(site(project, command=command), runner) as trees:
            built = [
                trees.build(slot, {**BASE, "BLOCK": block})
                for slot, block in ((Slot.A, 200), (Slot.B, 300))
            ]
            said = [
                subprocess.run([one.artifacts / "prog"], capture_output=True, check=True).stdout
                for one in built
            ]
        assert said == [b"200\n", b"300\n"]

    def test_variable_that_the_build_names_is_part_of_it(
        self, leveled: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        command = Command(template='make -s CFLAGS="-O1 -DLEVEL=$LEVEL"', timeout=60)
        with Trees(site(leveled, command=command), runner) as trees:
            said = [output(trees.build(Slot.A, {**BASE, "level": level})) for level in (1, 2, 2, 1)]
        assert said == [100, 200, 200, 100]
        assert runner.runs == 3

    def test_variable_that_build_tools_read_by_themselves_is_part_of_it(
        self, leveled: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        makefile = leveled / "Makefile"
        makefile.write_text(makefile.read_text().replace("CFLAGS = -O1", "CFLAGS ?= -DLEVEL=3"))
        binding = EnvironmentVariable(parameter="flags", variable="CFLAGS")
        choices = Choices(("-DLEVEL=1", "-DLEVEL=2"))
        flags = Parameter(name="flags", domain=choices, binding=binding)
        with Trees(replace(site(leveled), parameters=(flags,)), runner) as trees:
            said = [output(trees.build(Slot.A, {"flags": text})) for text in choices.values]
        assert said == [100, 200]

    def test_build_that_was_told_something_else_in_the_last_run(
        self, leveled: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        said = []
        for level in (1, 2):
            command = Command(template=f'make -s CFLAGS="-DLEVEL={level}"', timeout=60)
            with Trees(site(leveled, command=command), runner) as trees:
                said.append(output(trees.build(Slot.A, BASE)))
        assert said == [100, 200]

    def test_build_without_a_known_product_is_never_called_identical(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        command = Command(template="make -s kernel.o", timeout=60)  # linked by the launch, say
        with Trees(site(project, command=command), runner) as trees:
            a = trees.build(Slot.A, BASE)
            b = trees.build(Slot.B, {**BASE, "BLOCK": 200})
        assert a.code_hash != b.code_hash

    def test_what_gates_and_launches_leave_is_no_product(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            first = trees.build(Slot.A, BASE)
            for name in ("result.txt", "main.txt"):
                (first.tree / name).write_text("left by a gate")
            (first.tree / "prog").touch()
            trees.build(Slot.A, {**BASE, "BLOCK": 200})
            assert trees.build(Slot.A, BASE).code_hash == first.code_hash
        makefile = (project / "Makefile").read_text()
        (project / "Makefile").write_text(f"{makefile}\tcp main.c main.txt\n")
        with Trees(site(project), runner) as trees:
            written = trees.build(Slot.A, BASE).code_hash  # by the build this time
            assert written != first.code_hash
            assert trees.build(Slot.B, BASE).code_hash == written

    def test_compiler_that_was_replaced_since_the_last_run(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        kept = []
        for version in ("12.1", "12.2", "12.2"):
            with Trees(replace(site(project), tools={"cc": version}), runner) as trees:
                built = trees.build(Slot.A, BASE)
                kept.append((built.tree / "main.o").stat().st_mtime_ns)
        assert kept[0] < kept[1] == kept[2]

    def test_rules_that_changed_since_the_last_run(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        main, makefile = project / "main.c", project / "Makefile"
        main.write_text(main.read_text().replace("kernel())", "LEVEL * kernel())"))
        for level in (1, 2):
            text = re.sub("CFLAGS = .*", f"CFLAGS = -DLEVEL={level}", makefile.read_text())
            makefile.write_text(text)
            with Trees(site(project), runner) as trees:
                assert output(trees.build(Slot.A, BASE)) == 100 * level

    def test_edit_that_the_build_system_overlooks(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        makefile = project / "Makefile"
        makefile.write_text(makefile.read_text().replace("kernel.c config.h", "kernel.c"))
        with Trees(site(project), runner) as trees:
            said = [output(trees.build(Slot.A, {**BASE, "BLOCK": n})) for n in (100, 200, 300)]
        assert said == [100, 200, 300]

    def test_slot_for_finds_what_is_built_and_never_the_rival(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            a = trees.build(Slot.A, BASE)
            candidate = {**BASE, "BLOCK": 200}
            assert trees.slot_for(candidate, beside=[a]) is Slot.B
            b = trees.build(Slot.B, candidate)
            assert trees.slot_for(candidate) is Slot.B
            assert trees.slot_for(BASE, beside=[b]) is Slot.A
            assert trees.slot_for(candidate, beside=[b]) is Slot.B


class TestFailure:
    def test_compile_error_is_a_failed_trial_and_the_next_one_works(
        self, project: Path, site: Callable[..., Site], runner: Any, picture: Any
    ) -> None:
        kernel = project / "kernel.c"
        kernel.write_text(
            '#include "config.h"\n#if BLOCK == 200\n#error no\n#endif\nint kernel(void) '
            "{ return BLOCK; }\n",
            encoding="ascii",
        )
        before = picture(project)
        with Trees(site(project), runner) as trees:
            with pytest.raises(TrialError, match="the build ended with exit status 2") as caught:
                trees.build(Slot.A, {**BASE, "BLOCK": 200})
            assert caught.value.kind is FailureKind.BUILD
            assert "#error no" in caught.value.tail
            assert output(trees.build(Slot.A, BASE)) == 100
        assert picture(project) == before

    def test_value_that_cannot_be_written(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        (project / "config.h").write_text("#define OTHER 1\n#define UNUSED 1\n", encoding="ascii")
        with Trees(site(project), runner) as trees:
            with pytest.raises(TrialError, match="BLOCK") as caught:
                trees.build(Slot.A, BASE)
            assert caught.value.kind is FailureKind.EDIT

    def test_second_tighten_is_refused_and_the_lock_dies_with_its_process(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        code = (
            "import sys, os; from pathlib import Path; from tighten.trial.lock import DirectoryLock"
            "\nDirectoryLock(Path(sys.argv[1])); print('held', flush=True); input(); os.kill(0, 9)"
        )
        state = project / ".tighten"
        state.mkdir()
        with subprocess.Popen(
            [sys.executable, "-c", code, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as other:
            assert other.stdout is not None
            other.stdout.readline()
            with pytest.raises(StateError, match="another tighten is at work"):
                Trees(site(project), runner)
            other.kill()
            other.wait()
        with Trees(site(project), runner):
            pass

    def test_child_of_a_killed_tighten_holds_the_lock_for_a_moment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Killed between fork and exec of a build, a run leaves its lock to the child until exec.
        code = (
            "import os, sys; from pathlib import Path"
            "\nfrom tighten.trial.lock import DirectoryLock"
            "\nDirectoryLock(Path(sys.argv[1]))"
            "\nif os.fork() == 0: sys.stdin.read(); os.execvp('true', ['true'])"
            "\nos.kill(os.getpid(), 9)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE
        ) as killed:
            assert killed.wait() == -9
            monkeypatch.setattr(lock, "HANDOVER", 0.0)
            with pytest.raises(StateError, match="another tighten is at work"):
                DirectoryLock(tmp_path)
            assert killed.stdin is not None
            killed.stdin.close()
        monkeypatch.setattr(lock, "HANDOVER", 60.0)
        DirectoryLock(tmp_path).release()

    def test_full_disk(
        self, project: Path, site: Callable[..., Site], runner: Any, picture: Any, mounted: Any
    ) -> None:
        (project / "big").write_bytes(os.urandom(1_500_000))
        before = picture(project)
        disk = mounted("-t", "tmpfs", "-o", "size=2m")
        with pytest.raises(StateError, match=r"No space left.*--state DIR"):
            Trees(site(project, state=disk / "state"), runner)
        assert picture(project) == before
        (project / "big").unlink()
        with Trees(site(project, state=disk / "state"), runner) as trees:
            assert output(trees.build(Slot.A, BASE)) == 100
            # The disk fills up in the middle of the study.
            with pytest.raises(OSError, match="No space left"):
                (disk / "filler").write_bytes(bytes(3_000_000))
            with pytest.raises((StateError, TrialError)):
                trees.build(Slot.B, {**BASE, "BLOCK": 200})
            (disk / "filler").unlink()
            assert output(trees.build(Slot.B, {**BASE, "BLOCK": 300})) == 300
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 200})) == 200

    def test_read_only_project(
        self, project: Path, site: Callable[..., Site], runner: Any, mounted: Any, tmp_path: Path
    ) -> None:
        shown = mounted("--bind", source=str(project))
        remounted = subprocess.run(
            ["mount", "-o", "remount,ro,bind", shown], capture_output=True, check=False
        )
        if remounted.returncode:
            pytest.skip("read-only bind mounts are not permitted here")
        with pytest.raises(StateError, match=r"Read-only file system.*--state DIR"):
            Trees(site(shown), runner)
        with Trees(site(shown, state=tmp_path / "state"), runner) as trees:
            assert output(trees.build(Slot.B, {**BASE, "BLOCK": 200})) == 200


class TestCopy:
    def test_links_modes_and_names_survive(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        outside = project.parent / "outside"
        outside.mkdir()
        (outside / "data").write_text("far", encoding="ascii")
        (project / "näme ✓ with\nnewline").write_text("x", encoding="utf-8")
        (project / "tool.sh").write_text("#!/bin/sh\n", encoding="ascii")
        (project / "tool.sh").chmod(0o750)
        (project / "frozen").write_text("x", encoding="ascii")
        (project / "frozen").chmod(0o444)
        (project / "inner").symlink_to("config.h")
        (project / "absolute").symlink_to(project / "config.h")
        (project / "leaving").symlink_to("../outside")
        (project / "broken").symlink_to("nowhere")
        with Trees(site(project), runner) as trees:
            tree = trees.build(Slot.A, BASE).tree
        assert (tree / "näme ✓ with\nnewline").read_text(encoding="utf-8") == "x"
        assert (tree / "tool.sh").stat().st_mode & 0o7777 == 0o750
        assert (tree / "frozen").stat().st_mode & 0o7777 == 0o444
        assert (tree / "inner").readlink().name == "config.h"
        assert (tree / "absolute").readlink() == tree / "config.h"
        assert (tree / "leaving" / "data").read_text(encoding="ascii") == "far"
        assert (tree / "broken").is_symlink()
        (project / "frozen").chmod(0o644)
        (project / "frozen").write_text("y", encoding="ascii")
        (project / "frozen").chmod(0o444)
        with Trees(site(project), runner):
            assert (tree / "frozen").read_text(encoding="ascii") == "y"

    def test_nothing_is_hard_linked(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            tree = trees.build(Slot.A, BASE).tree
        for name in ("main.c", "config.h"):
            assert (tree / name).stat().st_nlink == 1
            assert (project / name).stat().st_ino != (tree / name).stat().st_ino

    def test_bound_file_that_is_a_link_to_outside(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        shared = project.parent / "shared.h"
        shutil.move(project / "config.h", shared)
        (project / "config.h").symlink_to("../shared.h")
        before = shared.read_bytes()
        with Trees(site(project), runner) as trees:
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 200})) == 200
        assert shared.read_bytes() == before

    def test_ignored_files_stay_out_unless_included(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        (project / "junk.o").write_text("x", encoding="ascii")
        (project / "wanted.o").write_text("x", encoding="ascii")
        (project / "docs").mkdir()
        (project / "docs" / "big.txt").write_text("x", encoding="ascii")
        asked = site(project, include=("wanted.o",), exclude=("docs",))
        with Trees(asked, runner) as trees:
            tree = trees.build(Slot.A, BASE).tree
        assert (tree / "wanted.o").exists()
        assert not (tree / "junk.o").exists()
        assert not (tree / "docs").exists()

    def test_follows_the_project_between_runs_but_not_within_one(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        (project / "old").mkdir()
        (project / "old" / "file").write_text("x", encoding="ascii")
        with Trees(site(project), runner) as trees:
            tree = trees.build(Slot.A, {**BASE, "BLOCK": 200}).tree
            shutil.rmtree(project / "old")
            main = (project / "main.c").read_text(encoding="ascii")
            (project / "main.c").write_text(main.replace("%d", "1%d"), encoding="ascii")
            assert output(trees.build(Slot.B, {**BASE, "BLOCK": 200})) == 200
            assert (tree / "old" / "file").exists()
        with Trees(site(project), runner) as trees:
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 200})) == 1200
            assert not (tree / "old").exists()

    def test_touching_without_changing_is_no_change(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            trees.build(Slot.A, BASE)
        (project / "main.c").touch()
        with Trees(site(project), runner) as trees:
            trees.build(Slot.A, BASE)
        assert runner.runs == 1

    def test_products_of_the_user_never_pass_for_the_trial_s(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        # Without version control nothing says what is a product, so they are copied too.
        shutil.rmtree(project / ".git")
        subprocess.run(["make", "-s"], cwd=project, check=True)
        with Trees(site(project), runner) as trees:
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 200})) == 200
            assert output(trees.build(Slot.B, BASE)) == 100
        (project / "config.h").touch()
        (project / "kernel.c").write_text(
            '#include "config.h"\nint kernel(void) { return BLOCK + 1; }\n', encoding="ascii"
        )
        subprocess.run(["make", "-s"], cwd=project, check=True)
        with Trees(site(project), runner) as trees:
            assert output(trees.build(Slot.A, {**BASE, "BLOCK": 200})) == 201
            assert output(trees.build(Slot.B, BASE)) == 101

    def test_damaged_state_is_built_anew(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        with Trees(site(project), runner) as trees:
            trees.build(Slot.A, BASE)
        (project / ".tighten" / "trees" / "a" / "slot.json").write_text("{", encoding="ascii")
        with Trees(site(project), runner) as trees:
            assert output(trees.build(Slot.A, BASE)) == 100
        assert runner.runs == 2

    def test_two_thousand_files(
        self, project: Path, site: Callable[..., Site], runner: Any
    ) -> None:
        for number in range(2000):
            directory = project / f"d{number % 40}"
            directory.mkdir(exist_ok=True)
            (directory / f"f{number}.txt").write_text(f"{number}\n" * 50, encoding="ascii")
        with Trees(site(project), runner) as trees:
            tree = trees.build(Slot.A, BASE).tree
        watched = tree / "d3" / "f3.txt"
        before = watched.stat()
        (project / "d5" / "f5.txt").write_text("changed", encoding="ascii")
        with Trees(site(project), runner):
            assert (tree / "d5" / "f5.txt").read_text(encoding="ascii") == "changed"
            assert len(list(tree.rglob("*.txt"))) == 2000
            assert watched.stat().st_ino == before.st_ino
            assert watched.stat().st_mtime_ns == before.st_mtime_ns


def run_until_killed(make: Site) -> None:
    """Build alternately in both slots, for ever."""
    with Trees(make, Subprocess()) as trees:
        for step in range(1_000_000):
            block = (100, 200, 300)[step % 3]
            trees.build(Slot.A if step % 2 else Slot.B, {**BASE, "BLOCK": block})


def survive_kills(
    count: int,
    project: Path,
    make: Callable[..., Site],
    runner: Any,
    picture: Any,
    killed: Callable[..., None],
) -> None:
    before = picture(project)
    rng = random.Random(count)
    for _ in range(count):
        killed(lambda: run_until_killed(make(project)), after=rng.random() ** 2 * 0.6)
        assert picture(project) == before
    with Trees(make(project), runner) as trees:
        for slot in (Slot.A, Slot.B):
            for block in (300, 100, 200):
                assert output(trees.build(slot, {**BASE, "BLOCK": block})) == block
    assert picture(project) == before


def test_kill_at_random_moments(
    project: Path, site: Callable[..., Site], runner: Any, picture: Any, killed: Any
) -> None:
    survive_kills(10, project, site, runner, picture, killed)


@pytest.mark.long
def test_kill_at_many_random_moments(
    project: Path, site: Callable[..., Site], runner: Any, picture: Any, killed: Any
) -> None:
    survive_kills(100, project, site, runner, picture, killed)


def test_build_that_outlives_its_tighten_is_ended_by_the_next(
    project: Path, site: Callable[..., Site], runner: Any, killed: Any
) -> None:
    # The build of the killed run would write its product under the next run's feet.
    slow = Command(template="make -s && sleep 1 && echo late > prog", timeout=60)

    def study() -> None:
        with Trees(site(project, command=slow), Subprocess()) as trees:
            trees.build(Slot.A, BASE)

    killed(study, after=0.6)
    with Trees(site(project), runner) as trees:
        built = trees.build(Slot.A, BASE)
        time.sleep(1.2)
        assert output(built) == 100
