//! Cash dividends: limits, and prices by independent methods.

use quantforge_core::american::row::Row;
use quantforge_core::american::{High, price_of};
use quantforge_core::dividends::{
    CashGreeks, CashPrice, EscrowedAmerican, EscrowedGreeks, EscrowedPrice, SpotAmerican,
    SpotEuropean,
};
use quantforge_core::rows::RowFormula;
use quantforge_core::schedule::Dividend;

const ROW: [f64; 5] = [100.0, 100.0, 1.0, 0.06, 0.3];

fn dividends() -> [Dividend; 2] {
    [(91.0 / 365.0, 3.0), (274.0 / 365.0, 4.0)].map(|(time, amount)| Dividend { time, amount })
}

fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}

#[test]
fn without_dividends_all_are_the_plain_option() {
    let european = EscrowedPrice::compute(&ROW, false, &[])[0];
    assert_close(
        CashPrice::<SpotEuropean>::compute(&ROW, false, &[])[0],
        european,
        1e-5,
    );
    let row = Row::new(&[100.0, 100.0, 1.0, 0.06, 0.0, 0.3], false);
    let american = price_of::<High, 32, 24, 48>(&row);
    assert_close(
        CashPrice::<SpotAmerican>::compute(&ROW, false, &[])[0],
        american,
        4e-4,
    );
    assert_close(
        CashPrice::<EscrowedAmerican>::compute(&ROW, false, &[])[0],
        american,
        4e-4,
    );
}

#[test]
fn european_prices_on_a_falling_spot_match_quadrature() {
    // Two nested Gauss-Legendre rules of 400 points over the lognormal density.
    for (is_call, price) in [(true, 11.135_032_746_99), (false, 12.090_776_159_17)] {
        let found = CashPrice::<SpotEuropean>::compute(&ROW, is_call, &dividends())[0];
        assert_close(found, price, 5e-6);
    }
}

#[test]
fn american_prices_match_finite_differences_of_quantlib() {
    // QuantLib 1.44, FdBlackScholesVanillaEngine, 800 by 800 nodes, its own error about 1e-3.
    for (is_call, escrowed, spot) in [(true, 11.20798, 11.66200), (false, 12.14863, 12.59665)] {
        let found = CashPrice::<EscrowedAmerican>::compute(&ROW, is_call, &dividends())[0];
        assert_close(found, escrowed, 2e-3);
        let [price, delta, gamma, ..] =
            CashGreeks::<SpotAmerican>::compute(&ROW, is_call, &dividends());
        assert_close(price, spot, 2e-3);
        assert_close(delta, [-0.473_25, 0.573_04][usize::from(is_call)], 2e-4);
        assert_close(gamma, [0.014_099, 0.014_165][usize::from(is_call)], 1e-5);
    }
}

#[test]
fn sensitivities_of_the_closed_form_are_slopes() {
    let at = |row: [f64; 5]| EscrowedPrice::compute(&row, true, &dividends())[0];
    let found = EscrowedGreeks::compute(&ROW, true, &dividends());
    let slope = |position: usize, step: f64| {
        let moved = |by: f64| {
            let mut row = ROW;
            row[position] += by;
            at(row)
        };
        (moved(step) - moved(-step)) / (2.0 * step)
    };
    assert_close(found[1], slope(0, 1e-3), 1e-8);
    assert_close(found[3], slope(4, 1e-5), 1e-6);
    assert_close(found[5], slope(3, 1e-5), 1e-6);
    let later = |days: f64| {
        let nearer = dividends().map(|d| Dividend {
            time: d.time - days,
            ..d
        });
        let row = [ROW[0], ROW[1], ROW[2] - days, ROW[3], ROW[4]];
        EscrowedPrice::compute(&row, true, &nearer)[0]
    };
    assert_close(found[4], (later(1e-5) - later(-1e-5)) / 2e-5, 1e-5);
}

#[test]
fn a_spot_below_its_dividends_is_refused() {
    let row = [5.0, 100.0, 1.0, 0.06, 0.3];
    let refusal = EscrowedPrice::refuse(&row, true, &dividends());
    assert!(refusal.is_some_and(|refusal| refusal.rule.contains("present value of the dividends")));
    assert!(CashPrice::<SpotAmerican>::refuse(&row, true, &dividends()).is_none());
}
