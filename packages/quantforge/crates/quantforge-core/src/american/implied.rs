//! Implied volatility of American options: regula falsi with the Illinois weights across lanes.

use std::marker::PhantomData;

use super::row::Repeated;
use super::{DOMAINS as ROW, RATE, Row, Scheme, Terms, is_special, price_of};
use crate::domain::{Domain, Refusal, Status};
use crate::kernel::{Kernel, Side, Stages, refuse_inputs};
use crate::lane::{Lane, steps};

/// Volatilities that are looked for.
const LOWEST: f64 = 1e-3;
const HIGHEST: f64 = 10.0;
/// Most steps, the relative width that ends them, and the miss per premium that does.
const MAX_STEPS: usize = 60;
const NARROW: f64 = 1e-11;
const MET: f64 = 1e-14;
/// Premiums within this multiple of the lowest price have no time value to resolve.
const RESOLUTION: f64 = 8.0 * f64::EPSILON;

const PREMIUM: usize = 0;

/// Inputs premium, s, k, t, r, q; output sigma, zero where the premium is the immediate payoff.
pub struct AmericanImplied<A, S, const LQ: usize, const N: usize, const P: usize>(
    PhantomData<(A, S)>,
);

impl<A, S, const LQ: usize, const N: usize, const P: usize> Kernel<6, 1>
    for AmericanImplied<A, S, LQ, N, P>
where
    A: Scheme<LQ, N, P> + Sync,
    S: Side,
{
    const NANOSECONDS: f64 = 15.0 * A::NANOSECONDS;
    const DOMAINS: [Domain; 6] = [Domain::premium(), ROW[0], ROW[1], ROW[2], ROW[3], ROW[4]];
    const EXPONENTS: &'static [(usize, usize)] = &[(RATE + 1, 3), (RATE + 2, 3)];

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
            let terms = Terms {
                spot: lane.load(inputs[1], at),
                strike: lane.load(inputs[2], at),
                time: lane.load(inputs[3], at),
                rate: lane.load(inputs[4], at),
                growth: lane.load(inputs[5], at),
                sigma: lane.splat(LOWEST),
            };
            let price = ByScheme {
                terms,
                sides,
                at,
                scheme: PhantomData::<(A, S)>,
            };
            search_volatility(lane.load(inputs[PREMIUM], at), &price).store(outputs[0], at);
        }
        let mut last = Repeated::new();
        for (at, sigma) in outputs[0].iter_mut().enumerate().take(len) {
            let is_call = S::pick(0.0, sides, at, 1.0, 0.0) > 0.5;
            let row = row_of(&inputs.map(|input| input[at]), is_call);
            if is_special(&row) {
                *sigma = last.get((row, inputs[PREMIUM][at]), |&(row, premium)| {
                    let price = |sigma| price_of::<A, LQ, N, P>(&Row { sigma, ..row });
                    search_volatility(premium, &price)
                });
            }
        }
    }

    fn refuse(row: &[f64; 6], is_call: bool) -> Option<Refusal> {
        let (domains, exponents) = (&Self::DOMAINS, <Self as Kernel<6, 1>>::EXPONENTS);
        refuse_inputs(row, domains, exponents).or_else(|| {
            let option = row_of(row, is_call);
            let price = |sigma| price_of::<A, LQ, N, P>(&Row { sigma, ..option });
            refuse_premium(row[PREMIUM], price)
        })
    }
}

/// Return the row of a premium, at the lowest volatility.
fn row_of(inputs: &[f64; 6], is_call: bool) -> Row {
    let [_, spot, strike, time, rate, growth] = *inputs;
    Row::new(&[spot, strike, time, rate, growth, LOWEST], is_call)
}

/// Return why no volatility gives `premium`, if none does.
pub fn refuse_premium(premium: f64, price: impl Fn(f64) -> f64) -> Option<Refusal> {
    let refusal = |status, rule| Refusal {
        status,
        input: PREMIUM,
        value: premium,
        rule,
    };
    if premium < price(LOWEST) * (1.0 - RESOLUTION) {
        let rule = "must be at least the price at a volatility of 1e-3";
        return Some(refusal(Status::BelowIntrinsic, rule));
    }
    let rule = "must be at most the price at a volatility of 10";
    (premium > price(HIGHEST)).then(|| refusal(Status::AboveBound, rule))
}

/// A price as a function of the volatility.
///
/// Not a closure: those of lanes must be inlined into the function of their instruction set.
pub trait PriceAt<L> {
    /// Return the price at `sigma`.
    fn price(&self, sigma: L) -> L;
}

impl<F: Fn(f64) -> f64> PriceAt<f64> for F {
    fn price(&self, sigma: f64) -> f64 {
        self(sigma)
    }
}

/// The price of one vector of rows by the scheme `A`.
struct ByScheme<'a, L, A, S, const LQ: usize, const N: usize, const P: usize> {
    terms: Terms<L>,
    sides: &'a [f64],
    at: usize,
    scheme: PhantomData<(A, S)>,
}

impl<L, A, S, const LQ: usize, const N: usize, const P: usize> PriceAt<L>
    for ByScheme<'_, L, A, S, LQ, N, P>
where
    L: Lane,
    A: Scheme<LQ, N, P>,
    S: Side,
{
    #[inline(always)]
    fn price(&self, sigma: L) -> L {
        let terms = Terms {
            sigma,
            ..self.terms
        };
        terms.price::<S, A, LQ, N, P>(self.sides, self.at)
    }
}

/// Return the volatility at which `price` is `premium`; NaN if none of those looked for.
#[inline(always)]
pub fn search_volatility<L: Lane>(premium: L, price: &impl PriceAt<L>) -> L {
    let (zero, half) = (premium.splat(0.0), premium.splat(0.5));
    let (mut low, mut high) = (premium.splat(LOWEST), premium.splat(HIGHEST));
    // A loop, because each call that is written out is a copy of the whole solver.
    let mut misses = [low, high];
    for miss in &mut misses {
        *miss = price.price(*miss) - premium;
    }
    let [mut below, mut above] = misses;
    let least = premium * RESOLUTION;
    let is_payoff = least.ge(below.abs());
    let has_root = above.ge(zero) & (-below).ge(-least);
    // Rows that are settled stay as they are: a result does not depend on its neighbours.
    let has_value = L::select((-below).gt(least), premium.splat(1.0), zero);
    let mut is_open = L::select(has_root, has_value, zero);
    let mut sigma = low;
    for _ in 0..MAX_STEPS {
        if !L::any(is_open.gt(half)) {
            break;
        }
        let secant = (low * above - high * below) * (above - below).recip();
        let is_inside = secant.gt(low) & high.gt(secant);
        let next = L::select(is_inside, secant, (low + high) * half);
        sigma = L::select(is_open.gt(half), next, sigma);
        let miss = price.price(next) - premium;
        let is_below = zero.ge(miss);
        above = L::select(is_below, above * half, miss);
        below = L::select(is_below, miss, below * half);
        low = L::select(is_below, next, low);
        high = L::select(is_below, high, next);
        let is_wide = (high - low).gt(next * NARROW);
        let is_missed = miss.abs().gt(premium * MET);
        is_open = L::select(is_wide & is_missed, is_open, zero);
    }
    let found = L::select(is_payoff, zero, sigma);
    L::select(has_root, found, premium.splat(f64::NAN))
}
