//! Batches: the one loop over rows, shared between threads.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::column::Column;
use crate::error::QuantForgeError;
use crate::kernel::Kernel;
use crate::lane::Isa;
use crate::pool::shared_pool;
use crate::strategy::piece_length;
use crate::sweep::{Sweep, with_workspace};

/// Where a batch runs.
#[derive(Clone, Copy, Debug)]
pub struct Resources {
    /// Instruction set.
    pub isa: Isa,
    /// Most threads, the calling one included.
    pub threads: usize,
}

/// Results of a batch, row by row.
pub struct Outputs<'a, const O: usize> {
    /// One slice per result, all of the batch's length.
    pub values: [&'a mut [f64]; O],
    /// Status of each row, zero on entry; `None` if nobody asks.
    pub statuses: Option<&'a mut [u8]>,
}

/// Consecutive rows of a batch and where their results go.
pub struct Piece<'a, const O: usize> {
    /// Number of the first row.
    pub first: usize,
    /// Results of these rows.
    pub outputs: [&'a mut [f64]; O],
    /// Statuses of these rows.
    pub statuses: Option<&'a mut [u8]>,
}

impl<const O: usize> Piece<'_, O> {
    /// Return the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outputs.first().map_or(0, |output| output.len())
    }

    /// Return whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cut off the first `rows` rows (all, if fewer are left).
    fn take(&mut self, rows: usize) -> Option<Self> {
        let rows = rows.min(self.len());
        let first = self.first;
        self.first += rows;
        let outputs = self.outputs.each_mut().map(|rest| {
            let (head, tail) = std::mem::take(rest).split_at_mut(rows);
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
pub fn run<K: Kernel<I, O>, const I: usize, const O: usize>(
    inputs: &[Column<'_>; I],
    sides: Column<'_>,
    outputs: Outputs<'_, O>,
    resources: Resources,
) -> usize {
    let mut rest = Piece {
        first: 0,
        outputs: outputs.values,
        statuses: outputs.statuses,
    };
    let rows = rest.len();
    let sweep = |piece| {
        with_workspace(|workspace| {
            let kernel = PhantomData::<K>;
            resources.isa.run(Sweep {
                inputs,
                sides,
                piece,
                workspace,
                kernel,
            })
        })
    };
    let length = piece_length(rows, K::NANOSECONDS, resources.threads);
    let pool = if length < rows {
        shared_pool(resources.threads)
    } else {
        None
    };
    let Some(pool) = pool else {
        return if rows == 0 { 0 } else { sweep(rest) };
    };

    let helpers = resources.threads.min(rows.div_ceil(length)) - 1;
    let refused = AtomicUsize::new(0);
    let queue = Mutex::new(&mut rest);
    let next = || {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(length)
    };
    let work = || {
        while let Some(piece) = next() {
            refused.fetch_add(sweep(piece), Ordering::Relaxed);
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| work());
        }
        work();
    });
    refused.into_inner()
}

/// Return the error of the first row that `K` refuses; `names` are those of the inputs.
#[must_use]
pub fn first_refusal<K: Kernel<I, O>, const I: usize, const O: usize>(
    names: &[&str; I],
    inputs: &[Column<'_>; I],
    sides: Column<'_>,
    rows: usize,
) -> Option<QuantForgeError> {
    (0..rows).find_map(|row| {
        let values = inputs.each_ref().map(|column| column.get(row));
        let refusal = K::refuse(&values, sides.get(row) > 0.5)?;
        let argument = names[refusal.input].to_owned();
        Some(QuantForgeError::Row {
            row,
            argument,
            value: refusal.value,
            rule: refusal.rule,
        })
    })
}
