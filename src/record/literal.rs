//! Is that a number, true, false or null, as JSON writes them?

/// Whether a literal begins there that JSON has, and a comma or a bracket follows it. Numbers are those that every reader takes
/// for the same: up to 18 digits, perhaps a sign and a fraction.
#[inline(always)]
pub(super) fn is_literal(text: &[u8], place: usize) -> bool {
    let rest = text.get(place..).unwrap_or_default();
    let end = match rest {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
        [b'f', b'a', b'l', b's', b'e', ..] => 5,
        [b'-' | b'0'..=b'9', ..] => match number(rest) {
            Some(length) => length,
            None => return false,
        },
        _ => return false,
    };
    matches!(rest.get(end), Some(b',' | b'}' | b']'))
}

/// How long a plain number is.
fn number(text: &[u8]) -> Option<usize> {
    let sign = usize::from(text.first() == Some(&b'-'));
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter()
            .take(20)
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(sign);
    let leads_with_zero = whole > 1 && text.get(sign) == Some(&b'0');
    if !(1..=18).contains(&whole) || leads_with_zero {
        return None;
    }
    let end = sign + whole;
    if text.get(end) != Some(&b'.') {
        return Some(end);
    }
    let fraction = digits(end + 1);
    (1..=18).contains(&fraction).then_some(end + 1 + fraction)
}

/// Whether a backslash may stand before that byte, `u` aside.
pub(super) fn may_be_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_json_has_is_a_literal() {
        for text in [
            "true,",
            "false}",
            "null]",
            "0,",
            "-0,",
            "12.50,",
            "-7}",
            "123456789012345678,",
        ] {
            assert!(is_literal(text.as_bytes(), 0), "{text}");
        }
        for text in [
            "",
            "tru,",
            "truee,",
            "nul",
            "null",
            "null:",
            "01,",
            "-,",
            "1.,",
            ".5,",
            "1e5,",
            "+1,",
            "1 ,",
            "1234567890123456789,",
            "NaN,",
            "\"a\",",
            "Infinity,",
            "0x1,",
            "1.1.1,",
        ] {
            assert!(!is_literal(text.as_bytes(), 0), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_valid(text in "-?[0-9]{0,20}(\\.[0-9]{0,20})?") {
            if is_literal(format!("{text},").as_bytes(), 0) {
                prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok());
            }
        }
    }
}
