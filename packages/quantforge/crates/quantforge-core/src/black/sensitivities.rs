//! Price and sensitivities of the Black-Scholes family.

use std::marker::PhantomData;

use super::stages::{fill_prices_and_parts, fill_stages, stage};
use super::{Carry, DOMAINS, RATE, SIGMA, SPOT, TIME, WithYield, YIELD};
use crate::domain::Domain;
use crate::kernel::{Kernel, Side, Stages};
use crate::lane::{Lane, steps};

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
        fill_all::<L, C, S, _>(lane, len, inputs, sides, outputs, stages);
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
        fill_all::<L, C, S, _>(lane, len, inputs, sides, outputs, stages);
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

/// Fill the first-order results and, where there is room for more, those of higher order.
#[inline(always)]
fn fill_all<L: Lane, C: Carry, S: Side, const O: usize>(
    lane: L,
    len: usize,
    inputs: &[&[f64]; 6],
    sides: &[f64],
    outputs: &mut [&mut [f64]; O],
    stages: &mut Stages,
) {
    fill_stages::<L, C, S>(lane, len, inputs, sides, stages);
    fill_prices_and_parts::<L, S>(lane, sides, outputs[PRICE], stages);
    for at in steps::<L>(len) {
        let terms = Terms::load(lane, outputs[PRICE], stages, at);
        let first = FirstOrder::of::<C>(lane, inputs, at, &terms);
        let values = first.values(&terms);
        for (row, value) in outputs.iter_mut().zip(values) {
            value.store(row, at);
        }
        if O > values.len() {
            let higher = first.higher(&terms);
            for (row, value) in outputs[values.len()..].iter_mut().zip(higher) {
                value.store(row, at);
            }
        }
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
    /// Return what [`fill_prices_and_parts`] left at `at`.
    #[inline(always)]
    fn load(lane: L, prices: &[f64], stages: &Stages, at: usize) -> Self {
        Self {
            density: lane.load(&stages[stage::DENSITY], at),
            d1: -lane.load(&stages[stage::Z1], at),
            d2: -lane.load(&stages[stage::Z2], at),
            deviation: lane.load(&stages[stage::DEVIATION], at),
            price: lane.load(prices, at),
            spot_part: lane.load(&stages[stage::SPOT_PART], at),
            strike_part: lane.load(&stages[stage::STRIKE_PART], at),
        }
    }
}

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
