//! Every instruction set gives the same prices within two units in the last place.

use quantforge_core::batch::{Resources, run};
use quantforge_core::catalogue::PRICE;
use quantforge_core::column::Column;
use quantforge_core::lane::Isa;
use quantforge_core::piece::{Inputs, Piece};

const ROWS: usize = 20_000;

/// A small deterministic generator (Steele, Lea and Flood 2014), uniform in `low..high`.
fn uniform(state: &mut u64, low: f64, high: f64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let bits = (z ^ (z >> 31)) >> 12;
    low + (high - low) * (f64::from_bits(0x3FF0_0000_0000_0000 | bits) - 1.0)
}

fn hard_rows() -> [Vec<f64>; 5] {
    let mut state = 7;
    let mut rows: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROWS {
        let time = 10_f64.powf(uniform(&mut state, -5.0, 1.0));
        let sigma = 10_f64.powf(uniform(&mut state, -2.0, 0.5));
        let rate = uniform(&mut state, -0.1, 0.1);
        let moneyness = uniform(&mut state, -30.0, 8.0) * (sigma * time.sqrt()).min(5.0);
        let strike = uniform(&mut state, 50.0, 200.0);
        let row = [strike * moneyness.exp(), strike, time, rate, sigma];
        for (column, value) in rows.iter_mut().zip(row) {
            column.push(value);
        }
    }
    rows
}

fn prices(isa: Isa, rows: &[Vec<f64>; 5], sides: &[f64]) -> [Vec<f64>; 3] {
    let [spots, strikes, times, rates, sigmas] = rows.each_ref().map(|row| Column::Contiguous(row));
    let columns = [spots, strikes, times, rates, Column::Constant(0.0), sigmas];
    let sides = [
        Column::Constant(1.0),
        Column::Constant(0.0),
        Column::Contiguous(sides),
    ];
    sides.map(|sides| {
        let inputs = Inputs {
            columns: &columns,
            sides,
            dividends: &[],
        };
        let mut found = vec![0.0; ROWS];
        let mut piece = Piece::whole([found.as_mut_slice()], None);
        let resources = Resources { isa, threads: 1 };
        assert_eq!(
            run(PRICE.for_inputs(&inputs), &inputs, &mut piece, resources),
            0
        );
        found
    })
}

fn ulps(a: f64, b: f64) -> u64 {
    a.to_bits().abs_diff(b.to_bits())
}

#[test]
fn prices_differ_by_at_most_two_ulp() {
    let rows = hard_rows();
    let sides: Vec<f64> = (0..ROWS).map(|row| [0.0, 1.0][row % 2]).collect();
    let reference = prices(Isa::Scalar, &rows, &sides);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let found = prices(isa, &rows, &sides);
        for (theirs, ours) in reference.iter().flatten().zip(found.iter().flatten()) {
            assert!(
                ulps(*theirs, *ours) <= 2,
                "{}: {theirs:e} {ours:e}",
                isa.name()
            );
        }
    }
}

#[test]
fn sides_row_by_row_equal_sides_known_when_compiled() {
    let rows = hard_rows();
    let sides: Vec<f64> = (0..ROWS).map(|row| [0.0, 1.0][row % 2]).collect();
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let [calls, puts, mixed] = prices(isa, &rows, &sides);
        for row in 0..ROWS {
            let expected = [puts[row], calls[row]][row % 2];
            assert_eq!(mixed[row].to_bits(), expected.to_bits());
        }
    }
}
