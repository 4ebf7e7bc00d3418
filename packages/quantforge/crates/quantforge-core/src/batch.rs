//! Batches: the one loop over rows, shared between threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::column::Column;
use crate::dividends::Dividend;
use crate::domain::Status;
use crate::error::QuantForgeError;
use crate::formula::Formula;
use crate::kernel::MAX_OUTPUTS;
use crate::lane::Isa;
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
    /// If `threads` is 0, or if an environment variable asks for what cannot be had.
    pub fn of_process(threads: Option<usize>) -> Result<Self, QuantForgeError> {
        let limit = thread_limit()?;
        let threads = threads.map_or(limit, |asked| asked.min(limit));
        if threads == 0 {
            return Err(QuantForgeError::NoThreads);
        }
        let isa = Isa::active()?;
        Ok(Self { isa, threads })
    }
}

/// What the rows of a batch are made of.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// One column per input of the formula.
    pub columns: &'a [Column<'a>],
    /// 1 for calls, 0 for puts.
    pub sides: Column<'a>,
    /// Cash dividends of the spot, shared by all rows.
    pub dividends: &'a [Dividend],
}

/// Consecutive rows of a batch and where their results go.
pub struct Piece<'a> {
    /// Number of the first row.
    pub first: usize,
    /// Results of these rows, one slice each; empty ones after the formula's last.
    pub outputs: [&'a mut [f64]; MAX_OUTPUTS],
    /// Statuses of these rows, zero on entry; `None` if nobody asks.
    pub statuses: Option<&'a mut [u8]>,
}

impl<'a> Piece<'a> {
    /// Return a whole batch: slices of equal length, at most [`MAX_OUTPUTS`].
    pub fn whole(
        outputs: impl IntoIterator<Item = &'a mut [f64]>,
        statuses: Option<&'a mut [u8]>,
    ) -> Self {
        let mut slots: [&mut [f64]; MAX_OUTPUTS] = Default::default();
        for (slot, output) in slots.iter_mut().zip(outputs) {
            *slot = output;
        }
        Self {
            first: 0,
            outputs: slots,
            statuses,
        }
    }

    /// Return the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outputs[0].len()
    }

    /// Return whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Note the state of a row of this piece.
    pub fn mark(&mut self, row: usize, status: Status) {
        if let Some(statuses) = &mut self.statuses {
            statuses[row] = status as u8;
        }
    }

    /// Cut off the first `rows` rows (all, if fewer are left).
    fn take(&mut self, rows: usize) -> Option<Self> {
        let rows = rows.min(self.len());
        let first = self.first;
        self.first += rows;
        let outputs = self.outputs.each_mut().map(|rest| {
            let here = rows.min(rest.len());
            let (head, tail) = std::mem::take(rest).split_at_mut(here);
            *rest = tail;
            head
        });
        let statuses = self.statuses.take().map(|rest| {
            let (head, tail) = rest.split_at_mut(rows);
            self.statuses = Some(tail);
            head
        });
        (rows > 0).then_some(Self {
            first,
            outputs,
            statuses,
        })
    }
}

/// Compute every row and return how many were refused (NaN in every output, status set).
#[must_use]
pub fn run(
    formula: &Formula,
    inputs: &Inputs<'_>,
    whole: Piece<'_>,
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
    mut whole: Piece<'_>,
    length: usize,
    resources: Resources,
) -> usize {
    let Some(pool) = helpers() else {
        return formula.sweep(resources.isa, inputs, whole);
    };
    let wanted = resources.threads.min(whole.len().div_ceil(length)) - 1;
    let refused = AtomicUsize::new(0);
    let queue = Mutex::new(&mut whole);
    let next = || {
        let mut rest = queue.lock().unwrap_or_else(PoisonError::into_inner);
        rest.take(length)
    };
    let work = || {
        while let Some(piece) = next() {
            let count = formula.sweep(resources.isa, inputs, piece);
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

/// Return the error of the first of `rows` rows that cannot be computed.
///
/// `name` gives the name of an input.
#[must_use]
pub fn first_refusal(
    formula: &Formula,
    inputs: &Inputs<'_>,
    rows: usize,
    name: impl Fn(usize) -> String,
) -> Option<QuantForgeError> {
    (0..rows).find_map(|row| {
        let refusal = formula.refuse(inputs, row)?;
        Some(QuantForgeError::Row {
            row,
            argument: name(refusal.input),
            value: refusal.value,
            rule: refusal.rule,
        })
    })
}
