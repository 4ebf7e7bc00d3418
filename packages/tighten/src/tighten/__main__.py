"""``python -m tighten`` is the command line."""

from __future__ import annotations

from tighten.cli import main

main()
