//! The limit without volatility: the best moment of exercise on a certain path.

use super::row::Row;

/// Total deviations up to this change no price by more than 1e-9 of spot or strike.
const NEGLIGIBLE: f64 = 1e-9;

/// Return whether the payoff is as good as certain: no deviation, no spot or no strike.
#[must_use]
pub fn is_certain(row: &Row) -> bool {
    row.sigma * row.time.sqrt() <= NEGLIGIBLE || row.spot == 0.0 || row.strike == 0.0
}

/// Return the price of a certain payoff: the largest discounted one until expiry.
///
/// Of a put: the largest `K e^(-r t) - S e^(-q t)`, `0 <= t <= T`.
#[must_use]
pub fn price(row: &Row) -> f64 {
    let put = row.as_put();
    let value = |t: f64| put.strike * (-put.rate * t).exp() - put.spot * (-put.growth * t).exp();
    let turn = (put.rate * put.strike / (put.growth * put.spot)).ln() / (put.rate - put.growth);
    let is_inside = turn > 0.0 && turn < put.time;
    let best = value(0.0).max(value(put.time)).max(0.0);
    if is_inside {
        best.max(value(turn))
    } else {
        best
    }
}
