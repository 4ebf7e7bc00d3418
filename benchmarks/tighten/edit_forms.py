"""Rust constant forms that tighten edits or refuses, and the time of one edit.

Run ``python benchmarks/tighten/edit_forms.py [--json FILE]``. Each form is a whole source file with
a constant ``A``. An edit counts if the file differs inside the initialiser only, the new value
reads back, and writing the old value again gives the first file; a refusal counts if it names the
parameter, the file and a reason. Exit status 1 if a form does neither.

Times are of the repository's own code on the machine at hand: the median over 200 edits of a
generated file of 5,000 lines, with the 5 % and 95 % quantiles. ``first`` includes parsing the file,
``again`` is what a study does (the same text with another value), ``chained`` edits its own result.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tighten.errors import BindingError
from tighten.parameters import Value, syntax
from tighten.parameters.source import SourceConstant

ROUNDS = 200
FORMS: dict[str, tuple[str, Value, str | None]] = {
    "separators": ("pub const A: usize = 30_000;", 8000, "pub const A: usize = 8_000;"),
    "shift": ("const A: usize = 1 << 14;", 32768, "const A: usize = 1 << 15;"),
    "product": ("const A: usize = 32 * 1024;", 65536, "const A: usize = 64 * 1024;"),
    "suffix": ("const A: usize = 30_000usize;", 8000, "const A: usize = 8_000usize;"),
    "hexadecimal": ("const A: usize = 0x7530;", 8000, "const A: usize = 0x1f40;"),
    "exponent": ("const A: f64 = 3.0e4;", 8000.0, "const A: f64 = 8.0e3;"),
    "negative": ("const A: i32 = -1;", -7, "const A: i32 = -7;"),
    "bool": ("const A: bool = true;", False, "const A: bool = false;"),
    "array": ("const A: [u32; 3] = [1, 2, 3];", 4, None),
    "static": ("static A: u32 = 3;", 4, "static A: u32 = 4;"),
    "pub(crate)": ("pub(crate) const A: u32 = 3;", 4, "pub(crate) const A: u32 = 4;"),
    "private": ("const A: u32 = 3;", 4, "const A: u32 = 4;"),
    "in mod": ("mod m {\n    pub const A: u32 = 3;\n}", 4, "mod m {\n    pub const A: u32 = 4;\n}"),
    "in impl": ("impl G {\n    const A: u32 = 3;\n}", 4, "impl G {\n    const A: u32 = 4;\n}"),
    "split lines": ("const A:\n    u32 =\n    3\n;", 4, "const A:\n    u32 =\n    4\n;"),
    "attributes": ("#[allow(x)]\n#[inline]\nconst A: u32 = 3;", 4,
                   "#[allow(x)]\n#[inline]\nconst A: u32 = 4;"),
    "trailing comment": ("const A: u32 = 3; // A = 3", 4, "const A: u32 = 4; // A = 3"),
    "cfg twins": ("#[cfg(x)]\nconst A: u32 = 3;\n#[cfg(not(x))]\nconst A: u32 = 4;", 5, None),
    "in a comment": ("// const A: u32 = 3;\n/* const A: u32 = 3; */", 4, None),
    "in a string": ('const B: &str = "const A: u32 = 3;";', 4, None),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one form."""

    form: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds per edit: median, and the middle 90 %."""

    edits: str
    median_ms: float
    low_ms: float
    high_ms: float


def binding() -> SourceConstant:
    return SourceConstant(parameter="A", file=Path("form.rs"), name="A")


def outcome(form: str) -> Outcome:
    source, value, expected = FORMS[form]
    before = source.encode()
    with TemporaryDirectory() as folder:
        file = Path(folder, "form.rs")
        file.write_bytes(before)
        try:
            present = binding().read(Path(folder)).value
            after = binding().edit(before, value)
        except BindingError as error:
            is_loud = expected is None and str(error).startswith("parameter A: A in form.rs")
            return Outcome(form, "refused" if is_loud else "FAILED", str(error))
        file.write_bytes(after)
        is_exact = present is not None and expected is not None and after == expected.encode()
        reads_back = binding().read(Path(folder)).value == value
        returns = present is not None and binding().edit(after, present) == before
    passed = is_exact and reads_back and returns
    return Outcome(form, "edited" if passed else "FAILED", after.decode())


def large_file() -> bytes:
    block = "pub const X{0}: usize = 1;\nfn f{0}(a: u32) -> u32 {{\n    let b = a * 2;\n    b\n}}\n"
    body = "".join(block.format(number) for number in range(1000))
    return (body + "pub const A: usize = 30_000;\n").encode()


def timed(constant: SourceConstant, text: bytes, value: int) -> tuple[float, bytes]:
    start = time.perf_counter()
    edited = constant.edit(text, value)
    return (time.perf_counter() - start) * 1e3, edited


def summary(edits: str, samples: list[float]) -> Timing:
    cuts = statistics.quantiles(samples, n=20)
    return Timing(edits, statistics.median(samples), cuts[0], cuts[-1])


def timings() -> list[Timing]:
    text = large_file()
    constant = binding()
    first = [timed(constant, text + b"// %d\n" % number, 8000)[0] for number in range(20)]
    syntax.parse(text, "rust")
    again = [timed(constant, text, 5000 + number)[0] for number in range(ROUNDS)]
    chained = []
    for number in range(ROUNDS):
        duration, text = timed(constant, text, 5000 + number)
        chained.append(duration)
    return [summary("first", first), summary("again", again), summary("chained", chained)]


def printed(outcomes: list[Outcome], times: list[Timing], passed: int) -> None:
    for one in outcomes:
        print(f"{one.form:17s} {one.outcome:8s} {' '.join(one.detail.split())[:100]}")
    print(f"\nRust constant forms edited or refused loudly: {passed} of {len(outcomes)}\n")
    print(f"one edit in {large_file().count(bytes([10])):,} lines, ms   median     5 %    95 %")
    for row in times:
        print(f"  {row.edits:28s} {row.median_ms:8.3f} {row.low_ms:7.3f} {row.high_ms:7.3f}")
    print(f"\n{platform.platform()}, Python {platform.python_version()}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    chosen = parser.parse_args()
    outcomes = [outcome(form) for form in FORMS]
    times = timings()
    passed = sum(one.outcome in ("edited", "refused") for one in outcomes)
    printed(outcomes, times, passed)
    if chosen.json:
        report = {
            "forms": [asdict(one) for one in outcomes],
            "passed": passed,
            "total": len(outcomes),
            "timings_ms": [asdict(row) for row in times],
            "machine": platform.platform(),
        }
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if passed == len(outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
