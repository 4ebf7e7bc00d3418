//! What a block of rows goes through, pass by pass, to the ratios of a price.
//!
//! A processor overlaps as many rows as its window of instructions holds. A pass is therefore as
//! short as its loads and stores allow: while one row waits for a division, others fill the time.

use super::{Carry, RATE, SIGMA, SPOT, STRIKE, TIME, YIELD};
use crate::coefficients::INV_SQRT_2_PI;
use crate::elementary::{
    Double, exp, exp_double, fast_two_sum, ln_of_ratio, ratio, two_product, two_sum,
};
use crate::kernel::{Side, Stages};
use crate::lane::{Lane, steps};
use crate::mills::{MillsPair, MillsPoints};

/// Smallest total variance: a zero one becomes a deviation of 1e-140, which prices as zero.
const MIN_VARIANCE: f64 = 1e-280;
/// Where the difference of Mills ratios of the cheaper side takes over.
const REGION_EDGE: f64 = 0.5;

/// Rows that a stage leaves for the next ones; some take the place of what nobody reads any more.
pub mod stage {
    /// Two rows: [`ratio`](crate::elementary::ratio) of spot and strike, then its logarithm.
    pub const LOG: usize = 0;
    /// Two rows: `-d1^2 / 2`.
    pub const EXPONENT: usize = LOG;
    /// `exp(-d1^2 / 2)`, then `E`.
    pub const DENSITY: usize = 0;
    /// `A`.
    pub const FORWARD: usize = 1;
    /// Two rows: `v` with its low part; then `v` alone.
    pub const DEVIATION: usize = 2;
    /// `1 / v`.
    pub const INVERSE: usize = 4;
    /// `d1`.
    pub const D1: usize = 3;
    /// `d2`.
    pub const D2: usize = 4;
    /// `b`.
    pub const BOND: usize = 5;
    /// `A - b`.
    pub const GAIN: usize = 6;
    /// Three rows: where the Mills ratios are wanted.
    pub const POINTS: usize = 7;
    /// `M(x) - M(y)`.
    pub const DIFFERENCE: usize = 7;
    /// `M(x) + M(y)`.
    pub const SUM: usize = 8;
    /// What the spot contributes.
    pub const SPOT_PART: usize = 7;
    /// What the strike costs.
    pub const STRIKE_PART: usize = 8;
}

/// `d1`, `d2`, `v` and the exponent `-d1^2 / 2`.
struct Moneyness<L> {
    d1: L,
    d2: L,
    deviation: L,
    exponent: Double<L>,
}

/// `v = sigma sqrt(T)` and its reciprocal.
struct Deviation<L> {
    v: Double<L>,
    inverse: L,
}

impl<L: Lane> Deviation<L> {
    #[inline(always)]
    fn of(sigma: L, time: L) -> Self {
        let square = two_product(sigma, sigma);
        let variance = two_product(square.high, time);
        let variance_low = square.low.mul_add(time, variance.low);
        let variance = variance.high.max(sigma.splat(MIN_VARIANCE));
        let (high, inverse) = variance.sqrt_recip();
        let low = (high.neg_mul_add(high, variance) + variance_low) * inverse * 0.5;
        Self {
            v: Double { high, low },
            inverse,
        }
    }
}

/// Return the standardised moneyness from `ln(A/b)` and `v`.
#[inline(always)]
fn moneyness<L: Lane>(x: Double<L>, deviation: &Deviation<L>) -> Moneyness<L> {
    let Deviation { v, inverse } = *deviation;
    let h = x.high * inverse;
    let h_low = v.low.neg_mul_add(h, h.neg_mul_add(v.high, x.high) + x.low) * inverse;
    // Rounding the pairs once more makes d1, d2 and v the same on every instruction set.
    let sum = two_sum(h, v.high * 0.5);
    let half = h.splat(0.5);
    let d1 = fast_two_sum(sum.high, v.low.mul_add(half, sum.low + h_low));
    let deviation = v.high + v.low;

    let q = two_product(d1.high, d1.high);
    let q_low = (d1.high + d1.high).mul_add(d1.low, q.low);
    let low = (q_low * -0.5).max(h.splat(-1.0)).min(h.splat(1.0));
    let exponent = Double {
        high: q.high * -0.5,
        low,
    };
    Moneyness {
        d1: d1.high,
        d2: d1.high - deviation,
        deviation,
        exponent,
    }
}

/// Return `ln(S/K) + (r - q) T`.
#[inline(always)]
fn log_forward<L: Lane>(log: Double<L>, rate_time: Double<L>, yield_time: Double<L>) -> Double<L> {
    let carry = two_sum(rate_time.high, -yield_time.high);
    let sum = two_sum(log.high, carry.high);
    let low = (rate_time.low - yield_time.low) + carry.low;
    fast_two_sum(sum.high, log.low + low + sum.low)
}

/// Return `ln(S/K) + r T`.
#[inline(always)]
fn log_spot<L: Lane>(log: Double<L>, rate_time: Double<L>) -> Double<L> {
    let sum = two_sum(log.high, rate_time.high);
    fast_two_sum(sum.high, log.low + rate_time.low + sum.low)
}

/// Return `x exp(-exponent)`.
#[inline(always)]
pub fn discounted<L: Lane>(x: L, exponent: Double<L>) -> Double<L> {
    let factor = exp_double(Double {
        high: -exponent.high,
        low: -exponent.low,
    });
    let product = two_product(x, factor.high);
    Double {
        high: product.high,
        low: x.mul_add(factor.low, product.low),
    }
}

/// Return `ln(A/b)` from `ln(S/K)` and `r T`.
#[inline(always)]
pub fn log_moneyness<L: Lane, C: Carry>(
    lane: L,
    log: Double<L>,
    rate_time: Double<L>,
    yields: &[f64],
    at: usize,
    time: L,
) -> Double<L> {
    if C::HAS_YIELD {
        log_forward(log, rate_time, two_product(lane.load(yields, at), time))
    } else {
        log_spot(log, rate_time)
    }
}

/// Return `A`.
#[inline(always)]
pub fn forward<L: Lane, C: Carry>(
    lane: L,
    spot: L,
    yields: &[f64],
    at: usize,
    time: L,
) -> Double<L> {
    if C::HAS_YIELD {
        discounted(spot, two_product(lane.load(yields, at), time))
    } else {
        Double {
            high: spot,
            low: lane.splat(0.0),
        }
    }
}

/// Leave `ln(S/K)` in two rows, by way of `S/K`.
#[inline(always)]
pub fn fill_logs<L: Lane>(lane: L, len: usize, [spots, strikes]: [&[f64]; 2], stages: &mut Stages) {
    for at in steps::<L>(len) {
        let ratio = ratio(lane.load(spots, at), lane.load(strikes, at));
        ratio.store(stages, stage::LOG, at);
    }
    for at in steps::<L>(len) {
        let log = ln_of_ratio(Double::load(lane, stages, stage::LOG, at));
        log.store(stages, stage::LOG, at);
    }
}

/// Fill the stages of a block up to density, forward and bond.
#[inline(always)]
pub(super) fn fill_stages<L: Lane, C: Carry>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; 6],
    stages: &mut Stages,
) {
    fill_logs(lane, len, [inputs[SPOT], inputs[STRIKE]], stages);
    for at in steps::<L>(len) {
        let (sigma, time) = (lane.load(inputs[SIGMA], at), lane.load(inputs[TIME], at));
        let deviation = Deviation::of(sigma, time);
        deviation.v.store(stages, stage::DEVIATION, at);
        deviation.inverse.store(&mut stages[stage::INVERSE], at);
    }
    for at in steps::<L>(len) {
        let log = Double::load(lane, stages, stage::LOG, at);
        let deviation = Deviation {
            v: Double::load(lane, stages, stage::DEVIATION, at),
            inverse: lane.load(&stages[stage::INVERSE], at),
        };
        let time = lane.load(inputs[TIME], at);
        let rate_time = two_product(lane.load(inputs[RATE], at), time);
        let x = log_moneyness::<L, C>(lane, log, rate_time, inputs[YIELD], at, time);
        let m = moneyness(x, &deviation);
        m.exponent.store(stages, stage::EXPONENT, at);
        m.deviation.store(&mut stages[stage::DEVIATION], at);
        m.d1.store(&mut stages[stage::D1], at);
        m.d2.store(&mut stages[stage::D2], at);
    }
    for at in steps::<L>(len) {
        let density = exp(Double::load(lane, stages, stage::EXPONENT, at));
        density.store(&mut stages[stage::DENSITY], at);
    }
    for at in steps::<L>(len) {
        let (spot, time) = (lane.load(inputs[SPOT], at), lane.load(inputs[TIME], at));
        let rate_time = two_product(lane.load(inputs[RATE], at), time);
        let bond = discounted(lane.load(inputs[STRIKE], at), rate_time);
        let forward = forward::<L, C>(lane, spot, inputs[YIELD], at, time);
        let density = lane.load(&stages[stage::DENSITY], at) * forward.high * INV_SQRT_2_PI;
        density.store(&mut stages[stage::DENSITY], at);
        forward.high.store(&mut stages[stage::FORWARD], at);
        bond.high.store(&mut stages[stage::BOND], at);
        let gain = forward.high - bond.high;
        (gain + (forward.low - bond.low)).store(&mut stages[stage::GAIN], at);
    }
}

/// Leave where the Mills ratios are wanted.
///
/// Where both regions hold, the asked side has precedence: its own difference is exact.
#[inline(always)]
pub(super) fn fill_points<L: Lane, S: Side>(
    lane: L,
    len: usize,
    sides: &[f64],
    stages: &mut Stages,
) {
    for at in steps::<L>(len) {
        let d1 = lane.load(&stages[stage::D1], at);
        let d2 = lane.load(&stages[stage::D2], at);
        let [call_region, put_region] = regions(d1, d2);
        let call_x = L::select(call_region, -d1, L::select(put_region, d2, d1));
        let put_x = L::select(put_region, d2, L::select(call_region, -d1, d1));
        let call_y = L::select(call_region, -d2, L::select(put_region, d1, -d2));
        let put_y = L::select(put_region, d1, -d2);
        let x = S::pick(lane, sides, at, call_x, put_x);
        let y = S::pick(lane, sides, at, call_y, put_y);
        MillsPoints::of(x, y).store(stages, stage::POINTS, at);
    }
}

/// Return where a call, and where a put, is a difference of Mills ratios.
#[inline(always)]
fn regions<L: Lane>(d1: L, d2: L) -> [L::Mask; 2] {
    [d1.splat(REGION_EDGE).ge(d1), d2.ge(d2.splat(-REGION_EDGE))]
}

/// Replace the points by the difference and the sum of their Mills ratios.
#[inline(always)]
pub(super) fn fill_ratios<L: Lane>(lane: L, len: usize, stages: &mut Stages) {
    for at in steps::<L>(len) {
        let gap = lane.load(&stages[stage::DEVIATION], at);
        let mills = MillsPoints::load(lane, stages, stage::POINTS, at).ratios(gap);
        mills.difference.store(&mut stages[stage::DIFFERENCE], at);
        mills.sum.store(&mut stages[stage::SUM], at);
    }
}

/// What the last passes know of one vector of rows, and the formulas of the three regions.
pub(super) struct Regions<L: Lane> {
    density: L,
    forward: L,
    bond: L,
    gain: L,
    call_region: L::Mask,
    put_region: L::Mask,
}

impl<L: Lane> Regions<L> {
    #[inline(always)]
    pub(super) fn load(lane: L, stages: &Stages, at: usize) -> Self {
        let d1 = lane.load(&stages[stage::D1], at);
        let d2 = lane.load(&stages[stage::D2], at);
        let [call_region, put_region] = regions(d1, d2);
        Self {
            density: lane.load(&stages[stage::DENSITY], at),
            forward: lane.load(&stages[stage::FORWARD], at),
            bond: lane.load(&stages[stage::BOND], at),
            gain: lane.load(&stages[stage::GAIN], at),
            call_region,
            put_region,
        }
    }

    /// Return the price from the difference and the sum of the Mills ratios.
    #[inline(always)]
    pub(super) fn price<S: Side>(
        &self,
        lane: L,
        sides: &[f64],
        at: usize,
        difference: L,
        sum: L,
    ) -> L {
        let difference = self.density * difference;
        let straddle = self.density.neg_mul_add(sum, self.forward);
        let call = L::select(self.put_region, difference + self.gain, straddle);
        let straddle = self.density.neg_mul_add(sum, self.bond);
        let put = L::select(self.call_region, difference - self.gain, straddle);
        let call = L::select(self.call_region, difference, call);
        let put = L::select(self.put_region, difference, put);
        S::pick(lane, sides, at, call, put)
    }

    /// Return what spot and strike contribute, from the Mills ratios.
    #[inline(always)]
    pub(super) fn parts<S: Side>(
        &self,
        lane: L,
        sides: &[f64],
        at: usize,
        mills: &MillsPair<L>,
    ) -> [L; 2] {
        let (first, second) = (self.density * mills.first, self.density * mills.second);
        let spot = self.forward - L::select(self.put_region, second, first);
        let strike = L::select(self.put_region, self.bond - first, second);
        let call_spot = L::select(self.call_region, first, spot);
        let call_strike = L::select(self.call_region, second, strike);
        let spot = L::select(self.call_region, first - self.forward, -first);
        let put_spot = L::select(self.put_region, -second, spot);
        let put_strike = L::select(self.put_region, -first, second - self.bond);
        [
            S::pick(lane, sides, at, call_spot, put_spot),
            S::pick(lane, sides, at, call_strike, put_strike),
        ]
    }
}
