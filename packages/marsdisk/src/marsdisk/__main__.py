"""Run the command line with ``python -m marsdisk``."""

from marsdisk.cli import main

main()
