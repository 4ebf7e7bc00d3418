"""Keys of TOML, YAML and JSON files, compared with independent readers of these formats."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tighten.errors import BindingError, StudyError
from tighten.parameters.document import ConfigKey

PROPERTY = settings(max_examples=40, deadline=None, database=None)

TOML_TEXT = """\ufeff# top\r
a = 1_000 # c\r
b.c = 1.5
[t.'u v']
x = { y = 1.5, z = [1, 0x2f, # in a list
  3] }
[[k]]
n = true
[[k]]
n = "s"
[k.q]
r = 'lit'
d = 2020-01-01
i = inf
"""
YAML_TEXT = """\ufeff# top\r
a: # c
  x: 0x10  # keep
  y: "q"
  z: 1.0e-3
  l:
  - 1
  - k: !!int 2
b: {c: 1, d: [2, 3.0]}   # flow
e: &anchor 5
f: *anchor
g: |
  text
h:
'q k': yes
s: dynamic
t: true
u: 010
v: null
w: 'it''s'
x: 12:30
y: .inf
z: two words
"""
JSON_TEXT = """{"a": {"b": [1, 2.5e3, true, null]},\r
\t"c": "s\\n\\u00e9",   "d.e": -1,
  "f": {} }"""
TEXTS = {"toml": TOML_TEXT, "yaml": YAML_TEXT, "json": JSON_TEXT}


def loaded(text: bytes, format_: str) -> Any:
    decoded = text.decode("utf-8").removeprefix("\ufeff")
    if format_ == "toml":
        return tomllib.loads(decoded)
    return json.loads(decoded) if format_ == "json" else YAML(typ="safe").load(io.StringIO(decoded))


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def key(format_: str, path: str) -> ConfigKey:
    return ConfigKey(parameter="p", file=Path(f"c.{format_}"), format=format_, key=path)


EDITS = [
    ("toml", "a", ("a",), 25000, "25_000"),
    ("toml", "b.c", ("b", "c"), 2, "2.0"),
    ("toml", "b.c", ("b", "c"), "auto", '"auto"'),
    ("toml", "b.c", ("b", "c"), 1e-20, "1.0e-20"),
    ("toml", "t.'u v'.x.z[1]", ("t", "u v", "x", "z", 1), 255, "0xff"),
    ("toml", 't."u v".x.z.2', ("t", "u v", "x", "z", 2), -1, "-1"),
    ("toml", "k[0].n", ("k", 0, "n"), False, "false"),
    ("toml", "k[1].n", ("k", 1, "n"), 'o"k', '"o\\"k"'),
    ("toml", "k.1.q.r", ("k", 1, "q", "r"), "C:\\x", "'C:\\x'"),
    ("yaml", "a.x", ("a", "x"), 255, "0xff"),
    ("yaml", "a.y", ("a", "y"), "no", '"no"'),
    ("yaml", "a.z", ("a", "z"), 2.5e-6, "2.5e-6"),
    ("yaml", "a.l[0]", ("a", "l", 0), 3, "3"),
    ("yaml", "b.c", ("b", "c"), 4, "4"),
    ("yaml", "b.d[1]", ("b", "d", 1), 0.5, "0.5"),
    ("yaml", "b.d.0", ("b", "d", 0), -7, "-7"),
    ("yaml", "e", ("e",), 6, "6"),
    ("yaml", "s", ("s",), "static", "static"),
    ("yaml", "s", ("s",), "yes", '"yes"'),
    ("yaml", "s", ("s",), "null", '"null"'),
    ("yaml", "s", ("s",), "12", '"12"'),
    ("yaml", "s", ("s",), "a: b # c", '"a: b # c"'),
    ("yaml", "s", ("s",), 4, "4"),
    ("yaml", "t", ("t",), False, "false"),
    ("yaml", "w", ("w",), "x'y", "'x''y'"),
    ("yaml", "z", ("z",), "auto", "auto"),
    ("json", "a.b[0]", ("a", "b", 0), 5, "5"),
    ("json", "a.b[1]", ("a", "b", 1), 100.0, "1.0e2"),
    ("json", "a.b.2", ("a", "b", 2), False, "false"),
    ("json", "c", ("c",), '日"\n', '"日\\"\\n"'),
    ("json", '"d.e"', ("d.e",), 3, "3"),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "path", "steps", "value", "written"), EDITS)
def test_only_the_scalar_changes(
    tmp_path: Path, format_: Any, path: Any, steps: Any, value: Any, written: Any
) -> None:
    text, binding = TEXTS[format_].encode(), key(format_, path)
    (tmp_path / binding.file).write_bytes(text)
    reading = binding.read(tmp_path)
    assert reading.value == at(loaded(text, format_), steps)
    assert reading.place is not None
    edited = binding.edit(text, value)
    assert at(loaded(edited, format_), steps) == value
    assert type(at(loaded(edited, format_), steps)) is type(value) or value == 2
    splice = binding.splice(text, value)
    assert text[splice.start : splice.end].decode() == reading.place.text
    assert edited == text[: splice.start] + written.encode() + text[splice.end :]
    lines = text.decode().splitlines(keepends=True)
    column = reading.place.column - 1 + (reading.place.line == 1 and text[:3] == b"\xef\xbb\xbf")
    assert lines[reading.place.line - 1][column:].startswith(reading.place.text)
    assert reading.value is not None
    assert binding.edit(text, reading.value) == text
    assert binding.edit(edited, value) == edited


REFUSED = [
    ("toml", "k[1].q.d", "a local date"),
    ("toml", "k[1].q.i", "inf is not a literal"),
    ("toml", "t.x", "no key 'x' under t"),
    ("toml", "zz", "no key 'zz'; correct the key"),
    ("toml", "k[1].q", "a table"),
    ("toml", "b", "a table"),
    ("toml", "k[7].n", "no key '7' under k"),
    ("toml", "t.'u v'.x.z", "a list"),
    ("yaml", "a.l[1].k", "flow node"),
    ("yaml", "f", "an alias"),
    ("yaml", "g", "a block of text"),
    ("yaml", "h", "empty"),
    ("yaml", "'q k'", "not read alike by YAML 1.1 and 1.2"),
    ("yaml", "u", "not read alike"),
    ("yaml", "x", "not read alike"),
    ("yaml", "y", "not read alike"),
    ("yaml", "v", "null holds no value"),
    ("yaml", "a", "a mapping"),
    ("yaml", "a.l", "a list"),
    ("yaml", "a.q", "no key 'q' under a"),
    ("json", "a.b[3]", "null"),
    ("json", "a.b[4]", "no key '4' under a.b"),
    ("json", "f", "an object"),
    ("json", "d.e", "no key 'd'"),
]


@pytest.mark.parametrize(("format_", "path", "message"), REFUSED)
def test_what_holds_no_value_is_refused(
    tmp_path: Path, format_: Any, path: Any, message: Any
) -> None:
    binding = key(format_, path)
    (tmp_path / binding.file).write_bytes(TEXTS[format_].encode())
    with pytest.raises(BindingError, match=message) as caught:
        binding.read(tmp_path)
    assert str(caught.value).startswith(f"parameter p: {path} in c.{format_}")


@pytest.mark.parametrize(
    ("format_", "text", "message"),
    [
        ("json", '{"a": 1 "b": 2}', r"c\.json:1:\d+: it cannot be parsed"),
        ("json", '{"a": 1, "a": 2}', "stands 2 times, at 1:7, 1:15"),
        ("yaml", "a: 1\n b: 2\n:::", "cannot be parsed"),
        ("yaml", "a: 1\na: 2\n", "stands 2 times"),
        ("toml", "a = = 1\n", "cannot be parsed"),
        ("toml", "a = 1\na = 2\n", "stands 2 times"),
        ("json", "", "no key 'a'|cannot be parsed"),
        ("toml", "", "no key 'a'"),
        ("yaml", "", "no key 'a'"),
    ],
)
def test_broken_files_are_refused(format_: str, text: str, message: str) -> None:
    with pytest.raises(BindingError, match=message):
        key(format_, "a").edit(text.encode(), 3)


@pytest.mark.parametrize(
    ("format_", "path", "value"),
    [
        ("toml", "a", 1.5), ("toml", "a", 2**63), ("toml", "a", True), ("toml", "k[0].n", 1),
        ("toml", "b.c", float("nan")), ("yaml", "a.x", 0.5), ("yaml", "t", 1),
        ("json", "a.b[0]", 0.5),
        ("json", "a.b[1]", float("inf")), ("json", "a.b[2]", 0),
    ],
)  # fmt: skip
def test_values_must_keep_the_kind(format_: str, path: str, value: Any) -> None:
    with pytest.raises(BindingError, match=r"does not fit .* allowed: "):
        key(format_, path).edit(TEXTS[format_].encode(), value)


@pytest.mark.parametrize("path", ["", "a..b", ".a", "a.", "a[x]", 'a."b', "a[0", "a[0]b"])
def test_malformed_keys_are_refused(path: str) -> None:
    with pytest.raises(StudyError, match="is no key"):
        key("toml", path)


def test_unknown_formats_are_refused() -> None:
    with pytest.raises(StudyError, match="allowed: toml, yaml, json"):
        key("ini", "a")


def test_latin_1_files_keep_their_encoding() -> None:
    text = b"# caf\xe9\ns: plain\n"
    assert key("yaml", "s").edit(text, "other") == b"# caf\xe9\ns: other\n"
    with pytest.raises(BindingError, match="save the file as UTF-8"):
        key("yaml", "s").edit(text, "é")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), WORDS
)


@PROPERTY
@given(VALUES, st.sampled_from(["toml", "yaml", "json"]), st.sampled_from(["\n", "\r\n"]))
def test_independent_readers_agree(value: Any, format_: str, newline: str) -> None:
    present = '"x"' if isinstance(value, str) else "1.0" if isinstance(value, float) else "1"
    text = {
        "toml": f"# c\n[s] # t\nk = {present} # e\nl = 2\n",
        "yaml": f"# c\ns:  # t\n  k:   {present}  # e\n  l: 2\n",
        "json": f'{{"s": {{\n  "k" : {present} ,"l": 2}}}}\n',
    }[format_].replace("\n", newline)
    edited = key(format_, "s.k").edit(text.encode(), value)
    result = loaded(edited, format_)["s"]
    assert result == {"k": value, "l": 2}
    assert type(result["k"]) is type(value)
    assert key(format_, "s.l").edit(edited, 3) == edited.replace(
        *((b"l = 2", b"l = 3") if format_ == "toml" else (b"l: 2", b"l: 3") if format_ == "yaml"
          else (b'"l": 2', b'"l": 3'))
    )  # fmt: skip


def test_json_exponents_with_a_plus_sign() -> None:
    text = b'{"a": 1, "big": 1e+17, "word": "1e+5"}'
    assert key("json", "a").edit(text, 2) == b'{"a": 2, "big": 1e+17, "word": "1e+5"}'
    assert key("json", "big").edit(text, 2e20) == b'{"a": 1, "big": 2e+20, "word": "1e+5"}'
    assert key("json", "word").edit(text, "1e+5") == text
