//! The Black-Scholes family: one set of formulas, models only say where the inputs come from.
//!
//! With the discounted forward `A = S exp(-q T)`, `b = K exp(-r T)`, `v = sigma sqrt(T)`,
//! `x = ln(b/A)`, `z1 = -d1 = x/v - v/2`, `z2 = -d2 = z1 + v` and `E = A n(d1)`, a call is worth
//!
//! | where | call |
//! |---|---|
//! | `z1 >= -0.5` | `E (M(z1) - M(z2))` |
//! | `z2 <= 0.5` | `A - b + E (M(-z2) - M(-z1))` |
//! | else | `A - E (M(-z1) + M(z2))` |
//!
//! and a put follows from parity in the same terms. Numbers in which rounding would be amplified
//! (`ln(K/S)`, rates times time, `sigma^2 T`, `x`, `z1`, the exponent) are carried as
//! [`Double`](crate::elementary::Double); `b = A exp(x)` and `A - b = A (1 - exp(x))` share an
//! exponential.

mod sensitivities;
mod stages;

pub use sensitivities::{AllGreeks, ForwardAllGreeks, ForwardGreeks, Greeks};
pub use stages::{fill_logs, moneyness, stage};

use std::marker::PhantomData;

use crate::domain::Domain;
use crate::kernel::{Kernel, PerRow, ROW, STAGES, Side, Stages};
use crate::lane::Lane;
use stages::{fill_prices, fill_stages};

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
        fill_stages::<L, C, S>(lane, len, inputs, sides, stages);
        fill_prices(lane, outputs[0], stages);
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
