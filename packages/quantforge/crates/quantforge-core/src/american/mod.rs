//! American options: the early-exercise boundary by fixed-point iteration, options across lanes.
//!
//! Source: Andersen, Lake and Offengenden (2016), scheme FP-A, started by the QD+ approximation of
//! Li (2010). Differences: quadrature in the angle (`tau - u = tau sin^2`), which has a tenth of
//! the error at equal nodes. A call is the put with spot and strike, rate and yield exchanged
//! (`McDonald` and Schroder 1998).
//!
//! A put with `r <= 0` and `q >= r` is never exercised early and is priced as European. With
//! `q < r < 0` there are two boundaries; such rows are priced by a [`tree`].

mod boundary;
pub mod method;
mod quadrature;
pub mod row;
pub mod tree;

use std::marker::PhantomData;

use crate::domain::Domain;
use crate::kernel::{Kernel, Side, Stages};
use crate::lane::Lane;
use boundary::Contract;
pub use quadrature::{Accurate, Fast, High, Scheme};

const SPOT: usize = 0;
const STRIKE: usize = 1;
const TIME: usize = 2;
const RATE: usize = 3;
const YIELD: usize = 4;
const SIGMA: usize = 5;

/// Steps of the tree that prices rows with two boundaries.
const TREE_STEPS: usize = 801;

const DOMAINS: [Domain; 6] = [
    Domain::positive(),
    Domain::positive(),
    Domain {
        low: 1e-6,
        high: 100.0,
        rule: "must be 1e-6 to 100 years",
    },
    Domain {
        low: -1.0,
        high: 1.0,
        rule: "must be -1 to 1 per year",
    },
    Domain {
        low: -1.0,
        high: 1.0,
        rule: "must be -1 to 1 per year",
    },
    Domain {
        low: 1e-3,
        high: 10.0,
        rule: "must be 1e-3 to 10 per root year",
    },
];

/// Prices: inputs s, k, t, r, q, sigma; the numbers are those of the [`Scheme`].
pub struct American<A, S, const LQ: usize, const N: usize, const P: usize>(PhantomData<(A, S)>);

/// Price, delta, gamma, theta and exercise boundary today (NaN where there is none).
pub struct AmericanGreeks<A, S, const LQ: usize, const N: usize, const P: usize>(
    PhantomData<(A, S)>,
);

/// Return the put that the row is worth, in units of its strike; and that strike.
#[inline(always)]
fn as_put<L: Lane, S: Side>(
    lane: L,
    inputs: &[&[f64]; 6],
    sides: &[f64],
    at: usize,
) -> (Contract<L>, L) {
    let (spot, strike) = (lane.load(inputs[SPOT], at), lane.load(inputs[STRIKE], at));
    let (rate, growth) = (lane.load(inputs[RATE], at), lane.load(inputs[YIELD], at));
    let own_spot = S::pick(lane, sides, at, strike, spot);
    let own_strike = S::pick(lane, sides, at, spot, strike);
    let contract = Contract::new(
        own_spot * own_strike.recip(),
        lane.load(inputs[TIME], at),
        S::pick(lane, sides, at, growth, rate),
        S::pick(lane, sides, at, rate, growth),
        lane.load(inputs[SIGMA], at),
    );
    (contract, own_strike)
}

/// Return what immediate exercise pays, which may be negative.
#[inline(always)]
fn payoff<L: Lane, S: Side>(lane: L, inputs: &[&[f64]; 6], sides: &[f64], at: usize) -> L {
    let gain = lane.load(inputs[SPOT], at) - lane.load(inputs[STRIKE], at);
    S::pick(lane, sides, at, gain, -gain)
}

/// Return whether it has two exercise boundaries.
fn has_two_boundaries<S: Side>(inputs: &[&[f64]; 6], sides: &[f64], at: usize) -> bool {
    let (rate, growth) = (inputs[RATE][at], inputs[YIELD][at]);
    let own_rate = S::pick(0.0, sides, at, growth, rate);
    let own_yield = S::pick(0.0, sides, at, rate, growth);
    own_rate < 0.0 && own_yield < own_rate
}

/// Return the price by a tree of a row with two boundaries.
fn tree_price<S: Side>(inputs: &[&[f64]; 6], sides: &[f64], at: usize) -> f64 {
    let row = inputs.map(|input| input[at]);
    let is_call = S::pick(0.0, sides, at, 1.0, 0.0) > 0.5;
    tree::leisen_reimer(row, is_call, TREE_STEPS)
}

impl<A, S, const LQ: usize, const N: usize, const P: usize> Kernel<6, 1>
    for American<A, S, LQ, N, P>
where
    A: Scheme<LQ, N, P> + Sync,
    S: Side,
{
    const NANOSECONDS: f64 = A::NANOSECONDS;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME), (YIELD, TIME)];

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        _stages: &mut Stages,
    ) {
        let nodes = A::quadrature();
        for at in (0..len).step_by(L::WIDTH) {
            let (contract, strike) = as_put::<L, S>(lane, inputs, sides, at);
            let boundary = contract.boundary(nodes, A::ITERATIONS);
            let price = contract.price(nodes, &boundary) * strike;
            price
                .max(payoff::<L, S>(lane, inputs, sides, at))
                .store(outputs[0], at);
        }
        for (at, price) in outputs[0].iter_mut().enumerate().take(len) {
            if has_two_boundaries::<S>(inputs, sides, at) {
                *price = tree_price::<S>(inputs, sides, at);
            }
        }
    }
}

impl<A, S, const LQ: usize, const N: usize, const P: usize> Kernel<6, 5>
    for AmericanGreeks<A, S, LQ, N, P>
where
    A: Scheme<LQ, N, P> + Sync,
    S: Side,
{
    const NANOSECONDS: f64 = A::NANOSECONDS;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE, TIME), (YIELD, TIME)];

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 5],
        _stages: &mut Stages,
    ) {
        let nodes = A::quadrature();
        for at in (0..len).step_by(L::WIDTH) {
            let (contract, strike) = as_put::<L, S>(lane, inputs, sides, at);
            let boundary = contract.boundary(nodes, A::ITERATIONS);
            let put = contract.greeks(nodes, &boundary);
            let spot = lane.load(inputs[SPOT], at);
            // Euler: a call in (S, K) is a put in (K, S) and homogeneous of degree one.
            let own_spot = S::pick(lane, sides, at, lane.load(inputs[STRIKE], at), spot);
            let price = (put.price * strike).max(payoff::<L, S>(lane, inputs, sides, at));
            let call_delta = put.delta.neg_mul_add(own_spot, price) * spot.recip();
            let delta = S::pick(lane, sides, at, call_delta, put.delta);
            let ratio = own_spot * spot.recip();
            let put_gamma = put.gamma * strike.recip();
            let gamma = S::pick(lane, sides, at, put_gamma * ratio * ratio, put_gamma);
            let edge = S::pick(
                lane,
                sides,
                at,
                own_spot * put.boundary.recip(),
                put.boundary * strike,
            );
            let theta = Theta {
                price,
                delta,
                gamma,
                spot,
                is_exercised: put.is_exercised,
            };
            price.store(outputs[0], at);
            delta.store(outputs[1], at);
            gamma.store(outputs[2], at);
            theta.of(lane, inputs, at).store(outputs[3], at);
            L::select(contract.is_european(), lane.splat(f64::NAN), edge).store(outputs[4], at);
        }
        for at in 0..len {
            if has_two_boundaries::<S>(inputs, sides, at) {
                outputs[0][at] = tree_price::<S>(inputs, sides, at);
                for output in &mut outputs[1..] {
                    output[at] = f64::NAN;
                }
            }
        }
    }
}

/// What the pricing equation needs to give theta.
struct Theta<L: Lane> {
    price: L,
    delta: L,
    gamma: L,
    spot: L,
    is_exercised: L::Mask,
}

impl<L: Lane> Theta<L> {
    /// Return `r V - (r - q) S delta - sigma^2 S^2 gamma / 2`; zero where exercise is due.
    #[inline(always)]
    fn of(&self, lane: L, inputs: &[&[f64]; 6], at: usize) -> L {
        let (rate, growth) = (lane.load(inputs[RATE], at), lane.load(inputs[YIELD], at));
        let sigma = lane.load(inputs[SIGMA], at);
        let drift = (rate - growth) * self.spot * self.delta;
        let diffusion = sigma * sigma * self.spot * self.spot * self.gamma * 0.5;
        let theta = rate.mul_sub(self.price, drift) - diffusion;
        L::select(self.is_exercised, lane.splat(0.0), theta)
    }
}
