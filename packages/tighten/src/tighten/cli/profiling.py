"""Where the time goes, and what to tune next: profile, analyze."""

# ruff: noqa: PLC0415, D301 - modules are imported inside the commands, so that ``--help`` stays
# quick; click marks paragraphs with \b

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tighten.cli.arguments import AS_JSON, VALUES, assigned, load_study, study_argument
from tighten.cli.output import width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tighten.profile import Categories, Difference, Profile

__all__ = ["COMMANDS"]

_TOOLS = ("auto", "py-spy", "perf", "cprofile", "callgrind")
_EXPORTS = ("html", "speedscope", "collapsed", "pstats", "pprof")


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[STUDY | -- COMMAND...]")
@click.option("--tool", type=click.Choice(_TOOLS), help="Profiler [auto: the best permitted].")
@click.option("--rate", type=click.IntRange(min=1), help="Samples per second [100; fewer if long].")
@click.option("--native/--no-native", default=None, help="See compiled code below Python [yes].")
@click.option("--waiting", is_flag=True, default=None, help="Sample waiting threads too.")
@click.option("--diff", nargs=2, metavar="A B", help="Compare two profiles instead.")
@click.option("--show", metavar="A", help="Show a profile that was taken instead.")
@click.option("--export", type=click.Choice(_EXPORTS), help="Write the profile in this format.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to [profile.*].")
@VALUES
@click.option("--state", metavar="DIR", help="Keep trees, ledger and logs here [.tighten].")
@AS_JSON
def profile(words: Sequence[str], **given: Any) -> None:
    """Show where the time goes: in a study's benchmark, or in any command after `--`.

    The study is the one in this directory, or the one named. A and B of --diff and --show are
    each `baseline`, `best` or `trial:N` of the newest run, or a file: speedscope, collapsed
    stacks, pstats, callgrind, or the text of `perf script`. Options come before STUDY.

    \b
    tighten profile
    tighten profile --export html -- python -m package.module --size 1000
    tighten profile --tool callgrind -- ./build/bench
    tighten profile --diff baseline best --export html
    """
    from tighten.profile.text import difference_text, profile_text

    if given["diff"]:
        difference, rules = _difference(words, given)
        _deliver(difference, rules, given, difference_text(difference, width=width()))
        return
    if given["show"]:
        found, rules = _named(words, given["show"], given)
    elif words and not _is_study(words):
        found, rules = _of_command(words, given)
    else:
        found, rules = _of_study(words, given)
    _deliver(found, rules, given, profile_text(found, rules, width=width()))


def _is_study(words: Sequence[str]) -> bool:
    path = Path(words[0])
    is_file = path.suffix == ".toml" and path.is_file()
    return len(words) == 1 and (is_file or (path / "tighten.toml").is_file())


def _of_study(words: Sequence[str], given: dict[str, Any]) -> tuple[Profile, Categories]:
    keys = {
        "profile.tool": given["tool"],
        "profile.rate": given["rate"],
        "profile.native": None if given["native"] is None else str(given["native"]).lower(),
        "profile.waiting": "true" if given["waiting"] else None,
    }
    named = [f"{key}={value}" for key, value in keys.items() if value is not None]
    study = load_study(Path(*words[:1]), given["state"], named)
    found = study.profile(assigned(study, given["values"]))
    return found, study.options.profiling.categories


def _of_command(words: Sequence[str], given: dict[str, Any]) -> tuple[Profile, Categories]:
    import shlex

    from tighten.profile import Categories, Sampling, Tool
    from tighten.profile.profilers import choose
    from tighten.profile.recording import Recording, run

    default = Sampling()
    sampling = Sampling(
        tool=Tool(given["tool"] or default.tool),
        rate=given["rate"],
        native=default.native if given["native"] is None else given["native"],
        waiting=bool(given["waiting"]),
    )
    choice = choose(sampling.tool, shlex.join(words))
    for line in choice.refused:
        click.echo(f"not used: {line}", err=True)
    with tempfile.TemporaryDirectory() as directory:
        recording = Recording(choice=choice, sampling=sampling, directory=Path(directory))
        found = run(words, recording)
        if given["export"] == "pstats":
            recording.keep_pstats(_target(given))
    return found, Categories()


def _difference(words: Sequence[str], given: dict[str, Any]) -> tuple[Difference, Categories]:
    from tighten.profile import Difference

    names = given["diff"]
    if not any(Path(name).is_file() for name in names):
        study = load_study(Path(*words[:1]), given["state"], ())
        return study.profile_difference(*names), study.options.profiling.categories
    before, rules = _named(words, names[0], given)
    after, _ = _named(words, names[1], given)
    return Difference.of(before, after), rules


def _named(words: Sequence[str], name: str, given: dict[str, Any]) -> tuple[Profile, Categories]:
    """Return the profile in a file, or of a trial of the newest run."""
    from tighten.profile import Categories, read_profile

    if Path(name).is_file():
        return read_profile(Path(name)), Categories()
    study = load_study(Path(*words[:1]), given["state"], ())
    return study.recorded_profile(name), study.options.profiling.categories


def _deliver(
    found: Profile | Difference, rules: Categories, given: dict[str, Any], text: str
) -> None:
    from tighten.profile.text import difference_values, profile_values

    written = _exported(found, rules, given) if given["export"] else None
    if given["as_json"]:
        values = difference_values(found) if given["diff"] else profile_values(found, rules)  # type: ignore[arg-type]
        click.echo(json.dumps(values, indent=2))
    else:
        click.echo(text, nl=False)
    if written is not None:
        click.echo(f"wrote {written}", err=True)
    sys.stdout.flush()


def _exported(found: Profile | Difference, rules: Categories, given: dict[str, Any]) -> Path:
    from tighten.files import write_atomically
    from tighten.profile import Difference, exported
    from tighten.profile.flame import difference_page, page

    target = _target(given)
    if isinstance(found, Difference):
        if given["export"] != "html":
            raise click.UsageError("a difference can be exported as html only; --json has numbers")
        title = "{} against {}".format(*reversed(given["diff"]))
        content = difference_page(found, title=title, categories=rules).encode()
    elif given["export"] == "html":
        title = found.provenance.command or "profile"
        content = page(found, title=title, categories=rules).encode()
    elif given["export"] == "pstats" and target.exists() and found.provenance.tool == "cprofile":
        return target  # cProfile's own file
    else:
        content = exported(found, given["export"])
    write_atomically(target, content, durable=False)
    return target


def _target(given: dict[str, Any]) -> Path:
    from tighten.profile.formats import SUFFIXES

    target: Path | None = given["output"]
    name = "profile-difference" if given["diff"] else "profile"
    return target or Path(name + SUFFIXES[given["export"]])


@click.command()
@study_argument
@click.option("--run", type=int, help="Number of the run [the newest].")
@AS_JSON
def analyze(
    study: Path, state: str | None, options: Sequence[str], *, run: int | None, as_json: bool
) -> None:
    """Say what to tune next: hot spots, the parameters that reach them, and what they can gain.

    Names the case furthest from its target, where the baseline spends its steady state, which
    parameters act on that (by the source and by the trials), the most that each can save, and
    the parameters that do nothing. Reads what `tighten tune` recorded; nothing is run.

    \b
    tighten analyze studies/quantforge
    tighten analyze --json
    """
    from tighten.encoding import encode
    from tighten.report.analysis import analysis_text

    found = load_study(study, state, options).analyze(run)
    if as_json:
        click.echo(json.dumps(json.loads(encode(found)), indent=2))
    else:
        click.echo(analysis_text(found, width=width()), nl=False)


COMMANDS = (profile, analyze)
