//! What a block of rows goes through, pass by pass, to its prices.
//!
//! A processor overlaps as many rows as its window of instructions holds. A pass is therefore as
//! short as its loads and stores allow: while one row waits for a division, others fill the time.

use super::{Carry, RATE, SIGMA, SPOT, STRIKE, TIME, YIELD};
use crate::coefficients::INV_SQRT_2_PI;
use crate::elementary::{Double, Quotient, exp, exp_and_complement, two_difference, two_product};
use crate::kernel::{ROW, Side, Stages};
use crate::lane::{Lane, steps};
use crate::mills::MillsPair;

/// Smallest total variance: a zero one becomes a deviation of 1e-140, which prices as zero.
const MIN_VARIANCE: f64 = 1e-280;
/// Where the difference of Mills ratios of the cheaper side takes over.
const REGION_EDGE: f64 = 0.5;

/// Rows that a stage leaves for the next ones; some take the place of what nobody reads any more.
pub mod stage {
    /// Three rows: the [`Quotient`](crate::elementary::Quotient) of strike and spot; then, in two,
    /// its logarithm.
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
    /// `z1 = -d1`.
    pub const Z1: usize = 3;
    /// `z2 = -d2`.
    pub const Z2: usize = 4;
    /// Two rows: `ln(b / A)`.
    pub const MONEYNESS: usize = 5;
    /// `b`.
    pub const BOND: usize = 5;
    /// `A - b`.
    pub const GAIN: usize = 6;
    /// What a price is beside `E` times a difference or a negative sum of Mills ratios.
    pub const OFFSET: usize = 6;
    /// Four rows: these ratios.
    pub const MILLS: usize = 7;
    /// What the spot contributes.
    pub const SPOT_PART: usize = 7;
    /// What the strike costs.
    pub const STRIKE_PART: usize = 8;
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

/// What follows from the moneyness in units of the deviation.
struct Standardised<L> {
    z1: L,
    z2: L,
    deviation: L,
    /// `-d1^2 / 2`.
    exponent: Double<L>,
}

impl<L: Lane> Standardised<L> {
    /// Standardise `x = ln(b / A)`: `z1 = (x - v^2 / 2) / v`.
    #[inline(always)]
    fn of(x: Double<L>, deviation: &Deviation<L>) -> Self {
        let Deviation { v, inverse } = *deviation;
        let half = x.high.splat(0.5);
        let h = x.high * inverse;
        let h_low = v.low.neg_mul_add(h, h.neg_mul_add(v.high, x.high) + x.low) * inverse;
        let difference = two_difference(h, v.high * 0.5);
        let low = v.low.neg_mul_add(half, difference.low + h_low);
        // Rounded from the pair, z1, z2 and v are the same on every instruction set.
        let z1 = difference.high + low;
        let deviation = v.high + v.low;

        let square = two_product(difference.high, difference.high);
        let square_low = (z1 + difference.high).mul_add(low, square.low);
        let exponent_low = (square_low * -0.5)
            .max(half.splat(-1.0))
            .min(half.splat(1.0));
        Self {
            z1,
            z2: z1 + deviation,
            deviation,
            exponent: Double {
                high: square.high * -0.5,
                low: exponent_low,
            },
        }
    }
}

/// Return `ln(b / A) = ln(K / S) - (r - q) T`; the low part may be of the size of the high one.
#[inline(always)]
pub fn moneyness<L: Lane, C: Carry>(
    lane: L,
    log: Double<L>,
    rate_time: Double<L>,
    yields: &[f64],
    at: usize,
    time: L,
) -> Double<L> {
    let (carry, carry_low) = if C::HAS_YIELD {
        let yield_time = two_product(lane.load(yields, at), time);
        let carry = two_difference(rate_time.high, yield_time.high);
        (carry.high, (rate_time.low - yield_time.low) + carry.low)
    } else {
        (rate_time.high, rate_time.low)
    };
    let x = two_difference(log.high, carry);
    Double {
        high: x.high,
        low: log.low - carry_low + x.low,
    }
}

/// Leave `ln(K / S)` in two rows, by way of `K / S`.
#[inline(always)]
pub fn fill_logs<L: Lane>(lane: L, len: usize, [spots, strikes]: [&[f64]; 2], stages: &mut Stages) {
    for at in steps::<L>(len) {
        let quotient = Quotient::of(lane.load(strikes, at), lane.load(spots, at));
        quotient.store(stages, stage::LOG, at);
    }
    for at in steps::<L>(len) {
        let log = Quotient::load(lane, stages, stage::LOG, at).ln();
        log.store(stages, stage::LOG, at);
    }
}

/// Fill the stages of a block up to density, forward and bond.
#[inline(always)]
fn fill_terms<L: Lane, C: Carry>(lane: L, len: usize, inputs: &[&[f64]; 6], stages: &mut Stages) {
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
        let x = moneyness::<L, C>(lane, log, rate_time, inputs[YIELD], at, time);
        let standardised = Standardised::of(x, &deviation);
        x.store(stages, stage::MONEYNESS, at);
        standardised.exponent.store(stages, stage::EXPONENT, at);
        let row = &mut stages[stage::DEVIATION];
        standardised.deviation.store(row, at);
        standardised.z1.store(&mut stages[stage::Z1], at);
        standardised.z2.store(&mut stages[stage::Z2], at);
    }
    for at in steps::<L>(len) {
        let density = exp(Double::load(lane, stages, stage::EXPONENT, at));
        density.store(&mut stages[stage::DENSITY], at);
    }
    for at in steps::<L>(len) {
        let spot = lane.load(inputs[SPOT], at);
        let time = lane.load(inputs[TIME], at);
        let forward = if C::HAS_YIELD {
            spot * exp(-two_product(lane.load(inputs[YIELD], at), time))
        } else {
            spot
        };
        let (ratio, complement) =
            exp_and_complement(Double::load(lane, stages, stage::MONEYNESS, at));
        let density = lane.load(&stages[stage::DENSITY], at) * forward * INV_SQRT_2_PI;
        density.store(&mut stages[stage::DENSITY], at);
        forward.store(&mut stages[stage::FORWARD], at);
        (forward * ratio).store(&mut stages[stage::BOND], at);
        (forward * complement).store(&mut stages[stage::GAIN], at);
    }
}

/// Where a call, and where a put, is a difference of Mills ratios.
///
/// Where both regions hold, the asked side has precedence: its own difference is exact.
struct Region<L: Lane> {
    z1: L,
    z2: L,
    call: L::Mask,
    put: L::Mask,
}

impl<L: Lane> Region<L> {
    #[inline(always)]
    fn load(lane: L, stages: &Stages, at: usize) -> Self {
        let z1 = lane.load(&stages[stage::Z1], at);
        let z2 = lane.load(&stages[stage::Z2], at);
        Self {
            z1,
            z2,
            call: z1.ge(z1.splat(-REGION_EDGE)),
            put: z2.splat(REGION_EDGE).ge(z2),
        }
    }

    /// Return where the Mills ratios are wanted.
    #[inline(always)]
    fn points<S: Side>(&self, lane: L, sides: &[f64], at: usize) -> [L; 2] {
        let Self { z1, z2, call, put } = *self;
        let call_x = L::select(call, z1, L::select(put, -z2, -z1));
        let put_x = L::select(put, -z2, L::select(call, z1, -z1));
        let put_y = L::select(put, -z1, z2);
        let call_y = L::select(call, z2, put_y);
        [
            S::pick(lane, sides, at, call_x, put_x),
            S::pick(lane, sides, at, call_y, put_y),
        ]
    }

    /// Return what a price is beside `E` times a difference or a negative sum of Mills ratios.
    #[inline(always)]
    fn offset<S: Side>(&self, lane: L, sides: &[f64], stages: &Stages, at: usize) -> L {
        let zero = lane.splat(0.0);
        let forward = lane.load(&stages[stage::FORWARD], at);
        let bond = lane.load(&stages[stage::BOND], at);
        let gain = lane.load(&stages[stage::GAIN], at);
        let call = L::select(self.call, zero, L::select(self.put, gain, forward));
        let put = L::select(self.put, zero, L::select(self.call, -gain, bond));
        S::pick(lane, sides, at, call, put)
    }

    /// Return what spot and strike contribute; `first` and `second` are `E` times Mills ratios.
    #[inline(always)]
    fn parts<S: Side>(
        &self,
        lane: L,
        sides: &[f64],
        stages: &Stages,
        at: usize,
        [first, second]: [L; 2],
    ) -> [L; 2] {
        let forward = lane.load(&stages[stage::FORWARD], at);
        let bond = lane.load(&stages[stage::BOND], at);
        let spot = forward - L::select(self.put, second, first);
        let strike = L::select(self.put, bond - first, second);
        let call_spot = L::select(self.call, first, spot);
        let call_strike = L::select(self.call, second, strike);
        let spot = L::select(self.call, first - forward, -first);
        let put_spot = L::select(self.put, -second, spot);
        let put_strike = L::select(self.put, -first, second - bond);
        [
            S::pick(lane, sides, at, call_spot, put_spot),
            S::pick(lane, sides, at, call_strike, put_strike),
        ]
    }
}

/// Leave the Mills ratios to be evaluated, and what a price is beside them.
#[inline(always)]
fn fill_pairs<L: Lane, S: Side>(lane: L, len: usize, sides: &[f64], stages: &mut Stages) {
    for at in steps::<L>(len) {
        let region = Region::load(lane, stages, at);
        let offset = region.offset::<S>(lane, sides, stages, at);
        let [x, y] = region.points::<S>(lane, sides, at);
        let gap = lane.load(&stages[stage::DEVIATION], at);
        let pair = MillsPair::of(x, y, gap, region.call | region.put);
        pair.store(stages, stage::MILLS, at);
        offset.store(&mut stages[stage::OFFSET], at);
    }
}

/// Fill the stages of a block up to what [`price`] reads.
#[inline(always)]
pub(super) fn fill_stages<L: Lane, C: Carry, S: Side>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; 6],
    sides: &[f64],
    stages: &mut Stages,
) {
    fill_terms::<L, C>(lane, len, inputs, stages);
    fill_pairs::<L, S>(lane, len, sides, stages);
}

/// Return prices from what is wanted of their Mills ratios.
#[inline(always)]
fn price<L: Lane>(lane: L, stages: &Stages, at: usize, wanted: L) -> L {
    let density = lane.load(&stages[stage::DENSITY], at);
    density.mul_add(wanted, lane.load(&stages[stage::OFFSET], at))
}

/// Write the prices of a block from its stages.
///
/// Cut to what a stage holds, the loop has no branch for a row out of bounds. With one in its midst
/// the compiler keeps all of `P` before it and all of the divided difference after it, and moves the
/// terms of the one about until the other wants them.
#[inline(always)]
pub(super) fn fill_prices<L: Lane>(lane: L, prices: &mut [f64], stages: &Stages) {
    let len = prices.len().min(ROW);
    let prices = &mut prices[..len];
    for at in steps::<L>(len) {
        let wanted = MillsPair::load(lane, stages, stage::MILLS, at).wanted();
        price(lane, stages, at, wanted).store(prices, at);
    }
}

/// Write the prices of a block from its stages and leave what spot and strike contribute.
#[inline(always)]
pub(super) fn fill_prices_and_parts<L: Lane, S: Side>(
    lane: L,
    sides: &[f64],
    prices: &mut [f64],
    stages: &mut Stages,
) {
    let len = prices.len().min(ROW);
    let (prices, sides) = (&mut prices[..len], &sides[..len]);
    for at in steps::<L>(len) {
        let pair = MillsPair::load(lane, stages, stage::MILLS, at);
        let (wanted, first, second) = pair.wanted_and_ratios();
        price(lane, stages, at, wanted).store(prices, at);
        let density = lane.load(&stages[stage::DENSITY], at);
        let ratios = [density * first, density * second];
        let region = Region::load(lane, stages, at);
        let [spot_part, strike_part] = region.parts::<S>(lane, sides, stages, at, ratios);
        spot_part.store(&mut stages[stage::SPOT_PART], at);
        strike_part.store(&mut stages[stage::STRIKE_PART], at);
    }
}
