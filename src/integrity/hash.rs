//! Are these the very bytes? SHA-256 of contents and files.

use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{ErrorKind, Read};

/// The SHA-256 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The SHA-256 of all that comes; `None` if not all of it does.
    pub fn of_all(mut bytes: impl Read) -> Option<Self> {
        let mut hasher = ContentHasher::default();
        let mut room = vec![0; 1 << 18];
        loop {
            match bytes.read(&mut room) {
                Ok(0) => return Some(hasher.finish()),
                Ok(count) => hasher.add(room.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// Reads 64 hex digits, of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let (pairs, rest) = text.as_bytes().as_chunks();
        let pairs: &[[u8; 2]; 32] = pairs.as_array().filter(|_| rest.is_empty())?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            *byte = byte_of(*pair)?;
        }
        Some(Self(hash))
    }

    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash's bytes.
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }
}

/// The SHA-256 of bytes that come piece by piece.
#[derive(Clone, Default, Debug)]
pub struct ContentHasher(Sha256);

impl ContentHasher {
    /// The next piece.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all pieces.
    pub fn finish(self) -> ContentHash {
        ContentHash(self.0.finalize().into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The bytes that pairs of hex digits stand for.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks();
    let bytes = pairs.iter().map(|pair| byte_of(*pair));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

fn byte_of([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_aws_clis_own_tests() {
        for (text, hash) in [
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "{}",
                "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            ),
            (
                r#"{"foo":"bar"}"#,
                "7a38bf81f383f69433ad6e900d35b3e2385593f76a7b7ab5d4355b8ba41ee24b",
            ),
        ] {
            assert_eq!(ContentHash::of(text.as_bytes()).to_string(), hash);
            assert_eq!(
                ContentHash::parse(&hash.to_uppercase()),
                Some(ContentHash::of(text.as_bytes()))
            );
        }
    }

    #[test]
    fn what_is_no_hash_is_none() {
        for text in [
            "",
            "ba",
            "zz",
            &"a".repeat(63),
            &"a".repeat(65),
            &"ü".repeat(32),
        ] {
            assert_eq!(ContentHash::parse(text), None, "{text}");
        }
    }
}
