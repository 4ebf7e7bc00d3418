//! Columns of other libraries: read as NumPy arrays and given back as columns by Python.

use numpy::PyUntypedArray;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyList, PyTuple};

/// A call whose arguments Python has turned into NumPy arrays.
pub struct Translated<'py, const I: usize> {
    pub arguments: [Bound<'py, PyAny>; I],
    pub is_call: Bound<'py, PyAny>,
    wrap: Bound<'py, PyAny>,
}

impl<'py, const I: usize> Translated<'py, I> {
    /// Return the call in NumPy arrays; `None` if no argument is a column.
    pub fn read(
        names: &[&str; I],
        arguments: &[&Bound<'py, PyAny>; I],
        is_call: Option<&Bound<'py, PyAny>>,
        on_error: Option<&str>,
    ) -> PyResult<Option<Self>> {
        static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = arguments[0].py();
        let read = READ.import(py, "quantforge._columns", "read")?;
        let names = PyTuple::new(py, names)?;
        let arguments = PyTuple::new(py, arguments)?;
        let found = read.call1((names, arguments, is_call, on_error))?;
        if found.is_none() {
            return Ok(None);
        }
        let (arguments, is_call, wrap) = found.extract::<([_; I], _, _)>()?;
        Ok(Some(Self {
            arguments,
            is_call,
            wrap,
        }))
    }

    /// Return results as columns.
    pub fn finish(&self, result: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.wrap.call1((result,))
    }
}

/// Return whether `object` is worth asking Python; numbers, lists and plain arrays are not.
pub fn may_be_column(object: &Bound<'_, PyAny>) -> bool {
    !(object.is_instance_of::<PyFloat>()
        || object.cast_exact::<PyUntypedArray>().is_ok()
        || object.is_instance_of::<PyInt>()
        || object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>())
}
