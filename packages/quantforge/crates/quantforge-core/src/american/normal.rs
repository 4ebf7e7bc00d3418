//! The normal density and distribution, as exactly as they are needed.

use crate::coefficients::INV_SQRT_2_PI;
use crate::elementary::{exp_plain, exp_rough};
use crate::lane::Lane;
use crate::mills::{mills, mills_rough};

/// How exactly the distribution is wanted.
pub trait Normal {
    /// Return density and distribution at `d`.
    fn at<L: Lane>(d: L) -> (L, L);
}

/// To the last digits.
pub struct Exact;

impl Normal for Exact {
    #[inline(always)]
    fn at<L: Lane>(d: L) -> (L, L) {
        let square = (d * d).min(d.splat(1500.0));
        let density = exp_plain(square * -0.5) * INV_SQRT_2_PI;
        distribution(d, density, mills(d.abs()))
    }
}

/// To eight digits, at two thirds of the cost: an error of the exercise boundary moves the price by
/// its square only, for the boundary is where the price is stationary.
pub struct Rough;

impl Normal for Rough {
    #[inline(always)]
    fn at<L: Lane>(d: L) -> (L, L) {
        let square = (d * d).min(d.splat(1380.0));
        let density = exp_rough(square * -0.5) * INV_SQRT_2_PI;
        distribution(d, density, mills_rough(d.abs()))
    }
}

#[inline(always)]
fn distribution<L: Lane>(d: L, density: L, mills: L) -> (L, L) {
    let tail = density * mills;
    let is_up = d.gt(d.splat(0.0));
    (density, L::select(is_up, d.splat(1.0) - tail, tail))
}
