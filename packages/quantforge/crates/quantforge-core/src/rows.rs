//! Formulas that take one row at a time: for work that lanes cannot share.

use crate::domain::{Domain, Refusal};
use crate::kernel::refuse_inputs;
use crate::lane::Isa;
use crate::piece::{Inputs, Piece};
use crate::schedule::Dividend;

/// A formula from `I` inputs, the side and cash dividends to `O` results.
pub trait RowFormula<const I: usize, const O: usize>: Sync {
    /// Estimated cost of one row on one thread [ns].
    const NANOSECONDS: f64;
    /// Allowed values of each input.
    const DOMAINS: [Domain; I];
    /// Pairs of inputs (rate, time) whose product is an exponent.
    const EXPONENTS: &'static [(usize, usize)];

    /// Return the results of an allowed row.
    fn compute(row: &[f64; I], is_call: bool, dividends: &[Dividend]) -> [f64; O];

    /// Return why `row` cannot be computed, if so.
    #[must_use]
    fn refuse(row: &[f64; I], _is_call: bool, _dividends: &[Dividend]) -> Option<Refusal> {
        refuse_inputs(row, &Self::DOMAINS, Self::EXPONENTS)
    }
}

/// Compute a piece row by row and return how many rows were refused.
#[must_use]
pub fn piece<R: RowFormula<I, O>, const I: usize, const O: usize>(
    _isa: Isa,
    inputs: &Inputs<'_>,
    piece: &mut Piece<'_>,
) -> usize {
    let mut refused = 0;
    for at in 0..piece.len() {
        let number = piece.first + at;
        let row: [f64; I] = std::array::from_fn(|input| inputs.columns[input].get(number));
        let is_call = inputs.sides.get(number) > 0.5;
        let refusal = R::refuse(&row, is_call, inputs.dividends);
        let values = match &refusal {
            None => R::compute(&row, is_call, inputs.dividends),
            Some(_) => [f64::NAN; O],
        };
        for (output, value) in piece.outputs.iter_mut().zip(values) {
            output[at] = value;
        }
        if let Some(refusal) = refusal {
            refused += 1;
            piece.mark(at, refusal.status);
        }
    }
    refused
}
