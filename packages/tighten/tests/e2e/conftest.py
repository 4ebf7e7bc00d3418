"""Conditions that need the operating system: another user's rights, a disk that can be filled."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from project import Project

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"mounting a tmpfs is not permitted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def as_user() -> Callable[[Project], AbstractContextManager[None]]:
    """Make a project read-only, also for root (a read-only bind mount)."""

    @contextmanager
    def read_only(project: Project) -> Iterator[None]:
        if os.geteuid() != 0:
            mode = project.root.stat().st_mode
            project.root.chmod(0o555)
            yield
            project.root.chmod(mode)
            return
        root = str(project.root)
        bound = subprocess.run(["mount", "--bind", root, root], capture_output=True, check=False)
        if bound.returncode != 0:
            pytest.skip("a read-only mount is not permitted here")
        subprocess.run(["mount", "-o", "remount,ro,bind", root], check=True)
        yield
        subprocess.run(["umount", "--lazy", root], check=True)

    return read_only
