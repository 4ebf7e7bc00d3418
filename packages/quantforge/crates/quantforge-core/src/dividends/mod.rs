//! Options on a spot that pays cash dividends at known dates.
//!
//! | model | what is lognormal | European price |
//! |---|---|---|
//! | escrowed | the spot less the present value of the dividends until expiry | closed form |
//! | spot | the spot between dividends; it falls by each of them | finite differences |
//!
//! American prices of both come from finite differences ([`grid`]). Sources: Merton (1973) for the
//! escrowed spot, Wilmott, Dewynne and Howison (1993) for the jump condition; the two models and
//! what separates them: Haug, Haug and Lewis (2003).

mod grid;

use std::marker::PhantomData;

use crate::american::search_volatility;
use crate::black::{AllGreeks, WithYield, price_of};
use crate::domain::{Domain, Refusal, Status};
use crate::implied::ImpliedVolatility;
use crate::kernel::{Kernel, PerRow, ROW, STAGES, refuse_inputs};
use crate::rows::RowFormula;
use crate::schedule::Dividend;
use grid::{Grid, Point};

/// What is lognormal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// The spot less the present value of the dividends until expiry.
    Escrowed,
    /// The spot, which falls by each dividend.
    Spot,
}

/// A model and when exercise is allowed.
pub trait Convention: Sync {
    /// What is lognormal.
    const MODEL: Model;
    /// Whether exercise is allowed before expiry.
    const IS_AMERICAN: bool;
}

macro_rules! convention {
    ($($(#[$doc:meta])* $name:ident, $model:ident, $american:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Convention for $name {
            const MODEL: Model = Model::$model;
            const IS_AMERICAN: bool = $american;
        }
    )*};
}

convention!(
    /// Escrowed dividends, exercise at expiry.
    EscrowedEuropean, Escrowed, false;
    /// Escrowed dividends, exercise at any time.
    EscrowedAmerican, Escrowed, true;
    /// A spot that falls by the dividends, exercise at expiry.
    SpotEuropean, Spot, false;
    /// A spot that falls by the dividends, exercise at any time.
    SpotAmerican, Spot, true;
);

/// Years and volatilities that finite differences are good for.
const TIMES: Domain = Domain {
    low: 1e-6,
    high: 200.0,
    rule: "must be 1e-6 to 200 years",
};
const VOLATILITIES: Domain = Domain {
    low: 1e-3,
    high: 10.0,
    rule: "must be 1e-3 to 10 per root year",
};
const DOMAINS: [Domain; 5] = [
    Domain::positive(),
    Domain::positive(),
    TIMES,
    Domain::rate(),
    VOLATILITIES,
];
const EXPONENTS: &[(usize, usize)] = &[(3, 2)];
/// Cost of a row by finite differences [ns].
const GRID_NANOSECONDS: f64 = 2e6;
/// Relative step in volatility and absolute step in rate of the difference quotients.
const BUMP: f64 = 1e-3;

/// One option and what it pays attention to.
#[derive(Clone, Copy)]
struct Problem<'a> {
    spot: f64,
    strike: f64,
    time: f64,
    rate: f64,
    sigma: f64,
    is_call: bool,
    is_american: bool,
    model: Model,
    dividends: &'a [Dividend],
}

impl<'a> Problem<'a> {
    fn of<C: Convention>(row: &[f64; 5], is_call: bool, dividends: &'a [Dividend]) -> Self {
        let [spot, strike, time, rate, sigma] = *row;
        Self {
            spot,
            strike,
            time,
            rate,
            sigma,
            is_call,
            is_american: C::IS_AMERICAN,
            model: C::MODEL,
            dividends,
        }
    }

    /// Return the dividends between `now` (exclusive) and expiry.
    fn due(&self, now: f64) -> impl Iterator<Item = &Dividend> {
        let until = self.time;
        let dividends = self.dividends.iter();
        dividends.filter(move |dividend| dividend.time > now && dividend.time <= until)
    }

    /// Return the value at `now` of the dividends after `now` until expiry.
    fn escrow(&self, now: f64) -> f64 {
        let value = |d: &Dividend| d.amount * (-self.rate * (d.time - now)).exp();
        self.due(now).map(value).sum()
    }

    /// Return what is lognormal today.
    fn state(&self) -> f64 {
        match self.model {
            Model::Escrowed => self.spot - self.escrow(0.0),
            Model::Spot => self.spot,
        }
    }

    fn greeks(&self) -> [f64; 6] {
        let grid = Grid::of(self);
        let now = grid.solve(self);
        let price = |moved: Self| grid.solve(&moved).price;
        let slope = |up: Self, down: Self, step: f64| (price(up) - price(down)) / (2.0 * step);
        let step = BUMP * self.sigma;
        let (wide, narrow) = (self.sigma + step, self.sigma - step);
        let vega = slope(
            Self {
                sigma: wide,
                ..*self
            },
            Self {
                sigma: narrow,
                ..*self
            },
            step,
        );
        let (high, low) = (self.rate + BUMP, self.rate - BUMP);
        let rho = slope(
            Self {
                rate: high,
                ..*self
            },
            Self { rate: low, ..*self },
            BUMP,
        );
        let Point {
            price,
            delta,
            gamma,
        } = now;
        let diffusion = 0.5 * (self.sigma * self.state()).powi(2) * gamma;
        let is_exercised = self.is_american && price <= self.payoff_now();
        let theta = if is_exercised {
            0.0
        } else {
            self.rate * (price - self.spot * delta) - diffusion
        };
        [price, delta, gamma, vega, theta, rho]
    }

    fn payoff_now(&self) -> f64 {
        let gain = self.spot - self.strike;
        if self.is_call { gain } else { -gain }
    }
}

/// Return why escrowed dividends leave no spot, or why a dividend is none.
fn refuse_dividends<C: Convention>(
    row: &[f64; 5],
    is_call: bool,
    dividends: &[Dividend],
) -> Option<Refusal> {
    let problem = Problem::of::<C>(row, is_call, dividends);
    (problem.state() < Domain::positive().low).then_some(Refusal {
        status: Status::BadInput,
        input: 0,
        value: row[0],
        rule: "must exceed the present value of the dividends until expiry",
    })
}

/// Prices: inputs s, k, t, r, sigma.
pub struct CashPrice<C>(PhantomData<C>);

impl<C: Convention> RowFormula<5, 1> for CashPrice<C> {
    const NANOSECONDS: f64 = GRID_NANOSECONDS;
    const DOMAINS: [Domain; 5] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    fn compute(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 1] {
        let problem = Problem::of::<C>(row, is_call, dividends);
        [Grid::of(&problem).solve(&problem).price]
    }

    fn refuse(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> Option<Refusal> {
        refuse_inputs(row, &Self::DOMAINS, Self::EXPONENTS)
            .or_else(|| refuse_dividends::<C>(row, is_call, dividends))
    }
}

/// Price, delta, gamma, vega, theta, rho: inputs s, k, t, r, sigma.
pub struct CashGreeks<C>(PhantomData<C>);

impl<C: Convention> RowFormula<5, 6> for CashGreeks<C> {
    const NANOSECONDS: f64 = 5.0 * GRID_NANOSECONDS;
    const DOMAINS: [Domain; 5] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    fn compute(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 6] {
        Problem::of::<C>(row, is_call, dividends).greeks()
    }

    fn refuse(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> Option<Refusal> {
        <CashPrice<C> as RowFormula<5, 1>>::refuse(row, is_call, dividends)
    }
}

/// Volatility: inputs premium, s, k, t, r.
pub struct CashImplied<C>(PhantomData<C>);

impl<C: Convention> CashImplied<C> {
    fn problem<'a>(row: &[f64; 5], is_call: bool, dividends: &'a [Dividend]) -> Problem<'a> {
        let [_, spot, strike, time, rate] = *row;
        Problem::of::<C>(
            &[spot, strike, time, rate, VOLATILITIES.low],
            is_call,
            dividends,
        )
    }

    fn price(problem: Problem<'_>, sigma: f64) -> f64 {
        let problem = Problem { sigma, ..problem };
        Grid::of(&problem).solve(&problem).price
    }
}

impl<C: Convention> RowFormula<5, 1> for CashImplied<C> {
    const NANOSECONDS: f64 = 15.0 * GRID_NANOSECONDS;
    const DOMAINS: [Domain; 5] = [
        Domain::premium(),
        Domain::positive(),
        Domain::positive(),
        TIMES,
        Domain::rate(),
    ];
    const EXPONENTS: &'static [(usize, usize)] = &[(4, 3)];

    fn compute(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 1] {
        let problem = Self::problem(row, is_call, dividends);
        [search_volatility(row[0], &|sigma| {
            Self::price(problem, sigma)
        })]
    }

    fn refuse(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> Option<Refusal> {
        let own = [row[1], row[2], row[3], row[4], VOLATILITIES.low];
        refuse_inputs(row, &Self::DOMAINS, Self::EXPONENTS)
            .or_else(|| refuse_dividends::<C>(&own, is_call, dividends))
            .or_else(|| {
                let problem = Self::problem(row, is_call, dividends);
                crate::american::refuse_premium(row[0], |sigma| Self::price(problem, sigma))
            })
    }
}

/// Prices by the closed form: inputs s, k, t, r, sigma.
pub struct EscrowedPrice;

impl RowFormula<5, 1> for EscrowedPrice {
    const NANOSECONDS: f64 = 200.0;
    const DOMAINS: [Domain; 5] = EscrowedGreeks::INPUTS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    fn compute(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 1] {
        let state = Problem::of::<EscrowedEuropean>(row, is_call, dividends).state();
        [price_of(
            &[state, row[1], row[2], row[3], 0.0, row[4]],
            is_call,
        )]
    }

    fn refuse(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> Option<Refusal> {
        EscrowedGreeks::refuse(row, is_call, dividends)
    }
}

/// Every sensitivity of the closed form (see [`AllGreeks`]): inputs s, k, t, r, sigma.
pub struct EscrowedGreeks;

impl EscrowedGreeks {
    const INPUTS: [Domain; 5] = [
        Domain::positive(),
        Domain::positive(),
        Domain::time(),
        Domain::rate(),
        Domain::volatility(),
    ];
}

impl RowFormula<5, 13> for EscrowedGreeks {
    const NANOSECONDS: f64 = 400.0;
    const DOMAINS: [Domain; 5] = Self::INPUTS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    fn compute(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 13] {
        let problem = Problem::of::<EscrowedEuropean>(row, is_call, dividends);
        let own = [problem.state(), row[1], row[2], row[3], 0.0, row[4]];
        let found = one_row::<AllGreeks<WithYield, PerRow>, 6, 13>(&own, is_call);
        let [
            price,
            delta,
            gamma,
            vega,
            theta,
            rho,
            _,
            vanna,
            volga,
            charm,
            speed,
            colour,
            _,
        ] = found;
        // The escrow grows at the rate while time passes, and shrinks when the rate rises.
        let drift = row[3] * problem.escrow(0.0);
        let duration = |d: &Dividend| d.time * d.amount * (-row[3] * d.time).exp();
        let duration: f64 = problem.due(0.0).map(duration).sum();
        [
            price,
            delta,
            gamma,
            vega,
            theta - drift * delta,
            rho + duration * delta,
            -row[2] * row[0] * delta,
            vanna,
            volga,
            charm - drift * gamma,
            speed,
            colour - drift * speed,
            delta * row[0] / price,
        ]
    }

    fn refuse(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> Option<Refusal> {
        refuse_inputs(row, &Self::INPUTS, EXPONENTS)
            .or_else(|| refuse_dividends::<EscrowedEuropean>(row, is_call, dividends))
    }
}

/// Volatility of the closed form: inputs premium, s, k, t, r.
pub struct EscrowedImplied;

impl EscrowedImplied {
    fn own(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 6] {
        let [premium, spot, strike, time, rate] = *row;
        let inputs = [spot, strike, time, rate, 1.0];
        let state = Problem::of::<EscrowedEuropean>(&inputs, is_call, dividends).state();
        [premium, state, strike, time, rate, 0.0]
    }
}

impl RowFormula<5, 1> for EscrowedImplied {
    const NANOSECONDS: f64 = 400.0;
    const DOMAINS: [Domain; 5] = [
        Domain::premium(),
        Domain::positive(),
        Domain::positive(),
        Domain::positive_time(),
        Domain::rate(),
    ];
    const EXPONENTS: &'static [(usize, usize)] = &[(4, 3)];

    fn compute(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> [f64; 1] {
        one_row::<ImpliedVolatility<WithYield, PerRow>, 6, 1>(
            &Self::own(row, is_call, dividends),
            is_call,
        )
    }

    fn refuse(row: &[f64; 5], is_call: bool, dividends: &[Dividend]) -> Option<Refusal> {
        let spot = [row[1], row[2], row[3], row[4], 1.0];
        refuse_inputs(row, &Self::DOMAINS, Self::EXPONENTS)
            .or_else(|| refuse_dividends::<EscrowedEuropean>(&spot, is_call, dividends))
            .or_else(|| {
                let own = Self::own(row, is_call, dividends);
                <ImpliedVolatility<WithYield, PerRow> as Kernel<6, 1>>::refuse(&own, is_call)
            })
    }
}

/// Return the results of a lane kernel at one row.
fn one_row<K: Kernel<I, O>, const I: usize, const O: usize>(
    row: &[f64; I],
    is_call: bool,
) -> [f64; O] {
    let inputs = row.each_ref().map(std::slice::from_ref);
    let side = [f64::from(u8::from(is_call))];
    let mut values = [[0.0; 1]; O];
    let mut outputs = values.each_mut().map(<[f64; 1]>::as_mut_slice);
    let mut stages = [[0.0; ROW]; STAGES];
    K::block(0.0, 1, &inputs, &side, &mut outputs, &mut stages);
    values.map(|[value]| value)
}
