//! Two doubles: NEON, which every 64-bit Arm processor has.

#[allow(clippy::wildcard_imports, reason = "thirty intrinsics")]
use std::arch::aarch64::*;

use super::isa::{LaneTask, run_unrolled};
use super::scalar::{LEADING_BITS, SPLIT_ORIGIN};
use super::{Lane, impl_operators};

/// Two doubles.
#[derive(Clone, Copy)]
pub struct Neon(float64x2_t);

/// Truth values: all bits of a double set or clear.
#[derive(Clone, Copy)]
pub struct NeonMask(uint64x2_t);

/// Run `task` with NEON lanes.
pub(super) fn run<T: LaneTask>(task: T) -> T::Output {
    // SAFETY: every 64-bit Arm processor has the instructions.
    run_unrolled(task, Neon(unsafe { vdupq_n_f64(0.0) }))
}

impl Neon {
    #[inline(always)]
    fn negate(self) -> Self {
        // SAFETY: every 64-bit Arm processor has the instructions.
        Self(unsafe { vnegq_f64(self.0) })
    }

    /// Return `2^exponent` for exponents within the normal range.
    #[inline(always)]
    fn power_of_two(exponent: int64x2_t) -> Self {
        // SAFETY: every 64-bit Arm processor has the instructions.
        unsafe {
            let biased = vaddq_s64(exponent, vdupq_n_s64(1023));
            Self(vreinterpretq_f64_s64(vshlq_n_s64::<52>(biased)))
        }
    }
}

impl std::ops::BitAnd for NeonMask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        // SAFETY: every 64-bit Arm processor has the instructions.
        Self(unsafe { vandq_u64(self.0, other.0) })
    }
}

impl std::ops::BitOr for NeonMask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        // SAFETY: every 64-bit Arm processor has the instructions.
        Self(unsafe { vorrq_u64(self.0, other.0) })
    }
}

impl_operators!(Neon, vaddq_f64, vsubq_f64, vmulq_f64);

// SAFETY of every block below: every 64-bit Arm processor has the instructions; loads and stores go
// through slices of checked length.
impl Lane for Neon {
    type Mask = NeonMask;
    type Half = Self;
    const WIDTH: usize = 2;

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vdupq_n_f64(x) })
    }
    #[inline(always)]
    fn load(self, row: &[f64], at: usize) -> Self {
        let row = &row[at..at + Self::WIDTH];
        // SAFETY: the slice holds two doubles.
        Self(unsafe { vld1q_f64(row.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, row: &mut [f64], at: usize) {
        let row = &mut row[at..at + Self::WIDTH];
        // SAFETY: the slice holds two doubles.
        unsafe { vst1q_f64(row.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vfmaq_f64(c.0, self.0, b.0) })
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vfmaq_f64(vnegq_f64(c.0), self.0, b.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vfmsq_f64(c.0, self.0, b.0) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // The instruction for it would spread NaN.
        Self::select(self.gt(other), self, other)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(other.gt(self), self, other)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vabsq_f64(self.0) })
    }
    #[inline(always)]
    fn recip(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vdivq_f64(vdupq_n_f64(1.0), self.0) })
    }
    #[inline(always)]
    fn sqrt_recip(self) -> (Self, Self) {
        // SAFETY: see the impl.
        let root = Self(unsafe { vsqrtq_f64(self.0) });
        (root, root.recip())
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        // SAFETY: see the impl.
        NeonMask(unsafe { vcgeq_f64(self.0, other.0) })
    }
    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        // SAFETY: see the impl.
        NeonMask(unsafe { vcgtq_f64(self.0, other.0) })
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { vbslq_f64(mask.0, yes.0, no.0) })
    }
    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        // SAFETY: see the impl.
        unsafe { (vgetq_lane_u64::<0>(mask.0) & vgetq_lane_u64::<1>(mask.0)) != 0 }
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        // SAFETY: see the impl.
        unsafe { (vgetq_lane_u64::<0>(mask.0) | vgetq_lane_u64::<1>(mask.0)) != 0 }
    }
    #[inline(always)]
    fn lookup(self, table: &[f64; 16]) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let index = vreinterpretq_u64_f64(self.0);
            let first = table[(vgetq_lane_u64::<0>(index) & 15) as usize];
            let second = table[(vgetq_lane_u64::<1>(index) & 15) as usize];
            Self(vcombine_f64(vdup_n_f64(first), vdup_n_f64(second)))
        }
    }
    #[inline(always)]
    fn scale(self, index: Self) -> Self {
        // Two factors, so that the result may be subnormal.
        // SAFETY: see the impl.
        let (half, rest) = unsafe {
            let bits = vshlq_n_s64::<32>(vreinterpretq_s64_f64(index.0));
            let (whole, half) = (vshrq_n_s64::<36>(bits), vshrq_n_s64::<37>(bits));
            (half, vsubq_s64(whole, half))
        };
        self * Self::power_of_two(half) * Self::power_of_two(rest)
    }
    #[inline(always)]
    fn power(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let whole = vandq_u64(vreinterpretq_u64_f64(self.0), vdupq_n_u64(!15));
            let one = vreinterpretq_u64_f64(vdupq_n_f64(1.0));
            let power = vaddq_u64(vshlq_n_u64::<48>(whole), one);
            Self(vreinterpretq_f64_u64(power))
        }
    }
    #[inline(always)]
    fn leading_bits(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let rounded = vaddq_u64(vreinterpretq_u64_f64(self.0), vdupq_n_u64(1 << 47));
            let leading = vandq_u64(rounded, vdupq_n_u64(LEADING_BITS));
            Self(vreinterpretq_f64_u64(leading))
        }
    }
    #[inline(always)]
    fn exponent_and_sixteenth(self) -> (Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let bits = vreinterpretq_u64_f64(self.0);
            let exponent = vcvtq_f64_u64(vshrq_n_u64::<52>(bits));
            (
                Self(exponent) - 1023.0,
                Self(vreinterpretq_f64_u64(vshrq_n_u64::<48>(bits))),
            )
        }
    }
    #[inline(always)]
    fn split(self) -> (Self, Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let bits = vreinterpretq_s64_f64(self.0);
            let offset = vsubq_s64(bits, vdupq_n_s64(SPLIT_ORIGIN.cast_signed()));
            let exponent = vshrq_n_s64::<52>(offset);
            let mantissa = vsubq_s64(bits, vshlq_n_s64::<52>(exponent));
            let index = vaddq_s64(mantissa, vdupq_n_s64(1 << 47));
            (
                Self(vcvtq_f64_s64(exponent)),
                Self(vreinterpretq_f64_s64(mantissa)),
                Self(vreinterpretq_f64_s64(vshrq_n_s64::<48>(index))),
            )
        }
    }
}
