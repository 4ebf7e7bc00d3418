"""Processor time that a user waits for before tighten does anything.

    python -m benchmarks.tighten.startup
    python -m benchmarks.tighten.startup --rounds 100 --json startup.json

Each round runs every command once, in random order, in fresh processes, and takes user plus system
time. The same interpreter running nothing is there to compare with. Modules are compiled
beforehand, as they are after the first start of an installed program.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, concluded, summarised

MOST_SECONDS = 0.2  # of `tighten --help`
PYTHON = sys.executable
COMMANDS: dict[str, list[str]] = {
    "tighten --help": [PYTHON, "-m", "tighten", "--help"],
    "tighten check": [PYTHON, "-m", "tighten", "check"],
    "import tighten": [PYTHON, "-c", "import tighten"],
    "python, nothing": [PYTHON, "-c", "pass"],
}
STUDY = """\
[benchmark]
command = "{python} program.py {result}"
[[case]]
name = "run"
[[parameter]]
name = "BLOCK"
source = "settings.py"
values = [1, 2, 4, 8]
"""


def cpu_seconds(command: list[str], directory: Path) -> float:
    """Return the user and system time of one run [s]."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(directory / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def measured(rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each command in each round, after one that compiles."""
    samples: dict[str, list[float]] = {name: [] for name in COMMANDS}
    coin = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="tighten-startup-") as folder:
        project = Path(folder)
        (project / "tighten.toml").write_text(STUDY)
        (project / "settings.py").write_text("BLOCK = 4\n")
        (project / "program.py").write_text("")
        for round_number in range(rounds + 1):
            for name in coin.sample(list(COMMANDS), len(COMMANDS)):
                seconds = cpu_seconds(COMMANDS[name], project)
                if round_number:
                    samples[name].append(seconds)
    return samples


def main() -> int:
    """Measure, print and write the numbers; 1 if the help takes too long."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", maxsplit=1)[0],
        epilog="example: python -m benchmarks.tighten.startup --rounds 100",
    )
    parser.add_argument("--rounds", type=int, default=30, help="of each command (default 30)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    figures = [
        Figure(
            what=f"`{name}`, processor time",
            unit="s",
            at_most=MOST_SECONDS if name == "tighten --help" else None,
            **summarised(seconds),
        )
        for name, seconds in measured(options.rounds).items()
    ]
    return concluded(figures, options.json, rounds=options.rounds)


if __name__ == "__main__":
    raise SystemExit(main())
