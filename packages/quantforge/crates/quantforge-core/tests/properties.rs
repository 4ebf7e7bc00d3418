//! What holds for every row, on rows drawn at random and shrunk.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;
use quantforge_core::catalogue::{Entry, PRICE, find};
use quantforge_core::column::{Column, Strided};
use quantforge_core::lane::Isa;
use quantforge_core::piece::{Inputs, Piece};

const EPSILON: f64 = f64::EPSILON;

/// Return the value of one row, and whether it was refused.
fn compute(entry: &Entry, isa: Isa, row: [f64; 6], side: f64) -> (f64, bool) {
    let columns = row.map(Column::Constant);
    let inputs = Inputs {
        columns: &columns,
        sides: Column::Constant(side),
        dividends: &[],
    };
    let mut value = [0.0];
    let mut piece = Piece::whole([value.as_mut_slice()], None);
    let refused = entry.for_inputs(&inputs).sweep(isa, &inputs, &mut piece);
    (value[0], refused > 0)
}

fn available() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_available())
}

prop_compose! {
    /// Spot, strike, time, rate, yield and volatility of an option that can be priced.
    fn option()(
        strike in 1.0..1e4_f64,
        log_moneyness in -6.0..6.0_f64,
        time in 1e-6..30.0_f64,
        rate in -0.2..0.3_f64,
        dividend_yield in -0.2..0.3_f64,
        sigma in 1e-4..4.0_f64,
    ) -> [f64; 6] {
        [strike * log_moneyness.exp(), strike, time, rate, dividend_yield, sigma]
    }
}

proptest! {
    #[test]
    fn prices_lie_between_their_bounds_and_meet_parity(row in option()) {
        let [spot, strike, time, rate, dividend_yield, _] = row;
        let forward = spot * (-dividend_yield * time).exp();
        let bond = strike * (-rate * time).exp();
        let scale = forward.max(bond);
        for isa in available() {
            let (call, call_refused) = compute(&PRICE, isa, row, 1.0);
            let (put, put_refused) = compute(&PRICE, isa, row, 0.0);
            prop_assert!(!call_refused && !put_refused);
            // The bounds here are rounded themselves, a few times.
            let slack = 8.0 * EPSILON * scale;
            prop_assert!(call >= (forward - bond).max(0.0) - slack && call <= forward + slack);
            prop_assert!(put >= (bond - forward).max(0.0) - slack && put <= bond + slack);
            prop_assert!(((call - put) - (forward - bond)).abs() <= 2.0 * slack);
        }
    }

    #[test]
    fn prices_rise_with_volatility(row in option(), factor in 1.001..2.0_f64) {
        let mut wilder = row;
        wilder[5] *= factor;
        for isa in available() {
            for side in [0.0, 1.0] {
                let (calm, wild) = (compute(&PRICE, isa, row, side), compute(&PRICE, isa, wilder, side));
                prop_assert!(wild.0 >= calm.0 * (1.0 - 4.0 * EPSILON));
            }
        }
    }

    #[test]
    fn whatever_the_bits_a_row_is_priced_or_refused(
        row in prop::array::uniform6(prop::num::f64::ANY), side in 0..2_u8
    ) {
        for name in ["price", "implied_volatility"] {
            let entry = find(name).unwrap();
            for isa in available() {
                let (value, refused) = compute(entry, isa, row, f64::from(side));
                prop_assert_eq!(value.is_nan(), refused, "{} {}", name, isa.name());
                prop_assert!(refused || (value.is_finite() && value >= 0.0));
            }
        }
    }

    #[test]
    fn views_read_what_their_strides_say(
        shape in prop::collection::vec(1..5_usize, 1..4),
        steps in prop::collection::vec(-3..4_isize, 3),
        first in 0..40_usize,
        len in 1..40_usize,
    ) {
        let data: Vec<f64> = (0_u16..64).map(f64::from).collect();
        let strides = &steps[..shape.len()];
        let rows: usize = shape.iter().product();
        let Some(view) = Strided::new(&data, 32, &shape, strides) else {
            return Ok(());
        };
        let (first, len) = (first % rows, len.min(rows - first % rows));
        let mut found = vec![0.0; len];
        Column::Strided(&view).read(first, &mut found);
        for (at, value) in found.into_iter().enumerate() {
            let mut rest = first + at;
            let mut offset = 32_isize;
            for (&extent, &stride) in shape.iter().zip(strides).rev() {
                offset += (rest % extent).cast_signed() * stride;
                rest /= extent;
            }
            prop_assert_eq!(value.to_bits(), data[offset.cast_unsigned()].to_bits());
        }
    }
}
