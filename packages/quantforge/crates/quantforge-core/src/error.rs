//! Errors that a caller can meet.

/// What went wrong, with the value, what is allowed and the remedy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantForgeError {
    /// An input of one row is outside its domain.
    #[error(
        "row {row}: {argument} is {value}, but {rule}; \
         correct the row, or pass on_error=\"nan\" or \"status\""
    )]
    Row {
        /// Position in the flattened broadcast shape.
        row: usize,
        /// Name of the argument.
        argument: String,
        /// Value found.
        value: f64,
        /// What is allowed.
        rule: &'static str,
    },
    /// An input of a single option is outside its domain.
    #[error("{argument} is {value}, but {rule}")]
    Single {
        /// Name of the argument.
        argument: String,
        /// Value found.
        value: f64,
        /// What is allowed.
        rule: &'static str,
    },
    /// The environment asks for an instruction set that cannot be used.
    #[error(
        "QUANTFORGE_ISA is {name:?}, but this processor offers {offered}; unset it or choose one"
    )]
    Isa {
        /// Name found in the environment.
        name: String,
        /// Names that would work.
        offered: String,
    },
    /// The environment asks for a number of threads that is none.
    #[error("QUANTFORGE_NUM_THREADS is {value:?}, but must be a whole number >= 1; unset it")]
    Threads {
        /// Text found in the environment.
        value: String,
    },
    /// A call asks for fewer than one thread.
    #[error("threads is {threads}, but must be >= 1 or None")]
    NoThreads {
        /// What the call asks for.
        threads: isize,
    },
    /// Array arguments do not broadcast.
    #[error("shapes {shapes} cannot be broadcast together")]
    Shapes {
        /// The shapes, in words.
        shapes: String,
    },
    /// An array argument has too many axes.
    #[error("{found} axes, but at most 32 are supported")]
    Axes {
        /// Number of axes found.
        found: usize,
    },
    /// The broadcast shape is larger than memory.
    #[error("the broadcast shape has too many elements")]
    TooManyRows,
    /// A strided view cannot be walked.
    #[error("{argument} has too many axes that cannot be merged; copy it first")]
    View {
        /// Name of the argument.
        argument: String,
    },
    /// A call asks for a way to treat bad rows that does not exist.
    #[error("on_error is {value:?}, but must be \"raise\", \"nan\" or \"status\"")]
    OnError {
        /// Text found.
        value: String,
    },
    /// A cash dividend is none.
    #[error("dividends[{index}] is ({time}, {amount}), but must be years > 0 and an amount >= 0")]
    Dividend {
        /// Position in the list.
        index: usize,
        /// Years found.
        time: f64,
        /// Amount found.
        amount: f64,
    },
    /// There are more cash dividends than a row can be priced with.
    #[error("{found} dividends, but at most 1000 are supported")]
    Dividends {
        /// Number found.
        found: usize,
    },
}
