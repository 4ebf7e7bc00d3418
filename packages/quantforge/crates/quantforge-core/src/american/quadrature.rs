//! Nodes, weights and interpolation of the boundary iteration, made once per accuracy.

use std::f64::consts::{FRAC_PI_4, PI};
use std::sync::LazyLock;

use super::normal::{Exact, Normal, Rough};

/// Accuracy levels: `LQ` quadrature points in an iteration, `N` nodes of the boundary, `P`
/// quadrature points of the price.
pub trait Scheme<const LQ: usize, const N: usize, const P: usize> {
    /// Fixed-point iterations.
    const ITERATIONS: usize;
    /// Estimated cost per option [ns].
    const NANOSECONDS: f64;
    /// The distribution of an iteration.
    type Normal: Normal;
    /// Return the nodes of this scheme.
    fn quadrature() -> &'static Quadrature<LQ, N, P>;
}

/// Nodes and weights; times are fractions of the time to expiry.
pub struct Quadrature<const LQ: usize, const N: usize, const P: usize> {
    /// `sqrt(tau_i / T)` at the boundary nodes, descending from 1; the node at zero is left out.
    pub roots: [f64; N],
    /// Fractions `1 - u / tau` and weights in an iteration.
    pub inner: [(f64, f64); LQ],
    /// Interpolation from the nodes to the quadrature points of each node.
    pub inner_basis: [[[f64; N]; LQ]; N],
    /// Fractions and weights of the price.
    pub outer: [(f64, f64); P],
    /// Interpolation from the nodes to the quadrature points of the price.
    pub outer_basis: [[f64; N]; P],
}

macro_rules! scheme {
    ($(#[$doc:meta])* $name:ident, $l:literal, $n:literal, $p:literal, $iterations:literal, $normal:ty, $ns:literal) => {
        $(#[$doc])*
        pub struct $name;

        impl Scheme<$l, $n, $p> for $name {
            const ITERATIONS: usize = $iterations;
            const NANOSECONDS: f64 = $ns;
            type Normal = $normal;

            fn quadrature() -> &'static Quadrature<$l, $n, $p> {
                static NODES: LazyLock<Quadrature<$l, $n, $p>> = LazyLock::new(Quadrature::new);
                &NODES
            }
        }
    };
}

scheme!(
    /// Error about 7e-5 per strike of 100, at most 7e-4.
    Fast, 7, 7, 10, 4, Rough, 1_900.0
);
scheme!(
    /// Error about 5e-6 per strike of 100, at most 7e-5.
    Accurate, 9, 8, 20, 8, Rough, 5_000.0
);
scheme!(
    /// For reference values: error below 1e-8 in everyday cases.
    High, 32, 24, 48, 24, Exact, 150_000.0
);
scheme!(
    /// Eight nodes, the one at expiry included, and a converged premium integral.
    EightNodes, 1, 7, 96, 0, Exact, 30_000.0
);

#[allow(clippy::cast_precision_loss, reason = "node numbers are small")]
impl<const LQ: usize, const N: usize, const P: usize> Quadrature<LQ, N, P> {
    fn new() -> Self {
        let roots: [f64; N] =
            std::array::from_fn(|i| 0.5 * (1.0 + (i as f64 * PI / N as f64).cos()));
        let inner: [(f64, f64); LQ] = sine_squared(gauss_legendre());
        let outer: [(f64, f64); P] = sine_squared(gauss_legendre());
        let at = |root: f64, fraction: f64| basis(2.0 * root * (1.0 - fraction).sqrt() - 1.0);
        Self {
            roots,
            inner,
            inner_basis: roots.map(|root| inner.map(|(fraction, _)| at(root, fraction))),
            outer,
            outer_basis: outer.map(|(fraction, _)| at(1.0, fraction)),
        }
    }
}

/// Map nodes on `[-1, 1]` to fractions `sin^2`, which crowds them where the integrand bends.
fn sine_squared<const M: usize>(rule: [(f64, f64); M]) -> [(f64, f64); M] {
    rule.map(|(y, weight)| {
        let angle = FRAC_PI_4 * (1.0 + y);
        (
            angle.sin().powi(2),
            weight * FRAC_PI_4 * (2.0 * angle).sin(),
        )
    })
}

/// Return nodes and weights of Gauss-Legendre quadrature on `[-1, 1]`.
#[allow(clippy::cast_precision_loss, reason = "node numbers are small")]
pub(super) fn gauss_legendre<const M: usize>() -> [(f64, f64); M] {
    std::array::from_fn(|i| {
        let mut z = (PI * (i as f64 + 0.75) / (M as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..20 {
            let (value, derivative) = legendre(M, z);
            slope = derivative;
            z -= value / derivative;
        }
        (z, 2.0 / ((1.0 - z * z) * slope * slope))
    })
}

/// Return the Legendre polynomial of `degree` and its derivative.
#[allow(clippy::cast_precision_loss, reason = "degrees are small")]
fn legendre(degree: usize, z: f64) -> (f64, f64) {
    let (mut value, mut before) = (1.0, 0.0);
    for j in 0..degree {
        let n = j as f64;
        let next = ((2.0 * n + 1.0) * z * value - n * before) / (n + 1.0);
        (before, value) = (value, next);
    }
    (value, degree as f64 * (z * value - before) / (z * z - 1.0))
}

/// Return the barycentric Lagrange basis of the Chebyshev extrema `cos(j pi / N)`, `j < N`, at `z`.
///
/// The extremum `j = N` is where the boundary function vanishes; its basis is left out.
#[allow(clippy::cast_precision_loss, reason = "node numbers are small")]
fn basis<const N: usize>(z: f64) -> [f64; N] {
    let node = |j: usize| (j as f64 * PI / N as f64).cos();
    if let Some(hit) = (0..=N).find(|&j| (z - node(j)).abs() < 1e-15) {
        return std::array::from_fn(|j| f64::from(u8::from(j == hit)));
    }
    let weight = |j: usize| {
        let sign = if j.is_multiple_of(2) { 1.0 } else { -1.0 };
        let half = if j == 0 || j == N { 0.5 } else { 1.0 };
        sign * half / (z - node(j))
    };
    let total: f64 = (0..=N).map(weight).sum();
    std::array::from_fn(|j| weight(j) / total)
}
