//! The functions of the module.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use quantforge_core::catalogue::{self, PRICE};
use quantforge_core::kernel::MAX_INPUTS;
use quantforge_core::lane::Isa;
use quantforge_core::pool::thread_limit;
use quantforge_core::schedule::schedule;

use crate::errors::{no_formula, python_error};
use crate::evaluate::{batch, scalar};
use crate::request::{Argument, Request};

/// Define the two price functions of a model and a side: one option, and arrays of options.
///
/// Users call them directly: no Python stands between. The lists in brackets are the six inputs of
/// [`PRICE`] in terms of the function's own parameters.
macro_rules! price_functions {
    (
        $noun:literal, $side:literal;
        $one:ident($($x:ident),*) [$($own:expr),*];
        $many:ident($($xs:ident),*) [$($owns:expr),*];
    ) => {
        #[doc = concat!("Return the price of one ", $noun, " as a float.")]
        #[pyfunction]
        #[allow(clippy::many_single_char_names, reason = "the symbols of the formula")]
        pub fn $one($($x: f64),*) -> PyResult<f64> {
            scalar(&PRICE, &[$(stringify!($own)),*], [$($own),*], $side)
        }

        #[doc = concat!(
            "Return the prices of ", $noun, "s in the broadcast shape.\n\n",
            "Numbers and arrays, `out`, `on_error` and `threads`: see the module."
        )]
        #[pyfunction]
        #[pyo3(signature = ($($xs),*, *, out=None, on_error=None, threads=None))]
        #[allow(clippy::too_many_arguments, reason = "the Python signature")]
        pub fn $many<'py>(
            py: Python<'py>,
            $($xs: &Bound<'py, PyAny>,)*
            out: Option<&Bound<'py, PyAny>>,
            on_error: Option<&str>,
            threads: Option<isize>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let names = [$(stringify!($owns)),*];
            let request = Request {
                entry: &PRICE,
                name: &|index| names[index].to_owned(),
                dividends: &[],
                arguments: &[$(Argument::from($owns)),*],
                is_call: Argument::Number($side),
                out,
                on_error,
                threads,
            };
            batch(py, &request)
        }
    };
}

price_functions! {
    "call", 1.0;
    black_scholes_call_price(s, k, t, r, sigma) [s, k, t, r, 0.0, sigma];
    black_scholes_call_price_batch(spots, strikes, times, rates, sigmas)
        [spots, strikes, times, rates, 0.0, sigmas];
}
price_functions! {
    "put", 0.0;
    black_scholes_put_price(s, k, t, r, sigma) [s, k, t, r, 0.0, sigma];
    black_scholes_put_price_batch(spots, strikes, times, rates, sigmas)
        [spots, strikes, times, rates, 0.0, sigmas];
}
price_functions! {
    "call", 1.0;
    merton_call_price(s, k, t, r, q, sigma) [s, k, t, r, q, sigma];
    merton_call_price_batch(spots, strikes, times, rates, dividend_yields, sigmas)
        [spots, strikes, times, rates, dividend_yields, sigmas];
}
price_functions! {
    "put", 0.0;
    merton_put_price(s, k, t, r, q, sigma) [s, k, t, r, q, sigma];
    merton_put_price_batch(spots, strikes, times, rates, dividend_yields, sigmas)
        [spots, strikes, times, rates, dividend_yields, sigmas];
}
price_functions! {
    "call", 1.0;
    black76_call_price(f, k, t, r, sigma) [f, k, t, r, r, sigma];
    black76_call_price_batch(forwards, strikes, times, rates, sigmas)
        [forwards, strikes, times, rates, rates, sigmas];
}
price_functions! {
    "put", 0.0;
    black76_put_price(f, k, t, r, sigma) [f, k, t, r, r, sigma];
    black76_put_price_batch(forwards, strikes, times, rates, sigmas)
        [forwards, strikes, times, rates, rates, sigmas];
}

/// Compute the formula of that name from a tuple of its inputs; `names` are for messages,
/// `dividends` pairs of years and amounts for the formulas that know them.
#[pyfunction]
#[pyo3(signature = (
    formula, names, arguments, is_call, *, dividends=None, out=None, on_error=None, threads=None
))]
#[allow(clippy::too_many_arguments, reason = "the Python signature")]
pub fn evaluate<'py>(
    py: Python<'py>,
    formula: &str,
    names: &Bound<'py, PyTuple>,
    arguments: &Bound<'py, PyTuple>,
    is_call: &Bound<'py, PyAny>,
    dividends: Option<Vec<(f64, f64)>>,
    out: Option<&Bound<'py, PyAny>>,
    on_error: Option<&str>,
    threads: Option<isize>,
) -> PyResult<Bound<'py, PyAny>> {
    let entry = catalogue::find(formula).ok_or_else(|| no_formula(formula))?;
    let count = arguments.len();
    if count != entry.mixed.inputs {
        let needed = entry.mixed.inputs;
        let message = format!("{formula} takes {needed} inputs, not {count}");
        return Err(PyValueError::new_err(message));
    }
    let mut own = [Argument::Number(0.0); MAX_INPUTS];
    let objects = (0..count).map(|index| arguments.get_borrowed_item(index));
    let objects = objects.collect::<PyResult<Vec<_>>>()?;
    for (slot, object) in own.iter_mut().zip(&objects) {
        *slot = Argument::from(&**object);
    }
    let name = |index| match names.get_item(index) {
        Ok(name) => name.to_string(),
        Err(_) => format!("input {index}"),
    };
    let dividends = schedule(&dividends.unwrap_or_default()).map_err(python_error)?;
    let request = Request {
        entry,
        name: &name,
        dividends: &dividends,
        arguments: &own[..count],
        is_call: Argument::from(is_call),
        out,
        on_error,
        threads,
    };
    batch(py, &request)
}

/// Return the name of the instruction set in use.
#[pyfunction]
pub fn instruction_set() -> PyResult<&'static str> {
    Isa::active().map(Isa::name).map_err(python_error)
}

/// Return the most threads that a call may use.
#[pyfunction(name = "thread_limit")]
pub fn most_threads() -> PyResult<usize> {
    thread_limit().map_err(python_error)
}
