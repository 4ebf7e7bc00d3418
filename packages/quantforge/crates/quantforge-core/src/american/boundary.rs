//! The exercise boundary of a put with unit strike, and what follows from it.

use super::normal::{Exact, Normal, Rough};
use super::quadrature::{Quadrature, Scheme};
use crate::elementary::{exp_plain, ln};
use crate::lane::Lane;

/// Refinements of the starting value (secant steps on the QD+ equation).
const START_STEPS: usize = 5;
/// Steps that solve the QD+ equation to the last digits, their difference quotient and their end.
const MAX_POLISH: usize = 50;
const POLISH: f64 = 1e-6;
const SETTLED: f64 = 1e-15;
/// Smallest rate that counts as positive.
const MIN_RATE: f64 = 1e-9;

/// A put with unit strike.
pub struct Contract<L> {
    spot: L,
    time: L,
    rate: L,
    growth: L,
    sigma: L,
    /// `rate - growth`, `sqrt(time)`, `1 / sigma`, `1 / sigma^2`.
    carry: L,
    root_time: L,
    inverse_sigma: L,
    inverse_variance: L,
    /// Boundary at expiry `min(1, rate / growth)` and its logarithm.
    limit: L,
    log_limit: L,
}

/// Value and sensitivities of the put.
pub struct Put<L: Lane> {
    pub price: L,
    pub delta: L,
    pub gamma: L,
    pub boundary: L,
    pub is_exercised: L::Mask,
}

impl<L: Lane> Put<L> {
    /// Return the price of the option of that strike, not less than `payoff` and that itself where
    /// exercise is due: the quotient of spot and strike is rounded, the payoff is not.
    #[inline(always)]
    pub fn value(&self, strike: L, payoff: L) -> L {
        L::select(self.is_exercised, payoff, (self.price * strike).max(payoff))
    }
}

#[inline(always)]
fn root<L: Lane>(x: L) -> L {
    x.max(x.splat(1e-300)).sqrt_recip().0
}

impl<L: Lane> Contract<L> {
    /// Return the put of `spot` per strike.
    #[inline(always)]
    pub fn new(spot: L, time: L, rate: L, growth: L, sigma: L) -> Self {
        let one = spot.splat(1.0);
        let positive = rate.max(one.splat(MIN_RATE));
        let ratio = positive * growth.max(one.splat(1e-12)).recip();
        let limit = one.min(ratio);
        let inverse_sigma = sigma.recip();
        Self {
            spot,
            time,
            rate,
            growth,
            sigma,
            carry: rate - growth,
            root_time: root(time),
            inverse_sigma,
            inverse_variance: inverse_sigma * inverse_sigma,
            limit,
            log_limit: ln(limit),
        }
    }

    /// Return where early exercise never pays: `r <= 0` and `q >= r`.
    #[inline(always)]
    pub fn is_european(&self) -> L::Mask {
        let zero = self.rate.splat(0.0);
        zero.ge(self.rate) & self.growth.ge(self.rate)
    }

    /// Return `ln(B / limit)^2` at the nodes after the fixed-point steps of the scheme `A`.
    #[inline(always)]
    pub fn boundary<A, const LQ: usize, const N: usize, const P: usize>(&self) -> [L; N]
    where
        A: Scheme<LQ, N, P>,
    {
        let nodes = A::quadrature();
        let zero = self.rate.splat(0.0);
        let mut squares = [zero; N];
        let mut discounts = [[(zero, zero); LQ]; N];
        for i in 0..N {
            let start = self.root_time * nodes.roots[i];
            let fall = (ln(self.start(start)) - self.log_limit).min(zero);
            squares[i] = fall * fall;
            let tau = start * start;
            for (pair, (fraction, weight)) in discounts[i].iter_mut().zip(nodes.inner) {
                let (u, weight) = (tau * (1.0 - fraction), tau * weight);
                let strike = exp_plain(self.rate * u) * weight * self.rate;
                *pair = (strike, exp_plain(self.growth * u) * weight * self.growth);
            }
        }
        for _ in 0..A::ITERATIONS {
            let mut next = squares;
            for i in 0..N {
                let tau_root = self.root_time * nodes.roots[i];
                let basis = (&nodes.inner, &nodes.inner_basis[i]);
                let fall = self.step::<A::Normal, LQ, N>(
                    tau_root,
                    squares[i],
                    &squares,
                    basis,
                    &discounts[i],
                );
                next[i] = fall * fall;
            }
            squares = next;
        }
        squares
    }

    /// Return about the exercise boundary by the QD+ approximation at `tau = tau_root^2`.
    #[inline(always)]
    fn start(&self, tau_root: L) -> L {
        let mut b = self.perpetual_start(tau_root);
        let mut before = b;
        let mut residual_before = b.splat(0.0);
        let equation = QdPlus::new(self, tau_root);
        for step in 0..START_STEPS {
            let (residual, slope) = equation.residual::<Rough>(self, b);
            let change = if step == 0 {
                residual * slope.recip() * 0.5
            } else {
                let difference = residual - residual_before;
                let is_safe = difference.abs().gt(b.splat(1e-13));
                let divisor = L::select(is_safe, difference, b.splat(1.0));
                let secant = residual * (b - before) * divisor.recip();
                L::select(is_safe, secant, b.splat(0.0))
            };
            let limit = b * 0.06;
            (before, residual_before) = (b, residual);
            b = (b - change.min(limit).max(-limit)).min(self.limit);
        }
        b
    }

    /// Return `ln(B / limit)^2` at the nodes by the QD+ equation, solved to the last digits.
    pub fn converged_start<const LQ: usize, const N: usize, const P: usize>(
        &self,
        nodes: &Quadrature<LQ, N, P>,
    ) -> [L; N] {
        nodes.roots.map(|root| {
            let fall = ln(self.converged_start_at(self.root_time * root)) - self.log_limit;
            fall * fall
        })
    }

    /// Return the solution of the QD+ equation at `tau = tau_root^2`.
    pub fn converged_start_at(&self, tau_root: L) -> L {
        let equation = QdPlus::new(self, tau_root);
        let mut b = self.start(tau_root);
        for _ in 0..MAX_POLISH {
            let (residual, _) = equation.residual::<Exact>(self, b);
            let step = b * POLISH;
            let slope = equation.residual::<Exact>(self, b + step).0 - residual;
            let change = residual * step * slope.recip();
            b = (b - change.min(b * 0.1).max(b * -0.1)).min(self.limit);
            if L::all((b * SETTLED).ge(change.abs())) {
                break;
            }
        }
        b
    }

    /// Return the reciprocal of the Bjerksund-Stensland (1993) trigger of the mirrored call.
    #[inline(always)]
    fn perpetual_start(&self, tau_root: L) -> L {
        let (zero, one) = (tau_root.splat(0.0), tau_root.splat(1.0));
        let tau = tau_root * tau_root;
        let half = (-self.carry).mul_add(self.inverse_variance, one * -0.5);
        let square = half.mul_add(half, (self.growth + self.growth) * self.inverse_variance);
        let beta = (root(square) - half).max(one * (1.0 + 1e-9));
        let infinite = beta * (beta - one).recip();
        let rate = self.rate.max(one.splat(MIN_RATE));
        let start = one.max(self.growth * rate.recip());
        let spread = (infinite - start).max(one.splat(1e-12));
        let growth = (-self.carry).mul_add(tau, self.sigma * tau_root * 2.0);
        let exponent = -(growth * (spread * start).recip());
        let decay = exp_plain(exponent.min(zero).max(one * -700.0));
        (spread.mul_add(one - decay, start)).recip().min(self.limit)
    }

    /// Return `ln(B / limit)` at one node after a Newton-damped fixed-point step.
    #[inline(always)]
    fn step<D: Normal, const LQ: usize, const N: usize>(
        &self,
        tau_root: L,
        own: L,
        squares: &[L; N],
        (inner, basis): (&[(f64, f64); LQ], &[[f64; N]; LQ]),
        discounts: &[(L, L); LQ],
    ) -> L {
        let one = tau_root.splat(1.0);
        let tau = tau_root * tau_root;
        let inverse = tau_root.recip() * self.inverse_sigma;
        let depth = root(own);
        let log = self.log_limit - depth;
        let half = self.sigma * tau_root * 0.5;
        let centre = self.carry.mul_add(tau, log) * inverse;
        let (strike_density, mut strike) = D::at(centre - half);
        let (spot_density, mut spot) = D::at(centre + half);
        for k in 0..LQ {
            let fraction = inner[k].0;
            let scale = fraction.sqrt();
            let later = root(interpolate(squares, &basis[k]));
            let centre =
                self.carry.mul_add(tau * fraction, later - depth) * inverse * (1.0 / scale);
            let half = half * scale;
            strike = discounts[k].0.mul_add(D::at(centre - half).1, strike);
            spot = discounts[k].1.mul_add(D::at(centre + half).1, spot);
        }
        let tiny = one * 1e-290;
        let (strike, spot) = (strike.max(tiny), spot.max(tiny));
        let target = ln(strike * spot.recip()) - self.carry * tau;
        let slope =
            strike_density * inverse * strike.recip() - spot_density * inverse * spot.recip();
        let damping = one - slope;
        let change = target - log;
        let newton = change * damping.recip();
        let is_safe = damping.gt(one * 0.2);
        (log + L::select(is_safe, newton, change) - self.log_limit).min(one * 0.0)
    }

    /// Return price, delta and gamma by the integral of the early-exercise premium (Kim 1990).
    #[inline(always)]
    pub fn greeks<const LQ: usize, const N: usize, const P: usize>(
        &self,
        nodes: &Quadrature<LQ, N, P>,
        squares: &[L; N],
    ) -> Put<L> {
        let (zero, one) = (self.spot.splat(0.0), self.spot.splat(1.0));
        let log_spot = ln(self.spot);
        let inverse = self.root_time.recip() * self.inverse_sigma;
        let inverse_spot = self.spot.recip();
        let half = self.sigma * self.root_time * 0.5;
        let european = Digital::new(self, self.time, log_spot, inverse, half);
        let mut price = european.strike - self.spot * european.spot;
        let mut delta = -european.spot;
        let mut gamma = european.density * inverse * inverse_spot;
        let is_european = self.is_european();
        for k in 0..P {
            let (fraction, weight) = nodes.outer[k];
            let scale = fraction.sqrt();
            let log_boundary = self.log_limit - root(interpolate(squares, &nodes.outer_basis[k]));
            let inverse = inverse * (1.0 / scale);
            let gain = Digital::new(
                self,
                self.time * fraction,
                log_spot - log_boundary,
                inverse,
                half * scale,
            );
            let weight = L::select(is_european, zero, self.time * weight);
            let spot = self.growth * gain.spot;
            price = weight.mul_add(self.rate.mul_sub(gain.strike, self.spot * spot), price);
            // d/dS of r e^(-r u) N(-d2) - q S e^(-q u) N(-d1).
            let ratio = exp_plain(-log_boundary);
            let crossing = (self.growth - self.rate * ratio) * gain.density * inverse;
            delta = weight.mul_add(crossing - spot, delta);
            let bend =
                (gain.d1 * inverse).neg_mul_add(crossing, self.growth * gain.density * inverse);
            gamma = weight.mul_add(bend * inverse_spot, gamma);
        }
        let payoff = one - self.spot;
        let boundary = self.limit * exp_plain(-root(squares[0]));
        let never = L::select(is_european, zero, one);
        let is_exercised = boundary.ge(self.spot) & never.gt(zero);
        Put {
            price: L::select(is_exercised, payoff, price.max(payoff).max(zero)),
            delta: L::select(is_exercised, -one, delta),
            gamma: L::select(is_exercised, zero, gamma),
            boundary,
            is_exercised,
        }
    }
}

/// Discounted digitals of the put side after `tau` years.
struct Digital<L> {
    strike: L,
    spot: L,
    density: L,
    d1: L,
}

impl<L: Lane> Digital<L> {
    /// Return `e^(-r tau) N(-d2)`, `e^(-q tau) N(-d1)` and `e^(-q tau) n(d1)`.
    #[inline(always)]
    fn new(contract: &Contract<L>, tau: L, log: L, inverse: L, half: L) -> Self {
        let centre = contract.carry.mul_add(tau, log) * inverse;
        let d1 = centre + half;
        let (density, spot) = Exact::at(-d1);
        let growth = exp_plain(-(contract.growth * tau));
        let strike = Exact::at(half - centre).1 * exp_plain(-(contract.rate * tau));
        Self {
            strike,
            spot: spot * growth,
            density: density * growth,
            d1,
        }
    }
}

/// Return the interpolated `ln(B / limit)^2`.
#[inline(always)]
fn interpolate<L: Lane, const N: usize>(squares: &[L; N], basis: &[f64; N]) -> L {
    let mut sum = squares[0] * basis[0];
    for j in 1..N {
        sum = squares[j].mul_add(sum.splat(basis[j]), sum);
    }
    sum
}

/// The QD+ equation at one time to expiry. Source: Li (2010).
struct QdPlus<L> {
    tau_root: L,
    carry_time: L,
    growth_discount: L,
    rate_discount: L,
    exponent: L,
    exponent_slope: L,
    inverse_h: L,
    inverse_lambda: L,
    m: L,
    inverse_deviation: L,
    half_deviation: L,
}

impl<L: Lane> QdPlus<L> {
    #[inline(always)]
    fn new(contract: &Contract<L>, tau_root: L) -> Self {
        let one = tau_root.splat(1.0);
        let tau = tau_root * tau_root;
        let rate = contract.rate.max(one.splat(MIN_RATE));
        let rate_discount = exp_plain(-(rate * tau));
        let inverse_h = (one - rate_discount).max(one * 1e-12).recip();
        let m = (rate + rate) * contract.inverse_variance;
        let n1 = (contract.carry + contract.carry) * contract.inverse_variance - one;
        let (spread, inverse_spread) = n1.mul_add(n1, m * inverse_h * 4.0).sqrt_recip();
        let deviation = tau_root * contract.sigma;
        Self {
            tau_root,
            carry_time: contract.carry * tau,
            growth_discount: exp_plain(-(contract.growth * tau)),
            rate_discount,
            exponent: (n1 + spread) * -0.5,
            exponent_slope: m * inverse_h * inverse_h * inverse_spread,
            inverse_h,
            inverse_lambda: -inverse_spread,
            m,
            inverse_deviation: deviation.recip(),
            half_deviation: deviation * 0.5,
        }
    }

    /// Return the residual of the boundary equation at `b` and its slope.
    #[inline(always)]
    fn residual<D: Normal>(&self, contract: &Contract<L>, b: L) -> (L, L) {
        let one = b.splat(1.0);
        let rate = contract.rate.max(one.splat(MIN_RATE));
        let centre = (self.carry_time + ln(b)) * self.inverse_deviation;
        let (density, spot) = D::at(-(centre + self.half_deviation));
        let (_, strike) = D::at(self.half_deviation - centre);
        let forward = b * self.growth_discount;
        let premium = self.rate_discount * strike - forward * spot;
        let payoff = (one - b - premium).max(one * 1e-12);
        let decay = contract.sigma * forward * density * 0.5 * self.tau_root.recip();
        let theta = rate * self.rate_discount * strike - contract.growth * forward * spot - decay;
        let ratio = theta * (rate * self.rate_discount * payoff).recip();
        let bracket = self.inverse_h - ratio + self.exponent_slope * self.inverse_lambda;
        let shift = -(self.rate_discount * self.m * self.inverse_lambda * bracket);
        let exponent = self.exponent + shift;
        let kept = one - self.growth_discount * spot;
        let residual = kept * b + exponent * payoff;
        let slope =
            (one - exponent) * kept + self.growth_discount * density * self.inverse_deviation;
        (residual, slope)
    }
}
