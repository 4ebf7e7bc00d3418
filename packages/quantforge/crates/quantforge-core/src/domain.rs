//! Domains of inputs: written once, checked by lanes, explained by row.

/// Allowed values of one input.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// Smallest allowed value.
    pub low: f64,
    /// Largest allowed value.
    pub high: f64,
    /// What is allowed, in words.
    pub rule: &'static str,
}

impl Domain {
    /// Return the domain of a price of something: a positive number.
    ///
    /// The bounds keep `S K` and `S / K` away from overflow and underflow.
    #[must_use]
    pub const fn positive() -> Self {
        Self {
            low: 1e-75,
            high: 1e75,
            rule: "must be positive and finite, 1e-75 to 1e75",
        }
    }
    /// Return the domain of a price of something that may be worth nothing.
    #[must_use]
    pub const fn price_or_nothing() -> Self {
        Self {
            low: 0.0,
            high: 1e75,
            rule: "must be >= 0 and at most 1e75",
        }
    }
    /// Return the domain of a price of either sign.
    #[must_use]
    pub const fn any_price() -> Self {
        Self {
            low: -1e75,
            high: 1e75,
            rule: "must be finite, -1e75 to 1e75",
        }
    }
    /// Return the domain of a volatility in units of the price.
    #[must_use]
    pub const fn absolute_volatility() -> Self {
        Self {
            low: 0.0,
            high: 1e75,
            rule: "must be >= 0 and at most 1e75 per root year",
        }
    }
    /// Return the domain of years to expiry.
    #[must_use]
    pub const fn time() -> Self {
        Self {
            low: 0.0,
            high: 1e4,
            rule: "must be >= 0 and at most 1e4 years",
        }
    }
    /// Return the domain of years to expiry where some must be left.
    #[must_use]
    pub const fn positive_time() -> Self {
        Self {
            low: 1e-12,
            high: 1e4,
            rule: "must be positive, 1e-12 to 1e4 years",
        }
    }
    /// Return the domain of the price of an option.
    #[must_use]
    pub const fn premium() -> Self {
        Self {
            low: 0.0,
            high: 1e75,
            rule: "must be >= 0 and at most 1e75",
        }
    }
    /// Return the domain of a continuously compounded rate.
    #[must_use]
    pub const fn rate() -> Self {
        Self {
            low: -1e3,
            high: 1e3,
            rule: "must be finite, -1e3 to 1e3 per year",
        }
    }
    /// Return the domain of a relative volatility.
    #[must_use]
    pub const fn volatility() -> Self {
        Self {
            low: 0.0,
            high: 1e3,
            rule: "must be >= 0 and at most 1e3 per root year",
        }
    }

    /// Return whether `x` is allowed.
    #[must_use]
    pub fn contains(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x)
    }
}

/// Largest `|rate * time|`: what two rates and the quotient of spot and strike can grow to together
/// stays a normal number.
pub const MAX_EXPONENT: f64 = 170.0;

/// State of one row of a batch; the numbers are part of the Python interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Computed.
    Ok = 0,
    /// An input is NaN, infinite or outside its domain.
    BadInput = 1,
    /// The price is below what immediate certainty pays: no volatility gives it.
    BelowIntrinsic = 2,
    /// The price is above what any volatility gives.
    AboveBound = 3,
}

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Kind of refusal.
    pub status: Status,
    /// Number of the input.
    pub input: usize,
    /// Value found.
    pub value: f64,
    /// What is allowed, in words.
    pub rule: &'static str,
}

/// What becomes of rows that cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The first one is an error.
    Raise,
    /// Their results are NaN.
    Nan,
    /// Their results are NaN, and every row has a [`Status`].
    Status,
}

impl std::str::FromStr for OnError {
    type Err = crate::error::QuantForgeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "raise" => Ok(Self::Raise),
            "nan" => Ok(Self::Nan),
            "status" => Ok(Self::Status),
            other => Err(Self::Err::OnError {
                value: other.to_owned(),
            }),
        }
    }
}
