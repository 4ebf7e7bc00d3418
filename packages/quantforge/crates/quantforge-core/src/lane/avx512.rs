//! Eight doubles: AVX-512 F and DQ.

#[allow(clippy::wildcard_imports, reason = "thirty intrinsics")]
use std::arch::x86_64::*;

use super::isa::{LaneTask, run_unrolled};
use super::scalar::{LEADING_BITS, SPLIT_ORIGIN};
use super::{Lane, ROUND_TO_INTEGER, impl_operators, steps};

/// Eight doubles; exists only inside [`run`].
#[derive(Clone, Copy)]
pub struct Avx512(__m512d);

/// Run `task` with AVX-512 lanes.
///
/// # Safety
/// The processor must have the features named below.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
pub(super) unsafe fn run<T: LaneTask>(task: T) -> T::Output {
    run_unrolled(task, Avx512(_mm512_setzero_pd()))
}

impl Avx512 {
    #[inline(always)]
    fn bits(self) -> __m512i {
        // SAFETY: a value of this type exists only where the instructions do.
        unsafe { _mm512_castpd_si512(self.0) }
    }
    /// Return the largest image of the bits of a row, in each place of a vector.
    ///
    /// Four vectors at a time: the larger of two takes three cycles, and four of these overlap.
    #[inline(always)]
    fn largest(self, row: &[f64], image: impl Fn(__m512i) -> __m512i) -> __m512i {
        // SAFETY: a value of this type exists only where the instructions do.
        let mut worst = [unsafe { _mm512_setzero_si512() }; 4];
        let (fours, rest) = row.as_chunks::<{ 4 * Self::WIDTH }>();
        for four in fours {
            for (place, worst) in worst.iter_mut().enumerate() {
                let bits = self.load(four, place * Self::WIDTH).bits();
                *worst = larger(*worst, image(bits));
            }
        }
        for at in steps::<Self>(rest.len()) {
            worst[0] = larger(worst[0], image(self.load(rest, at).bits()));
        }
        larger(larger(worst[0], worst[1]), larger(worst[2], worst[3]))
    }
    #[inline(always)]
    fn negate(self) -> Self {
        // SAFETY: a value of this type exists only where the instructions do.
        Self(unsafe { _mm512_xor_pd(self.0, _mm512_set1_pd(-0.0)) })
    }
}

/// Return twice a number's bits, which drops its sign. Only for methods of [`Avx512`].
#[inline(always)]
fn doubled(bits: __m512i) -> __m512i {
    // SAFETY: the methods of a value that exists only where the instructions do.
    unsafe { _mm512_add_epi64(bits, bits) }
}

/// Return the larger unsigned integers. Only for methods of [`Avx512`].
#[inline(always)]
fn larger(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_max_epu64(a, b) }
}

/// Return whether all unsigned integers are at most `bound`. Only for methods of [`Avx512`].
#[inline(always)]
fn is_at_most(x: __m512i, bound: u64) -> bool {
    // SAFETY: as above.
    unsafe { _mm512_cmple_epu64_mask(x, _mm512_set1_epi64(bound.cast_signed())) == 0xFF }
}

impl_operators!(Avx512, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd);

// SAFETY of every block below: a value of this type exists only inside `run`, whose caller has
// found the instructions; loads and stores go through slices of checked length.
impl Lane for Avx512 {
    type Mask = __mmask8;
    type Half = Self;
    const WIDTH: usize = 8;

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_set1_pd(x) })
    }
    #[inline(always)]
    fn load(self, row: &[f64], at: usize) -> Self {
        let row = &row[at..at + Self::WIDTH];
        // SAFETY: see the impl; the slice holds eight doubles.
        Self(unsafe { _mm512_loadu_pd(row.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, row: &mut [f64], at: usize) {
        let row = &mut row[at..at + Self::WIDTH];
        // SAFETY: see the impl; the slice holds eight doubles.
        unsafe { _mm512_storeu_pd(row.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_fmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_fmsub_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_fnmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_max_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_min_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_andnot_pd(_mm512_set1_pd(-0.0), self.0) })
    }
    #[inline(always)]
    fn recip(self) -> Self {
        // A cubic and a Newton step from 14 bits round like a division, which would occupy the
        // unit three times as long.
        // SAFETY: see the impl.
        unsafe {
            let one = _mm512_set1_pd(1.0);
            let guess = _mm512_rcp14_pd(self.0);
            let error = _mm512_fnmadd_pd(self.0, guess, one);
            let guess = _mm512_fmadd_pd(guess, _mm512_fmadd_pd(error, error, error), guess);
            let error = _mm512_fnmadd_pd(self.0, guess, one);
            Self(_mm512_fmadd_pd(guess, error, guess))
        }
    }
    #[inline(always)]
    fn sqrt_recip(self) -> (Self, Self) {
        // Goldschmidt: root and half reciprocal root are refined together.
        // SAFETY: see the impl.
        unsafe {
            let half = _mm512_set1_pd(0.5);
            let guess = _mm512_rsqrt14_pd(self.0);
            let mut root = _mm512_mul_pd(self.0, guess);
            let mut inverse = _mm512_mul_pd(guess, half);
            for _ in 0..2 {
                let error = _mm512_fnmadd_pd(root, inverse, half);
                root = _mm512_fmadd_pd(root, error, root);
                inverse = _mm512_fmadd_pd(inverse, error, inverse);
            }
            (Self(root), Self(_mm512_add_pd(inverse, inverse)))
        }
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        // SAFETY: see the impl.
        unsafe { _mm512_cmp_pd_mask::<_CMP_GE_OQ>(self.0, other.0) }
    }
    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        // SAFETY: see the impl.
        unsafe { _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0) }
    }
    // Comparisons share one port and their masks travel through general registers, so ranges are
    // checked on bits: of numbers without sign these are ordered like the numbers, and a sign or a
    // NaN makes them larger than any bound. Doubling drops the sign.
    #[inline(always)]
    fn all_numbers(self, row: &[f64]) -> bool {
        let worst = self.largest(row, doubled);
        is_at_most(worst, f64::INFINITY.to_bits() << 1)
    }
    #[inline(always)]
    fn all_within(self, row: &[f64], low: f64, high: f64) -> bool {
        if low.is_sign_positive() {
            // SAFETY: see the impl.
            let base = unsafe { _mm512_set1_epi64(low.to_bits().cast_signed()) };
            // SAFETY: see the impl.
            let worst = self.largest(row, |bits| unsafe { _mm512_sub_epi64(bits, base) });
            is_at_most(worst, high.to_bits() - low.to_bits())
        } else if low.to_bits() == (-high).to_bits() {
            let worst = self.largest(row, doubled);
            is_at_most(worst, high.to_bits() << 1)
        } else {
            self.all_values(row, |x| x.ge(x.splat(low)) & x.splat(high).ge(x))
        }
    }
    #[inline(always)]
    fn all_products_within(self, a: &[f64], b: &[f64], limit: f64) -> bool {
        // SAFETY: see the impl.
        let mut worst = unsafe { _mm512_setzero_si512() };
        for at in steps::<Self>(a.len().min(b.len())) {
            let product = self.load(a, at) * self.load(b, at);
            worst = larger(worst, doubled(product.bits()));
        }
        is_at_most(worst, limit.to_bits() << 1)
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm512_mask_blend_pd(mask, no.0, yes.0) })
    }
    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        mask == 0xFF
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        mask != 0
    }
    #[inline(always)]
    fn lookup(self, table: &[f64; 16]) -> Self {
        // SAFETY: see the impl; both halves of the table hold eight doubles.
        unsafe {
            let low = _mm512_loadu_pd(table.as_ptr());
            let high = _mm512_loadu_pd(table[8..].as_ptr());
            Self(_mm512_permutex2var_pd(
                low,
                _mm512_castpd_si512(self.0),
                high,
            ))
        }
    }
    #[inline(always)]
    fn scale(self, index: Self) -> Self {
        let exponent = (index - ROUND_TO_INTEGER) * 0.0625;
        // SAFETY: see the impl.
        Self(unsafe { _mm512_scalef_pd(self.0, exponent.0) })
    }
    #[inline(always)]
    fn power(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let whole = _mm512_and_epi64(self.bits(), _mm512_set1_epi64(!15));
            let one = _mm512_castpd_si512(_mm512_set1_pd(1.0));
            let power = _mm512_add_epi64(_mm512_slli_epi64::<48>(whole), one);
            Self(_mm512_castsi512_pd(power))
        }
    }
    #[inline(always)]
    fn leading_bits(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let rounded = _mm512_add_epi64(self.bits(), _mm512_set1_epi64(1 << 47));
            let mask = _mm512_set1_epi64(LEADING_BITS.cast_signed());
            Self(_mm512_castsi512_pd(_mm512_and_epi64(rounded, mask)))
        }
    }
    #[inline(always)]
    fn exponent_and_sixteenth(self) -> (Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let index = _mm512_srli_epi64::<48>(self.bits());
            (
                Self(_mm512_getexp_pd(self.0)),
                Self(_mm512_castsi512_pd(index)),
            )
        }
    }
    #[inline(always)]
    fn split(self) -> (Self, Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let bits = _mm512_castpd_si512(self.0);
            let offset = _mm512_sub_epi64(bits, _mm512_set1_epi64(SPLIT_ORIGIN.cast_signed()));
            let exponent = _mm512_srai_epi64::<52>(offset);
            let mantissa = _mm512_sub_epi64(bits, _mm512_slli_epi64::<52>(exponent));
            let index = _mm512_add_epi64(mantissa, _mm512_set1_epi64(1 << 47));
            let index = _mm512_srli_epi64::<48>(index);
            (
                Self(_mm512_cvtepi64_pd(exponent)),
                Self(_mm512_castsi512_pd(mantissa)),
                Self(_mm512_castsi512_pd(index)),
            )
        }
    }
}
