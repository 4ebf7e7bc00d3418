//! Implied volatility: the time value, inverted in two steps.
//!
//! With `x = |ln(A/b)|`, `a = min(A, b)` and the total deviation `s`, the time value is `a c(x, s)`.
//! Start: the inverse of the Bachelier price below `c = 0.3`, of the normal distribution above.
//! Then two Householder steps of third order on `ln c` (low) or `ln(1 - c)` (high), whose
//! derivatives are rational in the Mills ratios that give `c` itself; a further step only where a
//! lane still moved. Below the resolution of the price the volatility is zero.

use std::marker::PhantomData;

use crate::black::stage::LOG;
use crate::black::{Carry, fill_logs, moneyness};
use crate::coefficients::{BACHELIER_INVERSE, INV_SQRT_2_PI, LN_SQRT_2_PI, SQRT_2_PI};
use crate::domain::{Domain, Refusal, Status};
use crate::elementary::{Double, exp_double, horner, ln, two_difference, two_product};
use crate::kernel::{Kernel, Side, Stages, refuse_inputs};
use crate::lane::{Lane, steps};
use crate::mills::{MillsPair, mills_wanted_rough};

/// Time value over `min(A, b)` above which the complement is inverted.
const HIGH_VALUE: f64 = 0.3;
/// Relative step that calls for another one.
const SETTLED: f64 = 1e-4;
/// Most further steps.
const MAX_STEPS: usize = 10;
/// Time values within this multiple of the price count as zero: the price cannot resolve them.
const RESOLUTION: f64 = 2.0 * f64::EPSILON;

const PREMIUM: usize = 0;
const SPOT: usize = 1;
const STRIKE: usize = 2;
const TIME: usize = 3;
const RATE: usize = 4;
/// Number of the yield.
pub const YIELD: usize = 5;

/// Rows that a pass leaves for the next ones; some take the place of what nobody reads any more.
mod stage {
    pub const DEVIATION: usize = 0;
    pub const VALUE: usize = 1;
    /// Two rows: `A - b`.
    pub const PAYOFF: usize = 0;
    pub const MONEYNESS: usize = 2;
    pub const GAIN: usize = 3;
    pub const CHEAPER: usize = 4;
    pub const INVERSE: usize = 5;
    pub const TIME_VALUE: usize = 6;
    pub const IS_LOW: usize = 7;
    /// `ln(1 + ratio)`.
    pub const START_LOG: usize = 8;
    pub const MILLS: usize = 8;
    /// Where the Mills ratios are wanted.
    pub const X: usize = INVERSE;
    pub const Y: usize = TIME_VALUE;
    /// `1 / VALUE`.
    pub const VALUE_INVERSE: usize = GAIN;
    /// `1 / DEVIATION`.
    pub const DEVIATION_INVERSE: usize = CHEAPER;
}

/// Inputs premium, s, k, t, r, q; output sigma.
pub struct ImpliedVolatility<C, S>(PhantomData<(C, S)>);

impl<C: Carry, S: Side> Kernel<6, 1> for ImpliedVolatility<C, S> {
    const NANOSECONDS: f64 = 15.0;
    const DOMAINS: [Domain; 6] = [
        Domain::premium(),
        Domain::positive(),
        Domain::positive(),
        Domain::positive_time(),
        Domain::rate(),
        Domain::rate(),
    ];
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME), (YIELD, TIME)];

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        stages: &mut Stages,
    ) {
        fill_time_values::<L, C, S>(lane, len, inputs, sides, stages);
        fill_starts(lane, len, stages);
        // The start is off by percents: the first step need not be exact.
        fill_mills::<L, false>(lane, len, stages);
        for at in steps::<L>(len) {
            let (deviation, _) = staged_step(lane, stages, at);
            deviation.store(&mut stages[stage::DEVIATION], at);
        }
        fill_mills::<L, true>(lane, len, stages);
        for at in steps::<L>(len) {
            let (mut deviation, mut step) = staged_step(lane, stages, at);
            for _ in 0..MAX_STEPS {
                if !L::any(step.abs().gt(deviation * SETTLED)) {
                    break;
                }
                let target = Target::load(lane, stages, at);
                let inverse = deviation.recip();
                let mills = target.mills(deviation, inverse);
                (deviation, step) = target.step(deviation, inverse, mills);
            }
            let (_, inverse_root) = lane.load(inputs[TIME], at).sqrt_recip();
            // No time value stays 0, an impossible price NaN.
            let value = lane.load(&stages[stage::VALUE], at);
            let sigma = L::select(value.gt(lane.splat(0.0)), deviation * inverse_root, value);
            sigma.store(outputs[0], at);
        }
    }

    fn refuse(row: &[f64; 6], is_call: bool) -> Option<Refusal> {
        refuse_inputs(row, &Self::DOMAINS, Self::EXPONENTS).or_else(|| refuse_premium(row, is_call))
    }
}

/// Return whether the premium lies outside what any volatility gives.
fn refuse_premium(row: &[f64; 6], is_call: bool) -> Option<Refusal> {
    let forward = row[SPOT] * (-row[YIELD] * row[TIME]).exp();
    let bond = row[STRIKE] * (-row[RATE] * row[TIME]).exp();
    let (payoff, limit) = if is_call {
        (forward - bond, forward)
    } else {
        (bond - forward, bond)
    };
    let value = row[PREMIUM];
    let status = if value < payoff {
        Status::BelowIntrinsic
    } else {
        Status::AboveBound
    };
    let rule = match status {
        Status::BelowIntrinsic => "must be at least the discounted intrinsic value",
        _ if is_call => "must be below the discounted forward",
        _ => "must be below the discounted strike",
    };
    let refused = value < payoff * (1.0 - RESOLUTION) || value >= limit * (1.0 - RESOLUTION);
    refused.then_some(Refusal {
        status,
        input: PREMIUM,
        value,
        rule,
    })
}

/// The time value of one vector of rows.
struct TimeValue<L> {
    /// `x`.
    moneyness: L,
    /// `|A - b|`.
    gain: L,
    /// `min(A, b)` and its reciprocal.
    cheaper: L,
    inverse: L,
    /// The time value; NaN below what the price can resolve.
    value: L,
}

/// What is inverted: `c` or `1 - c`.
struct Quantile<L: Lane> {
    value: L,
    is_low: L::Mask,
    complement: L,
}

/// Return `x exp(-exponent)`.
#[inline(always)]
fn discounted<L: Lane>(x: L, exponent: Double<L>) -> Double<L> {
    let factor = exp_double(-exponent);
    let product = two_product(x, factor.high);
    Double {
        high: product.high,
        low: x.mul_add(factor.low, product.low),
    }
}

/// Return `A`.
#[inline(always)]
fn forward<L: Lane, C: Carry>(lane: L, spot: L, yields: &[f64], at: usize, time: L) -> Double<L> {
    if C::HAS_YIELD {
        discounted(spot, two_product(lane.load(yields, at), time))
    } else {
        Double {
            high: spot,
            low: lane.splat(0.0),
        }
    }
}

/// Leave the time values of a block, in passes as short as those of a price.
#[inline(always)]
fn fill_time_values<L: Lane, C: Carry, S: Side>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; 6],
    sides: &[f64],
    stages: &mut Stages,
) {
    fill_logs(lane, len, [inputs[SPOT], inputs[STRIKE]], stages);
    for at in steps::<L>(len) {
        let time = lane.load(inputs[TIME], at);
        let log = Double::load(lane, stages, LOG, at);
        let rate_time = two_product(lane.load(inputs[RATE], at), time);
        let x = moneyness::<L, C>(lane, log, rate_time, inputs[YIELD], at, time);
        let moneyness = (x.high + x.low).abs();
        moneyness.store(&mut stages[stage::MONEYNESS], at);
    }
    for at in steps::<L>(len) {
        let time = lane.load(inputs[TIME], at);
        let spot = lane.load(inputs[SPOT], at);
        let forward = forward::<L, C>(lane, spot, inputs[YIELD], at, time);
        let rate_time = two_product(lane.load(inputs[RATE], at), time);
        let bond = discounted(lane.load(inputs[STRIKE], at), rate_time);
        let gain = two_difference(forward.high, bond.high);
        let gain = Double {
            high: gain.high,
            low: gain.low + (forward.low - bond.low),
        };
        let cheaper = forward.high.min(bond.high);
        cheaper.store(&mut stages[stage::CHEAPER], at);
        gain.store(stages, stage::PAYOFF, at);
    }
    for at in steps::<L>(len) {
        let gain = Double::load(lane, stages, stage::PAYOFF, at);
        let premium = lane.load(inputs[PREMIUM], at);
        let value = time_value::<L, S>(lane, premium, gain, sides, at);
        value.store(&mut stages[stage::TIME_VALUE], at);
        let gain = (gain.high + gain.low).abs();
        gain.store(&mut stages[stage::GAIN], at);
        let inverse = lane.load(&stages[stage::CHEAPER], at).recip();
        inverse.store(&mut stages[stage::INVERSE], at);
    }
}

/// Return what the premium exceeds the payoff by; zero where the price cannot resolve it.
#[inline(always)]
fn time_value<L: Lane, S: Side>(
    lane: L,
    premium: L,
    gain: Double<L>,
    sides: &[f64],
    at: usize,
) -> L {
    let zero = lane.splat(0.0);
    let is_gain = gain.high.gt(zero);
    let call_low = L::select(is_gain, gain.low, zero);
    let put_low = L::select(is_gain, zero, -gain.low);
    let call = (premium - gain.high.max(zero)) - call_low;
    let put = (premium + gain.high.min(zero)) - put_low;
    let value = S::pick(lane, sides, at, call, put);
    // Rounding of the price may leave a little less than nothing.
    let unresolved = (premium * RESOLUTION).ge(value.abs());
    L::select(unresolved, zero, value)
}

impl<L: Lane> TimeValue<L> {
    #[inline(always)]
    fn load(lane: L, stages: &Stages, at: usize) -> Self {
        Self {
            moneyness: lane.load(&stages[stage::MONEYNESS], at),
            gain: lane.load(&stages[stage::GAIN], at),
            cheaper: lane.load(&stages[stage::CHEAPER], at),
            inverse: lane.load(&stages[stage::INVERSE], at),
            value: lane.load(&stages[stage::TIME_VALUE], at),
        }
    }

    /// Return `c` below [`HIGH_VALUE`] and `1 - c` above; NaN outside `0 <= c < 1`.
    #[inline(always)]
    fn quantile(&self) -> Quantile<L> {
        let zero = self.value.splat(0.0);
        let c = self.value * self.inverse;
        let complement = (self.cheaper - self.value) * self.inverse;
        let is_low = c.splat(HIGH_VALUE).gt(c);
        let value = L::select(is_low, c, complement);
        let valid = self.value.ge(zero) & complement.gt(zero);
        let value = L::select(valid, value, zero.splat(f64::NAN));
        Quantile {
            value,
            is_low,
            complement,
        }
    }

    /// Return a deviation within a few percent of the wanted one.
    #[inline(always)]
    fn start(&self, quantile: &Quantile<L>, log: L) -> L {
        let low = self.start_low(log);
        if L::all(quantile.is_low) {
            return low;
        }
        L::select(quantile.is_low, low, self.start_high(quantile.complement))
    }

    /// Return the gain over the time value, in units of `sqrt(2 pi)`.
    #[inline(always)]
    fn ratio(&self) -> L {
        let tiny = self.cheaper * 1e-290;
        self.gain.max(tiny) * self.value.max(tiny).recip() * INV_SQRT_2_PI
    }

    /// Bachelier: the time value of a normal forward, inverted; `log` is `ln(1 + ratio)`.
    #[inline(always)]
    fn start_low(&self, log: L) -> L {
        let one = self.value.splat(1.0);
        let gain = self.gain.max(self.cheaper * 1e-290);
        let value = self.value.max(self.cheaper * 1e-290);
        let ratio = self.ratio();
        let map = (log - 5.0) * (log + 5.0).recip();
        let (_, inverse_root) = log.mul_add(one.splat(0.5), one).sqrt_recip();
        let moneyness = log * inverse_root * horner(map, &BACHELIER_INVERSE);
        let is_central = one.splat(1e-7).gt(ratio);
        let factor = L::select(is_central, one, ratio * moneyness.recip());
        let is_at_forward = one.splat(1e-9).gt(gain * self.inverse);
        let slope = L::select(is_at_forward, self.inverse, self.moneyness * gain.recip());
        let deviation = slope * value * factor * SQRT_2_PI;
        (deviation * deviation * (1.0 / 24.0)).mul_add(deviation, deviation)
    }

    /// Normal quantile of half the complement (Hastings 1955, 26.2.23), shifted by the moneyness.
    #[inline(always)]
    fn start_high(&self, complement: L) -> L {
        let one = complement.splat(1.0);
        let tiny = one.splat(1e-300);
        let (root, _) = self.moneyness.max(tiny).sqrt_recip();
        let weight = root
            .splat(0.886)
            .mul_add(root, root.splat(1.63))
            .mul_add(root, one)
            .recip();
        let weight = root.splat(0.5).mul_add(root, one) * weight;
        let p = complement.max(tiny) * (one + weight).recip();
        let (t, _) = (ln(p) * -2.0).max(one.splat(1e-30)).sqrt_recip();
        let numerator = horner(t, &[2.515_517, 0.802_853, 0.010_328]);
        let denominator = horner(t, &[1.0, 1.432_788, 0.189_269, 0.001_308]);
        let quantile = t - numerator * denominator.recip();
        let square = quantile.mul_add(quantile, self.moneyness + self.moneyness);
        quantile + square.max(tiny).sqrt_recip().0
    }
}

/// What the steps aim at.
struct Target<L: Lane> {
    moneyness: L,
    /// Reciprocal of the value.
    scale: L,
    is_low: L::Mask,
}

impl<L: Lane> Target<L> {
    #[inline(always)]
    fn load(lane: L, stages: &Stages, at: usize) -> Self {
        Self {
            moneyness: lane.load(&stages[stage::MONEYNESS], at),
            scale: lane.load(&stages[stage::VALUE_INVERSE], at),
            is_low: lane.load(&stages[stage::IS_LOW], at).gt(lane.splat(0.5)),
        }
    }

    /// Return where the Mills ratios are wanted.
    #[inline(always)]
    fn points(&self, s: L, inverse: L) -> (L, L) {
        let h = self.moneyness * inverse;
        let (d1, d2) = (s * 0.5 - h, -(s * 0.5 + h));
        (L::select(self.is_low, -d1, d1), -d2)
    }

    /// Return what is inverted, over the density.
    #[inline(always)]
    fn mills(&self, s: L, inverse: L) -> L {
        let (x, y) = self.points(s, inverse);
        MillsPair::of(x, y, s, self.is_low).wanted().abs()
    }

    /// Return the deviation after one Householder step on the logarithm, and the step.
    #[inline(always)]
    fn step(&self, s: L, inverse: L, mills: L) -> (L, L) {
        let (half, one) = (s.splat(0.5), s.splat(1.0));
        let h = self.moneyness * inverse;
        let (d1, d2) = (s * 0.5 - h, -(s * 0.5 + h));
        let log = ln(mills * self.scale);
        let f = (d1 * d1).mul_add(s.splat(-0.5), log - LN_SQRT_2_PI);
        let slope = mills.recip();
        let slope = L::select(self.is_low, slope, -slope);
        let newton = L::select(self.is_low, -(f * mills), f * mills);

        let q = d1 * d2 * inverse;
        let second = q - slope;
        let bend = h * inverse;
        let bend = (bend * bend).mul_add(s.splat(-3.0), s.splat(-0.25));
        let third = q.mul_add(q, bend) + slope * (slope + slope - q * 3.0);
        let hn = second * newton;
        let numerator = hn.mul_add(half, one);
        let denominator = (third * (1.0 / 6.0) * newton).mul_add(newton, one + hn);
        let step = newton * numerator * denominator.recip();
        ((s + step).max(s * 0.2).min(s * 5.0), step)
    }
}

/// Leave what is inverted, and where to start.
#[inline(always)]
fn fill_starts<L: Lane>(lane: L, len: usize, stages: &mut Stages) {
    for at in steps::<L>(len) {
        let log = ln(TimeValue::load(lane, stages, at).ratio() + 1.0);
        log.store(&mut stages[stage::START_LOG], at);
    }
    for at in steps::<L>(len) {
        let value = TimeValue::load(lane, stages, at);
        let quantile = value.quantile();
        let start = value.start(&quantile, lane.load(&stages[stage::START_LOG], at));
        start.store(&mut stages[stage::DEVIATION], at);
        quantile.value.store(&mut stages[stage::VALUE], at);
        let inverse = quantile.value.recip();
        inverse.store(&mut stages[stage::VALUE_INVERSE], at);
        let flag = L::select(quantile.is_low, lane.splat(1.0), lane.splat(0.0));
        flag.store(&mut stages[stage::IS_LOW], at);
    }
}

/// Leave [`Target::mills`] of the deviations, to the last digits or to seven.
#[inline(always)]
fn fill_mills<L: Lane, const IS_EXACT: bool>(lane: L, len: usize, stages: &mut Stages) {
    for at in steps::<L>(len) {
        let deviation = lane.load(&stages[stage::DEVIATION], at);
        let inverse = deviation.recip();
        inverse.store(&mut stages[stage::DEVIATION_INVERSE], at);
        let (x, y) = Target::load(lane, stages, at).points(deviation, inverse);
        x.store(&mut stages[stage::X], at);
        y.store(&mut stages[stage::Y], at);
    }
    for at in steps::<L>(len) {
        let x = lane.load(&stages[stage::X], at);
        let y = lane.load(&stages[stage::Y], at);
        let deviation = lane.load(&stages[stage::DEVIATION], at);
        let is_low = Target::load(lane, stages, at).is_low;
        let wanted = if IS_EXACT {
            MillsPair::of(x, y, deviation, is_low).wanted()
        } else {
            mills_wanted_rough(x, y, deviation, is_low)
        };
        wanted.abs().store(&mut stages[stage::MILLS], at);
    }
}

/// Return [`Target::step`] from the stages.
#[inline(always)]
fn staged_step<L: Lane>(lane: L, stages: &Stages, at: usize) -> (L, L) {
    let deviation = lane.load(&stages[stage::DEVIATION], at);
    let inverse = lane.load(&stages[stage::DEVIATION_INVERSE], at);
    let mills = lane.load(&stages[stage::MILLS], at);
    Target::load(lane, stages, at).step(deviation, inverse, mills)
}
