"""From names to the functions and loops that use them, in each language."""

from __future__ import annotations

from pathlib import Path

import pytest
from tighten.profile import Profile
from tighten.profile.model import Frame, Stack
from tighten.profile.reach import Source, share_below

PYTHON = '''\
"""BLOCK in a text is no use."""
from settings import BLOCK
DOUBLE = 2 * BLOCK  # BLOCK in a comment neither


def direct(n):
    for start in range(0, n, BLOCK):
        while start:
            start -= BLOCK


class Solver:
    def derived(self):
        return [i for i in range(DOUBLE)]


def other():
    return "BLOCK", MY_BLOCK
'''
RUST = """\
pub const BLOCK: usize = 64;
const DOUBLE: usize = 2 * BLOCK;
// BLOCK
pub fn direct(n: usize) -> usize {
    let mut s = 0;
    for i in (0..n).step_by(BLOCK) { s += i; }
    s
}
impl Solver { fn derived(&self) -> usize { loop { if self.n > crate::DOUBLE { return 1; } } } }
"""
C = """\
#define BLOCK 64
static const int DOUBLE_BLOCK = 2 * BLOCK;
/* BLOCK */
static double direct(int n) {
    for (int i = 0; i < n; i += BLOCK) { n--; }
    return n;
}
double *derived(void) { do { use(DOUBLE_BLOCK); } while (0); return 0; }
"""


@pytest.mark.parametrize(("file", "text"), [("a.py", PYTHON), ("a.rs", RUST), ("a.c", C)])
def test_uses_are_functions_and_loops(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    uses = Source(tmp_path, [Path(file)]).uses("BLOCK")
    found = {(use.function, bool(use.loops)) for use in uses if use.function}
    assert found == {("direct", True), ("derived", True)}


def test_loops_are_listed_from_outside_in(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(PYTHON)
    source = Source(tmp_path, [Path("a.py")])
    around = source.at("a.py", 9)
    assert around is not None
    assert (around.function, around.loops) == ("direct", (7, 8))
    assert source.at("a.py", 99) is None
    assert source.at("b.py", 1) is None


def test_constants_of_a_function_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(PYTHON)
    assert Source(tmp_path, [Path("a.py")]).constants("a.py", "direct") == ("BLOCK",)


def test_a_variable_is_found_as_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'import os\nJOBS = int(os.environ["APP_JOBS"])\ndef run():\n    return JOBS\n'
    )
    uses = Source(tmp_path, [Path("a.py")]).uses("APP_JOBS", texts=True)
    assert {use.function for use in uses} == {"", "run"}


def test_the_share_below_a_use_follows_the_stacks(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(PYTHON)
    uses = Source(tmp_path, [Path("a.py")]).uses("BLOCK")
    main, direct, leaf = Frame("main", "a.py"), Frame("direct", "a.py"), Frame("leaf", "b.py")
    twin = Frame("direct", "other/b.py")
    stacks = [Stack((main, direct, leaf), 6.0), Stack((main, leaf), 3.0), Stack((main, twin), 1.0)]
    assert share_below(Profile.of(stacks), uses) == pytest.approx(0.6)
    unseen = Profile.of([Stack((main,), 1.0)])
    assert share_below(unseen, uses) is None  # perhaps inlined: no bound
    assert share_below(unseen, [use for use in uses if not use.function]) == 0.0


def test_a_compiled_function_is_known_by_name_and_module(tmp_path: Path) -> None:
    (tmp_path / "batch.rs").write_text(RUST)
    uses = Source(tmp_path, [Path("batch.rs")]).uses("BLOCK")
    core = "quantforge/_core.abi3.so"
    ours = Frame("quantforge_core::batch::direct::<f64>", core)
    others = Frame("rayon::iter::direct", core)
    found = share_below(Profile.of([Stack((ours,), 3.0), Stack((others,), 1.0)]), uses)
    assert found == pytest.approx(0.75)


def test_names_carry_on_only_where_they_are_seen(tmp_path: Path) -> None:
    """A private constant of Rust is nobody's in another file, nor a public one in Python."""
    (tmp_path / "a.rs").write_text(
        "pub const BLOCK: usize = 64;\nconst TABLE: usize = 2 * BLOCK;\n"
        "pub const DOUBLE: usize = 2 * BLOCK;\nfn inside() -> usize { TABLE }\n"
    )
    (tmp_path / "b.rs").write_text(
        "fn other() -> usize { TABLE }\nfn outside() -> usize { DOUBLE }\n"
    )
    (tmp_path / "c.py").write_text("def third():\n    return TABLE + DOUBLE\n")
    uses = Source(tmp_path, [Path("a.rs"), Path("b.rs"), Path("c.py")]).uses("BLOCK")
    assert {use.function for use in uses if use.function} == {"inside", "outside"}


def test_python_names_carry_on_to_files_that_import_the_module(tmp_path: Path) -> None:
    """Or a package that passes them on; a name of the same spelling elsewhere is another."""
    texts = {
        "app/__init__.py": "from .limits import BLOCK, SIZE\n",
        "app/limits.py": "BLOCK = 64\nSIZE = 2 * BLOCK\n",
        "app/inside.py": "from . import (\n    limits,\n)\ndef inside():\n    return limits.SIZE\n",
        "user.py": "import app\ndef user():\n    return app.SIZE\n",
        "other.py": "SIZE = 3  # no limits of app\ndef other():\n    return SIZE\n",
    }
    (tmp_path / "app").mkdir()
    for file, text in texts.items():
        (tmp_path / file).write_text(text)
    uses = Source(tmp_path, [Path(file) for file in texts]).uses("BLOCK")
    assert {use.function for use in uses if use.function} == {"inside", "user"}


def test_uses_in_tests_come_last(tmp_path: Path) -> None:
    for name in ("test_a.py", "z.py"):
        (tmp_path / name).write_text(f"def {name[:-3]}():\n    return BLOCK\n")
    uses = Source(tmp_path, [Path("test_a.py"), Path("z.py")]).uses("BLOCK")
    assert [use.file for use in uses] == ["z.py", "test_a.py"]
