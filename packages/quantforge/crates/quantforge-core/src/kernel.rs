//! What a batch can compute: a block of rows at a time.

use crate::constants::CHUNK_SIZE_L1;
use crate::domain::{Domain, MAX_EXPONENT, Refusal, Status};
use crate::lane::Lane;

/// Most inputs of a kernel.
pub const MAX_INPUTS: usize = 8;
/// Most results of a kernel.
pub const MAX_OUTPUTS: usize = 16;
/// Most doubles that one lane value holds (four interleaved vectors of eight).
pub const MAX_WIDTH: usize = 32;
/// Rows of a block: [`CHUNK_SIZE_L1`] in whole lane values.
pub const BLOCK: usize = CHUNK_SIZE_L1.next_multiple_of(MAX_WIDTH);
/// Length of a staged row; the odd cache lines keep rows from sharing one cache set.
pub const ROW: usize = BLOCK + 24;

/// Number of intermediate rows.
pub const STAGES: usize = 11;

/// One staged row.
pub type Row = [f64; ROW];
/// Intermediate rows of a kernel.
pub type Stages = [Row; STAGES];

/// A formula from `I` inputs to `O` outputs, block by block.
pub trait Kernel<const I: usize, const O: usize>: Sync {
    /// Estimated cost of one row on one thread with wide vectors [ns]; it only steers threads.
    const NANOSECONDS: f64;
    /// Whether the few last rows are worth a second, narrower form of the kernel.
    const HAS_NARROW_FORM: bool = false;
    /// Allowed values of each input.
    const DOMAINS: [Domain; I];
    /// Pairs of inputs (rate, time) whose product is an exponent.
    const EXPONENTS: &'static [(usize, usize)];

    /// Compute `len` rows, a multiple of the lane width.
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; I],
        sides: &[f64],
        outputs: &mut [&mut [f64]; O],
        stages: &mut Stages,
    );

    /// Return why `row` cannot be computed, if so.
    #[must_use]
    fn refuse(row: &[f64; I], _is_call: bool) -> Option<Refusal> {
        refuse_inputs(row, &Self::DOMAINS, Self::EXPONENTS)
    }
}

/// Return the first input outside its domain.
#[must_use]
pub fn refuse_inputs<const I: usize>(
    row: &[f64; I],
    domains: &[Domain; I],
    exponents: &[(usize, usize)],
) -> Option<Refusal> {
    let bad = |input: usize, rule| Refusal {
        status: Status::BadInput,
        input,
        value: row[input],
        rule,
    };
    let outside = (0..I).find(|&input| !domains[input].contains(row[input]));
    let mut exponents = exponents.iter();
    outside
        .map(|input| bad(input, domains[input].rule))
        .or_else(|| {
            let large =
                exponents.find(|(rate, time)| (row[*rate] * row[*time]).abs() > MAX_EXPONENT);
            large.map(|&(rate, _)| {
                bad(
                    rate,
                    "must stay within -170 to 170 when multiplied by the time",
                )
            })
        })
}

/// Whether rows are calls or puts: known when compiled, or row by row.
pub trait Side: Sync {
    /// Return `call` for calls and `put` for puts.
    fn pick<L: Lane>(lane: L, sides: &[f64], at: usize, call: L, put: L) -> L;
}

/// Every row is a call.
pub struct Calls;
/// Every row is a put.
pub struct Puts;
/// `sides` holds 1 for a call, 0 for a put.
pub struct PerRow;

impl Side for Calls {
    #[inline(always)]
    fn pick<L: Lane>(_lane: L, _sides: &[f64], _at: usize, call: L, _put: L) -> L {
        call
    }
}
impl Side for Puts {
    #[inline(always)]
    fn pick<L: Lane>(_lane: L, _sides: &[f64], _at: usize, _call: L, put: L) -> L {
        put
    }
}
impl Side for PerRow {
    #[inline(always)]
    fn pick<L: Lane>(lane: L, sides: &[f64], at: usize, call: L, put: L) -> L {
        L::select(lane.load(sides, at).gt(lane.splat(0.5)), call, put)
    }
}
