//! What a batch reads and what it writes: inputs by column, results by piece.

use crate::column::Column;
use crate::domain::Status;
use crate::kernel::MAX_OUTPUTS;
use crate::schedule::Dividend;

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
    #[inline]
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
    pub(crate) fn take(&mut self, rows: usize) -> Option<Self> {
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
