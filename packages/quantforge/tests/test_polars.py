"""Polars expressions."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from polars.exceptions import ComputeError

import quantforge.polars as qp
from quantforge import american, black_scholes, merton

ROWS = 500
RNG = np.random.default_rng(4)
CHAIN = pl.DataFrame(
    {
        "spot": RNG.uniform(80.0, 120.0, ROWS),
        "strike": RNG.uniform(80.0, 120.0, ROWS),
        "years": RNG.uniform(0.1, 2.0, ROWS),
        "call": RNG.uniform(size=ROWS) < 0.5,
        "group": np.arange(ROWS) % 7,
    }
)
EXPECTED = merton.greeks_batch(
    CHAIN["spot"].to_numpy(),
    CHAIN["strike"].to_numpy(),
    CHAIN["years"].to_numpy(),
    0.03,
    0.01,
    0.2,
    CHAIN["call"].to_numpy(),
)
PRICE = qp.price(
    "spot",
    pl.col("strike") * 1.0,
    years="years",
    volatility=0.2,
    rate=0.03,
    dividend_yield=0.01,
    is_call="call",
)
GREEKS = qp.apply(merton.greeks_batch, "spot", "strike", "years", 0.03, 0.01, 0.2, "call")


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_prices_and_greeks_in_a_query(engine: str) -> None:
    query = CHAIN.lazy().with_columns(PRICE, GREEKS.struct.field("delta", "gamma"))
    found = query.collect(engine=engine)  # type: ignore[call-overload]
    for name in ("price", "delta", "gamma"):
        np.testing.assert_array_equal(found[name].to_numpy(), EXPECTED[name])


def test_schema_is_known_before_anything_runs() -> None:
    assert CHAIN.lazy().select(PRICE).collect_schema() == {"price": pl.Float64}
    fields = CHAIN.lazy().select(GREEKS.alias("greeks").struct.unnest()).collect_schema()
    assert list(fields) == list(EXPECTED)


def test_groups_are_priced_alike() -> None:
    found = CHAIN.with_columns(PRICE.over("group"))
    np.testing.assert_array_equal(found["price"].to_numpy(), EXPECTED["price"])
    sums = CHAIN.group_by("group").agg(PRICE.sum()).sort("group")
    expected = [EXPECTED["price"][group::7].sum() for group in range(7)]
    np.testing.assert_allclose(sums["price"].to_numpy(), expected, rtol=1e-13)


def test_nulls_are_refused_or_nan() -> None:
    frame = pl.DataFrame({"strike": [90.0, None]})
    arguments = (100.0, "strike", 1.0, 0.03, 0.2)
    # Polars 2 hands on the error itself, Polars 1 its text.
    with pytest.raises((ValueError, ComputeError), match="row 1: strikes is null"):
        frame.select(qp.apply(black_scholes.call_price_batch, *arguments))
    found = frame.select(qp.apply(black_scholes.call_price_batch, *arguments, on_error="nan"))
    assert found.to_series().is_nan().to_list() == [False, True]
    pair = qp.apply(black_scholes.call_price_batch, *arguments, on_error="status").alias("x")
    assert frame.select(pair).unnest("x")["status"].to_list() == [0, 1]


def test_american_options_and_empty_frames() -> None:
    early = qp.price("spot", "strike", years="years", volatility=0.2, style="american")
    expected = american.call_price_batch(
        CHAIN["spot"].to_numpy(), CHAIN["strike"].to_numpy(), CHAIN["years"].to_numpy(), 0, 0, 0.2
    )
    np.testing.assert_array_equal(CHAIN.select(early).to_series().to_numpy(), expected)
    assert CHAIN.clear().select(early).shape == (0, 1)


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(TypeError, match="no argument is a column"):
        qp.price(100.0, 90.0, years=1.0, volatility=0.2)
    with pytest.raises(TypeError, match="out is not for expressions"):
        qp.price("spot", 90.0, years=1.0, volatility=0.2, out=np.empty(3))


def test_polars_is_asked_for_by_name() -> None:
    code = "import sys; sys.modules['polars'] = None; import quantforge.polars"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "quantforge.polars needs Polars; install quantforge[polars]" in done.stderr
