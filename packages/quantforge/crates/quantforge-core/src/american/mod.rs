//! American options: the early-exercise boundary by fixed-point iteration, options across lanes.
//!
//! Source: Andersen, Lake and Offengenden (2016), scheme FP-A, started by the QD+ approximation of
//! Li (2010). Differences: quadrature in the angle (`tau - u = tau sin^2`), which has a tenth of
//! the error at equal nodes. A call is the put with spot and strike, rate and yield exchanged
//! (`McDonald` and Schroder 1998).
//!
//! A put with `r <= 0` and `q >= r` is never exercised early and is priced as European. Rows that
//! the lanes cannot do are computed one by one: [`two_boundaries`] and [`certain`] payoffs.

mod boundary;
pub mod certain;
mod greeks;
mod implied;
pub mod method;
mod normal;
mod quadrature;
pub mod row;
pub mod tree;
pub mod two_boundaries;

use std::marker::PhantomData;

use crate::domain::Domain;
use crate::kernel::{Kernel, Side, Stages};
use crate::lane::{Lane, steps};
use boundary::Contract;
pub use greeks::AmericanGreeks;
pub use implied::{AmericanImplied, PriceAt, refuse_premium, search_volatility};
pub use quadrature::{Accurate, Fast, High, Scheme};
use row::{Repeated, Row};

const TIME: usize = 2;
const RATE: usize = 3;
const YIELD: usize = 4;

/// Allowed values of each input.
pub const DOMAINS: [Domain; 6] = [
    Domain::price_or_nothing(),
    Domain::price_or_nothing(),
    Domain {
        low: 0.0,
        high: 200.0,
        rule: "must be 0 to 200 years",
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
        low: 0.0,
        high: 10.0,
        rule: "must be 0 to 10 per root year",
    },
];
/// Exponents of a row.
pub const EXPONENTS: &[(usize, usize)] = &[(RATE, TIME), (YIELD, TIME)];

/// Prices: inputs s, k, t, r, q, sigma; the numbers are those of the [`Scheme`].
pub struct American<A, S, const LQ: usize, const N: usize, const P: usize>(PhantomData<(A, S)>);

/// Inputs of one vector of rows.
#[derive(Clone, Copy)]
struct Terms<L> {
    spot: L,
    strike: L,
    time: L,
    rate: L,
    growth: L,
    sigma: L,
}

impl<L: Lane> Terms<L> {
    #[inline(always)]
    fn load(lane: L, inputs: &[&[f64]; 6], at: usize) -> Self {
        // No closure: vector code outside the function of its instruction set is slow.
        Self {
            spot: lane.load(inputs[0], at),
            strike: lane.load(inputs[1], at),
            time: lane.load(inputs[TIME], at),
            rate: lane.load(inputs[RATE], at),
            growth: lane.load(inputs[YIELD], at),
            sigma: lane.load(inputs[5], at),
        }
    }

    /// Return the put that the option is worth, in units of its strike; and that strike.
    #[inline(always)]
    fn as_put<S: Side>(&self, sides: &[f64], at: usize) -> (Contract<L>, L) {
        let lane = self.spot;
        let own_spot = S::pick(lane, sides, at, self.strike, self.spot);
        let own_strike = S::pick(lane, sides, at, self.spot, self.strike);
        let contract = Contract::new(
            own_spot * own_strike.recip(),
            self.time,
            S::pick(lane, sides, at, self.growth, self.rate),
            S::pick(lane, sides, at, self.rate, self.growth),
            self.sigma,
        );
        (contract, own_strike)
    }

    /// Return what immediate exercise pays, which may be negative.
    #[inline(always)]
    fn payoff<S: Side>(&self, sides: &[f64], at: usize) -> L {
        let gain = self.spot - self.strike;
        S::pick(gain, sides, at, gain, -gain)
    }

    /// Return the price by the scheme `A`.
    #[inline(always)]
    fn price<S, A, const LQ: usize, const N: usize, const P: usize>(
        &self,
        sides: &[f64],
        at: usize,
    ) -> L
    where
        S: Side,
        A: Scheme<LQ, N, P>,
    {
        let nodes = A::quadrature();
        let (contract, strike) = self.as_put::<S>(sides, at);
        let boundary = contract.boundary::<A, LQ, N, P>();
        let put = contract.greeks(nodes, &boundary);
        put.value(strike, self.payoff::<S>(sides, at))
    }
}

/// Return the row at `at`.
fn row_at<S: Side>(inputs: &[&[f64]; 6], sides: &[f64], at: usize) -> Row {
    let is_call = S::pick(0.0, sides, at, 1.0, 0.0) > 0.5;
    Row::new(&inputs.map(|input| input[at]), is_call)
}

/// Return whether the lanes cannot do `row`.
fn is_special(row: &Row) -> bool {
    certain::is_certain(row) || row.has_two_boundaries()
}

/// Return the price of any row by the scheme `A`.
#[must_use]
pub fn price_of<A, const LQ: usize, const N: usize, const P: usize>(row: &Row) -> f64
where
    A: Scheme<LQ, N, P>,
{
    let payoff = row.payoff();
    if certain::is_certain(row) {
        return certain::price(row).max(payoff);
    }
    if row.is_never_exercised() {
        return row.european().max(payoff);
    }
    let (put, nodes) = (row.as_put(), A::quadrature());
    if put.has_two_boundaries() {
        return two_boundaries::put(nodes, &put).price;
    }
    let contract = put.contract();
    let squares = contract.boundary::<A, LQ, N, P>();
    let put_of_one = contract.greeks(nodes, &squares);
    put_of_one.value(put.strike, payoff)
}

impl<A, S, const LQ: usize, const N: usize, const P: usize> Kernel<6, 1>
    for American<A, S, LQ, N, P>
where
    A: Scheme<LQ, N, P> + Sync,
    S: Side,
{
    const NANOSECONDS: f64 = A::NANOSECONDS;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        _stages: &mut Stages,
    ) {
        for at in steps::<L>(len) {
            let price = Terms::load(lane, inputs, at).price::<S, A, LQ, N, P>(sides, at);
            price.store(outputs[0], at);
        }
        let mut last = Repeated::new();
        for (at, price) in outputs[0].iter_mut().enumerate().take(len) {
            let row = row_at::<S>(inputs, sides, at);
            if is_special(&row) {
                *price = last.get(row, price_of::<A, LQ, N, P>);
            }
        }
    }
}
