//! Size -> strategy: the one table that decides how a batch is shared between threads.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "estimates of work need no more than a few digits"
)]

use crate::constants::{CHUNK_SIZE_PARALLEL, PARALLEL_THRESHOLD_MEDIUM, PARALLEL_THRESHOLD_SMALL};

/// Cost of one option of the plain price kernel [ns]: the unit of the thresholds.
pub const PRICE_NANOSECONDS: f64 = 5.5;

/// How a batch is shared between threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The calling thread does everything.
    Sequential,
    /// One equal share for each thread.
    Shares,
    /// Chunks of this many price-equivalents, taken by whichever thread is free.
    Chunks(usize),
}

/// Smallest size in price-equivalents and the strategy from there on, ascending.
const TABLE: [(usize, Strategy); 3] = [
    (0, Strategy::Sequential),
    (PARALLEL_THRESHOLD_SMALL, Strategy::Shares),
    (
        PARALLEL_THRESHOLD_MEDIUM,
        Strategy::Chunks(CHUNK_SIZE_PARALLEL),
    ),
];

/// Return the rows per piece of a batch of `rows` that cost `nanoseconds` each.
#[must_use]
pub fn piece_length(rows: usize, nanoseconds: f64, threads: usize) -> usize {
    let weight = nanoseconds / PRICE_NANOSECONDS;
    let size = (rows as f64 * weight) as usize;
    let entry = TABLE.iter().rfind(|(smallest, _)| size >= *smallest);
    match entry.map_or(Strategy::Sequential, |(_, strategy)| *strategy) {
        _ if threads < 2 => rows,
        Strategy::Sequential => rows,
        Strategy::Shares => rows.div_ceil(threads),
        Strategy::Chunks(options) => ((options as f64 / weight) as usize).max(1),
    }
}

/// Work below this keeps the interpreter lock: releasing it costs more than others gain [ns].
const DETACH_NANOSECONDS: f64 = 20_000.0;

/// Return whether a batch is long enough to let other Python threads run meanwhile.
#[must_use]
pub fn is_worth_detaching(rows: usize, nanoseconds: f64) -> bool {
    rows as f64 * nanoseconds >= DETACH_NANOSECONDS
}
