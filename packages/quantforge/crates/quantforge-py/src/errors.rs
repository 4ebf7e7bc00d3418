//! Errors of the core as Python raises them.

use std::borrow::Borrow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use quantforge_core::error::QuantForgeError;

pub fn python_error(error: impl Borrow<QuantForgeError>) -> PyErr {
    PyValueError::new_err(error.borrow().to_string())
}

pub fn no_formula(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no formula {name:?}"))
}
