//! Sensitivities of American options and the exercise boundaries today.

use std::marker::PhantomData;

use super::row::Repeated;
use super::two_boundaries::{self, Put};
use super::{DOMAINS, EXPONENTS, Row, Scheme, Terms, certain, is_special, price_of, row_at};
use crate::domain::Domain;
use crate::kernel::{Kernel, Side, Stages};
use crate::lane::{Lane, steps};

/// Step of the difference quotients: of the volatility relative, of rate and yield absolute.
const BUMP: f64 = 1e-4;
/// Step in the spot where no formula is differentiated, relative.
const SPOT_BUMP: f64 = 1e-4;

/// Price, delta, gamma, vega, theta, rho, dividend rho, and the spots at which exercise is due
/// today: the one next to the strike and, if there are two, the other (NaN where there is none).
///
/// Delta and gamma differentiate the premium integral, theta follows from the pricing equation,
/// vega and both rhos are central differences.
pub struct AmericanGreeks<A, S, const LQ: usize, const N: usize, const P: usize>(
    PhantomData<(A, S)>,
);

impl<A, S, const LQ: usize, const N: usize, const P: usize> Kernel<6, 9>
    for AmericanGreeks<A, S, LQ, N, P>
where
    A: Scheme<LQ, N, P> + Sync,
    S: Side,
{
    const NANOSECONDS: f64 = 7.0 * A::NANOSECONDS;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 9],
        _stages: &mut Stages,
    ) {
        for at in steps::<L>(len) {
            let terms = Terms::load(lane, inputs, at);
            let values = vector::<L, S, A, LQ, N, P>(&terms, sides, at);
            for (output, value) in outputs.iter_mut().zip(values) {
                value.store(output, at);
            }
        }
        let mut last = Repeated::new();
        for at in 0..len {
            let row = row_at::<S>(inputs, sides, at);
            if is_special(&row) {
                let values = last.get(row, special::<A, LQ, N, P>);
                for (output, value) in outputs.iter_mut().zip(values) {
                    output[at] = value;
                }
            }
        }
    }
}

/// Return the results of one vector of rows.
#[inline(always)]
fn vector<L, S, A, const LQ: usize, const N: usize, const P: usize>(
    terms: &Terms<L>,
    sides: &[f64],
    at: usize,
) -> [L; 9]
where
    L: Lane,
    S: Side,
    A: Scheme<LQ, N, P>,
{
    let (lane, nodes) = (terms.spot, A::quadrature());
    let (contract, strike) = terms.as_put::<S>(sides, at);
    let put = contract.greeks(nodes, &contract.boundary::<A, LQ, N, P>());
    // Euler: a call in (S, K) is a put in (K, S) and homogeneous of degree one.
    let own_spot = S::pick(lane, sides, at, terms.strike, terms.spot);
    let price = put.value(strike, terms.payoff::<S>(sides, at));
    let call_delta = put.delta.neg_mul_add(own_spot, price) * terms.spot.recip();
    let delta = S::pick(lane, sides, at, call_delta, put.delta);
    let ratio = own_spot * terms.spot.recip();
    let put_gamma = put.gamma * strike.recip();
    let gamma = S::pick(lane, sides, at, put_gamma * ratio * ratio, put_gamma);
    let nan = lane.splat(f64::NAN);
    let call_edge = terms.strike * put.boundary.recip();
    let edge = S::pick(lane, sides, at, call_edge, put.boundary * strike);
    let edge = L::select(contract.is_european(), nan, edge);

    let theta = L::select(
        put.is_exercised,
        lane.splat(0.0),
        theta(terms, price, delta, gamma),
    );
    let (zero, step, small) = (lane.splat(0.0), lane.splat(BUMP), terms.sigma * BUMP);
    let around = [
        terms.moved([small, zero, zero]),
        terms.moved([-small, zero, zero]),
        terms.moved([zero, step, zero]),
        terms.moved([zero, -step, zero]),
        terms.moved([zero, zero, step]),
        terms.moved([zero, zero, -step]),
    ];
    // A loop, because each call that is written out is a copy of the whole solver.
    let mut prices = [zero; 6];
    for (price, moved) in prices.iter_mut().zip(&around) {
        *price = moved.price::<S, A, LQ, N, P>(sides, at);
    }
    let vega = slope(prices[0], prices[1], small);
    let rho = slope(prices[2], prices[3], step);
    let dividend_rho = slope(prices[4], prices[5], step);
    [
        price,
        delta,
        gamma,
        vega,
        theta,
        rho,
        dividend_rho,
        edge,
        nan,
    ]
}

impl<L: Lane> Terms<L> {
    /// Return the same options with volatility, rate and yield moved.
    #[inline(always)]
    fn moved(&self, by: [L; 3]) -> Self {
        Self {
            sigma: self.sigma + by[0],
            rate: self.rate + by[1],
            growth: self.growth + by[2],
            ..*self
        }
    }
}

/// Return the central difference over `step`.
#[inline(always)]
fn slope<L: Lane>(up: L, down: L, step: L) -> L {
    (up - down) * (step + step).recip()
}

/// Return `r V - (r - q) S delta - sigma^2 S^2 gamma / 2`.
#[inline(always)]
fn theta<L: Lane>(terms: &Terms<L>, price: L, delta: L, gamma: L) -> L {
    let drift = (terms.rate - terms.growth) * terms.spot * delta;
    let square = terms.sigma * terms.spot;
    let diffusion = square * square * gamma * 0.5;
    terms.rate.mul_sub(price, drift) - diffusion
}

/// Return the results of a row that the lanes cannot do.
fn special<A, const LQ: usize, const N: usize, const P: usize>(row: &Row) -> [f64; 9]
where
    A: Scheme<LQ, N, P>,
{
    let price = price_of::<A, LQ, N, P>;
    let slope = |up: Row, down: Row, step: f64| (price(&up) - price(&down)) / (2.0 * step);
    let (value, move_) = (price(row), row.spot * SPOT_BUMP);
    let (above, below) = (row.at_spot(row.spot + move_), row.at_spot(row.spot - move_));
    let delta = slope(above, below, move_);
    let gamma = (price(&above) - 2.0 * value + price(&below)) / (move_ * move_);
    let small = (row.sigma * BUMP).max(f64::MIN_POSITIVE.sqrt());
    let vega = slope(
        Row {
            sigma: row.sigma + small,
            ..*row
        },
        Row {
            sigma: (row.sigma - small).max(0.0),
            ..*row
        },
        small,
    );
    let rho = slope(
        Row {
            rate: row.rate + BUMP,
            ..*row
        },
        Row {
            rate: row.rate - BUMP,
            ..*row
        },
        BUMP,
    );
    let dividend_rho = slope(
        Row {
            growth: row.growth + BUMP,
            ..*row
        },
        Row {
            growth: row.growth - BUMP,
            ..*row
        },
        BUMP,
    );
    let (near, far) = boundaries::<A, LQ, N, P>(row);
    let is_exercised = value <= row.payoff();
    let drift = (row.rate - row.growth) * row.spot * delta;
    let diffusion = 0.5 * (row.sigma * row.spot).powi(2) * gamma;
    let theta = if is_exercised {
        0.0
    } else {
        row.rate * value - drift - diffusion
    };
    [
        value,
        delta,
        gamma,
        vega,
        theta,
        rho,
        dividend_rho,
        near,
        far,
    ]
}

/// Return the spots between which exercise is due today: the one next to the strike first.
fn boundaries<A, const LQ: usize, const N: usize, const P: usize>(row: &Row) -> (f64, f64)
where
    A: Scheme<LQ, N, P>,
{
    let put = row.as_put();
    if certain::is_certain(row) || !put.has_two_boundaries() {
        return (f64::NAN, f64::NAN);
    }
    let Put {
        boundaries: (low, high),
        ..
    } = two_boundaries::put(A::quadrature(), &put);
    if row.is_call {
        (row.strike / high, row.strike / low)
    } else {
        (row.strike * high, row.strike * low)
    }
}
