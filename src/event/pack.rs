//! How does something small become bytes, and come back?
//!
//! For what is kept by the million: texts and numbers one after the other. Texts that are sorted by end with a zero byte.

/// Writes bytes.
#[derive(Default)]
pub(super) struct Packer(pub Vec<u8>);

impl Packer {
    /// A checked name, which holds no zero byte: sorted by its text.
    pub fn name(&mut self, name: &str) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
    }

    /// A number, sorted by its value.
    pub fn instant(&mut self, seconds: i64) {
        let unsigned = seconds.cast_unsigned() ^ (1 << 63);
        self.0.extend_from_slice(&unsigned.to_be_bytes());
    }

    /// A number.
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    /// Any text.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
}

/// Reads them again.
pub(super) struct Unpacker<'p>(pub &'p [u8]);

impl<'p> Unpacker<'p> {
    pub fn name(&mut self) -> Option<&'p str> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let name = self.bytes(end)?;
        self.bytes(1)?;
        std::str::from_utf8(name).ok()
    }

    pub fn instant(&mut self) -> Option<i64> {
        let bytes = self.bytes(8)?.try_into().ok()?;
        Some((u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
    }

    pub fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = *self.bytes(1)?.first()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                return Some(number);
            }
        }
    }

    pub fn text(&mut self) -> Option<&'p str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    pub fn bytes(&mut self, length: usize) -> Option<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(number in any::<u64>(), seconds in any::<i64>(), text in ".{0,20}", name in "[a-z0-9]{0,9}") {
            let mut packer = Packer::default();
            packer.name(&name);
            packer.instant(seconds);
            packer.number(number);
            packer.text(&text);
            let mut unpacker = Unpacker(&packer.0);
            prop_assert_eq!(unpacker.name(), Some(name.as_str()));
            prop_assert_eq!(unpacker.instant(), Some(seconds));
            prop_assert_eq!(unpacker.number(), Some(number));
            prop_assert_eq!(unpacker.text(), Some(text.as_str()));
            prop_assert!(unpacker.0.is_empty());
        }

        #[test]
        fn instants_are_sorted_by_their_bytes(left in any::<i64>(), right in any::<i64>()) {
            let packed = |seconds| { let mut packer = Packer::default(); packer.instant(seconds); packer.0 };
            prop_assert_eq!(packed(left).cmp(&packed(right)), left.cmp(&right));
        }

        #[test]
        fn damaged_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut unpacker = Unpacker(&bytes);
            let _ = (unpacker.number(), unpacker.name(), unpacker.text(), unpacker.instant());
        }
    }
}
