//! One double at a time: the lane of every processor and of single options.

use super::Lane;

/// Lower end of the mantissa interval of [`Lane::split`], as bits of 0.734375.
pub(super) const SPLIT_ORIGIN: u64 = 0x3FE7_8000_0000_0000;
/// Sign, exponent and the first four bits of the fraction.
pub(super) const LEADING_BITS: u64 = !((1 << 48) - 1);

/// Return `2^exponent` for an exponent within the normal range.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits((1023 + exponent).cast_unsigned() << 52)
}

impl Lane for f64 {
    type Mask = bool;
    type Half = Self;
    const WIDTH: usize = 1;

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn load(self, row: &[f64], at: usize) -> Self {
        row[at]
    }
    #[inline(always)]
    fn store(self, row: &mut [f64], at: usize) {
        row[at] = self;
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        f64::mul_add(self, b, c)
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        f64::mul_add(self, b, -c)
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        f64::mul_add(-self, b, c)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }
    #[inline(always)]
    fn recip(self) -> Self {
        1.0 / self
    }
    #[inline(always)]
    fn sqrt_recip(self) -> (Self, Self) {
        let root = self.sqrt();
        (root, 1.0 / root)
    }
    #[inline(always)]
    fn ge(self, other: Self) -> bool {
        self >= other
    }
    #[inline(always)]
    fn gt(self, other: Self) -> bool {
        self > other
    }
    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
    #[inline(always)]
    fn all(mask: bool) -> bool {
        mask
    }
    #[inline(always)]
    fn any(mask: bool) -> bool {
        mask
    }
    #[inline(always)]
    fn lookup(self, table: &[f64; 16]) -> Self {
        table[(self.to_bits() & 15) as usize]
    }
    #[inline(always)]
    fn scale(self, index: Self) -> Self {
        // Two factors, so that the result may be subnormal.
        let exponent = (index.to_bits() << 32).cast_signed() >> 36;
        let half = exponent >> 1;
        self * power_of_two(half) * power_of_two(exponent - half)
    }
    #[inline(always)]
    fn power(self) -> Self {
        let whole = self.to_bits() & !15;
        f64::from_bits((whole << 48).wrapping_add(1.0_f64.to_bits()))
    }
    #[inline(always)]
    fn leading_bits(self) -> Self {
        f64::from_bits(self.to_bits().wrapping_add(1 << 47) & LEADING_BITS)
    }
    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "twelve bits")]
    fn exponent_and_sixteenth(self) -> (Self, Self) {
        let bits = self.to_bits();
        let exponent = (bits >> 52).cast_signed() - 1023;
        (exponent as f64, f64::from_bits(bits >> 48))
    }
    #[inline(always)]
    #[allow(clippy::cast_precision_loss, reason = "twelve bits")]
    fn split(self) -> (Self, Self, Self) {
        let bits = self.to_bits();
        let exponent = bits.wrapping_sub(SPLIT_ORIGIN).cast_signed() >> 52;
        let mantissa = bits.wrapping_sub((exponent << 52).cast_unsigned());
        let index = mantissa.wrapping_add(1 << 47) >> 48;
        (
            exponent as f64,
            f64::from_bits(mantissa),
            f64::from_bits(index),
        )
    }
}
