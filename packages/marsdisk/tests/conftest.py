"""Small configurations and a way to call the command line, for several test modules."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from marsdisk.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# A shell starts its background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

KEYS = (
    "sizes.n_bins=16",
    "numerics.t_end_years=0.01",
    "numerics.outputs.n_outputs=12",
    "numerics.checkpoint.every_outputs=3",
)


@pytest.fixture(scope="session")
def small_keys() -> tuple[str, ...]:
    """Return overrides that make the minimal preset run in a fraction of a second."""
    return KEYS


@pytest.fixture(scope="session")
def small() -> Callable[..., Config]:
    """Return a function that gives the smallest complete configuration with some cells."""

    def build(*overrides: str, cells: int = 1) -> Config:
        ring = () if cells == 1 else (f"geometry={{mode: 1D, Nr: {cells}}}",)
        return Config.preset("minimal", (*KEYS, "io.figures=false", *ring, *overrides))

    return build


@pytest.fixture
def marsdisk(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command line in a new process in `tmp_path`."""

    def run(
        *arguments: str | Path, environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "marsdisk", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **(environ or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run
