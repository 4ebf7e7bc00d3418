//! NumPy ufuncs: formulas that broadcast, cast, skip and write as NumPy's own functions do.
//!
//! One ufunc per formula of the catalogue: its inputs, then whether the row is a call. A refused
//! row is NaN and raises NumPy's `invalid` condition, which `numpy.errstate` governs. A ufunc runs
//! on the calling thread, piece by piece through a small buffer: NumPy lets inputs and outputs be
//! the same memory, and here no result is written before its inputs are read.

use std::ffi::{CString, c_char, c_int, c_void};
use std::hint::black_box;

use numpy::npyffi::{NPY_TYPES, PY_UFUNC_API, PyUFuncGenericFunction, npy_intp};
use pyo3::prelude::*;
use quantforge_core::catalogue::{self, Entry};
use quantforge_core::column::{Column, Strided};
use quantforge_core::kernel::{MAX_INPUTS, MAX_OUTPUTS};
use quantforge_core::lane::Isa;
use quantforge_core::piece::{Inputs, Piece};

use crate::errors::no_formula;

/// Rows computed at once: results of the widest formula fill a third of a first-level cache.
const CHUNK: usize = 128;
/// NumPy's sign for a ufunc that cannot reduce.
const NO_IDENTITY: c_int = -1;
/// Every floating-point condition, on every platform.
const ALL_CONDITIONS: c_int = 0x1F;

unsafe extern "C" {
    fn feclearexcept(conditions: c_int) -> c_int;
}

/// Make the ufunc of a formula.
#[pyfunction]
#[allow(
    clippy::cast_possible_truncation,
    reason = "numbers of types are small"
)]
pub fn ufunc<'py>(py: Python<'py>, formula: &str, doc: &str) -> PyResult<Bound<'py, PyAny>> {
    let entry = catalogue::find(formula).ok_or_else(|| no_formula(formula))?;
    let (inputs, outputs) = (entry.mixed.inputs, entry.mixed.outputs);
    let types = [NPY_TYPES::NPY_FLOAT, NPY_TYPES::NPY_DOUBLE].map(|number| {
        let mut types = vec![number as c_char; inputs + 1 + outputs];
        types[inputs] = NPY_TYPES::NPY_BOOL as c_char;
        types
    });
    let data = std::ptr::from_ref(entry).cast_mut().cast::<c_void>();
    let loops: [PyUFuncGenericFunction; 2] = [Some(each::<f32>), Some(each::<f64>)];
    // A ufunc keeps pointers to its tables as long as it lives, which is as long as the process.
    let types = Vec::leak(types.concat());
    let loops = Box::leak(Box::new(loops));
    let data = Box::leak(Box::new([data; 2]));
    let (name, doc) = (
        CString::new(formula)?.into_raw(),
        CString::new(doc)?.into_raw(),
    );
    let count = |number: usize| c_int::try_from(number).unwrap_or(c_int::MAX);
    // SAFETY: the tables are as long as NumPy is told and live for ever; a new reference or an
    // error comes back.
    unsafe {
        let made = PY_UFUNC_API.PyUFunc_FromFuncAndData(
            py,
            loops.as_mut_ptr(),
            data.as_mut_ptr(),
            types.as_mut_ptr(),
            2,
            count(inputs + 1),
            count(outputs),
            NO_IDENTITY,
            name,
            doc,
            0,
        );
        Bound::from_owned_ptr_or_err(py, made)
    }
}

/// A type that NumPy passes to a loop.
trait Number: Copy {
    fn column<'a>(view: &'a Strided<'a, Self>) -> Column<'a>;
    fn of(value: f64) -> Self;
}

impl Number for f64 {
    fn column<'a>(view: &'a Strided<'a, Self>) -> Column<'a> {
        Column::Strided(view)
    }
    fn of(value: f64) -> Self {
        value
    }
}

impl Number for f32 {
    fn column<'a>(view: &'a Strided<'a, Self>) -> Column<'a> {
        Column::Single(view)
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the caller asked for single precision"
    )]
    fn of(value: f64) -> Self {
        value as Self
    }
}

/// One argument of a loop: where it lies and how far its rows are apart.
#[derive(Clone, Copy)]
struct Rows {
    start: *mut c_char,
    step: isize,
}

impl Rows {
    fn skip(self, rows: usize) -> Self {
        let start = self.start.wrapping_offset(self.step * rows.cast_signed());
        Self { start, ..self }
    }

    /// # Safety
    /// `rows` elements of type `T` lie at `start`, aligned, `step` bytes apart, and nobody writes.
    unsafe fn view<'a, T: Copy>(self, rows: usize) -> Option<Strided<'a, T>> {
        let step = self.step / size_of::<T>().cast_signed();
        let reach = step * (rows.cast_signed() - 1);
        let first = self.start.cast::<T>().wrapping_offset(reach.min(0));
        // SAFETY: the elements lie between the outermost two.
        let data = unsafe { std::slice::from_raw_parts(first, reach.unsigned_abs() + 1) };
        Strided::new(data, reach.min(0).unsigned_abs(), &[rows], &[step])
    }
}

/// The loop that NumPy calls.
///
/// # Safety
/// NumPy gives one pointer and one step per input and output, aligned and of the loop's types, and
/// the `Entry` of the ufunc.
unsafe extern "C" fn each<T: Number>(
    arguments: *mut *mut c_char,
    dimensions: *mut npy_intp,
    steps: *mut npy_intp,
    data: *mut c_void,
) {
    // SAFETY: as the function demands.
    let (entry, total, rows) = unsafe {
        let entry: &'static Entry = &*data.cast::<Entry>();
        let count = entry.mixed.inputs + 1 + entry.mixed.outputs;
        let starts = std::slice::from_raw_parts(arguments, count);
        let steps = std::slice::from_raw_parts(steps, count);
        let mut rows = [Rows {
            start: std::ptr::null_mut(),
            step: 0,
        }; MAX_INPUTS + 1 + MAX_OUTPUTS];
        for ((row, &start), &step) in rows.iter_mut().zip(starts).zip(steps) {
            *row = Rows { start, step };
        }
        (entry, (*dimensions).cast_unsigned(), rows)
    };
    let isa = Isa::active().unwrap_or(Isa::Scalar);
    let mut refused = 0;
    for first in (0..total).step_by(CHUNK) {
        let rows = rows.map(|argument| argument.skip(first));
        // SAFETY: as the function demands.
        refused += unsafe { chunk::<T>(entry, isa, &rows, CHUNK.min(total - first)) };
    }
    // SAFETY: a function of the C library without preconditions.
    unsafe { feclearexcept(ALL_CONDITIONS) };
    if refused > 0 {
        black_box(black_box(f64::INFINITY) - black_box(f64::INFINITY));
    }
}

/// Compute at most [`CHUNK`] rows and return how many were refused.
///
/// # Safety
/// As for [`each`].
unsafe fn chunk<T: Number>(entry: &Entry, isa: Isa, arguments: &[Rows], rows: usize) -> usize {
    let (inputs, outputs) = (entry.mixed.inputs, entry.mixed.outputs);
    let mut results = [0.0; MAX_OUTPUTS * CHUNK];
    // SAFETY: as the function demands; the views end before anything is written.
    let refused = unsafe {
        let views: [_; MAX_INPUTS] =
            std::array::from_fn(|index| arguments[index.min(inputs - 1)].view::<T>(rows));
        let sides = arguments[inputs].view::<u8>(rows);
        let columns = views.each_ref().map(|view| match view {
            Some(view) => T::column(view),
            None => Column::Constant(f64::NAN),
        });
        let inputs = Inputs {
            columns: &columns[..inputs],
            sides: sides.as_ref().map_or(Column::Constant(1.0), Column::Flag),
            dividends: &[],
        };
        let whole = results.chunks_mut(CHUNK).map(|result| &mut result[..rows]);
        let formula = entry.for_inputs(&inputs);
        formula.sweep(isa, &inputs, &mut Piece::whole(whole.take(outputs), None))
    };
    for (result, output) in results
        .chunks(CHUNK)
        .zip(&arguments[inputs + 1..])
        .take(outputs)
    {
        for (row, &value) in result[..rows].iter().enumerate() {
            // SAFETY: as the function demands: this row of the output is writable and aligned.
            unsafe { *output.skip(row).start.cast::<T>() = T::of(value) };
        }
    }
    refused
}
