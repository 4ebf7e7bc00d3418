"""Names of benchmarks, read in sources for Criterion and Google Benchmark, as results have them.

Nothing is run: what a source says in plain values is read, and a benchmark whose name is computed
is left out.
"""

from __future__ import annotations

import re
from itertools import product

__all__ = ["criterion_names", "google_names"]

NUMBER = re.compile(r"(\d[\d_]*)(?:[iu](?:8|16|32|64|128|size))?")
TEXT = re.compile(r'"([^"\\]*)"')
GROUP = re.compile(r'let\s+mut\s+(\w+)\s*=\s*\w+\s*\.\s*benchmark_group\(\s*(?:"([^"]+)")?')
CALL = re.compile(r"(\w+)\s*\.\s*(?:bench_function|bench_with_input)\(\s*")
LOOP = re.compile(
    r"\bfor\s+&?(\w+)\s+in\s+&?(\[[^\]]*\]|\w+)(?:\s*\.\s*(?:iter|into_iter)\(\))?\s*\{"
)
LIST = re.compile(r"\b(?:const|static|let)\s+(\w+)\s*(?::[^=]*)?=\s*&?(\[[^\]]*\])")
IDENTIFIER = re.compile(r"(?:\w+::)*BenchmarkId::(new|from_parameter)\(([^()]*(?:\(\))?[^()]*)\)")


def criterion_names(text: str) -> list[str]:
    """Return the full ids (``group/function/parameter``) of benchmarks in a Rust source."""
    text = re.sub(r"//[^\n]*", "", text)
    groups = [(found.start(), found[1], found[2]) for found in GROUP.finditer(text)]
    names: list[str] = []
    for call in CALL.finditer(text):
        within = [name for start, variable, name in groups
                  if variable == call[1] and start < call.start()][-1:]  # fmt: skip
        if within != [None]:  # a group with a computed name
            names += ["/".join([*within, *parts]) for parts in _criterion_ids(text, call.end())]
    return list(dict.fromkeys(names))


def _criterion_ids(text: str, start: int) -> list[tuple[str, ...]]:
    """Return the ids that the first argument of a call stands for; none if it is computed."""
    identifier = IDENTIFIER.match(text, start)
    if identifier is None:
        argument = re.compile(r"[^,(]*(?=,)").match(text, start)
        return [(value,) for value in _values(argument[0] if argument else "", text[:start])]
    words = identifier[2].split(",") if identifier[1] == "new" else [identifier[2]]
    return list(product(*(_values(word, text[:start]) for word in words)))


def _values(expression: str, before: str) -> list[str]:
    """Return what a Rust expression is: itself if it is a literal, or each value of its loop."""
    word = re.sub(r"\.(?:to_string|to_owned|clone)\(\)$", "", expression.strip().lstrip("&*"))
    for literal in (NUMBER, TEXT):
        if found := literal.fullmatch(word):
            return [found[1].replace("_", "") if literal is NUMBER else found[1]]
    values = next(
        (found[2] for found in reversed([*LOOP.finditer(before)]) if found[1] == word), ""
    )
    if not values.startswith("["):
        values = next((found[2] for found in LIST.finditer(before) if found[1] == values), "")
    items = [item for item in values.strip("[]").split(",") if item.strip()]
    read = [_values(item, "") for item in items]
    return [value for one in read for value in one] if all(read) else []


REGISTERED = re.compile(r"^\s*BENCHMARK(_TEMPLATE)?\(\s*([^)]*?)\s*\)([^;]*);", re.MULTILINE)
SETTING = re.compile(r"->\s*(\w+)\(([^()]*)\)")
UNNAMED = {"Unit", "Complexity", "RangeMultiplier"}  # settings that leave a name as it is


def google_names(text: str) -> list[str]:
    """Return the names of benchmarks (``function/argument``) in a C++ source."""
    text = re.sub(r"//[^\n]*", "", text)
    names: list[str] = []
    for found in REGISTERED.finditer(text):
        function, *types = (word.strip() for word in found[2].split(","))
        name = f"{function}<{', '.join(types)}>" if found[1] else function
        names += [f"{name}{ending}" for ending in _google_endings(SETTING.findall(found[3]))]
    return list(dict.fromkeys(names))


def _google_endings(settings: list[tuple[str, str]]) -> list[str]:
    """Return what follows the name, for each set of arguments; none if it cannot be told."""
    arguments: list[str] = []
    suffix, multiplier = "", 8
    for setting, written in settings:
        words = [word.strip() for word in written.strip("{}").split(",")]
        if setting == "UseRealTime":
            suffix = "/real_time"
        elif setting not in UNNAMED and not all(word.isdecimal() for word in words):
            return []
        elif setting == "RangeMultiplier":
            multiplier = int(words[0])
        elif setting in {"Arg", "Args"}:
            arguments.append("".join(f"/{word}" for word in words))
        elif setting == "DenseRange":
            low, high, *step = map(int, words)
            arguments += [f"/{value}" for value in range(low, high + 1, *step)]
        elif setting == "Range":
            arguments += [
                f"/{value}" for value in _powers(int(words[0]), int(words[-1]), multiplier)
            ]
        elif setting not in UNNAMED:
            return []
    return [f"{argument}{suffix}" for argument in arguments or [""]]


def _powers(low: int, high: int, multiplier: int) -> list[int]:
    """Return both ends and the powers of ``multiplier`` between them."""
    values, power = [low], 1
    while power < high:
        if power > low:
            values.append(power)
        power *= multiplier
    return [*values, high] if high != low else values
