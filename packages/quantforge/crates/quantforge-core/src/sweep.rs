//! One piece of a batch on one thread: block by block through the first-level cache.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::column::Column;
use crate::domain::MAX_EXPONENT;
use crate::kernel::{BLOCK, Kernel, MAX_INPUTS, MAX_OUTPUTS, ROW, Row, STAGES, Stages};
use crate::lane::{Isa, Lane, LaneTask, steps};
use crate::piece::{Inputs, Piece};

/// Staged rows of one thread, on cache lines: a wide vector across two of them moves in two halves.
#[repr(align(64))]
struct Workspace {
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
            stages: [[0.0; ROW]; STAGES],
        })
    };
}

/// Compute a piece with the kernel `K` and return how many rows were refused.
///
/// Vector code must not run inside a closure that the compiler may leave on its own: the closure
/// here only enters an instruction set.
pub fn piece<K: Kernel<I, O>, const I: usize, const O: usize>(
    isa: Isa,
    inputs: &Inputs<'_>,
    piece: &mut Piece<'_>,
) -> usize {
    let columns: &[Column<'_>; I] = inputs.columns[..I].first_chunk().unwrap_or_else(|| {
        unreachable!("a slice of I columns has I of them");
    });
    WORKSPACE.with_borrow_mut(|workspace| {
        isa.run(&mut Sweep {
            inputs: columns,
            sides: inputs.sides,
            piece,
            workspace,
            kernel: PhantomData::<K>,
        })
    })
}

/// The work of one piece; returns how many rows could not be computed.
struct Sweep<'a, 'b, K, const I: usize, const O: usize> {
    inputs: &'a [Column<'a>; I],
    sides: Column<'a>,
    piece: &'a mut Piece<'b>,
    workspace: &'a mut Workspace,
    kernel: PhantomData<K>,
}

/// By reference: words written one by one and moved together stall the processor.
impl<K: Kernel<I, O>, const I: usize, const O: usize> LaneTask for &mut Sweep<'_, '_, K, I, O> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lane>(self, lane: L) -> usize {
        let total = self.piece.len();
        let unchecked = self.fill_constants(lane, total.next_multiple_of(L::WIDTH).min(BLOCK));
        let narrow = narrow_rows::<L, K, I, O>(total);
        let wide = total - narrow;
        let mut refused = 0;
        for first in (0..wide).step_by(BLOCK) {
            let len = BLOCK.min(wide - first);
            let padded = len.next_multiple_of(L::WIDTH).min(BLOCK);
            refused += self.block(lane, first, len, padded, &unchecked);
        }
        if narrow > 0 {
            // The compiler knows how many rows these are: no pass of the kernel is a loop.
            refused += self.block(lane.half(), wide, narrow, L::Half::WIDTH, &unchecked);
        }
        refused
    }
}

/// Write `x` to every row; `rows` holds whole lane values.
#[inline(always)]
fn fill<L: Lane>(lane: L, rows: &mut [f64], x: f64) {
    for at in steps::<L>(rows.len()) {
        lane.splat(x).store(rows, at);
    }
}

/// Return how many of the last rows half a lane holds, if that saves work.
#[inline(always)]
fn narrow_rows<L: Lane, K: Kernel<I, O>, const I: usize, const O: usize>(total: usize) -> usize {
    let rest = total % L::WIDTH;
    if K::HAS_NARROW_FORM && L::Half::WIDTH < L::WIDTH && rest <= L::Half::WIDTH {
        rest
    } else {
        0
    }
}

impl<K: Kernel<I, O>, const I: usize, const O: usize> Sweep<'_, '_, K, I, O> {
    /// Stage the constants and return which inputs each block has to check.
    #[inline(always)]
    fn fill_constants<L: Lane>(&mut self, lane: L, len: usize) -> [bool; I] {
        let workspace = &mut *self.workspace;
        let mut unchecked = [true; I];
        for (input, column) in self.inputs.iter().enumerate() {
            if let Column::Constant(x) = column {
                fill(lane, &mut workspace.inputs[input][..len], *x);
                unchecked[input] = !K::DOMAINS[input].contains(*x);
            }
        }
        if let Column::Constant(x) = self.sides {
            fill(lane, &mut workspace.sides[..len], x);
        }
        unchecked
    }

    #[inline(always)]
    fn block<L: Lane>(
        &mut self,
        lane: L,
        at: usize,
        len: usize,
        padded: usize,
        unchecked: &[bool; I],
    ) -> usize {
        let w = &mut *self.workspace;
        let first = self.piece.first + at;
        let mut inputs: [&[f64]; I] = [&[]; I];
        for ((rows, column), buffer) in inputs.iter_mut().zip(self.inputs).zip(&mut w.inputs) {
            *rows = column.rows(first, len, padded, buffer);
        }
        let sides = self.sides.rows(first, len, padded, &mut w.sides);
        let mut outputs: [&mut [f64]; O] = std::array::from_fn(|_| Default::default());
        let staged = w.outputs.iter_mut().zip(&mut self.piece.outputs);
        for (target, (row, output)) in outputs.iter_mut().zip(staged) {
            *target = if padded == len {
                &mut output[at..at + len]
            } else {
                &mut row[..padded]
            };
        }
        // Cut to one length that the compiler knows to fit a stage: see `steps`.
        for rows in &mut inputs {
            *rows = &rows[..padded];
        }
        for rows in &mut outputs {
            *rows = &mut std::mem::take(rows)[..padded];
        }
        K::block(
            lane,
            padded,
            &inputs,
            &sides[..padded],
            &mut outputs,
            &mut w.stages,
        );
        let clean = is_clean::<L, K, I, O>(lane, &inputs, unchecked, &*outputs[0]);
        if padded != len {
            for (output, row) in self.piece.outputs.iter_mut().zip(&w.outputs).take(O) {
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
            for output in &mut self.piece.outputs[..O] {
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
    inputs: &[&[f64]; I],
    unchecked: &[bool; I],
    output: &[f64],
) -> bool {
    let mut clean = lane.all_numbers(output);
    // A literal index makes the bounds constants of the loop over the rows.
    macro_rules! check_inputs {
        ($($input:literal)*) => {$(
            if $input < I && unchecked[$input] {
                let domain = const { &K::DOMAINS[if $input < I { $input } else { 0 }] };
                clean &= lane.all_within(inputs[$input], domain.low, domain.high);
            }
        )*};
    }
    check_inputs!(0 1 2 3 4 5 6 7);
    const { assert!(MAX_INPUTS == 8) };
    for &(rate, time) in K::EXPONENTS {
        clean &= lane.all_products_within(inputs[rate], inputs[time], MAX_EXPONENT);
    }
    clean
}
