"""Small real projects that tighten tunes in the end-to-end tests, and how it is called.

``sleeper`` is a Python program whose time is what its constant says, so that outcomes are known:
it spins for ``DELAY_MS`` milliseconds. ``FAULT`` makes it misbehave in one chosen way as soon as
the constant differs from the baseline's.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Project", "sleeper"]

SETTINGS = """\
# The one constant of this program.
DELAY_MS = 20  # milliseconds
"""

PROGRAM = """\
import json, os, signal, subprocess, sys, time
from settings import DELAY_MS

FAULT = {fault!r}
out = sys.argv[1]
changed = DELAY_MS != 20

end = time.perf_counter() + DELAY_MS / 1000
while time.perf_counter() < end:
    pass
value = DELAY_MS / 1000
if changed and FAULT == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if changed and FAULT == "status":
    print("something broke", file=sys.stderr)
if changed and FAULT == "hang":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)
if changed and FAULT == "nothing":
    sys.exit(0)
wrong = {{"nan": float("nan"), "negative": -value, "zero": 0.0}} if changed else {{}}
metric = wrong.get(FAULT, value)
cases = {{"other" if changed and FAULT == "missing" else "run": {{"time": metric}}}}
text = json.dumps({{"schema": "tighten-result-1", "cases": cases}})
if changed and FAULT == "garbage":
    text = text[: len(text) // 2]
with open(out, "w") as file:
    file.write(text)
if changed and FAULT == "status":
    sys.exit(3)
"""

CHECK = """\
import json, sys
from settings import DELAY_MS

FAULT = {fault!r}
answer = [1.0, 2.0, 3.0]
if FAULT == "wrong" and DELAY_MS != 20:
    answer[1] = 2.5
with open(sys.argv[1], "w") as file:
    json.dump({{"answer": answer}}, file)
"""

HANG_LIMIT = "8 s"

STUDY = """\
[study]
name = "sleeper"
max_trials = 4

[build]
command = "{build}"
timeout = "60 s"

[benchmark]
command = "{{python}} program.py {{result}}"
timeout = "{timeout}"
warmup_launches = 0
launches = 2

[[case]]
name = "run"

[[parameter]]
name = "DELAY_MS"
source = "settings.py"
values = [{values}]

[[gate]]
name = "same answer"
command = "{{python}} check.py {{result}}"
compare = "arrays"

[decision]
min_pairs = 8
max_pairs = 24
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a call of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Project:
    """A project on disk, and the command line over it."""

    root: Path

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start ``tighten WORDS`` in the project without waiting for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "tighten", *words],
            cwd=self.root,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tighten(self, *words: str, **environment: str) -> Done:
        """Run ``tighten WORDS`` to its end."""
        with self.start(*words, **environment) as process:
            try:
                out, err = process.communicate(timeout=250)
            except BaseException:
                process.terminate()
                raise
        assert "Traceback" not in err, err
        return Done(process.returncode, out, err)

    def record(self) -> dict[str, Any]:
        """Return the newest run as JSON."""
        found: dict[str, Any] = self.tighten("report", "--json").json
        return found

    def files(self) -> dict[str, str]:
        """Return a hash and the mode of every file that is the user's."""
        return {
            str(path.relative_to(self.root)): f"{path.stat().st_mode:o} "
            + hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".tighten" not in path.parts and "__pycache__" not in path.parts
        }


def sleeper(root: Path, *, fault: str = "", values: str = "10, 30", build: str = "true") -> Project:
    """Write the program into ``root`` and return it as a project.

    Only a program that hangs has a short limit: on a busy machine, all else may take its time.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / "settings.py").write_text(SETTINGS)
    (root / "program.py").write_text(PROGRAM.format(fault=fault))
    (root / "check.py").write_text(CHECK.format(fault=fault))
    timeout = HANG_LIMIT if fault == "hang" else "60 s"
    study = STUDY.format(build=build, values=values, timeout=timeout)
    (root / "tighten.toml").write_text(study)
    return Project(root)
