//! Quadratic approximations: the premium as a power of the spot.

use super::super::row::{Row, root_between};

/// Smallest rate in absolute value for the correction of Ju and Zhong, which divides by it.
const MIN_RATE: f64 = 1e-9;
/// Farthest boundary that is looked for, as a logarithm of spot over strike.
const FARTHEST: f64 = 50.0;

/// The approximation at one row: exponent, boundary and premium there.
struct Quadratic {
    exponent: f64,
    boundary: f64,
    premium: f64,
    rate_over_h: f64,
}

impl Quadratic {
    /// Return the approximation; `None` where no boundary exists.
    fn of(row: &Row) -> Option<Self> {
        let sign = row.sign();
        let variance = row.sigma * row.sigma;
        let n = 2.0 * (row.rate - row.growth) / variance - 1.0;
        let rate_over_h = rate_over_h(row);
        let spread = (n * n + 8.0 * rate_over_h / variance).sqrt();
        let exponent = 0.5 * (sign * spread - n);
        let residual = |log: f64| {
            let at = row.at_spot(row.strike * log.exp());
            let kept = at.spot * (1.0 - at.spot_probability() * (-row.growth * row.time).exp());
            sign * (at.spot - row.strike) - at.european() - sign * kept / exponent
        };
        let log = root_between(0.0, sign * FARTHEST, residual)?;
        let boundary = row.strike * log.exp();
        let premium = sign * (boundary - row.strike) - row.at_spot(boundary).european();
        Some(Self {
            exponent,
            boundary,
            premium,
            rate_over_h,
        })
    }
}

/// Return `r / (1 - e^(-r T))`.
fn rate_over_h(row: &Row) -> f64 {
    if row.rate.abs() < MIN_RATE {
        1.0 / row.time
    } else {
        -row.rate / (-row.rate * row.time).exp_m1()
    }
}

/// Return the price; `correction` maps the row and `ln(S / boundary)` to the premium's divisor.
fn quadratic_price(row: &Row, correction: impl Fn(&Quadratic, f64) -> f64) -> f64 {
    let european = row.european();
    if row.is_never_exercised() {
        return european;
    }
    let Some(found) = Quadratic::of(row) else {
        return european;
    };
    let sign = row.sign();
    if sign * (row.spot - found.boundary) >= 0.0 {
        return sign * (row.spot - row.strike);
    }
    let log = (row.spot / found.boundary).ln();
    european + found.premium * (found.exponent * log).exp() / correction(&found, log)
}

/// Return the price by the approximation of Barone-Adesi and Whaley (1987).
#[must_use]
pub fn barone_adesi_whaley(row: &Row) -> f64 {
    quadratic_price(row, |_, _| 1.0)
}

/// Return the price by the approximation of Ju and Zhong (1999), which corrects the quadratic one.
#[must_use]
pub fn ju_zhong(row: &Row) -> f64 {
    let rate = row.rate.abs().max(MIN_RATE).copysign(row.rate);
    let row = &Row { rate, ..*row };
    quadratic_price(row, |found, log| 1.0 - chi(row, found, log))
}

/// Return `chi` of Ju and Zhong (1999), equation 30.
fn chi(row: &Row, found: &Quadratic, log: f64) -> f64 {
    let sign = row.sign();
    let variance = row.sigma * row.sigma;
    let (alpha, n) = (
        2.0 * row.rate / variance,
        2.0 * (row.rate - row.growth) / variance - 1.0,
    );
    let h = row.rate / found.rate_over_h;
    let spread = (n * n + 4.0 * alpha / h).sqrt();
    let slope = -sign * alpha / (h * h * spread);
    let divisor = 2.0 * found.exponent + n;
    let kept = (1.0 - h) * alpha / divisor;

    let at = row.at_spot(found.boundary);
    let carry = ((row.rate - row.growth) * row.time).exp();
    let decay = at.spot * at.density() * row.sigma * carry / (2.0 * row.rate * row.time.sqrt());
    let growth = sign * row.growth * at.spot * at.spot_probability() * carry / row.rate;
    let european_slope = decay - growth + sign * row.strike * at.strike_probability();
    let square = 0.5 * kept * slope;
    let linear = -kept * (european_slope / found.premium + 1.0 / h + slope / divisor);
    (square * log + linear) * log
}
