"""NumPy ufuncs: formulas that broadcast, cast, skip and write as NumPy's own functions do.

Every ufunc takes its inputs, then `is_call` as a truth value; all of `numpy.ufunc` holds for it:
broadcasting, ``out=``, ``where=``, ``dtype=``, ``casting=``, ``at``. float32 in gives float32 out
(computed in double precision); whatever NumPy casts safely is taken.

A row outside its domain is NaN and raises NumPy's floating-point condition ``invalid``:
``numpy.errstate(invalid="raise")`` makes it an error, ``"ignore"`` keeps silent. A ufunc runs on
the calling thread; the ``*_batch`` functions of the models share large batches between threads and
name the bad row.

Examples
--------
>>> import numpy as np
>>> price(100.0, np.array([90.0, 110.0]), 1.0, 0.05, 0.0, 0.2, [True, False]).round(4)
array([16.6994, 10.6753])
"""

from quantforge import _core

__all__ = ["all_greeks", "american_price", "greeks", "implied_volatility", "price"]

_INPUTS = "spot, strike, years, rate, dividend yield, volatility, is_call"

price = _core.ufunc("price", f"Price of European options from {_INPUTS}.")
greeks = _core.ufunc(
    "greeks", f"Price, delta, gamma, vega, theta and rho of European options from {_INPUTS}."
)
all_greeks = _core.ufunc(
    "all_greeks",
    "Price, delta, gamma, vega, theta, rho, dividend rho, vanna, volga, charm, speed, colour and "
    f"elasticity of European options from {_INPUTS}.",
)
implied_volatility = _core.ufunc(
    "implied_volatility",
    "Volatility of European options from price, spot, strike, years, rate, dividend yield, "
    "is_call.",
)
american_price = _core.ufunc("american_accurate", f"Price of American options from {_INPUTS}.")
