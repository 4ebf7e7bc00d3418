//! Implied normal volatility: the time value, inverted by Halley steps on its logarithm.
//!
//! With `x = |F - K|` and the undiscounted time value `p = v n(z) g(z)`, `z = x / v`, the start is
//! the fitted inverse of `p / x` (relative error 2e-3), exact at the money. With `f = ln p(v)`,
//! `f' = 1 / (v g)` and `f'' = (z^2 g - 1) / (v g)^2`: two steps reach the last digits.

use std::marker::PhantomData;

use super::FARTHEST;
use crate::coefficients::{BACHELIER_INVERSE, INV_SQRT_2_PI, LN_SQRT_2_PI, SQRT_2_PI};
use crate::domain::{Domain, Refusal, Status};
use crate::elementary::{Double, exp_double, horner, ln, two_difference, two_product};
use crate::kernel::{Kernel, Side, Stages, refuse_inputs};
use crate::lane::{Lane, steps};
use crate::mills::mills_slope;

/// Relative step that calls for another one.
const SETTLED: f64 = 1e-5;
/// Most further steps.
const MAX_STEPS: usize = 10;
/// Time values within this multiple of the price count as zero: the price cannot resolve them.
const RESOLUTION: f64 = 2.0 * f64::EPSILON;

const PREMIUM: usize = 0;
const FORWARD: usize = 1;
const STRIKE: usize = 2;
const TIME: usize = 3;
const RATE: usize = 4;

/// Inputs premium, f, k, t, r; output sigma.
pub struct ImpliedVolatility<S>(PhantomData<S>);

impl<S: Side> Kernel<5, 1> for ImpliedVolatility<S> {
    const NANOSECONDS: f64 = 12.0;
    const DOMAINS: [Domain; 5] = [
        Domain::premium(),
        Domain::any_price(),
        Domain::any_price(),
        Domain::positive_time(),
        Domain::rate(),
    ];
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME)];

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 5],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        _stages: &mut Stages,
    ) {
        for at in steps::<L>(len) {
            let target = Target::of::<S>(lane, inputs, sides, at);
            let (_, inverse_root) = lane.load(inputs[TIME], at).sqrt_recip();
            // No time value stays 0, an impossible price NaN.
            let zero = lane.splat(0.0);
            let sigma = target.deviation() * inverse_root;
            let empty = L::select(target.value.ge(zero), zero, lane.splat(f64::NAN));
            L::select(target.value.gt(zero), sigma, empty).store(outputs[0], at);
        }
    }

    fn refuse(row: &[f64; 5], is_call: bool) -> Option<Refusal> {
        let (domains, exponents) = (&Self::DOMAINS, <Self as Kernel<5, 1>>::EXPONENTS);
        refuse_inputs(row, domains, exponents).or_else(|| refuse_premium(row, is_call))
    }
}

/// Return whether the premium is less than the discounted payoff.
fn refuse_premium(row: &[f64; 5], is_call: bool) -> Option<Refusal> {
    let gain = (row[FORWARD] - row[STRIKE]) * (-row[RATE] * row[TIME]).exp();
    let payoff = if is_call { gain } else { -gain };
    let value = row[PREMIUM];
    (value < payoff * (1.0 - RESOLUTION)).then_some(Refusal {
        status: Status::BelowIntrinsic,
        input: PREMIUM,
        value,
        rule: "must be at least the discounted intrinsic value",
    })
}

/// What is inverted: undiscounted distance and time value.
struct Target<L> {
    distance: L,
    value: L,
}

impl<L: Lane> Target<L> {
    #[inline(always)]
    fn of<S: Side>(lane: L, inputs: &[&[f64]; 5], sides: &[f64], at: usize) -> Self {
        let premium = lane.load(inputs[PREMIUM], at);
        let (forward, strike) = (
            lane.load(inputs[FORWARD], at),
            lane.load(inputs[STRIKE], at),
        );
        let (time, rate) = (lane.load(inputs[TIME], at), lane.load(inputs[RATE], at));
        let gain = two_difference(forward, strike);
        let rate_time = two_product(rate, time);
        let factor = exp_double(rate_time);
        let grown = two_product(premium, factor.high);
        let grown = Double {
            high: grown.high,
            low: premium.mul_add(factor.low, grown.low),
        };
        let zero = lane.splat(0.0);
        let is_gain = gain.high.gt(zero);
        let call_low = L::select(is_gain, gain.low, zero);
        let put_low = L::select(is_gain, zero, -gain.low);
        let call = (grown.high - gain.high.max(zero)) + (grown.low - call_low);
        let put = (grown.high + gain.high.min(zero)) + (grown.low - put_low);
        let value = S::pick(lane, sides, at, call, put);
        // Rounding of the price may leave a little less than nothing.
        let unresolved = (grown.high * RESOLUTION).ge(value.abs());
        Self {
            distance: gain.high.abs(),
            value: L::select(unresolved, zero, value),
        }
    }

    /// Return `v`.
    #[inline(always)]
    fn deviation(&self) -> L {
        let (first, _) = self.improve(self.start());
        let (mut v, step) = self.improve(first);
        // Rows that are settled stay as they are: a result does not depend on its neighbours.
        let (zero, one) = (v.splat(0.0), v.splat(1.0));
        let mut is_open = L::select(step.abs().gt(v * SETTLED), one, zero);
        for _ in 0..MAX_STEPS {
            let open = is_open.gt(zero);
            if !L::any(open) {
                break;
            }
            let (next, step) = self.improve(v);
            v = L::select(open, next, v);
            is_open = L::select(step.abs().gt(v * SETTLED), is_open, zero);
        }
        v
    }

    /// Return the fitted inverse of the normalised price.
    #[inline(always)]
    fn start(&self) -> L {
        let one = self.value.splat(1.0);
        let value = self.value.max(one * 1e-290);
        let ratio = self.distance * value.recip() * INV_SQRT_2_PI;
        let log = ln(ratio + one);
        let map = (log - 5.0) * (log + 5.0).recip();
        let (_, inverse_root) = log.mul_add(one.splat(0.5), one).sqrt_recip();
        let z = log * inverse_root * horner(map, &BACHELIER_INVERSE);
        let is_central = one.splat(1e-7).gt(ratio);
        let factor = L::select(is_central, one, ratio * z.recip());
        value * factor * SQRT_2_PI
    }

    /// Return `v` after one Halley step on the logarithm of the price, and the step.
    #[inline(always)]
    fn improve(&self, v: L) -> (L, L) {
        let (zero, one) = (v.splat(0.0), v.splat(1.0));
        let inverse = v.recip();
        let z = (self.distance * inverse).min(one * FARTHEST);
        let (_, g) = mills_slope(z);
        let value = L::select(self.value.gt(zero), self.value, one);
        let log = ln(v * g * value.recip()) - LN_SQRT_2_PI;
        let f = (z * z).mul_add(z.splat(-0.5), log);
        let newton = -(f * v * g);
        let bend = (z * z).mul_sub(g, one) * (v * g).recip() * 0.5;
        let step = newton * newton.mul_add(bend, one).recip();
        ((v + step).max(v * 0.2).min(v * 5.0), step)
    }
}
