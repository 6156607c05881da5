//! How much is known of a control?

/// What the evidence says of one control. Unknown is a value, never a default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Known<T> {
    /// No event has told of it: it is taken at S3's default, and that is said.
    #[default]
    Unobserved,
    /// An event decides it.
    Observed(T),
    /// It was changed, and to what cannot be told: it is unknown until it is next known.
    Opaque,
}

impl<T> Known<T> {
    /// The value, where an event decides it.
    pub fn observed(&self) -> Option<&T> {
        match self {
            Self::Observed(value) => Some(value),
            _ => None,
        }
    }
}
