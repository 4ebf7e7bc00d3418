//! Two lanes side by side: independent chains that hide the latency of multiply-add.

use std::ops::{Add, BitAnd, BitOr, Mul, Neg, Sub};

use super::Lane;

/// Two values computed in step.
#[derive(Clone, Copy)]
pub struct Pair<T>(pub T, pub T);

macro_rules! impl_pairwise {
    ($trait:ident, $method:ident) => {
        impl<L: Lane> $trait for Pair<L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(
                    $trait::$method(self.0, other.0),
                    $trait::$method(self.1, other.1),
                )
            }
        }
        impl<L: Lane> $trait<f64> for Pair<L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                Self(
                    $trait::$method(self.0, other),
                    $trait::$method(self.1, other),
                )
            }
        }
    };
}
impl_pairwise!(Add, add);
impl_pairwise!(Sub, sub);
impl_pairwise!(Mul, mul);

impl<L: Lane> Neg for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

/// Truth values of a pair.
#[derive(Clone, Copy)]
pub struct PairMask<M>(M, M);

impl<M: BitAnd<Output = M>> BitAnd for PairMask<M> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0, self.1 & other.1)
    }
}

impl<M: BitOr<Output = M>> BitOr for PairMask<M> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0, self.1 | other.1)
    }
}

impl<L: Lane> Lane for Pair<L> {
    type Mask = PairMask<L::Mask>;
    type Half = L;
    const WIDTH: usize = 2 * L::WIDTH;

    #[inline(always)]
    fn half(self) -> L {
        self.0
    }

    #[inline(always)]
    fn splat(self, x: f64) -> Self {
        let x = self.0.splat(x);
        Self(x, x)
    }
    #[inline(always)]
    fn load(self, row: &[f64], at: usize) -> Self {
        // One check for both, which `steps` has made already.
        let row = &row[at..at + Self::WIDTH];
        Self(self.0.load(row, 0), self.0.load(row, L::WIDTH))
    }
    #[inline(always)]
    fn store(self, row: &mut [f64], at: usize) {
        let row = &mut row[at..at + Self::WIDTH];
        self.0.store(row, 0);
        self.1.store(row, L::WIDTH);
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(self.0.mul_add(b.0, c.0), self.1.mul_add(b.1, c.1))
    }
    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        Self(self.0.mul_sub(b.0, c.0), self.1.mul_sub(b.1, c.1))
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self(self.0.neg_mul_add(b.0, c.0), self.1.neg_mul_add(b.1, c.1))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }
    #[inline(always)]
    fn recip(self) -> Self {
        Self(self.0.recip(), self.1.recip())
    }
    #[inline(always)]
    fn sqrt_recip(self) -> (Self, Self) {
        let (first, second) = (self.0.sqrt_recip(), self.1.sqrt_recip());
        (Self(first.0, second.0), Self(first.1, second.1))
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        PairMask(self.0.ge(other.0), self.1.ge(other.1))
    }
    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        PairMask(self.0.gt(other.0), self.1.gt(other.1))
    }
    #[inline(always)]
    fn all_numbers(self, row: &[f64]) -> bool {
        self.0.all_numbers(row)
    }
    #[inline(always)]
    fn all_within(self, row: &[f64], low: f64, high: f64) -> bool {
        self.0.all_within(row, low, high)
    }
    #[inline(always)]
    fn all_products_within(self, a: &[f64], b: &[f64], limit: f64) -> bool {
        self.0.all_products_within(a, b, limit)
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(
            L::select(mask.0, yes.0, no.0),
            L::select(mask.1, yes.1, no.1),
        )
    }
    #[inline(always)]
    fn all(mask: Self::Mask) -> bool {
        L::all(mask.0) & L::all(mask.1)
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        L::any(mask.0) | L::any(mask.1)
    }
    #[inline(always)]
    fn lookup(self, table: &[f64; 16]) -> Self {
        Self(self.0.lookup(table), self.1.lookup(table))
    }
    #[inline(always)]
    fn scale(self, index: Self) -> Self {
        Self(self.0.scale(index.0), self.1.scale(index.1))
    }
    #[inline(always)]
    fn power(self) -> Self {
        Self(self.0.power(), self.1.power())
    }
    #[inline(always)]
    fn leading_bits(self) -> Self {
        Self(self.0.leading_bits(), self.1.leading_bits())
    }
    #[inline(always)]
    fn exponent_and_sixteenth(self) -> (Self, Self) {
        let first = self.0.exponent_and_sixteenth();
        let second = self.1.exponent_and_sixteenth();
        (Self(first.0, second.0), Self(first.1, second.1))
    }
    #[inline(always)]
    fn split(self) -> (Self, Self, Self) {
        let (first, second) = (self.0.split(), self.1.split());
        (
            Self(first.0, second.0),
            Self(first.1, second.1),
            Self(first.2, second.2),
        )
    }
}
