//! The Black-Scholes family: one set of formulas, models only say what carries the spot.
//!
//! With `A` the discounted forward, `b = K exp(-r T)`, `v = sigma sqrt(T)`,
//! `d1 = ln(A/b) / v + v/2`, `d2 = d1 - v` and `E = A n(d1)`, a call is worth
//!
//! | where | call |
//! |---|---|
//! | `d1 <= 0.5` | `E (M(-d1) - M(-d2))` |
//! | `d2 >= -0.5` | `A - b + E (M(d2) - M(d1))` |
//! | else | `A - E (M(d1) + M(-d2))` |
//!
//! and a put follows from parity in the same terms. Numbers in which rounding would be amplified
//! (`ln(S/K)`, rates times time, `sigma^2 T`, `d1`, the exponent, `A`, `b`) are carried as
//! [`Double`]. Worst relative error: see docs/validation/quantforge.

use crate::coefficients::INV_SQRT_2_PI;
use crate::domain::Domain;
use crate::elementary::{
    Double, exp, exp_double, fast_two_sum, ln_ratio_double, two_product, two_sum,
};
use crate::kernel::{Kernel, Side, Stages};
use crate::lane::Lane;
use crate::mills::{MillsPair, mills_pair};

/// Smallest total variance: a zero one becomes a deviation of 1e-140, which prices as zero.
const MIN_VARIANCE: f64 = 1e-280;
/// Where the difference of Mills ratios of the cheaper side takes over.
const REGION_EDGE: f64 = 0.5;

/// What a model says about the carry of the spot.
pub trait Model<const I: usize>: Sync {
    /// Allowed values of each input.
    const DOMAINS: [Domain; I];
    /// Pairs (rate, time) of inputs.
    const EXPONENTS: &'static [(usize, usize)];
    /// Where the yield of the spot is found.
    const YIELD: Yield;
}

/// The yield that the holder of the spot earns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Yield {
    /// None: a stock without dividends.
    None,
}

const SPOT: usize = 0;
const STRIKE: usize = 1;
const TIME: usize = 2;
const RATE: usize = 3;

/// Spot without dividends: inputs s, k, t, r, sigma. Black and Scholes (1973).
pub struct BlackScholes;

impl Model<5> for BlackScholes {
    const DOMAINS: [Domain; 5] = [
        Domain::positive("s"),
        Domain::positive("k"),
        Domain::time("t"),
        Domain::rate("r"),
        Domain::volatility("sigma"),
    ];
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME)];
    const YIELD: Yield = Yield::None;
}

/// Rows that the stages leave for the last one.
mod stage {
    /// `E`; before it, the logarithm and the exponent of `E`.
    pub const DENSITY: usize = 0;
    /// Low part of the logarithm and of the exponent.
    pub const LOW: usize = 1;
    /// `v`.
    pub const DEVIATION: usize = 2;
    /// `d1`.
    pub const D1: usize = 3;
    /// `d2`.
    pub const D2: usize = 4;
    /// `b`.
    pub const BOND: usize = 5;
    /// Low part of `b`.
    pub const BOND_LOW: usize = 6;
}

/// `d1`, `d2`, `v` and the exponent `-d1^2 / 2`.
struct Moneyness<L> {
    d1: L,
    d2: L,
    deviation: L,
    exponent: Double<L>,
}

/// Return the standardised moneyness from `ln(S/K)`, the carry `(r - q) T`, `sigma` and `T`.
#[inline(always)]
fn moneyness<L: Lane>(log: Double<L>, carry: Double<L>, sigma: L, time: L) -> Moneyness<L> {
    let sum = two_sum(log.high, carry.high);
    let x = fast_two_sum(sum.high, log.low + carry.low + sum.low);

    let square = two_product(sigma, sigma);
    let variance = two_product(square.high, time);
    let variance_low = square.low.mul_add(time, variance.low);
    let variance = variance.high.max(sigma.splat(MIN_VARIANCE));
    let (v, inverse) = variance.sqrt_recip();
    let v_low = (v.neg_mul_add(v, variance) + variance_low) * inverse * 0.5;

    let h = x.high * inverse;
    let h_low = v_low.neg_mul_add(h, h.neg_mul_add(v, x.high) + x.low) * inverse;
    // Rounding the pairs once more makes d1, d2 and v the same on every instruction set.
    let sum = two_sum(h, v * 0.5);
    let d1 = fast_two_sum(sum.high, v_low.mul_add(sigma.splat(0.5), sum.low + h_low));
    let deviation = v + v_low;

    let q = two_product(d1.high, d1.high);
    let q_low = (d1.high + d1.high).mul_add(d1.low, q.low);
    let low = (q_low * -0.5).max(sigma.splat(-1.0)).min(sigma.splat(1.0));
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

/// Return the carry `(r - q) T` of the row at `at`.
#[inline(always)]
fn carry<L: Lane, M: Model<I>, const I: usize>(
    lane: L,
    inputs: &[&[f64]; I],
    at: usize,
) -> Double<L> {
    let rate_time = two_product(lane.load(inputs[RATE], at), lane.load(inputs[TIME], at));
    match M::YIELD {
        Yield::None => rate_time,
    }
}

/// Fill the stages of a block; four passes, each short enough to keep its constants in registers.
#[inline(always)]
fn fill_stages<L: Lane, M: Model<I>, const I: usize>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; I],
    stages: &mut Stages,
) {
    for at in (0..len).step_by(L::WIDTH) {
        let log = ln_ratio_double(lane.load(inputs[SPOT], at), lane.load(inputs[STRIKE], at));
        log.high.store(&mut stages[stage::DENSITY], at);
        log.low.store(&mut stages[stage::LOW], at);
    }
    for at in (0..len).step_by(L::WIDTH) {
        let high = lane.load(&stages[stage::DENSITY], at);
        let log = Double {
            high,
            low: lane.load(&stages[stage::LOW], at),
        };
        let (sigma, time) = (lane.load(inputs[I - 1], at), lane.load(inputs[TIME], at));
        let carry = carry::<L, M, I>(lane, inputs, at);
        let m = moneyness(log, carry, sigma, time);
        m.exponent.high.store(&mut stages[stage::DENSITY], at);
        m.exponent.low.store(&mut stages[stage::LOW], at);
        m.deviation.store(&mut stages[stage::DEVIATION], at);
        m.d1.store(&mut stages[stage::D1], at);
        m.d2.store(&mut stages[stage::D2], at);
    }
    for at in (0..len).step_by(L::WIDTH) {
        let high = lane.load(&stages[stage::DENSITY], at);
        let exponent = Double {
            high,
            low: lane.load(&stages[stage::LOW], at),
        };
        let density = exp(exponent) * lane.load(inputs[SPOT], at) * INV_SQRT_2_PI;
        density.store(&mut stages[stage::DENSITY], at);

        let (time, strike) = (lane.load(inputs[TIME], at), lane.load(inputs[STRIKE], at));
        let exponent = two_product(-lane.load(inputs[RATE], at), time);
        let discount = exp_double(exponent);
        let bond = two_product(strike, discount.high);
        bond.high.store(&mut stages[stage::BOND], at);
        strike
            .mul_add(discount.low, bond.low)
            .store(&mut stages[stage::BOND_LOW], at);
    }
}

/// Masks of the two regions in which a price is one difference of Mills ratios.
struct Regions<L: Lane> {
    /// `d1 <= 0.5`: the call is the difference.
    call: L::Mask,
    /// `d2 >= -0.5`: the put is the difference.
    put: L::Mask,
}

impl<L: Lane> Regions<L> {
    #[inline(always)]
    fn of(d1: L, d2: L) -> Self {
        Self {
            call: d1.splat(REGION_EDGE).ge(d1),
            put: d2.ge(d2.splat(-REGION_EDGE)),
        }
    }

    /// Return the Mills ratios whose difference or sum gives the price.
    ///
    /// Where both regions hold, the asked side has precedence: its own difference is exact.
    #[inline(always)]
    fn mills<S: Side>(&self, d1: L, d2: L, v: L, sides: &[f64], at: usize) -> MillsPair<L> {
        let call_x = L::select(self.call, -d1, L::select(self.put, d2, d1));
        let put_x = L::select(self.put, d2, L::select(self.call, -d1, d1));
        let call_y = L::select(self.call, -d2, L::select(self.put, d1, -d2));
        let put_y = L::select(self.put, d1, -d2);
        let x = S::pick(d1, sides, at, call_x, put_x);
        let y = S::pick(d1, sides, at, call_y, put_y);
        mills_pair(x, y, v)
    }
}

/// Prices of a model: one output.
pub struct Price<M, S>(std::marker::PhantomData<(M, S)>);

impl<M: Model<I>, S: Side, const I: usize> Kernel<I, 1> for Price<M, S> {
    const NANOSECONDS: f64 = 5.5;
    const DOMAINS: [Domain; I] = M::DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = M::EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; I],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        stages: &mut Stages,
    ) {
        fill_stages::<L, M, I>(lane, len, inputs, stages);
        for at in (0..len).step_by(L::WIDTH) {
            let d1 = lane.load(&stages[stage::D1], at);
            let d2 = lane.load(&stages[stage::D2], at);
            let deviation = lane.load(&stages[stage::DEVIATION], at);
            let density = lane.load(&stages[stage::DENSITY], at);
            let bond = lane.load(&stages[stage::BOND], at);
            let spot = lane.load(inputs[SPOT], at);
            let forward = spot - bond - lane.load(&stages[stage::BOND_LOW], at);

            let regions = Regions::of(d1, d2);
            let mills = regions.mills::<S>(d1, d2, deviation, sides, at);
            let difference = density * mills.difference;
            let call = L::select(
                regions.call,
                difference,
                L::select(
                    regions.put,
                    difference + forward,
                    density.neg_mul_add(mills.sum, spot),
                ),
            );
            let put = L::select(
                regions.put,
                difference,
                L::select(
                    regions.call,
                    difference - forward,
                    density.neg_mul_add(mills.sum, bond),
                ),
            );
            S::pick(lane, sides, at, call, put).store(outputs[0], at);
        }
    }
}
