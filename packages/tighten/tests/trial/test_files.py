"""Which files belong to a project, and whether they changed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tighten.trial import changed_since, file_hashes, project_files, project_hash


def names(project: Path, **options: object) -> set[str]:
    found = project_files(project, **options)  # type: ignore[arg-type]  # by name
    return {path.as_posix() for path in found}


START = {".gitignore", "Makefile", "config.h", "kernel.c", "main.c"}


class TestProjectFiles:
    def test_tracked_and_untracked_but_not_ignored(self, project: Path) -> None:
        (project / "new.c").write_text("", encoding="ascii")
        (project / "main.o").write_text("", encoding="ascii")
        (project / "main.c").unlink()
        assert names(project) == START - {"main.c"} | {"new.c"}

    def test_without_version_control(self, project: Path) -> None:
        shutil.rmtree(project / ".git")
        for name in ("__pycache__/m.pyc", ".tighten/ledger", "node_modules/x", "src/prog.o"):
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).write_text("", encoding="ascii")
        assert names(project) == START | {"src/prog.o"}

    def test_subdirectory_of_a_repository(self, project: Path) -> None:
        (project / "part").mkdir()
        (project / "part" / "x.c").write_text("", encoding="ascii")
        (project / "part" / "x.o").write_text("", encoding="ascii")
        assert names(project / "part") == {"x.c"}

    def test_project_that_its_repository_ignores(self, project: Path) -> None:
        inner = project / ".tighten" / "inner"
        inner.mkdir(parents=True)
        (inner / "x.c").write_text("", encoding="ascii")
        assert names(inner) == {"x.c"}

    def test_nested_repository(self, project: Path) -> None:
        inner = project / "vendor" / "inner"
        inner.mkdir(parents=True)
        subprocess.run(["git", "init", "-q"], cwd=inner, check=True)
        (inner / "lib.c").write_text("", encoding="ascii")
        assert names(project) == START | {"vendor/inner/lib.c"}

    def test_include_exclude_and_state(self, project: Path) -> None:
        for name in ("a.o", "state/x.c", "docs/deep/y.c"):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text("", encoding="ascii")
        found = names(
            project, include=["*.o"], exclude=["docs/", "*.h"], leave_out=[project / "state"]
        )
        assert found == START - {"config.h"} | {"a.o"}

    def test_special_files_are_left_out(self, project: Path) -> None:
        subprocess.run(["mkfifo", project / "pipe"], check=True)
        assert names(project) == START
        shutil.rmtree(project / ".git")
        assert names(project) == START


def test_changed_since(project: Path) -> None:
    recorded = file_hashes(project, [Path("main.c"), Path("config.h"), Path("kernel.c")])
    assert changed_since(project, recorded) == []
    (project / "main.c").write_text("other", encoding="ascii")
    (project / "kernel.c").unlink()
    (project / "config.h").touch()
    assert changed_since(project, recorded) == [Path("main.c"), Path("kernel.c")]


class TestProjectHash:
    def test_sees_content_names_and_modes(self, project: Path) -> None:
        seen = {project_hash(project, project_files(project))}
        (project / "main.c").write_text("other", encoding="ascii")
        seen.add(project_hash(project, project_files(project)))
        (project / "main.c").rename(project / "renamed.c")
        seen.add(project_hash(project, project_files(project)))
        (project / "Makefile").chmod(0o755)
        seen.add(project_hash(project, project_files(project)))
        (project / "link").symlink_to("main.c")
        seen.add(project_hash(project, project_files(project)))
        assert len(seen) == 5

    def test_replaced_contents_do_not_depend_on_the_disk(self, project: Path) -> None:
        files = project_files(project)
        fixed = {Path("config.h"): b"fixed"}
        before = project_hash(project, files, replaced=fixed)
        (project / "config.h").write_text("changed", encoding="ascii")
        assert project_hash(project, files, replaced=fixed) == before
