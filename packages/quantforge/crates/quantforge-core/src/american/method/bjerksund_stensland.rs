//! Flat exercise boundaries: Bjerksund and Stensland (1993, one step) and (2002, two steps).

use super::super::row::{Row, bivariate_normal, normal_distribution};

/// The call that a row is worth, in units of its strike.
struct Call {
    spot: f64,
    time: f64,
    rate: f64,
    carry: f64,
    sigma: f64,
}

/// Perpetual and immediate boundary, and the exponent of the perpetual premium.
struct Perpetual {
    exponent: f64,
    far: f64,
    near: f64,
}

impl Call {
    /// Return the call and its strike; a put is the call with spot and strike exchanged.
    fn of(row: &Row) -> (Self, f64) {
        let call = if row.is_call { *row } else { row.mirrored() };
        let of = Self {
            spot: call.spot / call.strike,
            time: call.time,
            rate: call.rate,
            carry: call.rate - call.growth,
            sigma: call.sigma,
        };
        (of, call.strike)
    }

    fn perpetual(&self) -> Perpetual {
        let variance = self.sigma * self.sigma;
        let half = self.carry / variance - 0.5;
        let exponent = (half * half + 2.0 * self.rate / variance).sqrt() - half;
        let near = (self.rate / (self.rate - self.carry)).max(1.0);
        Perpetual {
            exponent,
            far: exponent / (exponent - 1.0),
            near,
        }
    }

    /// Return the boundary between near and far that is held for `time`.
    fn boundary(&self, perpetual: &Perpetual, time: f64, scale: f64) -> f64 {
        let spread = perpetual.far - perpetual.near;
        let growth = self.carry * time + 2.0 * self.sigma * time.sqrt();
        perpetual.near - spread * (-growth * scale / spread).exp_m1()
    }

    /// Return the discounted drift of `S^gamma` and the centre of its distribution per year.
    fn drift(&self, gamma: f64) -> (f64, f64, f64) {
        let variance = self.sigma * self.sigma;
        let growth = -self.rate + gamma * self.carry + 0.5 * gamma * (gamma - 1.0) * variance;
        let centre = self.carry + (gamma - 0.5) * variance;
        (growth, centre, 2.0 * centre / variance)
    }

    /// Return the value of `(S / unit)^gamma` at `time` if below `high`, killed at `barrier`.
    fn power(&self, gamma: f64, unit: f64, time: f64, high: f64, barrier: f64) -> f64 {
        let (growth, centre, kappa) = self.drift(gamma);
        let deviation = self.sigma * time.sqrt();
        let d = -((self.spot / high).ln() + centre * time) / deviation;
        let reflected = 2.0 * (barrier / self.spot).ln() / deviation;
        let kept = normal_distribution(d)
            - times(
                kappa,
                barrier / self.spot,
                normal_distribution(d - reflected),
            );
        (growth * time + gamma * (self.spot / unit).ln()).exp() * kept
    }

    /// Return the value of `(S / unit)^gamma` at expiry if below `high`, killed at the second
    /// boundary until `first.1`, at the first one after.
    fn power_of_two(
        &self,
        gamma: f64,
        unit: f64,
        high: f64,
        first: (f64, f64),
        second: f64,
    ) -> f64 {
        let (growth, centre, kappa) = self.drift(gamma);
        let (first, early) = first;
        let (s, deviation) = (self.spot, self.sigma * early.sqrt());
        let whole = self.sigma * self.time.sqrt();
        let shift = centre * early / deviation;
        let late = centre * self.time / whole;
        let near = (s / first).ln() / deviation;
        let far = (second * second / (s * first)).ln() / deviation;
        let at = |ratio: f64| ratio.ln() / whole + late;
        let rho = (early / self.time).sqrt();
        let square = |x: f64| x * x;
        let parts = [
            (1.0, 1.0, -near - shift, at(s / high), rho),
            (
                -1.0,
                second / s,
                -far - shift,
                at(square(second) / (s * high)),
                rho,
            ),
            (
                -1.0,
                first / s,
                shift - near,
                at(square(first) / (s * high)),
                -rho,
            ),
            (
                1.0,
                first / second,
                shift - far,
                at(s * square(first / second) / high),
                -rho,
            ),
        ];
        let kept = parts
            .map(|(sign, base, e, f, rho)| sign * times(kappa, base, bivariate_normal(e, -f, rho)));
        (growth * self.time + gamma * (s / unit).ln()).exp() * kept.iter().sum::<f64>()
    }
}

/// Return `base^exponent probability`, where the power may overflow while the product does not.
fn times(exponent: f64, base: f64, probability: f64) -> f64 {
    if probability > 0.0 {
        (exponent * base.ln() + probability.ln()).exp()
    } else {
        0.0
    }
}

/// Return the price by the one-step boundary of Bjerksund and Stensland (1993).
#[must_use]
pub fn bjerksund_stensland_1993(row: &Row) -> f64 {
    if row.is_never_exercised() {
        return row.european();
    }
    let (call, strike) = Call::of(row);
    let perpetual = call.perpetual();
    let edge = call.boundary(&perpetual, call.time, perpetual.near);
    if call.spot >= edge {
        return (call.spot - 1.0) * strike;
    }
    let power = |gamma, unit, high| call.power(gamma, unit, call.time, high, edge);
    let exponent = perpetual.exponent;
    let premium = (exponent * (call.spot / edge).ln()).exp() - power(exponent, edge, edge);
    let spot = power(1.0, 1.0, edge) - power(1.0, 1.0, 1.0);
    let bond = power(0.0, 1.0, edge) - power(0.0, 1.0, 1.0);
    ((edge - 1.0) * premium + spot - bond) * strike
}

/// Return the price by the two-step boundary of Bjerksund and Stensland (2002).
#[must_use]
pub fn bjerksund_stensland_2002(row: &Row) -> f64 {
    if row.is_never_exercised() {
        return row.european();
    }
    let (call, strike) = Call::of(row);
    let perpetual = call.perpetual();
    let early = 0.5 * (5.0_f64.sqrt() - 1.0) * call.time;
    let scale = 1.0 / perpetual.near;
    let later = call.boundary(&perpetual, early, scale);
    let now = call.boundary(&perpetual, call.time, scale);
    if call.spot >= now {
        return (call.spot - 1.0) * strike;
    }
    let one = |gamma, unit, high| call.power(gamma, unit, early, high, now);
    let two = |gamma, unit, high| call.power_of_two(gamma, unit, high, (later, early), now);
    let exponent = perpetual.exponent;
    let premium_now = (exponent * (call.spot / now).ln()).exp() - one(exponent, now, now);
    let premium_later = one(exponent, later, later) - two(exponent, later, later);
    let spot =
        one(1.0, 1.0, now) - one(1.0, 1.0, later) + two(1.0, 1.0, later) - two(1.0, 1.0, 1.0);
    let bond =
        one(0.0, 1.0, now) - one(0.0, 1.0, later) + two(0.0, 1.0, later) - two(0.0, 1.0, 1.0);
    ((now - 1.0) * premium_now + (later - 1.0) * premium_later + spot - bond) * strike
}
