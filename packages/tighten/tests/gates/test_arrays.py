"""Result files in every format, and comparisons that must not be fooled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tighten.gates import NanPolicy, Tolerance
from tighten.gates.arrays import disagreement, distance, read_arrays, worst_error

if TYPE_CHECKING:
    from pathlib import Path

EXACT = Tolerance()


def write_npz(path: Path) -> None:
    np.savez(path, a=np.array([1.0, 2.5]), b=np.array([3, 4]))


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table({"a": [1.0, 2.5], "b": [3, 4]}), path)


def write_csv(path: Path) -> None:
    path.write_text("a,b\n1.0,3\n2.5,4\n")


def write_json(path: Path) -> None:
    path.write_text(json.dumps({"a": [1.0, 2.5], "b": [3, 4]}))


@pytest.mark.parametrize("write", [write_npz, write_parquet, write_csv, write_json])
def test_the_format_is_told_by_content(tmp_path: Path, write) -> None:
    path = tmp_path / "result"
    write(path)
    if not path.exists():  # np.savez adds its suffix
        path = path.with_suffix(".npz")
    arrays = read_arrays(path)
    assert arrays["a"].tolist() == [1.0, 2.5]
    assert arrays["b"].tolist() == [3, 4]


def test_npy_is_one_array(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(2))
    assert read_arrays(tmp_path / "x.npy")["array"].shape == (2, 2)


def test_nested_json_is_flattened(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text('{"mass": {"error": 1e-14}}')
    assert read_arrays(path)["mass.error"].item() == 1e-14


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="pickle"):
        read_arrays(tmp_path / "x.npy")


@pytest.mark.parametrize("content", ['{"a": [[1, 2], [3]]}', '{"a": null}'])
def test_json_that_is_no_array_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r"
    path.write_text(content)
    with pytest.raises(ValueError, match="a: "):
        read_arrays(path)


def said(found, reference, **tolerance) -> str | None:
    return disagreement(
        {"x": np.asarray(found)}, {"x": np.asarray(reference)}, Tolerance(**tolerance)
    )


def test_the_worst_element_is_named_with_both_values_and_error() -> None:
    text = said([[1.0, 2.0], [3.0, 4.4]], [[1.0, 2.1], [3.0, 4.0]], rtol=1e-3)
    assert text is not None
    assert text.startswith("x[1, 1] = ")
    assert "4.4" in text
    assert "4.0" in text
    assert "error 0.4, relative 0.1; 2 of 4 elements disagree" in text


def test_equal_values_agree_without_tolerance() -> None:
    assert said([1.0, np.inf, -0.0], [1.0, np.inf, 0.0]) is None


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        ([np.nan], [1.0]),
        ([1.0], [np.nan]),
        ([np.inf], [1.0]),
        ([np.inf], [-np.inf]),
        ([1.0], [np.inf]),
    ],
)
def test_nan_and_infinity_agree_with_nothing_else(found, reference) -> None:
    assert said(found, reference, rtol=1.0, atol=1e300) is not None


def test_nan_agrees_with_nan_unless_forbidden() -> None:
    assert said([np.nan], [np.nan]) is None
    text = said([np.nan], [np.nan], nan=NanPolicy.FORBID)
    assert text == "x[0] is NaN, and this gate forbids NaN"


def test_missing_extra_and_misshapen_arrays_are_named() -> None:
    one = {"x": np.zeros(2)}
    assert disagreement({}, one, EXACT) == "missing from the result: x"
    assert disagreement({**one, "y": np.zeros(2)}, one, EXACT) == "not in the reference: y"
    assert disagreement({"x": np.zeros(3)}, one, EXACT) == "x: shape (3,), reference (2,)"
    assert disagreement({}, {}, EXACT) == "the reference holds no arrays"


def test_text_is_compared_for_equality() -> None:
    assert said(["a", "b"], ["a", "b"]) is None
    assert "'c'" in str(said(["a", "c"], ["a", "b"]))


def test_large_integers_are_not_rounded() -> None:
    assert said([2**62], [2**62 + 1]) is not None


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
    st.integers(min_value=0, max_value=8),
)
def test_ulp_limit_is_sharp(value: float, steps: int) -> None:
    moved = value
    for _ in range(steps):
        moved = float(np.nextafter(moved, np.inf))
    assert said([moved], [value], ulp=steps + 1) is None
    spacing = float(np.spacing(abs(value)))
    if abs(moved - value) > steps * spacing / 2 > 0:
        assert said([moved], [value]) is not None


def test_worst_error_is_relative() -> None:
    assert worst_error({"x": np.array([1.1, 0.0])}, {"x": np.array([1.0, 0.0])}) == pytest.approx(
        0.1
    )


def test_bitwise_tells_what_equality_does_not() -> None:
    bits = Tolerance(bitwise=True)
    zero, negative = {"a": np.array([0.0, np.nan])}, {"a": np.array([-0.0, np.nan])}
    assert disagreement(zero, negative, EXACT) is None
    assert disagreement(zero, negative, bits) is not None
    assert disagreement(zero, zero, bits) is None
    assert "type" in (disagreement({"a": np.float32([1])}, {"a": np.ones(1)}, bits) or "")


def test_each_output_has_its_own_tolerance() -> None:
    reference = {"price/call": np.array([1.0]), "price/put": np.array([1.0]), "n": np.array([4])}
    found = {**reference, "price/call": np.array([1.0 + 2**-52]), "price/put": np.array([1 + 1e-9])}
    policy = Tolerance(
        bitwise=True,
        outputs={"price/c*": Tolerance(ulp=1), "price/*": Tolerance(rtol=1e-8)},
    )
    assert disagreement(found, reference, policy) is None
    assert "n" in (disagreement({**found, "n": np.array([5])}, reference, policy) or "")
    far = {**found, "price/call": np.array([1.0 + 2**-50])}
    assert "price/call" in (disagreement(far, reference, policy) or "")


@given(ulps=st.integers(0, 1000))
def test_the_distance_counts_units_in_the_last_place(ulps: int) -> None:
    reference, found = {"a": np.array([1.0, 3.0])}, {"a": np.array([1.0 + ulps * 2**-52, 3.0])}
    apart = distance(found, reference)
    assert (apart.bitwise, apart.ulp, apart.output) == (ulps == 0, ulps, "a")
    assert apart.relative == pytest.approx(ulps * 2**-52)


def test_a_number_that_became_infinite_is_infinitely_far() -> None:
    apart = distance({"a": np.array([np.inf])}, {"a": np.array([1.0])})
    assert (apart.bitwise, apart.ulp) == (False, np.inf)
