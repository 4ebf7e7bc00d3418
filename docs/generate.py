"""Write the pages that are made from the code: `python docs/generate.py`, or `make docs`.

With ``--check`` nothing is written; the exit code is 1 if a page is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tighten.cli import cli
from tighten.options.reference import reference_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PAGES", "cli_page", "outdated"]

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 96

INTRODUCTION = """\
# The command line

This page is what `tighten COMMAND --help` prints. Exit codes and the remedies that go with them are
in [When something fails](../guide/failures.md).
"""


def cli_page() -> str:
    """Return the help of every command as one Markdown page."""
    return "\n".join([INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    with _context(cli, "tighten", None) as root:
        yield _section(cli, root, "tighten")
        for name in cli.list_commands(root):
            command = cli.commands[name]
            with _context(command, name, root) as context:
                yield _section(command, context, f"tighten {name}")


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    # The width is given, so that the page does not depend on the terminal it was made in.
    return click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )


def _section(command: click.Command, context: click.Context, title: str) -> str:
    return f"## {title}\n\n```text\n{command.get_help(context)}\n```\n"


PAGES: dict[Path, Callable[[], str]] = {
    REFERENCE / "study-file.md": reference_page,
    REFERENCE / "cli.md": cli_page,
}


def outdated() -> list[Path]:
    """Return the pages that differ from what the code says."""
    return [
        path
        for path, page in PAGES.items()
        if not path.exists() or path.read_text(encoding="utf-8") != page()
    ]


def main() -> int:
    """Write or check every page and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python docs/generate.py")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if out of date")
    is_check = parser.parse_args().check
    stale = outdated()
    for path in stale:
        if not is_check:
            path.write_text(PAGES[path](), encoding="utf-8")
        sys.stdout.write(f"{'out of date' if is_check else 'wrote'}: {path.name}\n")
    return 1 if stale and is_check else 0


if __name__ == "__main__":
    sys.exit(main())
