//! Python objects as columns of a batch.

use std::ffi::{c_char, c_int};

use numpy::npyffi::NPY_TYPES;
use numpy::npyffi::flags::{NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyInt};
use quantforge_core::column::{Column, Strided};
use quantforge_core::error::QuantForgeError;
use quantforge_core::shape::{Shape, reach};

use crate::errors::python_error;
use crate::request::Argument;

/// Read arguments that need neither Python nor broadcasting: numbers, and plain arrays of one shape.
///
/// Short calls feel every look at an argument, so this takes one. Returns side and shape; `None` if
/// the arguments must be read as [`Operand`]s.
#[inline]
pub fn read_at_once<'a>(
    py: Python<'_>,
    arguments: &[Argument<'a, '_>],
    is_call: Argument<'a, '_>,
    columns: &mut [Column<'a>],
) -> Option<(Column<'a>, &'a [usize])> {
    let side = match is_call {
        Argument::Number(side) => side,
        Argument::Object(object) => flag(object)?,
    };
    let array_type = PyUntypedArray::type_object_raw(py);
    let mut shape: &[usize] = &[];
    for (argument, column) in arguments.iter().zip(columns) {
        *column = match *argument {
            Argument::Object(object) if object.get_type_ptr() == array_type => {
                // SAFETY: exactly NumPy's type of arrays; subclasses may mean something else.
                let (rows, extents) = plain(unsafe { object.cast_unchecked() })?;
                if shape.is_empty() {
                    shape = extents;
                } else if shape != extents {
                    return None;
                }
                Column::of(rows)
            }
            Argument::Object(object) => Column::Constant(number(object)?),
            Argument::Number(number) => Column::Constant(number),
        };
    }
    Some((Column::Constant(side), shape))
}

/// Return a float, a float of NumPy or an integer that a double can hold.
#[inline]
fn number(object: &Bound<'_, PyAny>) -> Option<f64> {
    match object.cast::<PyFloat>() {
        Ok(number) => Some(number.value()),
        Err(_) => object.cast_exact::<PyInt>().ok()?.extract().ok(),
    }
}

/// Return a truth value as 1 or 0.
#[inline]
fn flag(object: &Bound<'_, PyAny>) -> Option<f64> {
    object.extract::<bool>().ok().map(f64::from)
}

/// Return elements and extents of an array of native doubles without gaps, last axis fastest.
#[inline]
fn plain<'a>(array: &'a Bound<'_, PyUntypedArray>) -> Option<(&'a [f64], &'a [usize])> {
    const LAYOUT: c_int = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    const NATIVE: c_char = b'='.cast_signed();
    // SAFETY: a live array, whose memory is trusted as in `span`.
    unsafe {
        let fields = &(*array.as_array_ptr()).fields;
        let element = &(*fields.descr).fields;
        let is_double = element.type_num == NPY_TYPES::NPY_DOUBLE as c_int;
        if !is_double || element.byteorder != NATIVE || fields.flags & LAYOUT != LAYOUT {
            return None;
        }
        let extents = array.shape();
        let rows = std::slice::from_raw_parts(fields.data.cast(), extents.iter().product());
        Some((rows, extents))
    }
}

/// Element type of an array operand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Double,
    Single,
    Flag,
}

/// One argument: a number or an array.
pub enum Operand<'py> {
    Number(f64),
    Array(Bound<'py, PyUntypedArray>, Kind),
}

impl<'py> Operand<'py> {
    /// Read real numbers; lists and array-likes are converted by NumPy.
    pub fn read(argument: &Argument<'_, 'py>, name: impl Fn() -> String) -> PyResult<Self> {
        let object = match *argument {
            Argument::Number(number) => return Ok(Self::Number(number)),
            Argument::Object(object) => object,
        };
        if let Some(number) = number(object) {
            return Ok(Self::Number(number));
        }
        Self::from_array(object).map_or_else(
            || {
                converted(object, "float64").map_err(|error| {
                    let message = "cannot be read as an array of real numbers";
                    PyTypeError::new_err(format!("{} {message}: {error}", name()))
                })
            },
            Ok,
        )
    }

    /// Read truth values.
    pub fn read_flags(argument: &Argument<'_, 'py>) -> PyResult<Self> {
        let object = match *argument {
            Argument::Number(side) => return Ok(Self::Number(side)),
            Argument::Object(object) => object,
        };
        if let Some(side) = flag(object) {
            return Ok(Self::Number(side));
        }
        match Self::from_array(object) {
            Some(Self::Array(array, Kind::Flag)) => Ok(Self::Array(array, Kind::Flag)),
            _ => converted(object, "bool").map_err(|error| {
                let message = "is_call must be True, False or an array of them";
                PyTypeError::new_err(format!("{message}: {error}"))
            }),
        }
    }

    /// Return an array that can be read where it lies.
    fn from_array(object: &Bound<'py, PyAny>) -> Option<Self> {
        let array = object.cast::<PyUntypedArray>().ok()?;
        let dtype = array.dtype();
        let kind = match dtype.num() {
            n if n == NPY_TYPES::NPY_DOUBLE as i32 => Kind::Double,
            n if n == NPY_TYPES::NPY_FLOAT as i32 => Kind::Single,
            n if n == NPY_TYPES::NPY_BOOL as i32 => Kind::Flag,
            _ => return None,
        };
        let item = dtype.itemsize().cast_signed();
        let whole_steps = array.strides().iter().all(|stride| stride % item == 0);
        let readable = dtype.is_native_byteorder() != Some(false) && array.is_aligned();
        (whole_steps && readable).then(|| Self::Array(array.clone(), kind))
    }

    /// Return the extents of an array.
    pub fn extents(&self) -> Option<&[usize]> {
        match self {
            Self::Number(_) => None,
            Self::Array(array, _) => Some(array.shape()),
        }
    }

    /// Return the operand broadcast to `shape`, without copying.
    pub fn view(&self, shape: &Shape, name: impl Fn() -> String) -> PyResult<View<'_>> {
        let (array, kind) = match self {
            Self::Number(x) => return Ok(View::Ready(Column::Constant(*x))),
            Self::Array(array, kind) => (array, *kind),
        };
        if let Some((rows, extents)) = plain(array)
            && (rows.len() == 1 || extents == shape.extents())
        {
            return Ok(View::Ready(Column::of(rows)));
        }
        let view = match kind {
            Kind::Double => strided(array, shape).map(View::Double),
            Kind::Single => strided(array, shape).map(View::Single),
            Kind::Flag => strided(array, shape).map(View::Flag),
        };
        view.ok_or_else(|| python_error(QuantForgeError::View { argument: name() }))
    }
}

/// An operand as the core reads it; the large ones lie elsewhere, so that the usual ones move fast.
pub enum View<'a> {
    Ready(Column<'a>),
    Double(Box<Strided<'a, f64>>),
    Single(Box<Strided<'a, f32>>),
    Flag(Box<Strided<'a, u8>>),
}

impl View<'_> {
    /// Return the column that reads this view.
    pub fn column(&self) -> Column<'_> {
        match self {
            Self::Ready(column) => *column,
            Self::Double(view) => Column::Strided(view),
            Self::Single(view) => Column::Single(view),
            Self::Flag(view) => Column::Flag(view),
        }
    }
}

/// Return the memory from the first to the last element of `array`, and where its origin lies.
fn span<'a, T>(array: &'a Bound<'_, PyUntypedArray>) -> (&'a [T], usize) {
    if array.is_empty() {
        return (&[], 0);
    }
    let (low, high) = reach(array.shape(), array.strides());
    let item = size_of::<T>().cast_signed();
    // SAFETY: NumPy guarantees that every element lies in live memory, so the span between the
    // outermost two does; `from_array` has checked type, alignment, whole steps and byte order;
    // the array is kept alive by the borrow. Like NumPy itself, this trusts other threads not to
    // write to the inputs of a running call.
    unsafe {
        let origin = (*array.as_array_ptr()).fields.data.cast::<T>();
        let length = ((high - low) / item).cast_unsigned() + 1;
        (
            std::slice::from_raw_parts(origin.offset(low / item), length),
            (-low / item).cast_unsigned(),
        )
    }
}

fn strided<'a, T: Copy>(
    array: &'a Bound<'_, PyUntypedArray>,
    shape: &Shape,
) -> Option<Box<Strided<'a, T>>> {
    let item = size_of::<T>().cast_signed();
    let mut strides = [0; quantforge_core::shape::MAX_NDIM];
    for (own, stride) in strides.iter_mut().zip(array.strides()) {
        *own = stride / item;
    }
    let layout = (array.shape(), &strides[..array.ndim()]);
    Strided::broadcast(span(array), layout, shape.extents()).map(Box::new)
}

/// Return `numpy.asarray(object)` cast to `dtype` without loss of kind.
fn converted<'py>(object: &Bound<'py, PyAny>, dtype: &str) -> PyResult<Operand<'py>> {
    static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let asarray = ASARRAY.import(py, "numpy", "asarray")?.call1((object,))?;
    let options = PyDict::new(py);
    options.set_item("casting", "same_kind")?;
    let array = asarray.call_method(intern!(py, "astype"), (dtype,), Some(&options))?;
    Operand::from_array(&array).ok_or_else(|| PyTypeError::new_err("unreadable array"))
}
