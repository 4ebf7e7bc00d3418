//! The normal model: the forward moves by amounts, not by percentages. Bachelier (1900).
//!
//! With `v = sigma sqrt(T)`, `d = (F - K) / v`, `z = |d|` and the discount factor `D`, the option
//! that is out of the money is worth `D v n(z) g(z)`, `g(z) = 1 - z M(z) = -M'(z)`, which the
//! polynomial of the Mills ratio gives without cancellation; the other side follows from parity.
//! `F - K`, `v`, `d` and the exponent are carried as [`Double`].

mod implied;

pub use implied::ImpliedVolatility;

use std::marker::PhantomData;

use crate::coefficients::INV_SQRT_2_PI;
use crate::domain::Domain;
use crate::elementary::{Double, exp, exp_double, fast_two_sum, two_difference, two_product};
use crate::kernel::{Kernel, Side, Stages};
use crate::lane::{Lane, steps};
use crate::mills::mills_slope;

const TIME: usize = 2;
const RATE: usize = 3;

/// Number of results of [`Greeks`].
const FIRST_ORDER: usize = 6;
/// Smallest variance: a zero one becomes a deviation of 1e-140, which prices as zero.
const MIN_VARIANCE: f64 = 1e-280;
/// Beyond this many deviations a price is less than the smallest number.
const FARTHEST: f64 = 40.0;
/// Below this many years only the shape of the payoff is left.
const MIN_TIME: f64 = 1e-100;

const DOMAINS: [Domain; 5] = [
    Domain::any_price(),
    Domain::any_price(),
    Domain::time(),
    Domain::rate(),
    Domain::absolute_volatility(),
];
const EXPONENTS: &[(usize, usize)] = &[(RATE, TIME)];

/// What every result is made of, for one vector of rows.
struct Terms<L> {
    time: L,
    rate: L,
    sigma: L,
    forward: L,
    /// `d`, `1 / v` and `sqrt(T)`.
    d: L,
    inverse: L,
    root_time: L,
    /// `D n(d)`.
    density: L,
    /// Value of the option and of its first derivative by the forward.
    price: L,
    delta: L,
}

/// Return `v` and `1 / v`.
#[inline(always)]
fn deviation<L: Lane>(sigma: L, time: L) -> (Double<L>, L) {
    let square = two_product(sigma, sigma);
    let variance = two_product(square.high, time);
    let low = square.low.mul_add(time, variance.low);
    let high = variance.high.max(sigma.splat(MIN_VARIANCE));
    let (v, inverse) = high.sqrt_recip();
    let low = (v.neg_mul_add(v, high) + low) * inverse * 0.5;
    (Double { high: v, low }, inverse)
}

impl<L: Lane> Terms<L> {
    #[inline(always)]
    fn of<S: Side>(lane: L, inputs: &[&[f64]; 5], sides: &[f64], at: usize) -> Self {
        let (forward, strike) = (lane.load(inputs[0], at), lane.load(inputs[1], at));
        let (time, rate) = (lane.load(inputs[TIME], at), lane.load(inputs[RATE], at));
        let sigma = lane.load(inputs[4], at);
        let (v, inverse) = deviation(sigma, time);
        let gain = two_difference(forward, strike);
        let quotient = gain.high * inverse;
        let rest = v
            .low
            .neg_mul_add(quotient, quotient.neg_mul_add(v.high, gain.high) + gain.low);
        let d = fast_two_sum(quotient, rest * inverse);

        let square = two_product(d.high, d.high);
        let low = (d.high + d.high).mul_add(d.low, square.low) * -0.5;
        let low = low.max(lane.splat(-1.0)).min(lane.splat(1.0));
        let exponent = Double {
            high: square.high * -0.5,
            low,
        };
        let z = d.high.abs().min(lane.splat(FARTHEST));
        let (mills, slope) = mills_slope(z);

        let discount = exp_double(-two_product(rate, time));
        let density = exp(exponent) * INV_SQRT_2_PI * discount.high;
        let outer = density * slope * (v.high + v.low);
        let tail = density * mills;

        let zero = lane.splat(0.0);
        // Discounting the exact gain keeps parity to the last digit.
        let intrinsic = gain.high.mul_add(
            discount.high,
            gain.high.mul_add(discount.low, gain.low * discount.high),
        );
        let call = S::pick(lane, sides, at, lane.splat(1.0), zero).gt(lane.splat(0.5));
        let is_up = d.high.ge(zero);
        let own = L::select(call, intrinsic, -intrinsic);
        let price = outer + own.max(zero);
        let kept = discount.high - tail;
        let call_delta = L::select(is_up, kept, tail);
        let put_delta = L::select(is_up, -tail, -kept);
        let (root_time, _) = time.max(lane.splat(MIN_TIME)).sqrt_recip();
        Self {
            time,
            rate,
            sigma,
            forward,
            d: d.high,
            inverse,
            root_time,
            density,
            price,
            delta: L::select(call, call_delta, put_delta),
        }
    }

    /// Return price, delta, gamma, vega, theta (per year of calendar time) and rho.
    #[inline(always)]
    fn first_order(&self) -> [L; 6] {
        let decay = self.density * self.sigma * self.root_time.recip() * -0.5;
        [
            self.price,
            self.delta,
            self.density * self.inverse,
            self.density * self.root_time,
            self.rate.mul_add(self.price, decay),
            -(self.time * self.price),
        ]
    }

    /// Return dividend rho (zero: the forward is given), vanna, volga, charm, speed, colour,
    /// elasticity.
    #[inline(always)]
    fn higher(&self) -> [L; 7] {
        let limit = self.d.splat(1e6);
        let d = self.d.min(limit).max(-limit);
        let inverse_sigma = self.inverse * self.root_time;
        let half_rate = self.root_time.recip() * self.root_time.recip() * 0.5;
        let gamma = self.density * self.inverse;
        let shape = d.neg_mul_add(d, d.splat(1.0));
        [
            d.splat(0.0),
            -(self.density * d * inverse_sigma),
            self.density * self.root_time * d * d * inverse_sigma,
            self.rate.mul_add(self.delta, self.density * d * half_rate),
            -(gamma * d * self.inverse),
            gamma * shape.mul_add(half_rate, self.rate),
            self.delta * self.forward * self.price.recip(),
        ]
    }
}

/// Prices: inputs f, k, t, r, sigma (an amount per root year).
pub struct Price<S>(PhantomData<S>);

/// Price and first-order sensitivities: price, delta, gamma, vega, theta, rho.
pub struct Greeks<S>(PhantomData<S>);

/// Every sensitivity, in the order of [`crate::black::AllGreeks`]; rho holds the forward.
pub struct AllGreeks<S>(PhantomData<S>);

macro_rules! kernel {
    ($name:ident, $outputs:literal, $nanoseconds:literal, $terms:ident => $values:expr, $higher:expr) => {
        impl<S: Side> Kernel<5, $outputs> for $name<S> {
            const NANOSECONDS: f64 = $nanoseconds;
            const DOMAINS: [Domain; 5] = DOMAINS;
            const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

            #[inline(always)]
            fn block<L: Lane>(
                lane: L,
                len: usize,
                inputs: &[&[f64]; 5],
                sides: &[f64],
                outputs: &mut [&mut [f64]; $outputs],
                _stages: &mut Stages,
            ) {
                for at in steps::<L>(len) {
                    let $terms = Terms::of::<S>(lane, inputs, sides, at);
                    for (row, value) in outputs.iter_mut().zip($values) {
                        value.store(row, at);
                    }
                    for (row, value) in outputs.iter_mut().skip(FIRST_ORDER).zip($higher) {
                        value.store(row, at);
                    }
                }
            }
        }
    };
}

kernel!(Price, 1, 4.5, terms => [terms.price], [terms.price; 0]);
kernel!(Greeks, 6, 6.0, terms => terms.first_order(), [terms.price; 0]);
kernel!(AllGreeks, 13, 9.0, terms => terms.first_order(), terms.higher());
