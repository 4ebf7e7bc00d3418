"""Size -> strategy tables: as text, and as source that a formatter leaves alone."""

from __future__ import annotations

import ast
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tighten.errors import BindingError, StudyError
from tighten.parameters.generated import Form, GeneratedTable
from tighten.parameters.strategies import StrategyTable, Tables

RUST = {
    "serial": "Strategy::Serial",
    "shares": "Strategy::Shares",
    "chunks": "Strategy::Chunks(16_384)",
}
WORDS = {name: f'"{name}"' for name in RUST}
SUFFIX = {Form.CONST: ".rs", Form.MATCH: ".rs", Form.PYTHON: ".py", Form.TOML: ".toml"}


@st.composite
def tables(draw: st.DrawFn) -> StrategyTable:
    sizes = sorted(draw(st.sets(st.integers(1, 10**12), max_size=5)))
    rows = [(0, draw(st.sampled_from(list(RUST))))]
    for size in sizes:
        others = [name for name in RUST if name != rows[-1][1]]
        rows.append((size, draw(st.sampled_from(others))))
    return StrategyTable(tuple(rows))


def binding(form: Form, file: str = "") -> GeneratedTable:
    is_rust = form in {Form.CONST, Form.MATCH}
    return GeneratedTable(
        parameter="SHARING",
        file=Path(file or f"table{SUFFIX[form]}"),
        form=form,
        name="sharing" if form is Form.MATCH else "SHARING",
        codes=RUST if is_rust else WORDS,
        type="Strategy" if is_rust else "",
    )


def markers(form: Form) -> bytes:
    comment = "//" if SUFFIX[form] == ".rs" else "#"
    lines = f"{comment} tighten:SHARING:begin\n{comment} tighten:SHARING:end\n"
    return f"{comment} above\n{lines}{comment} below\n".encode()


@given(table=tables())
def test_a_table_reads_back_from_its_text(table: StrategyTable) -> None:
    assert StrategyTable.parse(str(table)) == table
    assert str(table) in Tables(tuple(RUST))


@given(table=tables())
@pytest.mark.parametrize("form", list(Form))
def test_a_table_reads_back_from_every_form(
    form: Form, table: StrategyTable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = binding(form)
    text = one.edit(markers(form), str(table))
    root = tmp_path_factory.getbasetemp()
    (root / one.file).write_bytes(text)
    assert one.read(root).value == str(table)
    assert one.edit(one.edit(text, "serial"), str(table)) == text
    assert text.splitlines()[0].endswith(b"above")
    assert text.splitlines()[-1].endswith(b"below")


def test_python_and_toml_hold_what_the_table_says() -> None:
    table = StrategyTable.parse("serial, 30000: shares")
    python = "\n".join(binding(Form.PYTHON).source(table))
    assert ast.literal_eval(python.partition("=")[2].strip()) == ((0, "serial"), (30_000, "shares"))
    toml = tomllib.loads("\n".join(binding(Form.TOML).source(table)))
    assert toml["SHARING"][1] == {"size": 30_000, "strategy": "shares"}


@pytest.mark.skipif(shutil.which("rustfmt") is None, reason="needs rustfmt")
@pytest.mark.parametrize("form", [Form.CONST, Form.MATCH])
@pytest.mark.parametrize(
    "table", ["serial", "serial, 30000: shares", "serial, 30000: shares, 200000: chunks"]
)
def test_rust_tables_are_as_rustfmt_would_write_them(form: Form, table: str) -> None:
    text = binding(form).edit(markers(form), table)
    command = ["rustfmt", "--edition", "2024"]
    done = subprocess.run(command, input=text, capture_output=True, check=True)
    assert done.stdout == text


def test_a_formatter_may_lay_a_table_out_anew(tmp_path: Path) -> None:
    (tmp_path / "table.rs").write_text(
        "// tighten:SHARING:begin\nconst SHARING: [(usize, Strategy); 2] = [\n"
        "    (\n        0,\n        Strategy::Serial,\n    ),\n"
        "    (30_000, Strategy::Chunks( 16384 )),\n];\n// tighten:SHARING:end\n"
    )
    assert binding(Form.CONST).read(tmp_path).value == "serial, 30000: chunks"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("// nothing\n", "0 times"),
        ("// tighten:SHARING:begin\n(0, Strategy::Other)\n// tighten:SHARING:end\n", "no strategy"),
        ("// tighten:SHARING:begin\n// tighten:SHARING:end\n", "begin with"),
        ("// tighten:SHARING:end\n// tighten:SHARING:begin\n", "exchange"),
    ],
)
def test_a_file_without_a_table_says_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "table.rs").write_text(text)
    with pytest.raises(BindingError, match=said):
        binding(Form.CONST).read(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "5: serial", "serial, shares", "serial, 9: shares, 9: chunks", "a, 3: a", "a; b"]
)
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(StudyError):
        StrategyTable.parse(text)
    assert text not in Tables(("serial", "shares"))
