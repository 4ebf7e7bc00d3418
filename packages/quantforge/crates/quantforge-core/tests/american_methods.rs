//! Published values of the named methods for American options.

use quantforge_core::american::method::{
    barone_adesi_whaley, bjerksund_stensland_1993, bjerksund_stensland_2002, ju_zhong, qd_plus,
    qd_plus_boundary,
};
use quantforge_core::american::row::Row;

fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}

#[test]
fn barone_adesi_whaley_as_published() {
    // Haug (1998), p. 24.
    for (inputs, is_call, price) in [
        ([100.0, 100.0, 0.1, 0.1, 0.1, 0.15], true, 1.8771),
        ([110.0, 100.0, 0.5, 0.1, 0.1, 0.35], true, 15.5689),
        ([90.0, 100.0, 0.1, 0.1, 0.1, 0.25], false, 10.2533),
        ([110.0, 100.0, 0.5, 0.1, 0.1, 0.15], false, 1.0822),
    ] {
        assert_close(
            barone_adesi_whaley(&Row::new(&inputs, is_call)),
            price,
            3e-3,
        );
    }
}

#[test]
fn ju_zhong_as_published() {
    // Ju (1999), tables 1 and 2.
    for (inputs, is_call, price) in [
        ([40.0, 40.0, 0.5833, 0.0488, 0.0, 0.2], false, 1.984),
        ([100.0, 100.0, 3.0, 0.03, 0.07, 0.2], true, 9.065),
        ([80.0, 100.0, 3.0, 1e-5, 0.07, 0.3], true, 5.552),
        ([110.0, 100.0, 3.0, 0.07, 0.03, 0.3], true, 30.028),
    ] {
        assert_close(ju_zhong(&Row::new(&inputs, is_call)), price, 1e-3);
    }
}

#[test]
fn bjerksund_stensland_as_published() {
    // Haug (2007), p. 101: 5.2704; Haug (1998), p. 27: 4.4531.
    let call = Row::new(&[42.0, 40.0, 0.75, 0.04, 0.08, 0.35], true);
    assert_close(bjerksund_stensland_1993(&call), 5.2704, 5e-5);
    let put = Row::new(&[36.0, 40.0, 1.0, 0.06, 0.0, 0.2], false);
    assert_close(bjerksund_stensland_1993(&put), 4.4531, 5e-5);
    // The two-step boundary is a better strategy than the one-step one, and still a strategy.
    let (one, two) = (
        bjerksund_stensland_1993(&put),
        bjerksund_stensland_2002(&put),
    );
    assert!(one < two && two < 4.486_68, "{one} {two}");
    assert!(bjerksund_stensland_2002(&call) > bjerksund_stensland_1993(&call));
}

#[test]
fn qd_plus_as_published() {
    // QuantLib test suite, americanoption.cpp: engine with eight nodes and boundary at four years.
    let call = Row::new(&[120.0, 100.0, 10.0, 0.03, 0.1, 0.25], true);
    assert_close(qd_plus(&call), 22.973_832_560_035_85, 1e-8);
    let long = Row::new(&[100.0, 100.0, 170.0, 0.01, 0.002, 0.25], true);
    assert_close(qd_plus(&long), 80.374_683_924_297_41, 1e-8);
    let put = Row::new(&[100.0, 120.0, 4.0, 0.1, 0.03, 0.25], false);
    assert_close(qd_plus_boundary(&put), 88.390_530_036_146_12, 1e-12);
}
