//! Elementary functions over lanes, with the rounding errors that matter carried along.
//!
//! A [`Double`] is an unevaluated sum `high + low` of about 106 bits.
//! Sources: Dekker (1971) for sums and products of such pairs; Tang (1989, 1990) for table-driven
//! exponential and logarithm.

use std::ops::Neg;

use crate::coefficients::{
    DIVISOR_TABLE_HIGH, DIVISOR_TABLE_LOW, EXP_TABLE_HIGH, EXP_TABLE_LOW, EXP_TAIL, LN_2_HIGH,
    LN_2_LOW, LN_2_SIXTEENTH_HIGH, LN_2_SIXTEENTH_LOW, LOG_RECIPROCAL, LOG_TABLE_HIGH,
    LOG_TABLE_LOW, LOG_TAIL, SIXTEENTHS_PER_LN_2,
};
use crate::kernel::Stages;
use crate::lane::{Lane, ROUND_TO_INTEGER};

/// Beyond this and its negative, exponentials are infinite and zero.
const EXP_LIMIT: f64 = 800.0;

/// The unevaluated sum `high + low`.
#[derive(Clone, Copy)]
pub struct Double<L> {
    /// The sum, rounded.
    pub high: L,
    /// What the rounding lost.
    pub low: L,
}

impl<L: Lane> Neg for Double<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self {
            high: -self.high,
            low: -self.low,
        }
    }
}

impl<L: Lane> Double<L> {
    /// Return what [`Double::store`] left at `at`.
    #[inline(always)]
    pub fn load(lane: L, stages: &Stages, row: usize, at: usize) -> Self {
        Self {
            high: lane.load(&stages[row], at),
            low: lane.load(&stages[row + 1], at),
        }
    }
    /// Leave both parts in two rows.
    #[inline(always)]
    pub fn store(self, stages: &mut Stages, row: usize, at: usize) {
        self.high.store(&mut stages[row], at);
        self.low.store(&mut stages[row + 1], at);
    }
}

/// Return `a - b` without error.
#[inline(always)]
pub fn two_difference<L: Lane>(a: L, b: L) -> Double<L> {
    let high = a - b;
    let rounded = a - high;
    Double {
        high,
        low: (a - (high + rounded)) - (b - rounded),
    }
}

/// Return `a + b` without error if `|a| >= |b|` or `a = 0`.
#[inline(always)]
pub fn fast_two_sum<L: Lane>(a: L, b: L) -> Double<L> {
    let high = a + b;
    Double {
        high,
        low: b - (high - a),
    }
}

/// Return `a * b` without error.
#[inline(always)]
pub fn two_product<L: Lane>(a: L, b: L) -> Double<L> {
    let high = a * b;
    Double {
        high,
        low: a.mul_sub(b, high),
    }
}

/// Return the polynomial with `coefficients`, lowest first, at `x`.
#[inline(always)]
pub fn horner<L: Lane, const N: usize>(x: L, coefficients: &[f64; N]) -> L {
    let mut sum = x.splat(coefficients[N - 1]);
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum.mul_add(x, x.splat(coefficient));
    }
    sum
}

/// Return `coefficients` as lane values.
#[inline(always)]
fn splat_all<L: Lane, const N: usize>(x: L, coefficients: &[f64; N]) -> [L; N] {
    let mut values = [x; N];
    for (value, &coefficient) in values.iter_mut().zip(coefficients) {
        *value = x.splat(coefficient);
    }
    values
}

/// Parts of `exp(x) = 2^floor(n / 16) head (1 + tail)`, `n` in the low bits of `index`.
struct ExpParts<L> {
    head: L,
    tail: L,
    index: L,
}

#[inline(always)]
fn exp_parts<L: Lane>(x: Double<L>) -> ExpParts<L> {
    let magic = x.high.splat(ROUND_TO_INTEGER);
    let index = x.high.mul_add(x.high.splat(SIXTEENTHS_PER_LN_2), magic);
    let sixteenths = index - magic;
    let r = sixteenths.neg_mul_add(x.high.splat(LN_2_SIXTEENTH_HIGH), x.high);
    let r = sixteenths.neg_mul_add(x.high.splat(LN_2_SIXTEENTH_LOW), r) + x.low;
    let [c2, c3, c4, c5, c6] = splat_all(r, &EXP_TAIL);
    let r2 = r * r;
    let quadratic = c6
        .mul_add(r, c5)
        .mul_add(r2, c4.mul_add(r, c3))
        .mul_add(r, c2);
    ExpParts {
        head: index.lookup(&EXP_TABLE_HIGH),
        tail: quadratic.mul_add(r2, r),
        index,
    }
}

/// Return `exp(x.high + x.low)` within one unit in the last place, for `x` up to 800.
#[inline(always)]
pub fn exp<L: Lane>(x: Double<L>) -> L {
    let high = x.high.max(x.high.splat(-EXP_LIMIT));
    let parts = exp_parts(Double { high, low: x.low });
    parts
        .head
        .mul_add(parts.tail, parts.head)
        .scale(parts.index)
}

/// Return `exp(x)` of a plain number.
#[inline(always)]
pub fn exp_plain<L: Lane>(x: L) -> L {
    exp(Double {
        high: x.min(x.splat(EXP_LIMIT)),
        low: x.splat(0.0),
    })
}

/// Return `exp(x)` with a relative error of 1e-10, for `|x| <= 700`.
#[inline(always)]
pub fn exp_rough<L: Lane>(x: L) -> L {
    let magic = x.splat(ROUND_TO_INTEGER);
    let index = x.mul_add(x.splat(SIXTEENTHS_PER_LN_2), magic);
    let r = (index - magic).neg_mul_add(x.splat(LN_2_SIXTEENTH_HIGH + LN_2_SIXTEENTH_LOW), x);
    let [c2, c3, c4, ..] = splat_all(r, &EXP_TAIL);
    let tail = c4.mul_add(r, c3).mul_add(r, c2).mul_add(r * r, r);
    let head = index.lookup(&EXP_TABLE_HIGH);
    head.mul_add(tail, head) * index.power()
}

/// Return `exp(x.high + x.low)` with a relative error of about 2^-58, for `|x| <= 700`.
#[inline(always)]
pub fn exp_double<L: Lane>(x: Double<L>) -> Double<L> {
    let parts = exp_parts(x);
    let tail = parts
        .head
        .mul_add(parts.tail, parts.index.lookup(&EXP_TABLE_LOW));
    let sum = fast_two_sum(parts.head, tail);
    let power = parts.index.power();
    Double {
        high: sum.high * power,
        low: sum.low * power,
    }
}

/// Return `exp(x.high + x.low)` and `1 - exp(x.high + x.low)`, for `|x| <= 700`.
///
/// Each is within two units in the last place, the second one also where it is small.
#[inline(always)]
pub fn exp_and_complement<L: Lane>(x: Double<L>) -> (L, L) {
    let parts = exp_parts(x);
    let power = parts.index.power();
    let tail = parts
        .head
        .mul_add(parts.tail, parts.index.lookup(&EXP_TABLE_LOW));
    let rest = parts.head.neg_mul_add(power, power.splat(1.0));
    ((parts.head + tail) * power, tail.neg_mul_add(power, rest))
}

/// Return `ln(x)` of a positive normal number within two units in the last place.
#[inline(always)]
pub fn ln<L: Lane>(x: L) -> L {
    let (exponent, mantissa, index) = x.split();
    let r = mantissa.mul_sub(index.lookup(&LOG_RECIPROCAL), x.splat(1.0));
    let r2 = r * r;
    let [c0, c1, c2, c3, c4, c5, c6, ..] = splat_all(r, &LOG_TAIL);
    let tail = c6
        .mul_add(r2, c5.mul_add(r, c4))
        .mul_add(r2, c3.mul_add(r, c2));
    let tail = tail
        .mul_add(r2, c1.mul_add(r, c0))
        .mul_add(r, r.splat(-0.5));
    let base = exponent.mul_add(r.splat(LN_2_HIGH), index.lookup(&LOG_TABLE_HIGH));
    let low = exponent.mul_add(r.splat(LN_2_LOW), index.lookup(&LOG_TABLE_LOW));
    base + r + tail.mul_add(r2, low)
}

/// A quotient `a / b = (1 + r) / divisor` with `|r| <= 1/32`.
pub struct Quotient<L> {
    divisor: L,
    r: Double<L>,
}

impl<L: Lane> Quotient<L> {
    /// Divide `a` by `b`; both, `a b` and `a / b` must be positive normal numbers.
    ///
    /// The divisor, `b / a` to five bits, is so short that `a divisor - b` is exact.
    #[inline(always)]
    pub fn of(a: L, b: L) -> Self {
        let shared = (a * b).recip();
        let (inverse_a, inverse_b) = (b * shared, a * shared);
        let divisor = (b * inverse_a).leading_bits();
        let difference = a.mul_sub(divisor, b);
        let high = difference * inverse_b;
        let low = high.neg_mul_add(b, difference) * inverse_b;
        Self {
            divisor,
            r: Double { high, low },
        }
    }

    /// Return what [`Quotient::store`] left at `at`.
    #[inline(always)]
    pub fn load(lane: L, stages: &Stages, row: usize, at: usize) -> Self {
        Self {
            r: Double::load(lane, stages, row, at),
            divisor: lane.load(&stages[row + 2], at),
        }
    }

    /// Leave it in three rows.
    #[inline(always)]
    pub fn store(self, stages: &mut Stages, row: usize, at: usize) {
        self.r.store(stages, row, at);
        self.divisor.store(&mut stages[row + 2], at);
    }

    /// Return the logarithm with an absolute error of about `2^-60 + 2^-66 |ln|`.
    #[inline(always)]
    pub fn ln(self) -> Double<L> {
        let (exponent, sixteenth) = self.divisor.exponent_and_sixteenth();
        let r = self.r.high;
        let r2 = r * r;
        let [c0, c1, c2, c3, c4, c5, c6, c7, c8] = splat_all(r, &LOG_TAIL);
        let tail = c8.mul_add(r2, c7.mul_add(r, c6));
        let tail = tail
            .mul_add(r2, c5.mul_add(r, c4))
            .mul_add(r2, c3.mul_add(r, c2));
        let tail = tail.mul_add(r2, c1.mul_add(r, c0));
        let tail = tail.mul_add(r * r2, r.neg_mul_add(self.r.low, self.r.low));

        let square = two_product(r * -0.5, r);
        let table = sixteenth.lookup(&DIVISOR_TABLE_HIGH);
        let base = exponent.neg_mul_add(r.splat(LN_2_HIGH), table);
        let table = sixteenth.lookup(&DIVISOR_TABLE_LOW);
        let base_low = exponent.neg_mul_add(r.splat(LN_2_LOW), table);
        let first = fast_two_sum(base, r);
        let second = fast_two_sum(first.high, square.high);
        let small = square.low + base_low + (first.low + second.low);
        fast_two_sum(second.high, small + tail)
    }
}
