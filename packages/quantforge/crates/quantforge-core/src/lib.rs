//! Option pricing kernels.
//!
//! Formulas are written once over [`lane::Lane`] and run on whatever vectors the processor has.
//! The chain to the hot line: [`batch::run`] cuts a batch after [`strategy`], a
//! [`formula::Formula`] walks one piece in blocks that fit the first-level cache, a
//! [`kernel::Kernel`] computes a block.
//! No Python types, no printing, no panics on user input.

#![deny(unsafe_code)]
#![allow(
    clippy::inline_always,
    reason = "vector code must be inlined into the function that enables the instruction set"
)]

pub mod american;
pub mod bachelier;
pub mod batch;
pub mod black;
pub mod catalogue;
#[allow(clippy::unreadable_literal, reason = "generated numbers")]
pub mod coefficients;
pub mod column;
pub mod constants;
pub mod dividends;
pub mod domain;
pub mod elementary;
pub mod error;
pub mod formula;
pub mod implied;
pub mod kernel;
#[allow(unsafe_code, reason = "intrinsics; each use says why it is sound")]
pub mod lane;
pub mod mills;
pub mod piece;
pub mod pool;
pub mod rows;
pub mod schedule;
pub mod shape;
pub mod strategy;
mod sweep;
