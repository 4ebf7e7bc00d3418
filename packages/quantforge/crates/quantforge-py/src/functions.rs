//! The functions of the module.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use quantforge_core::american::method::{
    BaroneAdesiWhaley, BjerksundStensland1993, BjerksundStensland2002, ByMethod, JuZhong, QdPlus,
    QdPlusBoundary,
};
use quantforge_core::american::{
    Accurate, American, AmericanGreeks, AmericanImplied, Fast, High, tree,
};
use quantforge_core::black::{AllGreeks, Greeks, NoYield, Price, WithYield};
use quantforge_core::implied::ImpliedVolatility;
use quantforge_core::kernel::{Calls, PerRow, Puts};
use quantforge_core::lane::Isa;
use quantforge_core::pool::thread_limit;

use crate::evaluate::{Request, batch, python_error, scalar};

/// Define a scalar and a batch function that are called often enough to deserve their own entry.
macro_rules! price_functions {
    ($one:ident, $many:ident, $kernel:ty, $is_call:literal) => {
        #[pyfunction]
        fn $one(s: f64, k: f64, t: f64, r: f64, sigma: f64) -> PyResult<f64> {
            scalar::<$kernel, 5>(
                &["s", "k", "t", "r", "sigma"],
                [s, k, t, r, sigma],
                $is_call,
            )
        }

        #[pyfunction]
        #[pyo3(signature = (
                    spots, strikes, times, rates, sigmas, *, out=None, on_error=None, threads=None
                ))]
        #[allow(clippy::too_many_arguments, reason = "the Python signature")]
        fn $many<'py>(
            py: Python<'py>,
            spots: &Bound<'py, PyAny>,
            strikes: &Bound<'py, PyAny>,
            times: &Bound<'py, PyAny>,
            rates: &Bound<'py, PyAny>,
            sigmas: &Bound<'py, PyAny>,
            out: Option<&Bound<'py, PyAny>>,
            on_error: Option<&str>,
            threads: Option<usize>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let request = Request {
                names: ["spots", "strikes", "times", "rates", "sigmas"],
                arguments: [spots, strikes, times, rates, sigmas],
                is_call: None,
                out,
                on_error,
                threads,
            };
            batch::<$kernel, 5, 1>(py, &request)
        }
    };
}

price_functions!(
    black_scholes_call_price,
    black_scholes_call_price_batch,
    Price<NoYield, Calls>,
    true
);
price_functions!(
    black_scholes_put_price,
    black_scholes_put_price_batch,
    Price<NoYield, Puts>,
    false
);

type FastAmerican = American<Fast, PerRow, 7, 7, 10>;
type AccurateAmerican = American<Accurate, PerRow, 9, 8, 20>;
type HighAmerican = American<High, PerRow, 32, 24, 48>;
type ImpliedOfAmerican = AmericanImplied<Accurate, PerRow, 9, 8, 20>;
type GreeksOfAmerican = AmericanGreeks<Accurate, PerRow, 9, 8, 20>;

/// Compute the kernel of that name: `arguments` are six inputs, spot to volatility.
#[pyfunction]
#[pyo3(signature = (kernel, names, arguments, is_call, *, out=None, on_error=None, threads=None))]
#[allow(
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    reason = "the Python signature"
)]
fn evaluate<'py>(
    py: Python<'py>,
    kernel: &str,
    names: [PyBackedStr; 6],
    arguments: [Bound<'py, PyAny>; 6],
    is_call: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    on_error: Option<&str>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let request = Request {
        names: names.each_ref().map(|name| &**name),
        arguments: arguments.each_ref(),
        is_call: Some(is_call),
        out,
        on_error,
        threads,
    };
    match kernel {
        "price" => batch::<Price<WithYield, PerRow>, 6, 1>(py, &request),
        "greeks" => batch::<Greeks<WithYield, PerRow>, 6, 6>(py, &request),
        "all_greeks" => batch::<AllGreeks<WithYield, PerRow>, 6, 13>(py, &request),
        "implied_volatility" => batch::<ImpliedVolatility<PerRow>, 6, 1>(py, &request),
        "american_fast" => batch::<FastAmerican, 6, 1>(py, &request),
        "american_accurate" => batch::<AccurateAmerican, 6, 1>(py, &request),
        "american_high" => batch::<HighAmerican, 6, 1>(py, &request),
        "american_greeks" => batch::<GreeksOfAmerican, 6, 9>(py, &request),
        "american_implied_volatility" => batch::<ImpliedOfAmerican, 6, 1>(py, &request),
        "barone_adesi_whaley" => batch::<ByMethod<BaroneAdesiWhaley, PerRow>, 6, 1>(py, &request),
        "ju_zhong" => batch::<ByMethod<JuZhong, PerRow>, 6, 1>(py, &request),
        "bjerksund_stensland_1993" => {
            batch::<ByMethod<BjerksundStensland1993, PerRow>, 6, 1>(py, &request)
        }
        "bjerksund_stensland_2002" => {
            batch::<ByMethod<BjerksundStensland2002, PerRow>, 6, 1>(py, &request)
        }
        "qd_plus" => batch::<ByMethod<QdPlus, PerRow>, 6, 1>(py, &request),
        "qd_plus_boundary" => batch::<ByMethod<QdPlusBoundary, PerRow>, 6, 1>(py, &request),
        other => Err(PyValueError::new_err(format!(
            "there is no kernel {other:?}"
        ))),
    }
}

/// Price one American option (spot, strike, time, rate, yield, volatility) by a binomial tree.
#[pyfunction]
fn american_tree(method: &str, row: [f64; 6], is_call: bool, steps: usize) -> PyResult<f64> {
    match method {
        "leisen_reimer" => Ok(tree::leisen_reimer(row, is_call, steps)),
        "cox_ross_rubinstein" => Ok(tree::cox_ross_rubinstein(row, is_call, steps)),
        other => Err(PyValueError::new_err(format!("there is no tree {other:?}"))),
    }
}

/// Return the name of the instruction set in use.
#[pyfunction]
fn instruction_set() -> PyResult<&'static str> {
    Isa::active()
        .map(Isa::name)
        .map_err(|error| python_error(&error))
}

/// Return the most threads that a call may use.
#[pyfunction(name = "thread_limit")]
fn most_threads() -> PyResult<usize> {
    thread_limit().map_err(|error| python_error(&error))
}

/// Add every function to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(black_scholes_call_price, module)?)?;
    module.add_function(wrap_pyfunction!(black_scholes_call_price_batch, module)?)?;
    module.add_function(wrap_pyfunction!(black_scholes_put_price, module)?)?;
    module.add_function(wrap_pyfunction!(black_scholes_put_price_batch, module)?)?;
    module.add_function(wrap_pyfunction!(evaluate, module)?)?;
    module.add_function(wrap_pyfunction!(american_tree, module)?)?;
    module.add_function(wrap_pyfunction!(instruction_set, module)?)?;
    module.add_function(wrap_pyfunction!(most_threads, module)?)
}
