//! Threads: how many, and the pool that holds them.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::QuantForgeError;

/// Environment variable that limits the threads of every call.
pub const THREADS_VARIABLE: &str = "QUANTFORGE_NUM_THREADS";

/// The pool and the process that made it: threads do not survive a fork.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Return the most threads a call may use: environment, else what affinity and cgroup allow.
///
/// # Errors
/// If [`THREADS_VARIABLE`] is not a whole number >= 1.
pub fn thread_limit() -> Result<usize, QuantForgeError> {
    static LIMIT: std::sync::OnceLock<Result<usize, QuantForgeError>> = std::sync::OnceLock::new();
    LIMIT
        .get_or_init(|| match std::env::var(THREADS_VARIABLE) {
            Ok(value) => match value.trim().parse::<NonZeroUsize>() {
                Ok(threads) => Ok(threads.get()),
                Err(_) => Err(QuantForgeError::Threads { value }),
            },
            Err(_) => Ok(std::thread::available_parallelism().map_or(1, NonZeroUsize::get)),
        })
        .clone()
}

/// Return the helpers of this process: one thread fewer than the limit, made at the first call.
///
/// The calling thread works, too, so each helper that wakes finds a processor free. Their number is
/// that of the limit and not of the first call, which would bind all later ones. Returns `None` if
/// the system grants no threads; the caller then works alone.
pub fn helpers() -> Option<Arc<ThreadPool>> {
    let process = std::process::id();
    let mut slot = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((owner, pool)) = slot.as_ref() {
        if *owner == process {
            return Some(Arc::clone(pool));
        }
        // The threads of a parent process are gone; joining them would wait for ever.
        std::mem::forget(slot.take());
    }
    let threads = thread_limit().map_or(1, |limit| limit.saturating_sub(1).max(1));
    let name = |index| format!("quantforge-{index}");
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(name)
        .build()
        .ok()?;
    let pool = Arc::new(pool);
    *slot = Some((process, Arc::clone(&pool)));
    Some(pool)
}
