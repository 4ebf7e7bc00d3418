//! Every formula by name, and which of its compiled forms suits given inputs.
//!
//! Inputs are spot (or premium), strike, time, rate, yield and volatility in the order of their
//! module; a batch whose rows are all calls or all puts, or have no yield, runs a form that knows.

use crate::american::method::{
    BaroneAdesiWhaley, BjerksundStensland1993, BjerksundStensland2002, ByMethod, ByTree,
    CoxRossRubinstein, JuZhong, LeisenReimer, Method, QdPlus, QdPlusBoundary, Tree,
};
use crate::american::{Accurate, American, AmericanGreeks, AmericanImplied, Fast, High};
use crate::bachelier;
use crate::black::{
    self, AllGreeks, ForwardAllGreeks, ForwardGreeks, Greeks, NoYield, Price, WithYield,
};
use crate::column::Column;
use crate::dividends::{
    CashGreeks, CashImplied, CashPrice, Convention, EscrowedAmerican, EscrowedGreeks,
    EscrowedImplied, EscrowedPrice, SpotAmerican, SpotEuropean,
};
use crate::formula::Formula;
use crate::implied::{self, ImpliedVolatility};
use crate::kernel::{Calls, PerRow, Puts};
use crate::piece::Inputs;

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
pub static ALL: [&Entry; 35] = [
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
        Formula::of::<AmericanGreeks<Accurate, PerRow, 9, 8, 20>, 6, 9>(),
    ),
    &Entry::mixed(
        "american_implied_volatility",
        Formula::of::<AmericanImplied<Accurate, PerRow, 9, 8, 20>, 6, 1>(),
    ),
    &method::<BaroneAdesiWhaley>("barone_adesi_whaley"),
    &method::<JuZhong>("ju_zhong"),
    &method::<BjerksundStensland1993>("bjerksund_stensland_1993"),
    &method::<BjerksundStensland2002>("bjerksund_stensland_2002"),
    &method::<QdPlus>("qd_plus"),
    &method::<QdPlusBoundary>("qd_plus_boundary"),
    &tree::<LeisenReimer>("leisen_reimer"),
    &tree::<CoxRossRubinstein>("cox_ross_rubinstein"),
    &Entry::mixed(
        "black76_greeks",
        Formula::of::<ForwardGreeks<PerRow>, 6, 6>(),
    ),
    &Entry::mixed(
        "black76_all_greeks",
        Formula::of::<ForwardAllGreeks<PerRow>, 6, 13>(),
    ),
    &Entry::mixed(
        "bachelier_price",
        Formula::of::<bachelier::Price<PerRow>, 5, 1>(),
    ),
    &Entry::mixed(
        "bachelier_greeks",
        Formula::of::<bachelier::Greeks<PerRow>, 5, 6>(),
    ),
    &Entry::mixed(
        "bachelier_all_greeks",
        Formula::of::<bachelier::AllGreeks<PerRow>, 5, 13>(),
    ),
    &Entry::mixed(
        "bachelier_implied_volatility",
        Formula::of::<bachelier::ImpliedVolatility<PerRow>, 5, 1>(),
    ),
    &Entry::mixed(
        "cash_escrowed_european_price",
        Formula::of_rows::<EscrowedPrice, 5, 1>(),
    ),
    &Entry::mixed(
        "cash_escrowed_european_greeks",
        Formula::of_rows::<EscrowedGreeks, 5, 13>(),
    ),
    &Entry::mixed(
        "cash_escrowed_european_implied_volatility",
        Formula::of_rows::<EscrowedImplied, 5, 1>(),
    ),
    &cash_price::<EscrowedAmerican>("cash_escrowed_american_price"),
    &cash_greeks::<EscrowedAmerican>("cash_escrowed_american_greeks"),
    &cash_implied::<EscrowedAmerican>("cash_escrowed_american_implied_volatility"),
    &cash_price::<SpotEuropean>("cash_spot_european_price"),
    &cash_greeks::<SpotEuropean>("cash_spot_european_greeks"),
    &cash_implied::<SpotEuropean>("cash_spot_european_implied_volatility"),
    &cash_price::<SpotAmerican>("cash_spot_american_price"),
    &cash_greeks::<SpotAmerican>("cash_spot_american_greeks"),
    &cash_implied::<SpotAmerican>("cash_spot_american_implied_volatility"),
];

const fn method<M: Method>(name: &'static str) -> Entry {
    Entry::mixed(name, Formula::of::<ByMethod<M, PerRow>, 6, 1>())
}

const fn tree<T: Tree>(name: &'static str) -> Entry {
    Entry::mixed(name, Formula::of::<ByTree<T, PerRow>, 7, 1>())
}

const fn cash_price<C: Convention>(name: &'static str) -> Entry {
    Entry::mixed(name, Formula::of_rows::<CashPrice<C>, 5, 1>())
}

const fn cash_greeks<C: Convention>(name: &'static str) -> Entry {
    Entry::mixed(name, Formula::of_rows::<CashGreeks<C>, 5, 6>())
}

const fn cash_implied<C: Convention>(name: &'static str) -> Entry {
    Entry::mixed(name, Formula::of_rows::<CashImplied<C>, 5, 1>())
}

/// Return the formula of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.into_iter().find(|entry| entry.name == name)
}
