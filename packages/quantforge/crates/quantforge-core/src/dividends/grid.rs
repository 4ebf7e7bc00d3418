//! Finite differences in the logarithm of the state: Crank-Nicolson after two damped steps from
//! every kink (Rannacher 1984), exercise by policy iteration (Forsyth and Vetzal 2002),
//! extrapolated from two resolutions.

use super::{Model, Problem};
use crate::schedule::Dividend;

/// Intervals in the state and steps in time of the finer resolution.
const INTERVALS: usize = 480;
const STEPS: f64 = 320.0;
/// Fewest steps between two dividends.
const FEWEST_STEPS: f64 = 4.0;
/// Reach of the grid in deviations.
const REACH: f64 = 7.0;
/// Part of the spot that dividends may take off the reach.
const MOST_DIVIDENDS: f64 = 0.7;
/// Steps at the start of an interval that are taken implicitly, in halves.
const DAMPED_STEPS: usize = 2;
/// Most policies per step.
const MAX_POLICIES: usize = 12;

/// Value and its derivatives at the spot.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub price: f64,
    pub delta: f64,
    pub gamma: f64,
}

/// Logarithms of the state, evenly spaced, the strike among them.
pub struct Grid {
    lowest: f64,
    width: f64,
}

impl Grid {
    /// Return a grid for `problem` and others close to it.
    #[allow(clippy::cast_precision_loss, reason = "intervals are few")]
    pub fn of(problem: &Problem<'_>) -> Self {
        let state = problem.state();
        let reach =
            REACH * problem.sigma * problem.time.sqrt() + (problem.rate * problem.time).abs();
        let paid: f64 = match problem.model {
            Model::Escrowed => 0.0,
            Model::Spot => problem.due(0.0).map(|dividend| dividend.amount).sum(),
        };
        let lowest = (state - paid.min(MOST_DIVIDENDS * state)).ln() - reach;
        let width = state.ln() + reach - lowest;
        let step = width / (INTERVALS / 2) as f64;
        let offset = (problem.strike.ln() - lowest) / step;
        Self {
            lowest: lowest + (offset - offset.floor()) * step,
            width,
        }
    }

    /// Return the solution at the spot, extrapolated from two resolutions.
    pub fn solve(&self, problem: &Problem<'_>) -> Point {
        let coarse = Sheet::new(self, problem, INTERVALS / 2).solve(STEPS / 2.0);
        let fine = Sheet::new(self, problem, INTERVALS).solve(STEPS);
        let mix = |fine: f64, coarse: f64| fine + (fine - coarse) / 3.0;
        let payoff = if problem.is_american {
            problem.payoff_now()
        } else {
            0.0
        };
        Point {
            price: mix(fine.price, coarse.price).max(payoff).max(0.0),
            delta: mix(fine.delta, coarse.delta),
            gamma: mix(fine.gamma, coarse.gamma),
        }
    }
}

/// Values at one time, and what a step needs.
struct Sheet<'a> {
    problem: &'a Problem<'a>,
    spacing: f64,
    states: Vec<f64>,
    values: Vec<f64>,
    payoffs: Vec<f64>,
    is_due: Vec<bool>,
    right: Vec<f64>,
    slope: Vec<f64>,
}

impl<'a> Sheet<'a> {
    #[allow(clippy::cast_precision_loss, reason = "intervals are few")]
    fn new(grid: &Grid, problem: &'a Problem<'a>, intervals: usize) -> Self {
        let spacing = grid.width / intervals as f64;
        let log = |node: usize| grid.lowest + node as f64 * spacing;
        let states: Vec<f64> = (0..=intervals).map(|node| log(node).exp()).collect();
        let zeros = vec![0.0; states.len()];
        let mut sheet = Self {
            problem,
            spacing,
            values: zeros.clone(),
            payoffs: zeros.clone(),
            is_due: vec![false; states.len()],
            right: zeros.clone(),
            slope: zeros,
            states,
        };
        sheet.fill_payoffs(problem.time);
        sheet.values = sheet.payoffs.iter().map(|payoff| payoff.max(0.0)).collect();
        sheet
    }

    /// Fill in what exercise pays at `now`, the dividends after `now` still to come.
    fn fill_payoffs(&mut self, now: f64) {
        let problem = self.problem;
        let escrow = match problem.model {
            Model::Escrowed => problem.escrow(now),
            Model::Spot => 0.0,
        };
        self.fill_payoffs_with(escrow);
    }

    fn fill_payoffs_with(&mut self, escrow: f64) {
        let sign = if self.problem.is_call { 1.0 } else { -1.0 };
        for (payoff, state) in self.payoffs.iter_mut().zip(&self.states) {
            *payoff = sign * (state + escrow - self.problem.strike);
        }
    }

    /// Return the value far from the strike, where nothing is uncertain.
    fn far(&self, state: f64, now: f64) -> f64 {
        let problem = self.problem;
        let sign = if problem.is_call { 1.0 } else { -1.0 };
        let to_come = problem.escrow(now);
        let bond = problem.strike * (-problem.rate * (problem.time - now)).exp();
        let (held, exercised) = match problem.model {
            Model::Escrowed => (state - bond, state + to_come - problem.strike),
            Model::Spot => (state - to_come - bond, state - problem.strike),
        };
        let best = (sign * held).max(0.0);
        if problem.is_american {
            best.max(sign * exercised)
        } else {
            best
        }
    }

    /// Walk back from expiry to today.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "steps are few"
    )]
    fn solve(mut self, steps: f64) -> Point {
        let mut dates: Vec<Dividend> = self.problem.due(0.0).copied().collect();
        dates.sort_by(|a, b| a.time.total_cmp(&b.time));
        let mut later = self.problem.time;
        while let Some(dividend) = dates.pop() {
            self.walk(dividend.time, later, steps);
            self.go_ex(dividend);
            later = dividend.time;
        }
        self.walk(0.0, later, steps);
        self.at_spot()
    }

    /// Walk back from `later` to `earlier`.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "steps are few"
    )]
    fn walk(&mut self, earlier: f64, later: f64, steps: f64) {
        let span = later - earlier;
        if span <= 0.0 {
            return;
        }
        let count = (steps * span / self.problem.time).ceil().max(FEWEST_STEPS);
        let step = span / count;
        for number in 0..count as usize {
            // The last step ends on the date itself, after which no dividend of that date is due.
            let left = count - number as f64;
            let (middle, end) = (earlier + (left - 0.5) * step, earlier + (left - 1.0) * step);
            if number < DAMPED_STEPS {
                self.step(middle, 0.5 * step, 1.0);
                self.step(end, 0.5 * step, 1.0);
            } else {
                self.step(end, step, 0.5);
            }
        }
    }

    /// Step back by `step` to `now`, with the weight `theta` on the earlier time.
    fn step(&mut self, now: f64, step: f64, theta: f64) {
        let problem = self.problem;
        let half = 0.5 * problem.sigma * problem.sigma;
        let diffusion = half / (self.spacing * self.spacing);
        let drift = (problem.rate - half) / (2.0 * self.spacing);
        let (below, above) = (diffusion - drift, diffusion + drift);
        let centre = -2.0 * diffusion - problem.rate;
        let last = self.values.len() - 1;
        for (right, v) in self.right[1..].iter_mut().zip(self.values.windows(3)) {
            let change = below * v[0] + centre * v[1] + above * v[2];
            *right = v[1] + (1.0 - theta) * step * change;
        }
        self.right[0] = self.far(self.states[0], now);
        self.right[last] = self.far(self.states[last], now);
        if problem.is_american {
            self.fill_payoffs(now);
        }
        let row = [below, centre, above].map(|x| -theta * step * x);
        let row = [row[0], 1.0 + row[1], row[2]];
        for _ in 0..MAX_POLICIES {
            self.eliminate(row);
            if !problem.is_american || !self.revise(row) {
                break;
            }
        }
    }

    /// Solve for the values: exercised nodes are worth their payoff (Thomas 1949).
    fn eliminate(&mut self, [below, centre, above]: [f64; 3]) {
        let last = self.values.len() - 1;
        self.slope[0] = 0.0;
        self.values[0] = self.right[0];
        for i in 1..last {
            if self.is_due[i] {
                (self.slope[i], self.values[i]) = (0.0, self.payoffs[i]);
            } else {
                let pivot = 1.0 / (centre - below * self.slope[i - 1]);
                self.slope[i] = above * pivot;
                self.values[i] = (self.right[i] - below * self.values[i - 1]) * pivot;
            }
        }
        self.values[last] = self.right[last];
        for i in (0..last).rev() {
            self.values[i] -= self.slope[i] * self.values[i + 1];
        }
    }

    /// Exercise where that pays more than holding; returns whether any node changed.
    fn revise(&mut self, [below, centre, above]: [f64; 3]) -> bool {
        let mut has_changed = false;
        for (i, v) in (1..).zip(self.values.windows(3)) {
            let held = below * v[0] + centre * v[1] + above * v[2] - self.right[i];
            let is_due = v[1] - self.payoffs[i] < held;
            has_changed |= is_due != self.is_due[i];
            self.is_due[i] = is_due;
        }
        has_changed
    }

    /// Cross an ex-date: the value before it is the value after it at the lower spot.
    fn go_ex(&mut self, dividend: Dividend) {
        let problem = self.problem;
        if problem.model == Model::Spot {
            let after = |state: &f64| self.interpolated(state - dividend.amount, dividend.time);
            self.values = self.states.iter().map(after).collect();
            self.fill_payoffs(dividend.time);
        } else {
            self.fill_payoffs_with(problem.escrow(dividend.time) + dividend.amount);
        }
        if problem.is_american {
            for (value, payoff) in self.values.iter_mut().zip(&self.payoffs) {
                *value = value.max(*payoff);
            }
        }
    }

    fn interpolated(&self, state: f64, now: f64) -> f64 {
        if state <= self.states[1] {
            return self.far(state.max(0.0), now);
        }
        self.cubic(state.ln())[0]
    }

    /// Return the cubic through four nodes around `log` and its first two derivatives.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "nodes are few"
    )]
    fn cubic(&self, log: f64) -> [f64; 3] {
        let position = (log - self.states[0].ln()) / self.spacing;
        let first = (position.floor() - 1.0).clamp(0.0, (self.values.len() - 4) as f64);
        let t = position - first;
        let v = &self.values[first as usize..];
        // Newton's form over the nodes 0, 1, 2, 3.
        let steps = [v[1] - v[0], v[2] - v[1], v[3] - v[2]];
        let second = 0.5 * (steps[1] - steps[0]);
        let third = (steps[2] - 2.0 * steps[1] + steps[0]) / 6.0;
        let value = v[0] + t * (steps[0] + (t - 1.0) * (second + (t - 2.0) * third));
        let slope = steps[0] + (2.0 * t - 1.0) * second + (3.0 * t * t - 6.0 * t + 2.0) * third;
        let bend = 2.0 * second + (6.0 * t - 6.0) * third;
        [
            value,
            slope / self.spacing,
            bend / (self.spacing * self.spacing),
        ]
    }

    fn at_spot(&self) -> Point {
        let state = self.problem.state();
        let [price, slope, bend] = self.cubic(state.ln());
        Point {
            price,
            delta: slope / state,
            gamma: (bend - slope) / (state * state),
        }
    }
}
