"""The ufuncs behave as NumPy's own and agree with the batch functions."""

import numpy as np
import pytest

from quantforge import _grid, american, merton, ufunc

MARKET = _grid.market(1_000, 3)
CHAIN = (*MARKET.arguments()[:4], 0.02, MARKET.sigmas)
SIDES = np.arange(1_000) % 2 == 0


def test_they_are_ufuncs() -> None:
    for name in ufunc.__all__:
        function = getattr(ufunc, name)
        assert isinstance(function, np.ufunc)
        assert function.types[-1].startswith("dddddd?->")
        assert function.identity is None
    assert ufunc.greeks.nout == 6


def test_values_are_those_of_the_batch_functions() -> None:
    expected = merton.price_and_greeks_batch(*CHAIN, SIDES)
    for found, wanted in zip(ufunc.greeks(*CHAIN, SIDES), expected.values(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    prices = expected["price"], *CHAIN[:5], SIDES
    np.testing.assert_array_equal(
        ufunc.implied_volatility(*prices), merton.implied_volatility_batch(*prices)
    )
    np.testing.assert_array_equal(
        ufunc.american_price(*CHAIN, False), american.put_price_batch(*CHAIN)
    )


def test_shapes_broadcast_and_strides_are_read() -> None:
    strikes = np.linspace(80.0, 120.0, 24).reshape(2, 3, 4)[::-1, :, ::2]
    years = np.array([0.5, 1.0, 2.0])[:, None]
    found = ufunc.price(100.0, strikes, years, 0.03, 0.0, 0.2, True)
    expected = merton.call_price_batch(100.0, strikes, years, 0.03, 0.0, 0.2)
    assert found.shape == (2, 3, 2)
    np.testing.assert_array_equal(found, expected)


def test_out_may_be_strided_and_may_be_an_input() -> None:
    spots = np.tile(MARKET.spots, 2)
    expected = ufunc.price(MARKET.spots, *CHAIN[1:], True)
    out = np.zeros(2_000)
    assert ufunc.price(MARKET.spots, *CHAIN[1:], True, out=out[::2]).base is out
    np.testing.assert_array_equal(out[::2], expected)
    assert not out[1::2].any()
    own = spots[:1_000]
    ufunc.price(own, *CHAIN[1:], True, out=own)
    np.testing.assert_array_equal(own, expected)


def test_where_leaves_the_other_rows_alone() -> None:
    out = np.full(1_000, -1.0)
    ufunc.price(*CHAIN, True, out=out, where=SIDES)
    assert (out[~SIDES] == -1.0).all()
    np.testing.assert_array_equal(out[SIDES], ufunc.price(*CHAIN, True)[SIDES])


def test_single_precision_is_rounded_once() -> None:
    narrow = [np.asarray(x, dtype=np.float32) for x in CHAIN]
    found = ufunc.price(*narrow, SIDES)
    assert found.dtype == np.float32
    wide = ufunc.price(*(x.astype(float) for x in narrow), SIDES)
    np.testing.assert_array_equal(found, wide.astype(np.float32))
    assert ufunc.price(*narrow, SIDES, dtype=np.float64).dtype == np.float64


def test_a_bad_row_is_nan_and_an_invalid_condition() -> None:
    spots = np.array([100.0, -1.0, 100.0])
    with np.errstate(invalid="ignore"):
        found = ufunc.price(spots, 100.0, 1.0, 0.0, 0.0, 0.2, True)
    assert np.isnan(found).tolist() == [False, True, False]
    with np.errstate(all="raise"):
        assert ufunc.price(100.0, 1e-3, 1e-5, 0.0, 0.0, 1e-3, False) == 0.0
        with pytest.raises(FloatingPointError):
            ufunc.price(spots, 100.0, 1.0, 0.0, 0.0, 0.2, True)


def test_what_numpy_cannot_cast_is_refused() -> None:
    with pytest.raises(TypeError):
        ufunc.price(100.0, 100.0, 1.0, 0.0, 0.0, 0.2, 1.0)
    with pytest.raises(ValueError, match="reduc"):
        ufunc.price.reduce(np.ones(3))
