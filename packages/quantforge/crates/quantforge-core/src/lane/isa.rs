//! Instruction sets: found once, entered in one place.

use std::str::FromStr;
use std::sync::OnceLock;

use super::Lane;
use super::pair::Pair;
use crate::constants::UNROLL_FACTOR;
use crate::error::QuantForgeError;

/// Work that runs with whatever lane the processor offers.
pub trait LaneTask {
    /// What the work returns.
    type Output;
    /// Do the work; `lane` is any value of the lane to use. Implementations are `inline(always)`.
    fn run<L: Lane>(self, lane: L) -> Self::Output;
}

/// Instruction set of the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// One double at a time, on every processor.
    Scalar,
    /// Two doubles: NEON, on every 64-bit Arm processor.
    Neon,
    /// Four doubles: AVX2 and FMA.
    Avx2,
    /// Eight doubles: AVX-512 F, DQ and VL.
    Avx512,
}

/// Environment variable that chooses a lesser instruction set than the best.
pub const ISA_VARIABLE: &str = "QUANTFORGE_ISA";

impl Isa {
    /// All instruction sets, best last.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// Return the name used in [`ISA_VARIABLE`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Return whether this processor has the instructions.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && Self::Avx2.is_available()
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Return the instruction set of this process, found at the first call.
    ///
    /// # Errors
    /// If [`ISA_VARIABLE`] names one that does not exist or that the processor lacks.
    pub fn active() -> Result<Self, QuantForgeError> {
        static ACTIVE: OnceLock<Result<Isa, QuantForgeError>> = OnceLock::new();
        let active = ACTIVE.get_or_init(|| match std::env::var(ISA_VARIABLE) {
            Ok(name) => name.parse(),
            Err(_) => Ok(Self::best()),
        });
        match active {
            Ok(isa) => Ok(*isa),
            Err(error) => Err(error.clone()),
        }
    }

    fn best() -> Self {
        Self::ALL
            .into_iter()
            .rfind(|isa| isa.is_available())
            .unwrap_or(Self::Scalar)
    }

    fn offered() -> String {
        let offered = Self::ALL.into_iter().filter(|isa| isa.is_available());
        offered.map(Self::name).collect::<Vec<_>>().join(", ")
    }

    /// Run `task` with the lanes of this instruction set; with single doubles where it is missing.
    pub fn run<T: LaneTask>(self, task: T) -> T::Output {
        if !self.is_available() {
            return task.run(0.0);
        }
        match self {
            Self::Scalar => task.run(0.0),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => super::neon::run(task),
            // SAFETY: the instructions are available.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { super::avx2::run(task) },
            // SAFETY: the instructions are available.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { super::avx512::run(task) },
            #[allow(unreachable_patterns, reason = "each processor has its own sets")]
            _ => task.run(0.0),
        }
    }
}

impl FromStr for Isa {
    type Err = QuantForgeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || QuantForgeError::Isa {
            name: name.to_owned(),
            offered: Self::offered(),
        };
        let found = Self::ALL.into_iter().find(|isa| isa.name() == name);
        found.filter(|isa| isa.is_available()).ok_or_else(unknown)
    }
}

const _: () = assert!(
    matches!(UNROLL_FACTOR, 1 | 2 | 4),
    "UNROLL_FACTOR must be 1, 2 or 4"
);

/// Run `task` with as many lanes side by side as [`UNROLL_FACTOR`] says.
#[inline(always)]
pub(super) fn run_unrolled<T: LaneTask, L: Lane>(task: T, lane: L) -> T::Output {
    let pair = Pair(lane, lane);
    match UNROLL_FACTOR {
        1 => task.run(lane),
        2 => task.run(pair),
        _ => task.run(Pair(pair, pair)),
    }
}
