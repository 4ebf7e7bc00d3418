"""Bad input: one clear error or the state asked for; nothing else is touched."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from quantforge import _grid, black_scholes, merton, price

from fuzz import arrays, boundary

FIVE = ("spots", "strikes", "times", "rates", "sigmas")
PLAIN = (100.0, 95.0, 1.0, 0.03, 0.2)
BATCH = [function for function in boundary.functions() if "on_error" in function.options]
NAMES = [function.name for function in BATCH]


def plain(function: boundary.Function, rows: int) -> list[Any]:
    rng = np.random.default_rng(3)
    return [rng.uniform(*boundary.NICE[name], rows) for name in function.numbers]


@pytest.mark.parametrize("function", BATCH, ids=NAMES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_every_function_refuses_what_is_not_finite(
    function: boundary.Function, value: float
) -> None:
    for position, name in enumerate(function.numbers):
        arguments = plain(function, 70)
        arguments[position][66] = value
        with pytest.raises(ValueError, match=rf"row 66: {name} is .*must be"):
            function.call(*arguments)
        found = function.call(*arguments, on_error="nan")
        for values in boundary.named(found).values():
            assert np.isnan(values[66])


@pytest.mark.parametrize("function", BATCH, ids=NAMES)
def test_one_bad_row_spoils_no_other(function: boundary.Function) -> None:
    arguments = plain(function, 200)
    clean = boundary.named(function.call(*arguments))
    arguments[0][::3] = -1e80  # no model takes it, though some take negative prices
    found = boundary.named(function.call(*arguments, on_error="nan"))
    for name, values in found.items():
        assert np.isnan(values[::3]).all()
        np.testing.assert_array_equal(values[1::3], clean[name][1::3])


@pytest.mark.parametrize("name", ["spots", "strikes", "times", "sigmas"])
def test_negative_values_name_argument_value_and_rule(name: str) -> None:
    arguments = {key: np.full(3, value) for key, value in zip(FIVE, PLAIN, strict=True)}
    arguments[name][2] = -2.5
    with pytest.raises(ValueError, match=rf"^row 2: {name} is -2.5, but must be .*on_error="):
        black_scholes.call_price_batch(**arguments)


def test_prices_without_volatility_are_told_apart() -> None:
    prices = np.array([12.0, 1.0, 100.0, 150.0, -1.0, math.nan])
    given = (prices, 100.0, 95.0, 1.0, 0.03)
    found, status = black_scholes.implied_volatility_batch(*given, on_error="status")
    assert status.tolist() == [0, 2, 3, 3, 1, 1]
    assert np.isnan(found).tolist() == [False, *[True] * 5]
    with pytest.raises(ValueError, match=r"row 1: prices is 1, but must be at least"):
        black_scholes.implied_volatility_batch(*given)
    with pytest.raises(ValueError, match=r"row 0: prices is 100, but must be below"):
        black_scholes.implied_volatility_batch(prices[2:], *given[1:])


@pytest.mark.parametrize("make", arrays.UNREADABLE)
@pytest.mark.parametrize("position", [0, 4])
def test_what_holds_no_numbers_is_refused_by_name(make: Any, position: int) -> None:
    arguments: list[Any] = list(PLAIN)
    arguments[position] = make()
    with pytest.raises((TypeError, ValueError), match=FIVE[position]):
        black_scholes.call_price_batch(*arguments)


@pytest.mark.parametrize("flags", ["yes", [1.0, 0.0], np.array([0, 1]), None, [None]])
def test_sides_are_truth_values(flags: Any) -> None:
    with pytest.raises(TypeError, match="is_call must be True, False or an array of them"):
        merton.greeks_batch(100.0, 95.0, 1.0, 0.03, 0.01, 0.2, flags)


@pytest.mark.parametrize("options", boundary.BAD_OPTIONS, ids=str)
def test_options_that_cannot_be_are_refused_by_name(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises((TypeError, ValueError, OverflowError), match=name):
        black_scholes.call_price_batch(*PLAIN[:4], np.array([0.2, 0.3]), **options)


def test_empty_batches_are_empty() -> None:
    for shape in [(0,), (0, 3), (2, 0, 4)]:
        found, status = black_scholes.call_price_batch(
            np.empty(shape), *PLAIN[1:], on_error="status"
        )
        assert (found.shape, status.shape, found.dtype) == (shape, shape, np.float64)
    with pytest.raises(ValueError, match=r"\[0\], \[3\] cannot be broadcast"):
        black_scholes.call_price_batch([], [1.0, 2.0, 3.0], 1.0, 0.0, 0.2)


OUTS: dict[str, Any] = {
    "read-only": arrays.FORMS["read-only"](np.zeros(4), np.random.default_rng()),
    "another shape": np.zeros(5),
    "another shape, same size": np.zeros((2, 2)),
    "integers": np.zeros(4, dtype=int),
    "one number for all rows": as_strided(np.zeros(1), (4,), (0,)),
    "overlapping rows": as_strided(np.zeros(8), (4,), (4,)),
    "a list": [0.0] * 4,
}


@pytest.mark.parametrize("kind", OUTS)
def test_out_that_cannot_hold_the_results_stays_as_it_was(kind: str) -> None:
    out = OUTS[kind]
    with pytest.raises((TypeError, ValueError), match=r"^out"):
        black_scholes.call_price_batch(np.full(4, 100.0), *PLAIN[1:], out=out)
    assert not np.any(out)


def test_one_out_of_several_that_cannot_hold_them_leaves_all_as_they_were() -> None:
    out = (*(np.zeros(4) for _ in range(5)), np.zeros(4, dtype=int))
    with pytest.raises(TypeError, match="out has dtype int64, but must be a type"):
        black_scholes.price_and_greeks_batch(np.full(4, 100.0), *PLAIN[1:], out=out)
    assert not np.any(out)


def test_more_rows_than_memory_can_address() -> None:
    column, row = np.broadcast_to(100.0, (2**32, 1)), np.broadcast_to(100.0, (1, 2**32))
    with pytest.raises(ValueError, match="the broadcast shape has too many elements"):
        black_scholes.call_price_batch(column, row, *PLAIN[2:])


def test_inputs_are_read_before_an_overlapping_out_is_written() -> None:
    expected = black_scholes.call_price_batch(*_grid.market(1000, seed=1).arguments())
    for shift in (-500, -1, 0, 1, 500):
        memory = np.zeros(3000)
        arguments = list(_grid.market(1000, seed=1).arguments())
        memory[1000:2000] = arguments[0]
        arguments[0] = memory[1000:2000]
        found = black_scholes.call_price_batch(*arguments, out=memory[1000 + shift : 2000 + shift])
        np.testing.assert_array_equal(found, expected)


def test_sides_are_read_before_an_out_over_them_is_written() -> None:
    memory = np.zeros(1000)
    flags = memory.view(bool)[:1000]
    flags[::2] = True
    options = _grid.market(1000, seed=1).arguments()
    s, k, t, r, sigma = options
    expected = price(s, k, years=t, rate=r, volatility=sigma, is_call=flags.copy())
    found = price(s, k, years=t, rate=r, volatility=sigma, is_call=flags, out=memory)
    np.testing.assert_array_equal(found, expected)


def test_a_refused_batch_changes_no_input() -> None:
    arguments = [x.copy() for x in _grid.market(5000, seed=2).arguments()]
    arguments[1][4321] = math.nan
    kept = [x.copy() for x in arguments]
    with pytest.raises(ValueError, match="row 4321"):
        black_scholes.call_price_batch(*arguments)
    for before, after in zip(kept, arguments, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("function", BATCH, ids=NAMES)
@pytest.mark.parametrize("on_error", ["raise", "nan", "status"])
def test_results_that_no_memory_holds_are_an_error(
    function: boundary.Function, on_error: str
) -> None:
    arguments = plain(function, 1)
    arguments[0] = np.broadcast_to(arguments[0], (2**29, 2**29))
    with pytest.raises(MemoryError):
        function.call(*arguments, on_error=on_error)


@pytest.mark.parametrize("form", arrays.FORMS)
def test_every_form_of_an_array_gives_the_same(form: str) -> None:
    rng = np.random.default_rng(5)
    arguments = [x.reshape(10, 5, 6) for x in _grid.market(300, seed=7).arguments()]
    given = [arrays.FORMS[form](x, rng) for x in arguments]
    found = black_scholes.call_price_batch(*given)
    np.testing.assert_array_equal(found, black_scholes.call_price_batch(*arguments))


def test_hostile_calls_for_three_seconds() -> None:
    assert boundary.run(20260801, seconds=3.0) > 100


@pytest.mark.long
@pytest.mark.timeout(900)
def test_hostile_calls_for_ten_minutes() -> None:
    assert boundary.run(int(np.random.default_rng().integers(2**32)), seconds=600.0) > 20_000


@pytest.mark.long
def test_a_hundred_million_rows_from_one_number() -> None:
    rows = 10**8
    strikes = np.linspace(80.0, 120.0, 1000)[None, :]
    spots = np.broadcast_to(100.0, (rows // 1000, 1))
    found = black_scholes.call_price_batch(spots, strikes, 1.0, 0.03, 0.2)
    assert found.size == rows
    np.testing.assert_array_equal(found[-1], found[0])
    assert found[0, 500] == black_scholes.call_price_batch(100.0, strikes, 1.0, 0.03, 0.2)[0, 500]
    bad = np.broadcast_to(100.0, (rows // 1000, 1)).copy()
    bad[-1] = -1.0
    with pytest.raises(ValueError, match="row 99999000: spots is -1"):
        black_scholes.call_price_batch(bad, strikes, 1.0, 0.03, 0.2, out=found)
