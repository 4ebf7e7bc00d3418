//! The extension module `quantforge._core`: strict functions over NumPy arrays.
//!
//! Each function extracts views, releases the interpreter lock, calls the core and maps the error.
//! No formula, no loop over rows, no default that the core does not know.

mod errors;
mod evaluate;
mod foreign;
mod functions;
mod operand;
mod request;
mod results;
mod ufunc;

use pyo3::prelude::*;

/// Compiled pricing functions; the documented names are in the package `quantforge`.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use crate::functions::{
        black_scholes_call_price, black_scholes_call_price_batch, black_scholes_put_price,
        black_scholes_put_price_batch, black76_call_price, black76_call_price_batch,
        black76_put_price, black76_put_price_batch, evaluate, instruction_set, merton_call_price,
        merton_call_price_batch, merton_put_price, merton_put_price_batch, most_threads,
    };
    #[pymodule_export]
    use crate::ufunc::ufunc;

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python users look for")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
