//! A call as Python made it, before anything is read.

use pyo3::prelude::*;
use quantforge_core::catalogue::Entry;
use quantforge_core::schedule::Dividend;

/// One call of a batch function, as Python made it.
pub struct Request<'a, 'py> {
    pub entry: &'static Entry,
    /// Name of each argument in messages.
    pub name: &'a dyn Fn(usize) -> String,
    pub arguments: &'a [Argument<'a, 'py>],
    pub dividends: &'a [Dividend],
    /// 1 for calls, 0 for puts, or an array of truth values.
    pub is_call: Argument<'a, 'py>,
    /// An array for the result, or a tuple of arrays for several.
    pub out: Option<&'a Bound<'py, PyAny>>,
    pub on_error: Option<&'a str>,
    pub threads: Option<isize>,
}

/// What a function passes on: an object from Python, or a number that it knows itself.
#[derive(Clone, Copy)]
pub enum Argument<'a, 'py> {
    Object(&'a Bound<'py, PyAny>),
    Number(f64),
}

impl<'a, 'py> From<&'a Bound<'py, PyAny>> for Argument<'a, 'py> {
    fn from(object: &'a Bound<'py, PyAny>) -> Self {
        Self::Object(object)
    }
}

impl From<f64> for Argument<'_, '_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}
