//! The Black-Scholes family: one set of formulas, models only say where the inputs come from.
//!
//! With the discounted forward `A = S exp(-q T)`, `b = K exp(-r T)`, `v = sigma sqrt(T)`,
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
//! [`Double`].

use std::marker::PhantomData;

use crate::coefficients::INV_SQRT_2_PI;
use crate::domain::Domain;
use crate::elementary::{
    Double, exp, exp_double, fast_two_sum, ln_of_ratio, ratio, two_product, two_sum,
};
use crate::kernel::{Kernel, PerRow, ROW, STAGES, Side, Stages};
use crate::lane::{Lane, steps};
use crate::mills::{MillsPair, MillsPoints};

/// Smallest total variance: a zero one becomes a deviation of 1e-140, which prices as zero.
const MIN_VARIANCE: f64 = 1e-280;
/// Where the difference of Mills ratios of the cheaper side takes over.
const REGION_EDGE: f64 = 0.5;

/// Number of the spot among the inputs.
pub const SPOT: usize = 0;
/// Number of the strike.
pub const STRIKE: usize = 1;
/// Number of the time to expiry.
pub const TIME: usize = 2;
/// Number of the rate.
pub const RATE: usize = 3;
/// Number of the yield.
pub const YIELD: usize = 4;
/// Number of the volatility.
pub const SIGMA: usize = 5;

/// Allowed values of each input.
const DOMAINS: [Domain; 6] = [
    Domain::positive(),
    Domain::positive(),
    Domain::time(),
    Domain::rate(),
    Domain::rate(),
    Domain::volatility(),
];

/// What the holder of the spot earns.
pub trait Carry: Sync {
    /// Pairs (rate, time) of inputs.
    const EXPONENTS: &'static [(usize, usize)];
    /// Whether input [`YIELD`] is read.
    const HAS_YIELD: bool;
}

/// A spot without yield. Black and Scholes (1973).
pub struct NoYield;

/// A continuous yield. Merton (1973); with `q = r` Black (1976), with the foreign rate as `q`
/// Garman and Kohlhagen (1983).
pub struct WithYield;

impl Carry for NoYield {
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME)];
    const HAS_YIELD: bool = false;
}

impl Carry for WithYield {
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME), (YIELD, TIME)];
    const HAS_YIELD: bool = true;
}

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
pub fn log_forward<L: Lane>(
    log: Double<L>,
    rate_time: Double<L>,
    yield_time: Double<L>,
) -> Double<L> {
    let carry = two_sum(rate_time.high, -yield_time.high);
    let sum = two_sum(log.high, carry.high);
    let low = (rate_time.low - yield_time.low) + carry.low;
    fast_two_sum(sum.high, log.low + low + sum.low)
}

/// Return `ln(S/K) + r T`.
#[inline(always)]
pub fn log_spot<L: Lane>(log: Double<L>, rate_time: Double<L>) -> Double<L> {
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

/// Fill the stages of a block.
///
/// A processor overlaps as many rows as its window of instructions holds. A pass is therefore as
/// short as its loads and stores allow: while one row waits for a division, others fill the time.
#[inline(always)]
fn fill_stages<L: Lane, C: Carry>(lane: L, len: usize, inputs: &[&[f64]; 6], stages: &mut Stages) {
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
        let x = if C::HAS_YIELD {
            log_forward(
                log,
                rate_time,
                two_product(lane.load(inputs[YIELD], at), time),
            )
        } else {
            log_spot(log, rate_time)
        };
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
        let forward = if C::HAS_YIELD {
            discounted(spot, two_product(lane.load(inputs[YIELD], at), time))
        } else {
            Double {
                high: spot,
                low: lane.splat(0.0),
            }
        };
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
fn fill_points<L: Lane, S: Side>(lane: L, len: usize, sides: &[f64], stages: &mut Stages) {
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
fn fill_ratios<L: Lane>(lane: L, len: usize, stages: &mut Stages) {
    for at in steps::<L>(len) {
        let gap = lane.load(&stages[stage::DEVIATION], at);
        let mills = MillsPoints::load(lane, stages, stage::POINTS, at).ratios(gap);
        mills.difference.store(&mut stages[stage::DIFFERENCE], at);
        mills.sum.store(&mut stages[stage::SUM], at);
    }
}

/// What the last passes know of one vector of rows, and the formulas of the three regions.
struct Regions<L: Lane> {
    density: L,
    forward: L,
    bond: L,
    gain: L,
    call_region: L::Mask,
    put_region: L::Mask,
}

impl<L: Lane> Regions<L> {
    #[inline(always)]
    fn load(lane: L, stages: &Stages, at: usize) -> Self {
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
    fn price<S: Side>(&self, lane: L, sides: &[f64], at: usize, difference: L, sum: L) -> L {
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
    fn parts<S: Side>(&self, lane: L, sides: &[f64], at: usize, mills: &MillsPair<L>) -> [L; 2] {
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

/// Fill all stages, with the prices in a row of their own.
#[inline(always)]
fn fill_terms<L: Lane, C: Carry, S: Side>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; 6],
    sides: &[f64],
    prices: &mut [f64],
    stages: &mut Stages,
) {
    fill_stages::<L, C>(lane, len, inputs, stages);
    fill_points::<L, S>(lane, len, sides, stages);
    for at in steps::<L>(len) {
        let gap = lane.load(&stages[stage::DEVIATION], at);
        let mills = MillsPoints::load(lane, stages, stage::POINTS, at).ratios(gap);
        let formulas = Regions::load(lane, stages, at);
        let price = formulas.price::<S>(lane, sides, at, mills.difference, mills.sum);
        price.store(prices, at);
        let [spot_part, strike_part] = formulas.parts::<S>(lane, sides, at, &mills);
        spot_part.store(&mut stages[stage::SPOT_PART], at);
        strike_part.store(&mut stages[stage::STRIKE_PART], at);
    }
}

/// What sensitivities are made of, for one vector of rows.
struct Terms<L> {
    /// `E`.
    density: L,
    d1: L,
    d2: L,
    /// `v`.
    deviation: L,
    /// Value of the option.
    price: L,
    /// What the spot contributes: `A N(d1)`, or `-A N(-d1)` for a put.
    spot_part: L,
    /// What the strike costs: `b N(d2)`, or `-b N(-d2)` for a put.
    strike_part: L,
}

impl<L: Lane> Terms<L> {
    /// Return what [`fill_terms`] left at `at`.
    #[inline(always)]
    fn load(lane: L, prices: &[f64], stages: &Stages, at: usize) -> Self {
        Self {
            density: lane.load(&stages[stage::DENSITY], at),
            d1: lane.load(&stages[stage::D1], at),
            d2: lane.load(&stages[stage::D2], at),
            deviation: lane.load(&stages[stage::DEVIATION], at),
            price: lane.load(prices, at),
            spot_part: lane.load(&stages[stage::SPOT_PART], at),
            strike_part: lane.load(&stages[stage::STRIKE_PART], at),
        }
    }
}

/// Prices: one output.
pub struct Price<C, S>(PhantomData<(C, S)>);

impl<C: Carry, S: Side> Kernel<6, 1> for Price<C, S> {
    const NANOSECONDS: f64 = 5.5;
    const HAS_NARROW_FORM: bool = true;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = C::EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        stages: &mut Stages,
    ) {
        fill_stages::<L, C>(lane, len, inputs, stages);
        fill_points::<L, S>(lane, len, sides, stages);
        fill_ratios(lane, len, stages);
        for at in steps::<L>(len) {
            let difference = lane.load(&stages[stage::DIFFERENCE], at);
            let sum = lane.load(&stages[stage::SUM], at);
            let formulas = Regions::load(lane, stages, at);
            let price = formulas.price::<S>(lane, sides, at, difference, sum);
            price.store(outputs[0], at);
        }
    }
}

/// Return the price of one row s, k, t, r, q, sigma.
#[must_use]
pub fn price_of(row: &[f64; 6], is_call: bool) -> f64 {
    let inputs = row.each_ref().map(std::slice::from_ref);
    let mut price = [0.0];
    let mut stages = [[0.0; ROW]; STAGES];
    let side = [f64::from(u8::from(is_call))];
    Price::<WithYield, PerRow>::block(0.0, 1, &inputs, &side, &mut [&mut price], &mut stages);
    price[0]
}

/// Price and first-order sensitivities: price, delta, gamma, vega, theta, rho.
pub struct Greeks<C, S>(PhantomData<(C, S)>);

/// Every sensitivity: those of [`Greeks`], then dividend rho, vanna, volga, charm, speed, colour,
/// elasticity.
pub struct AllGreeks<C, S>(PhantomData<(C, S)>);

impl<C: Carry, S: Side> Kernel<6, 6> for Greeks<C, S> {
    const NANOSECONDS: f64 = 8.0;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = C::EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 6],
        stages: &mut Stages,
    ) {
        fill_terms::<L, C, S>(lane, len, inputs, sides, outputs[PRICE], stages);
        for at in steps::<L>(len) {
            let terms = Terms::load(lane, outputs[PRICE], stages, at);
            let first = FirstOrder::of::<C>(lane, inputs, at, &terms);
            for (row, value) in outputs.iter_mut().zip(first.values(&terms)) {
                value.store(row, at);
            }
        }
    }
}

impl<C: Carry, S: Side> Kernel<6, 13> for AllGreeks<C, S> {
    const NANOSECONDS: f64 = 12.0;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = C::EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 13],
        stages: &mut Stages,
    ) {
        fill_terms::<L, C, S>(lane, len, inputs, sides, outputs[PRICE], stages);
        for at in steps::<L>(len) {
            let terms = Terms::load(lane, outputs[PRICE], stages, at);
            let first = FirstOrder::of::<C>(lane, inputs, at, &terms);
            let values = first.values(&terms);
            for (row, value) in outputs.iter_mut().zip(values) {
                value.store(row, at);
            }
            for (row, value) in outputs[6..].iter_mut().zip(first.higher(&terms)) {
                value.store(row, at);
            }
        }
    }
}

/// As [`Greeks`] on a forward (`q = r`), which rho holds fixed: it only discounts.
pub struct ForwardGreeks<S>(PhantomData<S>);

/// As [`AllGreeks`] on a forward (`q = r`), which rho holds fixed; dividend rho is zero.
pub struct ForwardAllGreeks<S>(PhantomData<S>);

/// Numbers of price, rho and dividend rho among the results.
const PRICE: usize = 0;
const RHO: usize = 5;
const DIVIDEND_RHO: usize = 6;

macro_rules! on_forward {
    ($name:ident, $of:ident, $outputs:literal) => {
        impl<S: Side> Kernel<6, $outputs> for $name<S> {
            const NANOSECONDS: f64 = <$of<WithYield, S> as Kernel<6, $outputs>>::NANOSECONDS;
            const DOMAINS: [Domain; 6] = DOMAINS;
            const EXPONENTS: &'static [(usize, usize)] = WithYield::EXPONENTS;

            #[inline(always)]
            fn block<L: Lane>(
                lane: L,
                len: usize,
                inputs: &[&[f64]; 6],
                sides: &[f64],
                outputs: &mut [&mut [f64]; $outputs],
                stages: &mut Stages,
            ) {
                $of::<WithYield, S>::block(lane, len, inputs, sides, outputs, stages);
                for at in steps::<L>(len) {
                    let discounted = lane.load(inputs[TIME], at) * lane.load(outputs[PRICE], at);
                    (-discounted).store(outputs[RHO], at);
                    if let Some(dividend_rho) = outputs.get_mut(DIVIDEND_RHO) {
                        lane.splat(0.0).store(dividend_rho, at);
                    }
                }
            }
        }
    };
}

on_forward!(ForwardGreeks, Greeks, 6);
on_forward!(ForwardAllGreeks, AllGreeks, 13);

/// Inputs of one vector of rows and the quotients that several sensitivities share.
struct FirstOrder<L> {
    time: L,
    rate: L,
    growth: L,
    sigma: L,
    inverse_spot: L,
    inverse_deviation: L,
    root_time: L,
    inverse_root_time: L,
}

/// Below this many years only the shape of the payoff is left.
const MIN_TIME: f64 = 1e-100;
/// Beyond this moneyness the density is zero, and so is whatever it multiplies.
const MAX_MONEYNESS: f64 = 1e6;

impl<L: Lane> FirstOrder<L> {
    #[inline(always)]
    fn of<C: Carry>(lane: L, inputs: &[&[f64]; 6], at: usize, terms: &Terms<L>) -> Self {
        let (spot, time) = (lane.load(inputs[SPOT], at), lane.load(inputs[TIME], at));
        let (root_time, inverse_root_time) = time.max(lane.splat(MIN_TIME)).sqrt_recip();
        let shared = (spot * terms.deviation).recip();
        Self {
            time,
            rate: lane.load(inputs[RATE], at),
            growth: if C::HAS_YIELD {
                lane.load(inputs[YIELD], at)
            } else {
                lane.splat(0.0)
            },
            sigma: lane.load(inputs[SIGMA], at),
            inverse_spot: shared * terms.deviation,
            inverse_deviation: shared * spot,
            root_time,
            inverse_root_time,
        }
    }

    /// Return price, delta, gamma, vega, theta (per year of calendar time) and rho.
    #[inline(always)]
    fn values(&self, terms: &Terms<L>) -> [L; 6] {
        let decay = terms.density * self.sigma * self.inverse_root_time * -0.5;
        let theta = self.rate.neg_mul_add(terms.strike_part, decay);
        [
            terms.price,
            terms.spot_part * self.inverse_spot,
            self.gamma(terms),
            terms.density * self.root_time,
            self.growth.mul_add(terms.spot_part, theta),
            self.time * terms.strike_part,
        ]
    }

    #[inline(always)]
    fn gamma(&self, terms: &Terms<L>) -> L {
        terms.density * self.inverse_spot * self.inverse_spot * self.inverse_deviation
    }

    /// Return dividend rho, vanna, volga, charm, speed, colour, elasticity.
    ///
    /// Charm and colour are per year of calendar time, like theta. Source: Haug (2007), chapter 2.
    #[inline(always)]
    fn higher(&self, terms: &Terms<L>) -> [L; 7] {
        let limit = terms.d1.splat(MAX_MONEYNESS);
        let (d1, d2) = (
            terms.d1.min(limit).max(-limit),
            terms.d2.min(limit).max(-limit),
        );
        let delta = terms.spot_part * self.inverse_spot;
        let density = terms.density * self.inverse_spot;
        let gamma = self.gamma(terms);
        let inverse_sigma = self.inverse_deviation * self.root_time;
        let inverse_time = self.inverse_root_time * self.inverse_root_time;
        // How fast d1 falls with calendar time: (r - q) / v - d2 / (2 T).
        let carry = (self.rate - self.growth) * self.inverse_deviation;
        let drift = (d2 * inverse_time).neg_mul_add(d2.splat(0.5), carry);
        let colour = d1.mul_add(drift, self.growth + inverse_time * 0.5);
        [
            -(self.time * terms.spot_part),
            -(density * d2 * inverse_sigma),
            terms.density * self.root_time * d1 * d2 * inverse_sigma,
            self.growth.mul_add(delta, -(density * drift)),
            -(gamma * self.inverse_spot * d1.mul_add(self.inverse_deviation, d1.splat(1.0))),
            gamma * colour,
            terms.spot_part * terms.price.recip(),
        ]
    }
}
