"""The command line: argv in, rendered text and an exit code out; the only place that prints.

Exit codes: 0 done; 1 a regression or a failed gate; 2 usage, configuration, or the disk; 3 the
project's baseline fails; 130 interrupted. Errors go to standard error as one message.

Commands stand by theme in the modules of this package, each of which lists its own in
``COMMANDS``. The rest of tighten is imported inside them, so that ``--help`` stays quick.
"""

# ruff: noqa: D301 - click marks paragraphs with \b

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from tighten.cli import campaign, guarding, measuring, profiling, project
from tighten.errors import TightenError, TrialError

__all__ = ["main"]

INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Exit codes: 0 done, 1 regression or failed gate, 2 usage or configuration, "
    "3 the project's baseline fails, 130 interrupted.",
)
@click.version_option(package_name="tighten")
def cli() -> None:
    """Make a numerical program faster in a closed loop, and prove that nothing else changed.

    \b
    tighten init                 look at the project here and write a tighten.toml
    tighten check                validate it and show the plan
    tighten tune                 measure, propose, change, verify, decide, record; report
    tighten apply                write the best values into the project

    STUDY is a tighten.toml or the directory that holds one; the default is this directory.
    """


for _command in (
    *project.COMMANDS,
    *measuring.COMMANDS,
    *profiling.COMMANDS,
    *campaign.COMMANDS,
    *guarding.COMMANDS,
):
    cli.add_command(_command)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except TightenError as error:
        click.echo(f"tighten: {error}", err=True)
        if isinstance(error, TrialError) and error.log is not None:
            click.echo(f"{error.tail.rstrip()}\nthe whole output is in {error.log}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("tighten: interrupted; `tighten resume` goes on from here", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(0)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
