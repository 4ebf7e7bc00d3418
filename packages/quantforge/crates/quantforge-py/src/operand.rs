//! Python objects as columns of a batch.

use numpy::npyffi::NPY_TYPES;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat};
use quantforge_core::column::{Column, Strided};

/// Most axes of an array argument.
pub const MAX_NDIM: usize = 32;

/// A broadcast shape, at most [`MAX_NDIM`] axes.
#[derive(Clone, Copy)]
pub struct Shape {
    ndim: usize,
    extents: [usize; MAX_NDIM],
}

impl Shape {
    /// Return the shape that all operands broadcast to.
    pub fn broadcast<'a, 'py: 'a>(
        operands: impl Iterator<Item = &'a Operand<'py>> + Clone,
    ) -> PyResult<Self> {
        let mut shape = Self {
            ndim: 0,
            extents: [1; MAX_NDIM],
        };
        for operand in operands.clone() {
            let Operand::Array(array, _) = operand else {
                continue;
            };
            let own = array.shape();
            if own.len() > MAX_NDIM {
                let message = format!("{} axes, but at most {MAX_NDIM} are supported", own.len());
                return Err(PyValueError::new_err(message));
            }
            shape.widen(own.len());
            for (extent, &theirs) in shape.extents_mut().iter_mut().rev().zip(own.iter().rev()) {
                if *extent == 1 {
                    *extent = theirs;
                } else if theirs != 1 && theirs != *extent {
                    return Err(mismatch(operands));
                }
            }
        }
        Ok(shape)
    }

    fn widen(&mut self, ndim: usize) {
        if ndim > self.ndim {
            let added = ndim - self.ndim;
            self.extents[..ndim].rotate_right(added);
            self.extents[..added].fill(1);
            self.ndim = ndim;
        }
    }

    /// Return the extent of each axis.
    pub fn extents(&self) -> &[usize] {
        &self.extents[..self.ndim]
    }

    fn extents_mut(&mut self) -> &mut [usize] {
        &mut self.extents[..self.ndim]
    }

    /// Return the number of elements.
    pub fn rows(&self) -> PyResult<usize> {
        let product = self
            .extents()
            .iter()
            .try_fold(1_usize, |rows, &n| rows.checked_mul(n));
        product.ok_or_else(|| PyValueError::new_err("the broadcast shape has too many elements"))
    }
}

fn mismatch<'a, 'py: 'a>(operands: impl Iterator<Item = &'a Operand<'py>>) -> PyErr {
    let shapes = operands.filter_map(|operand| match operand {
        Operand::Number(_) => None,
        Operand::Array(array, _) => Some(format!("{:?}", array.shape())),
    });
    let shapes = shapes.collect::<Vec<_>>().join(", ");
    PyValueError::new_err(format!("shapes {shapes} cannot be broadcast together"))
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
    /// Read `object` as real numbers; lists, integers and array-likes are converted by NumPy.
    pub fn extract(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(number) = object.cast_exact::<PyFloat>() {
            return Ok(Self::Number(number.value()));
        }
        if let Some(operand) = Self::from_array(object) {
            return Ok(operand);
        }
        let converted = convert(object, "float64").map_err(|error| {
            let message = format!("{name} cannot be read as an array of real numbers: {error}");
            PyTypeError::new_err(message)
        })?;
        Self::from_array(&converted).ok_or_else(|| PyTypeError::new_err("unreadable array"))
    }

    /// Read `object` as truth values.
    pub fn extract_flags(name: &str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(flag) = object.extract::<bool>() {
            return Ok(Self::Number(f64::from(u8::from(flag))));
        }
        if let Some(Self::Array(array, Kind::Flag)) = Self::from_array(object) {
            return Ok(Self::Array(array, Kind::Flag));
        }
        let converted = convert(object, "bool").map_err(|error| {
            PyTypeError::new_err(format!(
                "{name} must be True, False or an array of them: {error}"
            ))
        })?;
        Self::from_array(&converted).ok_or_else(|| PyTypeError::new_err("unreadable array"))
    }

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

    /// Return the operand broadcast to `shape`, without copying.
    pub fn view(&self, name: &str, shape: &Shape) -> PyResult<View<'_>> {
        let (array, kind) = match self {
            Self::Number(x) => return Ok(View::Ready(Column::Constant(*x))),
            Self::Array(array, kind) => (array, *kind),
        };
        if kind == Kind::Double && array.is_c_contiguous() && array.shape() == shape.extents() {
            return Ok(View::Ready(Column::Contiguous(span::<f64>(array).0)));
        }
        let view = match kind {
            Kind::Double => strided::<f64>(array, shape).map(View::Double),
            Kind::Single => strided::<f32>(array, shape).map(View::Single),
            Kind::Flag => strided::<u8>(array, shape).map(View::Flag),
        };
        view.ok_or_else(|| {
            let message = format!("{name} has too many axes that cannot be merged; copy it first");
            PyValueError::new_err(message)
        })
    }
}

/// An operand as the core reads it.
pub enum View<'a> {
    Ready(Column<'a>),
    Double(Strided<'a, f64>),
    Single(Strided<'a, f32>),
    Flag(Strided<'a, u8>),
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
    let item = size_of::<T>().cast_signed();
    let (mut low, mut high) = (0, 0);
    for (&extent, &stride) in array.shape().iter().zip(array.strides()) {
        let reach = stride / item * (extent.cast_signed() - 1);
        low += reach.min(0);
        high += reach.max(0);
    }
    // SAFETY: NumPy guarantees that every element lies in live memory, so the span between the
    // outermost two does; `from_array` has checked type, alignment and byte order; the array is
    // kept alive by the borrow. Like NumPy itself, this trusts other threads not to write to the
    // inputs of a running call.
    unsafe {
        let origin = (*array.as_array_ptr()).fields.data.cast::<T>();
        let length = (high - low).cast_unsigned() + 1;
        (
            std::slice::from_raw_parts(origin.offset(low), length),
            (-low).cast_unsigned(),
        )
    }
}

fn strided<'a, T: Copy>(
    array: &'a Bound<'_, PyUntypedArray>,
    shape: &Shape,
) -> Option<Strided<'a, T>> {
    let (data, start) = span::<T>(array);
    let item = size_of::<T>().cast_signed();
    let mut strides = [0; MAX_NDIM];
    let added = shape.ndim - array.ndim();
    for (axis, (&extent, &stride)) in array.shape().iter().zip(array.strides()).enumerate() {
        strides[added + axis] = if extent == 1 { 0 } else { stride / item };
    }
    Strided::new(data, start, shape.extents(), &strides[..shape.ndim])
}

/// Return `numpy.asarray(object)` cast to `dtype` without loss of kind.
fn convert<'py>(object: &Bound<'py, PyAny>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let asarray = ASARRAY.import(py, "numpy", "asarray")?.call1((object,))?;
    let options = PyDict::new(py);
    options.set_item("casting", "same_kind")?;
    asarray.call_method(intern!(py, "astype"), (dtype,), Some(&options))
}
