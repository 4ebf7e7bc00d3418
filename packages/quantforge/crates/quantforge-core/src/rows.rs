//! Formulas that take one row at a time: for work that lanes cannot share.

use crate::dividends::Dividend;
use crate::domain::{Domain, Refusal};
use crate::kernel::refuse_inputs;

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
