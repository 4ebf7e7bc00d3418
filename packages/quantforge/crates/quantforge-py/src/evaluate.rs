//! From Python arguments to results: the one path of every function.

use std::str::FromStr;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use quantforge_core::batch::{self, Resources};
use quantforge_core::catalogue::Entry;
use quantforge_core::column::Column;
use quantforge_core::domain::OnError;
use quantforge_core::kernel::MAX_INPUTS;
use quantforge_core::lane::Isa;
use quantforge_core::piece::{Inputs, Piece};
use quantforge_core::shape::Shape;
use quantforge_core::strategy::is_worth_detaching;

use crate::errors::python_error;
use crate::foreign::Translated;
use crate::operand::{Operand, View, read_at_once};
use crate::request::{Argument, Request};
use crate::results::Results;

/// Compute one row of plain numbers.
pub fn scalar(entry: &Entry, names: &[&str], row: [f64; 6], side: f64) -> PyResult<f64> {
    let columns = row.map(Column::Constant);
    let inputs = Inputs {
        columns: &columns,
        sides: Column::Constant(side),
        dividends: &[],
    };
    let isa = Isa::active().map_err(python_error)?;
    let formula = entry.for_inputs(&inputs);
    let mut value = [0.0];
    let mut row = Piece::whole([value.as_mut_slice()], None);
    match formula.sweep(isa, &inputs, &mut row) {
        0 => Ok(value[0]),
        _ => Err(refusal(entry, &inputs, None, |i| names[i].to_owned())),
    }
}

fn refusal(
    entry: &Entry,
    inputs: &Inputs<'_>,
    rows: Option<usize>,
    name: impl Fn(usize) -> String,
) -> PyErr {
    match batch::first_refusal(entry.for_inputs(inputs), inputs, rows, name) {
        Some(error) => python_error(error),
        None => PyValueError::new_err("an input changed while it was being read"),
    }
}

/// Compute a batch: one result, or a tuple of several; with statuses, a pair.
pub fn batch<'py>(py: Python<'py>, request: &Request<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let mut columns = [Column::Constant(0.0); MAX_INPUTS];
    let columns = &mut columns[..request.arguments.len()];
    let mut shape = Shape::default();
    if let Some((sides, extents)) = read_at_once(py, request.arguments, request.is_call, columns) {
        shape
            .broadcast([extents].into_iter())
            .map_err(python_error)?;
        return compute(py, request, columns, sides, &shape);
    }
    if let Some(call) = Translated::read(py, request)? {
        let arguments: Vec<_> = call.arguments.iter().map(Argument::from).collect();
        let translated = Request {
            arguments: &arguments,
            is_call: Argument::from(&call.is_call),
            ..*request
        };
        return call.finish(batch(py, &translated)?);
    }

    let mut operands = [const { Operand::Number(0.0) }; MAX_INPUTS];
    let operands = &mut operands[..columns.len()];
    for (index, argument) in request.arguments.iter().enumerate() {
        operands[index] = Operand::read(argument, || (request.name)(index))?;
    }
    let side = Operand::read_flags(&request.is_call)?;
    let arrays = operands.iter().chain([&side]).filter_map(Operand::extents);
    shape.broadcast(arrays).map_err(python_error)?;
    shape.rows().map_err(python_error)?;

    let mut views = [const { View::Ready(Column::Constant(0.0)) }; MAX_INPUTS];
    for (index, operand) in operands.iter().enumerate() {
        views[index] = operand.view(&shape, || (request.name)(index))?;
    }
    let sides = side.view(&shape, || "is_call".to_owned())?;
    let columns = views.each_ref().map(View::column);
    compute(
        py,
        request,
        &columns[..operands.len()],
        sides.column(),
        &shape,
    )
}

/// Compute a batch whose arguments have been read and broadcast to `shape`.
fn compute<'py>(
    py: Python<'py>,
    request: &Request<'_, 'py>,
    columns: &[Column<'_>],
    sides: Column<'_>,
    shape: &Shape,
) -> PyResult<Bound<'py, PyAny>> {
    let on_error = request
        .on_error
        .map_or(Ok(OnError::Raise), FromStr::from_str);
    let on_error = on_error.map_err(python_error)?;
    let resources = Resources::of_process(request.threads).map_err(python_error)?;
    let inputs = Inputs {
        columns,
        sides,
        dividends: request.dividends,
    };

    let rows = shape.rows().map_err(python_error)?;
    let formula = request.entry.for_inputs(&inputs);
    let mut results = Results::prepare(py, formula.outputs, request.out, shape, &inputs)?;
    if on_error == OnError::Status {
        results.add_statuses(py, shape)?;
    }
    let mut piece = results.piece();
    let mut sweep = || batch::run(formula, &inputs, &mut piece, resources);
    let refused = if is_worth_detaching(rows, formula.nanoseconds) {
        py.detach(sweep)
    } else {
        sweep()
    };
    if refused > 0 && on_error == OnError::Raise {
        let rows = (!shape.extents().is_empty()).then_some(rows);
        return Err(refusal(request.entry, &inputs, rows, request.name));
    }
    results.finish(py)
}
