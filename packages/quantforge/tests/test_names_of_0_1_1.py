"""Programs written for release 0.1.1 of PyPI find their functions, by the same names.

`names_of_0_1_1.json` has each function of that release, its parameters in order, and what it
returned for the arguments given there. Its European values are right to its own digits; its
American ones are those of an approximation, of which only the kind of result is kept.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.version import Version

import quantforge
from quantforge import american, black76, black_scholes, merton

RELEASE = json.loads((Path(__file__).parent / "names_of_0_1_1.json").read_text())
CALLS: list[dict[str, Any]] = RELEASE["calls"]
MODULES = {
    "american": american,
    "black76": black76,
    "black_scholes": black_scholes,
    "merton": merton,
}


def arguments_of(call: dict[str, Any]) -> dict[str, Any]:
    given = RELEASE["arrays" if "batch" in call["function"] else "values"]
    return {
        name: np.array(given[name]) if isinstance(given[name], list) else given[name]
        for name in call["arguments"]
    }


def assert_alike(found: Any, released: Any, relative: float | None) -> None:
    if isinstance(released, dict):
        assert isinstance(found, dict)
        for name, value in released.items():
            assert_alike(found[name], value, relative)
        return
    assert isinstance(found, np.ndarray if isinstance(released, list) else float)
    assert np.shape(found) == np.shape(released)
    assert np.isfinite(found).all()
    if relative is not None:
        np.testing.assert_allclose(found, released, rtol=relative)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['module']}.{call['function']}")
def test_calls_of_that_release_still_work(call: dict[str, Any]) -> None:
    function = getattr(MODULES[call["module"]], call["function"])
    arguments = arguments_of(call)
    exact = call["module"] != "american" or call["function"] == "binomial_tree"
    digits = 1e-7 if "implied" in call["function"] else 1e-12
    for found in (function(**arguments), function(*arguments.values())):
        assert_alike(found, call["result"], digits if exact else None)


def test_every_function_is_in_the_list_of_its_module() -> None:
    for call in CALLS:
        assert call["function"] in MODULES[call["module"]].__all__


def test_later_version_than_that_release() -> None:
    assert quantforge.__version__ == version("quantforge")
    assert Version(quantforge.__version__) > Version("0.1.1")


def test_adaptive_prices_are_the_prices() -> None:
    row = (100.0, 105.0, 1.0, 0.05, 0.02, 0.2)
    assert american.put_price_adaptive(*row) == american.put_price(*row)
    assert american.call_price_adaptive(*row) == american.call_price(*row)


def test_one_boundary_equals_that_of_a_batch() -> None:
    row = (110.0, 0.75, 0.05, 0.02, 0.3)
    one = american.exercise_boundary(*row, is_call=False)
    assert one == american.exercise_boundary_batch(*row, is_calls=False)
    assert np.isnan(american.exercise_boundary(110.0, 0.75, 0.05, 0.0, 0.3))
    with pytest.raises(ValueError, match=r"^k is -1, but must be"):
        american.exercise_boundary(-1.0, 0.75, 0.05, 0.02, 0.3)


def test_a_flag_has_one_name_at_a_time() -> None:
    row = (np.array([100.0, 110.0]), 105.0, 1.0, 0.05, 0.2)
    puts = black_scholes.greeks_batch(*row, is_calls=[False, False])
    for name, values in black_scholes.greeks_batch(*row, is_call=False).items():
        np.testing.assert_array_equal(values, puts[name])
    with pytest.raises(TypeError, match="two names of one argument"):
        black_scholes.greeks_batch(*row, False, is_call=True)
