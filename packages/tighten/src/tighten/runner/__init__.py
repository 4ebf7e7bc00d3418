"""Run one command, or one function, under fixed conditions and say what it cost.

``Subprocess`` is what measures; ``InProcess`` calls a Python function instead, and ``Fake`` stands
in where a test wants the loop without processes. ``launch`` runs the benchmark once and reads the
result it wrote. Nothing here knows what is measured or judges a number.
"""

from __future__ import annotations

from tighten.runner.command import Command, Completed, Conditions, Places, Runner, shell_line
from tighten.runner.family import end_orphans
from tighten.runner.function import Fake, InProcess
from tighten.runner.launch import launch
from tighten.runner.lock import MeasuringLock
from tighten.runner.process import Subprocess

__all__ = [
    "Command",
    "Completed",
    "Conditions",
    "Fake",
    "InProcess",
    "MeasuringLock",
    "Places",
    "Runner",
    "Subprocess",
    "end_orphans",
    "launch",
    "shell_line",
]
