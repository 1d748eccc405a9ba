//! Money amounts in minor units, with explicit rounding and loss-free splitting.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Currency {
    Eur,
    Jpy,
    Kwd,
}

impl Currency {
    /// The code that is printed and parsed, and how many decimal places the currency has.
    pub fn format(self) -> (&'static str, usize) {
        match self {
            Currency::Eur => ("EUR", 2),
            Currency::Jpy => ("JPY", 0),
            Currency::Kwd => ("KWD", 3),
        }
    }

    /// Looks a currency up by its code, in upper or lower case.
    pub fn from_code(code: &str) -> Option<Currency> {
        [Currency::Eur, Currency::Jpy, Currency::Kwd]
            .into_iter()
            .find(|currency| currency.format().0.eq_ignore_ascii_case(code))
    }
}

/// What to do with a fraction of a minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero.
    Down,
    /// To the nearest unit, halves away from zero.
    HalfUp,
    /// To the nearest unit, halves to the even neighbour.
    HalfEven,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyError {
    UnknownCurrency(String),
    BadAmount(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// Reads text such as `-12.5 EUR`; more decimals than the currency has are an error.
    pub fn parse(text: &str) -> Result<Money, MoneyError> {
        let bad = || MoneyError::BadAmount(text.to_string());
        let (amount, code) = text.trim().split_once(' ').ok_or_else(bad)?;
        let currency = Currency::from_code(code)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.to_string()))?;
        let (_, digits) = currency.format();
        let (sign, unsigned) = match amount.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, amount),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if whole.is_empty() || fraction.len() > digits {
            return Err(bad());
        }
        let padded = format!("{whole}{fraction:0<digits$}");
        if !padded.chars().all(|c| c.is_ascii_digit()) {
            return Err(bad());
        }
        let minor: i64 = padded.parse().map_err(|_| bad())?;
        Ok(Money::new(sign * minor, currency))
    }

    /// Adds two amounts, if they have the same currency.
    pub fn plus(self, other: Money) -> Option<Money> {
        (self.currency == other.currency)
            .then(|| Money::new(self.minor + other.minor, self.currency))
    }

    /// Multiplies by `numerator / denominator`, where the denominator is positive.
    pub fn scale(self, numerator: i64, denominator: i64, rounding: Rounding) -> Money {
        let product = self.minor * numerator;
        let quotient = product / denominator;
        let doubled = 2 * (product % denominator).abs();
        let away = match rounding {
            Rounding::Down => false,
            Rounding::HalfUp => doubled >= denominator,
            Rounding::HalfEven => {
                doubled > denominator || (doubled == denominator && quotient % 2 != 0)
            }
        };
        let step = if away { product.signum() } else { 0 };
        Money::new(quotient + step, self.currency)
    }

    /// Splits into `parts` amounts that add up to this one; the first parts take the remainder.
    pub fn split(self, parts: i64) -> Vec<Money> {
        let (share, rest) = (self.minor / parts, self.minor % parts);
        (0..parts)
            .map(|index| {
                let extra = if index < rest.abs() { rest.signum() } else { 0 };
                Money::new(share + extra, self.currency)
            })
            .collect()
    }
}

impl fmt::Display for Money {
    /// Writes the amount with all decimals of its currency, e.g. `-0.05 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, digits) = self.currency.format();
        let unit = 10_i64.pow(digits as u32);
        let sign = if self.minor < 0 { "-" } else { "" };
        write!(f, "{sign}{}", self.minor.abs() / unit)?;
        if digits > 0 {
            write!(f, ".{:0digits$}", self.minor.abs() % unit)?;
        }
        write!(f, " {code}")
    }
}
