//! Columns of other libraries: read as NumPy arrays and given back as columns by Python.

use numpy::PyUntypedArray;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyList, PyTuple};

use crate::request::{Argument, Request};

/// A call whose arguments Python has turned into NumPy arrays.
pub struct Translated<'py> {
    pub arguments: Vec<Bound<'py, PyAny>>,
    pub is_call: Bound<'py, PyAny>,
    wrap: Bound<'py, PyAny>,
}

impl<'py> Translated<'py> {
    /// Return the call in NumPy arrays; `None` if no argument is a column.
    pub fn read(py: Python<'py>, request: &Request<'_, 'py>) -> PyResult<Option<Self>> {
        static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let mut given = request.arguments.iter().chain([&request.is_call]);
        if !given.any(may_be_column) {
            return Ok(None);
        }
        let read = READ.import(py, "quantforge._columns", "read")?;
        let names = (0..request.arguments.len()).map(request.name);
        let names = PyTuple::new(py, names)?;
        let arguments = request.arguments.iter().map(|given| as_object(py, given));
        let arguments = PyTuple::new(py, arguments)?;
        let is_call = match request.is_call {
            Argument::Object(object) => object.clone(),
            Argument::Number(side) => (side > 0.5).into_pyobject(py)?.to_owned().into_any(),
        };
        let found = read.call1((names, arguments, is_call, request.on_error))?;
        if found.is_none() {
            return Ok(None);
        }
        let (arguments, is_call, wrap) = found.extract()?;
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

fn as_object<'py>(py: Python<'py>, argument: &Argument<'_, 'py>) -> Bound<'py, PyAny> {
    match *argument {
        Argument::Object(object) => object.clone(),
        Argument::Number(number) => PyFloat::new(py, number).into_any(),
    }
}

/// Return whether it is worth asking Python; numbers, lists and plain arrays are not.
fn may_be_column(argument: &Argument<'_, '_>) -> bool {
    let Argument::Object(object) = *argument else {
        return false;
    };
    !(object.is_exact_instance_of::<PyFloat>()
        || object.cast_exact::<PyUntypedArray>().is_ok()
        || object.is_instance_of::<PyFloat>()
        || object.is_instance_of::<PyInt>()
        || object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>())
}
