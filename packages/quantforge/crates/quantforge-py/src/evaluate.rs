//! From Python arguments to results: the one path of every function.

use numpy::npyffi::flags::NPY_ARRAY_WRITEABLE;
use numpy::{
    PyArray, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyTuple};
use quantforge_core::batch::{self, Outputs, Resources};
use quantforge_core::column::Column;
use quantforge_core::error::QuantForgeError;
use quantforge_core::kernel::Kernel;
use quantforge_core::lane::Isa;
use quantforge_core::pool::thread_limit;
use quantforge_core::strategy::is_worth_detaching;

use crate::foreign::{Translated, may_be_column};
use crate::operand::{Operand, Shape, View};

/// What becomes of rows that cannot be computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    Raise,
    Nan,
    Status,
}

impl OnError {
    fn parse(text: Option<&str>) -> PyResult<Self> {
        match text {
            None | Some("raise") => Ok(Self::Raise),
            Some("nan") => Ok(Self::Nan),
            Some("status") => Ok(Self::Status),
            Some(other) => Err(PyValueError::new_err(format!(
                "on_error is {other:?}, but must be \"raise\", \"nan\" or \"status\""
            ))),
        }
    }
}

/// One call of a batch function, as Python made it.
pub struct Request<'a, 'py, const I: usize> {
    pub names: [&'a str; I],
    pub arguments: [&'a Bound<'py, PyAny>; I],
    /// Whether rows are calls; `None` for kernels that know.
    pub is_call: Option<&'a Bound<'py, PyAny>>,
    /// An array for the result, or a tuple of arrays for several.
    pub out: Option<&'a Bound<'py, PyAny>>,
    pub on_error: Option<&'a str>,
    pub threads: Option<usize>,
}

pub fn python_error(error: &QuantForgeError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn resources(threads: Option<usize>) -> PyResult<Resources> {
    let isa = Isa::active().map_err(|error| python_error(&error))?;
    let limit = thread_limit().map_err(|error| python_error(&error))?;
    let threads = match threads {
        Some(0) => {
            return Err(PyValueError::new_err(
                "threads is 0, but must be >= 1 or None",
            ));
        }
        Some(threads) => threads.min(limit),
        None => limit,
    };
    Ok(Resources { isa, threads })
}

/// Compute one row of plain numbers.
pub fn scalar<K: Kernel<I, 1>, const I: usize>(
    names: &[&str; I],
    row: [f64; I],
    is_call: bool,
) -> PyResult<f64> {
    let columns = row.map(Column::Constant);
    let sides = Column::Constant(f64::from(u8::from(is_call)));
    let mut value = [0.0];
    let outputs = Outputs {
        values: [&mut value],
        statuses: None,
    };
    let isa = Isa::active().map_err(|error| python_error(&error))?;
    match batch::run::<K, I, 1>(&columns, sides, outputs, Resources { isa, threads: 1 }) {
        0 => Ok(value[0]),
        _ => Err(refusal::<K, I, 1>(names, &columns, sides, 1)),
    }
}

fn refusal<K: Kernel<I, O>, const I: usize, const O: usize>(
    names: &[&str; I],
    columns: &[Column<'_>; I],
    sides: Column<'_>,
    rows: usize,
) -> PyErr {
    match batch::first_refusal::<K, I, O>(names, columns, sides, rows) {
        Some(error) => python_error(&error),
        None => PyValueError::new_err("an input changed while it was being read"),
    }
}

/// Return the call in NumPy arrays if an argument is a column of another library.
fn translated<'py, const I: usize>(
    request: &Request<'_, 'py, I>,
) -> PyResult<Option<Translated<'py, I>>> {
    let mut given = request.arguments.iter().copied().chain(request.is_call);
    if !given.any(may_be_column) {
        return Ok(None);
    }
    Translated::read(
        &request.names,
        &request.arguments,
        request.is_call,
        request.on_error,
    )
}

/// Compute a batch: one array, or a tuple of arrays for several results; with statuses, a pair.
pub fn batch<'py, K: Kernel<I, O>, const I: usize, const O: usize>(
    py: Python<'py>,
    request: &Request<'_, 'py, I>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(call) = translated(request)? {
        let request = Request {
            arguments: call.arguments.each_ref(),
            is_call: request.is_call.and(Some(&call.is_call)),
            ..*request
        };
        return call.finish(batch::<K, I, O>(py, &request)?);
    }
    let on_error = OnError::parse(request.on_error)?;
    let resources = resources(request.threads)?;
    let mut operands = [const { Operand::Number(0.0) }; I];
    for (operand, (name, argument)) in operands
        .iter_mut()
        .zip(request.names.iter().zip(request.arguments))
    {
        *operand = Operand::extract(name, argument)?;
    }
    let side = match request.is_call {
        Some(flags) => Operand::extract_flags("is_call", flags)?,
        None => Operand::Number(1.0),
    };
    let shape = Shape::broadcast(operands.iter().chain([&side]))?;
    let mut views = [const { View::Ready(Column::Constant(0.0)) }; I];
    for (view, (name, operand)) in views.iter_mut().zip(request.names.iter().zip(&operands)) {
        *view = operand.view(name, &shape)?;
    }
    let side_view = side.view("is_call", &shape)?;
    let columns = views.each_ref().map(View::column);
    let sides = side_view.column();

    let mut targets = Target::choose_all::<O>(py, request.out, &shape, &operands)?;
    let mut statuses = match on_error {
        OnError::Status => Some(PyArray::<u8, _>::zeros(py, shape.extents(), false)),
        _ => None,
    };
    let outputs = Outputs {
        values: targets
            .each_mut()
            .map(|target| slice_mut(&mut target.array)),
        statuses: statuses.as_mut().map(slice_mut),
    };
    let rows = shape.rows()?;
    let compute = || batch::run::<K, I, O>(&columns, sides, outputs, resources);
    let refused = if is_worth_detaching(rows, K::NANOSECONDS) {
        py.detach(compute)
    } else {
        compute()
    };
    if refused > 0 && on_error == OnError::Raise {
        return Err(refusal::<K, I, O>(&request.names, &columns, sides, rows));
    }
    let values = Target::finish_all(py, targets, &shape)?;
    match statuses {
        Some(statuses) => Ok((values, statuses).into_pyobject(py)?.into_any()),
        None => Ok(values),
    }
}

/// Where the results are written, and the caller's array if that is another one.
struct Target<'py> {
    array: Bound<'py, PyArrayDyn<f64>>,
    out: Option<Bound<'py, PyAny>>,
}

impl<'py> Target<'py> {
    /// Return one target per result; several need a tuple of as many arrays.
    fn choose_all<const O: usize>(
        py: Python<'py>,
        out: Option<&Bound<'py, PyAny>>,
        shape: &Shape,
        operands: &[Operand<'py>],
    ) -> PyResult<[Self; O]> {
        let mut outs = [const { None }; O];
        match out {
            Some(array) if O == 1 => outs[0] = Some(array.clone()),
            Some(tuple) => outs = tuple.extract::<[Bound<'py, PyAny>; O]>()?.map(Some),
            None => {}
        }
        let mut failure = None;
        let targets = outs.map(|out| {
            Self::choose(py, out, shape, operands)
                .map_err(|error| failure = Some(error))
                .ok()
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(targets.map(|target| match target {
                Some(target) => target,
                None => unreachable!("a target is missing only after a failure"),
            })),
        }
    }

    fn choose(
        py: Python<'py>,
        out: Option<Bound<'py, PyAny>>,
        shape: &Shape,
        operands: &[Operand<'py>],
    ) -> PyResult<Self> {
        if let Some(object) = &out {
            let array = checked_out(object, shape)?;
            let direct = array.cast::<PyArrayDyn<f64>>().ok();
            let direct = direct.filter(|array| array.is_c_contiguous() && array.is_aligned());
            if let Some(array) = direct.filter(|array| !overlaps(array.as_untyped(), operands)) {
                return Ok(Self {
                    array: array.clone(),
                    out,
                });
            }
        }
        // SAFETY: every element is written before anybody reads it: a batch computes all rows.
        let array = unsafe { PyArray::new(py, shape.extents(), false) };
        Ok(Self { array, out })
    }

    fn finish_all<const O: usize>(
        py: Python<'py>,
        targets: [Self; O],
        shape: &Shape,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut values = Vec::with_capacity(O);
        for target in targets {
            values.push(target.finish(shape)?);
        }
        match values.pop() {
            Some(value) if O == 1 => Ok(value),
            last => {
                values.extend(last);
                Ok(PyTuple::new(py, values)?.into_any())
            }
        }
    }

    fn finish(mut self, shape: &Shape) -> PyResult<Bound<'py, PyAny>> {
        let py = self.array.py();
        let Some(out) = self.out else {
            return Ok(match shape.extents() {
                [] => PyFloat::new(py, slice_mut(&mut self.array)[0]).into_any(),
                _ => self.array.into_any(),
            });
        };
        if !out.is(&self.array) {
            py.import("numpy")?
                .call_method1("copyto", (&out, &self.array))?;
        }
        Ok(out)
    }
}

fn checked_out<'a, 'py>(
    object: &'a Bound<'py, PyAny>,
    shape: &Shape,
) -> PyResult<&'a Bound<'py, PyUntypedArray>> {
    let Ok(array) = object.cast::<PyUntypedArray>() else {
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
        return Err(PyValueError::new_err(
            "out is read-only; pass a writable array",
        ));
    }
    Ok(array)
}

/// Return whether `out` shares memory bounds with an input.
fn overlaps(out: &Bound<'_, PyUntypedArray>, operands: &[Operand<'_>]) -> bool {
    let (low, high) = bounds(out);
    operands.iter().any(|operand| match operand {
        Operand::Number(_) => false,
        Operand::Array(array, _) => {
            let (first, last) = bounds(array);
            first < high && low < last
        }
    })
}

fn bounds(array: &Bound<'_, PyUntypedArray>) -> (isize, isize) {
    // SAFETY: the pointer of a live array object; only the address is used.
    let origin = unsafe { (*array.as_array_ptr()).fields.data as isize };
    let (mut low, mut high) = (origin, origin + array.dtype().itemsize().cast_signed());
    for (&extent, &stride) in array.shape().iter().zip(array.strides()) {
        let reach = stride * (extent.cast_signed() - 1).max(0);
        low += reach.min(0);
        high += reach.max(0);
    }
    (low, high)
}

fn slice_mut<'a, T: numpy::Element>(array: &'a mut Bound<'_, PyArrayDyn<T>>) -> &'a mut [T] {
    // SAFETY: the array is contiguous and aligned, and either fresh or the caller's `out`, which
    // shares no memory with an input and is given to one call at a time.
    unsafe { std::slice::from_raw_parts_mut(array.data(), array.len()) }
}
