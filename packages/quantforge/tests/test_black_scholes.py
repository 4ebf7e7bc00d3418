"""European prices: exactness, limits, shapes, bad input."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantforge import _grid, black_scholes

ROWS = 250


@pytest.mark.parametrize("name", _grid.REGIONS)
def test_prices_match_sixty_digits(
    name: str, exact_prices: Callable[..., Any], relative_error: Callable[..., Any]
) -> None:
    options = _grid.region(name, ROWS)
    found = (
        black_scholes.call_price_batch(*options.arguments()),
        black_scholes.put_price_batch(*options.arguments()),
    )
    for side, price in zip(exact_prices(options), found, strict=True):
        assert relative_error(price, side).max() <= 4e-15


def test_scalar_and_batch_agree() -> None:
    options = _grid.market(101, seed=1)
    batch = black_scholes.call_price_batch(*options.arguments())
    one = [black_scholes.call_price(*row) for row in np.transpose(options.arguments())]
    np.testing.assert_array_max_ulp(batch, np.array(one), maxulp=2)


def test_published_value() -> None:
    # Hull, Options, Futures and Other Derivatives: S=42, K=40, T=0.5, r=0.1, sigma=0.2.
    assert black_scholes.call_price(42.0, 40.0, 0.5, 0.1, 0.2) == pytest.approx(4.759422, abs=5e-7)
    assert black_scholes.put_price(42.0, 40.0, 0.5, 0.1, 0.2) == pytest.approx(0.808599, abs=5e-7)


@pytest.mark.parametrize("rows", [0, 1, 7, 100, 128, 129, 30_001, 200_003])
def test_every_size_gives_the_same_rows(rows: int) -> None:
    options = _grid.market(200_003, seed=2)
    whole = black_scholes.call_price_batch(*options.arguments(), threads=1)
    part = black_scholes.call_price_batch(*(x[:rows] for x in options.arguments()))
    np.testing.assert_array_equal(part, whole[:rows])


@pytest.mark.parametrize(
    ("t", "sigma", "spot", "call"),
    [
        (0.0, 0.2, 120.0, 20.0),
        (0.0, 0.2, 80.0, 0.0),
        (0.0, 0.0, 100.0, 0.0),
        (1.0, 0.0, 120.0, 20.0),
        (1.0, 1e3, 100.0, 100.0),
    ],
)
def test_limits(t: float, sigma: float, spot: float, call: float) -> None:
    found = black_scholes.call_price(spot, 100.0, t, 0.0, sigma)
    assert found == pytest.approx(call, abs=1e-130)


def test_broadcasting_equals_numpy_broadcasting() -> None:
    strikes = np.linspace(80.0, 120.0, 5)[:, None]
    times = np.array([0.5, 1.0, 2.0])
    found = black_scholes.call_price_batch(100.0, strikes, times, 0.03, 0.2)
    full = np.broadcast_arrays(100.0, strikes, times, 0.03, 0.2)
    flat = black_scholes.call_price_batch(*(np.ascontiguousarray(x).ravel() for x in full))
    np.testing.assert_array_equal(found, flat.reshape(5, 3))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[::-1],
        lambda x: x[::3],
        lambda x: x.reshape(20, 15).T,
        lambda x: x.reshape(5, 4, 15)[::2, ::-1, 1::2],
        lambda x: np.broadcast_to(x[:7], (3, 7)),
    ],
)
def test_strided_views_are_read_in_place(view: Any) -> None:
    arguments = _grid.market(300, seed=3).arguments()
    views = [view(x) for x in arguments]
    found = black_scholes.call_price_batch(*views)
    copies = [np.ascontiguousarray(x) for x in views]
    np.testing.assert_array_equal(found, black_scholes.call_price_batch(*copies))


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int16, ">f8", np.float16])
def test_other_dtypes_are_converted(dtype: Any) -> None:
    strikes = np.arange(90, 111).astype(dtype)
    found = black_scholes.call_price_batch(100.0, strikes, 1.0, 0.03, 0.2)
    expected = black_scholes.call_price_batch(100.0, strikes.astype(float), 1.0, 0.03, 0.2)
    np.testing.assert_array_equal(found, expected)


def test_lists_and_numbers_are_read() -> None:
    found = black_scholes.call_price_batch(100, [90, 110], 1, 0.03, 0.2)
    assert found.shape == (2,)
    assert isinstance(black_scholes.call_price_batch(100.0, 90.0, 1.0, 0.03, 0.2), float)


def test_out_is_filled_and_returned() -> None:
    options = _grid.market(100, seed=4)
    out = np.empty(100)
    assert black_scholes.call_price_batch(*options.arguments(), out=out) is out
    np.testing.assert_array_equal(out, black_scholes.call_price_batch(*options.arguments()))


@pytest.mark.parametrize("name", ["same", "shifted", "strided", "single"])
def test_unusual_out_is_filled_correctly(name: str) -> None:
    memory = _grid.market(201, seed=5).spots.copy()
    spots = memory[:200]
    arguments = (spots.copy(), *(x[:200] for x in _grid.market(201, seed=5).arguments()[1:]))
    out: Any = {
        "same": spots,
        "shifted": memory[1:],
        "strided": np.empty(400)[::2],
        "single": np.empty(200, np.float32),
    }[name]
    expected = black_scholes.call_price_batch(*arguments)
    black_scholes.call_price_batch(spots, *arguments[1:], out=out)
    np.testing.assert_array_equal(out, expected.astype(out.dtype))


def test_read_only_out_is_refused() -> None:
    out = np.zeros(2)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="out is read-only"):
        black_scholes.call_price_batch(100.0, [90.0, 110.0], 1.0, 0.03, 0.2, out=out)
    assert (out == 0.0).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[2\], \[3\] cannot be broadcast"):
        black_scholes.call_price_batch([1.0, 2.0], [1.0, 2.0, 3.0], 1.0, 0.03, 0.2)
    with pytest.raises(ValueError, match=r"out has shape \[3\]"):
        black_scholes.call_price_batch(100.0, [90.0, 110.0], 1.0, 0.03, 0.2, out=np.empty(3))


BAD = [
    ("spots", 0, -1.0),
    ("strikes", 1, math.nan),
    ("times", 2, -0.5),
    ("rates", 3, math.inf),
    ("sigmas", 4, -0.2),
]


@pytest.mark.parametrize(("name", "position", "value"), BAD)
def test_bad_rows_are_named_and_spoil_no_other(name: str, position: int, value: float) -> None:
    arguments = [x.copy() for x in _grid.market(300, seed=6).arguments()]
    clean = black_scholes.call_price_batch(*arguments)
    arguments[position][217] = value
    with pytest.raises(ValueError, match=rf"row 217: {name} is .*must be"):
        black_scholes.call_price_batch(*arguments)
    found, status = black_scholes.call_price_batch(*arguments, on_error="status")
    assert status.nonzero()[0].tolist() == [217]
    assert math.isnan(found[217])
    found[217] = clean[217]
    np.testing.assert_array_equal(found, clean)
    assert np.isnan(black_scholes.call_price_batch(*arguments, on_error="nan")).sum() == 1


def test_bad_scalar_is_refused() -> None:
    with pytest.raises(ValueError, match="s is -1, but must be positive"):
        black_scholes.call_price(-1.0, 100.0, 1.0, 0.03, 0.2)


@pytest.mark.parametrize("bad", [["a"], [1j], [None], object()])
def test_unreadable_types_are_refused(bad: Any) -> None:
    with pytest.raises(TypeError, match="spots cannot be read"):
        black_scholes.call_price_batch(bad, 100.0, 1.0, 0.03, 0.2)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValueError, match="on_error is"):
        black_scholes.call_price_batch(1.0, 1.0, 1.0, 0.0, 0.2, on_error="ignore")  # type: ignore[call-overload]
    for threads in (0, -2):
        with pytest.raises(ValueError, match=f"threads is {threads}, but must be >= 1"):
            black_scholes.call_price_batch(1.0, 1.0, 1.0, 0.0, 0.2, threads=threads)


@pytest.mark.parametrize(
    ("word", "hint"), [("is_call", " (did you mean is_calls?)"), ("dividends", ""), ("vol", "")]
)
def test_unknown_keywords_of_batches_are_named(word: str, hint: str) -> None:
    unknown: dict[str, Any] = {word: True}
    with pytest.raises(TypeError) as refusal:
        black_scholes.price_and_greeks_batch([1.0], 1.0, 1.0, 0.0, 0.2, **unknown)
    assert str(refusal.value) == (
        f"unexpected keyword argument {word!r}{hint}; the options are out, on_error, threads"
    )
