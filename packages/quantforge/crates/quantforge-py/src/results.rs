//! Where results go: new arrays, plain numbers, or the arrays that the caller gave.

use std::ffi::c_int;
use std::ptr::null_mut;

use numpy::npyffi::flags::NPY_ARRAY_WRITEABLE;
use numpy::npyffi::{NpyTypes, PY_ARRAY_API, get_type_object, npy_intp};
use numpy::{
    Element, PyArrayDescr, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyTuple};
use quantforge_core::column::Column;
use quantforge_core::kernel::MAX_OUTPUTS;
use quantforge_core::piece::{Inputs, Piece};
use quantforge_core::shape::{Shape, reach};

/// The results of one call.
pub enum Results<'py> {
    /// One row of plain numbers; elsewhere, so that arrays move fast.
    Numbers(Box<[f64; MAX_OUTPUTS]>, usize, Option<Box<[u8; 1]>>),
    Arrays(
        Target<'py>,
        Vec<Target<'py>>,
        Option<Bound<'py, PyArrayDyn<u8>>>,
    ),
}

/// Where a result is written, and the caller's array if that is another one.
pub struct Target<'py> {
    array: Bound<'py, PyArrayDyn<f64>>,
    out: Option<Bound<'py, PyAny>>,
}

impl<'py> Results<'py> {
    /// Return room for `count` results; several need a tuple of as many arrays as `out`.
    pub fn prepare(
        py: Python<'py>,
        count: usize,
        out: Option<&Bound<'py, PyAny>>,
        shape: &Shape,
        inputs: &Inputs<'_>,
    ) -> PyResult<Self> {
        let Some(out) = out else {
            if shape.extents().is_empty() {
                return Ok(Self::Numbers(Box::new([0.0; MAX_OUTPUTS]), count, None));
            }
            let first = Target::new(py, shape)?;
            let rest = (1..count).map(|_| Target::new(py, shape));
            return Ok(Self::Arrays(first, rest.collect::<PyResult<_>>()?, None));
        };
        let outs = match count {
            1 => vec![out.clone()],
            _ => out.extract::<Vec<Bound<'py, PyAny>>>()?,
        };
        if outs.len() != count {
            let message = format!("out holds {} arrays, but {count} are needed", outs.len());
            return Err(PyValueError::new_err(message));
        }
        let targets = outs.into_iter().map(|out| Target::of(out, shape, inputs));
        let mut targets = targets.collect::<PyResult<Vec<_>>>()?;
        refuse_shared(&targets)?;
        let first = targets.remove(0);
        Ok(Self::Arrays(first, targets, None))
    }

    /// Keep the status of each row, too.
    pub fn add_statuses(&mut self, py: Python<'py>, shape: &Shape) -> PyResult<()> {
        match self {
            Self::Numbers(_, _, statuses) => *statuses = Some(Box::new([0])),
            Self::Arrays(_, _, statuses) => {
                let mut array = new_array(py, shape)?;
                slice_mut(&mut array).fill(0);
                *statuses = Some(array);
            }
        }
        Ok(())
    }

    /// Return all rows, to be computed.
    #[inline]
    pub fn piece(&mut self) -> Piece<'_> {
        match self {
            Self::Numbers(values, count, statuses) => Piece::whole(
                values[..*count].chunks_mut(1),
                statuses.as_mut().map(|status| status.as_mut_slice()),
            ),
            Self::Arrays(first, rest, statuses) => Piece::whole(
                std::iter::once(first)
                    .chain(rest)
                    .map(|target| slice_mut(&mut target.array)),
                statuses.as_mut().map(slice_mut),
            ),
        }
    }

    /// Return what the caller gets: one result or a tuple; with statuses, a pair.
    pub fn finish(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Numbers(values, count, statuses) => {
                let number = |&x| Ok(PyFloat::new(py, x).into_any());
                let values = joined(py, number(&values[0])?, values[1..count].iter().map(number))?;
                paired(py, values, statuses.map(|status| status[0]))
            }
            Self::Arrays(first, rest, statuses) => {
                let rest = rest.into_iter().map(Target::finish);
                paired(py, joined(py, first.finish()?, rest)?, statuses)
            }
        }
    }
}

impl<'py> Target<'py> {
    fn new(py: Python<'py>, shape: &Shape) -> PyResult<Self> {
        let array = new_array(py, shape)?;
        Ok(Self { array, out: None })
    }

    /// Return the caller's array if results can be written into it, else a new one beside it.
    fn of(out: Bound<'py, PyAny>, shape: &Shape, inputs: &Inputs<'_>) -> PyResult<Self> {
        let py = out.py();
        let untyped = checked(&out, shape)?;
        let is_direct = untyped.is_c_contiguous() && untyped.is_aligned();
        let array = match out.cast::<PyArrayDyn<f64>>() {
            Ok(array) if is_direct && !overlaps(untyped, inputs) => array.clone(),
            Ok(_) => new_array(py, shape)?,
            Err(_) => {
                refuse_lossy(&untyped.dtype())?;
                new_array(py, shape)?
            }
        };
        Ok(Self {
            array,
            out: Some(out),
        })
    }

    fn finish(self) -> PyResult<Bound<'py, PyAny>> {
        let Some(out) = self.out else {
            return Ok(self.array.into_any());
        };
        if !out.is(&self.array) {
            let numpy = out.py().import("numpy")?;
            numpy.call_method1("copyto", (&out, &self.array))?;
        }
        Ok(out)
    }
}

/// Return one value alone, several as a tuple.
fn joined<'py>(
    py: Python<'py>,
    first: Bound<'py, PyAny>,
    rest: impl ExactSizeIterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, PyAny>> {
    if rest.len() == 0 {
        return Ok(first);
    }
    let all = std::iter::once(Ok(first)).chain(rest);
    Ok(PyTuple::new(py, all.collect::<PyResult<Vec<_>>>()?)?.into_any())
}

/// Return values alone, or with their statuses.
fn paired<'py>(
    py: Python<'py>,
    values: Bound<'py, PyAny>,
    statuses: Option<impl IntoPyObject<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    match statuses {
        Some(statuses) => Ok((values, statuses).into_pyobject(py)?.into_any()),
        None => Ok(values),
    }
}

fn checked<'a, 'py>(
    out: &'a Bound<'py, PyAny>,
    shape: &Shape,
) -> PyResult<&'a Bound<'py, PyUntypedArray>> {
    let Ok(array) = out.cast::<PyUntypedArray>() else {
        return Err(PyTypeError::new_err("out must be a NumPy array"));
    };
    if array.shape() != shape.extents() {
        let (own, asked) = (array.shape(), shape.extents());
        let message = format!("out has shape {own:?}, but the inputs broadcast to {asked:?}");
        return Err(PyValueError::new_err(message));
    }
    // SAFETY: the pointer of a live array object.
    let flags = unsafe { (*array.as_array_ptr()).fields.flags };
    if flags & NPY_ARRAY_WRITEABLE == 0 {
        let message = "out is read-only; pass a writable array";
        return Err(PyValueError::new_err(message));
    }
    if overlaps_itself(array) {
        let message = "out overlaps itself: rows would overwrite each other; pass a plain array";
        return Err(PyValueError::new_err(message));
    }
    Ok(array)
}

/// Return whether elements of an array share memory: an axis steps into those within it.
fn overlaps_itself(array: &Bound<'_, PyUntypedArray>) -> bool {
    if array.is_c_contiguous() || array.is_empty() {
        return false;
    }
    let axes = array.strides().iter().zip(array.shape());
    let mut axes: Vec<_> = axes
        .filter(|(_, extent)| **extent > 1)
        .map(|(stride, extent)| (stride.unsigned_abs(), *extent))
        .collect();
    axes.sort_unstable();
    let mut covered = array.dtype().itemsize();
    axes.into_iter().any(|(stride, extent)| {
        let is_inside = stride < covered;
        covered += stride.saturating_mul(extent - 1);
        is_inside
    })
}

/// Refuse arrays whose memory meets: one result would overwrite another.
fn refuse_shared(targets: &[Target<'_>]) -> PyResult<()> {
    let given = |target: &Target<'_>| {
        target
            .out
            .as_ref()?
            .cast::<PyUntypedArray>()
            .ok()
            .map(bounds)
    };
    for (index, target) in targets.iter().enumerate() {
        for other in &targets[..index] {
            if let (Some(one), Some(two)) = (given(target), given(other))
                && meet(one, two)
            {
                let message = "two arrays of out share memory; each result needs its own";
                return Err(PyValueError::new_err(message));
            }
        }
    }
    Ok(())
}

/// Refuse an `out` whose type does not take a float64 by NumPy's rule for results of ufuncs.
fn refuse_lossy(dtype: &Bound<'_, PyArrayDescr>) -> PyResult<()> {
    let numpy = dtype.py().import("numpy")?;
    let fits = numpy.call_method1("can_cast", ("float64", dtype, "same_kind"))?;
    if fits.is_truthy()? {
        return Ok(());
    }
    let message = format!("out has dtype {dtype}, but must be a type that float64 may be cast to");
    Err(PyTypeError::new_err(message))
}

/// Return whether `out` shares memory bounds with an input.
fn overlaps(out: &Bound<'_, PyUntypedArray>, inputs: &Inputs<'_>) -> bool {
    let own = bounds(out);
    let all = inputs.columns.iter().chain([&inputs.sides]);
    let mut memory = all.filter_map(Column::memory);
    memory.any(|theirs| meet(own, (theirs.start as isize, theirs.end as isize)))
}

/// Return the addresses before which and after which an array has no byte.
fn bounds(array: &Bound<'_, PyUntypedArray>) -> (isize, isize) {
    // SAFETY: the pointer of a live array object; only the address is used.
    let origin = unsafe { (*array.as_array_ptr()).fields.data as isize };
    let (low, high) = reach(array.shape(), array.strides());
    let item = array.dtype().itemsize().cast_signed();
    (origin + low, origin + high + item)
}

fn meet(one: (isize, isize), two: (isize, isize)) -> bool {
    one.0 < two.1 && two.0 < one.1
}

/// Return an array that is still to be filled, or the error that Python raised: no memory.
///
/// The constructors of the numpy crate panic where there is none.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "NumPy knows at most 64 axes"
)]
fn new_array<'py, T: Element>(
    py: Python<'py>,
    shape: &Shape,
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let extents = shape.extents();
    let (axes, extents) = (extents.len() as c_int, extents.as_ptr().cast::<npy_intp>());
    // SAFETY: type, descriptor, axes and extents are valid, the extents are only read, the
    // descriptor is given away, and a null pointer becomes the error that NumPy set. Every element
    // is written before anybody reads it: a batch computes all rows.
    unsafe {
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            get_type_object(py, NpyTypes::PyArray_Type),
            T::get_dtype(py).into_dtype_ptr(),
            axes,
            extents.cast_mut(),
            null_mut(),
            null_mut(),
            0,
            null_mut(),
        );
        Ok(Bound::from_owned_ptr_or_err(py, array)?.cast_into_unchecked())
    }
}

fn slice_mut<'a, T: Element>(array: &'a mut Bound<'_, PyArrayDyn<T>>) -> &'a mut [T] {
    // SAFETY: the array is contiguous and aligned, and either fresh or the caller's `out`, which
    // shares no memory with an input and is given to one call at a time.
    unsafe { std::slice::from_raw_parts_mut(array.data(), array.len()) }
}
