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

/// Mills ratios of two points `x` and `y = x + gap`.
pub struct MillsPair<L> {
    /// `M(x)`.
    pub first: L,
    /// `M(y)`.
    pub second: L,
    /// `M(x) - M(y)`, meaningful where `y - x = gap`.
    pub difference: L,
    /// `M(x) + M(y)`.
    pub sum: L,
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
    fn points<L: Lane>(&self, x: L, y: L) -> MillsPoints<L> {
        let (shifted_x, shifted_y) = (x + self.shift, y + self.shift);
        let shared = (shifted_x * shifted_y).recip();
        MillsPoints {
            u_x: shared * shifted_y,
            u_y: shared * shifted_x,
            shared,
        }
    }

    #[inline(always)]
    fn pair<L: Lane>(&self, points: MillsPoints<L>, gap: L) -> MillsPair<L> {
        let MillsPoints { u_x, u_y, shared } = points;
        let (one, scale) = (gap.splat(1.0), gap.splat(self.scale));
        let (w_x, w_y) = (scale.neg_mul_add(u_x, one), scale.neg_mul_add(u_y, one));
        let (p_x, slope) = divided_difference(w_x, w_y, &self.even, &self.odd);
        let p_y = (w_x - w_y).neg_mul_add(slope, p_x);
        MillsPair {
            first: u_x * p_x,
            second: u_y * p_y,
            difference: gap * shared * (scale * u_y).neg_mul_add(slope, p_x),
            sum: u_x.mul_add(p_x, u_y * p_y),
        }
    }
}

/// Two points where the Mills ratio is wanted, mapped to where its polynomial lives.
#[derive(Clone, Copy)]
pub struct MillsPoints<L> {
    /// `1 / (x + g)`.
    u_x: L,
    /// `1 / (y + g)`.
    u_y: L,
    /// Their product.
    shared: L,
}

impl<L: Lane> MillsPoints<L> {
    /// Map `x` and `y`, both at least -0.5.
    #[inline(always)]
    pub fn of(x: L, y: L) -> Self {
        EXACT.points(x, y)
    }

    /// Return what [`MillsPoints::store`] left at `at`.
    #[inline(always)]
    pub fn load(lane: L, stages: &Stages, row: usize, at: usize) -> Self {
        Self {
            u_x: lane.load(&stages[row], at),
            u_y: lane.load(&stages[row + 1], at),
            shared: lane.load(&stages[row + 2], at),
        }
    }

    /// Leave the points in three rows.
    #[inline(always)]
    pub fn store(self, stages: &mut Stages, row: usize, at: usize) {
        self.u_x.store(&mut stages[row], at);
        self.u_y.store(&mut stages[row + 1], at);
        self.shared.store(&mut stages[row + 2], at);
    }

    /// Return the Mills ratios; `gap` is `y - x`.
    #[inline(always)]
    pub fn ratios(self, gap: L) -> MillsPair<L> {
        EXACT.pair(self, gap)
    }
}

/// Return the Mills ratios of `x` and `y = x + gap`, both at least -0.5.
#[inline(always)]
pub fn mills_pair<L: Lane>(x: L, y: L, gap: L) -> MillsPair<L> {
    MillsPoints::of(x, y).ratios(gap)
}

/// Return the same with a relative error of 1e-7.
#[inline(always)]
pub fn mills_pair_rough<L: Lane>(x: L, y: L, gap: L) -> MillsPair<L> {
    ROUGH.pair(ROUGH.points(x, y), gap)
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
