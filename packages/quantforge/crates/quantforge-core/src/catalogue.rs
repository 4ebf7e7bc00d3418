//! Every formula by name, and which of its compiled forms suits given inputs.
//!
//! All take spot (or premium), strike, time, rate, yield and volatility in the order of their
//! module; a batch whose rows are all calls or all puts, or have no yield, runs a form that knows.

use crate::american::{Accurate, American, AmericanGreeks, Fast, High};
use crate::batch::Inputs;
use crate::black::{self, AllGreeks, Greeks, NoYield, Price, WithYield};
use crate::column::Column;
use crate::formula::Formula;
use crate::implied::{self, ImpliedVolatility};
use crate::kernel::{Calls, PerRow, Puts};

/// A formula and its compiled forms.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// How callers ask for it.
    pub name: &'static str,
    /// For rows of both sides.
    pub mixed: Formula,
    /// For calls and for puts alone, if they differ.
    one_sided: Option<[Formula; 2]>,
    /// The same where this input, the yield, is the constant 0.
    plain: Option<(usize, [Formula; 2])>,
}

impl Entry {
    const fn mixed(name: &'static str, mixed: Formula) -> Self {
        Self {
            name,
            mixed,
            one_sided: None,
            plain: None,
        }
    }

    /// Return the form for `inputs`.
    #[must_use]
    pub fn for_inputs(&self, inputs: &Inputs<'_>) -> &Formula {
        let Column::Constant(side) = inputs.sides else {
            return &self.mixed;
        };
        let plain = self.plain.as_ref().filter(|(growth, _)| {
            matches!(inputs.columns.get(*growth), Some(Column::Constant(0.0)))
        });
        match plain.map(|(_, forms)| forms).or(self.one_sided.as_ref()) {
            Some([calls, _]) if side > 0.5 => calls,
            Some([_, puts]) => puts,
            None => &self.mixed,
        }
    }
}

/// Prices of European options.
pub static PRICE: Entry = Entry {
    name: "price",
    mixed: Formula::of::<Price<WithYield, PerRow>, 6, 1>(),
    one_sided: Some([
        Formula::of::<Price<WithYield, Calls>, 6, 1>(),
        Formula::of::<Price<WithYield, Puts>, 6, 1>(),
    ]),
    plain: Some((
        black::YIELD,
        [
            Formula::of::<Price<NoYield, Calls>, 6, 1>(),
            Formula::of::<Price<NoYield, Puts>, 6, 1>(),
        ],
    )),
};

/// All formulas.
pub static ALL: [&Entry; 8] = [
    &PRICE,
    &Entry {
        name: "greeks",
        mixed: Formula::of::<Greeks<WithYield, PerRow>, 6, 6>(),
        one_sided: None,
        plain: Some((
            black::YIELD,
            [
                Formula::of::<Greeks<NoYield, Calls>, 6, 6>(),
                Formula::of::<Greeks<NoYield, Puts>, 6, 6>(),
            ],
        )),
    },
    &Entry::mixed(
        "all_greeks",
        Formula::of::<AllGreeks<WithYield, PerRow>, 6, 13>(),
    ),
    &Entry {
        name: "implied_volatility",
        mixed: Formula::of::<ImpliedVolatility<WithYield, PerRow>, 6, 1>(),
        one_sided: None,
        plain: Some((
            implied::YIELD,
            [
                Formula::of::<ImpliedVolatility<NoYield, Calls>, 6, 1>(),
                Formula::of::<ImpliedVolatility<NoYield, Puts>, 6, 1>(),
            ],
        )),
    },
    &Entry::mixed(
        "american_fast",
        Formula::of::<American<Fast, PerRow, 7, 7, 10>, 6, 1>(),
    ),
    &Entry::mixed(
        "american_accurate",
        Formula::of::<American<Accurate, PerRow, 9, 8, 20>, 6, 1>(),
    ),
    &Entry::mixed(
        "american_high",
        Formula::of::<American<High, PerRow, 32, 24, 48>, 6, 1>(),
    ),
    &Entry::mixed(
        "american_greeks",
        Formula::of::<AmericanGreeks<Accurate, PerRow, 9, 8, 20>, 6, 5>(),
    ),
];

/// Return the formula of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.into_iter().find(|entry| entry.name == name)
}
