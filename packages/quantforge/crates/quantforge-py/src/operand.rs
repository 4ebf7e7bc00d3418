//! Python objects as columns of a batch.

use numpy::npyffi::NPY_TYPES;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat};
use quantforge_core::column::{Column, Strided};
use quantforge_core::error::QuantForgeError;
use quantforge_core::shape::{Shape, reach};

use crate::errors::python_error;

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

/// Element type of an array operand; as wide as a pointer, so that operands move in whole words.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
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
    /// Read real numbers; lists, integers and array-likes are converted by NumPy.
    #[inline]
    pub fn read(argument: &Argument<'_, 'py>, name: impl Fn() -> String) -> PyResult<Self> {
        let object = match *argument {
            Argument::Number(number) => return Ok(Self::Number(number)),
            Argument::Object(object) => object,
        };
        if let Ok(number) = object.cast_exact::<PyFloat>() {
            return Ok(Self::Number(number.value()));
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
            Argument::Number(number) => return Ok(Self::Number(number)),
            Argument::Object(object) => object,
        };
        if let Ok(flag) = object.extract::<bool>() {
            return Ok(Self::Number(f64::from(u8::from(flag))));
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
    #[allow(
        clippy::inline_always,
        reason = "two words through memory, read as one, stall"
    )]
    #[inline(always)]
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
        if kind == Kind::Double && array.is_c_contiguous() && array.shape() == shape.extents() {
            return Ok(View::Ready(Column::Contiguous(span::<f64>(array).0)));
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
