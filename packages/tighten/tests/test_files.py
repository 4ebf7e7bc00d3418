from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tighten.errors import StateError
from tighten.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def test_new_file_in_a_new_directory(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_atomically(path, "né\n")
    assert path.read_bytes() == "né\n".encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["b.txt"]


def test_mode_survives_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "run.sh"
    path.write_text("old")
    path.chmod(0o751)
    write_atomically(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o751
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "fresh", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match=r"unchanged.*No space left on device"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_text_with_a_lone_surrogate_is_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", "a\udcffb")
    assert (tmp_path / "x").read_text() == "a?b"


def test_a_replaced_source_does_not_run_from_old_bytecode(tmp_path: Path) -> None:
    source = tmp_path / "settings.py"
    source.write_text("VALUE = 10\n")
    command = [sys.executable, "-c", "import settings; print(settings.VALUE)"]
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run(command, env=environment, check=True)
    second = int(source.stat().st_mtime)
    write_atomically(source, "VALUE = 30\n")
    os.utime(source, (second, second))
    found = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert found.stdout == "30\n"
