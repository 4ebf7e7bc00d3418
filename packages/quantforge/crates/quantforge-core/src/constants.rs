//! Tuning constants of the hot path: the only place where they are written.
//!
//! They change speed, never values. Sizes are counted in options of the plain price kernel;
//! a kernel that costs more per option is weighed by its estimated nanoseconds
//! (see [`crate::strategy`]).

/// Fewest options that are shared between threads; below it the calling thread does all.
pub const PARALLEL_THRESHOLD_SMALL: usize = 5_000;

/// Fewest options that are cut into many small chunks which threads take as they become free.
///
/// Between the two thresholds each thread gets one equal share: least hand-off, no balancing.
pub const PARALLEL_THRESHOLD_MEDIUM: usize = 30_000;

/// Options per chunk above [`PARALLEL_THRESHOLD_MEDIUM`].
pub const CHUNK_SIZE_PARALLEL: usize = 8_192;

/// Options that one pass of the staged kernel keeps in the first-level cache.
///
/// Rounded up to a whole number of vectors; the intermediate rows take 64 bytes per option.
pub const CHUNK_SIZE_L1: usize = 128;

/// Vectors that are computed side by side to hide the latency of multiply-add: 1, 2 or 4.
pub const UNROLL_FACTOR: usize = 2;
