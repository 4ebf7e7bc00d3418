//! Batches: the one loop over rows, shared between threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::QuantForgeError;
use crate::formula::Formula;
use crate::lane::Isa;
use crate::piece::{Inputs, Piece};
use crate::pool::{helpers, thread_limit};
use crate::strategy::piece_length;

/// Where a batch runs.
#[derive(Clone, Copy, Debug)]
pub struct Resources {
    /// Instruction set.
    pub isa: Isa,
    /// Most threads, the calling one included.
    pub threads: usize,
}

impl Resources {
    /// Return what this process may use, at most `threads`.
    ///
    /// # Errors
    /// If `threads` is less than 1, or if an environment variable asks for what cannot be had.
    pub fn of_process(threads: Option<isize>) -> Result<Self, QuantForgeError> {
        let limit = thread_limit()?;
        let threads = match threads.map(|asked| (asked, usize::try_from(asked))) {
            None => limit,
            Some((_, Ok(asked @ 1..))) => asked.min(limit),
            Some((threads, _)) => return Err(QuantForgeError::NoThreads { threads }),
        };
        let isa = Isa::active()?;
        Ok(Self { isa, threads })
    }
}

/// Compute every row and return how many were refused (NaN in every output, status set).
#[must_use]
pub fn run(
    formula: &Formula,
    inputs: &Inputs<'_>,
    whole: &mut Piece<'_>,
    resources: Resources,
) -> usize {
    let rows = whole.len();
    let length = piece_length(rows, formula.nanoseconds, resources.threads);
    if rows == 0 {
        0
    } else if length >= rows {
        formula.sweep(resources.isa, inputs, whole)
    } else {
        share(formula, inputs, whole, length, resources)
    }
}

/// Compute pieces of `length` rows on all threads, or alone if the system grants none.
fn share(
    formula: &Formula,
    inputs: &Inputs<'_>,
    whole: &mut Piece<'_>,
    length: usize,
    resources: Resources,
) -> usize {
    let Some(pool) = helpers() else {
        return formula.sweep(resources.isa, inputs, whole);
    };
    let wanted = resources.threads.min(whole.len().div_ceil(length)) - 1;
    let refused = AtomicUsize::new(0);
    let queue = Mutex::new(whole);
    let next = || {
        let mut rest = queue.lock().unwrap_or_else(PoisonError::into_inner);
        rest.take(length)
    };
    let work = || {
        while let Some(mut piece) = next() {
            let count = formula.sweep(resources.isa, inputs, &mut piece);
            refused.fetch_add(count, Ordering::Relaxed);
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 0..wanted {
            scope.spawn(|_| work());
        }
        work();
    });
    refused.into_inner()
}

/// Return the error of the first of `rows` rows that cannot be computed; without `rows`, of the only
/// option there is, whose error speaks of no row.
///
/// `name` gives the name of an input.
#[must_use]
pub fn first_refusal(
    formula: &Formula,
    inputs: &Inputs<'_>,
    rows: Option<usize>,
    name: impl Fn(usize) -> String,
) -> Option<QuantForgeError> {
    (0..rows.unwrap_or(1)).find_map(|row| {
        let refusal = formula.refuse(inputs, row)?;
        let (argument, value, rule) = (name(refusal.input), refusal.value, refusal.rule);
        Some(match rows {
            Some(_) => QuantForgeError::Row {
                row,
                argument,
                value,
                rule,
            },
            None => QuantForgeError::Single {
                argument,
                value,
                rule,
            },
        })
    })
}
