//! Which text may an attacker have chosen?
//!
//! User agents, session names, object keys, policies: whoever made the call chose them. Such text has this type, which
//! cannot be printed; `report::escape` makes it fit for one medium and is the only reader of its raw form there.

use std::fmt;

/// Text that an attacker may have chosen. It has no `Display`: only an escape for one medium may show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Untrusted(Box<str>);

impl Untrusted {
    /// Takes the text as it is, whatever it holds.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The raw text. Whoever prints it must escape it for the medium first.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted({:?})", self.0)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
