//! The Mills ratio `M(z) = N(-z) / n(z)` and its divided difference.
//!
//! `M(z) = u P(w)` with `u = 1 / (z + g)`, `w = 1 - a u` and one polynomial `P` of degree 24 on
//! `-0.5 <= z <= 40`. The difference `M(x) - M(y)` follows from the divided difference of `P` by a
//! nested Horner scheme, at the cost of two evaluations and without cancellation however close
//! `x` and `y` are.

use crate::coefficients::{
    MILLS_EVEN, MILLS_ODD, MILLS_SCALE, MILLS_SHIFT, ROUGH_EVEN, ROUGH_ODD, ROUGH_SCALE,
    ROUGH_SHIFT,
};
use crate::elementary::horner;
use crate::kernel::Stages;
use crate::lane::Lane;

/// Two Mills ratios `M(x)` and `M(y)` and what is wanted of them: their difference or their sum.
///
/// With `P(y) = P(x) - (w_x - w_y) P[x, y]` both are linear in `P(x)` and the divided difference.
#[derive(Clone, Copy)]
pub struct MillsPair<L> {
    /// `1 / (x + g)`.
    u_x: L,
    /// `1 / (y + g)`.
    u_y: L,
    /// What `P(x)` is multiplied by.
    value_weight: L,
    /// What `-P[x, y]` is multiplied by.
    slope_weight: L,
}

/// A fit of `P`: shift `g` and scale `a` of its variable, even and odd coefficients.
struct Fit<const E: usize, const O: usize> {
    shift: f64,
    scale: f64,
    even: [f64; E],
    odd: [f64; O],
}

/// To the last digits.
const EXACT: Fit<13, 12> = Fit {
    shift: MILLS_SHIFT,
    scale: MILLS_SCALE,
    even: MILLS_EVEN,
    odd: MILLS_ODD,
};

/// To eight digits.
const ROUGH: Fit<6, 6> = Fit {
    shift: ROUGH_SHIFT,
    scale: ROUGH_SCALE,
    even: ROUGH_EVEN,
    odd: ROUGH_ODD,
};

impl<const E: usize, const O: usize> Fit<E, O> {
    #[inline(always)]
    fn ratio<L: Lane>(&self, z: L) -> L {
        let u = (z + self.shift).recip();
        let w = z.splat(self.scale).neg_mul_add(u, z.splat(1.0));
        let w2 = w * w;
        u * horner(w2, &self.odd).mul_add(w, horner(w2, &self.even))
    }

    #[inline(always)]
    fn pair<L: Lane>(&self, x: L, y: L, gap: L, is_difference: L::Mask) -> MillsPair<L> {
        let (shifted_x, shifted_y) = (x + self.shift, y + self.shift);
        let shared = (shifted_x * shifted_y).recip();
        let (u_x, u_y) = (shared * shifted_y, shared * shifted_x);
        let scaled_gap = gap * shared;
        let slope_weight = L::select(is_difference, scaled_gap, u_x - u_y) * (u_y * self.scale);
        MillsPair {
            u_x,
            u_y,
            value_weight: L::select(is_difference, scaled_gap, -(u_x + u_y)),
            slope_weight,
        }
    }

    /// Return `P(x)`, `P(y)` and what is wanted.
    #[inline(always)]
    fn evaluate<L: Lane>(&self, pair: &MillsPair<L>) -> (L, L, L) {
        let (one, scale) = (pair.u_x.splat(1.0), pair.u_x.splat(self.scale));
        let w_x = scale.neg_mul_add(pair.u_x, one);
        let w_y = scale.neg_mul_add(pair.u_y, one);
        let (p_x, slope) = divided_difference(w_x, w_y, &self.even, &self.odd);
        let p_y = (w_x - w_y).neg_mul_add(slope, p_x);
        let wanted = pair
            .slope_weight
            .neg_mul_add(slope, pair.value_weight * p_x);
        (p_x, p_y, wanted)
    }
}

impl<L: Lane> MillsPair<L> {
    /// Prepare `M(x) - M(y)` where `is_difference`, there `gap` is `y - x`, and `-(M(x) + M(y))`
    /// elsewhere, for `x` and `y` of at least -0.5.
    #[inline(always)]
    pub fn of(x: L, y: L, gap: L, is_difference: L::Mask) -> Self {
        EXACT.pair(x, y, gap, is_difference)
    }

    /// Return what [`MillsPair::store`] left at `at`.
    #[inline(always)]
    pub fn load(lane: L, stages: &Stages, row: usize, at: usize) -> Self {
        Self {
            u_x: lane.load(&stages[row], at),
            u_y: lane.load(&stages[row + 1], at),
            value_weight: lane.load(&stages[row + 2], at),
            slope_weight: lane.load(&stages[row + 3], at),
        }
    }

    /// Leave it in four rows.
    #[inline(always)]
    pub fn store(self, stages: &mut Stages, row: usize, at: usize) {
        self.u_x.store(&mut stages[row], at);
        self.u_y.store(&mut stages[row + 1], at);
        self.value_weight.store(&mut stages[row + 2], at);
        self.slope_weight.store(&mut stages[row + 3], at);
    }

    /// Return what is wanted.
    #[inline(always)]
    pub fn wanted(&self) -> L {
        EXACT.evaluate(self).2
    }

    /// Return what is wanted, `M(x)` and `M(y)`.
    #[inline(always)]
    pub fn wanted_and_ratios(&self) -> (L, L, L) {
        let (p_x, p_y, wanted) = EXACT.evaluate(self);
        (wanted, self.u_x * p_x, self.u_y * p_y)
    }
}

/// Return what [`MillsPair`] prepares, with a relative error of 1e-7.
#[inline(always)]
pub fn mills_wanted_rough<L: Lane>(x: L, y: L, gap: L, is_difference: L::Mask) -> L {
    ROUGH.evaluate(&ROUGH.pair(x, y, gap, is_difference)).2
}

/// Return `M(z)` for `z >= -0.5`.
#[inline(always)]
pub fn mills<L: Lane>(z: L) -> L {
    EXACT.ratio(z)
}

/// Return `M(z)` for `z >= -0.5` with a relative error of 1e-8.
#[inline(always)]
pub fn mills_rough<L: Lane>(z: L) -> L {
    ROUGH.ratio(z)
}

/// Return `M(z)` and `-M'(z) = 1 - z M(z)` for `z >= -0.5`, neither with cancellation.
#[inline(always)]
pub fn mills_slope<L: Lane>(z: L) -> (L, L) {
    let u = (z + MILLS_SHIFT).recip();
    let scale = z.splat(MILLS_SCALE);
    let w = scale.neg_mul_add(u, z.splat(1.0));
    let (p, slope) = divided_difference(w, w, &MILLS_EVEN, &MILLS_ODD);
    (u * p, u * u * (scale * u).neg_mul_add(slope, p))
}

/// Return `P(x)` and `(P(x) - P(y)) / (x - y)`.
///
/// Even and odd parts are polynomials in the squares: two independent chains.
#[inline(always)]
fn divided_difference<L: Lane, const E: usize, const O: usize>(
    x: L,
    y: L,
    even: &[f64; E],
    odd: &[f64; O],
) -> (L, L) {
    let (x2, y2) = (x * x, y * y);
    let (even, even_slope) = nested_horner(x2, y2, even);
    let (odd, odd_slope) = nested_horner(x2, y2, odd);
    let odd_y = (x2 - y2).neg_mul_add(odd_slope, odd);
    let value = odd.mul_add(x, even);
    (
        value,
        (x + y).mul_add(odd_slope.mul_add(x, even_slope), odd_y),
    )
}

#[inline(always)]
fn nested_horner<L: Lane, const N: usize>(x: L, y: L, coefficients: &[f64; N]) -> (L, L) {
    let mut slope = x.splat(coefficients[N - 1]);
    let mut value = slope.mul_add(x, x.splat(coefficients[N - 2]));
    for &coefficient in coefficients[..N - 2].iter().rev() {
        slope = slope.mul_add(y, value);
        value = value.mul_add(x, x.splat(coefficient));
    }
    (value, slope)
}
