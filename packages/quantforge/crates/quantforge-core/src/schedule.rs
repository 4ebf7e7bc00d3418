//! Cash dividends of a spot: when it goes ex, and by how much it falls.

use crate::error::QuantForgeError;

/// A cash dividend: years until the spot goes ex, and the amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dividend {
    /// Years from now.
    pub time: f64,
    /// Amount, in units of the spot.
    pub amount: f64,
}

/// Most cash dividends of a spot.
const MOST: usize = 1000;

/// Return the dividends of pairs (years, amount).
///
/// # Errors
/// If there are more than 1000 or one is not in the future, negative or infinite.
pub fn schedule(pairs: &[(f64, f64)]) -> Result<Vec<Dividend>, QuantForgeError> {
    if pairs.len() > MOST {
        return Err(QuantForgeError::Dividends { found: pairs.len() });
    }
    let dividend = |(index, &(time, amount)): (usize, &(f64, f64))| {
        let is_one = time > 0.0 && time.is_finite() && (0.0..=1e75).contains(&amount);
        let refused = QuantForgeError::Dividend {
            index,
            time,
            amount,
        };
        is_one.then_some(Dividend { time, amount }).ok_or(refused)
    };
    pairs.iter().enumerate().map(dividend).collect()
}
