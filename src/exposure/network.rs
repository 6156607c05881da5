//! Is a set of address ranges wide enough to be the public?
//!
//! S3 takes ranges wider than /8 (IPv4) or /32 (IPv6) as public. It excepts the private ranges of RFC 1918, none of which is
//! wider than /8. It does not say whether it adds ranges up.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>

use std::net::IpAddr;

/// How much of the Internet some ranges take in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Breadth {
    /// Narrow enough to be fixed values.
    Narrow,
    /// Each is narrow enough, but together they hold a range that is not.
    WideTogether,
    /// One is so wide that S3 calls it public.
    Wide,
}

/// The breadth of several ranges; `None` if there are none, or if one cannot be read as S3 documents ranges.
pub fn breadth<'r>(ranges: impl Iterator<Item = &'r String>) -> Option<Breadth> {
    let ranges = ranges
        .map(|text| Range::parse(text))
        .collect::<Option<Vec<_>>>()?;
    if ranges.is_empty() {
        return None;
    }
    if ranges.iter().any(|range| range.is_wide()) {
        return Some(Breadth::Wide);
    }
    let wide_together = [Family::V4, Family::V6]
        .into_iter()
        .any(|family| hold_a_wide_one(&ranges, family));
    Some(if wide_together {
        Breadth::WideTogether
    } else {
        Breadth::Narrow
    })
}

/// Whether an address lies in one of several ranges; `None` where one of them, or the address, cannot be read.
pub fn holds<'r>(mut ranges: impl Iterator<Item = &'r String>, address: &str) -> Option<bool> {
    let address = Range::parse(address)?;
    ranges.try_fold(false, |held, text| {
        let range = Range::parse(text)?;
        let is_in =
            range.family == address.family && (range.first..=range.last).contains(&address.first);
        Some(held || is_in)
    })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    V4,
    V6,
}

impl Family {
    /// How many bits an address has.
    fn bits(self) -> u32 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// The shortest prefix that is a fixed value.
    fn widest_fixed(self) -> u32 {
        match self {
            Self::V4 => 8,
            Self::V6 => 32,
        }
    }

    /// What the addresses of a prefix add to its first one.
    fn span(self, prefix: u32) -> u128 {
        let host = self.bits().saturating_sub(prefix);
        u128::MAX
            .checked_shr(128_u32.saturating_sub(host))
            .unwrap_or(0)
    }
}

/// An address range: its first and last address.
struct Range {
    family: Family,
    prefix: u32,
    first: u128,
    last: u128,
}

impl Range {
    /// Reads `address/bits`, or one address. Bits of the address behind the prefix do not count. Of IPv4 addresses written
    /// as IPv6 (`::ffff:0:0/96`) AWS does not say what they match.
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix_length(prefix)?)),
            None => (text, None),
        };
        let (family, address) = match address.parse().ok()? {
            IpAddr::V4(address) => (Family::V4, u128::from(u32::from(address))),
            IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => return None,
            IpAddr::V6(address) => (Family::V6, u128::from(address)),
        };
        let prefix = prefix.unwrap_or(family.bits());
        (prefix <= family.bits()).then(|| {
            let span = family.span(prefix);
            Self {
                family,
                prefix,
                first: address & !span,
                last: address | span,
            }
        })
    }

    fn is_wide(&self) -> bool {
        self.prefix < self.family.widest_fixed()
    }
}

fn prefix_length(text: &str) -> Option<u32> {
    let is_plain = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// Whether the ranges of a family, taken together, hold a whole range that S3 would call public.
fn hold_a_wide_one(ranges: &[Range], family: Family) -> bool {
    let mut spans: Vec<(u128, u128)> = ranges
        .iter()
        .filter(|range| range.family == family)
        .map(|range| (range.first, range.last))
        .collect();
    spans.sort_unstable();
    let size = family.span(family.widest_fixed().saturating_sub(1));
    let mut run: Option<(u128, u128)> = None;
    for (first, last) in spans {
        run = match run {
            Some((start, end)) if first <= end.saturating_add(1) => Some((start, end.max(last))),
            _ => Some((first, last)),
        };
        if run.is_some_and(|(start, end)| holds_aligned(start, end, size)) {
            return true;
        }
    }
    false
}

/// Whether a run of addresses holds a whole range of that size at one of its own boundaries.
fn holds_aligned(start: u128, end: u128, size: u128) -> bool {
    let aligned = if start & size == 0 {
        Some(start)
    } else {
        (start | size).checked_add(1)
    };
    aligned
        .and_then(|first| first.checked_add(size))
        .is_some_and(|last| last <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ranges: &[&str]) -> Option<Breadth> {
        let ranges: Vec<String> = ranges.iter().map(|range| (*range).to_owned()).collect();
        breadth(ranges.iter())
    }

    #[test]
    fn ranges_wider_than_slash_8_are_wide() {
        for (range, expected) in [
            ("203.0.113.5/32", Some(Breadth::Narrow)),
            ("203.0.113.5", Some(Breadth::Narrow)),
            ("203.0.113.5/24", Some(Breadth::Narrow)),
            ("54.0.0.0/8", Some(Breadth::Narrow)),
            ("54.0.0.0/08", Some(Breadth::Narrow)),
            ("54.0.0.0/7", Some(Breadth::Wide)),
            ("0.0.0.0/0", Some(Breadth::Wide)),
            ("10.0.0.0/8", Some(Breadth::Narrow)),
            ("10.0.0.0/7", Some(Breadth::Wide)),
            ("2001:db8::/32", Some(Breadth::Narrow)),
            ("2001:db8::1", Some(Breadth::Narrow)),
            ("2a06:98c0::/29", Some(Breadth::Wide)),
            ("fc00::/7", Some(Breadth::Wide)),
            ("::/0", Some(Breadth::Wide)),
            ("::ffff:0:0/96", None),
            ("::ffff:203.0.113.5", None),
            ("010.0.0.0/8", None),
            ("10.0.0.0/33", None),
            ("10.0.0.0/", None),
            ("10.0.0.0/+8", None),
            ("10.0.0/8", None),
            ("10.0.0.0-10.0.0.9", None),
            (" 10.0.0.0/8", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(of(&[range]), expected, "{range}");
        }
    }

    #[test]
    fn one_wide_range_spoils_the_list_and_neighbours_add_up() {
        for (ranges, expected) in [
            (&["203.0.113.0/24", "0.0.0.0/0"][..], Some(Breadth::Wide)),
            (&["54.0.0.0/8", "55.0.0.0/8"], Some(Breadth::WideTogether)),
            (
                &["55.0.0.0/8", "54.0.0.0/9", "54.128.0.0/9"],
                Some(Breadth::WideTogether),
            ),
            (&["53.0.0.0/8", "54.0.0.0/8"], Some(Breadth::Narrow)),
            (&["54.0.0.0/8", "56.0.0.0/8"], Some(Breadth::Narrow)),
            (&["255.0.0.0/8", "254.0.0.0/8"], Some(Breadth::WideTogether)),
            (
                &["2001:db8::/32", "2001:db9::/32"],
                Some(Breadth::WideTogether),
            ),
            (&["54.0.0.0/8", "::/32"], Some(Breadth::Narrow)),
            (&["203.0.113.0/24", "nonsense"], None),
            (&[], None),
        ] {
            assert_eq!(of(ranges), expected, "{ranges:?}");
        }
    }
}
