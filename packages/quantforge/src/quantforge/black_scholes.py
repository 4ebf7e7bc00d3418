"""Black-Scholes: European options on a spot without dividends.

Source: Black and Scholes (1973). Prices are differences of Mills ratios, with the numbers whose
rounding would be amplified carried to twice the precision; the worst relative error against
60-digit arithmetic is stated in docs/validation/quantforge.

Every ``*_batch`` function takes numbers and arrays of any shapes that broadcast together, reads
them where they lie (float64, float32, any strides) and returns a new array, or ``out``.

Parameters common to all
------------------------
s, spots
    Spot, 1e-75 to 1e75.
k, strikes
    Strike, 1e-75 to 1e75.
t, times
    Years to expiry, 0 to 1e4.
r, rates
    Continuously compounded rate per year; ``r t`` within -300 to 300.
sigma, sigmas
    Volatility per root year, 0 to 1e3.
out : ndarray, optional
    Where the results go; the broadcast shape, any dtype that float64 may be cast to.
on_error : {"raise", "nan", "status"}
    What becomes of rows outside these ranges: an error that names row, value and rule (default);
    NaN; or NaN and a second array of states (0 computed, 1 bad input).
threads : int, optional
    Most threads to use; by default what affinity, cgroup and ``QUANTFORGE_NUM_THREADS`` allow.
"""

from quantforge._core import (
    black_scholes_call_price as call_price,
)
from quantforge._core import (
    black_scholes_call_price_batch as call_price_batch,
)
from quantforge._core import (
    black_scholes_put_price as put_price,
)
from quantforge._core import (
    black_scholes_put_price_batch as put_price_batch,
)

__all__ = ["call_price", "call_price_batch", "put_price", "put_price_batch"]
