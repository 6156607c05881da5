//! How do numbers compare, and how does a number read as text?

use std::cmp::Ordering;

/// A number of a pattern or a record. Whole numbers compare exactly, others as double precision.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Decimal(f64),
}

impl Number {
    /// Reads a number as patterns write it: a sign, digits, a decimal part, an exponent; `None` for anything else.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, part) = match mantissa.split_once('.') {
            Some((whole, part)) => (whole, Some(part)),
            None => (mantissa, None),
        };
        let power = exponent.map(|power| power.strip_prefix(['+', '-']).unwrap_or(power));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !part.is_none_or(digits) || !power.is_none_or(digits) {
            return None;
        }
        let whole = part
            .or(exponent)
            .is_none()
            .then(|| word.parse().ok())
            .flatten();
        match whole {
            Some(number) => Some(Self::Whole(number)),
            None => word.parse().ok().map(Self::Decimal),
        }
    }

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => Some(one.cmp(&two)),
            (one, two) => one.double().partial_cmp(&two.double()),
        }
    }

    /// The nearest double.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a comparison with a decimal is one of doubles"
    )]
    fn double(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Decimal(number) => number,
        }
    }

    /// The number's shortest text: `50`, `2.5`.
    pub(super) fn text(self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_patterns_write_them() {
        for (word, text) in [
            ("5", Some("5")),
            ("-5", Some("-5")),
            ("+1000", Some("1000")),
            ("55.5", Some("55.5")),
            ("10e3", Some("10000")),
            ("1e+3", Some("1000")),
            ("1e-3", Some("0.001")),
            ("123456789012", Some("123456789012")),
            ("", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            ("1e", None),
            ("0x10", None),
            ("inf", None),
            ("NaN", None),
            ("1_000", None),
            ("10.0.0.1", None),
        ] {
            assert_eq!(
                Number::parse(word).map(Number::text).as_deref(),
                text,
                "{word}"
            );
        }
    }

    #[test]
    fn whole_numbers_compare_exactly() {
        let (one, two) = (i128::from(u64::MAX), i128::from(u64::MAX) - 1);
        assert_eq!(
            Number::Whole(one).compare(Number::Whole(two)),
            Some(Ordering::Greater)
        );
        assert_eq!(
            Number::Whole(80).compare(Number::Decimal(80.0)),
            Some(Ordering::Equal)
        );
    }
}
