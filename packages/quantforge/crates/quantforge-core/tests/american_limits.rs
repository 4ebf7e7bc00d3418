//! Two exercise boundaries, and the limit without volatility.

use quantforge_core::american::row::Row;
use quantforge_core::american::{Accurate, High, Scheme, certain, two_boundaries};

/// Spot, time, rate, yield, volatility of puts with unit strike, and the price by a Leisen-Reimer
/// tree of 8001 steps.
const ROWS: [([f64; 5], f64); 4] = [
    ([1.0, 1.0, -0.01, -0.03, 0.2], 0.072_571_328_2),
    ([0.3, 2.0, -0.02, -0.05, 0.2], 0.709_618_634_7),
    ([0.9, 10.0, -0.01, -0.03, 0.2], 0.242_953_500_4),
    ([1.2, 5.0, -0.04, -0.05, 0.3], 0.223_721_748_7),
];

#[test]
fn two_boundaries_agree_with_a_fine_tree() {
    for ([spot, time, rate, growth, sigma], tree) in ROWS {
        let row = Row::new(&[spot, 1.0, time, rate, growth, sigma], false);
        let accurate = two_boundaries::put(Accurate::quadrature(), &row).price;
        assert!((accurate - tree).abs() < 2e-6, "{row:?}: {accurate} {tree}");
    }
    let ([spot, time, rate, growth, sigma], tree) = ROWS[0];
    let row = Row::new(&[spot, 1.0, time, rate, growth, sigma], false);
    let high = two_boundaries::put(High::quadrature(), &row).price;
    assert!((high - tree).abs() < 1e-6, "{high} {tree}");
}

#[test]
fn boundaries_meet_where_volatility_is_large() {
    let at = |time: f64, sigma: f64| {
        let row = Row::new(&[0.6, 1.0, time, -0.01, -0.03, sigma], false);
        two_boundaries::put(Accurate::quadrature(), &row).boundaries
    };
    let (low, high) = at(1.0, 0.2);
    assert!(
        (low - 0.376_754).abs() < 1e-6 && (high - 0.714_905).abs() < 1e-5,
        "{low} {high}"
    );
    assert!(at(10.0, 0.2).0.is_nan());
    // Below sqrt(-2 q) - sqrt(-2 r) they never meet.
    let (low, high) = at(100.0, 0.05);
    assert!(low < high);
}

#[test]
fn certain_payoffs_are_exercised_at_the_best_moment() {
    // QuantLib test suite, americanoption.cpp, edge cases without volatility.
    for (inputs, is_call, price) in [
        (
            [100.0, 120.0, 40.0, 0.01, 0.5, 0.0],
            false,
            108.980_904_561_184_6,
        ),
        (
            [100.0, 120.0, 1.0, 0.0, 0.05, 0.0],
            false,
            24.877_057_549_928_608,
        ),
        ([0.0, 120.0, 1.0, 0.075, 0.05, 0.25], true, 0.0),
        ([100.0, 1e-7, 1.0, 0.05, 0.025, 1e-8], true, 99.999_999_9),
    ] {
        let row = Row::new(&inputs, is_call);
        assert!((certain::price(&row) - price).abs() <= 1e-9);
    }
}
