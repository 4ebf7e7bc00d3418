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
//! All take one row in units of its strike; formulas as collected by Haug (2007), chapter 3.

mod bjerksund_stensland;
mod quadratic;

pub use bjerksund_stensland::{bjerksund_stensland_1993, bjerksund_stensland_2002};
pub use quadratic::{barone_adesi_whaley, ju_zhong};

use super::boundary::Contract;
use super::quadrature::{EightNodes, Scheme};
use super::row::Row;

/// Return the price by the QD+ boundary at eight Chebyshev nodes and the exact premium integral.
#[must_use]
pub fn qd_plus(row: &Row) -> f64 {
    let put = row.as_put();
    let contract = put.contract();
    let nodes = EightNodes::quadrature();
    let squares = contract.converged_start(nodes);
    contract.price(nodes, &squares) * put.strike
}

/// Return the spot at which exercise is due today by the QD+ equation.
#[must_use]
pub fn qd_plus_boundary(row: &Row) -> f64 {
    let put = row.as_put();
    let contract: Contract<f64> = put.contract();
    let boundary = contract.converged_start_at(put.time.sqrt());
    if row.is_call {
        row.strike / boundary
    } else {
        row.strike * boundary
    }
}
