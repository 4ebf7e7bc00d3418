"""What a result depends on besides the code: processor, kernel, compilers, interpreter, load.

Everything is read from the operating system or from the tools' own version lines. A fact that
this machine does not tell (a virtual machine often hides its governor) is left out rather than
guessed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ProcessorTime",
    "available_cpus",
    "compilers",
    "fingerprint",
    "fingerprint_key",
    "processor_time",
]

_STABLE = ("cpu", "cores", "architecture", "kernel", "compilers", "python", "packages")
_CONTENDED = 0.1  # stolen share of the processor time wanted
_COMPILERS = ("cc", "clang", "rustc", "gfortran", "nvcc")


def available_cpus() -> int:
    """Return the number of processors that this process may use (affinity, then cgroup)."""
    allowed = len(os.sched_getaffinity(0))
    quota = _cgroup_quota()
    return max(1, min(allowed, quota) if quota else allowed)


@functools.cache
def compilers() -> Mapping[str, str]:
    """Return the version lines of the compilers that this process would call, by their names."""
    found = {}
    for name in _COMPILERS:
        if path := shutil.which(name):
            done = subprocess.run(
                [path, "--version"], capture_output=True, text=True, check=False, timeout=10
            )
            if done.returncode == 0 and done.stdout:
                found[name] = done.stdout.splitlines()[0]
    return found


def fingerprint() -> dict[str, Any]:
    """Return the machine's facts as plain values, ready for JSON.

    Keys: ``cpu``, ``cores``, ``architecture``, ``memory_bytes``, ``kernel``, ``governor``,
    ``turbo``, ``load`` (1, 5, 15 min), ``steal_seconds``, ``compilers``, ``python``,
    ``packages``, ``host``; the last is a hash, so that a report can be shared.
    """
    facts: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": available_cpus(),
        "architecture": platform.machine(),
        "memory_bytes": psutil.virtual_memory().total,
        "kernel": f"{platform.system()} {platform.release()}",
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "turbo": _turbo(),
        "load": list(os.getloadavg()),
        "steal_seconds": getattr(psutil.cpu_times(), "steal", None),
        "compilers": dict(compilers()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": _packages(),
        "host": hashlib.sha256(platform.node().encode()).hexdigest()[:12],
    }
    return {name: value for name, value in facts.items() if value is not None}


def fingerprint_key(facts: Mapping[str, Any]) -> str:
    """Return a short hash of the facts that change only when hardware or software change."""
    stable = {name: facts.get(name) for name in _STABLE}
    return hashlib.sha256(json.dumps(stable, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class ProcessorTime:
    """What all processors gave to programs here, and what the hypervisor gave to others [s]."""

    used: float = 0.0
    stolen: float = 0.0  # of the time that programs here wanted

    @property
    def stolen_share(self) -> float:
        """Stolen time over wanted time; 0 where the system does not tell."""
        return self.stolen / (self.used + self.stolen) if self.stolen > 0 else 0.0

    @property
    def is_contended(self) -> bool:
        """Whether so much was stolen that times say little and people must know."""
        return self.stolen_share >= _CONTENDED

    def __add__(self, other: ProcessorTime) -> ProcessorTime:
        return ProcessorTime(self.used + other.used, self.stolen + other.stolen)

    def __sub__(self, other: ProcessorTime) -> ProcessorTime:
        return ProcessorTime(self.used - other.used, self.stolen - other.stolen)


def processor_time() -> ProcessorTime:
    """Return what the processors have given since the machine started."""
    times = psutil.cpu_times()
    used = times.user + times.system + getattr(times, "nice", 0.0)
    return ProcessorTime(used, getattr(times, "steal", 0.0))


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def _cgroup_quota() -> int | None:
    words = (_read("/sys/fs/cgroup/cpu.max") or "max").split()
    if len(words) != 2 or words[0] == "max":
        return None
    return max(1, round(int(words[0]) / int(words[1])))


def _cpu_model() -> str:
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return platform.processor() or "unknown"


def _turbo() -> bool | None:
    no_turbo = _read("/sys/devices/system/cpu/intel_pstate/no_turbo")
    boost = _read("/sys/devices/system/cpu/cpufreq/boost")
    if no_turbo is not None:
        return no_turbo == "0"
    return None if boost is None else boost == "1"


def _packages() -> dict[str, str]:
    named = {dist.name: dist.version for dist in metadata.distributions(path=sys.path)}
    return dict(sorted(named.items()))
