"""pandas, Polars and Arrow columns: results in kind, nulls refused or NaN, nothing copied."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import nanoarrow as na
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from quantforge import _columns, american, black76, black_scholes, merton, price

STRIKES = [90.0, 100.0, 110.0]
PRICES = black_scholes.call_price_batch(100.0, STRIKES, 1.0, 0.03, 0.2)

MAKERS: dict[str, Callable[..., Any]] = {
    "pandas": lambda values: pd.Series(values, copy=False),
    "pandas nullable": lambda values: pd.Series(values).astype("Float64"),
    "pandas arrow": lambda values: pd.Series(values, dtype=pd.ArrowDtype(pa.float64())),
    "polars": lambda values: pl.Series(values, dtype=pl.Float64),
    "pyarrow": lambda values: pa.array(values, pa.float64()),
    "pyarrow chunks": lambda values: pa.chunked_array([values[:1], values[1:]], pa.float64()),
    "pyarrow slice": lambda values: pa.array([0.0, *values], pa.float64())[1:],
    "nanoarrow": lambda values: na.Array(values, na.float64()),
    "nanoarrow slice": lambda values: na.Array(pa.array([0.0, *values], pa.float64())[1:]),
}
NULLABLE = [name for name in MAKERS if name != "pandas"]


def values_of(column: Any) -> list[float]:
    return column.to_pylist() if hasattr(column, "to_pylist") else list(column)


def calls(strikes: Any, **options: Any) -> Any:
    return black_scholes.call_price_batch(100.0, strikes, 1.0, 0.03, 0.2, **options)


class Foreign:
    """An object of an unknown library that offers its values over the Arrow interface."""

    def __init__(self, values: list[float]) -> None:
        self.values = pa.array(values)

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.values.__arrow_c_array__(requested_schema)


@pytest.mark.parametrize("kind", MAKERS)
def test_results_come_in_kind(kind: str) -> None:
    column = MAKERS[kind](STRIKES)
    found = calls(column)
    assert type(found) is type(column)
    assert values_of(found) == PRICES.tolist()
    mixed = merton.greeks_batch(np.full(3, 100.0), column, 1.0, 0.03, 0.01, [0.2, 0.2, 0.3])
    assert {type(greek) for greek in mixed.values()} == {type(column)}
    assert values_of(price(100.0, column, years=1.0, volatility=0.2, rate=0.03)) == pytest.approx(
        PRICES.tolist(), rel=1e-15
    )


@pytest.mark.parametrize("kind", NULLABLE)
def test_nulls_are_an_error_or_nan(kind: str) -> None:
    column = MAKERS[kind]([90.0, None, 110.0])
    with pytest.raises(ValueError, match=r"row 1: strikes is (null|NaN)"):
        calls(column)
    found = values_of(calls(column, on_error="nan"))
    assert np.isnan(found).tolist() == [False, True, False]
    assert found[::2] == PRICES[::2].tolist()
    found, status = calls(column, on_error="status")
    assert values_of(status) == [0, 1, 0]


@pytest.mark.parametrize(
    "flags",
    [
        pd.Series([True, None, False], dtype="boolean"),
        pl.Series([True, None, False]),
        pa.array([True, None, False]),
        pa.chunked_array([[True], [None, False]]),
        na.Array([True, None, False], na.bool_()),
    ],
)
def test_a_missing_side_spoils_its_row_only(flags: Any) -> None:
    arguments = (100.0, 100.0, 1.0, 0.03, 0.2)
    with pytest.raises(ValueError, match="row 1: is_call is null"):
        black_scholes.greeks_batch(*arguments, flags)
    found = black_scholes.greeks_batch(*arguments, flags, on_error="status")
    delta = np.array(values_of(found["delta"]))
    assert np.isnan(delta).tolist() == [False, True, False]
    assert delta[0] > 0.0 > delta[2]
    assert values_of(found["status"]) == [0, 1, 0]


def test_pandas_keeps_index_and_name() -> None:
    index = pd.Index(["a", "b", "c"], name="option")
    strikes = pd.Series(STRIKES, index=index, name="quote")
    found = calls(strikes)
    assert found.index is index
    assert found.name == "quote"
    times = pd.Series([1.0, 1.0, 1.0], index=index, name="time")
    assert black_scholes.call_price_batch(100.0, strikes, times, 0.03, 0.2).name is None
    with pytest.raises(ValueError, match="index of times differs from that of strikes"):
        black_scholes.call_price_batch(100.0, strikes, times[::-1], 0.03, 0.2)
    with pytest.raises(ValueError, match=r"\(3,\) do not fit an index of 1"):
        black_scholes.call_price_batch([1.0, 2.0, 3.0], strikes[:1], 1.0, 0.03, 0.2)


def test_polars_keeps_the_name_and_reads_decimals() -> None:
    strikes = pl.Series("quote", STRIKES)
    assert calls(strikes).name == "quote"
    assert calls(strikes.cast(pl.Decimal(10, 2))).to_list() == PRICES.tolist()


@pytest.mark.parametrize("dtype", [pa.float32(), pa.int64(), pa.uint8(), pa.decimal128(9, 2)])
def test_arrow_types_are_converted(dtype: Any) -> None:
    assert calls(pa.array(STRIKES).cast(dtype)).to_pylist() == PRICES.tolist()


def test_black76_reads_a_column_twice() -> None:
    rates = pl.Series([0.01, 0.02])
    found = black76.call_price_batch(100.0, 100.0, 1.0, rates, 0.2)
    assert found.to_list() == [black76.call_price(100.0, 100.0, 1.0, x, 0.2) for x in rates]


def test_other_arrow_objects_are_read_and_come_back_as_arrow() -> None:
    assert calls(Foreign(STRIKES)) == pa.array(PRICES)


def test_american_prices_and_implied_volatilities_keep_the_index() -> None:
    strikes = pd.Series(STRIKES, index=[7, 8, 9])
    early = american.put_price_batch(100.0, strikes, 1.0, 0.03, 0.0, 0.2)
    assert early.index.tolist() == [7, 8, 9]
    sigma = black_scholes.implied_volatility_batch(calls(strikes), 100.0, strikes, 1.0, 0.03)
    assert sigma.index.tolist() == [7, 8, 9]
    assert sigma.to_list() == pytest.approx([0.2] * 3, rel=1e-14)


@pytest.mark.parametrize(
    "column",
    [pl.Series(["a"]), pa.array(["a"]), na.Array(["a"], na.string()), pd.Series(["a"])],
)
def test_text_is_refused(column: Any) -> None:
    with pytest.raises(TypeError, match="strikes cannot be read as a"):
        calls(column)


def test_tables_and_mixed_libraries_are_refused() -> None:
    with pytest.raises(TypeError, match="strikes cannot be read as a column"):
        calls(pa.table({"a": STRIKES}))
    with pytest.raises(TypeError, match="spots comes from pandas but strikes from polars"):
        black_scholes.call_price_batch(pd.Series(STRIKES), pl.Series(STRIKES), 1.0, 0.03, 0.2)
    with pytest.raises(TypeError, match="spots has 2 axes, but columns such as strikes have one"):
        black_scholes.call_price_batch(np.ones((3, 1)), pl.Series(STRIKES), 1.0, 0.03, 0.2)


def test_given_arrays_are_filled() -> None:
    out = np.empty(3)
    assert values_of(calls(pl.Series(STRIKES), out=out)) == PRICES.tolist()
    np.testing.assert_array_equal(out, PRICES)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "nanoarrow"])
def test_values_are_read_and_given_where_they_lie(kind: str) -> None:
    values = np.linspace(80.0, 120.0, 1000)
    column = MAKERS[kind](values)
    (read, *_), _, wrap = _columns.read(("x",), (column,), True, None) or pytest.fail("not read")
    again = _columns.read(("x",), (wrap(values),), True, None) or pytest.fail("not read")
    for array in (read, again[0][0]):
        assert np.shares_memory(array, values) or kind == "nanoarrow"
        assert not array.flags.owndata


def test_no_library_is_imported_for_arrays() -> None:
    code = (
        "import sys, numpy, quantforge; "
        "quantforge.price(numpy.full(3, 100.0), [90, 100, 110], years=1, volatility=0.2); "
        "sys.exit(bool({'pandas', 'polars', 'pyarrow', 'nanoarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_readers_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"strikes offers Arrow .* quantforge\[arrow\]"):
        calls(Foreign(STRIKES))
