"""Named methods for American options: against the converged price, and refusals."""

from typing import Any

import numpy as np
import pytest

from quantforge import american, methods

ROW = (100.0, 110.0, 0.75, 0.05, 0.02, 0.3)
ONE_BOUNDARY = [
    (methods.barone_adesi_whaley, 0.2),
    (methods.ju_zhong, 0.06),
    (methods.bjerksund_stensland_1993, 0.2),
    (methods.bjerksund_stensland_2002, 0.1),
    (methods.qd_plus, 0.08),
]
RATES = [(0.05, -0.03), (0.02, 0.0), (0.05, 0.05), (-0.01, 0.02), (0.03, 0.08)]
TREES = [(methods.leisen_reimer, 6e-3), (methods.cox_ross_rubinstein, 2e-2)]


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(("method", "tolerance"), [*ONE_BOUNDARY, *TREES])
def test_close_to_the_price(method: Any, tolerance: float, is_call: bool) -> None:
    rates, yields = np.transpose(RATES)
    row = (100.0, np.array([[90.0], [100.0], [120.0]]), 1.5, rates, yields, 0.25)
    price = american.call_price_batch if is_call else american.put_price_batch
    np.testing.assert_allclose(method(*row, is_call), price(*row, "high"), atol=tolerance)


@pytest.mark.parametrize("method", [methods.leisen_reimer, methods.cox_ross_rubinstein])
def test_trees_know_two_boundaries(method: Any) -> None:
    row = (95.0, 100.0, 1.0, -0.01, -0.03, 0.2)
    found = method(*row, False, steps=2_001)
    assert found == pytest.approx(american.put_price(*row), abs=2e-3)


def test_flat_boundaries_are_lower_bounds() -> None:
    strikes = np.linspace(80.0, 130.0, 26)
    row = (100.0, strikes, 1.0, 0.06, 0.03, 0.3)
    one = methods.bjerksund_stensland_1993(*row, False)
    two = methods.bjerksund_stensland_2002(*row, False)
    price = american.put_price_batch(*row, "high")
    assert (one <= two + 1e-12).all()
    assert (two <= price + 1e-9).all()


@pytest.mark.parametrize(("method", "tolerance"), ONE_BOUNDARY)
def test_a_second_boundary_is_refused(method: Any, tolerance: float) -> None:
    given = (100.0, 100.0, 1.0, np.array([-0.01, 0.01]), -0.03, 0.2, False)
    with pytest.raises(ValueError, match=r"row 0: r is -0\.01.*second exercise boundary"):
        method(*given)
    found, status = method(*given, on_error="status")
    assert status.tolist() == [1, 0]
    assert np.isnan(found).tolist() == [True, False]


def test_certain_payoffs_are_those_of_the_price() -> None:
    row = (90.0, 100.0, 1.0, 0.05, 0.02, 0.0)
    for method, _ in [*ONE_BOUNDARY, *TREES]:
        assert method(*row, False) == american.put_price(*row)


def test_steps_are_checked() -> None:
    for steps in (0, 2.5, 20001, np.nan):
        with pytest.raises(
            ValueError, match=r"steps is .*, but must be a whole number, 1 to 20000"
        ):
            methods.leisen_reimer(*ROW, False, steps=steps)
    found, states = methods.cox_ross_rubinstein(
        *ROW, False, steps=[100, 99.5, 200], on_error="status"
    )
    assert states.tolist() == [0, 1, 0]
    assert np.isnan(found).tolist() == [False, True, False]
