//! One option at a time: what the scalar methods share.

use std::f64::consts::TAU;

use super::boundary::Contract;
use super::normal::{Exact, Normal};
use super::quadrature::gauss_legendre;
use crate::black;

/// One option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Spot.
    pub spot: f64,
    /// Strike.
    pub strike: f64,
    /// Years to expiry.
    pub time: f64,
    /// Rate.
    pub rate: f64,
    /// Yield of the spot.
    pub growth: f64,
    /// Volatility.
    pub sigma: f64,
    /// Whether it is a call.
    pub is_call: bool,
}

impl Row {
    /// Return the option of inputs s, k, t, r, q, sigma.
    #[must_use]
    pub fn new(inputs: &[f64; 6], is_call: bool) -> Self {
        let [spot, strike, time, rate, growth, sigma] = *inputs;
        Self {
            spot,
            strike,
            time,
            rate,
            growth,
            sigma,
            is_call,
        }
    }

    /// Return 1 for a call, -1 for a put.
    #[must_use]
    pub fn sign(&self) -> f64 {
        if self.is_call { 1.0 } else { -1.0 }
    }

    /// Return the same option at another spot.
    #[must_use]
    pub fn at_spot(&self, spot: f64) -> Self {
        Self { spot, ..*self }
    }

    /// Return the option of the other side with the same price: spot and strike, rate and yield
    /// exchanged (`McDonald` and Schroder 1998).
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            spot: self.strike,
            strike: self.spot,
            rate: self.growth,
            growth: self.rate,
            is_call: !self.is_call,
            ..*self
        }
    }

    /// Return the put that the option is worth.
    #[must_use]
    pub fn as_put(&self) -> Self {
        if self.is_call { self.mirrored() } else { *self }
    }

    /// Return the put per strike; `self` must be one.
    pub(super) fn contract(&self) -> Contract<f64> {
        Contract::new(
            self.spot / self.strike,
            self.time,
            self.rate,
            self.growth,
            self.sigma,
        )
    }

    /// Return whether exercise before expiry never pays.
    #[must_use]
    pub fn is_never_exercised(&self) -> bool {
        let put = self.as_put();
        put.rate <= 0.0 && put.growth >= put.rate
    }

    /// Return whether there are two exercise boundaries.
    #[must_use]
    pub fn has_two_boundaries(&self) -> bool {
        let put = self.as_put();
        put.rate < 0.0 && put.growth < put.rate
    }

    /// Return what immediate exercise pays.
    #[must_use]
    pub fn payoff(&self) -> f64 {
        (self.sign() * (self.spot - self.strike)).max(0.0)
    }

    /// Return the European price.
    #[must_use]
    pub fn european(&self) -> f64 {
        let row = [
            self.spot,
            self.strike,
            self.time,
            self.rate,
            self.growth,
            self.sigma,
        ];
        black::price_of(&row, self.is_call)
    }

    /// Return `d1`.
    fn d1(&self) -> f64 {
        let deviation = self.sigma * self.time.sqrt();
        let log = (self.spot / self.strike).ln() + (self.rate - self.growth) * self.time;
        log / deviation + 0.5 * deviation
    }

    /// Return `N(d1)`, of a put `N(-d1)`.
    pub(super) fn spot_probability(&self) -> f64 {
        normal_distribution(self.sign() * self.d1())
    }

    /// Return `N(d2)`, of a put `N(-d2)`.
    pub(super) fn strike_probability(&self) -> f64 {
        normal_distribution(self.sign() * (self.d1() - self.sigma * self.time.sqrt()))
    }

    /// Return `n(d1)`.
    pub(super) fn density(&self) -> f64 {
        Exact::at(self.d1()).0
    }
}

/// The last result of a costly formula: a block is padded with copies of its last row.
pub(super) struct Repeated<K, T>(Option<(K, T)>);

impl<K: PartialEq, T: Copy> Repeated<K, T> {
    pub(super) fn new() -> Self {
        Self(None)
    }

    /// Return the last result if `key` is the last one, else that of `compute`.
    pub(super) fn get(&mut self, key: K, compute: impl FnOnce(&K) -> T) -> T {
        match &self.0 {
            Some((last, result)) if *last == key => *result,
            _ => {
                let result = compute(&key);
                self.0 = Some((key, result));
                result
            }
        }
    }
}

/// Return the normal distribution at `d`.
pub(super) fn normal_distribution(d: f64) -> f64 {
    Exact::at(d).1
}

/// Return the bivariate normal distribution at `(a, b)`, for correlations not close to one.
///
/// Source: Plackett (1954): the derivative by the correlation is the density.
pub(super) fn bivariate_normal(a: f64, b: f64, correlation: f64) -> f64 {
    let half = 0.5 * correlation.asin();
    let rule: [(f64, f64); 32] = gauss_legendre();
    let integral = rule.iter().map(|&(y, weight)| {
        let angle = half * (1.0 + y);
        let (sine, cosine) = angle.sin_cos();
        weight * (-(a * a + b * b - 2.0 * a * b * sine) / (2.0 * cosine * cosine)).exp()
    });
    let product = normal_distribution(a) * normal_distribution(b);
    (product + half * integral.sum::<f64>() / TAU).max(0.0)
}

/// Return where `f` changes its sign between `near` and `far`, `None` if it does not.
///
/// The bracket grows from `near`; then regula falsi with the Illinois weights.
pub(super) fn root_between(near: f64, far: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut at_low) = (near, f(near));
    let (mut high, mut at_high) = (low, at_low);
    let mut step = 1e-3;
    while at_high * at_low >= 0.0 {
        if step > 1.0 {
            return None;
        }
        (low, at_low) = (high, at_high);
        high = near + (far - near) * step;
        at_high = f(high);
        step *= 2.0;
    }
    for _ in 0..200 {
        let secant = (low * at_high - high * at_low) / (at_high - at_low);
        let is_inside = (secant - low) * (secant - high) < 0.0;
        let middle = if is_inside {
            secant
        } else {
            0.5 * (low + high)
        };
        let value = f(middle);
        if value == 0.0 || (high - low).abs() <= 4.0 * f64::EPSILON * middle.abs().max(1.0) {
            return Some(middle);
        }
        if value * at_high < 0.0 {
            (low, at_low) = (high, at_high);
        } else {
            at_low *= 0.5;
        }
        (high, at_high) = (middle, value);
    }
    Some(high)
}
