//! Binomial trees, for comparison and for rows with two exercise boundaries.

/// Return the price of an American option by the tree of Leisen and Reimer (1996).
///
/// `row` is spot, strike, time, rate, yield, volatility; `steps` is made odd.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "steps are few")]
pub fn leisen_reimer(row: [f64; 6], is_call: bool, steps: usize) -> f64 {
    let [spot, strike, time, rate, growth, sigma] = row;
    let steps = steps | 1;
    let deviation = sigma * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate - growth) * time) / deviation + deviation / 2.0;
    let step = time / steps as f64;
    let drift = ((rate - growth) * step).exp();
    let p = peizer_pratt(d1 - deviation, steps);
    let up = drift * peizer_pratt(d1, steps) / p;
    let down = (drift - p * up) / (1.0 - p);
    Lattice {
        up,
        down,
        p,
        discount: (-rate * step).exp(),
        steps,
    }
    .american(spot, strike, is_call)
}

/// Return the price of an American option by the tree of Cox, Ross and Rubinstein (1979).
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "steps are few")]
pub fn cox_ross_rubinstein(row: [f64; 6], is_call: bool, steps: usize) -> f64 {
    let [spot, strike, time, rate, growth, sigma] = row;
    let step = time / steps as f64;
    let up = (sigma * step.sqrt()).exp();
    let down = 1.0 / up;
    let p = (((rate - growth) * step).exp() - down) / (up - down);
    Lattice {
        up,
        down,
        p,
        discount: (-rate * step).exp(),
        steps,
    }
    .american(spot, strike, is_call)
}

/// Invert the binomial distribution: Peizer and Pratt (1968), method 2.
#[allow(clippy::cast_precision_loss, reason = "steps are few")]
fn peizer_pratt(z: f64, steps: usize) -> f64 {
    let n = steps as f64;
    let scaled = z / (n + 1.0 / 3.0 + 0.1 / (n + 1.0));
    let tail = 0.25 * (1.0 - (-scaled * scaled * (n + 1.0 / 6.0)).exp());
    0.5 + tail.sqrt().copysign(z)
}

struct Lattice {
    up: f64,
    down: f64,
    p: f64,
    discount: f64,
    steps: usize,
}

impl Lattice {
    fn american(&self, spot: f64, strike: f64, is_call: bool) -> f64 {
        let sign = if is_call { 1.0 } else { -1.0 };
        let ratio = self.up / self.down;
        let (up, down) = (self.discount * self.p, self.discount * (1.0 - self.p));
        let mut values = vec![0.0; self.steps + 1];
        for level in (0..=self.steps).rev() {
            let exponent = i32::try_from(level).unwrap_or(i32::MAX);
            let mut price = spot * self.down.powi(exponent);
            for node in 0..=level {
                let exercise = (sign * (price - strike)).max(0.0);
                let held = if level == self.steps {
                    0.0
                } else {
                    up * values[node + 1] + down * values[node]
                };
                values[node] = exercise.max(held);
                price *= ratio;
            }
        }
        values[0]
    }
}
