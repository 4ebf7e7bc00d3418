//! One piece of a batch on one thread: block by block through the first-level cache.

use std::cell::RefCell;

use crate::batch::Piece;
use crate::column::Column;
use crate::domain::Status;
use crate::kernel::{BLOCK, Kernel, ROW, Row, Stages};
use crate::lane::{Lane, LaneTask};

/// Most inputs of a kernel, the side included.
pub const MAX_INPUTS: usize = 8;
/// Most outputs of a kernel.
pub const MAX_OUTPUTS: usize = 16;

/// Staged rows of one thread.
pub struct Workspace {
    inputs: [Row; MAX_INPUTS],
    sides: Row,
    outputs: [Row; MAX_OUTPUTS],
    stages: Stages,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = const {
        RefCell::new(Workspace {
            inputs: [[0.0; ROW]; MAX_INPUTS],
            sides: [0.0; ROW],
            outputs: [[0.0; ROW]; MAX_OUTPUTS],
            stages: [[0.0; ROW]; 8],
        })
    };
}

/// Call `work` with the staged rows of this thread.
///
/// Vector code must not run inside a closure that the compiler may leave on its own: the closure
/// given here only enters an instruction set.
pub fn with_workspace<R>(work: impl FnOnce(&mut Workspace) -> R) -> R {
    WORKSPACE.with_borrow_mut(work)
}

/// The work of one piece; returns how many rows could not be computed.
pub struct Sweep<'a, 'b, K, const I: usize, const O: usize> {
    /// Inputs of the whole batch.
    pub inputs: &'a [Column<'a>; I],
    /// Call flags of the whole batch, for kernels that ask row by row.
    pub sides: Column<'a>,
    /// Rows to compute.
    pub piece: Piece<'b, O>,
    /// Staged rows of this thread.
    pub workspace: &'a mut Workspace,
    /// The formula.
    pub kernel: std::marker::PhantomData<K>,
}

impl<K: Kernel<I, O>, const I: usize, const O: usize> LaneTask for Sweep<'_, '_, K, I, O> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lane>(mut self, lane: L) -> usize {
        self.fill_constants();
        let total = self.piece.len();
        let mut refused = 0;
        for first in (0..total).step_by(BLOCK) {
            refused += self.block(lane, first, BLOCK.min(total - first));
        }
        refused
    }
}

impl<K: Kernel<I, O>, const I: usize, const O: usize> Sweep<'_, '_, K, I, O> {
    fn fill_constants(&mut self) {
        let workspace = &mut *self.workspace;
        let len = self
            .piece
            .len()
            .next_multiple_of(crate::kernel::MAX_WIDTH)
            .min(BLOCK);
        let sides = std::iter::once((&self.sides, &mut workspace.sides));
        for (column, buffer) in self.inputs.iter().zip(&mut workspace.inputs).chain(sides) {
            if let Column::Constant(x) = column {
                buffer[..len].fill(*x);
            }
        }
    }

    #[inline(always)]
    fn block<L: Lane>(&mut self, lane: L, at: usize, len: usize) -> usize {
        let w = &mut *self.workspace;
        let padded = len.next_multiple_of(L::WIDTH);
        let first = self.piece.first + at;
        let mut buffers = w.inputs.iter_mut();
        let inputs: [&[f64]; I] = self.inputs.each_ref().map(|column| match buffers.next() {
            Some(buffer) => column.rows(first, len, padded, buffer),
            None => &[],
        });
        let sides = self.sides.rows(first, len, padded, &mut w.sides);
        let mut staged = w.outputs.iter_mut();
        let mut outputs = self
            .piece
            .outputs
            .each_mut()
            .map(|output| match staged.next() {
                Some(row) if padded != len => &mut row[..padded],
                _ => &mut output[at..at + len],
            });
        K::block(lane, padded, &inputs, sides, &mut outputs, &mut w.stages);
        let clean = is_clean::<L, K, I, O>(lane, padded, &inputs, &*outputs[0]);
        if padded != len {
            for (output, row) in self.piece.outputs.iter_mut().zip(&w.outputs) {
                output[at..at + len].copy_from_slice(&row[..len]);
            }
        }
        if clean { 0 } else { self.refuse_rows(at, len) }
    }

    /// Mark the rows that the kernel cannot compute; returns their number.
    #[cold]
    #[inline(never)]
    fn refuse_rows(&mut self, at: usize, len: usize) -> usize {
        let mut refused = 0;
        for row in at..at + len {
            let number = self.piece.first + row;
            let values = self.inputs.each_ref().map(|column| column.get(number));
            let refusal = K::refuse(&values, self.sides.get(number) > 0.5);
            let Some(refusal) = refusal else { continue };
            refused += 1;
            for output in &mut self.piece.outputs {
                output[row] = f64::NAN;
            }
            self.piece.mark(row, refusal.status);
        }
        refused
    }
}

/// Return whether every input is allowed and every result is a number.
#[inline(always)]
fn is_clean<L: Lane, K: Kernel<I, O>, const I: usize, const O: usize>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; I],
    output: &[f64],
) -> bool {
    let mut clean = lane.splat(0.0).ge(lane.splat(0.0));
    for at in (0..len).step_by(L::WIDTH) {
        let result = lane.load(output, at);
        clean = clean & K::allows(lane, inputs, at) & result.ge(result);
    }
    L::all(clean)
}

impl<const O: usize> Piece<'_, O> {
    fn mark(&mut self, row: usize, status: Status) {
        if let Some(statuses) = &mut self.statuses {
            statuses[row] = status as u8;
        }
    }
}
