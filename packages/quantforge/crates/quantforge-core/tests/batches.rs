//! Batches: strided views, shares between threads, refused rows.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use quantforge_core::batch::{Resources, first_refusal, run};
use quantforge_core::catalogue::PRICE;
use quantforge_core::column::{Column, MAX_AXES, Strided};
use quantforge_core::constants::{PARALLEL_THRESHOLD_MEDIUM, PARALLEL_THRESHOLD_SMALL};
use quantforge_core::lane::Isa;
use quantforge_core::piece::{Inputs, Piece};
use quantforge_core::strategy::{PRICE_NANOSECONDS, piece_length};

const NAMES: [&str; 6] = ["s", "k", "t", "r", "q", "sigma"];

fn columns(strikes: Column<'_>) -> [Column<'_>; 6] {
    [
        Column::Constant(100.0),
        strikes,
        Column::Constant(1.0),
        Column::Constant(0.03),
        Column::Constant(0.0),
        Column::Constant(0.2),
    ]
}

fn calls<'a>(columns: &'a [Column<'a>; 6]) -> Inputs<'a> {
    Inputs {
        columns,
        sides: Column::Constant(1.0),
        dividends: &[],
    }
}

fn price(columns: &[Column<'_>; 6], rows: usize, threads: usize) -> (Vec<f64>, Vec<u8>, usize) {
    let (mut values, mut statuses) = (vec![0.0; rows], vec![0; rows]);
    let mut piece = Piece::whole([values.as_mut_slice()], Some(&mut statuses));
    let resources = Resources {
        isa: Isa::Scalar,
        threads,
    };
    let inputs = calls(columns);
    let refused = run(PRICE.for_inputs(&inputs), &inputs, &mut piece, resources);
    (values, statuses, refused)
}

fn first_error(columns: &[Column<'_>; 6], rows: usize) -> String {
    let inputs = calls(columns);
    let name = |input: usize| NAMES[input].to_owned();
    first_refusal(PRICE.for_inputs(&inputs), &inputs, Some(rows), name)
        .unwrap()
        .to_string()
}

#[test]
fn threads_do_not_change_results() {
    for rows in [
        PARALLEL_THRESHOLD_SMALL + 1,
        PARALLEL_THRESHOLD_MEDIUM + 12_345,
    ] {
        let strikes: Vec<f64> = (0..rows).map(|row| [90.0, 100.0, 120.0][row % 3]).collect();
        let inputs = columns(Column::Contiguous(&strikes));
        assert_eq!(price(&inputs, rows, 1), price(&inputs, rows, 3));
    }
}

#[test]
fn refused_rows_are_counted_marked_and_named() {
    let mut strikes = vec![100.0; 70_000];
    for row in [3, 40_000, 69_999] {
        strikes[row] = f64::NAN;
    }
    let inputs = columns(Column::Contiguous(&strikes));
    let (values, statuses, refused) = price(&inputs, strikes.len(), 2);
    assert_eq!(refused, 3);
    for (row, (value, status)) in values.iter().zip(statuses).enumerate() {
        assert_eq!(value.is_nan(), strikes[row].is_nan());
        assert_eq!(status, u8::from(strikes[row].is_nan()));
    }
    let error = first_error(&inputs, strikes.len());
    assert!(error.starts_with("row 3: k is NaN, but must be positive"));
}

#[test]
fn a_discount_that_overflows_is_refused() {
    let mut inputs = columns(Column::Constant(100.0));
    inputs[2] = Column::Constant(1_000.0);
    inputs[3] = Column::Constant(-0.5);
    assert_eq!(price(&inputs, 5, 1).2, 5);
    let error = first_error(&inputs, 1);
    assert!(error.contains("r is -0.5, but must stay within -170 to 170 when multiplied"));
}

#[test]
fn strided_views_read_what_they_cover() {
    let data: Vec<f64> = (0..24).map(f64::from).collect();
    // Axes (2, 3, 4) of which the second is reversed and the third broadcast.
    let view = Strided::new(&data, 2 * 4, &[2, 3, 4], &[12, -4, 0]).unwrap();
    let mut rows = [0.0; 24];
    Column::Strided(&view).read(0, &mut rows);
    let expected = [8.0, 8.0, 8.0, 8.0, 4.0, 4.0, 4.0, 4.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(rows[..12], expected);
    let mut part = [0.0; 5];
    Column::Strided(&view).read(10, &mut part);
    assert_eq!(part[..], rows[10..15]);
}

#[test]
fn views_outside_their_memory_are_refused() {
    let data = [0.0; 10];
    assert!(Strided::new(&data, 0, &[11], &[1]).is_none());
    assert!(Strided::new(&data, 0, &[2], &[-1]).is_none());
    assert!(Strided::new(&data, 0, &[2], &[isize::MAX]).is_none());
    assert!(Strided::new(&data, 0, &[0, usize::MAX], &[isize::MAX, 1]).is_some());
    assert!(Strided::new(&data, 0, &[1; 40], &[1; 40]).is_some());
    assert!(Strided::new(&data, 0, &[2; MAX_AXES + 1], &[0, 1].repeat(5)[1..]).is_none());
}

#[test]
fn pieces_follow_the_table() {
    let cost = PRICE_NANOSECONDS;
    let small = PARALLEL_THRESHOLD_SMALL;
    assert_eq!(piece_length(small - 1, cost, 2), small - 1);
    assert_eq!(piece_length(small, cost, 2), small.div_ceil(2));
    assert_eq!(piece_length(small, cost, 1), small);
    assert!(piece_length(PARALLEL_THRESHOLD_MEDIUM, cost, 2) < PARALLEL_THRESHOLD_MEDIUM / 2);
    // Ten times the work per row: a tenth of the rows is shared.
    assert_eq!(
        piece_length(small / 10 + 1, cost * 10.0, 2),
        (small / 10 + 1).div_ceil(2)
    );
}
