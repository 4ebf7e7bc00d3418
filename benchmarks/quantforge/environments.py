"""Environments of peers that cannot live beside quantforge, and the processes that run in them.

Environments are made once by uv, in the user's cache directory. A peer that cannot be had says why.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PUBLISHED", "VOLLIB", "Environment", "MissingPeerError", "Worker"]

_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "quantforge-peers")
_WORKER = Path(__file__).with_name("peer_worker.py")


class MissingPeerError(Exception):
    """A peer cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What to install, and for which Python."""

    name: str
    python: str
    requirements: tuple[str, ...]

    def interpreter(self) -> Path:
        """Return the interpreter of the environment, made at the first call.

        Raises
        ------
        MissingPeerError
            If Python, uv or the packages cannot be had.
        """
        place = _CACHE / "-".join([*self.requirements, f"python{self.python}"])
        found = place / "bin" / "python"
        ready = place / "ready"
        if not ready.exists():
            _run([_uv(), "venv", "--clear", "--python", str(_python(self.python)), str(place)])
            _run([_uv(), "pip", "install", "--python", str(found), *self.requirements])
            ready.touch()
        return found


PUBLISHED = Environment("quantforge", "3.12", ("quantforge==0.1.1",))
# Newer versions of what it stands on are not what it compiles.
VOLLIB = Environment(
    "py_vollib_vectorized",
    "3.11",
    ("py_vollib_vectorized==0.1.1", "py_vollib==1.0.1", "py_lets_be_rational==1.0.1"),
)


def _uv() -> str:
    local = Path(__file__).parents[2] / ".tools" / "bin" / "uv"
    found = os.environ.get("UV") or shutil.which("uv") or (str(local) if local.exists() else None)
    if found is None:
        raise MissingPeerError("uv is not installed")
    return found


def _python(version: str) -> Path:
    """Return an interpreter of a version: on the search path, or one of pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = shutil.which(f"python{version}")
    candidates = [Path(on_path)] if on_path else []
    for candidate in [*candidates, *sorted(root.glob(f"versions/{version}.*/bin/python"))]:
        command = [str(candidate), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return candidate
    raise MissingPeerError(f"Python {version} is not installed")


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1].strip()
        raise MissingPeerError(f"`{Path(command[0]).name} {command[1]}` failed: {last}")


class Worker:
    """A peer in a process of its own; it computes only while it is asked."""

    def __init__(self, environment: Environment) -> None:
        self._process = subprocess.Popen(
            [str(environment.interpreter()), "-W", "ignore", str(_WORKER), environment.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def load(self, rows: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        """Hand over spots, strikes, times, rates, volatilities and call prices, (6, n)."""
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            file = Path(folder, "rows.npy")
            np.save(file, rows)
            self._ask("load", str(file))

    def seconds(self, what: str, loops: int) -> float:
        """Return the seconds per call of ``price`` or ``implied``."""
        return float(self._ask(what, loops))

    def values(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return what was computed last."""
        with tempfile.TemporaryDirectory(prefix="peers-") as folder:
            file = Path(folder, "values.npy")
            self._ask("values", str(file))
            found: np.ndarray[Any, np.dtype[np.float64]] = np.load(file)
            return found

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _ask(self, name: str, value: str | int) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: PT018 - asked for above
        try:
            stdin.write(json.dumps({name: value}) + "\n")
            stdin.flush()
            return json.loads(stdout.readline())
        except (OSError, ValueError) as error:
            raise MissingPeerError(f"it ended when asked to {name}") from error
