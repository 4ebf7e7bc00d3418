"""A real C project with a Makefile, and disks that are full or read-only."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tighten.parameters import Parameter
from tighten.parameters.binding import EnvironmentVariable
from tighten.parameters.domain import Choices
from tighten.parameters.source import SourceConstant
from tighten.runner import Command, Subprocess
from tighten.trial import BuildSpec, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tighten.errors import FailureKind
    from tighten.runner import Completed, Places

MAKEFILE = """\
CFLAGS = -O1
prog: main.o kernel.o
\tcc -o $@ main.o kernel.o
main.o: main.c
\tcc $(CFLAGS) -c main.c
kernel.o: kernel.c config.h
\tcc $(CFLAGS) -c kernel.c
"""
FILES = {
    "Makefile": MAKEFILE,
    "config.h": "#define BLOCK 100 /* live */\r\n#define UNUSED 1\r\n",
    "kernel.c": '#include "config.h"\nint kernel(void) { return BLOCK; }\n',
    "main.c": (
        "#include <stdio.h>\nint kernel(void);\n"
        'int main(void) { printf("%d\\n", kernel()); return 0; }\n'
    ),
    ".gitignore": "*.o\nprog\n.tighten/\n",
}


@dataclass
class Counting:
    """A real runner that counts what it runs."""

    runs: int = 0
    inner: Subprocess = field(default_factory=Subprocess)

    def run(
        self, command: Command, places: Places, *, log: Path, kind_on_failure: FailureKind
    ) -> Completed:
        self.runs += 1
        return self.inner.run(command, places, log=log, kind_on_failure=kind_on_failure)


def parameters(*, file: str = "config.h") -> tuple[Parameter, ...]:
    def constant(name: str) -> Parameter:
        binding = SourceConstant(parameter=name, file=Path(file), name=name)
        return Parameter(name=name, domain=Choices((1, 2, 100, 200, 300)), binding=binding)

    level = EnvironmentVariable(parameter="level", variable="LEVEL", default=1)
    return (
        constant("BLOCK"),
        constant("UNUSED"),
        Parameter(name="level", domain=Choices((1, 2)), binding=level),
    )


def write_project(directory: Path) -> Path:
    directory.mkdir(parents=True)
    for name, content in FILES.items():
        (directory / name).write_bytes(content.encode())
    return directory


def git(project: Path, *words: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *words], cwd=project, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = write_project(tmp_path / "project")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "start")
    return project


@pytest.fixture
def leveled(project: Path) -> Path:
    """Return a project whose program depends on a flag of the compiler, which make overlooks."""
    kernel = '#include "config.h"\nint kernel(void) { return BLOCK * LEVEL; }\n'
    (project / "kernel.c").write_text(kernel, encoding="ascii")
    return project


@pytest.fixture
def runner() -> Counting:
    return Counting()


@pytest.fixture
def site() -> Callable[..., Site]:
    def make(project: Path, *, state: Path | None = None, **build: object) -> Site:
        spec: dict[str, object] = {"command": Command(template="make -s", timeout=60), **build}
        return Site(
            project=project,
            state=state or project / ".tighten",
            parameters=parameters(),
            build=BuildSpec(**spec),  # type: ignore[arg-type]  # by name
        )

    return make


@pytest.fixture
def picture() -> Callable[[Path], dict[str, tuple[str, int]]]:
    """Return a function that says everything about a directory but its own state."""

    def take(directory: Path) -> dict[str, tuple[str, int]]:
        taken = {}
        for root, directories, files in os.walk(directory):
            directories[:] = [name for name in directories if name not in {".tighten", ".git"}]
            for name in files:
                path = Path(root, name)
                content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
                key = str(path.relative_to(directory))
                taken[key] = hashlib.sha256(content).hexdigest(), path.lstat().st_mode
        return taken

    return take


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that mounts a small disk; skip where mounting is not permitted."""
    points: list[Path] = []

    def mount(*options: str, source: str = "tmpfs", name: str = "disk") -> Path:
        point = tmp_path / name
        point.mkdir()
        done = subprocess.run(["mount", *options, source, point], capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"mounting is not permitted here: {done.stderr.decode().strip()}")
        points.append(point)
        return point

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-l", point], check=True)


@pytest.fixture
def killed() -> Callable[..., None]:
    """Return a function that runs an action in a process of its own and kills it without notice."""

    def run(action: Callable[[], None], *, after: float) -> None:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                action()
                status = 0
            except BaseException:  # noqa: BLE001  # the child must never return into pytest
                traceback.print_exc()
            finally:
                os._exit(status)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it ended by itself"

    return run
