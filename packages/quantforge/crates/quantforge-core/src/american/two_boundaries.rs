//! Puts with `q < r < 0`: exercise is due between a lower and an upper boundary.
//!
//! Source: Andersen and Lake (2021). Above the upper boundary the price knows nothing of the lower
//! one and the other way round, so each solves its own integral equation, until they meet; an
//! option with more time than that is not exercised before it has less. Per strike, the upper
//! boundary starts at 1 at expiry and falls, the lower one starts at `r / q` and rises.

use super::normal::{Exact, Normal};
use super::quadrature::Quadrature;
use super::row::Row;

/// Most fixed-point steps, and the change that ends them.
const MAX_STEPS: usize = 150;
const SETTLED: f64 = 1e-10;
/// Most attempts to find where the boundaries meet, and the relative width that ends them: the
/// premium between is of second order in it.
const MAX_ATTEMPTS: usize = 30;
const MET: f64 = 1e-3;

/// A put with unit strike and two boundaries.
struct Problem {
    rate: f64,
    growth: f64,
    sigma: f64,
    log_limit: f64,
}

/// Both boundaries up to a time to expiry: squares of `ln B` and `ln(Y q / r)` at the nodes.
struct Curves<const N: usize> {
    horizon: f64,
    upper: [f64; N],
    lower: [f64; N],
}

/// Price of a put, and the boundaries today per strike (NaN if there are none).
pub struct Put {
    /// The payoff itself where exercise is due.
    pub price: f64,
    /// Spots between which exercise is due today: lower, upper.
    pub boundaries: (f64, f64),
}

fn dot<const N: usize>(squares: &[f64; N], basis: &[f64; N]) -> f64 {
    let sum: f64 = squares.iter().zip(basis).map(|(x, y)| x * y).sum();
    sum.max(0.0).sqrt()
}

impl Problem {
    /// Return `(d-, d+)`.
    fn d(&self, tau: f64, log: f64) -> (f64, f64) {
        let deviation = self.sigma * tau.sqrt();
        let centre = (log + (self.rate - self.growth) * tau) / deviation;
        (centre - 0.5 * deviation, centre + 0.5 * deviation)
    }

    /// Return `ln B` and its damping after one step at one node.
    fn upper_target(&self, tau: f64, log: f64, terms: &[(f64, f64, f64)]) -> f64 {
        let (minus, plus) = self.d(tau, log);
        let ((strike_density, mut strike), (spot_density, mut spot)) =
            (Exact::at(minus), Exact::at(plus));
        for &(u, weight, gap) in terms {
            let (minus, plus) = self.d(tau - u, gap);
            strike += self.rate * weight * (self.rate * u).exp() * Exact::at(minus).1;
            spot += self.growth * weight * (self.growth * u).exp() * Exact::at(plus).1;
        }
        let target = (strike / spot).ln() - (self.rate - self.growth) * tau;
        let inverse = 1.0 / (self.sigma * tau.sqrt());
        let damping = 1.0 - inverse * (strike_density / strike - spot_density / spot);
        log + (target - log) / if damping > 0.2 { damping } else { 1.0 }
    }

    /// Return `ln Y` after one step at one node: value matching below the boundary reads
    /// `r int e^(r u) N(-d-) du = Y e^((r - q) tau) q int e^(q u) N(-d+) du`.
    fn lower_target(&self, tau: f64, terms: &[(f64, f64, f64)]) -> f64 {
        let (mut strike, mut spot) = (0.0, 0.0);
        for &(u, weight, gap) in terms {
            let (minus, plus) = self.d(tau - u, gap);
            strike += weight * (self.rate * u).exp() * Exact::at(-minus).1;
            spot += weight * (self.growth * u).exp() * Exact::at(-plus).1;
        }
        (strike / spot).ln() + self.log_limit - (self.rate - self.growth) * tau
    }

    /// Solve both equations up to `horizon`; `None` if a boundary does not exist that far.
    fn solve<const LQ: usize, const N: usize, const P: usize>(
        &self,
        nodes: &Quadrature<LQ, N, P>,
        horizon: f64,
    ) -> Option<Curves<N>> {
        let guess = |share: f64| {
            nodes.roots.map(|root| {
                let reach = share * self.log_limit.abs();
                let fall = -(-self.sigma * horizon.sqrt() * root / reach).exp_m1() * reach;
                fall * fall
            })
        };
        let mut curves = Curves {
            horizon,
            upper: guess(0.5),
            lower: guess(0.25),
        };
        for _ in 0..MAX_STEPS {
            let change = self.improve(nodes, &mut curves);
            if !change.is_finite() {
                return None;
            }
            if change < SETTLED {
                return Some(curves);
            }
        }
        None
    }

    /// Step both boundaries at every node once and return the largest change.
    fn improve<const LQ: usize, const N: usize, const P: usize>(
        &self,
        nodes: &Quadrature<LQ, N, P>,
        curves: &mut Curves<N>,
    ) -> f64 {
        let (upper, lower) = (curves.upper, curves.lower);
        let mut largest = 0.0_f64;
        for i in 0..N {
            let tau = curves.horizon * nodes.roots[i] * nodes.roots[i];
            let terms = |squares: &[f64; N], sign: f64| -> [(f64, f64, f64); LQ] {
                let own = squares[i].sqrt();
                std::array::from_fn(|k| {
                    let (fraction, weight) = nodes.inner[k];
                    let later = dot(squares, &nodes.inner_basis[i][k]);
                    (tau * (1.0 - fraction), tau * weight, sign * (own - later))
                })
            };
            let top = self
                .upper_target(tau, -upper[i].sqrt(), &terms(&upper, -1.0))
                .min(0.0);
            let bottom = self.lower_target(tau, &terms(&lower, 1.0)) - self.log_limit;
            let bottom = if bottom < 0.0 { 0.0 } else { bottom };
            largest = largest.max((top + upper[i].sqrt()).abs());
            largest = largest.max((bottom - lower[i].sqrt()).abs());
            if top.is_nan() || bottom.is_nan() {
                return f64::NAN;
            }
            curves.upper[i] = top * top;
            curves.lower[i] = bottom * bottom;
        }
        largest
    }

    /// Return the boundaries until expiry or until they meet.
    fn curves<const LQ: usize, const N: usize, const P: usize>(
        &self,
        nodes: &Quadrature<LQ, N, P>,
        time: f64,
    ) -> Curves<N> {
        let mut best = Curves {
            horizon: 0.0,
            upper: [0.0; N],
            lower: [0.0; N],
        };
        let (mut beyond, mut gap_beyond) = (time, f64::NAN);
        let mut horizon = time;
        for _ in 0..MAX_ATTEMPTS {
            match self
                .solve(nodes, horizon)
                .map(|curves| (self.gap(&curves), curves))
            {
                Some((gap, curves)) if gap >= 0.0 => best = curves,
                found => {
                    (beyond, gap_beyond) = (horizon, found.map_or(f64::NAN, |(gap, _)| gap));
                }
            }
            let width = beyond - best.horizon;
            if width <= MET * beyond {
                break;
            }
            // Slightly short of the secant: a solution before the meeting point is what is kept.
            let gap = self.gap(&best);
            let share = (gap / (gap - gap_beyond) * (1.0 - MET)).clamp(0.1, 0.9999);
            horizon = best.horizon + width * if share.is_nan() { 0.5 } else { share };
        }
        best
    }

    /// Return `ln(B / Y)` at the horizon.
    fn gap<const N: usize>(&self, curves: &Curves<N>) -> f64 {
        -curves.upper[0].sqrt() - self.log_limit - curves.lower[0].sqrt()
    }

    /// Return the premium per strike at `spot` with `time` to expiry.
    fn premium<const LQ: usize, const N: usize, const P: usize>(
        &self,
        nodes: &Quadrature<LQ, N, P>,
        curves: &Curves<N>,
        time: f64,
        spot: f64,
    ) -> f64 {
        let log = spot.ln();
        let mut sum = 0.0;
        for (&(fraction, weight), basis) in nodes.outer.iter().zip(&nodes.outer_basis) {
            let tau = time - curves.horizon * (1.0 - fraction);
            let upper = self.d(tau, log + dot(&curves.upper, basis));
            let lower = self.d(tau, log - self.log_limit - dot(&curves.lower, basis));
            let strike = Exact::at(-upper.0).1 - Exact::at(-lower.0).1;
            let share = Exact::at(-upper.1).1 - Exact::at(-lower.1).1;
            let gain = self.rate * (-self.rate * tau).exp() * strike
                - self.growth * spot * (-self.growth * tau).exp() * share;
            sum += weight * gain;
        }
        sum * curves.horizon
    }
}

/// Return the put that `row` is (which must be one with two boundaries).
#[must_use]
pub fn put<const LQ: usize, const N: usize, const P: usize>(
    nodes: &Quadrature<LQ, N, P>,
    row: &Row,
) -> Put {
    let problem = Problem {
        rate: row.rate,
        growth: row.growth,
        sigma: row.sigma,
        log_limit: (row.rate / row.growth).ln(),
    };
    let spot = row.spot / row.strike;
    let curves = problem.curves(nodes, row.time);
    let boundaries = if curves.horizon < row.time {
        (f64::NAN, f64::NAN)
    } else {
        let (fall, rise) = (curves.upper[0].sqrt(), curves.lower[0].sqrt());
        ((problem.log_limit + rise).exp(), (-fall).exp())
    };
    let is_exercised = spot >= boundaries.0 && spot <= boundaries.1;
    let price = if is_exercised {
        row.payoff()
    } else {
        let premium = problem.premium(nodes, &curves, row.time, spot);
        (row.european() + premium * row.strike).max(row.payoff())
    };
    Put { price, boundaries }
}
