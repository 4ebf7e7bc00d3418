//! The extension module `quantforge._core`: strict functions over NumPy arrays.
//!
//! Each function extracts views, releases the interpreter lock, calls the core and maps the error.
//! No formula, no loop over rows, no default that the core does not know.

mod evaluate;
mod foreign;
mod functions;
mod operand;

use pyo3::prelude::*;

/// Compiled pricing functions; the documented names are in the package `quantforge`.
#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    functions::register(module)
}
