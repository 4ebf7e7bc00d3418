//! Formulas: kernels whose numbers of inputs and results are known when the program runs.
//!
//! A [`Formula`] is what a caller holds: three function pointers and the facts that steer a batch.
//! It keeps threads, bindings and error handling free of type parameters.

use crate::domain::Refusal;
use crate::kernel::{Kernel, MAX_INPUTS};
use crate::lane::Isa;
use crate::piece::{Inputs, Piece};
use crate::rows::{self, RowFormula};
use crate::schedule::Dividend;
use crate::sweep;

/// A compiled formula.
#[derive(Clone, Copy, Debug)]
pub struct Formula {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of results per row.
    pub outputs: usize,
    /// Estimated cost of one row on one thread [ns].
    pub nanoseconds: f64,
    sweep: fn(Isa, &Inputs<'_>, &mut Piece<'_>) -> usize,
    refuse: fn(&[f64], bool, &[Dividend]) -> Option<Refusal>,
}

impl Formula {
    /// Return the formula of a kernel.
    #[must_use]
    pub const fn of<K: Kernel<I, O>, const I: usize, const O: usize>() -> Self {
        Self {
            inputs: I,
            outputs: O,
            nanoseconds: K::NANOSECONDS,
            sweep: sweep::piece::<K, I, O>,
            refuse: refuse::<K, I, O>,
        }
    }

    /// Return the formula of one row at a time.
    #[must_use]
    pub const fn of_rows<R: RowFormula<I, O>, const I: usize, const O: usize>() -> Self {
        Self {
            inputs: I,
            outputs: O,
            nanoseconds: R::NANOSECONDS,
            sweep: rows::piece::<R, I, O>,
            refuse: refuse_row::<R, I, O>,
        }
    }

    /// Compute a piece on this thread and return how many rows were refused.
    ///
    /// # Panics
    /// If there are fewer columns than inputs.
    #[must_use]
    #[inline]
    pub fn sweep(&self, isa: Isa, inputs: &Inputs<'_>, piece: &mut Piece<'_>) -> usize {
        (self.sweep)(isa, inputs, piece)
    }

    /// Return why `row` cannot be computed, if so.
    #[must_use]
    pub fn refuse(&self, inputs: &Inputs<'_>, row: usize) -> Option<Refusal> {
        let mut values = [0.0; MAX_INPUTS];
        for (value, column) in values.iter_mut().zip(inputs.columns) {
            *value = column.get(row);
        }
        let is_call = inputs.sides.get(row) > 0.5;
        (self.refuse)(&values[..self.inputs], is_call, inputs.dividends)
    }
}

fn refuse<K: Kernel<I, O>, const I: usize, const O: usize>(
    row: &[f64],
    is_call: bool,
    _dividends: &[Dividend],
) -> Option<Refusal> {
    K::refuse(row.first_chunk()?, is_call)
}

fn refuse_row<R: RowFormula<I, O>, const I: usize, const O: usize>(
    row: &[f64],
    is_call: bool,
    dividends: &[Dividend],
) -> Option<Refusal> {
    R::refuse(row.first_chunk()?, is_call, dividends)
}
