//! Is an address range wide enough to be the public?
//!
//! S3 takes ranges wider than /8 (IPv4) or /32 (IPv6) as public; private ranges (RFC 1918) are excepted.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>

use std::net::IpAddr;

/// How much of the Internet a range takes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breadth {
    /// Narrow enough to be a fixed value.
    Narrow,
    /// So wide that S3 calls it public.
    Wide,
}

/// The breadth of `address/bits` or of one address; `None` if it is neither.
pub fn breadth(range: &str) -> Option<Breadth> {
    let (address, bits) = match range.trim().split_once('/') {
        Some((address, bits)) => (address.parse().ok()?, Some(bits.parse::<u8>().ok()?)),
        None => (range.trim().parse().ok()?, None),
    };
    match address {
        IpAddr::V4(address) => {
            let bits = bits.unwrap_or(32);
            (bits <= 32).then(|| {
                if bits < 8 && !is_private(u32::from(address), bits) {
                    Breadth::Wide
                } else {
                    Breadth::Narrow
                }
            })
        }
        IpAddr::V6(_) => {
            let bits = bits.unwrap_or(128);
            let breadth = if bits < 32 {
                Breadth::Wide
            } else {
                Breadth::Narrow
            };
            (bits <= 128).then_some(breadth)
        }
    }
}

/// Whether a range lies within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.
fn is_private(address: u32, bits: u8) -> bool {
    let within = |net: u32, size: u8| {
        bits >= size && (address ^ net).checked_shr(u32::from(32 - size)) == Some(0)
    };
    within(0x0a00_0000, 8) || within(0xac10_0000, 12) || within(0xc0a8_0000, 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_wider_than_slash_8_are_wide() {
        for (range, expected) in [
            ("203.0.113.5/32", Some(Breadth::Narrow)),
            ("203.0.113.5", Some(Breadth::Narrow)),
            ("54.0.0.0/8", Some(Breadth::Narrow)),
            ("54.0.0.0/7", Some(Breadth::Wide)),
            ("0.0.0.0/0", Some(Breadth::Wide)),
            ("10.0.0.0/8", Some(Breadth::Narrow)),
            ("2001:db8::/32", Some(Breadth::Narrow)),
            ("2a06:98c0::/29", Some(Breadth::Wide)),
            ("::/0", Some(Breadth::Wide)),
            ("10.0.0.0/33", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(breadth(range), expected, "{range}");
        }
    }
}
