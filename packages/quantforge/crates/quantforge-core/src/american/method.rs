//! Published methods under their own names, for comparison: each gives its own number, not the
//! converged price.
//!
//! | method | source |
//! |---|---|
//! | [`barone_adesi_whaley`] | Barone-Adesi and Whaley (1987) |
//! | [`ju_zhong`] | Ju and Zhong (1999) |
//! | [`bjerksund_stensland_1993`] | Bjerksund and Stensland (1993) |
//! | [`bjerksund_stensland_2002`] | Bjerksund and Stensland (2002) |
//! | [`qd_plus`], [`qd_plus_boundary`] | Li (2010), eight Chebyshev nodes |
//! | [`super::tree`] | Cox, Ross and Rubinstein (1979); Leisen and Reimer (1996) |
//!
//! All take one row; formulas as collected by Haug (2007), chapter 3.

mod bjerksund_stensland;
mod quadratic;

pub use bjerksund_stensland::{bjerksund_stensland_1993, bjerksund_stensland_2002};
pub use quadratic::{barone_adesi_whaley, ju_zhong};

use std::marker::PhantomData;

use super::boundary::Contract;
use super::quadrature::{EightNodes, Scheme};
use super::row::{Repeated, Row};
use super::{DOMAINS, EXPONENTS, RATE, certain, tree};
use crate::domain::{Domain, Refusal, Status};
use crate::kernel::{Kernel, Side, Stages, refuse_inputs};
use crate::lane::Lane;

/// Return the price by the QD+ boundary at eight Chebyshev nodes and the exact premium integral.
#[must_use]
pub fn qd_plus(row: &Row) -> f64 {
    if row.is_never_exercised() {
        return row.european();
    }
    let put = row.as_put();
    let contract = put.contract();
    let nodes = EightNodes::quadrature();
    let squares = contract.converged_start(nodes);
    let put_of_one = contract.greeks(nodes, &squares);
    put_of_one.value(put.strike, row.payoff())
}

/// Return the spot at which exercise is due today by the QD+ equation.
#[must_use]
pub fn qd_plus_boundary(row: &Row) -> f64 {
    if row.is_never_exercised() {
        return f64::NAN;
    }
    let put = row.as_put();
    let contract: Contract<f64> = put.contract();
    let boundary = contract.converged_start_at(put.time.sqrt());
    if row.is_call {
        row.strike / boundary
    } else {
        row.strike * boundary
    }
}

/// A method that knows one exercise boundary.
pub trait Method: Sync {
    /// Estimated cost of one row [ns].
    const NANOSECONDS: f64;
    /// Return the value at a row with some deviation.
    fn value(row: &Row) -> f64;
}

/// A tree.
pub trait Tree: Sync {
    /// Return the price of spot, strike, time, rate, yield, volatility.
    fn price(row: [f64; 6], is_call: bool, steps: usize) -> f64;
}

macro_rules! methods {
    ($($name:ident, $function:ident, $nanoseconds:literal;)*) => {$(
        #[doc = concat!("See [`", stringify!($function), "`].")]
        pub struct $name;
        impl Method for $name {
            const NANOSECONDS: f64 = $nanoseconds;
            fn value(row: &Row) -> f64 {
                $function(row)
            }
        }
    )*};
}

methods!(
    BaroneAdesiWhaley, barone_adesi_whaley, 4_000.0;
    JuZhong, ju_zhong, 4_000.0;
    BjerksundStensland1993, bjerksund_stensland_1993, 600.0;
    BjerksundStensland2002, bjerksund_stensland_2002, 20_000.0;
    QdPlus, qd_plus, 30_000.0;
    QdPlusBoundary, qd_plus_boundary, 2_000.0;
);

/// See [`tree::leisen_reimer`].
pub struct LeisenReimer;
impl Tree for LeisenReimer {
    fn price(row: [f64; 6], is_call: bool, steps: usize) -> f64 {
        tree::leisen_reimer(row, is_call, steps)
    }
}

/// See [`tree::cox_ross_rubinstein`].
pub struct CoxRossRubinstein;
impl Tree for CoxRossRubinstein {
    fn price(row: [f64; 6], is_call: bool, steps: usize) -> f64 {
        tree::cox_ross_rubinstein(row, is_call, steps)
    }
}

/// Values by a method: inputs s, k, t, r, q, sigma.
pub struct ByMethod<M, S>(PhantomData<(M, S)>);

impl<M: Method, S: Side> Kernel<6, 1> for ByMethod<M, S> {
    const NANOSECONDS: f64 = M::NANOSECONDS;
    const DOMAINS: [Domain; 6] = DOMAINS;
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    #[inline(always)]
    fn block<L: Lane>(
        _lane: L,
        len: usize,
        inputs: &[&[f64]; 6],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        _stages: &mut Stages,
    ) {
        let mut last = Repeated::new();
        for (at, value) in outputs[0].iter_mut().enumerate().take(len) {
            let row = super::row_at::<S>(inputs, sides, at);
            *value = last.get(row, |row| {
                if certain::is_certain(row) {
                    certain::price(row)
                } else if row.has_two_boundaries() {
                    f64::NAN
                } else {
                    M::value(row)
                }
            });
        }
    }

    fn refuse(row: &[f64; 6], is_call: bool) -> Option<Refusal> {
        let (domains, exponents) = (&Self::DOMAINS, <Self as Kernel<6, 1>>::EXPONENTS);
        refuse_inputs(row, domains, exponents).or_else(|| {
            let option = Row::new(row, is_call);
            let is_known = certain::is_certain(&option) || !option.has_two_boundaries();
            (!is_known).then_some(Refusal {
                status: Status::BadInput,
                input: RATE,
                value: row[RATE],
                rule: "must not lie between the yield and zero (a second exercise boundary, which \
                       this method does not know)",
            })
        })
    }
}

/// Steps of a tree: their place among the inputs, and what is allowed.
const STEPS_AT: usize = 6;
const STEPS: Domain = Domain {
    low: 1.0,
    high: 20_000.0,
    rule: "must be a whole number, 1 to 20000",
};

/// Prices by a tree: inputs s, k, t, r, q, sigma, steps.
pub struct ByTree<T, S>(PhantomData<(T, S)>);

impl<T: Tree, S: Side> Kernel<7, 1> for ByTree<T, S> {
    const NANOSECONDS: f64 = 200_000.0;
    const DOMAINS: [Domain; 7] = {
        let [spot, strike, time, rate, growth, sigma] = DOMAINS;
        [spot, strike, time, rate, growth, sigma, STEPS]
    };
    const EXPONENTS: &'static [(usize, usize)] = EXPONENTS;

    #[inline(always)]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped"
    )]
    fn block<L: Lane>(
        _lane: L,
        len: usize,
        inputs: &[&[f64]; 7],
        sides: &[f64],
        outputs: &mut [&mut [f64]; 1],
        _stages: &mut Stages,
    ) {
        let [spot, strike, time, rate, growth, sigma, steps] = *inputs;
        let six = [spot, strike, time, rate, growth, sigma];
        let mut last = Repeated::new();
        for (at, price) in outputs[0].iter_mut().enumerate().take(len) {
            if steps[at].fract() != 0.0 {
                *price = f64::NAN;
                continue;
            }
            let steps = steps[at].clamp(STEPS.low, STEPS.high) as usize;
            let row = super::row_at::<S>(&six, sides, at);
            *price = last.get((row, steps), |&(row, steps)| {
                if certain::is_certain(&row) {
                    certain::price(&row)
                } else {
                    T::price(six.map(|input| input[at]), row.is_call, steps)
                }
            });
        }
    }

    fn refuse(row: &[f64; 7], _is_call: bool) -> Option<Refusal> {
        let exponents = <Self as Kernel<7, 1>>::EXPONENTS;
        refuse_inputs(row, &Self::DOMAINS, exponents).or_else(|| {
            (row[STEPS_AT].fract() != 0.0).then_some(Refusal {
                status: Status::BadInput,
                input: STEPS_AT,
                value: row[STEPS_AT],
                rule: STEPS.rule,
            })
        })
    }
}
