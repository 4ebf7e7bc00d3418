//! The functions of the module, generated per model and side.

use pyo3::prelude::*;
use quantforge_core::black::{BlackScholes, Price};
use quantforge_core::kernel::{Calls, Puts};
use quantforge_core::lane::Isa;
use quantforge_core::pool::thread_limit;

use crate::evaluate::{Options, batch, python_error, scalar};

macro_rules! price_functions {
    ($one:ident, $many:ident, $kernel:ty, $call:literal, ($($name:ident),+), ($($plural:ident),+)) => {
        #[pyfunction]
        fn $one($($name: f64),+) -> PyResult<f64> {
            scalar::<$kernel, _>([$($name),+], $call)
        }

        #[pyfunction]
        #[pyo3(signature = ($($plural),+, *, out=None, on_error=None, threads=None))]
        #[allow(clippy::too_many_arguments)]
        fn $many<'py>(
            py: Python<'py>,
            $($plural: &Bound<'py, PyAny>,)+
            out: Option<&Bound<'py, PyAny>>,
            on_error: Option<&str>,
            threads: Option<usize>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let options = Options { out, on_error, threads };
            batch::<$kernel, _>(py, &[$(stringify!($plural)),+], [$($plural),+], &options)
        }
    };
}

price_functions!(
    black_scholes_call_price,
    black_scholes_call_price_batch,
    Price<BlackScholes, Calls>,
    true,
    (s, k, t, r, sigma),
    (spots, strikes, times, rates, sigmas)
);
price_functions!(
    black_scholes_put_price,
    black_scholes_put_price_batch,
    Price<BlackScholes, Puts>,
    false,
    (s, k, t, r, sigma),
    (spots, strikes, times, rates, sigmas)
);

/// Return the name of the instruction set in use.
#[pyfunction]
fn instruction_set() -> PyResult<&'static str> {
    Isa::active()
        .map(Isa::name)
        .map_err(|error| python_error(&error))
}

/// Return the most threads that a call may use.
#[pyfunction(name = "thread_limit")]
fn most_threads() -> PyResult<usize> {
    thread_limit().map_err(|error| python_error(&error))
}

/// Add every function to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(black_scholes_call_price, module)?)?;
    module.add_function(wrap_pyfunction!(black_scholes_call_price_batch, module)?)?;
    module.add_function(wrap_pyfunction!(black_scholes_put_price, module)?)?;
    module.add_function(wrap_pyfunction!(black_scholes_put_price_batch, module)?)?;
    module.add_function(wrap_pyfunction!(instruction_set, module)?)?;
    module.add_function(wrap_pyfunction!(most_threads, module)?)
}
