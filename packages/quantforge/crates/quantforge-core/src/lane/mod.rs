//! Lanes: one number or many, with the same arithmetic.
//!
//! Formulas are written once over [`Lane`] and read like scalar code. A value of a SIMD lane is
//! its own proof that the processor has the instructions: the first value is made only by
//! [`Isa::run`] after detection, and every further one (a constant, a loaded row) is made from an
//! existing one. `unsafe` is confined to the instruction-set modules below.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod isa;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pair;
mod scalar;

pub use isa::{Isa, LaneTask};

use std::ops::{Add, BitAnd, BitOr, Mul, Neg, Sub};

/// `1.5 * 2^52`: adding it rounds to an integer and leaves that integer in the low bits.
pub const ROUND_TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// Arithmetic on `WIDTH` doubles at once.
pub trait Lane:
    Copy
    + Add<Output = Self>
    + Add<f64, Output = Self>
    + Sub<Output = Self>
    + Sub<f64, Output = Self>
    + Mul<Output = Self>
    + Mul<f64, Output = Self>
    + Neg<Output = Self>
{
    /// One truth value per double.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask>;
    /// One of several lanes side by side; a single lane itself.
    type Half: Lane;
    /// Doubles per value.
    const WIDTH: usize;

    /// Return one of several lanes side by side.
    #[must_use]
    fn half(self) -> Self::Half;

    /// Return `x` in every double.
    #[must_use]
    fn splat(self, x: f64) -> Self;
    /// Return `row[at..at + WIDTH]`.
    #[must_use]
    fn load(self, row: &[f64], at: usize) -> Self;
    /// Write to `row[at..at + WIDTH]`.
    fn store(self, row: &mut [f64], at: usize);

    /// Return `self * b + c`, rounded once.
    #[must_use]
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// Return `self * b - c`, rounded once.
    #[must_use]
    fn mul_sub(self, b: Self, c: Self) -> Self;
    /// Return `c - self * b`, rounded once.
    #[must_use]
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// Return the larger number; `other` if either is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// Return the smaller number; `other` if either is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;
    /// Return the absolute value.
    #[must_use]
    fn abs(self) -> Self;
    /// Return `1 / self`, for normal numbers, within one unit in the last place.
    #[must_use]
    fn recip(self) -> Self;
    /// Return `(sqrt(self), 1 / sqrt(self))` of positive normal numbers.
    #[must_use]
    fn sqrt_recip(self) -> (Self, Self);

    /// Return `self >= other`; false for NaN.
    #[must_use]
    fn ge(self, other: Self) -> Self::Mask;
    /// Return `self > other`; false for NaN.
    #[must_use]
    fn gt(self, other: Self) -> Self::Mask;
    /// Return `yes` where `mask`, `no` elsewhere.
    #[must_use]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Return whether `mask` is true in every double.
    #[must_use]
    fn all(mask: Self::Mask) -> bool;
    /// Return whether `mask` is true in any double.
    #[must_use]
    fn any(mask: Self::Mask) -> bool;

    /// Return whether every row is a number; `row` holds whole lane values.
    #[inline(always)]
    #[must_use]
    fn all_numbers(self, row: &[f64]) -> bool {
        self.all_values(row, |x| x.ge(x))
    }
    /// Return whether every row lies within `low..=high`, which a NaN does not.
    ///
    /// A zero of the wrong sign may count as outside.
    #[inline(always)]
    #[must_use]
    fn all_within(self, row: &[f64], low: f64, high: f64) -> bool {
        self.all_values(row, |x| x.ge(x.splat(low)) & x.splat(high).ge(x))
    }
    /// Return whether `|a b| <= limit` in every row.
    #[inline(always)]
    #[must_use]
    fn all_products_within(self, a: &[f64], b: &[f64], limit: f64) -> bool {
        let zero = self.splat(0.0);
        let mut all = zero.ge(zero);
        for at in steps::<Self>(a.len().min(b.len())) {
            let product = (self.load(a, at) * self.load(b, at)).abs();
            all = all & product.splat(limit).ge(product);
        }
        Self::all(all)
    }
    /// Return whether `condition` holds for every value of `row`.
    #[inline(always)]
    fn all_values(self, row: &[f64], condition: impl Fn(Self) -> Self::Mask) -> bool {
        let zero = self.splat(0.0);
        let mut all = zero.ge(zero);
        for at in steps::<Self>(row.len()) {
            all = all & condition(self.load(row, at));
        }
        Self::all(all)
    }

    /// Return `table[low four bits of the integer image of self]`.
    #[must_use]
    fn lookup(self, table: &[f64; 16]) -> Self;
    /// Return `self * 2^floor(n / 16)`, gradual underflow included, for `|n| < 2^15`.
    ///
    /// `index` is [`ROUND_TO_INTEGER`]` + n`: its low bits hold `n`.
    #[must_use]
    fn scale(self, index: Self) -> Self;
    /// Return `2^floor(n / 16)` where that is a normal number; `self` is such an index.
    #[must_use]
    fn power(self) -> Self;
    /// Round a positive normal number to five significant bits.
    #[must_use]
    fn leading_bits(self) -> Self;
    /// Split a number of five significant bits, `2^k (1 + j / 16)`, into `k` and an index `j`.
    #[must_use]
    fn exponent_and_sixteenth(self) -> (Self, Self);
    /// Split a positive normal number into `(k, m, index)` with `self = 2^k m`.
    ///
    /// `m` lies in `[0.734375, 1.46875)`; the low bits of `index` number its sixteenth.
    #[must_use]
    fn split(self) -> (Self, Self, Self);
}

/// Return where the whole lane values among `len` rows begin.
///
/// The compiler sees `at + WIDTH <= len` at each, so that loads from a row that was cut to `len`
/// need no bounds check; these would cost a tenth of a price.
#[inline(always)]
pub fn steps<L: Lane>(len: usize) -> impl Iterator<Item = usize> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        (at + L::WIDTH <= len).then(|| {
            next = at + L::WIDTH;
            at
        })
    })
}

/// Implement the operators of a lane from named instructions.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! impl_operators {
    ($lane:ident, $add:ident, $sub:ident, $mul:ident) => {
        impl_operators!(@binary $lane, Add, add, $add);
        impl_operators!(@binary $lane, Sub, sub, $sub);
        impl_operators!(@binary $lane, Mul, mul, $mul);
        impl std::ops::Neg for $lane {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                Self::negate(self)
            }
        }
    };
    (@binary $lane:ident, $trait:ident, $method:ident, $instruction:ident) => {
        impl std::ops::$trait for $lane {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: a value of this type exists only where the instructions do.
                Self(unsafe { $instruction(self.0, other.0) })
            }
        }
        impl std::ops::$trait<f64> for $lane {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                std::ops::$trait::$method(self, self.splat(other))
            }
        }
    };
}
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use impl_operators;
