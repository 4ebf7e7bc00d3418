//! Four doubles: AVX2 with FMA.

#[allow(clippy::wildcard_imports, reason = "thirty intrinsics")]
use std::arch::x86_64::*;

use super::isa::{LaneTask, run_unrolled};
use super::scalar::{LEADING_BITS, SPLIT_ORIGIN};
use super::{Lane, impl_operators};

/// `2^52`: its mantissa holds an unsigned integer.
const INTEGER_IMAGE: f64 = 4_503_599_627_370_496.0;

/// Four doubles; exists only inside [`run`].
#[derive(Clone, Copy)]
pub struct Avx2(__m256d);

/// Truth values: all bits of a double set or clear.
#[derive(Clone, Copy)]
pub struct Avx2Mask(__m256d);

/// Run `task` with AVX2 lanes.
///
/// # Safety
/// The processor must have the features named below.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run<T: LaneTask>(task: T) -> T::Output {
    run_unrolled(task, Avx2(_mm256_setzero_pd()))
}

impl Avx2 {
    #[inline(always)]
    fn negate(self) -> Self {
        // SAFETY: a value of this type exists only where the instructions do.
        Self(unsafe { _mm256_xor_pd(self.0, _mm256_set1_pd(-0.0)) })
    }

    /// Return `2^exponent` from the low half of each integer, within the normal range.
    #[inline(always)]
    fn power_of_two(exponent: __m256i) -> Self {
        // SAFETY: a value of this type exists only where the instructions do.
        unsafe {
            let biased = _mm256_add_epi32(exponent, _mm256_set1_epi64x(1023));
            Self(_mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased)))
        }
    }
}

impl std::ops::BitAnd for Avx2Mask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        // SAFETY: a mask comes from a comparison of lanes.
        Self(unsafe { _mm256_and_pd(self.0, other.0) })
    }
}

impl std::ops::BitOr for Avx2Mask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        // SAFETY: a mask comes from a comparison of lanes.
        Self(unsafe { _mm256_or_pd(self.0, other.0) })
    }
}

impl_operators!(Avx2, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd);

// SAFETY of every block below: a value of this type exists only inside `run`, whose caller has
// found the instructions; loads and stores go through slices of checked length.
impl Lane for Avx2 {
    type Mask = Avx2Mask;
    type Half = Self;
    const WIDTH: usize = 4;

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_set1_pd(x) })
    }
    #[inline(always)]
    fn load(self, row: &[f64], at: usize) -> Self {
        let row = &row[at..at + Self::WIDTH];
        // SAFETY: see the impl; the slice holds four doubles.
        Self(unsafe { _mm256_loadu_pd(row.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, row: &mut [f64], at: usize) {
        let row = &mut row[at..at + Self::WIDTH];
        // SAFETY: see the impl; the slice holds four doubles.
        unsafe { _mm256_storeu_pd(row.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_fmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_fmsub_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_fnmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_max_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_min_pd(self.0, other.0) })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0) })
    }
    #[inline(always)]
    fn recip(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_div_pd(_mm256_set1_pd(1.0), self.0) })
    }
    #[inline(always)]
    fn sqrt_recip(self) -> (Self, Self) {
        // SAFETY: see the impl.
        let root = Self(unsafe { _mm256_sqrt_pd(self.0) });
        (root, root.recip())
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        // SAFETY: see the impl.
        Avx2Mask(unsafe { _mm256_cmp_pd::<_CMP_GE_OQ>(self.0, other.0) })
    }
    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        // SAFETY: see the impl.
        Avx2Mask(unsafe { _mm256_cmp_pd::<_CMP_GT_OQ>(self.0, other.0) })
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { _mm256_blendv_pd(no.0, yes.0, mask.0) })
    }
    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        // SAFETY: see the impl.
        unsafe { _mm256_movemask_pd(mask.0) == 0xF }
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        // SAFETY: see the impl.
        unsafe { _mm256_movemask_pd(mask.0) != 0 }
    }
    #[inline(always)]
    fn lookup(self, table: &[f64; 16]) -> Self {
        // Four loads take half the time of a gather.
        // SAFETY: see the impl; the store fits its target.
        unsafe {
            let index = _mm256_and_si256(_mm256_castpd_si256(self.0), _mm256_set1_epi64x(15));
            let mut indices = [0_usize; 4];
            _mm256_storeu_si256(indices.as_mut_ptr().cast(), index);
            let [a, b, c, d] = indices.map(|i| table[i & 15]);
            Self(_mm256_setr_pd(a, b, c, d))
        }
    }
    #[inline(always)]
    fn scale(self, index: Self) -> Self {
        // Two factors, so that the result may be subnormal.
        // SAFETY: see the impl.
        let (half, rest) = unsafe {
            let bits = _mm256_castpd_si256(index.0);
            let half = _mm256_srai_epi32::<5>(bits);
            (half, _mm256_sub_epi32(_mm256_srai_epi32::<4>(bits), half))
        };
        self * Self::power_of_two(half) * Self::power_of_two(rest)
    }
    #[inline(always)]
    fn power(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let whole = _mm256_and_si256(_mm256_castpd_si256(self.0), _mm256_set1_epi64x(!15));
            let one = _mm256_castpd_si256(_mm256_set1_pd(1.0));
            let power = _mm256_add_epi64(_mm256_slli_epi64::<48>(whole), one);
            Self(_mm256_castsi256_pd(power))
        }
    }
    #[inline(always)]
    fn leading_bits(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let bits = _mm256_castpd_si256(self.0);
            let rounded = _mm256_add_epi64(bits, _mm256_set1_epi64x(1 << 47));
            let mask = _mm256_set1_epi64x(LEADING_BITS.cast_signed());
            Self(_mm256_castsi256_pd(_mm256_and_si256(rounded, mask)))
        }
    }
    #[inline(always)]
    fn exponent_and_sixteenth(self) -> (Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let bits = _mm256_castpd_si256(self.0);
            let image = _mm256_castpd_si256(_mm256_set1_pd(INTEGER_IMAGE));
            let biased = _mm256_or_si256(_mm256_srli_epi64::<52>(bits), image);
            let index = _mm256_srli_epi64::<48>(bits);
            (
                Self(_mm256_castsi256_pd(biased)) - (INTEGER_IMAGE + 1023.0),
                Self(_mm256_castsi256_pd(index)),
            )
        }
    }
    #[inline(always)]
    fn split(self) -> (Self, Self, Self) {
        // There is no arithmetic shift of 64-bit integers: shift a biased one instead.
        // SAFETY: see the impl.
        unsafe {
            let bits = _mm256_castpd_si256(self.0);
            let origin = _mm256_set1_epi64x(SPLIT_ORIGIN.cast_signed().wrapping_add(i64::MIN));
            let biased = _mm256_srli_epi64::<52>(_mm256_sub_epi64(bits, origin));
            let image = _mm256_castpd_si256(_mm256_set1_pd(INTEGER_IMAGE));
            let exponent = _mm256_sub_pd(
                _mm256_castsi256_pd(_mm256_or_si256(biased, image)),
                _mm256_set1_pd(INTEGER_IMAGE + 2048.0),
            );
            let whole = _mm256_sub_epi64(biased, _mm256_set1_epi64x(2048));
            let mantissa = _mm256_sub_epi64(bits, _mm256_slli_epi64::<52>(whole));
            let index = _mm256_add_epi64(mantissa, _mm256_set1_epi64x(1 << 47));
            let index = _mm256_srli_epi64::<48>(index);
            (
                Self(exponent),
                Self(_mm256_castsi256_pd(mantissa)),
                Self(_mm256_castsi256_pd(index)),
            )
        }
    }
}
